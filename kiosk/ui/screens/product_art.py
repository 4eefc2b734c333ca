"""What the product screen shows: the picture on its shelf, the sheet with name and price, the sheet with the facts."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from PIL import Image, ImageDraw

from kiosk.ui import paint
from kiosk.ui.bidi import is_rtl
from kiosk.ui.facing import badge_words
from kiosk.ui.geometry import Rect
from kiosk.ui.text import fit, line_height, shape, wrap
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
from kiosk.views import Facing, Fact, ProductDetail

BACKDROP: Colour = (246, 240, 224)  # warm light behind a product
_INDENTED = frozenset({"saturates", "sugars"})  # "of which" rows


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
            text, fill, ink = say("wall.sold-out"), (58, 62, 66), WHITE
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


class FactSheet(Struct, frozen=True):
    """Everything one turns a pack around for. Rows are (words, value, indented)."""

    description: str
    ingredients: tuple[str, str]  # heading, text
    allergens: tuple[str, tuple[str, ...]]  # heading, words
    nutrition: tuple[str, tuple[tuple[str, str, bool], ...]]  # heading, rows
    facts: tuple[tuple[str, str, bool], ...]
    age: tuple[str, str]  # "18+", sentence
    language: str
    body: int
    text: int
    pad: int
    radius: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The sheet, from the top: description, age, ingredients, then two columns of rows."""
        image = paint.canvas(w, h, PAPER)
        sheet = Rect(0, 0, w, h).inset(4, 4)
        paint.shadow(image, sheet, self.radius, 6, 0.16, 2)
        paint.box(image, sheet, WHITE, self.radius)
        room = sheet.inset(self.pad)
        grown = self.text + 12
        while grown > self.text and not _with_text(self, grown)._fits(room):
            grown -= 2
        _with_text(self, grown)._write(image, room)
        return image

    def height_for(self, width: int) -> int:
        """How high the sheet is when everything has room in comfortable letters."""
        return _with_text(self, self.text + 6)._height(width - 2 * self.pad - 8) + 2 * self.pad + 8

    def _fits(self, room: Rect) -> bool:
        """Whether all of it has room at this size: in height, and each row in its column."""
        rows = self.nutrition[1]
        column = (room.w - self.pad * 2) // 2 if rows else room.w
        widths = [
            shape(name, self.text, False, self.language).width + shape(value, self.text, True, self.language).width
            + (self.text * 3 // 2 if indented else self.text // 2)
            for name, value, indented in (*rows, *self.facts)
        ]  # fmt: skip
        return self._height(room.w) <= room.h and max(widths, default=0) <= column

    def _height(self, width: int) -> int:
        """What all of it needs at this size."""
        height = self._columns_height(width)
        if self.description:
            height += len(wrap(self.description, self.body, False, self.language, width, 3)) * line_height(
                self.body
            )
            height += self.pad // 2
        if self.age[1]:
            height += round(self.text * 1.9) + self.pad // 2
        if self.ingredients[1]:
            lines = len(wrap(self.ingredients[1], self.text, False, self.language, width, 20)) + 1
            height += lines * line_height(self.text) + self.pad // 2
        return height

    def _write(self, image: Image.Image, room: Rect) -> None:
        if self.description:
            room = self._paragraph(image, room, self.description, self.body, INK, 3)
        if self.age[1]:
            room = self._age(image, room)
        heading, text = self.ingredients
        if text:
            room = self._heading(image, room, heading)
            most = max(1, (room.h - self._columns_height(room.w) - self.pad // 2) // line_height(self.text))
            room = self._paragraph(image, room, text, self.text, SOFT_INK, most)
        self._columns(image, room)

    def _paragraph(
        self, image: Image.Image, room: Rect, text: str, size: int, ink: Colour, lines: int
    ) -> Rect:
        made = wrap(text, size, False, self.language, room.w, lines)
        height = len(made) * line_height(size)
        paint.text(image, Rect(room.x, room.y, room.w, height), text, size, self.language, colour=ink, lines=lines,
                   valign="top")  # fmt: skip
        used = height + self.pad // 2
        return Rect(room.x, room.y + used, room.w, room.h - used)

    def _heading(self, image: Image.Image, room: Rect, text: str) -> Rect:
        height = line_height(self.text)
        paint.text(
            image,
            Rect(room.x, room.y, room.w, height),
            text,
            self.text,
            self.language,
            colour=BRAND,
            bold=True,
        )
        return Rect(room.x, room.y + height, room.w, room.h - height)

    def _age(self, image: Image.Image, room: Rect) -> Rect:
        height = round(self.text * 1.9)
        line = shape(self.age[0], self.text, True, "en")
        badge = Rect(room.x, room.y, line.width + height, height)
        rtl = is_rtl(self.language)
        if rtl:
            badge = Rect(room.right - badge.w, badge.y, badge.w, badge.h)
        paint.box(image, badge, SALE, height // 2)
        paint.text(image, badge, self.age[0], self.text, "en", colour=WHITE, bold=True, align="center")
        gap = self.pad // 2
        left = room.x if rtl else badge.right + gap
        rest = Rect(left, room.y, room.w - badge.w - gap, height)
        paint.text(image, rest, self.age[1], self.text, self.language, bold=True, lines=2,
                   smallest=round(self.text * 0.85))  # fmt: skip
        used = height + self.pad // 2
        return Rect(room.x, room.y + used, room.w, room.h - used)

    # --- the columns ------------------------------------------------------------------------------------------

    @property
    def _row(self) -> int:
        return round(self.text * 1.45)

    def _columns_height(self, width: int) -> int:
        rows = len(self.nutrition[1]) * self._row + line_height(self.text) if self.nutrition[1] else 0
        column = (width - self.pad * 2) // 2 if rows else width
        other = len(self.facts) * self._row
        if self.allergens[1]:
            other += line_height(self.text) + self._pill_places(column)[1]
        return max(rows, other)

    def _pill_places(self, width: int) -> tuple[list[Rect], int]:
        """Where the allergens' tags stand in a column from (0, 0), and how high all of them are."""
        height, gap = round(self.text * 1.5), self.text // 3
        places: list[Rect] = []
        x, y = 0, gap // 2
        for name in self.allergens[1]:
            wide = min(width, shape(name, self.text, True, self.language).width + height * 2 // 3)
            if x and x + wide > width:
                x, y = 0, y + height + gap
            places.append(Rect(x, y, wide, height))
            x += wide + gap
        return places, y + height + gap

    def _columns(self, image: Image.Image, room: Rect) -> None:
        heading, rows = self.nutrition
        gap = self.pad * 2
        rtl = is_rtl(self.language)
        if rows:
            width = (room.w - gap) // 2
            first = Rect(room.x, room.y, width, room.h)
            second = Rect(first.right + gap, room.y, room.w - width - gap, room.h)
            if rtl:
                first, second = second, first
            self._rows(image, self._heading(image, first, heading), rows)
        else:
            second = room
        if self.allergens[1]:
            second = self._pills(image, self._heading(image, second, self.allergens[0]))
        self._rows(image, second, self.facts)

    def _rows(self, image: Image.Image, room: Rect, rows: tuple[tuple[str, str, bool], ...]) -> None:
        draw = ImageDraw.Draw(image)
        for i, (name, value, indented) in enumerate(rows):
            line = Rect(room.x, room.y + i * self._row, room.w, self._row)
            if line.bottom > room.bottom + self._row // 3:
                return
            if i:
                draw.line([(line.x, line.y), (line.right, line.y)], fill=LINE, width=2)
            end = shape(value, self.text, True, self.language)
            step = self.text if indented else 0
            rtl = is_rtl(self.language)
            left = line.x if rtl else line.x + step
            label = Rect(left + (end.width + self.text // 2 if rtl else 0), line.y,
                         line.w - step - end.width - self.text // 2, line.h)  # fmt: skip
            paint.text(
                image, label, name, self.text, self.language, colour=SOFT_INK, smallest=round(self.text * 0.8)
            )
            paint.text(image, line, value, self.text, self.language, bold=True, align="end")

    def _pills(self, image: Image.Image, room: Rect) -> Rect:
        """Allergens as tags, in as many lines as they need; returns the room below."""
        places, height = self._pill_places(room.w)
        for name, place in zip(self.allergens[1], places, strict=True):
            pill = place.mirrored(room.w) if is_rtl(self.language) else place
            pill = pill.moved(room.x, room.y)
            paint.box(image, pill, mix(TAG, WHITE, 0.55), pill.h // 2)
            paint.text(image, pill, name, self.text, self.language, bold=True, align="center")
        return Rect(room.x, room.y + height, room.w, room.h - height)


def _with_text(sheet: FactSheet, size: int) -> FactSheet:
    return replace(sheet, text=size, body=max(sheet.body, size + 4))


def fact_sheet(theme: Theme, w: Words, view: ProductDetail) -> FactSheet:
    """The sheet of a view, in the language's words."""
    nutrition = _nutrition(w, view.nutrition)
    liquid = w.is_liquid(view.facing.size) or w.is_liquid(view.facing.unit_base)
    per = w("product.per-100ml") if liquid else w("product.per-100g")
    facts = tuple(
        (w(f"fact.{f.key}"), _fact_value(w, f.key, f.value), False) for f in view.facts if f.key != "brand"
    )
    age = (f"{view.age_min}+", w("product.age", years=view.age_min)) if view.age_min else ("", "")
    return FactSheet(
        description=view.description,
        ingredients=(w("product.ingredients"), view.ingredients),
        allergens=(w("product.allergens"), tuple(w(f"allergen.{a}") for a in view.allergens)),
        nutrition=(per, nutrition),
        facts=facts,
        age=age,
        language=w.language,
        body=theme.body,
        text=theme.text,
        pad=theme.pad,
        radius=theme.radius,
    )


def _nutrition(w: Words, facts: Sequence[Fact]) -> tuple[tuple[str, str, bool], ...]:
    """Rows as on a pack: both energies stand in one."""
    rows: list[tuple[str, str, bool]] = []
    for fact in facts:
        name, value = w(f"nutrition.{fact.key}"), w.measure(fact.value)
        if rows and rows[-1][0] == name:
            value = f"{rows.pop()[1]} / {value}"
        rows.append((name, value, fact.key in _INDENTED))
    return tuple(rows)


def _fact_value(w: Words, key: str, value: str) -> str:
    if key == "origin":
        return w.country(value)
    if key == "storage":
        return w(f"storage.{value}")
    if key == "gtin":
        return value.removeprefix("0")  # as it stands under the bars of an EAN-13
    return w.measure(value) if key == "size" else value
