"""Fourteen grounds to print on, one per brand's hand: each paints the sheet and says in which colours to set what."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import skia

from content.demo.studio import ink
from content.demo.studio.brands import Brand
from content.demo.studio.ink import WHITE, blob, darker, flat, lighter, line, mix, poly, ramp, readable
from content.demo.studio.stage import Colour, hex_colour

PAPER = hex_colour("fdf7ea")
GILT = hex_colour("d8b15a")


@dataclass(frozen=True, slots=True)
class Words:
    """What is printed on a pack."""

    brand: str
    label: str
    motif: str
    palette: tuple[Colour, Colour, Colour]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A label while it is being printed: canvas, size, words, and the colours the layout has settled on."""

    canvas: skia.Canvas
    w: float
    h: float
    words: Words
    brand: Brand

    @property
    def wide(self) -> bool:
        """Laid out in a row instead of a column."""
        return self.w > 1.25 * self.h

    @property
    def unit(self) -> float:
        """A length to take margins from."""
        return min(self.w, self.h)

    def fill(
        self, paint: skia.Paint, x: float = 0, y: float = 0, w: float | None = None, h: float | None = None
    ) -> None:
        """A rectangle; the whole sheet if nothing else is said."""
        self.canvas.drawRect(
            skia.Rect.MakeXYWH(x, y, self.w if w is None else w, self.h if h is None else h), paint
        )


@dataclass(frozen=True, slots=True)
class Tones:
    """The colours things are set in over a ground."""

    mark_ground: Colour
    words_ground: Colour
    mark: Colour
    words: Colour
    disc: Colour | None = None  # a quiet plate behind the emblem
    shadow: bool = False


def _tones(
    sheet: Sheet, mark_ground: Colour, words_ground: Colour, disc: Colour | None = None, shadow: bool = False
) -> Tones:
    main, second, accent = sheet.words.palette
    wishes = (accent, second, WHITE, main)
    return Tones(
        mark_ground,
        words_ground,
        readable(mark_ground, wishes),
        readable(words_ground, (WHITE, accent, main, second)),
        disc,
        shadow,
    )


def _hill(s: Sheet) -> Tones:
    """A sky above, a rolling hill of the main colour below."""
    main, second, _ = s.words.palette
    sky = mix(second, WHITE, 0.55) if ink.luminance(second) > 0.3 else mix(main, WHITE, 0.86)
    ground = (
        main if ink.contrast(main, sky) > 1.7 else darker(main, 0.35) if ink.luminance(main) < 0.8 else second
    )
    s.fill(ramp(sky, mix(sky, ground, 0.25), (0, 0), (0, s.h * 0.6)))
    top = s.h * (0.235 if not s.wide else 0.30)
    for lift, tone in ((-0.045, mix(sky, ground, 0.5)), (0.0, ground)):
        y = top + lift * s.h
        s.canvas.drawPath(
            blob(
                [
                    (-s.w * 0.2, y + 0.04 * s.h),
                    (s.w * 0.2, y - 0.012 * s.h),
                    (s.w * 0.6, y + 0.03 * s.h),
                    (s.w * 1.2, y - 0.02 * s.h),
                    (s.w * 1.3, s.h * 1.3),
                    (-s.w * 0.3, s.h * 1.3),
                ]
            ),
            flat(tone),
        )
    s.fill(ramp(ground, darker(ground, 0.22), (0, s.h * 0.55), (0, s.h)), y=s.h * 0.6, h=s.h * 0.4)
    return _tones(s, sky, ground, disc=mix(sky, WHITE, 0.6))


def _plain(s: Sheet) -> Tones:
    """White, a bar of colour on top, big capitals: the shop's own basics."""
    main = s.words.palette[0] if ink.luminance(s.words.palette[0]) < 0.75 else s.words.palette[1]
    s.fill(flat(hex_colour("fbfbf8")))
    bar = s.h * (0.24 if not s.wide else 0.3)
    s.fill(flat(main), h=bar)
    s.fill(flat(main), y=s.h * 0.955, h=s.h * 0.05)
    deep = main if ink.contrast(main, WHITE) > 3.2 else darker(main, 0.55)
    return Tones(main, WHITE, readable(main, (WHITE,), 2.6), deep, lighter(main, 0.72))


