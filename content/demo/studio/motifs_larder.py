"""Emblems: what is baked, cooked, picked from trees or caught."""

import math

import skia

from content.demo.studio.ink import INK, WHITE, blob, darker, flat, lighter, line, poly, ramp
from content.demo.studio.pen import GREEN, RED, Pen
from content.demo.studio.stage import hex_colour


def cow(pen: Pen) -> None:
    for s in (-1, 1):
        pen.oval(s * 0.72, -0.28, 0.30, 0.17, hex_colour("2e2a2a"), s * 18, lit=False)
        pen.strokes([(s * 0.36, -0.66), (s * 0.5, -0.84), (s * 0.44, -1.0)], hex_colour("d9c49a"), 0.13)
    pen.shape(
        [
            (0, -0.8),
            (0.5, -0.62),
            (0.55, -0.1),
            (0.42, 0.5),
            (0, 0.72),
            (-0.42, 0.5),
            (-0.55, -0.1),
            (-0.5, -0.62),
        ],
        hex_colour("fbfaf7"),
    )
    pen.canvas.drawPath(
        blob([(-0.5, -0.6), (-0.12, -0.7), (-0.1, -0.25), (-0.3, 0.05), (-0.55, -0.1)]),
        flat(hex_colour("2e2a2a")),
    )
    pen.oval(0, 0.5, 0.52, 0.34, hex_colour("f2b3ac"))
    for s in (-1, 1):
        pen.oval(s * 0.2, 0.47, 0.07, 0.1, hex_colour("a85b58"), lit=False)
        pen.dot(s * 0.27, -0.16, 0.095, WHITE)
        pen.dot(s * 0.27, -0.16, 0.07, INK)
    pen.strokes([(-0.2, 0.68), (0, 0.74), (0.2, 0.68)], hex_colour("a85b58"), 0.05)


def almond(pen: Pen) -> None:
    for x, y, turn in ((-0.34, 0.12, -28), (0.36, -0.02, 24)):
        pen.canvas.save()
        pen.canvas.translate(x, y)
        pen.canvas.rotate(turn)
        pen.canvas.scale(0.86, 0.86)
        pen.shape(
            [(0, -0.95), (0.42, -0.2), (0.46, 0.35), (0, 0.78), (-0.46, 0.35), (-0.42, -0.2)],
            hex_colour("b9773a"),
        )
        for i in range(-2, 3):
            pen.strokes([(i * 0.04, -0.62), (i * 0.14, 0.0), (i * 0.11, 0.55)], hex_colour("8a5224"), 0.03)
        pen.canvas.restore()


def cocoa(pen: Pen) -> None:
    dark = hex_colour("5b3320")
    pen.canvas.save()
    pen.canvas.rotate(-12)
    for i in range(2):
        for j in range(2):
            x, y = -0.76 + i * 0.78, -0.76 + j * 0.78
            pen.canvas.drawRoundRect(
                skia.Rect.MakeXYWH(x, y, 0.74, 0.74), 0.09, 0.09, flat(darker(dark, 0.3))
            )
            pen.canvas.drawRoundRect(
                skia.Rect.MakeXYWH(x + 0.03, y + 0.02, 0.68, 0.66),
                0.09,
                0.09,
                ramp(lighter(dark, 0.28), dark, (x, y), (x + 0.7, y + 0.7)),
            )
            pen.canvas.drawRoundRect(
                skia.Rect.MakeXYWH(x + 0.14, y + 0.13, 0.46, 0.44),
                0.05,
                0.05,
                ramp(dark, lighter(dark, 0.2), (x, y), (x + 0.7, y + 0.7)),
            )
    pen.canvas.restore()


def coffee_bean(pen: Pen) -> None:
    for x, y, turn, size in ((-0.36, -0.2, -32, 0.66), (0.4, 0.25, 28, 0.7)):
        pen.oval(x, y, size * 0.7, size, hex_colour("5e3620"), turn)
        pen.canvas.save()
        pen.canvas.translate(x, y)
        pen.canvas.rotate(turn)
        pen.strokes(
            [(0.06, -size * 0.86), (-0.1, -0.2), (0.1, 0.2), (-0.06, size * 0.86)], hex_colour("2a150b"), 0.1
        )
        pen.canvas.restore()


