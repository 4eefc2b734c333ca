"""A shelf that follows the finger and glides on: positions and speeds, without a screen and without a clock.

Distances are pixels, times seconds. The glide loses speed as exp(-t / GLIDE), like something heavy on a smooth table.
"""

from __future__ import annotations

import math
from collections import deque

GLIDE = 0.36  # seconds in which a glide falls to 37 % of its speed; it covers GLIDE x its speed
SLOWEST = 40.0  # px/s below which it stands
FASTEST = 9000.0
MEMORY = 0.09  # seconds of finger movement that make its speed


class Scroller:
    """`offset` is the first row of pixels shown, 0..limit."""

    def __init__(self, slop: float) -> None:
        self.offset = 0.0
        self.limit = 0.0
        self.speed = 0.0
        self.dragging = False  # the finger has left its place: this is no tap any more
        self._slop = slop
        self._held: tuple[float, float] | None = None  # where the finger came down: y, offset then
        self._trail: deque[tuple[float, float]] = deque(maxlen=32)

    @property
    def moving(self) -> bool:
        """Whether it glides."""
        return self.speed != 0.0

    def place(self, offset: float, limit: float) -> None:
        """Stand at `offset` of a shelf with that `limit`."""
        self.limit = max(0.0, limit)
        self.offset = min(max(0.0, offset), self.limit)
        self.speed = 0.0
        self._held, self.dragging = None, False

    def press(self, now: float, y: float) -> bool:
        """A finger comes down. True where it stopped a glide (then it is no tap either)."""
        stopped = abs(self.speed) > SLOWEST
        self.speed = 0.0
        self.dragging = stopped
        self._held = y, self.offset
        self._trail.clear()
        self._trail.append((now, y))
        return stopped

    def drag(self, now: float, y: float) -> bool:
        """It moves. True where the shelf moved with it."""
        if self._held is None:
            return False
        self._trail.append((now, y))
        start, origin = self._held
        if not self.dragging:
            if abs(y - start) < self._slop:
                return False
            self.dragging = True
            self._held = start, origin = y, self.offset  # without a jump over the slop
        before = self.offset
        self.offset = min(max(0.0, origin + start - y), self.limit)
        return self.offset != before

    def release(self, now: float) -> bool:
        """It leaves. True where the shelf glides on."""
        recent = [(t, y) for t, y in self._trail if now - t <= MEMORY]
        if len(recent) == 1 or (not recent and self._trail and now - self._trail[-1][0] <= 2 * MEMORY):
            recent = list(self._trail)[-3:]  # frames came late: fewer samples, not a resting finger
        if self.dragging and len(recent) >= 2 and recent[-1][0] > recent[0][0]:
            pace = (recent[0][1] - recent[-1][1]) / (recent[-1][0] - recent[0][0])
            self.speed = math.copysign(min(abs(pace), FASTEST), pace) if abs(pace) > SLOWEST * 2 else 0.0
        self._held = None
        self.dragging = False
        return self.moving

    def push(self, distance: float) -> None:
        """Glide so that it comes to stand about `distance` further."""
        self.speed = max(-FASTEST, min(FASTEST, self.speed + distance / GLIDE))

    def step(self, dt: float) -> bool:
        """Glide for `dt`. False where it stands now."""
        if not self.speed:
            return False
        left = math.exp(-dt / GLIDE)
        self.offset += self.speed * GLIDE * (1.0 - left)
        self.speed *= left
        if not 0.0 <= self.offset <= self.limit:
            self.offset = min(max(0.0, self.offset), self.limit)
            self.speed = 0.0
        if abs(self.speed) < SLOWEST:
            self.speed = 0.0
        return self.moving
