"""Honest kiosks without a wall: `endcap fleet simulate`. Ledger, line and connection are the product's own; people are dice."""
