"""Keyboards by the kernel's evdev, grabbed: their keys reach nobody else, the wall's screen least of all.

Own ioctls and not the evdev package: what is needed of it is three numbers, and it comes as source that must be
compiled against the kernel's headers wherever it is installed, on a Pi too.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time

from devices.errors import ProtocolError, translate
from devices.transport.node import NodeTransport

RECORD = struct.Struct("@llHHi")  # struct input_event: seconds, microseconds, type, code, value
_GRAB = 0x40044590  # linux/input.h: EVIOCGRAB, _IOW('E', 0x90, int)
_CLOCK = 0x400445A0  # EVIOCSCLOCKID, _IOW('E', 0xa0, int)
_VERSION = 0x80044501  # EVIOCGVERSION, _IOR('E', 0x01, int)


class EvdevTransport(NodeTransport):
    """One grabbed /dev/input/eventN; a read is whole input_event records. Raises Gone, Busy, NoPermission, or ProtocolError where it is none."""

    def __init__(self, path: str) -> None:
        super().__init__(path, os.O_RDONLY, 64 * RECORD.size)
        try:
            fcntl.ioctl(self._fd, _VERSION, bytes(4))
        except OSError as error:
            self.close()
            raise ProtocolError(f"{path}: is no input device ({error.strerror})") from error
        try:
            fcntl.ioctl(self._fd, _GRAB, 1)
            # Its records are stamped with a clock that nobody sets: a pause between keys ends a code.
            fcntl.ioctl(self._fd, _CLOCK, struct.pack("i", time.CLOCK_MONOTONIC))
        except OSError as error:
            self.close()
            raise translate(error, path) from error

    def write(self, data: bytes, deadline_s: float) -> None:
        """A keyboard takes nothing: raises ProtocolError."""
        raise ProtocolError(f"{self._path}: a keyboard takes no bytes")
