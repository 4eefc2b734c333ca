"""A line scanner: it says what it scans, with AIM identifier where it is set up so, and CR LF."""

from __future__ import annotations

from pathlib import Path

from devices.sim.wire import Wire


class SimScanner:
    """Reads codes on command of whoever plays with it."""

    def __init__(self, link: Path) -> None:
        self.wire = Wire(link, lambda data: b"")
        self.wire.plug()

    def scan(self, text: str, aim: str = "") -> None:
        """A code is held under it."""
        self.wire.send(aim.encode("ascii") + text.encode() + b"\r\n")

    def close(self) -> None:
        """Unplug for good."""
        self.wire.close()
