"""What the basket shows: a sheet per line, and the sheet with the total."""

from __future__ import annotations

from msgspec import Struct
from PIL import Image

from kiosk.ui import paint
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.text import line_height, wrap
from kiosk.ui.theme import BRAND, BRAND_LIGHT, INK, PAPER, SALE, SOFT_INK, WHITE

TOTAL_WIDTH = 4.2  # of a line, in its amount's font size


def line_end(text: int) -> int:
    """Pixels between a line's amount and the end of its sheet."""
    return round(text * 0.8)


class LineSheet(Struct, frozen=True):
    """One line: picture, name, price of one, and at the end what the line comes to; `steps` pixels stay free before it."""

    name: str
    picture: str
    each: str
    total: str
    normal: str  # what it would cost without the offer; "" where there is none
    language: str
    text: int
    large: int
    steps: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The line."""
        image = paint.canvas(w, h, PAPER)
        paint.shadow(image, Rect(0, 0, w, h).inset(4), h // 8, 4, 0.16, 2)
        paint.box(image, Rect(0, 0, w, h).inset(4), WHITE, h // 8)
        edge, gap = h // 12, self.text // 2
        side = min(h - 2 * edge, w // 6)
        spot = Rect(edge, (h - side) // 2, side, side)
        end = w - line_end(self.text)
        total = Rect(end - round(self.large * TOTAL_WIDTH), 0, round(self.large * TOTAL_WIDTH), h)
        words = Rect(spot.right + gap, edge, total.x - self.steps - 2 * gap - spot.right, h - 2 * edge)
        if is_rtl(self.language):
            spot, total, words = spot.mirrored(w), total.mirrored(w), words.mirrored(w)
        self._picture(image, spot, edge)
        self._words(image, words)
        self._amount(image, total)
        return image

    def _picture(self, image: Image.Image, spot: Rect, edge: int) -> None:
        paint.box(image, spot, (246, 243, 234), spot.h // 8)
        thing = paint.picture(self.picture, spot.w - edge, spot.h - edge)
        if thing is None:
            paint.icon(image, spot.inset(spot.w // 4), "basket", (205, 200, 186))
        else:
            at = spot.x + (spot.w - thing.width) // 2, spot.y + (spot.h - thing.height) // 2
            image.paste(thing, at, thing)

    def _words(self, image: Image.Image, room: Rect) -> None:
        """The name in one or two lines, and the price of one close under it; both together in the middle."""
        lower = round(self.text * 1.35)
        lines = len(wrap(self.name, self.text, True, self.language, room.w, 2))
        upper = lines * line_height(self.text)
        y = room.y + max(0, (room.h - upper - lower) // 2)
        name = Rect(room.x, y, room.w, upper)
        paint.text(image, name, self.name, self.text, self.language, bold=True, lines=2,
                   smallest=round(self.text * 0.85))  # fmt: skip
        each = Rect(room.x, name.bottom, room.w, lower)
        paint.text(
            image,
            each,
            self.each,
            self.text,
            self.language,
            colour=SOFT_INK,
            smallest=round(self.text * 0.85),
        )

    def _amount(self, image: Image.Image, room: Rect) -> None:
        h = room.h
        upper = Rect(room.x, h // 8, room.w, h // 2) if self.normal else room
        paint.text(image, upper, self.total, self.large, self.language, colour=SALE if self.normal else INK, bold=True,
                   align="end", smallest=self.text)  # fmt: skip
        if self.normal:
            lower = Rect(room.x, upper.bottom, room.w, h - upper.bottom - h // 8)
            paint.text(image, lower, self.normal, self.text, self.language, colour=SOFT_INK, strike=True, align="end",
                       smallest=round(self.text * 0.85))  # fmt: skip


class TotalSheet(Struct, frozen=True):
    """How many, what is saved, and the total, large; below, where the goods are handed over, and to whom."""

    items: str
    saved: str
    label: str
    total: str
    pickup: str
    age: str  # "" where nothing in the basket needs one
    language: str
    text: int
    large: int
    pad: int
    radius: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The sheet."""
        image = paint.canvas(w, h, PAPER)
        sheet = Rect(0, 0, w, h).inset(4)
        paint.shadow(image, sheet, self.radius, 6, 0.16, 2)
        paint.box(image, sheet, BRAND_LIGHT, self.radius)
        room = sheet.inset(self.pad, self.pad // 2)
        bottom = self._column(image, room) if w < self.large * 9 else self._row(image, room)
        low = round(self.text * 1.5) * (2 if w < self.large * 9 else 1) if self.age else 0
        self._remark(image, Rect(room.x, bottom, room.w, room.bottom - bottom - low), "clock", self.pickup)
        self._remark(image, Rect(room.x, room.bottom - low, room.w, low), "warn", self.age)
        return image

    def _row(self, image: Image.Image, room: Rect) -> int:
        """The words at the start, the amount at the end; returns the row below."""
        upper = Rect(room.x, room.y, room.w, round(self.large * 1.4))
        box = paint.text(image, upper, self.total, self.large, self.language, bold=True, align="end",
                         smallest=self.text)  # fmt: skip
        left = box.x + box.w + self.pad if is_rtl(self.language) else upper.x
        words = Rect(left, upper.y, upper.w - box.w - self.pad, upper.h)
        half = Rect(words.x, words.y, words.w, words.h // 2 if self.saved else words.h)
        self._label(image, half, round(self.text * 1.15))
        self._saved(image, Rect(words.x, half.bottom, words.w, words.h - half.h))
        return upper.bottom

    def _column(self, image: Image.Image, room: Rect) -> int:
        """A narrow sheet: the words above the amount; returns the row below."""
        head = Rect(room.x, room.y + self.pad // 2, room.w, round(self.text * 1.5))
        self._label(image, head, self.text)
        amount = Rect(room.x, head.bottom, room.w, round(self.large * 1.4))
        paint.text(image, amount, self.total, self.large, self.language, bold=True, smallest=self.text)
        line = Rect(room.x, amount.bottom, room.w, head.h if self.saved else 0)
        self._saved(image, line)
        return line.bottom

    def _label(self, image: Image.Image, room: Rect, size: int) -> None:
        paint.text(image, room, f"{self.label} · {self.items}", size, self.language, bold=True,
                   smallest=round(self.text * 0.85))  # fmt: skip

    def _saved(self, image: Image.Image, room: Rect) -> None:
        if self.saved:
            paint.text(image, room, self.saved, self.text, self.language, colour=SALE, bold=True,
                       smallest=round(self.text * 0.85))  # fmt: skip

    def _remark(self, image: Image.Image, room: Rect, icon: str, words: str) -> None:
        """A sign and a sentence."""
        if not words:
            return
        side = round(self.text * 1.5)
        rtl = is_rtl(self.language)
        sign = Rect(room.right - side if rtl else room.x, room.y + (room.h - side) // 2, side, side)
        paint.icon(image, sign, icon, BRAND)
        used = side + self.text // 2
        rest = Rect(room.x if rtl else room.x + used, room.y, room.w - used, room.h)
        most = max(2, rest.h // round(self.text * 1.28))
        paint.text(image, rest, words, self.text, self.language, lines=most, smallest=round(self.text * 0.85))
