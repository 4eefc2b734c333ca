"""The wall beside Chromium --kiosk showing the same wall: same products, pictures, QR codes, sizes, one X server, one run."""
