"""Pictograms of alerts: what the danger is, or what to do, told without a word. Drawn like kiosk.ui.icons, a box of 1 x 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from PIL import ImageDraw

Box = ImageDraw.ImageDraw
Points = list[tuple[float, float]]


def _area(d: Box, n: float, points: Points, fill: int = 255) -> None:
    d.polygon([(x * n, y * n) for x, y in points], fill=fill)


def _line(d: Box, n: float, points: Points, width: float, fill: int = 255) -> None:
    w, scaled = width * n, [(x * n, y * n) for x, y in points]
    d.line(scaled, fill=fill, width=round(w), joint="curve")
    for x, y in (scaled[0], scaled[-1]):
        d.ellipse((x - w / 2, y - w / 2, x + w / 2, y + w / 2), fill=fill)


def _disc(d: Box, n: float, x: float, y: float, r: float, fill: int = 255) -> None:
    d.ellipse(((x - r) * n, (y - r) * n, (x + r) * n, (y + r) * n), fill=fill)


def _rect(
    d: Box, n: float, x0: float, y0: float, x1: float, y1: float, r: float = 0.0, fill: int = 255
) -> None:
    d.rounded_rectangle((x0 * n, y0 * n, x1 * n, y1 * n), radius=r * n, fill=fill)


def _mark(d: Box, n: float, top: float, bottom: float, fill: int) -> None:
    """An exclamation mark."""
    _line(d, n, [(0.5, top), (0.5, bottom - 0.18)], 0.1, fill)
    _disc(d, n, 0.5, bottom, 0.065, fill)


def _warning(d: Box, n: float) -> None:
    _area(d, n, [(0.5, 0.06), (0.98, 0.9), (0.02, 0.9)])
    _mark(d, n, 0.38, 0.78, 0)


def _wave(n: int, y: float, height: float) -> Points:
    return [(x / n, y + height * math.sin(x / n * 4 * math.pi)) for x in range(n + 1)]


def _flood(d: Box, n: float) -> None:
    _area(d, n, [(0.5, 0.04), (0.9, 0.36), (0.78, 0.36), (0.78, 0.6), (0.22, 0.6), (0.22, 0.36), (0.1, 0.36)])
    _rect(d, n, 0.43, 0.38, 0.57, 0.6, fill=0)
    for y in (0.7, 0.87):
        _line(d, n, [(0.06 + x * 0.88, up) for x, up in _wave(60, y, 0.045)], 0.075)


def _fire(d: Box, n: float) -> None:
    _area(
        d, n,
        [(0.5, 0.02), (0.66, 0.24), (0.72, 0.16), (0.84, 0.42), (0.88, 0.62), (0.8, 0.82), (0.62, 0.96), (0.38, 0.96),
         (0.2, 0.82), (0.12, 0.62), (0.18, 0.42), (0.3, 0.3), (0.34, 0.42), (0.46, 0.24)],
    )  # fmt: skip
    _area(d, n, [(0.5, 0.48), (0.62, 0.64), (0.64, 0.78), (0.5, 0.9), (0.36, 0.78), (0.4, 0.62)], fill=0)


def _storm(d: Box, n: float) -> None:
    for x, y, r in ((0.3, 0.36, 0.2), (0.52, 0.26, 0.22), (0.74, 0.36, 0.19)):
        _disc(d, n, x, y, r)
    _rect(d, n, 0.14, 0.34, 0.9, 0.56, 0.1)
    _area(
        d, n, [(0.52, 0.6), (0.34, 0.82), (0.47, 0.82), (0.38, 1.0), (0.66, 0.74), (0.52, 0.74), (0.62, 0.6)]
    )


def _health(d: Box, n: float) -> None:
    _rect(d, n, 0.36, 0.06, 0.64, 0.94, 0.04)
    _rect(d, n, 0.06, 0.36, 0.94, 0.64, 0.04)


def _security(d: Box, n: float) -> None:
    _area(
        d,
        n,
        [
            (0.5, 0.04),
            (0.9, 0.18),
            (0.88, 0.54),
            (0.74, 0.8),
            (0.5, 0.97),
            (0.26, 0.8),
            (0.12, 0.54),
            (0.1, 0.18),
        ],
    )
    _mark(d, n, 0.28, 0.72, 0)


def _transport(d: Box, n: float) -> None:
    _rect(d, n, 0.18, 0.06, 0.82, 0.8, 0.14)
    _rect(d, n, 0.28, 0.2, 0.72, 0.46, 0.05, fill=0)
    for x in (0.32, 0.68):
        _disc(d, n, x, 0.63, 0.07, 0)
    _line(d, n, [(0.34, 0.84), (0.22, 0.96)], 0.07)
    _line(d, n, [(0.66, 0.84), (0.78, 0.96)], 0.07)


def _hazard(d: Box, n: float) -> None:
    _area(d, n, [(0.5, 0.02), (0.98, 0.5), (0.5, 0.98), (0.02, 0.5)])
    _mark(d, n, 0.3, 0.74, 0)


def _exit(d: Box, n: float) -> None:
    """A door and the way out of it."""
    _rect(d, n, 0.08, 0.06, 0.56, 0.94, 0.03)
    _rect(d, n, 0.17, 0.15, 0.57, 0.95, 0.0, fill=0)
    _line(d, n, [(0.34, 0.54), (0.84, 0.54)], 0.11)
    _area(d, n, [(0.72, 0.3), (1.0, 0.54), (0.72, 0.78)])


def _shelter(d: Box, n: float) -> None:
    _area(
        d,
        n,
        [(0.5, 0.06), (0.98, 0.48), (0.86, 0.48), (0.86, 0.94), (0.14, 0.94), (0.14, 0.48), (0.02, 0.48)],
    )
    _disc(d, n, 0.5, 0.5, 0.09, 0)
    _area(d, n, [(0.36, 0.94), (0.36, 0.7), (0.44, 0.62), (0.56, 0.62), (0.64, 0.7), (0.64, 0.94)], fill=0)


def _info(d: Box, n: float) -> None:
    _disc(d, n, 0.5, 0.5, 0.46)
    _disc(d, n, 0.5, 0.28, 0.07, 0)
    _line(d, n, [(0.5, 0.45), (0.5, 0.74)], 0.11, 0)


DRAWINGS: Final[dict[str, Callable[[Box, float], None]]] = {
    "alert-warning": _warning, "alert-fire": _fire, "alert-flood": _flood, "alert-storm": _storm,
    "alert-health": _health, "alert-security": _security, "alert-transport": _transport, "alert-hazard": _hazard,
    "alert-exit": _exit, "alert-shelter": _shelter, "alert-info": _info,
}  # fmt: skip