def _arch(s: Sheet) -> Tones:
    """Kraft paper tones with a scalloped awning."""
    main, second, accent = s.words.palette
    ground = main if ink.luminance(main) < 0.72 else second
    cloth = accent if ink.contrast(ground, accent) > 1.6 else darker(ground, 0.45)
    s.fill(ramp(lighter(ground, 0.08), darker(ground, 0.1), (0, 0), (0, s.h)))
    band = s.h * 0.2
    n = 7
    for i in range(n):
        x = i * s.w / n
        tone = cloth if i % 2 else PAPER
        s.canvas.drawRect(skia.Rect.MakeXYWH(x, 0, s.w / n + 1, band), flat(tone))
        s.canvas.drawCircle(x + s.w / n / 2, band, s.w / n / 2, flat(tone))
    plate = skia.Rect.MakeXYWH(s.w * 0.1, band * 0.22, s.w * 0.8, band * 0.82)
    s.canvas.drawRoundRect(plate, band * 0.41, band * 0.41, flat(PAPER))
    return Tones(
        PAPER,
        ground,
        readable(PAPER, (darker(accent, 0.2), hex_colour("6b3a1a"))),
        readable(ground, (PAPER, accent)),
        PAPER,
    )


def _ribbon(s: Sheet) -> Tones:
    """Ivory between bands of the main colour; the mark on a ribbon."""
    main, second, accent = s.words.palette
    bold = main if ink.luminance(main) < 0.6 else accent if ink.luminance(accent) < 0.5 else second
    s.fill(flat(mix(PAPER, second, 0.12)))
    top = s.h * 0.27
    s.fill(ramp(lighter(bold, 0.1), bold, (0, 0), (0, top)), h=top)
    s.fill(flat(hex_colour("c9a24a")), y=top, h=s.h * 0.014)
    s.fill(flat(bold), y=s.h * 0.93, h=s.h * 0.07)
    s.fill(flat(hex_colour("c9a24a")), y=s.h * 0.93 - s.h * 0.014, h=s.h * 0.014)
    return Tones(
        bold,
        PAPER,
        readable(bold, (WHITE, PAPER)),
        readable(PAPER, (darker(bold, 0.1), darker(bold, 0.4))),
        mix(PAPER, bold, 0.16),
    )


def _swell(s: Sheet) -> Tones:
    """The sea: layered waves under a calm band."""
    main, second, _ = s.words.palette
    deep = main if ink.luminance(main) < 0.45 else darker(main, 0.3) if ink.luminance(main) < 0.62 else second
    s.fill(ramp(darker(deep, 0.25), deep, (0, 0), (0, s.h)))
    for i in range(3):
        y = s.h * (0.63 + 0.11 * i)
        tone = mix(deep, WHITE, 0.16 + 0.24 * i)
        waves = [(s.w * (k / 6), y + (0.028 * s.h if k % 2 else -0.028 * s.h)) for k in range(-1 - i % 2, 9)]
        s.canvas.drawPath(blob([*waves, (s.w * 1.5, s.h * 1.5), (-s.w * 0.5, s.h * 1.5)]), flat(tone))
    return Tones(deep, deep, WHITE, WHITE, mix(WHITE, deep, 0.06))


def _splash(s: Sheet) -> Tones:
    """A fresh gradient with drops and a bright splash behind the emblem."""
    main, second, accent = s.words.palette
    ground = (
        main if ink.luminance(main) < 0.7 else second if ink.luminance(second) < 0.6 else darker(main, 0.2)
    )
    s.fill(ramp(lighter(ground, 0.16), darker(ground, 0.24), (0, 0), (s.w * 0.4, s.h)))
    s.canvas.drawCircle(
        s.w * 0.5,
        s.h * 0.72,
        s.unit * 0.85,
        ink.glow(lighter(ground, 0.7), (s.w * 0.5, s.h * 0.72), s.unit * 0.75, 0.75),
    )
    for i in range(26):
        a, r = i * 2.39996, s.unit * 0.13 * math.sqrt(i + 4)
        x, y = s.w * 0.5 + r * math.cos(a), s.h * 0.66 + r * math.sin(a) * 1.15
        s.canvas.drawCircle(x, y, s.unit * (0.012 + 0.012 * (i % 3)), flat(WHITE, 0.34))
    return Tones(
        ground,
        ground,
        readable(ground, (WHITE, accent), 2.4),
        readable(ground, (WHITE, accent, second), 2.8),
        mix(WHITE, ground, 0.05),
        True,
    )


