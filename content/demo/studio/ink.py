"""Pen and brush for labels: colours, shaded paint, smooth outlines, text set to a box. Skia draws them."""

import colorsys
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise

import skia

from content.demo.studio.stage import Colour

Point = tuple[float, float]
WHITE: Colour = (1.0, 1.0, 1.0)
INK: Colour = (0.13, 0.11, 0.11)


def argb(colour: Colour, alpha: float = 1.0) -> int:
    """Skia's packed colour."""
    r, g, b = (round(255 * min(max(c, 0.0), 1.0)) for c in colour)
    return int(skia.ColorSetARGB(round(255 * alpha), r, g, b))


def mix(a: Colour, b: Colour, t: float) -> Colour:
    """From `a` (t = 0) to `b` (t = 1)."""
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def lighter(colour: Colour, t: float = 0.25) -> Colour:
    """Towards white."""
    return mix(colour, WHITE, t)


def darker(colour: Colour, t: float = 0.25) -> Colour:
    """Towards a deep shade of the same hue, as ink darkens: never towards grey."""
    h, light, s = colorsys.rgb_to_hls(*colour)
    return colorsys.hls_to_rgb(h, light * (1 - t), min(1.0, s * (1 + 0.25 * t)))


def luminance(colour: Colour) -> float:
    """Relative luminance 0..1 (WCAG 2.2)."""
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: Colour, b: Colour) -> float:
    """Contrast ratio 1..21 (WCAG 2.2)."""
    x, y = sorted((luminance(a), luminance(b)))
    return (y + 0.05) / (x + 0.05)


def readable(on: Colour, wishes: Iterable[Colour], least: float = 3.6) -> Colour:
    """The first wish that can be read on the ground, else white or a deep shade of the ground."""
    for wish in wishes:
        if contrast(on, wish) >= least:
            return wish
    deep = darker(on, 0.74)
    if contrast(on, WHITE) >= 2.5:
        return WHITE
    return deep if contrast(on, deep) >= least else INK


def flat(colour: Colour, alpha: float = 1.0) -> skia.Paint:
    """One colour, smooth edges."""
    return skia.Paint(Color=argb(colour, alpha), AntiAlias=True)


def line(colour: Colour, width: float, alpha: float = 1.0) -> skia.Paint:
    """A round-ended stroke."""
    return skia.Paint(
        Color=argb(colour, alpha),
        AntiAlias=True,
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width,
        StrokeCap=skia.Paint.kRound_Cap,
        StrokeJoin=skia.Paint.kRound_Join,
    )


def round_lit(colour: Colour, centre: Point = (0, 0), radius: float = 1.0) -> skia.Paint:
    """Paint that makes a disc a ball: lit from the upper left."""
    at = skia.Point(centre[0] - 0.35 * radius, centre[1] - 0.45 * radius)
    colours = [argb(lighter(colour, 0.42)), argb(colour), argb(darker(colour, 0.30))]
    shader = skia.GradientShader.MakeRadial(at, radius * 1.55, colours, [0.0, 0.45, 1.0])
    return skia.Paint(Shader=shader, AntiAlias=True)


def ramp(a: Colour, b: Colour, start: Point, end: Point) -> skia.Paint:
    """A straight gradient."""
    shader = skia.GradientShader.MakeLinear([skia.Point(*start), skia.Point(*end)], [argb(a), argb(b)])
    return skia.Paint(Shader=shader, AntiAlias=True)


def glow(colour: Colour, centre: Point, radius: float, alpha: float = 1.0) -> skia.Paint:
    """A colour that fades to nothing."""
    shader = skia.GradientShader.MakeRadial(
        skia.Point(*centre), radius, [argb(colour, alpha), argb(colour, 0)]
    )
    return skia.Paint(Shader=shader, AntiAlias=True)


def blob(points: Sequence[Point], closed: bool = True) -> skia.Path:
    """A smooth outline through the points (Catmull-Rom)."""
    n = len(points)
    builder = skia.Path()
    builder.moveTo(*points[0])
    for i in range(n if closed else n - 1):
        p = [points[(i + k) % n if closed else min(max(i + k, 0), n - 1)] for k in (-1, 0, 1, 2)]
        c1 = (p[1][0] + (p[2][0] - p[0][0]) / 6, p[1][1] + (p[2][1] - p[0][1]) / 6)
        c2 = (p[2][0] - (p[3][0] - p[1][0]) / 6, p[2][1] - (p[3][1] - p[1][1]) / 6)
        builder.cubicTo(*c1, *c2, *p[2])
    if closed:
        builder.close()
    return builder


