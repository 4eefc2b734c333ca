"""Prints labels: a ground per brand, then brand mark, words and emblem set over it.

Sizes are texels; a label is drawn about as large as the camera will see it, so that nothing has to be reduced
while it is being lit.
"""

from dataclasses import dataclass, replace

import numpy as np
import skia
from PIL import Image

from content.demo.studio import ink
from content.demo.studio.brands import brand_of
from content.demo.studio.ink import WHITE, darker, fit, flat, set_block
from content.demo.studio.layouts import LAYOUTS, Sheet, Words
from content.demo.studio.motifs import MOTIFS, draw_motif
from content.demo.studio.stage import Colour


@dataclass(frozen=True, slots=True)
class Places:
    """Boxes as shares of the sheet: x, y, width, height."""

    mark: tuple[float, float, float, float]
    words: tuple[float, float, float, float]
    motif: tuple[float, float, float]  # centre x, centre y, radius in units


COLUMN = Places((0.13, 0.06, 0.74, 0.13), (0.09, 0.265, 0.82, 0.235), (0.5, 0.755, 0.265))
SQUARE = Places((0.10, 0.06, 0.80, 0.15), (0.09, 0.265, 0.82, 0.255), (0.5, 0.765, 0.172))
ROUND = Places((0.20, 0.055, 0.60, 0.155), (0.17, 0.265, 0.66, 0.275), (0.5, 0.775, 0.168))
SOFT = Places((0.17, 0.07, 0.66, 0.13), (0.15, 0.275, 0.70, 0.235), (0.5, 0.74, 0.25))
ROW = Places((0.05, 0.075, 0.5, 0.19), (0.05, 0.34, 0.51, 0.50), (0.79, 0.53, 0.335))
POSTER = Places((0.13, 0.05, 0.74, 0.14), (0.09, 0.295, 0.82, 0.13), (0.5, 0.80, 0.36))


def _box(s: Sheet, part: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return part[0] * s.w, part[1] * s.h, part[2] * s.w, part[3] * s.h


def _set(
    s: Sheet,
    kind: ink.Type,
    text: str,
    box: tuple[float, float, float, float],
    tone: Colour,
    most: int,
    shadow: bool,
) -> None:
    x, y, w, h = box
    setting = fit(kind, text, (w, h), most)
    top = y + (h - setting.height) / 2
    if shadow:
        off = setting.size * 0.045
        set_block(
            s.canvas,
            kind,
            setting,
            (x + off, top + off),
            [flat(darker(tone, 0.9) if ink.luminance(tone) > 0.3 else WHITE, 0.4)],
            0.5,
            w,
        )
    set_block(s.canvas, kind, setting, (x, top), [flat(tone)], 0.5, w)


def _print(s: Sheet, bare: bool, kind: str) -> None:
    tones = LAYOUTS[s.brand.layout](s)
    if bare:
        return
    places = {"round": ROUND, "poster": POSTER, "soft": SOFT}.get(kind) or (
        ROW if s.wide else COLUMN if s.h > 1.2 * s.w else SQUARE
    )
    if kind == "round" and s.h > 1.15 * s.w:
        places = replace(ROUND, motif=(0.5, 0.745, 0.2))
    mx, my, radius = places.motif[0] * s.w, places.motif[1] * s.h, places.motif[2] * s.unit
    has_motif = s.words.motif in MOTIFS
    if kind != "poster":
        radius = min(radius, (min(mx, s.w - mx) - 0.03 * s.w) / 1.22, (s.h - my - 0.03 * s.h) / 1.22)
    if has_motif:
        if tones.disc is not None:
            s.canvas.drawCircle(mx, my, radius * 1.22, flat(tones.disc))
        draw_motif(s.canvas, s.words.motif, (mx, my), radius, s.words.palette)
    _set(s, s.brand.mark, s.words.brand, _box(s, places.mark), tones.mark, 1, False)
    words = (
        places.words
        if has_motif
        else (places.words[0], places.words[1], places.words[2], places.words[3] * 1.5)
    )
    _set(s, s.brand.words, s.words.label, _box(s, words), tones.words, 3, tones.shadow)


def print_label(words: Words, size: tuple[int, int], bare: bool = False, kind: str = "flat") -> Image.Image:
    """A label of `size` texels; `bare` prints the ground only.

    `kind`: `flat`, `round` and `soft` (kept to the middle, for packs that curve away) or `poster` (one large emblem).
    """
    surface = skia.Surface(*size)
    _print(Sheet(surface.getCanvas(), size[0], size[1], words, brand_of(words.brand)), bare, kind)
    pixels = surface.toarray(colorType=skia.kRGBA_8888_ColorType)
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, :3]))
