"""LIBRARY for peripherals: NFC readers, scanners and receipt printers over serial and USB."""
