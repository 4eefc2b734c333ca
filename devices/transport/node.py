"""A device node that is read whole records at a time: what hidraw and evdev have in common."""

from __future__ import annotations

import os
from contextlib import suppress

from devices.errors import translate
from devices.transport.waiting import Waiter


class NodeTransport:
    """One open node. `path` is a path or a udev link; raises Gone, Busy or NoPermission where it cannot be opened."""

    def __init__(self, path: str, flags: int, read_size: int) -> None:
        self._path, self._read_size = path, read_size
        self._waiter = Waiter(path)
        try:
            self._fd = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            self._waiter.closing()
            raise translate(error, path) from error

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after `timeout_s`; b"" for nothing or after `wake`. Raises Gone."""
        return self._waiter.read(self._fd, self._read_size, timeout_s)

    def wake(self) -> None:
        """End a waiting `read` early; at once."""
        self._waiter.wake()

    def close(self) -> None:
        """Let go of the node; a read under way ends with Gone. Twice is once."""
        if self._waiter.closing():
            self._release()
            with suppress(OSError):
                os.close(self._fd)

    def _release(self) -> None:
        """What is to be given back before the node is closed."""
