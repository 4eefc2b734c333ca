"""Programs as releases: what a kiosk's software consists of, signed by The Update Framework's role `software` (docs/software.md)."""