def nut(pen: Pen) -> None:
    for x, y, r in ((-0.38, 0.18, 0.52), (0.42, 0.2, 0.5), (0.02, -0.36, 0.52)):
        pen.shape(
            [
                (x, y - r),
                (x + r * 0.75, y - r * 0.45),
                (x + r * 0.8, y + r * 0.4),
                (x, y + r * 0.85),
                (x - r * 0.8, y + r * 0.4),
                (x - r * 0.75, y - r * 0.45),
            ],
            hex_colour("b8702e"),
        )
        pen.canvas.drawPath(
            blob(
                [
                    (x - r * 0.62, y + r * 0.35),
                    (x, y + r * 0.2),
                    (x + r * 0.62, y + r * 0.35),
                    (x + r * 0.4, y + r * 0.74),
                    (x, y + r * 0.86),
                    (x - r * 0.4, y + r * 0.74),
                ]
            ),
            flat(hex_colour("e9cc9a")),
        )


def peanut(pen: Pen) -> None:
    pen.canvas.save()
    pen.canvas.rotate(38)
    pen.shape(
        [
            (0, -0.98),
            (0.4, -0.7),
            (0.3, -0.1),
            (0.44, 0.5),
            (0, 0.98),
            (-0.44, 0.5),
            (-0.3, -0.1),
            (-0.4, -0.7),
        ],
        hex_colour("e0ae62"),
    )
    for y in (-0.7, -0.42, 0.3, 0.6):
        for x in (-0.2, 0.02, 0.22):
            pen.oval(x, y, 0.05, 0.09, hex_colour("b07c36"), lit=False)
    pen.canvas.restore()


def honey(pen: Pen) -> None:
    for x, y in ((0, -0.52), (-0.45, 0.26), (0.45, 0.26)):
        points = [
            (x + 0.5 * math.sin(k * math.pi / 3), y + 0.5 * math.cos(k * math.pi / 3)) for k in range(6)
        ]
        pen.canvas.drawPath(
            poly(points),
            ramp(hex_colour("ffd75c"), hex_colour("dd8d10"), (x - 0.4, y - 0.5), (x + 0.4, y + 0.5)),
        )
        pen.canvas.drawPath(poly(points), line(hex_colour("fff0be"), 0.06))
    pen.oval(0.06, -0.05, 0.34, 0.22, hex_colour("ffc928"), -18)
    for dx in (-0.1, 0.06, 0.2):
        pen.canvas.drawLine(
            dx - 0.04, -0.2 - dx * 0.3, dx + 0.06, 0.16 - dx * 0.3, line(hex_colour("3a2410"), 0.08)
        )
    for turn in (-20, 25):
        pen.oval(0.02 + turn * 0.006, -0.34, 0.12, 0.24, WHITE, turn, lit=False)


def egg(pen: Pen) -> None:
    for x, y, turn, tone in ((-0.4, 0.02, -14, hex_colour("f3d3ab")), (0.4, 0.06, 12, hex_colour("e2ac78"))):
        pen.canvas.save()
        pen.canvas.translate(x, y)
        pen.canvas.rotate(turn)
        pen.shape([(0, -0.82), (0.42, -0.3), (0.52, 0.25), (0, 0.74), (-0.52, 0.25), (-0.42, -0.3)], tone)
        pen.canvas.restore()


def cheese(pen: Pen) -> None:
    tone = hex_colour("f7c23a")
    pen.canvas.drawPath(
        poly([(-0.92, 0.05), (0.55, -0.62), (0.92, -0.12), (0.92, 0.0), (-0.92, 0.1)]),
        flat(lighter(tone, 0.35)),
    )
    pen.canvas.drawPath(
        poly([(-0.92, 0.06), (0.92, -0.06), (0.92, 0.58), (-0.92, 0.62)]),
        ramp(tone, darker(tone, 0.15), (-0.9, 0), (0.9, 0.5)),
    )
    for x, y, r in ((-0.5, 0.34, 0.15), (0.1, 0.22, 0.12), (0.52, 0.38, 0.16), (0.3, -0.25, 0.1)):
        pen.oval(x, y, r, r * 0.85, darker(tone, 0.32), lit=False)


def rice(pen: Pen) -> None:
    bowl_tone = pen.second if sum(pen.second) < 2.4 else hex_colour("b5532e")
    for i in range(46):
        a, r = i * 2.39996, 0.1 * math.sqrt(i)
        x, y = r * math.cos(a) * 1.05, -0.1 + r * math.sin(a) * 0.5 - (0.2 if r < 0.4 else 0)
        pen.oval(
            x, min(y, 0.14), 0.13, 0.055, hex_colour("fffdf3") if i % 3 else hex_colour("eee3c6"), i * 47.0
        )
    pen.shape([(-0.9, 0.08), (0.9, 0.08), (0.62, 0.62), (0.3, 0.8), (-0.3, 0.8), (-0.62, 0.62)], bowl_tone)


