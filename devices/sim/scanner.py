"""Line scanners: they say what they scan, with AIM identifier where set up so, and obey their family's host commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from devices.sim.faults import Fault, whole
from devices.sim.scanner_families import FAMILIES, Head, Hear
from devices.sim.wire import Wire


@dataclass
class SetUp:
    """How a simulated scanner is set up. With `host_trigger` it reads only when it is told to."""

    suffix: bytes = b"\r\n"
    prefix: bytes = b""
    encoding: str = "utf-8"
    host_trigger: bool = False


@dataclass
class SimScanner:
    """Reads codes on command of whoever plays with it. `family` is one of FAMILIES; "" only talks."""

    link: Path
    family: str = ""
    set_up: SetUp = field(default_factory=SetUp)
    faults: Fault = whole

    def __post_init__(self) -> None:
        self.head = Head(reading=not self.set_up.host_trigger)
        self._hear: Hear | None = FAMILIES[self.family] if self.family else None
        self._buffer = bytearray()
        self.wire = Wire(self.link, self._heard, self.faults)
        self.wire.plug()

    def scan(self, text: str, aim: str = "") -> bool:
        """A code is held under it; whether it has read it."""
        if not self.head.reading:
            return False
        if self.set_up.host_trigger:
            self.head.reading = False  # one code a trigger
        body = aim.encode("ascii") + text.encode(self.set_up.encoding)
        self.wire.send(self.set_up.prefix + body + self.set_up.suffix)
        return True

    def close(self) -> None:
        """Unplug for good."""
        self.wire.close()

    def _heard(self, data: bytes) -> bytes:
        if self._hear is None:
            return b""
        self._buffer += data
        del self._buffer[:-4096]
        reply = bytearray()
        while self._buffer and (size := self._hear(bytes(self._buffer), self.head, reply)):
            del self._buffer[:size]
        return bytes(reply)
