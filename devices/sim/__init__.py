"""Peripherals played by software at the far end of a real wire (a pseudo-terminal): they speak the protocol, byte by byte.

The demo's virtual peripherals, the tests' and a technician's training share them.
"""
