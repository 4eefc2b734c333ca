"""Peripherals beside pyserial's ReaderThread: what an unplug, a busy program and a peer that does not read cost."""
