"""What it costs to bring releases to a kiosk, beside who else does such things."""
