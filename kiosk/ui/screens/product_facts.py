"""What a product is made of: the sheet with its description, ingredients, nutrition and facts."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from PIL import Image, ImageDraw

from kiosk.ui import paint
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.text import line_height, shape, wrap
from kiosk.ui.theme import (
    BRAND,
    INK,
    LINE,
    PAPER,
    SALE,
    SOFT_INK,
    TAG,
    WHITE,
    Colour,
    Theme,
    mix,
)
from kiosk.ui.words import Words
from kiosk.views import Fact, ProductDetail

_INDENTED = frozenset({"saturates", "sugars"})  # "of which" rows


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
    description, text = view.description, (w("product.ingredients"), view.ingredients)
    if view.recall:  # nothing else matters then
        known = view.recall if w.has(f"recall.{view.recall}") else "other"
        said = f"{view.recall_text} {w('recall.kindly')}".strip()
        description, text, nutrition = w(f"recall.{known}"), (w("recall.what-now"), said), ()
    age = (f"{view.age_min}+", w("product.age", years=view.age_min)) if view.age_min else ("", "")
    return FactSheet(
        description=description,
        ingredients=text,
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
