"""Emblems: water, weather, light and other signs."""

import math

from content.demo.studio.ink import (
    INK,
    WHITE,
    Point,
    blob,
    darker,
    flat,
    lighter,
    line,
    mix,
    poly,
    ramp,
    star_points,
)
from content.demo.studio.pen import GOLD, GREEN, Pen, shine
from content.demo.studio.stage import hex_colour


def wave(pen: Pen) -> None:
    sea = pen.main if sum(pen.main) < 2.4 else pen.second
    for i, tone in enumerate((lighter(sea, 0.45), lighter(sea, 0.15), darker(sea, 0.2))):
        y = -0.45 + i * 0.42
        pen.strokes(
            [(-0.95, y + 0.1), (-0.5, y - 0.22), (0, y + 0.1), (0.5, y + 0.42), (0.95, y + 0.1)], tone, 0.26
        )


def sun(pen: Pen) -> None:
    for i in range(12):
        a = i * math.pi / 6
        pen.canvas.drawLine(
            0.66 * math.cos(a), 0.66 * math.sin(a), 0.94 * math.cos(a), 0.94 * math.sin(a), line(GOLD, 0.13)
        )
    pen.ball(0, 0, 0.52, hex_colour("ffc42e"))


def drop(pen: Pen) -> None:
    colour = pen.main if 0.25 < sum(pen.main) < 2.5 else pen.second
    pen.shape(
        [
            (0, -0.98),
            (0.28, -0.42),
            (0.6, 0.18),
            (0.42, 0.74),
            (0, 0.92),
            (-0.42, 0.74),
            (-0.6, 0.18),
            (-0.28, -0.42),
        ],
        lighter(colour, 0.15),
    )
    pen.strokes([(-0.36, 0.2), (-0.3, 0.5), (-0.08, 0.66)], WHITE, 0.11)


def bubble(pen: Pen) -> None:
    tone = pen.main if 0.3 < sum(pen.main) < 2.3 else pen.second
    tone = lighter(tone, 0.35) if sum(tone) < 2.6 else hex_colour("8fd0f0")
    for x, y, r in (
        (-0.3, 0.25, 0.56),
        (0.45, -0.3, 0.42),
        (0.5, 0.58, 0.26),
        (-0.42, -0.62, 0.26),
        (0.02, -0.82, 0.14),
    ):
        pen.ball(x, y, r, tone)
        pen.canvas.drawCircle(x, y, r, line(WHITE, 0.04, 0.7))
        shine(pen, x - r * 0.35, y - r * 0.42, r * 0.28)


def star(pen: Pen) -> None:
    for x, y, r, turn in ((0, 0.05, 0.9, 0.0), (0.74, -0.66, 0.3, 0.3), (-0.76, 0.72, 0.24, -0.3)):
        points = [(x + r * px, y + r * py) for px, py in star_points(5, 0.46, 1.0, -math.pi / 2 + turn)]
        pen.canvas.drawPath(
            poly(points), ramp(hex_colour("ffe27a"), hex_colour("e39a1e"), (x - r, y - r), (x + r, y + r))
        )


def mountain(pen: Pen) -> None:
    pen.dot(0.42, -0.5, 0.24, hex_colour("ffd766"))
    for x, top, w, tone in (
        (0.42, -0.25, 0.62, hex_colour("7fa9cf")),
        (-0.2, -0.72, 0.82, hex_colour("4677a8")),
    ):
        pen.canvas.drawPath(
            poly([(x - w, 0.62), (x, top), (x + w, 0.62)]),
            ramp(lighter(tone, 0.15), darker(tone, 0.2), (x - w, 0), (x + w, 0)),
        )
        k = 0.36
        pen.canvas.drawPath(
            poly(
                [
                    (x, top),
                    (x + w * k, top + (0.62 - top) * k),
                    (x + w * 0.12, top + 0.3),
                    (x - 0.04, top + 0.48),
                    (x - w * 0.2, top + 0.3),
                    (x - w * k, top + (0.62 - top) * k),
                ]
            ),
            flat(WHITE),
        )
    pen.canvas.drawPath(
        blob([(-1, 0.62), (-0.4, 0.5), (0.3, 0.6), (1, 0.52), (0.7, 0.86), (-0.7, 0.86)]), flat(GREEN)
    )


def snow(pen: Pen) -> None:
    ice = hex_colour("5fb4e6")
    for i in range(6):
        pen.canvas.save()
        pen.canvas.rotate(i * 60)
        pen.canvas.drawLine(0, 0, 0, -0.9, line(ice, 0.13))
        for y, d in ((-0.45, 0.24), (-0.7, 0.16)):
            for s in (-1, 1):
                pen.canvas.drawLine(0, y, s * d, y - d * 0.8, line(ice, 0.11))
        pen.canvas.restore()
    pen.dot(0, 0, 0.15, WHITE)


def heart(pen: Pen) -> None:
    points = [
        (0, -0.42),
        (0.42, -0.8),
        (0.9, -0.42),
        (0.68, 0.18),
        (0, 0.86),
        (-0.68, 0.18),
        (-0.9, -0.42),
        (-0.42, -0.8),
    ]
    pen.shape(points, hex_colour("e3264a"))
    shine(pen, -0.42, -0.42, 0.17)


def moon(pen: Pen) -> None:
    pen.ball(0, 0, 0.82, hex_colour("ffe28a"))
    pen.dot(0.36, -0.22, 0.68, mix(pen.main, INK, 0.35))
    for x, y, r in ((0.42, -0.38, 0.2), (0.66, 0.2, 0.12)):
        pen.canvas.drawPath(
            poly([(x + r * a, y + r * b) for a, b in star_points(4, 0.34)]), flat(hex_colour("ffe9ae"))
        )


def flame(pen: Pen) -> None:
    outer = [
        (0, -1),
        (0.28, -0.45),
        (0.62, -0.05),
        (0.6, 0.55),
        (0, 0.92),
        (-0.6, 0.55),
        (-0.58, 0.02),
        (-0.3, -0.28),
        (-0.16, -0.6),
    ]
    pen.canvas.drawPath(blob(outer), ramp(hex_colour("f7892b"), hex_colour("d92b1c"), (0, -0.8), (0, 0.9)))
    pen.canvas.drawPath(
        blob([(0.03, -0.25), (0.32, 0.3), (0.2, 0.72), (-0.06, 0.8), (-0.3, 0.55), (-0.2, 0.15)]),
        ramp(hex_colour("fff0a0"), hex_colour("fbb62c"), (0, 0.8), (0, -0.2)),
    )


def bolt(pen: Pen) -> None:
    points: list[Point] = [(0.2, -1), (-0.58, 0.14), (-0.06, 0.14), (-0.24, 1), (0.6, -0.22), (0.08, -0.22)]
    pen.canvas.drawPath(poly(points), ramp(hex_colour("ffe45c"), hex_colour("f0a012"), (0, -1), (0, 1)))


def sparkle(pen: Pen) -> None:
    tone = pen.main if 0.3 < sum(pen.main) < 2.3 else pen.second
    for x, y, r in ((-0.1, 0.08, 0.86), (0.64, -0.62, 0.38), (0.66, 0.66, 0.24)):
        points = [(x + r * a, y + r * b) for a, b in star_points(4, 0.24)]
        pen.canvas.drawPath(poly(points), ramp(lighter(tone, 0.5), tone, (x - r, y - r), (x + r, y + r)))
