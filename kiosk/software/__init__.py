"""The kiosk's own programs, exchanged while nobody is buying and left again where they do not do well (docs/software.md)."""
