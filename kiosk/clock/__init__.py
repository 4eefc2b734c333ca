"""Time, handed in, and how far it can be believed."""
