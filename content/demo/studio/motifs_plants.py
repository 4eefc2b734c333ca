"""Emblems: leaves, grain, flowers, fruit and vegetables."""

import math

from content.demo.studio.ink import blob, darker, flat, lighter, line, poly, ramp, star_points
from content.demo.studio.pen import BROWN, DEEP, GREEN, RED, Pen, shine
from content.demo.studio.stage import Colour, hex_colour


def leaf(pen: Pen) -> None:
    for turn, size, tone in ((-48, 1.0, DEEP), (48, 1.0, DEEP), (0, 1.5, GREEN)):
        pen.leaf(0, 0.72, size, turn, tone)


def wheat(pen: Pen) -> None:
    for lean in (-26, 26, 0):
        pen.canvas.save()
        pen.canvas.translate(0, 0.95)
        pen.canvas.rotate(lean)
        pen.canvas.drawLine(0, 0, 0, -1.3, line(hex_colour("c08a2a"), 0.055))
        for i in range(5):
            for s in (-1, 1):
                pen.leaf(0, -0.62 - i * 0.22, 0.40, s * 34, hex_colour("e9b23c"), 0.3)
        pen.leaf(0, -1.55, 0.42, 0, hex_colour("f0c050"), 0.3)
        pen.canvas.restore()


def flower(pen: Pen) -> None:
    pen.strokes([(0.05, 0.3), (0.0, 0.7), (-0.1, 1.0)], DEEP, 0.08)
    pen.leaf(0, 0.85, 0.5, 58, GREEN)
    for i in range(9):
        pen.canvas.save()
        pen.canvas.translate(0, -0.12)
        pen.canvas.rotate(i * 40)
        pen.oval(0, -0.5, 0.19, 0.36, hex_colour("fffdf6"))
        pen.canvas.restore()
    pen.ball(0, -0.12, 0.28, hex_colour("f7b81f"))


def _berry(pen: Pen, x: float, y: float, r: float) -> None:
    pen.ball(x, y, r, hex_colour("4257a8"))
    crown = [(x + r * 0.36 * a, y - r * 0.45 + r * 0.3 * b) for a, b in star_points(5, 0.5)]
    pen.canvas.drawPath(poly(crown), flat(hex_colour("222f66")))


def berry(pen: Pen) -> None:
    pen.leaf(0.1, -0.3, 0.7, 40, GREEN)
    pen.leaf(-0.1, -0.3, 0.6, -50, DEEP)
    for x, y in ((-0.42, -0.02), (0.44, 0.0), (0.02, 0.46)):
        _berry(pen, x, y, 0.44)


def strawberry(pen: Pen) -> None:
    pen.shape(
        [
            (0, -0.5),
            (0.55, -0.52),
            (0.72, -0.1),
            (0.42, 0.52),
            (0, 0.95),
            (-0.42, 0.52),
            (-0.72, -0.1),
            (-0.55, -0.52),
        ],
        RED,
    )
    for row, n in ((-0.18, 4), (0.14, 3), (0.45, 2), (0.7, 1)):
        for i in range(n):
            pen.oval((i - (n - 1) / 2) * 0.3, row, 0.035, 0.06, hex_colour("ffdf7d"), lit=False)
    for turn in (-78, -38, 0, 38, 78):
        pen.leaf(0, -0.42, 0.5, turn, GREEN, 0.28)


def _citrus(pen: Pen, skin: Colour, inside: Colour) -> None:
    pen.leaf(0.15, -0.52, 0.6, 52, GREEN)
    pen.ball(-0.22, 0.05, 0.68, skin)
    x, y, r = 0.3, 0.28, 0.6
    pen.dot(x, y, r, darker(skin, 0.12))
    pen.dot(x, y, r * 0.92, hex_colour("fffbe8"))
    for i in range(8):
        pen.canvas.save()
        pen.canvas.translate(x, y)
        pen.canvas.rotate(i * 45)
        pen.canvas.drawPath(
            blob([(0, -0.06), (0.17, -0.42), (0, -0.52), (-0.17, -0.42)]),
            ramp(inside, lighter(inside, 0.3), (0, -0.5), (0, 0)),
        )
        pen.canvas.restore()


def lemon(pen: Pen) -> None:
    _citrus(pen, hex_colour("ffd21f"), hex_colour("ffe14d"))


def orange(pen: Pen) -> None:
    _citrus(pen, hex_colour("fb8c1a"), hex_colour("ffa02e"))


def mint(pen: Pen) -> None:
    green = hex_colour("35a866")
    for turn, size in ((-62, 1.0), (62, 1.0), (-22, 1.2), (24, 1.2)):
        pen.leaf(0, 0.55, size, turn, green, 0.42)
    pen.leaf(0, 0.6, 0.95, 0, lighter(green, 0.2), 0.42)


