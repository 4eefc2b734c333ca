"""The wall's own looks: header, aisle tabs, language tabs, basket."""

from __future__ import annotations

from msgspec import Struct
from PIL import Image

from kiosk.ui import paint
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.text import Line, fit, line_height, whole_words, width, wrap
from kiosk.ui.theme import (
    BRAND,
    BRAND_DEEP,
    BRAND_LIGHT,
    INK,
    LINE,
    PAPER,
    SALE,
    SOFT_INK,
    TAG,
    WHITE,
    Colour,
    contrast,
    mix,
)

HEADER_GROUND = BRAND


class Header(Struct, frozen=True):
    """The shop's name, and what to do with a phone."""

    name: str
    hint: str
    kiosk: str
    language: str
    size: int
    small: int
    tall: bool = False  # reach mode: nothing to touch up here, so it may be a sign
    picture: str = ""  # behind a tall header

    def paint(self, w: int, h: int) -> Image.Image:
        """The header."""
        image = paint.canvas(w, h, HEADER_GROUND)
        if self.tall:
            image.paste(paint.gradient(w, h, BRAND_DEEP, HEADER_GROUND), (0, 0))
            self._picture(image)
        edge = self.small
        side = round(self.size * 1.5)
        rtl = is_rtl(self.language)
        block = round(self.size * 1.3 + self.small * 1.4)
        y = (h - block) // 2
        sign = Rect(w - edge - side if rtl else edge, y + (block - side) // 2, side, side)
        paint.icon(image, sign, "basket", TAG)
        used = edge + side + edge // 2
        room = Rect(edge if rtl else used, y, w - used - edge, block)
        paint.text(image, Rect(room.x, y, room.w, round(self.size * 1.3)), self.name, self.size, self.language,
                   colour=WHITE, bold=True, smallest=self.small)  # fmt: skip
        paint.text(image, Rect(room.x, y + round(self.size * 1.3), room.w, round(self.small * 1.4)), self.hint,
                   self.small, self.language, colour=BRAND_LIGHT, smallest=round(self.small * 0.8))  # fmt: skip
        if self.tall:
            corner = Rect(edge, 0, w - 2 * edge, round(self.small * 2))
            paint.text(image, corner, self.kiosk, self.small, "en", colour=BRAND_LIGHT,
                       align="start" if rtl else "end")  # fmt: skip
        return image

    def _picture(self, image: Image.Image) -> None:
        """An advert's picture, fading into the ground where the words begin."""
        art = paint.cover(self.picture, image.width, image.height)
        if art is None:
            return
        ramp = Image.new("L", (image.width, 1))
        ramp.putdata(
            [round(255 * min(1.0, max(0.1, x / image.width * 1.5 - 0.35))) for x in range(image.width)]
        )
        if is_rtl(self.language):
            ramp = ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        image.paste(art, (0, 0), ramp.resize(image.size))


class LanguageTab(Struct, frozen=True):
    """A language by its own name; the one that is spoken is filled."""

    name: str
    language: str
    size: int
    on: bool
    ground: Colour = HEADER_GROUND

    def paint(self, w: int, h: int) -> Image.Image:
        """The tab."""
        image = paint.canvas(w, h, self.ground)
        dark = contrast(self.ground, WHITE) > 4.5
        edge = mix(self.ground, WHITE, 0.55) if dark else LINE
        face = (WHITE if dark else BRAND) if self.on else self.ground
        ink = (BRAND_DEEP if dark else WHITE) if self.on else (WHITE if dark else INK)
        paint.box(image, Rect(0, 0, w, h), edge, h // 3)
        paint.box(image, Rect(2, 2, w - 4, h - 4), face, h // 3)
        paint.text(image, Rect(8, 0, w - 16, h), self.name, self.size, self.language, colour=ink, bold=True,
                   align="center", smallest=round(self.size * 0.75))  # fmt: skip
        return image


class AisleTab(Struct, frozen=True):
    """An aisle's name in its colours; the one that is shown is filled."""

    name: str
    language: str
    size: int
    small: int  # the smallest size, unless a word is longer than the tab
    background: Colour
    accent: Colour
    on: bool
    ground: Colour = PAPER

    def paint(self, w: int, h: int) -> Image.Image:
        """The tab, with a bar in the aisle's colour."""
        image = paint.canvas(w, h, self.ground)
        radius = h // 5
        if self.on:
            paint.box(
                image,
                Rect(0, 0, w, h),
                paint.gradient(w, h, mix(self.accent, WHITE, 0.12), self.accent),
                radius,
            )
            ink = WHITE if contrast(self.accent, WHITE) >= contrast(self.accent, INK) else INK
        else:
            paint.box(image, Rect(0, 0, w, h), mix(self.background, (70, 74, 80), 0.18), radius)
            face = paint.gradient(w - 2, h - 3, mix(self.background, WHITE, 0.6), self.background)
            paint.box(image, Rect(1, 1, w - 2, h - 3), face, radius)
            ink = INK
        bar = max(4, h // 14)
        colour = TAG if self.on else self.accent
        paint.box(image, Rect(w // 4, h - bar * 2, w - 2 * (w // 4), bar), colour, bar // 2)
        lines = self.lines(w, h)
        size = lines[0].size
        room = Rect(self.size // 4, 0, w - self.size // 2, h - round(bar * 1.5))
        paint.text(image, room, self.name, size, self.language, colour=ink, bold=True, align="center",
                   lines=len(lines), smallest=size)  # fmt: skip
        return image

    def lines(self, w: int, h: int) -> tuple[Line, ...]:
        """The name in a tab of `w` x `h`: one line if that goes, else two, and smaller before a word would break."""
        room, fullest = w - self.size // 2, h - round(max(4, h // 14) * 1.5)
        one = fit(self.name, self.size, True, self.language, room, self.small)
        most = 2 if 2 * line_height(self.small) <= fullest else 1
        if most == 1 or one.width == width(self.name, one.size, True, self.language):
            return (fit(self.name, self.size, True, self.language, room, self.small // 2),)
        size = self.small
        while size > self.small // 2 and not whole_words(self.name, size, True, self.language, room, most):
            size -= 1
        return wrap(self.name, size, True, self.language, room, most)


class MoreTab(Struct, frozen=True):
    """Leads to the aisles that had no room."""

    language: str
    ground: Colour = PAPER

    def paint(self, w: int, h: int) -> Image.Image:
        """Three dots."""
        image = paint.canvas(w, h, self.ground)
        paint.box(image, Rect(0, 0, w, h), LINE, h // 5)
        paint.box(image, Rect(2, 2, w - 4, h - 4), WHITE, h // 5)
        dot = max(6, h // 8)
        for i in (-1, 0, 1):
            paint.box(
                image, Rect(w // 2 + i * dot * 2 - dot // 2, (h - dot) // 2, dot, dot), SOFT_INK, dot // 2
            )
        return image


class BasketBar(Struct, frozen=True):
    """How many pieces, and what they cost."""

    count: int
    total: str  # formatted; "" while the basket is empty
    words: str  # "3 items", or how to begin
    language: str
    size: int
    small: int
    ground: Colour = PAPER

    def paint(self, w: int, h: int) -> Image.Image:
        """The bar: a basket with its number, the total, the words."""
        image = paint.canvas(w, h, self.ground)
        radius = min(w, h) // 5
        paint.box(image, Rect(0, 0, w, h), LINE, radius)
        paint.box(image, Rect(2, 2, w - 4, h - 4), WHITE, radius)
        rtl = is_rtl(self.language)
        side = round(min(h * 0.5, w * 0.2))
        edge = side // 2
        spot = Rect(w - edge - side if rtl else edge, (h - side) // 2, side, side)
        paint.icon(image, spot, "basket", BRAND if self.count else SOFT_INK)
        if self.count:
            disc = round(self.small * 1.35)
            text = str(self.count) if self.count < 100 else "99+"
            at = Rect(
                spot.x - disc // 3 if rtl else spot.right - disc * 2 // 3, spot.y - disc // 2, disc, disc
            )
            paint.box(image, at, SALE, disc // 2)
            paint.text(image, at.inset(2, 0), text, round(self.small * 0.9), self.language, colour=WHITE, bold=True,
                       align="center", smallest=8)  # fmt: skip
        used = edge + side + edge
        room = Rect(edge if rtl else used, 0, w - used - edge, h)
        if not self.total:
            paint.text(image, room, self.words, self.small, self.language, colour=SOFT_INK, lines=2,
                       smallest=round(self.small * 0.8))  # fmt: skip
            return image
        block = round(self.size * 1.2 + self.small * 1.2)
        y = (h - block) // 2
        paint.text(image, Rect(room.x, y, room.w, round(self.size * 1.2)), self.total, self.size, self.language,
                   colour=INK, bold=True, smallest=self.small)  # fmt: skip
        paint.text(image, Rect(room.x, y + round(self.size * 1.2), room.w, round(self.small * 1.2)), self.words,
                   self.small, self.language, colour=SOFT_INK, smallest=round(self.small * 0.8))  # fmt: skip
        return image
