"""Rectangles in whole panel pixels, origin at the top left corner, as people read a screen."""

from __future__ import annotations

from typing import NamedTuple


class Rect(NamedTuple):
    """`w` x `h` pixels whose top left corner is `x`, `y`."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """First column to the right of it."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """First row below it."""
        return self.y + self.h

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is inside."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def inside(self, other: Rect) -> bool:
        """Whether all of it lies in `other`."""
        return (
            self.x >= other.x
            and self.y >= other.y
            and self.right <= other.right
            and self.bottom <= other.bottom
        )

    def meets(self, other: Rect) -> bool:
        """Whether they share a pixel."""
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )

    def inset(self, dx: int, dy: int | None = None) -> Rect:
        """Smaller by `dx` at the left and the right and by `dy` above and below."""
        dy = dx if dy is None else dy
        return Rect(self.x + dx, self.y + dy, self.w - 2 * dx, self.h - 2 * dy)

    def moved(self, dx: int, dy: int) -> Rect:
        """The same size, elsewhere."""
        return Rect(self.x + dx, self.y + dy, self.w, self.h)

    def mirrored(self, width: int) -> Rect:
        """As it lies on a screen `width` pixels wide that is read from right to left."""
        return Rect(width - self.right, self.y, self.w, self.h)


def split_row(row: Rect, count: int, gap: int) -> list[Rect]:
    """`row` cut into `count` equal pieces with `gap` pixels between; rounding goes into the last piece."""
    width = (row.w - gap * (count - 1)) // count
    cells = [Rect(row.x + i * (width + gap), row.y, width, row.h) for i in range(count)]
    last = cells[-1]
    cells[-1] = Rect(last.x, last.y, row.right - last.x, last.h)
    return cells
