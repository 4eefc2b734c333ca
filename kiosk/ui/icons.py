"""Signs drawn by our own code, four times too large and then brought down, so that edges are smooth at any size."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageDraw

from kiosk.ui import signs

_SCALE = 4
_Box = ImageDraw.ImageDraw


@lru_cache(maxsize=128)
def mask(name: str, size: int) -> Image.Image:
    """The sign `name` as a mask (mode L) of `size` x `size`. Raises KeyError for a name that is not drawn here."""
    n = size * _SCALE
    image = Image.new("L", (n, n), 0)
    _DRAWINGS[name](ImageDraw.Draw(image), float(n))
    return image.resize((size, size), Image.Resampling.BOX)


POINTING = frozenset({"left", "right"})  # mirrored for readers from right to left; a tick or a clock is not


def names() -> tuple[str, ...]:
    """All signs."""
    return tuple(_DRAWINGS)


def _stroke(d: _Box, n: float, points: list[tuple[float, float]], width: float = 0.1) -> None:
    """A line through points (0..1) with round ends."""
    w = width * n
    scaled = [(x * n, y * n) for x, y in points]
    d.line(scaled, fill=255, width=round(w), joint="curve")
    for x, y in (scaled[0], scaled[-1]):
        d.ellipse((x - w / 2, y - w / 2, x + w / 2, y + w / 2), fill=255)


def _disc(d: _Box, n: float, x: float, y: float, r: float, fill: int = 255) -> None:
    d.ellipse(((x - r) * n, (y - r) * n, (x + r) * n, (y + r) * n), fill=fill)


def _ring(d: _Box, n: float, x: float, y: float, r: float, width: float) -> None:
    d.ellipse(((x - r) * n, (y - r) * n, (x + r) * n, (y + r) * n), outline=255, width=round(width * n))


def _box(d: _Box, n: float, x0: float, y0: float, x1: float, y1: float, r: float, fill: int = 255) -> None:
    d.rounded_rectangle((x0 * n, y0 * n, x1 * n, y1 * n), radius=r * n, fill=fill)


def _plus(d: _Box, n: float) -> None:
    _stroke(d, n, [(0.5, 0.16), (0.5, 0.84)], 0.14)
    _stroke(d, n, [(0.16, 0.5), (0.84, 0.5)], 0.14)


def _minus(d: _Box, n: float) -> None:
    _stroke(d, n, [(0.16, 0.5), (0.84, 0.5)], 0.14)


def _check(d: _Box, n: float) -> None:
    _stroke(d, n, [(0.14, 0.54), (0.4, 0.8), (0.87, 0.24)], 0.14)


def _cross(d: _Box, n: float) -> None:
    _stroke(d, n, [(0.2, 0.2), (0.8, 0.8)], 0.13)
    _stroke(d, n, [(0.8, 0.2), (0.2, 0.8)], 0.13)


def _left(d: _Box, n: float) -> None:
    _stroke(d, n, [(0.62, 0.16), (0.3, 0.5), (0.62, 0.84)], 0.13)


def _right(d: _Box, n: float) -> None:
    _stroke(d, n, [(0.38, 0.16), (0.7, 0.5), (0.38, 0.84)], 0.13)


def _up(d: _Box, n: float) -> None:
    _stroke(d, n, [(0.16, 0.64), (0.5, 0.3), (0.84, 0.64)], 0.13)


def _down(d: _Box, n: float) -> None:
    _stroke(d, n, [(0.16, 0.36), (0.5, 0.7), (0.84, 0.36)], 0.13)


def _basket(d: _Box, n: float) -> None:
    _stroke(d, n, [(0.3, 0.4), (0.42, 0.12)], 0.08)
    _stroke(d, n, [(0.7, 0.4), (0.58, 0.12)], 0.08)
    _box(d, n, 0.04, 0.36, 0.96, 0.48, 0.05)
    d.polygon([(0.1 * n, 0.46 * n), (0.9 * n, 0.46 * n), (0.8 * n, 0.9 * n), (0.2 * n, 0.9 * n)], fill=255)
    for x in (0.36, 0.5, 0.64):
        d.line([(x * n, 0.56 * n), (x * n, 0.8 * n)], fill=0, width=round(0.06 * n))


def _globe(d: _Box, n: float) -> None:
    _ring(d, n, 0.5, 0.5, 0.42, 0.08)
    d.ellipse((0.3 * n, 0.08 * n, 0.7 * n, 0.92 * n), outline=255, width=round(0.07 * n))
    for y in (0.36, 0.64):
        half = math.sqrt(0.42**2 - (y - 0.5) ** 2)
        d.line([((0.5 - half) * n, y * n), ((0.5 + half) * n, y * n)], fill=255, width=round(0.07 * n))


def _hand(d: _Box, n: float) -> None:
    _ring(d, n, 0.42, 0.26, 0.22, 0.06)
    _box(d, n, 0.34, 0.2, 0.5, 0.72, 0.08)
    for i, top in enumerate((0.46, 0.5, 0.55)):
        _box(d, n, 0.48 + 0.14 * i, top, 0.62 + 0.14 * i, 0.8, 0.07)
    _box(d, n, 0.34, 0.6, 0.9, 0.95, 0.14)
    d.polygon(
        [(0.36 * n, 0.92 * n), (0.14 * n, 0.66 * n), (0.22 * n, 0.58 * n), (0.4 * n, 0.7 * n)], fill=255
    )


def _phone(d: _Box, n: float) -> None:
    _box(d, n, 0.25, 0.04, 0.75, 0.96, 0.1)
    _box(d, n, 0.32, 0.14, 0.68, 0.78, 0.02, 0)
    _disc(d, n, 0.5, 0.87, 0.045, 0)
    for x, y in ((0.36, 0.22), (0.54, 0.22), (0.36, 0.4), (0.54, 0.58), (0.36, 0.6)):
        d.rectangle((x * n, y * n, (x + 0.1) * n, (y + 0.1) * n), fill=255)


def _card(d: _Box, n: float) -> None:
    _box(d, n, 0.04, 0.2, 0.96, 0.8, 0.08)
    d.rectangle((0.04 * n, 0.32 * n, 0.96 * n, 0.44 * n), fill=0)
    _box(d, n, 0.14, 0.58, 0.42, 0.68, 0.02, 0)


def _clock(d: _Box, n: float) -> None:
    _ring(d, n, 0.5, 0.5, 0.42, 0.09)
    _stroke(d, n, [(0.5, 0.25), (0.5, 0.52), (0.68, 0.62)], 0.09)


def _reach(d: _Box, n: float) -> None:
    """A person who sits (the wheelchair sign, simplified) beside an arrow that points down."""
    _disc(d, n, 0.34, 0.13, 0.09)
    _stroke(d, n, [(0.34, 0.28), (0.36, 0.56), (0.58, 0.56), (0.66, 0.82)], 0.1)
    d.arc((0.1 * n, 0.42 * n, 0.56 * n, 0.92 * n), 70, 250, fill=255, width=round(0.08 * n))
    _stroke(d, n, [(0.82, 0.14), (0.82, 0.5)], 0.08)
    _stroke(d, n, [(0.7, 0.38), (0.82, 0.52), (0.94, 0.38)], 0.08)


def _question(d: _Box, n: float) -> None:
    _ring(d, n, 0.5, 0.5, 0.44, 0.08)
    _stroke(d, n, [(0.38, 0.38), (0.42, 0.28), (0.54, 0.26), (0.62, 0.36), (0.56, 0.47), (0.5, 0.58)], 0.09)
    _disc(d, n, 0.5, 0.73, 0.06)


def _warn(d: _Box, n: float) -> None:
    d.polygon([(0.5 * n, 0.06 * n), (0.97 * n, 0.9 * n), (0.03 * n, 0.9 * n)], fill=255)
    _box(d, n, 0.455, 0.34, 0.545, 0.64, 0.04, 0)
    _disc(d, n, 0.5, 0.76, 0.055, 0)


def _receipt(d: _Box, n: float) -> None:
    d.polygon([(0.2 * n, 0.06 * n), (0.8 * n, 0.06 * n), (0.8 * n, 0.94 * n), (0.7 * n, 0.86 * n),
               (0.6 * n, 0.94 * n), (0.5 * n, 0.86 * n), (0.4 * n, 0.94 * n), (0.3 * n, 0.86 * n),
               (0.2 * n, 0.94 * n)], fill=255)  # fmt: skip
    for y in (0.24, 0.4, 0.56):
        d.line([(0.32 * n, y * n), (0.68 * n, y * n)], fill=0, width=round(0.07 * n))


def _bin(d: _Box, n: float) -> None:
    _box(d, n, 0.14, 0.18, 0.86, 0.28, 0.04)
    _box(d, n, 0.38, 0.08, 0.62, 0.24, 0.05)
    d.polygon(
        [(0.2 * n, 0.34 * n), (0.8 * n, 0.34 * n), (0.74 * n, 0.94 * n), (0.26 * n, 0.94 * n)], fill=255
    )
    for x in (0.4, 0.6):
        d.line([(x * n, 0.44 * n), (x * n, 0.82 * n)], fill=0, width=round(0.06 * n))


def _shield(d: _Box, n: float) -> None:
    """A shield with a tick in it: look before you pay."""
    d.polygon([(0.5 * n, 0.04 * n), (0.9 * n, 0.17 * n), (0.88 * n, 0.52 * n), (0.76 * n, 0.76 * n), (0.5 * n, 0.96 * n),
               (0.24 * n, 0.76 * n), (0.12 * n, 0.52 * n), (0.1 * n, 0.17 * n)], fill=255)  # fmt: skip
    scaled = [(0.32 * n, 0.5 * n), (0.46 * n, 0.64 * n), (0.7 * n, 0.34 * n)]
    d.line(scaled, fill=0, width=round(0.1 * n), joint="curve")


def _code(d: _Box, n: float) -> None:
    """What a QR code looks like from afar: three finder patterns and a few modules."""
    for x, y in ((0.08, 0.08), (0.58, 0.08), (0.08, 0.58)):
        _box(d, n, x, y, x + 0.34, y + 0.34, 0.04)
        _box(d, n, x + 0.07, y + 0.07, x + 0.27, y + 0.27, 0.02, 0)
        _box(d, n, x + 0.12, y + 0.12, x + 0.22, y + 0.22, 0.01)
    for x, y in ((0.58, 0.58), (0.76, 0.58), (0.67, 0.67), (0.85, 0.67), (0.58, 0.76), (0.76, 0.76), (0.67, 0.85),
                 (0.85, 0.85)):  # fmt: skip
        d.rectangle((x * n, y * n, (x + 0.08) * n, (y + 0.08) * n), fill=255)


_DRAWINGS: dict[str, Callable[[_Box, float], None]] = {
    "plus": _plus, "minus": _minus, "check": _check, "cross": _cross, "left": _left, "right": _right, "up": _up,
    "down": _down, "basket": _basket, "globe": _globe, "hand": _hand, "phone": _phone, "card": _card,
    "clock": _clock, "reach": _reach, "question": _question, "warn": _warn, "receipt": _receipt, "bin": _bin, "code": _code,
    "shield": _shield, **signs.DRAWINGS,
}  # fmt: skip
