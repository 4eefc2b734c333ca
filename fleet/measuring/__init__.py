"""Adverts measured: what was played, how far each figure may be believed, and what was promised: docs/measuring.md."""
