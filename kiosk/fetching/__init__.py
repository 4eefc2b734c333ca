"""How a kiosk gets a signed release: from whom, believed on which grounds, kept where (docs/fetching.md)."""
