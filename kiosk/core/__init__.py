"""Decides. Pure: no I/O, clock, thread or randomness; time and chance arrive in events."""
