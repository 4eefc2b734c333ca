"""Our drivers against the real USB stack: Debian's kernel in QEMU, with USB devices played by its own gadget drivers."""
