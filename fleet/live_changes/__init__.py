"""What changes between two releases: given by people, composed for each kiosk, signed, sent, obeyed by the fleet's own selling."""
