"""The pen emblems are drawn with: a canvas whose unit is the emblem's radius, and shapes that are already lit."""

from dataclasses import dataclass

import skia

from content.demo.studio.ink import WHITE, Point, blob, darker, flat, lighter, line, ramp, round_lit
from content.demo.studio.stage import Colour, hex_colour

GREEN = hex_colour("4f9a2e")
DEEP = hex_colour("2d6b24")
BROWN = hex_colour("6b3f1d")
GOLD = hex_colour("e8ae32")
CREAM = hex_colour("fff4dc")
RED = hex_colour("d8262c")


@dataclass(frozen=True, slots=True)
class Pen:
    """A canvas whose unit is the emblem's radius, and the pack's three colours."""

    canvas: skia.Canvas
    main: Colour
    second: Colour
    accent: Colour

    def ball(self, x: float, y: float, r: float, colour: Colour) -> None:
        """A lit disc."""
        self.canvas.drawCircle(x, y, r, round_lit(colour, (x, y), r))

    def dot(self, x: float, y: float, r: float, colour: Colour, alpha: float = 1.0) -> None:
        """A plain disc."""
        self.canvas.drawCircle(x, y, r, flat(colour, alpha))

    def oval(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, turn: float = 0.0, lit: bool = True
    ) -> None:
        """An ellipse, turned by degrees."""
        self.canvas.save()
        self.canvas.translate(x, y)
        self.canvas.rotate(turn)
        paint = round_lit(colour, (0, 0), max(rx, ry)) if lit else flat(colour)
        self.canvas.drawOval(skia.Rect(-rx, -ry, rx, ry), paint)
        self.canvas.restore()

    def leaf(self, x: float, y: float, size: float, turn: float, colour: Colour, fat: float = 0.36) -> None:
        """A leaf growing from (x, y) upwards, turned by degrees, with a lit half and a vein."""
        self.canvas.save()
        self.canvas.translate(x, y)
        self.canvas.rotate(turn)
        self.canvas.scale(size, size)
        shape = blob(
            [(0, 0), (fat, -0.38), (fat * 0.62, -0.75), (0, -1), (-fat * 0.62, -0.75), (-fat, -0.38)]
        )
        self.canvas.drawPath(
            shape, ramp(lighter(colour, 0.22), darker(colour, 0.28), (-fat, -0.7), (fat, -0.2))
        )
        self.canvas.drawLine(0, -0.02, 0, -0.86, line(lighter(colour, 0.55), 0.045, 0.8))
        self.canvas.restore()

    def shape(self, points: list[Point], colour: Colour, lit: bool = True) -> None:
        """A smooth closed outline."""
        self.canvas.drawPath(blob(points), round_lit(colour) if lit else flat(colour))

    def strokes(self, points: list[Point], colour: Colour, width: float) -> None:
        """A smooth open line."""
        self.canvas.drawPath(blob(points, closed=False), line(colour, width))


def shine(pen: Pen, x: float, y: float, r: float) -> None:
    """A small highlight."""
    pen.oval(x, y, r, r * 0.55, WHITE, -35, lit=False)
