"""The marks of payment methods, as people know them: a plate in the scheme's colour with its name or a plain shape.

All of it is drawn here. No scheme's logo is copied: a mark is the colour people look for and the word they read, or a
shape that belongs to nobody (a coin, a bolt, waves). The name always stands beside it in words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageDraw

from kiosk.ui import icons, paint
from kiosk.ui.fonts import face_for
from kiosk.ui.geometry import Rect
from kiosk.ui.text import line_height, width
from kiosk.ui.theme import BRAND, BRAND_LIGHT, INFO, LINE, WHITE, Colour

SHAPE = 1.5  # a plate's width as part of its height
_SCALE = 4
_Draw = ImageDraw.ImageDraw


class Word(NamedTuple):
    """A piece of a word, in its colour."""

    text: str
    colour: Colour = WHITE


class Mark(NamedTuple):
    """A plate: its colour, and lines of words on it or a shape drawn into it."""

    fill: Colour
    lines: tuple[tuple[Word, ...], ...] = ()
    shape: Callable[[_Draw, float, float], None] | None = None
    icon: str = ""
    ink: Colour = WHITE


def _coin(d: _Draw, w: float, h: float) -> None:
    """A coin with a B that has the two strokes of money above and below."""
    r, x, y = h * 0.40, w / 2, h / 2
    d.ellipse((x - r, y - r, x + r, y + r), fill=WHITE)
    ink, s = (247, 147, 26), h * 0.075
    left, top, low = x - h * 0.13, y - h * 0.22, y + h * 0.22
    d.rectangle((left, top, left + s, low), fill=ink)
    for a, b, reach in ((top, y + s / 2, 0.27), (y - s / 2, low, 0.31)):
        d.rounded_rectangle((left, a, left + h * reach, b), (b - a) / 2, outline=ink, width=round(s))
        d.rectangle((left, a, left + h * 0.12, a + s), fill=ink)
        d.rectangle((left, b - s, left + h * 0.12, b), fill=ink)
        d.rectangle((left + s, a + s, left + h * 0.10, b - s), fill=WHITE)
    for at in (left + h * 0.06, left + h * 0.15):
        d.rectangle((at, top - h * 0.07, at + s * 0.7, top + s * 0.5), fill=ink)
        d.rectangle((at, low - s * 0.5, at + s * 0.7, low + h * 0.07), fill=ink)


def _bolt(d: _Draw, w: float, h: float) -> None:
    x = w / 2 - h / 2
    points = ((0.60, 0.08), (0.22, 0.56), (0.46, 0.56), (0.38, 0.92), (0.78, 0.42), (0.53, 0.42))
    d.polygon([(x + a * h, b * h) for a, b in points], fill=(255, 210, 31))


def _cross(d: _Draw, w: float, h: float) -> None:
    """The white cross on red: arms one sixth longer than wide."""
    x, y, arm, half = w / 2, h / 2, h * 0.31, h * 0.0945
    d.rectangle((x - half, y - arm, x + half, y + arm), fill=WHITE)
    d.rectangle((x - arm, y - half, x + arm, y + half), fill=WHITE)


def _bubbles(d: _Draw, w: float, h: float) -> None:
    """Two people talking."""
    green = (7, 193, 96)

    def bubble(x: float, y: float, rx: float, ry: float, tail: float) -> None:
        d.ellipse((x - rx, y - ry, x + rx, y + ry), fill=WHITE)
        d.polygon(
            [(x + tail * rx * 0.7, y + ry * 0.5), (x + tail * rx * 0.75, y + ry * 1.35), (x + tail * rx * 0.1, y + ry * 0.85)],
            fill=WHITE,
        )  # fmt: skip

    x = w / 2
    bubble(x - h * 0.14, h * 0.42, h * 0.33, h * 0.26, -1)
    d.ellipse((x - h * 0.14, h * 0.40, x + h * 0.48, h * 0.88), fill=green)
    bubble(x + h * 0.17, h * 0.63, h * 0.27, h * 0.21, 1)


def _waves(d: _Draw, w: float, h: float) -> None:
    """A card, and the waves of contactless reading beside it."""
    x = w / 2 - h * 0.62
    d.rounded_rectangle((x, h * 0.30, x + h * 0.70, h * 0.76), h * 0.06, fill=WHITE)
    d.rectangle((x, h * 0.40, x + h * 0.70, h * 0.49), fill=INFO)
    d.rounded_rectangle((x + h * 0.08, h * 0.60, x + h * 0.30, h * 0.66), h * 0.02, fill=INFO)
    for i in range(3):
        r, cx = h * (0.16 + 0.13 * i), x + h * 0.74
        d.arc((cx - r, h * 0.53 - r, cx + r, h * 0.53 + r), -42, 42, fill=WHITE, width=round(h * 0.065))


def _lozenge(d: _Draw, w: float, h: float) -> None:
    """Four corners that meet: money that goes from hand to hand."""
    x, y, r, gap = w * 0.24, h / 2, h * 0.25, h * 0.03
    for dx, dy in ((0, -1), (1, 0), (0, 1), (-1, 0)):
        cx, cy, s = x + dx * (r / 2 + gap), y + dy * (r / 2 + gap), r / 2
        d.polygon([(cx, cy - s), (cx + s, cy), (cx, cy + s), (cx - s, cy)], fill=WHITE)


def _arrows(d: _Draw, w: float, h: float) -> None:
    """Two arrowheads, one behind the other."""
    for x, fill in ((0.70, (9, 121, 56)), (0.78, (237, 117, 46))):
        d.polygon([(w * x, h * 0.22), (w * (x + 0.15), h * 0.5), (w * (x - 0.04), h * 0.78)], fill=fill)


_RED, _BLUE, _DARK = (218, 37, 29), (11, 77, 162), (61, 61, 60)
_PIX = Mark((50, 188, 173), ((Word("     pix"),),), _lozenge)
MARKS: dict[str, Mark] = {
    "link": Mark(BRAND, icon="phone"),
    "card": Mark(INFO, shape=_waves),
    "epc": Mark((0, 51, 153), ((Word("SEPA", (255, 204, 0)),), (Word("GiroCode"),))),
    "swiss": Mark((218, 41, 28), shape=_cross),
    "pix": _PIX,
    "pix-static": _PIX,
    "promptpay": Mark((14, 58, 103), ((Word("Prompt"),), (Word("Pay", (94, 196, 235)),))),
    "paynow": Mark((116, 31, 122), ((Word("PAY"),), (Word("NOW"),))),
    "vietqr": Mark(WHITE, ((Word("VIET", _RED), Word("QR", _BLUE)),)),
    "duitnow": Mark((237, 46, 103), ((Word("Duit"),), (Word("Now"),))),
    "khqr": Mark((225, 35, 46), ((Word("KHQR"),),)),
    "upi": Mark(WHITE, ((Word("UPI   ", _DARK),),), _arrows),
    "wechat": Mark((7, 193, 96), shape=_bubbles),
    "alipay": Mark((22, 119, 255), ((Word("支付宝"),),)),
    "bitcoin": Mark((247, 147, 26), shape=_coin),
    "lightning": Mark((58, 16, 120), shape=_bolt),
}
OTHER = Mark(BRAND_LIGHT, icon="code", ink=BRAND)


def mark_of(method: str) -> Mark:
    """A method's mark; a plain code for one this release does not know."""
    return MARKS.get(method, OTHER)


