"""The line to the fleet: requests, events and health out, news in."""
