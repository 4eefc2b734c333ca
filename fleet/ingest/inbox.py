"""What waits for the database: bounded in messages and in bytes, so that memory stays flat when the database is away."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Final

from fleet.sources.base import Heard

MOST: Final = 20_000  # messages
MOST_BYTES: Final = 64 * 1024 * 1024
OVERHEAD: Final = 256  # bytes a message costs beside its payload


class Inbox:
    """Filled by a source's thread, emptied by ours."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._waiting: deque[tuple[float, Heard]] = deque()  # with the moment each came
        self._taken_came = 0.0  # when the first of those came that were taken last
        self._bytes = 0
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def oldest_s(self) -> float:
        """How long the first of them has waited, or of those that were taken last; 0.0: none does.

        What was taken counts until more is asked for: it may be what the database does not take.
        """
        with self._changed:
            first = self._taken_came or (self._waiting[0][0] if self._waiting else 0.0)
            return time.monotonic() - first if first else 0.0

    def put(self, heard: Heard, wait_s: float = 0.0) -> bool:
        """Add a message; False where there is no room within `wait_s`, and once it is closed."""
        size = len(heard.payload) + OVERHEAD
        with self._changed:
            if not self._closed and not self._room(size) and wait_s > 0:
                self._changed.wait_for(lambda: self._closed or self._room(size), wait_s)
            if self._closed or not self._room(size):
                return False
            self._waiting.append((time.monotonic(), heard))
            self._bytes += size
            self._changed.notify_all()
            return True

    def take(self, most: int, most_bytes: int) -> list[Heard]:
        """All that waits, up to so many messages and about so many bytes; blocks while there is nothing. [] once closed."""
        with self._changed:
            self._taken_came = 0.0
            self._changed.wait_for(lambda: self._closed or self._waiting)
            taken: list[Heard] = []
            size = 0
            self._taken_came = self._waiting[0][0] if self._waiting else 0.0
            while self._waiting and len(taken) < most and size < most_bytes and not self._closed:
                taken.append(self._waiting.popleft()[1])
                size += len(taken[-1].payload) + OVERHEAD
            self._bytes -= size
            self._changed.notify_all()
            return taken

    def close(self) -> int:
        """End all waiting; returns how many messages are left."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            return len(self._waiting)

    def _room(self, size: int) -> bool:
        return not self._waiting or (
            len(self._waiting) < self._most and self._bytes + size <= self._most_bytes
        )
