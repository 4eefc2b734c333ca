"""What was found out a moment ago, for everybody who asks the same: any number of open pages ask the database once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
MOST: Final = 64  # questions


class Lately(Generic[T]):
    """Answers by question, kept for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[float, T]] = {}

    def get(self, question: Hashable, find_out: Callable[[], T]) -> T:
        """The answer, found out now or lately; one at a time finds out."""
        with self._lock:
            known = self._kept.get(question)
            if known is not None and time.monotonic() - known[0] <= self._seconds:
                return known[1]
            if len(self._kept) >= MOST:
                self._kept.clear()
            answer = find_out()
            self._kept[question] = (time.monotonic(), answer)
            return answer
