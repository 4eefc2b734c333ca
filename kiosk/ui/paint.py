"""Painting with Pillow, on a worker thread: rounded shapes, baked shadows, text in a box, signs, pictures, codes.

Everything is painted on a known ground, so that a finished picture is opaque and the GPU only copies it: shadows and
smooth edges are in the picture (a BoxShadow cost 25 ms a frame on software GL, a baked one nothing).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw, ImageFilter

from kiosk.qr import Level, encode, sturdiest
from kiosk.ui import icons
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.text import BASELINE, Line, draw_line, fit, line_height, wrap
from kiosk.ui.theme import INK, QUIET, Colour, contrast, mix

Align = Literal["start", "center", "end"]
Valign = Literal["top", "middle", "bottom"]
MAX_PIXELS = 4_000_000  # of a product picture; an import makes them far smaller
_log = logging.getLogger(__name__)


class Written(NamedTuple):
    """Words as they came to stand in their box: for whoever looks whether a text fits and can be read."""

    words: str
    language: str
    size: int  # of the font; it is never below what the screen allows
    cut: bool  # shortened with an ellipsis, or higher than its box
    contrast: float  # with the palest or darkest of what is behind them, 1 to 21


_WATCH: ContextVar[Callable[[Written], None] | None] = ContextVar("watch", default=None)


@contextmanager
def watching(told: Callable[[Written], None]) -> Iterator[None]:
    """Tell of all words that are written meanwhile in this thread. A wall at work does not measure itself."""
    token = _WATCH.set(told)
    try:
        yield
    finally:
        _WATCH.reset(token)


def canvas(w: int, h: int, ground: Colour) -> Image.Image:
    """An opaque picture filled with one colour."""
    return Image.new("RGB", (w, h), ground)


@lru_cache(maxsize=96)
def rounded_mask(w: int, h: int, radius: int) -> Image.Image:
    """A filled rounded rectangle (mode L) with smooth corners."""
    radius = max(0, min(radius, w // 2, h // 2))
    mask = Image.new("L", (w, h), 255)
    if radius:
        corner = Image.new("L", (radius * 4, radius * 4), 0)
        ImageDraw.Draw(corner).ellipse((0, 0, radius * 8 - 1, radius * 8 - 1), fill=255)
        corner = corner.resize((radius, radius), Image.Resampling.BOX)
        mask.paste(corner, (0, 0))
        corner = corner.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        mask.paste(corner, (w - radius, 0))
        corner = corner.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        mask.paste(corner, (w - radius, h - radius))
        mask.paste(corner.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (0, h - radius))
    return mask


@lru_cache(maxsize=48)
def shadow_mask(w: int, h: int, radius: int, blur: int) -> Image.Image:
    """A soft shadow of a rounded rectangle (mode L), `blur` pixels larger on every side."""
    mask = Image.new("L", (w + 2 * blur, h + 2 * blur), 0)
    mask.paste(rounded_mask(w, h, radius), (blur, blur))
    return mask.filter(ImageFilter.GaussianBlur(blur / 2))


@lru_cache(maxsize=48)
def gradient(w: int, h: int, top: Colour, bottom: Colour) -> Image.Image:
    """From one colour at the top to another at the bottom."""
    strip = Image.new("RGB", (1, h))
    strip.putdata([mix(top, bottom, y / max(1, h - 1)) for y in range(h)])
    return strip.resize((w, h))


def box(image: Image.Image, rect: Rect, fill: Colour | Image.Image, radius: int = 0) -> None:
    """A rounded rectangle in a colour, or in a picture of its size."""
    mask = rounded_mask(rect.w, rect.h, radius)
    image.paste(fill, (rect.x, rect.y, rect.right, rect.bottom), mask)


def shadow(
    image: Image.Image, rect: Rect, radius: int, blur: int, strength: float = 0.22, drop: int = 0
) -> None:
    """The shadow `rect` throws, darkening what is there by at most `strength`."""
    mask = shadow_mask(rect.w, rect.h, radius, blur).point([round(v * strength) for v in range(256)])
    at = (rect.x - blur, rect.y - blur + drop)
    image.paste((20, 26, 32), (at[0], at[1], at[0] + mask.width, at[1] + mask.height), mask)


def text(
    image: Image.Image,
    rect: Rect,
    words: str,
    size: int,
    language: str,
    *,
    colour: Colour = INK,
    bold: bool = False,
    align: Align = "start",
    valign: Valign = "middle",
    lines: int = 1,
    smallest: int | None = None,
    strike: bool = False,
) -> Rect:
    """Write into a box and return the box the words fill. "start" is where the language begins to read.

    One line shrinks from `size` to `smallest` before it is cut short; several lines break, then end in an ellipsis.
    """
    if lines == 1:
        made: tuple[Line, ...] = (fit(words, size, bold, language, rect.w, smallest or size),)
    else:
        made = wrap(words, size, bold, language, rect.w, lines)
        tried = size
        while (
            smallest and tried > smallest and (_cut(made, words) or line_height(tried) * len(made) > rect.h)
        ):
            tried = max(smallest, tried - 2)
            made = wrap(words, tried, bold, language, rect.w, lines)
    if not made:
        return Rect(rect.x, rect.y, 0, 0)
    step = line_height(made[0].size)
    cut = _cut(made, words) or step * len(made) > rect.h + step // 3
    if cut:
        _log.debug("%r does not fit %dx%d in %s", words, rect.w, rect.h, language)
    y = (
        rect.y
        + {"top": 0, "middle": (rect.h - step * len(made)) // 2, "bottom": rect.h - step * len(made)}[valign]
    )
    widest = max(line.width for line in made)
    if (watch := _WATCH.get()) is not None and words.strip():
        place = Rect(_start(rect, widest, align, language), y, widest, step * len(made))
        watch(Written(words, language, made[0].size, cut, _worst(image, place, colour)))
    draw = ImageDraw.Draw(image)
    left = rect.right
    for i, line in enumerate(made):
        x = _start(rect, line.width, align, language)
        left = min(left, x)
        base = y + i * step + round(BASELINE * made[0].size)
        draw_line(draw, line, x, base, colour)
        if strike:
            middle = base - round(line.size * 0.26)
            draw.line(
                [(x - 2, middle), (x + line.width + 1, middle)], fill=colour, width=max(2, line.size // 12)
            )
    return Rect(left, y, widest, step * len(made))


def _worst(image: Image.Image, place: Rect, colour: Colour) -> float:
    """The contrast of a colour with what is behind a box, where it is least: in patches of the size of a letter or two."""
    x, y = max(0, place.x), max(0, place.y)
    right, bottom = min(image.width, place.right), min(image.height, place.bottom)
    if right <= x or bottom <= y:
        return contrast(colour, INK) if colour != INK else 1.0
    patches = image.crop((x, y, right, bottom)).convert("RGB").resize((12, 4), Image.Resampling.BOX)
    return min(contrast(colour, patches.getpixel((i, j))) for i in range(12) for j in range(4))  # type: ignore[arg-type]  # RGB


def _cut(lines: tuple[Line, ...], words: str) -> bool:
    """Whether the words were cut short: there is an ellipsis they did not have, or what stands before it is less than they are."""
    shown = "".join(run.text for line in lines for run in line.runs)
    if shown.count("…") > words.count("…"):
        return True
    return "…" in shown and len(shown.replace(" ", "")) < len(words.replace(" ", ""))


def _start(rect: Rect, width: int, align: Align, language: str) -> int:
    if align == "center":
        return rect.x + (rect.w - width) // 2
    at_right = (align == "start") == is_rtl(language)
    return rect.right - width if at_right else rect.x


def icon(image: Image.Image, rect: Rect, name: str, colour: Colour, *, flip: bool = False) -> None:
    """A sign (kiosk.ui.icons) in the middle of a box, as large as it goes; `flip` mirrors one that points, for right-to-left."""
    size = min(rect.w, rect.h)
    mask = icons.mask(name, size)
    if flip and name in icons.POINTING:
        mask = mask.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    x, y = rect.x + (rect.w - size) // 2, rect.y + (rect.h - size) // 2
    image.paste(colour, (x, y, x + size, y + size), mask)


@lru_cache(maxsize=128)
def _symbol(payload: str, level: str) -> tuple[bytes, int]:
    return encode(payload, Level[level]).luminance(0)


def code(image: Image.Image, x: int, y: int, payload: str, module: int, level: str = "M") -> Rect:
    """A QR code without its quiet zone, `module` whole pixels per module, on white; returns where it stands.

    The caller keeps QUIET modules of white around it.
    """
    data, size = _symbol(payload, level)
    tiny = Image.frombytes("L", (size, size), data)
    large = tiny.resize((size * module, size * module), Image.Resampling.NEAREST)
    image.paste(large, (x, y))
    return Rect(x, y, large.width, large.height)


def level_of(payload: str, *, glare: bool = False) -> str:
    """The error correction a wall shows a payload with (kiosk.qr.sturdiest). Raises kiosk.qr.QrTooLong."""
    return _level(payload, glare)


@lru_cache(maxsize=128)
def _level(payload: str, glare: bool) -> str:
    return sturdiest(payload, glare=glare).name


def code_side(payload: str, module: int, level: str = "M", quiet: int = QUIET) -> int:
    """Pixels a code takes with its quiet zone."""
    return (_symbol(payload, level)[1] + 2 * quiet) * module


def picture(path: str, w: int, h: int) -> Image.Image | None:
    """A picture file as RGBA, as large as fits `w` x `h`; None where it is missing, damaged or too large (and logged)."""
    if not path:
        return None
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width}x{image.height} pixels are more than {MAX_PIXELS}")
            image.draft("RGB", (w, h))
            made = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as wrong:
        _log.warning("picture %s is left out: %s", path, wrong)
        return None
    scale = min(w / made.width, h / made.height)
    size = max(1, round(made.width * scale)), max(1, round(made.height * scale))
    return made if size == made.size else made.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def is_photo(picture: Image.Image) -> bool:
    """Whether an RGBA picture has a background of its own: nothing of it is cut out."""
    return bool(picture.getchannel("A").getextrema()[0] == 255)


def backdrop(image: Image.Image, photo: Image.Image, board: Rect, x: int) -> None:
    """A photo at `x` that fills a board: its outermost columns go on to the edges, so that no square is seen."""
    y = board.bottom - photo.height
    for column, left, right in ((0, board.x, x), (photo.width - 1, x + photo.width, board.right)):
        if right > left:
            edge = photo.crop((column, 0, column + 1, photo.height))
            image.paste(edge.resize((right - left, photo.height)), (left, y))
    image.paste(photo, (x, y))


def picture_size(path: str) -> tuple[int, int] | None:
    """Width and height of a picture file, read from its head; None where it is missing or damaged."""
    if not path:
        return None
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def cover(path: str, w: int, h: int) -> Image.Image | None:
    """A picture file that fills `w` x `h` (RGB), cut at the sides; None as in `picture`."""
    if not path:
        return None
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width}x{image.height} pixels are more than {MAX_PIXELS}")
            made = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as wrong:
        _log.warning("picture %s is left out: %s", path, wrong)
        return None
    scale = max(w / made.width, h / made.height)
    cw, ch = w / scale, h / scale
    x, y = (made.width - cw) / 2, (made.height - ch) / 2
    return made.resize((w, h), Image.Resampling.BICUBIC, box=(x, y, x + cw, y + ch))


def greyed(image: Image.Image, ground: Colour, part: float = 0.55) -> Image.Image:
    """A picture without its colours and paler: sold out."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    grey = Image.blend(image.convert("L").convert("RGB"), Image.new("RGB", image.size, ground), part)
    if alpha is not None:
        grey = grey.convert("RGBA")
        grey.putalpha(alpha)
    return grey


def cast(image: Image.Image, thing: Image.Image, x: int, y: int, strength: float = 0.42) -> None:
    """Stand a cut-out thing (RGBA) on a board at `x`, `y`: a soft contact shadow under its foot, then itself."""
    foot = thing.getchannel("A").crop((0, thing.height * 9 // 10, thing.width, thing.height)).getbbox()
    if foot is not None:
        height = max(6, thing.height // 22)
        shade = shadow_mask(max(8, foot[2] - foot[0]), height, height // 2, height)
        shade = shade.point([round(v * strength) for v in range(256)])
        at = x + foot[0] - height, y + thing.height - height // 2 - height
        image.paste((26, 26, 32), (at[0], at[1], at[0] + shade.width, at[1] + shade.height), shade)
    image.paste(thing, (x, y), thing)
