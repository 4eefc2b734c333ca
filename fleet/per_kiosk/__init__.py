"""What each kiosk sells from: the store of the release it runs, as its groups and its wall see it."""
