"""A line chart as SVG, drawn by hand: two logarithmic axes, a line per series, its points and names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 420, 70, 170, 40, 50
COLOURS = ("#1b6ca8", "#c2410c", "#15803d", "#7c3aed", "#525252")
Points = Sequence[tuple[float, float]]


def chart(title: str, across: str, up: str, series: Mapping[str, Points]) -> str:
    """The SVG's text. Every figure must be more than 0."""
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    x_from, x_to = _decades(xs)
    y_from, y_to = _decades(ys)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (math.log10(x) - x_from) / (x_to - x_from) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (math.log10(y) - y_from) / (y_to - y_from) * (HEIGHT - TOP - BOTTOM),
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" font-weight="bold">{escape(title)}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(across)}</text>',
        f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">{escape(up)}</text>',
    ]
    for decade in range(x_from, x_to + 1):
        x, _ = place(10.0**decade, 10.0**y_from)
        parts += [_rule(x, TOP, x, HEIGHT - BOTTOM), _label(x, HEIGHT - BOTTOM + 18, 10**decade, "middle")]
    for decade in range(y_from, y_to + 1):
        _, y = place(10.0**x_from, 10.0**decade)
        parts += [_rule(LEFT, y, WIDTH - RIGHT, y), _label(LEFT - 6, y + 4, 10.0**decade, "end")]
    for (name, points), colour in zip(series.items(), COLOURS, strict=False):
        placed = [place(x, y) for x, y in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in placed]
        x, y = placed[-1]
        parts.append(f'<text x="{x + 10:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _label(x: float, y: float, value: float, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#525252">{value:,.10g}</text>'
