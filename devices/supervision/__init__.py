"""What keeps peripherals working: a thread for each, decisions without hands, one bounded way out."""
