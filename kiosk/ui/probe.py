"""Counters of the drawing itself: when frames came and what the main thread worked for each. Off unless asked for.

Two clock readings and two list appends a frame; the lists keep the last `keep` frames.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any, NamedTuple


class Frames(NamedTuple):
    """Of the frames since start(): how many, milliseconds between them, main-thread CPU milliseconds for each."""

    frames: int
    intervals_ms: tuple[float, ...]
    work_ms: tuple[float, ...]

    def percentile(self, values: tuple[float, ...], part: float) -> float:
        """The value below which `part` (0..1) of the values lie; 0.0 where there are none."""
        ordered = sorted(values)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


class Probe:
    """Watches a window's flips. start() and stop() on the main thread."""

    def __init__(self, keep: int = 10_000) -> None:
        self._intervals: deque[float] = deque(maxlen=keep)
        self._work: deque[float] = deque(maxlen=keep)
        self._count = 0
        self._at = 0.0
        self._cpu = 0.0
        self._window: Any = None

    def start(self) -> None:
        """Count from now on."""
        from kivy.core.window import Window

        self._window = Window
        self._count, self._at = 0, 0.0
        self._intervals.clear()
        self._work.clear()
        self._cpu = time.thread_time()
        Window.bind(on_flip=self._flip)

    def stop(self) -> Frames:
        """What was counted."""
        if self._window is not None:
            self._window.unbind(on_flip=self._flip)
            self._window = None
        return Frames(self._count, tuple(self._intervals), tuple(self._work))

    def _flip(self, _window: object) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        if self._count:
            self._intervals.append((now - self._at) * 1000)
            self._work.append((cpu - self._cpu) * 1000)
        self._count += 1
        self._at, self._cpu = now, cpu
