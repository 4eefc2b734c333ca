"""HID by the kernel's hidraw: a read is one report, its id first where reports have one. No driver is detached for it."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

from devices.errors import Busy, DeviceError, ProtocolError, Timeout, translate
from devices.transport.node import NodeTransport

# linux/hidraw.h
_DESCRIPTOR_SIZE = 0x80044801  # _IOR('H', 0x01, int)
_DESCRIPTOR = 0x90044802  # _IOR('H', 0x02, struct hidraw_report_descriptor): u32 size, u8 value[4096]
_SET_FEATURE = 0xC0004806  # _IOC(_IOC_WRITE|_IOC_READ, 'H', 0x06, length << 16)
_MOST_DESCRIPTOR = 4096
_MOST_REPORT = 16384  # the kernel's HID_MAX_BUFFER_SIZE


class HidrawTransport(NodeTransport):
    """One open /dev/hidrawN, for us alone among those who ask. Raises Gone, Busy, NoPermission, or ProtocolError where it is none."""

    def __init__(self, path: str) -> None:
        super().__init__(path, os.O_RDWR, _MOST_REPORT)
        self._stuck: threading.Thread | None = None
        try:
            self.descriptor = self._read_descriptor()
            # hidraw gives every opener a copy: two agents would both sell what is scanned.
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise Busy(f"{path}: another program has locked it") from error
        except OSError as error:
            self.close()
            raise translate(error, path) from error
        except DeviceError:
            self.close()
            raise

    def write(self, data: bytes, deadline_s: float) -> None:
        """One output report, its id first (0 where reports have none). Raises Timeout, Gone."""
        self._within(deadline_s, lambda fd: os.write(fd, data))

    def feature(self, data: bytes, deadline_s: float) -> None:
        """One feature report, its id first (0 where reports have none). Raises Timeout, Gone."""
        buffer = bytearray(data)
        self._within(deadline_s, lambda fd: fcntl.ioctl(fd, _SET_FEATURE | len(buffer) << 16, buffer))

    def _release(self) -> None:
        with suppress(OSError):
            fcntl.flock(self._fd, fcntl.LOCK_UN)  # a write that hangs has a copy of the descriptor

    def _read_descriptor(self) -> bytes:
        try:
            (size,) = struct.unpack("i", fcntl.ioctl(self._fd, _DESCRIPTOR_SIZE, bytes(4)))
            buffer = bytearray(struct.pack("I", size) + bytes(_MOST_DESCRIPTOR))
            fcntl.ioctl(self._fd, _DESCRIPTOR, buffer)
        except OSError as error:
            if error.errno in (5, 19):
                raise translate(error, self._path) from error
            raise ProtocolError(f"{self._path}: is no hidraw node ({error.strerror})") from error
        return bytes(buffer[4 : 4 + size])

    def _within(self, deadline_s: float, call: Callable[[int], object]) -> None:
        """Call with the descriptor, at most for `deadline_s`.

        usbhid waits 5 s for an endpoint that does not take a report, and O_NONBLOCK changes nothing about it: the call is
        made in a thread, and one that hangs is left to the kernel, which ends it.
        """
        if self._stuck is not None and self._stuck.is_alive():
            raise Timeout(f"{self._path}: still does not take the report before")
        problem: list[OSError] = []
        with self._waiter.using:
            self._waiter.check()
            copy = os.dup(self._fd)

        def run() -> None:
            try:
                call(copy)
            except OSError as error:
                problem.append(error)
            finally:
                os.close(copy)

        self._stuck = threading.Thread(target=run, name=f"hidraw-{self._path}", daemon=True)
        self._stuck.start()
        self._stuck.join(max(0.0, deadline_s))
        if self._stuck.is_alive():
            raise Timeout(f"{self._path}: the report was not taken in {deadline_s:g} s")
        self._stuck = None
        if problem:
            if problem[0].errno == errno.EPIPE:  # a stall: it is there and has no such report
                raise ProtocolError(f"{self._path}: it refused the report (stall)") from problem[0]
            raise translate(problem[0], self._path) from problem[0]