def poly(points: Sequence[Point]) -> skia.Path:
    """A closed outline with corners."""
    builder = skia.Path()
    builder.moveTo(*points[0])
    for point in points[1:]:
        builder.lineTo(*point)
    builder.close()
    return builder


def star_points(n: int, inner: float, outer: float = 1.0, turn: float = -math.pi / 2) -> list[Point]:
    """The corners of an n-pointed star."""
    radii = (outer, inner)
    return [
        (radii[i % 2] * math.cos(turn + math.pi * i / n), radii[i % 2] * math.sin(turn + math.pi * i / n))
        for i in range(2 * n)
    ]


@cache
def typeface(path: str) -> skia.Typeface:
    """A font file, loaded once."""
    face = skia.Typeface.MakeFromFile(path)
    if face is None:
        raise FileNotFoundError(
            f"label font {path} is missing: see content/demo/studio/README.md for the packages"
        )
    return face


@dataclass(frozen=True, slots=True)
class Type:
    """A way of setting words: font file, letter case, tracking (em), slant, and leading (em)."""

    path: str
    upper: bool = False
    tracking: float = 0.0
    skew: float = 0.0
    leading: float = 1.0

    def font(self, size: float) -> skia.Font:
        """The font at a size in texels."""
        font = skia.Font(typeface(self.path), size)
        font.setSkewX(self.skew)
        font.setEdging(skia.Font.Edging.kAntiAlias)
        font.setSubpixel(True)
        return font

    def case(self, text: str) -> str:
        """The text in this type's letter case."""
        return text.upper() if self.upper else text

    def width(self, text: str, size: float) -> float:
        """Advance width in texels."""
        return float(self.font(size).measureText(self.case(text))) + self.tracking * size * max(
            len(text) - 1, 0
        )


def set_line(canvas: skia.Canvas, kind: Type, text: str, size: float, at: Point, paint: skia.Paint) -> None:
    """One line, its left end of the baseline at `at`."""
    font, (x, y) = kind.font(size), at
    if not kind.tracking:
        canvas.drawString(kind.case(text), x, y, font, paint)
        return
    for letter in kind.case(text):
        canvas.drawString(letter, x, y, font, paint)
        x += font.measureText(letter) + kind.tracking * size


def _splits(words: list[str], most: int) -> Iterable[list[str]]:
    n = len(words)
    for count in range(1, min(most, n) + 1):
        for cuts in combinations(range(1, n), count - 1):
            ends = (0, *cuts, n)
            yield [" ".join(words[a:b]) for a, b in pairwise(ends)]


@dataclass(frozen=True, slots=True)
class Setting:
    """Lines of text fitted to a box."""

    lines: list[str]
    size: float
    height: float


def fit(kind: Type, text: str, box: Point, most: int = 3, biggest: float = 1e9) -> Setting:
    """The largest setting of the words in a box of (width, height) texels."""
    best: Setting | None = None
    metrics = kind.font(100.0).getMetrics()
    cap = (metrics.fCapHeight or 70.0) / 100
    for lines in _splits(text.split(), most):
        step = (cap + 0.34) * kind.leading
        tall = cap + step * (len(lines) - 1) + (0.0 if kind.upper else 0.12)
        size = min(box[1] / tall, biggest, *(box[0] / kind.width(line, 1000.0) * 1000 for line in lines))
        if best is None or size > best.size * (1.06 if len(lines) > len(best.lines) else 1.0):
            best = Setting(lines, size, size * tall)
    assert best is not None
    return best


def set_block(
    canvas: skia.Canvas,
    kind: Type,
    setting: Setting,
    at: Point,
    paints: Sequence[skia.Paint],
    align: float = 0.5,
    width: float = 0.0,
) -> None:
    """A fitted block with its upper edge at `at`; `align` 0 left, 0.5 centred about at[0] + width/2."""
    cap = (kind.font(100.0).getMetrics().fCapHeight or 70.0) / 100 * setting.size
    step = cap + 0.34 * setting.size
    step *= kind.leading
    for paint in paints:
        for i, text in enumerate(setting.lines):
            x = at[0] + (width - kind.width(text, setting.size)) * align
            set_line(canvas, kind, text, setting.size, (x, at[1] + cap + i * step), paint)