def _medal(s: Sheet) -> Tones:
    """Bottle green and gold: a brewer's medal."""
    main, second, _ = s.words.palette
    deep = second if ink.luminance(second) < 0.3 else darker(main, 0.35)
    s.fill(ramp(lighter(deep, 0.08), darker(deep, 0.25), (0, 0), (0, s.h)))
    for y in (0.04, 0.93):
        s.fill(ramp(lighter(GILT, 0.4), darker(GILT, 0.2), (0, 0), (s.w, 0)), y=s.h * y, h=s.h * 0.03)
    return Tones(deep, deep, lighter(GILT, 0.35), WHITE, PAPER)


def _sober(s: Sheet) -> Tones:
    """Laid paper, a thin double frame, letterspaced capitals."""
    _, second, accent = s.words.palette
    s.fill(flat(mix(PAPER, second, 0.4) if ink.luminance(second) > 0.5 else PAPER))
    inset = s.unit * 0.05
    for k, width in ((1.0, 0.012), (1.6, 0.005)):
        rect = skia.Rect.MakeXYWH(inset * k, inset * k, s.w - 2 * inset * k, s.h - 2 * inset * k)
        s.canvas.drawRect(rect, line(accent if ink.contrast(accent, PAPER) > 1.5 else GILT, s.unit * width))
    dark = readable(PAPER, (s.words.palette[0], accent), 5.0)
    return Tones(PAPER, PAPER, dark, dark, None)


def _column(s: Sheet) -> Tones:
    """One dark colour, one warm bar down the side."""
    main, second, _ = s.words.palette
    s.fill(ramp(lighter(main, 0.07), darker(main, 0.15), (0, 0), (s.w, s.h)))
    bar = second if ink.contrast(main, second) > 1.4 else darker(main, 0.5)
    s.canvas.drawCircle(s.w * 0.5, s.h * 0.72, s.unit * 0.5, flat(lighter(main, 0.1), 0.7))
    s.fill(flat(bar), w=s.w * 0.055)
    s.fill(flat(bar), x=s.w * 0.945, w=s.w * 0.055)
    return Tones(
        main, main, readable(main, (bar, WHITE), 2.4), readable(main, (WHITE, bar), 3.0), lighter(bar, 0.35)
    )


def _burst(s: Sheet) -> Tones:
    """Loud rays from the middle."""
    main, second, _ = s.words.palette
    ground = main if ink.luminance(main) < 0.75 else second
    s.fill(flat(ground))
    cx, cy, far = s.w * 0.5, s.h * (0.66 if not s.wide else 0.5), s.w + s.h
    for i in range(18):
        a, b = i * math.pi / 9, (i + 0.5) * math.pi / 9
        s.canvas.drawPath(
            poly(
                [
                    (cx, cy),
                    (cx + far * math.cos(a), cy + far * math.sin(a)),
                    (cx + far * math.cos(b), cy + far * math.sin(b)),
                ]
            ),
            flat(lighter(ground, 0.16)),
        )
    s.canvas.drawCircle(cx, cy, s.unit * 0.75, ink.glow(lighter(ground, 0.72), (cx, cy), s.unit * 0.55, 0.9))
    return Tones(
        ground,
        ground,
        readable(ground, (WHITE, second), 2.4),
        readable(ground, (second, WHITE), 2.8),
        mix(WHITE, ground, 0.06),
        True,
    )