def pizza(pen: Pen) -> None:
    pen.ball(0, 0, 0.98, hex_colour("d9963f"))
    pen.dot(0, 0, 0.84, hex_colour("d23c1e"))
    pen.dot(0, 0, 0.79, hex_colour("f6cf6a"))
    for i in range(7):
        a = i * 2 * math.pi / 7 + 0.3
        pen.ball(0.5 * math.cos(a), 0.5 * math.sin(a), 0.17, hex_colour("d8341f"))
    for i in range(3):
        a = i * 2 * math.pi / 3
        pen.leaf(0.15 * math.cos(a), 0.15 * math.sin(a), 0.34, i * 120 + 40, GREEN, 0.4)


def potato(pen: Pen) -> None:
    fries = hex_colour("f4bf3a")
    for i in range(9):
        pen.canvas.save()
        pen.canvas.translate(-0.56 + i * 0.14, 0.3)
        pen.canvas.rotate((i - 4) * 4.5)
        top = -0.95 - 0.22 * math.sin(i * 2.3)
        pen.canvas.drawRoundRect(
            skia.Rect(-0.075, top, 0.075, 0.4),
            0.02,
            0.02,
            ramp(lighter(fries, 0.3), darker(fries, 0.12), (-0.08, 0), (0.08, 0)),
        )
        pen.canvas.restore()
    pen.canvas.drawPath(
        poly([(-0.7, -0.05), (-0.35, 0.12), (0.35, 0.12), (0.7, -0.05), (0.54, 0.92), (-0.54, 0.92)]),
        flat(hex_colour("d8352a")),
    )


def shrimp(pen: Pen) -> None:
    tone = hex_colour("f4865e")
    for i in range(11):
        a = -2.6 + i * 0.4
        r = 0.33 - i * 0.018
        pen.ball(0.55 * math.cos(a), 0.55 * math.sin(a), r, tone if i % 2 else lighter(tone, 0.2))
    pen.leaf(0.2, 0.62, 0.5, -115, tone, 0.5)
    for s in (0.0, 0.18):
        pen.strokes([(-0.5, -0.35), (-0.75, -0.6 + s), (-0.98, -0.62 + s * 2)], tone, 0.05)
    pen.dot(-0.46, -0.36, 0.06, INK)


def bowl(pen: Pen) -> None:
    tone = pen.second if sum(pen.second) < 2.2 else hex_colour("c9512e")
    for x, y, r, colour in (
        (-0.42, -0.05, 0.26, RED),
        (0.0, -0.15, 0.3, hex_colour("f2c14a")),
        (0.42, -0.04, 0.26, GREEN),
        (-0.18, -0.02, 0.2, GREEN),
        (0.22, 0.0, 0.18, hex_colour("f08a2e")),
    ):
        pen.ball(x, y, r, colour)
    pen.shape([(-0.9, 0.05), (0.9, 0.05), (0.66, 0.58), (0.3, 0.8), (-0.3, 0.8), (-0.66, 0.58)], tone)
    for x in (-0.22, 0.08, 0.36):
        pen.strokes(
            [(x, -0.55), (x + 0.08, -0.7), (x - 0.05, -0.82), (x + 0.03, -0.98)], hex_colour("d9cfc4"), 0.055
        )


def noodle(pen: Pen) -> None:
    bowl(pen)
    for i in range(5):
        x = -0.4 + i * 0.2
        pen.strokes(
            [(x, -0.05), (x + 0.1, -0.25), (x - 0.06, -0.45), (x + 0.05, -0.62)], hex_colour("f6d27a"), 0.07
        )


def fish(pen: Pen) -> None:
    tone = pen.main if pen.main[2] > pen.main[0] else hex_colour("3c7fb5")
    pen.canvas.drawPath(poly([(0.45, 0), (0.96, -0.46), (0.82, 0), (0.96, 0.46)]), flat(darker(tone, 0.2)))
    pen.shape(
        [(-0.92, 0.04), (-0.5, -0.36), (0, -0.42), (0.55, -0.08), (0.55, 0.08), (0, 0.42), (-0.5, 0.4)],
        lighter(tone, 0.25),
    )
    pen.strokes([(-0.4, -0.32), (-0.28, 0.02), (-0.4, 0.34)], darker(tone, 0.25), 0.05)
    for x in (-0.08, 0.14, 0.34):
        for y in (-0.12, 0.12):
            pen.strokes([(x, y - 0.08), (x + 0.07, y), (x, y + 0.08)], darker(tone, 0.15), 0.04)
    pen.dot(-0.58, -0.08, 0.1, WHITE)
    pen.dot(-0.58, -0.08, 0.055, INK)