@lru_cache(maxsize=64)
def plate(method: str, w: int, h: int, on: bool = True) -> Image.Image:
    """The mark of `w` x `h` pixels (RGBA, smooth corners); without its colours where it cannot be used (`on`)."""
    mark = mark_of(method)
    image = Image.new("RGB", (w, h), mark.fill)
    if mark.shape is not None:
        large = image.resize((w * _SCALE, h * _SCALE))
        mark.shape(ImageDraw.Draw(large), float(large.width), float(large.height))
        image = large.resize((w, h), Image.Resampling.BOX)
    if mark.icon:
        side = round(h * 0.72)
        image.paste(mark.ink, ((w - side) // 2, (h - side) // 2), icons.mask(mark.icon, side))
    _write(image, mark)
    if not on:
        image = paint.greyed(image, LINE, 0.5)
    radius = h // 6
    out = Image.new("RGBA", (w, h), (*LINE, 255))
    line = max(1, h // 48) if mark.fill == WHITE else 0
    inner = Rect(0, 0, w, h).inset(line)
    face = image.crop((inner.x, inner.y, inner.right, inner.bottom))
    out.paste(face, (inner.x, inner.y), paint.rounded_mask(inner.w, inner.h, max(0, radius - line)))
    out.putalpha(paint.rounded_mask(w, h, radius))
    return out


def paste(image: Image.Image, rect: Rect, method: str, *, on: bool = True) -> None:
    """The mark in the middle of a box, as large as it goes."""
    h = min(rect.h, round(rect.w / SHAPE))
    w = round(h * SHAPE)
    made = plate(method, w, h, on)
    image.paste(made, (rect.x + (rect.w - w) // 2, rect.y + (rect.h - h) // 2), made)


def _write(image: Image.Image, mark: Mark) -> None:
    """The lines of words, as large as all of them fit."""
    lines = [line for line in mark.lines if line]
    if not lines:
        return
    w, h = image.size
    language = "zh" if any(ord(c) > 0x2E80 for line in lines for word in line for c in word.text) else "en"
    if language == "zh" and face_for(lines[0][0].text[0], "zh", None) is None:
        lines, language = [(Word("Alipay"),)], "en"  # without a Chinese font
    size = round(h * (0.40 if len(lines) > 1 else 0.52))
    while (
        size > 6 and max(sum(width(p.text, size, True, language) for p in line) for line in lines) > w * 0.86
    ):
        size -= 1
    step = round(line_height(size) * 0.80)
    y = (h - step * len(lines)) // 2
    for i, line in enumerate(lines):
        x = (w - sum(width(part.text, size, True, language) for part in line)) // 2
        for part in line:
            used = width(part.text, size, True, language)
            room = Rect(x, y + i * step, used + 2, step)
            paint.text(image, room, part.text, size, language, colour=part.colour, bold=True)
            x += used
