"""Pictures of the pay screen: the code on its sheet, a card on its way to the reader, signs for waiting, the countdown."""

from __future__ import annotations

from msgspec import Struct
from PIL import Image, ImageDraw

from kiosk.ui import paint
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.text import fit
from kiosk.ui.theme import (
    BRAND,
    BRAND_DEEP,
    BRAND_LIGHT,
    GOOD,
    INK,
    LEAF,
    LINE,
    PAPER,
    SOFT_INK,
    TAG,
    WHITE,
    Colour,
    mix,
)

_SCALE = 2  # drawn larger, then brought down, so that slanted edges are smooth


class CodeSheet(Struct, frozen=True):
    """The code, its quiet zone part of a white sheet with a thin frame; `module` whole pixels per module.

    `radius` is also what is kept free around the quiet zone, so that the sheet's round corners cut nothing from it.

    `cross`: with the Swiss cross in its middle, 7 mm of the 46 mm the Swiss QR code is printed with (SIX, Swiss
    Implementation Guidelines QR-bill 6.4.2), in proportion; level M gives back what it covers.
    """

    payload: str
    module: int
    radius: int
    level: str = "M"
    cross: bool = False

    def paint(self, w: int, h: int) -> Image.Image:
        """The sheet."""
        image = paint.canvas(w, h, PAPER)
        soft = max(1, self.radius * 4 // 7)
        line = max(1, soft // 4)
        sheet = Rect(0, 0, w, h).inset(soft)
        paint.shadow(image, sheet, self.radius, soft, 0.20, line)
        paint.box(image, sheet.inset(-line), LINE, self.radius)
        paint.box(image, sheet, WHITE, self.radius)
        side = paint.code_side(self.payload, self.module, self.level, quiet=0)
        place = paint.code(image, (w - side) // 2, (h - side) // 2, self.payload, self.module, self.level)
        if self.cross:
            self._cross(image, place)
        return image

    @staticmethod
    def _cross(image: Image.Image, code: Rect) -> None:
        """A white cross on a black square with a white edge; its arms are 7/6 as long as wide, as on the flag."""
        n = code.w * 7 / 46
        draw = ImageDraw.Draw(image)
        x, y = code.x + code.w / 2, code.y + code.h / 2

        def square(half_w: float, half_h: float, fill: Colour) -> None:
            draw.rectangle(
                (round(x - half_w), round(y - half_h), round(x + half_w) - 1, round(y + half_h) - 1),
                fill=fill,
            )

        square(n / 2, n / 2, WHITE)
        square(n * 0.465, n * 0.465, (0, 0, 0))
        square(n * 0.275, n * 0.0835, WHITE)
        square(n * 0.0835, n * 0.275, WHITE)


class MustShow(Struct, frozen=True):
    """What the payer's phone must show too, so that a sticker over the code is noticed before anybody pays."""

    label: str
    value: str  # host and check code, read from left to right in every language
    language: str
    size: int
    text: int
    radius: int

    def paint(self, w: int, h: int) -> Image.Image:
        """A shield, the sentence, and under it the words to compare."""
        image = paint.canvas(w, h, PAPER)
        paint.box(image, Rect(0, 0, w, h), BRAND_LIGHT, self.radius)
        rtl = is_rtl(self.language)
        edge = h // 6
        side = min(h - 2 * edge, self.size * 2)
        sign = Rect(w - edge - side if rtl else edge, (h - side) // 2, side, side)
        paint.icon(image, sign, "shield", BRAND)
        used = side + edge + edge // 2
        room = Rect(edge if rtl else used, 0, w - used - edge, h)
        upper = Rect(room.x, h // 12, room.w, round(self.text * 1.3))
        lower = Rect(room.x, upper.bottom, room.w, h - upper.bottom - h // 12)
        paint.text(image, upper, self.label, self.text, self.language, colour=SOFT_INK, smallest=self.text)
        align: paint.Align = "end" if rtl else "start"
        one = fit(self.value, self.size, True, "en", room.w, self.text)
        if one.width <= room.w and "".join(run.text for run in one.runs) == self.value:
            paint.text(image, lower, self.value, self.size, "en", colour=BRAND_DEEP, bold=True, align=align,
                       smallest=self.text)  # fmt: skip
        else:  # a name of 60 letters: never cut, for its end is what counts
            paint.text(image, lower, self.value, self.text, "en", colour=BRAND_DEEP, bold=True, align=align, lines=2,
                       smallest=round(self.text * 0.7))  # fmt: skip
        return image


class CardPicture(Struct, frozen=True):
    """A card held to the reader: the reader stands below the glass, so the arrow points down to it."""

    radius: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The picture."""
        n = min(w, h) * _SCALE
        image = Image.new("RGB", (w * _SCALE, h * _SCALE), PAPER)
        left, top = (image.width - n) // 2, (image.height - n) // 2
        draw = ImageDraw.Draw(image)
        draw.ellipse((left + n * 0.06, top + n * 0.02, left + n * 0.94, top + n * 0.90), fill=BRAND_LIGHT)
        self._reader(draw, left, top, n)
        self._card(image, left, top, n)
        self._arrow(draw, left, top, n)
        return image.resize((w, h), Image.Resampling.BOX)

    @staticmethod
    def _reader(d: ImageDraw.ImageDraw, x: float, y: float, n: float) -> None:
        def at(*points: float) -> tuple[float, ...]:
            return tuple((x if i % 2 == 0 else y) + p * n for i, p in enumerate(points))

        d.rounded_rectangle(at(0.28, 0.52, 0.72, 0.86), n * 0.05, fill=(38, 46, 56))
        d.rounded_rectangle(at(0.28, 0.52, 0.72, 0.845), n * 0.05, fill=(58, 68, 80))
        d.rounded_rectangle(at(0.31, 0.55, 0.69, 0.81), n * 0.03, fill=(24, 32, 42))
        for i in range(4):  # the four waves of contactless cards, opening towards the card
            r = 0.05 + 0.045 * i
            d.arc(
                at(0.5 - r, 0.74 - r, 0.5 + r, 0.74 + r),
                225,
                315,
                fill=(124, 232, 164),
                width=round(n * 0.016),
            )

    @staticmethod
    def _card(image: Image.Image, x: float, y: float, n: float) -> None:
        w, h = round(n * 0.46), round(n * 0.29)
        card = Image.new("RGBA", (w, h), (0, 0, 0, 0))
        card.paste(
            paint.gradient(w, h, (62, 120, 220), (24, 66, 150)), (0, 0), paint.rounded_mask(w, h, h // 9)
        )
        d = ImageDraw.Draw(card)
        d.rounded_rectangle((w * 0.09, h * 0.36, w * 0.25, h * 0.6), h // 20, fill=(240, 206, 110))
        d.line([(w * 0.09, h * 0.48), (w * 0.25, h * 0.48)], fill=(176, 140, 50), width=max(2, h // 60))
        d.line([(w * 0.17, h * 0.36), (w * 0.17, h * 0.6)], fill=(176, 140, 50), width=max(2, h // 60))
        for i in range(4):
            d.rounded_rectangle((w * (0.09 + 0.17 * i), h * 0.72, w * (0.22 + 0.17 * i), h * 0.79), h // 40,
                                fill=(214, 228, 250))  # fmt: skip
        for i in range(3):  # contactless, and no brand's sign
            r = h * (0.06 + 0.06 * i)
            d.arc((w * 0.78 - r, h * 0.26 - r, w * 0.78 + r, h * 0.26 + r), -45, 45, fill=(214, 228, 250),
                  width=max(2, h // 36))  # fmt: skip
        card = card.rotate(-9, Image.Resampling.BICUBIC, expand=True)
        px, py = round(x + n * 0.5 - card.width / 2), round(y + n * 0.13)
        shade = card.getchannel("A").point([round(v * 0.25) for v in range(256)])
        image.paste((10, 20, 30), (px + round(n * 0.012), py + round(n * 0.022)), shade)
        image.paste(card, (px, py), card)

    @staticmethod
    def _arrow(d: ImageDraw.ImageDraw, x: float, y: float, n: float) -> None:
        """Beside card and reader on both sides, so that it says the same to readers from either side."""
        for cx in (0.17, 0.83):
            shaft = [x + n * (cx - 0.028), y + n * 0.36, x + n * (cx + 0.028), y + n * 0.58]
            d.rounded_rectangle(tuple(shaft), n * 0.02, fill=LEAF)
            d.polygon(
                [
                    (x + n * (cx - 0.085), y + n * 0.56),
                    (x + n * (cx + 0.085), y + n * 0.56),
                    (x + n * cx, y + n * 0.68),
                ],
                fill=LEAF,
            )


class Sign(Struct, frozen=True):
    """A large sign on a disc: what the screen is about, seen from afar. `small` sits on its edge."""

    icon: str
    small: str = ""
    disc: Colour = BRAND_LIGHT
    ink: Colour = BRAND
    badge: Colour = GOOD
    ground: Colour = PAPER

    def paint(self, w: int, h: int) -> Image.Image:
        """The sign."""
        image = paint.canvas(w, h, self.ground)
        side = min(w, h)
        place = Rect((w - side) // 2, (h - side) // 2, side, side)
        paint.box(image, place, self.disc, side // 2)
        paint.icon(image, place.inset(round(side * 0.25)), self.icon, self.ink)
        if self.small:
            less = round(side * 0.3)
            spot = Rect(place.right - less, place.bottom - less, less, less)
            paint.box(image, spot.inset(-less // 16), self.ground, less)
            paint.box(image, spot, self.badge, less // 2)
            paint.icon(image, spot.inset(round(less * 0.24)), self.small, WHITE)
        return image


class Steps(Struct, frozen=True):
    """Dots of which one is strong: somebody is working on it. Changes once a second, not sixty times."""

    active: int
    count: int = 5
    ground: Colour = PAPER

    def paint(self, w: int, h: int) -> Image.Image:
        """The dots."""
        image = paint.canvas(w, h, self.ground)
        step = h * 2
        x = (w - step * (self.count - 1)) // 2
        for i in range(self.count):
            r = h // 2 if i == self.active % self.count else h // 4
            colour = BRAND if i == self.active % self.count else mix(BRAND, self.ground, 0.7)
            paint.box(image, Rect(x + i * step - r, h // 2 - r, 2 * r, 2 * r), colour, r)
        return image


class Countdown(Struct, frozen=True):
    """The time that is left, "2:59", on a bar that empties. `part` of it is left, in 120ths, so that it rarely changes."""

    label: str
    time: str
    part: int
    language: str
    size: int
    text: int
    rtl: bool
    urgent: bool

    def paint(self, w: int, h: int) -> Image.Image:
        """The bar, with words above it."""
        image = paint.canvas(w, h, PAPER)
        bar_height = max(8, h // 7)
        upper = Rect(0, 0, w, h - bar_height - h // 10)
        digits = paint.text(image, upper, self.time, self.size, "en", colour=TIME_SHORT if self.urgent else INK,
                            bold=True, align="start" if self.rtl else "end")  # fmt: skip
        rest = w - digits.w - self.text
        label = Rect(digits.w + self.text if self.rtl else 0, 0, rest, upper.h)
        side = round(self.text * 1.3)
        sign = Rect(label.right - side if self.rtl else label.x, (upper.h - side) // 2, side, side)
        paint.icon(image, sign, "clock", SOFT_INK)
        used = side + self.text // 2
        words = Rect(label.x if self.rtl else label.x + used, 0, label.w - used, upper.h)
        paint.text(image, words, self.label, self.text, self.language, colour=SOFT_INK)
        bar = Rect(0, h - bar_height, w, bar_height)
        paint.box(image, bar, LINE, bar_height // 2)
        width = max(bar_height, w * self.part // 120)
        full = Rect(w - width if self.rtl else 0, bar.y, width, bar.h)
        paint.box(image, full, TIME_SHORT if self.urgent else LEAF, bar_height // 2)
        return image


TIME_SHORT: Colour = (190, 60, 10)


class Amount(Struct, frozen=True):
    """What is paid and to whom, as a price tag one sees from two metres."""

    label: str
    amount: str
    merchant: str
    language: str
    size: int
    text: int
    radius: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The tag."""
        image = paint.gradient(w, h, BRAND, BRAND_DEEP).copy()
        row = round(self.text * 1.5)
        rows = 2 if self.merchant else 1  # a card is held to the reader before anybody has said whose it is
        top = Rect(self.radius, (h - row * rows - round(self.size * 1.2)) // 2, w - 2 * self.radius, row)
        paint.text(image, top, self.label, self.text, self.language, colour=BRAND_LIGHT, align="center")
        middle = Rect(top.x, top.bottom, top.w, round(self.size * 1.2))
        paint.text(image, middle, self.amount, self.size, self.language, colour=TAG, bold=True, align="center",
                   smallest=self.text)  # fmt: skip
        low = Rect(top.x, middle.bottom, top.w, row)
        paint.text(image, low, self.merchant, self.text, self.language, colour=WHITE, bold=True, align="center",
                   smallest=round(self.text * 0.8))  # fmt: skip
        return image
