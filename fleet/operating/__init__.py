"""What operators have kiosks do, and how kiosks are to be."""