def tea_leaf(pen: Pen) -> None:
    green = hex_colour("6aa53a")
    pen.strokes([(0.02, 0.95), (0.0, 0.4), (0, 0.1)], DEEP, 0.08)
    pen.leaf(0, 0.5, 1.02, -52, darker(green, 0.15), 0.3)
    pen.leaf(0, 0.35, 1.02, 50, darker(green, 0.15), 0.3)
    pen.leaf(0, 0.15, 1.1, -4, green, 0.26)


def corn(pen: Pen) -> None:
    pen.canvas.save()
    pen.canvas.rotate(18)
    pen.shape(
        [(0, -0.98), (0.36, -0.5), (0.4, 0.2), (0.25, 0.75), (-0.25, 0.75), (-0.4, 0.2), (-0.36, -0.5)],
        hex_colour("f2b81c"),
    )
    for j in range(8):
        w = 0.34 * math.sin(math.pi * (0.16 + 0.68 * (j + 0.5) / 8)) ** 0.5
        for i in range(4):
            pen.ball((i - 1.5) * w * 0.52, -0.74 + j * 0.18, 0.095, hex_colour("ffd23f"))
    pen.leaf(0.1, 0.95, 1.2, 24, GREEN, 0.3)
    pen.leaf(-0.1, 0.95, 1.2, -24, DEEP, 0.3)
    pen.canvas.restore()


def tomato(pen: Pen) -> None:
    pen.shape(
        [
            (0, -0.62),
            (0.6, -0.62),
            (0.88, 0.0),
            (0.62, 0.62),
            (0, 0.8),
            (-0.62, 0.62),
            (-0.88, 0.0),
            (-0.6, -0.62),
        ],
        hex_colour("e0321f"),
    )
    for turn in (-100, -50, 0, 50, 100):
        pen.leaf(0, -0.52, 0.52, turn, GREEN, 0.2)
    pen.strokes([(0, -0.55), (0.04, -0.75), (0.14, -0.9)], DEEP, 0.1)


def mango(pen: Pen) -> None:
    pen.leaf(0.25, -0.62, 0.62, 62, GREEN)
    points = [
        (0.2, -0.72),
        (0.72, -0.3),
        (0.68, 0.3),
        (0.15, 0.76),
        (-0.5, 0.62),
        (-0.82, 0.1),
        (-0.45, -0.42),
    ]
    pen.canvas.drawPath(
        blob(points), ramp(hex_colour("f04e2a"), hex_colour("ffb824"), (0.6, -0.6), (-0.4, 0.4))
    )
    shine(pen, -0.25, -0.25, 0.16)


def grape(pen: Pen) -> None:
    tone = hex_colour("6a2a62") if pen.main[1] < 0.35 else hex_colour("93b440")
    pen.strokes([(0, -0.6), (0.04, -0.85), (0.18, -0.98)], BROWN, 0.09)
    pen.leaf(0.05, -0.66, 0.62, -64, GREEN, 0.5)
    for row, n in enumerate((4, 3, 2, 1)):
        for i in range(n):
            pen.ball((i - (n - 1) / 2) * 0.42, -0.38 + row * 0.38, 0.26, tone)


def chili(pen: Pen) -> None:
    for flip in (1, -1):
        pen.canvas.save()
        pen.canvas.scale(flip, 1)
        pen.canvas.rotate(-16)
        points = [
            (-0.1, -0.62),
            (0.2, -0.6),
            (0.28, -0.1),
            (0.16, 0.45),
            (-0.3, 0.9),
            (-0.02, 0.3),
            (-0.1, -0.15),
        ]
        pen.canvas.drawPath(
            blob(points), ramp(hex_colour("f5452c"), hex_colour("b01616"), (-0.1, -0.5), (0.2, 0.5))
        )
        pen.shape([(0.05, -0.8), (0.24, -0.62), (0.05, -0.5), (-0.14, -0.62)], GREEN)
        pen.strokes([(0.05, -0.75), (0.08, -0.9), (0.2, -1.0)], DEEP, 0.09)
        pen.canvas.restore()


def basil(pen: Pen) -> None:
    green = hex_colour("3f9a34")
    for turn, size in ((-78, 0.95), (78, 0.95), (-34, 1.25), (34, 1.25)):
        pen.leaf(0, 0.6, size, turn, green, 0.52)
    pen.leaf(0, 0.55, 0.98, 0, lighter(green, 0.18), 0.5)


