"""What operators have this kiosk do, and how it is to be."""
