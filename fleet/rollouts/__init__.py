"""Releases reach kiosks ring by ring: planned, approved, judged by what kiosks say of themselves, undone."""