def lavender(pen: Pen) -> None:
    for lean in (-24, 24, 0):
        pen.canvas.save()
        pen.canvas.translate(0, 0.98)
        pen.canvas.rotate(lean)
        pen.canvas.drawLine(0, 0, 0, -1.2, line(hex_colour("6f9a5f"), 0.06))
        for i in range(6):
            r = 0.17 - i * 0.012
            for s in (-1, 1):
                pen.ball(s * 0.12, -0.82 - i * 0.17, r, hex_colour("8d73cf"))
        pen.ball(0, -1.88, 0.1, hex_colour("a58ce0"))
        pen.canvas.restore()


def hop(pen: Pen) -> None:
    green = hex_colour("86b53a")
    pen.leaf(-0.1, -0.45, 0.8, -72, DEEP, 0.5)
    pen.leaf(0.1, -0.45, 0.8, 72, DEEP, 0.5)
    for row in range(5, -1, -1):
        n = (3, 4, 4, 3, 2, 1)[row]
        for i in range(n):
            pen.leaf(
                (i - (n - 1) / 2) * 0.26,
                -0.05 + row * 0.2 - 0.4,
                0.46,
                180,
                lighter(green, 0.06 * (row % 2)),
                0.42,
            )


def olive(pen: Pen) -> None:
    for turn, x, y in ((-60, -0.1, -0.3), (60, 0.1, -0.3), (0, 0, -0.25)):
        pen.leaf(x, y, 0.72, turn, hex_colour("7d9a4a"), 0.2)
    for x, y, turn in ((-0.36, 0.2, 20), (0.38, 0.24, -18)):
        pen.oval(x, y, 0.4, 0.52, hex_colour("75852a"), turn)
        shine(pen, x - 0.12, y - 0.2, 0.1)


def apple(pen: Pen) -> None:
    pen.leaf(0.05, -0.55, 0.6, 48, GREEN)
    pen.strokes([(0, -0.42), (-0.02, -0.65), (0.06, -0.85)], BROWN, 0.09)
    pen.shape(
        [
            (0, -0.45),
            (0.45, -0.58),
            (0.82, -0.15),
            (0.6, 0.6),
            (0.22, 0.85),
            (0, 0.78),
            (-0.22, 0.85),
            (-0.6, 0.6),
            (-0.82, -0.15),
            (-0.45, -0.58),
        ],
        hex_colour("d6342c"),
    )
    shine(pen, -0.4, -0.18, 0.15)


def mushroom(pen: Pen) -> None:
    pen.shape(
        [(-0.2, 0), (0.2, 0), (0.26, 0.6), (0.15, 0.85), (-0.15, 0.85), (-0.26, 0.6)], hex_colour("f3e6d0")
    )
    pen.shape(
        [(-0.82, 0.12), (-0.72, -0.4), (0, -0.82), (0.72, -0.4), (0.82, 0.12), (0.3, 0.2), (-0.3, 0.2)],
        hex_colour("b37f50"),
    )


def tulip(pen: Pen) -> None:
    pen.strokes([(0, 0.1), (0, 0.95)], DEEP, 0.09)
    pen.leaf(0, 0.95, 1.0, 30, GREEN, 0.2)
    for turn in (-24, 24, 0):
        pen.leaf(0, 0.22, 1.15, turn, pen.main, 0.36)


def rose(pen: Pen) -> None:
    pink = pen.main if pen.main[0] > 0.7 and sum(pen.main) < 2.5 else hex_colour("e46a8a")
    pen.leaf(-0.2, 0.45, 0.7, -75, GREEN)
    pen.leaf(0.2, 0.45, 0.7, 75, GREEN)
    for i in range(5):
        a = i * 2 * math.pi / 5 - 0.4
        pen.ball(0.38 * math.cos(a), 0.38 * math.sin(a) - 0.05, 0.46, lighter(pink, 0.18))
    for i in range(4):
        a = i * math.pi / 2 + 0.3
        pen.ball(0.2 * math.cos(a), 0.2 * math.sin(a) - 0.07, 0.34, pink)
    pen.ball(0, -0.1, 0.3, darker(pink, 0.15))
    pen.strokes(
        [(0.12, -0.1), (0.0, 0.02), (-0.14, -0.1), (0.0, -0.26), (0.2, -0.16)], darker(pink, 0.4), 0.05
    )


def sunflower(pen: Pen) -> None:
    for i in range(16):
        pen.canvas.save()
        pen.canvas.rotate(i * 22.5)
        pen.leaf(0, -0.3, 0.66, 0, hex_colour("f8b81c"), 0.28)
        pen.canvas.restore()
    pen.ball(0, 0, 0.42, hex_colour("5d3718"))
