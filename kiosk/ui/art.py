"""What a node looks like: small frozen records that paint themselves once, on the worker, into an opaque picture.

An art is its own cache key: equal arts of equal size are painted once. So it holds all that its picture depends on
(words already in the commuter's language, colours, sizes) and nothing else. A new look is a new frozen Struct
with `paint(self, w, h) -> Image` (mode "RGB": opaque, drawn without blending; "RGBA": blended).
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from msgspec import Struct
from PIL import Image

from kiosk.ui import paint
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.theme import (
    BAD,
    BRAND,
    BRAND_DEEP,
    BRAND_LIGHT,
    GOOD,
    INFO,
    INK,
    LEAF,
    LINE,
    PAPER,
    QUIET,
    SALE,
    TAG,
    WHITE,
    Colour,
    mix,
)


@runtime_checkable
class Art(Protocol):
    """Paints one picture of `w` x `h` pixels. Runs on a worker thread; hashable; depends on nothing but its fields."""

    def paint(self, w: int, h: int) -> Image.Image:
        """The picture, of exactly that size."""

    def __hash__(self) -> int:
        """Equal arts share a picture."""


class Fill(Struct, frozen=True):
    """One colour."""

    colour: Colour

    def paint(self, w: int, h: int) -> Image.Image:
        """A plain picture."""
        return paint.canvas(w, h, self.colour)


class Veil(Struct, frozen=True):
    """A dark, see-through layer: what lies behind is not for touching now."""

    strength: float = 0.55

    def paint(self, w: int, h: int) -> Image.Image:
        """A picture with one alpha."""
        return Image.new("RGBA", (w, h), (8, 14, 20, round(255 * self.strength)))


class Panel(Struct, frozen=True):
    """A rounded sheet with a soft shadow inside its own edges (`blur` pixels are kept free around the sheet)."""

    radius: int
    fill: Colour = WHITE
    ground: Colour | None = PAPER  # None: what is behind shows at the corners (blended, no shadow)
    blur: int = 12

    def paint(self, w: int, h: int) -> Image.Image:
        """The sheet on its ground."""
        if self.ground is None:
            image = paint.canvas(w, h, self.fill)
            image.putalpha(paint.rounded_mask(w, h, self.radius))
            return image
        image = paint.canvas(w, h, self.ground)
        sheet = Rect(0, 0, w, h).inset(self.blur)
        paint.shadow(image, sheet, self.radius, self.blur, 0.16, self.blur // 3)
        paint.box(image, sheet, self.fill, self.radius)
        return image


class Label(Struct, frozen=True):
    """Words on a ground. `size` is the font size; one line shrinks to `smallest`, more lines wrap."""

    text: str
    language: str
    size: int
    colour: Colour = INK
    ground: Colour = PAPER
    bold: bool = False
    align: paint.Align = "start"
    valign: paint.Valign = "middle"
    lines: int = 1
    smallest: int | None = None
    strike: bool = False

    def paint(self, w: int, h: int) -> Image.Image:
        """The words."""
        image = paint.canvas(w, h, self.ground)
        paint.text(
            image, Rect(0, 0, w, h), self.text, self.size, self.language, colour=self.colour, bold=self.bold,
            align=self.align, valign=self.valign, lines=self.lines, smallest=self.smallest, strike=self.strike,
        )  # fmt: skip
        return image


BUTTONS: dict[str, tuple[Colour, Colour]] = {
    "primary": (BRAND, WHITE),
    "action": (TAG, INK),
    "secondary": (BRAND_LIGHT, BRAND),
    "quiet": (WHITE, INK),
    "danger": (SALE, WHITE),
    "off": (LINE, (96, 98, 96)),
    "dark": (BRAND_DEEP, WHITE),
}


class Button(Struct, frozen=True):
    """A button: words, a sign, or both. `kind` is one of BUTTONS; `sub` is a second, smaller line."""

    text: str
    language: str
    size: int
    kind: str = "primary"
    icon: str = ""
    sub: str = ""
    radius: int = 20
    ground: Colour = PAPER
    smallest: int = 28

    def paint(self, w: int, h: int) -> Image.Image:
        """The button, slightly lighter above than below, with a thin edge that says "press me"."""
        fill, ink = BUTTONS[self.kind]
        image = paint.canvas(w, h, self.ground)
        lip = max(2, h // 26)
        if self.kind not in {"quiet", "off"}:
            paint.box(image, Rect(0, lip, w, h - lip), mix(fill, (0, 0, 0), 0.28), self.radius)
        else:
            paint.box(image, Rect(0, 0, w, h), LINE, self.radius)
        face = Rect(0, 0, w, h - lip) if self.kind not in {"quiet", "off"} else Rect(2, 2, w - 4, h - 4)
        paint.box(
            image,
            face,
            paint.gradient(face.w, face.h, mix(fill, WHITE, 0.07), fill),
            min(self.radius, face.h // 2),
        )
        self._content(image, face, ink)
        return image

    def _content(self, image: Image.Image, face: Rect, ink: Colour) -> None:
        inner = face.inset(min(face.w // 12 + 4, 28), 4)
        if not self.text:
            side = round(min(face.w, face.h) * 0.56)
            paint.icon(image, Rect(face.x, face.y + (face.h - side) // 2, face.w, side), self.icon, ink)
            return
        align: paint.Align = "center"
        if self.icon:
            side = min(round(self.size * 1.25), inner.h)
            at_right = is_rtl(self.language)
            x = inner.right - side if at_right else inner.x
            paint.icon(
                image, Rect(x, inner.y + (inner.h - side) // 2, side, side), self.icon, ink, flip=at_right
            )
            used = side + side // 3
            inner = Rect(inner.x if at_right else inner.x + used, inner.y, inner.w - used, inner.h)
        if self.sub:
            upper = Rect(inner.x, inner.y, inner.w, round(inner.h * 0.56))
            lower = Rect(inner.x, upper.bottom, inner.w, inner.h - upper.h)
            paint.text(image, upper, self.text, self.size, self.language, colour=ink, bold=True, align=align,
                       smallest=self.smallest)  # fmt: skip
            paint.text(image, lower, self.sub, self.smallest, self.language, colour=ink, align=align)
        else:
            paint.text(image, inner, self.text, self.size, self.language, colour=ink, bold=True, align=align,
                       smallest=self.smallest, lines=2 if inner.h > self.smallest * 3.2 else 1)  # fmt: skip


class Picture(Struct, frozen=True):
    """A picture file in the middle of its ground; an empty shelf place where there is none."""

    path: str
    ground: Colour = PAPER
    fill: bool = False  # cut so that it fills the box
    radius: int = 0
    behind: Colour | None = None  # colour of a rounded sheet under it

    def paint(self, w: int, h: int) -> Image.Image:
        """The picture."""
        image = paint.canvas(w, h, self.ground)
        if self.behind is not None:
            paint.box(image, Rect(0, 0, w, h), self.behind, self.radius)
        if self.fill:
            full = paint.cover(self.path, w, h)
            if full is not None:
                paint.box(image, Rect(0, 0, w, h), full, self.radius)
            return image
        thing = paint.picture(self.path, w, h)
        if thing is not None:
            image.paste(thing, ((w - thing.width) // 2, (h - thing.height) // 2), thing)
        return image


class Icon(Struct, frozen=True):
    """A sign of kiosk.ui.icons."""

    name: str
    colour: Colour = INK
    ground: Colour = PAPER

    def paint(self, w: int, h: int) -> Image.Image:
        """The sign."""
        image = paint.canvas(w, h, self.ground)
        paint.icon(image, Rect(0, 0, w, h), self.name, self.colour)
        return image


class Code(Struct, frozen=True):
    """A QR code on white with its quiet zone, `module` whole pixels per module, centred; give it code_side() pixels or more."""

    payload: str
    module: int
    level: str = "M"
    ground: Colour = WHITE
    radius: int = 0

    def paint(self, w: int, h: int) -> Image.Image:
        """The code."""
        image = paint.canvas(w, h, self.ground)
        paint.box(image, Rect(0, 0, w, h), WHITE, self.radius)
        side = paint.code_side(self.payload, self.module, self.level, quiet=0)
        if side + 2 * QUIET * self.module <= min(w, h):
            paint.code(image, (w - side) // 2, (h - side) // 2, self.payload, self.module, self.level)
        return image


TONES: dict[str, Colour] = {"info": INFO, "good": GOOD, "bad": BAD}


class Toast(Struct, frozen=True):
    """A notice: a dark pill over whatever is shown."""

    text: str
    language: str
    size: int
    tone: str = "info"

    def paint(self, w: int, h: int) -> Image.Image:
        """The pill, blended over the screen."""
        fill = TONES.get(self.tone, INFO)
        image = paint.canvas(w, h, fill)
        side = round(self.size * 1.2)
        name = {"good": "check", "bad": "warn"}.get(self.tone, "question")
        rtl = is_rtl(self.language)
        edge = h // 3
        x = w - edge - side if rtl else edge
        paint.icon(image, Rect(x, (h - side) // 2, side, side), name, WHITE)
        used = edge + side + side // 3
        room = Rect(edge if rtl else used, 0, w - used - edge, h)
        paint.text(image, room, self.text, self.size, self.language, colour=WHITE, bold=True, lines=2,
                   smallest=round(self.size * 0.85))  # fmt: skip
        image.putalpha(paint.rounded_mask(w, h, h // 3))
        return image


class Pill(Struct, frozen=True):
    """A small rounded tag with a word."""

    text: str
    language: str
    size: int
    fill: Colour = LEAF
    colour: Colour = WHITE
    ground: Colour = PAPER

    def paint(self, w: int, h: int) -> Image.Image:
        """The tag."""
        image = paint.canvas(w, h, self.ground)
        paint.box(image, Rect(0, 0, w, h), self.fill, h // 2)
        paint.text(image, Rect(h // 3, 0, w - 2 * (h // 3), h), self.text, self.size, self.language,
                   colour=self.colour, bold=True, align="center", smallest=self.size // 2)  # fmt: skip
        return image