def _jewel(s: Sheet) -> Tones:
    """A jewel colour, a gold frame with a keel at top and bottom."""
    main, second, _ = s.words.palette
    s.fill(ramp(lighter(main, 0.12), darker(main, 0.28), (0, 0), (s.w, s.h)))
    gold = second if ink.contrast(main, second) > 2 else darker(second, 0.4)
    inset = s.unit * 0.055
    for k, width in ((1.0, 0.016), (1.75, 0.006)):
        s.canvas.drawRoundRect(
            skia.Rect.MakeXYWH(inset * k, inset * k, s.w - 2 * inset * k, s.h - 2 * inset * k),
            inset,
            inset,
            line(gold, s.unit * width),
        )
    for i in range(40):
        x = s.w * (i * 0.6180339 % 1)
        y = s.h * (i * 0.7548776 % 1)
        s.canvas.drawCircle(x, y, s.unit * 0.006, flat(gold, 0.5))
    return Tones(
        main,
        main,
        readable(main, (gold, WHITE), 2.6),
        readable(main, (WHITE, gold), 3.0),
        mix(WHITE, gold, 0.3),
    )


def _slant(s: Sheet) -> Tones:
    """Two colours cut on the slant."""
    main, second, _ = s.words.palette
    ground = main if ink.luminance(main) < 0.72 else second
    other = second if ground is main else main
    light = mix(other, PAPER, 0.55)
    s.fill(flat(light))
    s.canvas.drawPath(
        poly([(0, 0), (s.w, 0), (s.w, s.h * 0.52), (0, s.h * 0.64)]),
        ramp(lighter(ground, 0.1), darker(ground, 0.12), (0, 0), (0, s.h * 0.6)),
    )
    s.canvas.drawPath(
        poly([(0, s.h * 0.64), (s.w, s.h * 0.52), (s.w, s.h * 0.545), (0, s.h * 0.665)]),
        flat(darker(ground, 0.35)),
    )
    return Tones(
        ground, ground, readable(ground, (WHITE, other), 2.6), readable(ground, (WHITE, PAPER), 3.0), None
    )


def _swoosh(s: Sheet) -> Tones:
    """White and a clean swoosh of colour."""
    main, second, _ = s.words.palette
    bold = main if 0.02 < ink.luminance(main) < 0.72 else second
    s.fill(ramp(WHITE, lighter(bold, 0.72), (0, 0), (0, s.h)))
    y = s.h * 0.30
    foot = s.h * (0.84 if s.wide else 0.62)
    s.canvas.drawPath(
        blob(
            [
                (-s.w * 0.3, y + s.h * 0.08),
                (s.w * 0.3, y - s.h * 0.03),
                (s.w * 0.75, y + s.h * 0.03),
                (s.w * 1.3, y - s.h * 0.1),
                (s.w * 1.3, foot),
                (s.w * 0.72, foot + s.h * 0.01),
                (s.w * 0.3, foot + s.h * 0.08),
                (-s.w * 0.3, foot),
            ]
        ),
        ramp(lighter(bold, 0.12), darker(bold, 0.2), (0, y), (0, foot)),
    )
    mark = bold if ink.contrast(bold, WHITE) > 2.6 else darker(bold, 0.45)
    return Tones(WHITE, bold, mark, readable(bold, (WHITE,), 2.4), None)


def _calm(s: Sheet) -> Tones:
    """A soft tint with one large quiet disc."""
    main, second, accent = s.words.palette
    ground = main if ink.luminance(main) > 0.12 else second
    s.fill(ramp(lighter(ground, 0.25), ground, (0, 0), (0, s.h)))
    s.canvas.drawCircle(s.w * 0.5, s.h * 0.74, s.unit * 0.56, flat(lighter(ground, 0.5)))
    dark = readable(ground, (accent, second, WHITE), 2.9)
    return Tones(ground, ground, dark, dark, None)


LAYOUTS: dict[str, Callable[[Sheet], Tones]] = {
    "hill": _hill, "plain": _plain, "arch": _arch, "ribbon": _ribbon, "swell": _swell, "splash": _splash,
    "medal": _medal, "sober": _sober, "column": _column, "burst": _burst, "jewel": _jewel, "slant": _slant,
    "swoosh": _swoosh, "calm": _calm,
}  # fmt: skip
