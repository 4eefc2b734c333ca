"""What the product screen shows: the picture on its shelf, the code for a phone, the sheet with name and price."""

from __future__ import annotations

from msgspec import Struct
from PIL import Image, ImageDraw

from kiosk.ui import paint
from kiosk.ui.bidi import is_rtl
from kiosk.ui.facing import badge_words, sold_out_words
from kiosk.ui.geometry import Rect
from kiosk.ui.text import fit
from kiosk.ui.theme import (
    BRAND,
    INK,
    LINE,
    PAPER,
    QUIET,
    SALE,
    SOFT_INK,
    TAG,
    WHITE,
    Colour,
    Theme,
    mix,
)
from kiosk.ui.words import Words, words
from kiosk.views import Facing, ProductDetail

BACKDROP: Colour = (246, 240, 224)  # warm light behind a product


class Hero(Struct, frozen=True):
    """The product on a board in warm light, with its badge."""

    facing: Facing
    language: str
    text: int
    board: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The shelf."""
        floor = h - self.board
        image = paint.canvas(w, h, BACKDROP)
        image.paste(
            paint.gradient(w, floor, mix(BACKDROP, WHITE, 0.75), mix(BACKDROP, (120, 100, 60), 0.10)), (0, 0)
        )
        image.paste(paint.gradient(w, self.board, WHITE, (212, 216, 218)), (0, floor))
        draw = ImageDraw.Draw(image)
        draw.line([(0, h - 2), (w, h - 2)], fill=(160, 165, 168), width=3)
        rtl = is_rtl(self.language)
        room = Rect(round(w * 0.04), h // 16, round(w * 0.52), floor - h // 16 + self.board // 3)
        if not self.facing.qr or not self.facing.available:
            room = Rect(w // 10, room.y, w - w // 5, room.h)
        if rtl:
            room = room.mirrored(w)
        self._stand(image, room, Rect(0, 0, w, floor))
        self._badge(image, words(self.language), w, h)
        return image

    def _stand(self, image: Image.Image, room: Rect, wall: Rect) -> None:
        thing = paint.picture(self.facing.picture, wall.w, wall.h)
        photo = thing is not None and paint.is_photo(thing)
        if thing is not None and not photo:
            thing = paint.picture(self.facing.picture, room.w, room.h)
        if thing is None:
            side = room.h // 2
            place = Rect(room.x, room.y + room.h // 4, room.w, side)
            paint.icon(image, place, "basket", mix(BACKDROP, (90, 90, 90), 0.25))
            return
        if not self.facing.available:
            thing = paint.greyed(thing, BACKDROP)
        x = room.x + (room.w - thing.width) // 2
        if photo:
            x = max(0, min(x, wall.w - thing.width))
            paint.backdrop(image, thing, wall, x)
        else:
            paint.cast(image, thing, x, room.bottom - thing.height)

    def _badge(self, image: Image.Image, say: Words, w: int, h: int) -> None:
        text, fill, ink = badge_words(self.facing, say)
        if not self.facing.available:
            text, fill, ink = sold_out_words(self.facing, say), (58, 62, 66), WHITE
        if not text:
            return
        height = round(self.text * 2.3)
        line = fit(text, round(height * 0.58), True, say.language, w // 2, self.text)
        width = line.width + height
        edge = self.text
        rect = Rect(w - edge - width if say.rtl else edge, edge, width, height)
        paint.shadow(image, rect, height // 3, 10, 0.25, 4)
        paint.box(image, rect, fill, height // 3)
        paint.text(image, rect, text, line.size, say.language, colour=ink, bold=True, align="center")


class CodeSheet(Struct, frozen=True):
    """A code on a white label with a line under it."""

    caption: str
    language: str
    payload: str
    module: int
    size: int
    radius: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The label."""
        image = paint.canvas(w, h, WHITE)
        quiet = QUIET * self.module
        side = paint.code_side(self.payload, self.module, quiet=0)
        paint.code(image, (w - side) // 2, quiet, self.payload, self.module)
        low = Rect(quiet // 2, quiet + side, w - quiet, h - quiet - side)
        paint.text(image, low, self.caption, self.size, self.language, colour=BRAND, bold=True, align="center",
                   smallest=round(self.size * 0.75))  # fmt: skip
        image.putalpha(paint.rounded_mask(w, h, self.radius))
        return image


class Count(Struct, frozen=True):
    """How many are in the basket, between the two steps."""

    text: str
    language: str
    size: int
    least: int
    radius: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The number on a sheet."""
        image = paint.canvas(w, h, PAPER)
        paint.box(image, Rect(0, 0, w, h), LINE, self.radius)
        paint.box(image, Rect(2, 2, w - 4, h - 4), WHITE, self.radius)
        paint.text(image, Rect(0, 0, w, h).inset(h // 8, 0), self.text, self.size, self.language, bold=True,
                   align="center", smallest=self.least)  # fmt: skip
        return image


class NameSheet(Struct, frozen=True):
    """What it is and what it costs: name, brand and size at the start, the price on its tag at the end."""

    name: str
    line: str
    price: str
    was: str
    unit: str
    reduced: bool
    language: str
    title: int
    large: int
    body: int
    least: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The sheet."""
        image = paint.canvas(w, h, PAPER)
        rtl = is_rtl(self.language)
        tag_height = round(self.large * 1.25)
        price = fit(self.price, self.large, True, self.language, round(w * 0.36), self.body)
        tag_width = price.width + tag_height // 2
        block = max(tag_width, round(w * 0.26))
        column = Rect(0 if rtl else w - block, 0, block, h)
        tag = Rect(column.x if rtl else column.right - tag_width, h // 12, tag_width, tag_height)
        paint.shadow(image, tag, tag_height // 6, 6, 0.28, 3)
        paint.box(image, tag, TAG if self.reduced else WHITE, tag_height // 6)
        paint.text(image, tag, self.price, price.size, self.language, colour=SALE if self.was else INK, bold=True,
                   align="center")  # fmt: skip
        below = Rect(column.x, tag.bottom + h // 24, column.w, h - tag.bottom - h // 24)
        if self.was:
            half = Rect(below.x, below.y, below.w, below.h // 2)
            paint.text(image, half, self.was, self.body, self.language, colour=SOFT_INK, strike=True, align="end",
                       smallest=self.least)  # fmt: skip
            below = Rect(below.x, half.bottom, below.w, below.h - half.h)
        paint.text(image, below, self.unit, self.least, self.language, colour=SOFT_INK, align="end",
                   valign="middle" if self.was else "top", smallest=self.least)  # fmt: skip
        room = Rect(block + self.body if rtl else 0, 0, w - block - self.body, h)
        upper = Rect(room.x, room.y, room.w, round(h * 0.7))
        paint.text(image, upper, self.name, self.title, self.language, bold=True, lines=2, smallest=self.body)
        lower = Rect(room.x, upper.bottom, room.w, h - upper.h)
        paint.text(image, lower, self.line, self.body, self.language, colour=SOFT_INK, smallest=self.least)
        return image


def name_sheet(theme: Theme, w: Words, view: ProductDetail) -> NameSheet:
    """The sheet of a view."""
    f = view.facing
    parts = [p for p in (w.measure(f.size), f.brand) if p]
    unit = ""
    if f.unit_price is not None:
        unit = w("product.unit-price", price=w.money(f.unit_price), unit=w.per(f.unit_base))
    reduced = f.was is not None or f.badge in {"sale", "multi-buy", "take-for-less"}
    return NameSheet(f.name, " · ".join(parts), w.money(f.price), w.money(f.was) if f.was else "", unit, reduced,
                     w.language, theme.px(60), theme.px(80), theme.body, theme.text)  # fmt: skip
