"""Who this kiosk is to its fleet, and how it comes to be that."""
