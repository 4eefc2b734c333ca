"""Reading and writing a file descriptor that another thread may take away.

poll() and not select(): select refuses descriptors from 1024 on. A descriptor that is closed while a thread waits for it
does not end that wait, and its number may name another file a moment later; so whoever closes wakes the waiting
thread first and waits until it has let go.
"""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import suppress

from devices.errors import Gone, Timeout, translate

_LOOK_S = 0.02  # a pseudo-terminal may have room again and wake nobody who waits for it; the looks cost 0.9 % of a CPU
_LET_GO_S = 1.0  # nothing that holds `using` waits for anything but poll(), which `close` ends


class Waiter:
    """The pipe that ends a wait, and the lock that keeps a descriptor open while it is used. Raises Busy.

    Made before the descriptor is opened: where there is no room for a pipe, nothing is left open.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.using = threading.Lock()  # held by a read or a write under way
        self._guard = threading.Lock()
        self._closed = self._woken = False
        try:
            self._out, self._in = os.pipe()
        except OSError as error:  # too many open files
            raise translate(error, what) from error
        os.set_blocking(self._in, False)

    def read(self, fd: int, most: int, timeout_s: float) -> bytes:
        """What has arrived, at the latest after `timeout_s`; b"" for nothing or after `wake`. Raises DeviceError."""
        with self.using:
            if not self.readable(fd, timeout_s):
                return b""
            try:
                data = os.read(fd, most)
            except BlockingIOError:
                return b""
            except OSError as error:
                raise translate(error, self._what) from error
        if not data:  # readable and empty: the other end hung up
            raise Gone(f"{self._what}: hung up")
        return data

    def write(self, fd: int, data: bytes, deadline_s: float, chunk: int) -> None:
        """All of `data`, at most `chunk` at once, within `deadline_s`. Raises Timeout, saying how much went out; DeviceError."""
        end = time.monotonic() + deadline_s
        sent = 0
        with self.using:
            while sent < len(data):
                left = end - time.monotonic()
                try:
                    # A line that takes all it is given must not carry a write beyond its deadline either: beside a busy thread
                    # each piece may cost 10 ms, and 20 kB fit into a pseudo-terminal.
                    if (left > 0 or not sent) and self.writable(fd, min(left, _LOOK_S)):
                        sent += os.write(fd, data[sent : sent + chunk])
                    elif left <= 0:
                        raise Timeout(
                            f"{self._what}: {sent} of {len(data)} bytes went out in {deadline_s:g} s", sent
                        )
                except BlockingIOError:
                    continue
                except OSError as error:
                    raise translate(error, self._what) from error

    def readable(self, fd: int, timeout_s: float) -> bool:
        """Whether there is something to read at the latest after `timeout_s`; False at once when woken. Raises Gone."""
        woken, self._woken = self._woken, False
        return self._poll(fd, select.POLLIN, 0.0 if woken else timeout_s)[0]

    def writable(self, fd: int, timeout_s: float) -> bool:
        """Whether something can be written; a wake is kept for the next read. Raises Gone."""
        ready, woken = self._poll(fd, select.POLLOUT, timeout_s)
        self._woken = self._woken or woken
        return ready

    def wake(self) -> None:
        """End a waiting read, or the next one; from any thread."""
        with self._guard, suppress(OSError):
            if not self._closed:
                os.write(self._in, b"!")

    def closing(self) -> bool:
        """From here on everything is Gone. True for the first who says so, when nobody uses the descriptor any more."""
        with self._guard:
            if self._closed:
                return False
            self._closed = True
            with suppress(OSError):
                os.write(self._in, b"!")
        let_go = self.using.acquire(timeout=_LET_GO_S)
        for end in (self._out, self._in):
            os.close(end)
        if let_go:
            self.using.release()
        return True

    def check(self) -> None:
        """Raise Gone where it has been closed."""
        if self._closed:
            raise Gone(f"{self._what}: closed")

    def _poll(self, fd: int, wish: int, timeout_s: float) -> tuple[bool, bool]:
        self.check()
        poller = select.poll()
        poller.register(fd, wish)
        poller.register(self._out, select.POLLIN)
        ready = {number for number, _ in poller.poll(max(0.0, timeout_s) * 1000)}
        self.check()
        if woken := self._out in ready:
            os.read(self._out, 64)
        return fd in ready, woken
