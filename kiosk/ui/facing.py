"""A facing on the shelf, baked into one opaque picture: the product on its board, the price on the rail, the label below.

Tiles lie edge to edge, so that boards and rails run through the whole wall and no pixel is drawn twice. The white of the
label is the code's quiet zone: four modules on every side (ISO/IEC 18004).
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct, structs
from PIL import Image, ImageDraw

from content.money import Money
from kiosk.ui import paint
from kiosk.ui.bidi import is_rtl, upright
from kiosk.ui.geometry import Rect
from kiosk.ui.text import fit, line_height, whole_words, width
from kiosk.ui.theme import (
    BRAND,
    GOOD,
    INK,
    LINE,
    QUIET,
    SALE,
    SOFT_INK,
    STEEL,
    TAG,
    WHITE,
    Colour,
    Theme,
    mix,
)
from kiosk.ui.words import Words, words
from kiosk.views import Facing

CODE_MODULES = 33  # a version 4 symbol: 90 upper-case characters at level M, a signed link and a long host
CODE_DISTANCE = 1000  # mm from which a phone reads it
SQUEEZED = 0.85  # of the smallest text: a name whose longest word would else be broken
GREY: Colour = (226, 227, 226)


class TileShape(Struct, frozen=True):
    """Where things are in a tile of `w` x `h` pixels, for readers from left to right or (mirrored) right to left."""

    w: int
    h: int
    picture: Rect
    rail: Rect
    tag: Rect  # the part of the rail that prices may fill
    name: Rect
    unit: Rect
    add: Rect
    code: Rect  # without quiet zone
    module: int
    lines: int  # of the name
    large: int  # font sizes: of a short name, of everything else, of the price
    text: int
    price: int
    rtl: bool


def tile_width(theme: Theme, room: int, height: int) -> int:
    """How wide the tiles of a shelf of `room` x `height` pixels are at least: so that most of them are on it whole.

    A tile carries its code beside the words or, where that leaves too few columns (a small panel, whose codes take more
    of it), below them.
    """

    def whole(least: int) -> int:
        return room // least * (height // tile_shape(theme, least, False).h)

    wide, narrow = smallest_wide(theme), smallest_tile(theme)
    return wide if room >= wide and whole(wide) >= whole(narrow) else narrow


@lru_cache(maxsize=8)
def smallest_wide(theme: Theme) -> int:
    """The narrowest tile that has its code beside the words."""
    return _card(theme) + theme.px(256)


@lru_cache(maxsize=8)
def smallest_tile(theme: Theme) -> int:
    """The narrowest tile: a code with its quiet zone, and a button with a unit price beside it."""
    return _card(theme) + max(theme.target, theme.px(92)) + theme.px(22)


def _card(theme: Theme) -> int:
    """Side of a code with its quiet zone."""
    return (CODE_MODULES + 2 * QUIET) * theme.module(CODE_DISTANCE)


@lru_cache(maxsize=32)
def tile_shape(theme: Theme, w: int, rtl: bool) -> TileShape:
    """A tile `w` pixels wide."""
    shape = _beside(theme, w) if w >= smallest_wide(theme) else _below(theme, w)
    if not rtl:
        return shape
    turned = {part: getattr(shape, part).mirrored(w) for part in ("tag", "name", "unit", "add", "code")}
    return structs.replace(shape, rtl=True, **turned)


def _beside(theme: Theme, w: int) -> TileShape:
    """The code hangs over the rail like a shelf talker; price, name and button share the column beside it."""
    px, quiet, card = theme.px, QUIET * theme.module(CODE_DISTANCE), _card(theme)
    board = px(226)
    rail = Rect(0, board, w, px(62))
    edge = w - px(6) - card
    left = Rect(px(14), 0, edge - px(6) - px(14), 0)
    name = Rect(left.x, rail.bottom + px(8), left.w, 3 * line_height(theme.text))
    foot = max(theme.target, 2 * line_height(theme.text))
    high = max(name.bottom + px(2) + foot + px(6), board + card + 2 * px(6))
    button = max(theme.target, px(68))
    at = high - px(6) - foot
    add = Rect(left.x, at + (foot - button) // 2, max(theme.target, px(92)), button)
    unit = Rect(add.right + px(12), at, left.w - add.w - px(12), foot)
    side = CODE_MODULES * theme.module(CODE_DISTANCE)
    code = Rect(edge + quiet, board + (high - board - side) // 2, side, side)
    return TileShape(w, high, _place(theme, w, board), rail, Rect(0, board, edge, rail.h), name, unit, add, code,
                     theme.module(CODE_DISTANCE), 3, px(34), theme.text, theme.price, False)  # fmt: skip


def _below(theme: Theme, w: int) -> TileShape:
    """The code below the name, button and unit price beside it."""
    px, module = theme.px, theme.module(CODE_DISTANCE)
    side, quiet = CODE_MODULES * module, QUIET * module
    board = px(232)
    rail = Rect(0, board, w, px(66))
    name = Rect(px(16), rail.bottom + px(8), w - px(32), 2 * line_height(theme.text))
    code = Rect(w - quiet - side, name.bottom + quiet, side, side)
    left = Rect(px(14), 0, code.x - quiet - px(16), 0)
    add_height = max(theme.target, px(96))
    add = Rect(left.x, code.bottom - add_height, left.w, add_height)
    unit = Rect(left.x, code.y, left.w, add.y - code.y - px(6))
    return TileShape(w, code.bottom + quiet, _place(theme, w, board), rail, rail, name, unit, add, code, module, 2,
                     px(30), theme.text, theme.price, False)  # fmt: skip


def _place(theme: Theme, w: int, board: int) -> Rect:
    """Where the product stands: under the light, its foot on the board's upper face."""
    top, side = theme.px(14), theme.px(20)
    return Rect(side, top, w - 2 * side, board - top - lip(board) // 2)


def lip(board: int) -> int:
    """Height of a board's upper face, seen from a little above."""
    return max(4, board // 20)


@lru_cache(maxsize=24)
def _empty(shape: TileShape, background: Colour) -> Image.Image:
    """The shelf without a product: back wall, board, rail, label."""
    w, h = shape.w, shape.h
    image = paint.canvas(w, h, WHITE)
    board = shape.rail.y
    face = lip(board)
    wall = paint.gradient(w, board, mix(background, WHITE, 0.45), mix(background, (60, 60, 70), 0.07))
    image.paste(wall, (0, 0))
    image.paste(
        paint.gradient(w, face * 2, mix(background, (40, 40, 50), 0.20), mix(background, WHITE, 0.2)), (0, 0)
    )
    image.paste(paint.gradient(w, face, WHITE, STEEL), (0, board - face))  # the board's upper face
    image.paste(paint.gradient(w, shape.rail.h, (250, 251, 251), (222, 225, 227)), (0, board))
    draw = ImageDraw.Draw(image)
    draw.line([(0, board), (w, board)], fill=(186, 190, 193), width=2)
    draw.line([(0, shape.rail.bottom - 1), (w, shape.rail.bottom - 1)], fill=(150, 155, 158), width=2)
    under = paint.gradient(w, face, (226, 228, 229), WHITE)
    image.paste(under, (0, shape.rail.bottom + 1))
    draw.line([(w - 1, shape.rail.bottom + face), (w - 1, h)], fill=LINE)
    if shape.tag.w < w:  # the code's own card hangs over the rail
        card = shape.code.inset(-QUIET * shape.module)
        paint.shadow(image, Rect(card.x, card.y, card.w, shape.rail.bottom - card.y), 4, 6, 0.3, 1)
        image.paste(WHITE, (card.x, card.y, card.right, card.bottom))
        draw.rectangle((card.x - 1, card.y - 1, card.right, card.bottom), outline=LINE)
    return image


class EmptyTile(Struct, frozen=True):
    """A place on the shelf: while its product is on its way, or behind the last one."""

    shape: TileShape
    background: Colour

    def paint(self, w: int, h: int) -> Image.Image:
        """The bare shelf."""
        return _empty(self.shape, self.background)


class FacingTile(Struct, frozen=True):
    """A product on the shelf."""

    facing: Facing
    language: str
    shape: TileShape
    background: Colour

    def paint(self, w: int, h: int) -> Image.Image:
        """The tile."""
        f, s, say = self.facing, self.shape, words(self.language)
        image = _empty(s, self.background).copy()
        _stand(image, f, s.picture, Rect(0, 0, s.w, s.rail.y), self.background)
        if f.available:
            _badge(
                image,
                f,
                say,
                Rect(s.picture.x, s.picture.y, s.picture.w, round(s.text * 1.7)).inset(-(s.text // 3), 0),
            )
        else:
            _sold_out(image, sold_out_words(f, say), say.language, s)
        _rail(image, f, say, s)
        _name(image, f, say, s)
        _unit(image, f, say, s)
        if f.available:
            _plus(image, s.add)
        if f.qr:
            _code(image, s, f.qr)
        return image


def name_size(name: str, s: TileShape, language: str) -> int:
    """The font size of a name: as large as goes, and a little below the smallest text before a word would break.

    German compounds are up to 288 px wide at 28 px where a landscape wall has 250: 24 px, 0.6 degrees at 600 mm.
    """
    least = round(s.text * SQUEEZED)
    for size in range(s.large, least, -2):
        lines = max(1, min(s.lines, s.name.h // line_height(size)))
        if whole_words(name, size, True, language, s.name.w, lines):
            return size
    return least if whole_words(name, least, True, language, s.name.w, s.lines) else s.text


def _name(image: Image.Image, f: Facing, say: Words, s: TileShape) -> None:
    """The name, a short one larger; brand and size where it leaves a line."""
    fits = name_size(f.name, s, say.language)
    box = paint.text(image, s.name, f.name, fits, say.language, lines=s.lines, valign="top", bold=True,
                     smallest=fits)  # fmt: skip
    size = say.measure(f.size) if f.size else ""
    rest = Rect(s.name.x, box.bottom, s.name.w, s.name.bottom - box.bottom)
    if rest.h < line_height(s.text) * 0.9:
        return
    brand = f.brand if f.brand and f.brand.casefold() not in f.name.casefold() else ""
    mark = "\u200f" if say.rtl else ""  # else a Latin brand would take the number with it (UAX 9, W7)
    for told in (f" {mark}· ".join(part for part in (brand, size) if part), size):
        if told and width(told, s.text, False, say.language) <= rest.w:
            paint.text(image, rest, told, s.text, say.language, colour=SOFT_INK, valign="top")
            return


def _unit(image: Image.Image, f: Facing, say: Words, s: TileShape) -> None:
    """The unit price in one line, or in two where that is too long; where there is none, what is in it."""
    if f.unit_price is not None:
        price, per = say.money(f.unit_price), f"/ {say.per(f.unit_base)}"
        told = f"{price} {per}"
        if width(told, s.text, False, say.language) > s.unit.w:
            told = f"{price}\n{per}"
    else:
        told = say.measure(f.size) if f.size else ""
    if told:
        paint.text(image, s.unit, told, s.text, say.language, colour=SOFT_INK, lines=2,
                   valign="middle" if s.unit.y > s.name.bottom and s.unit.x != s.add.x else "top",
                   smallest=round(s.text * 0.7))  # fmt: skip


def _code(image: Image.Image, s: TileShape, link: str) -> None:
    """The code in the middle of its place; a link too long for it gets smaller modules, never a smaller quiet zone."""
    modules = paint.code_side(link, 1, quiet=0)
    module = max(1, min(s.module, s.code.w // modules))
    spare = (s.code.w - modules * module) // 2
    paint.code(image, s.code.x + spare, s.code.y + spare, link, module)


def _stand(image: Image.Image, f: Facing, place: Rect, board: Rect, background: Colour) -> None:
    """The product: cut out it stands on the board in the middle of its place, a photo becomes the board's backdrop."""
    thing = paint.picture(f.picture, board.w, board.h)
    photo = thing is not None and paint.is_photo(thing)
    if thing is not None and not photo:
        thing = paint.picture(f.picture, place.w, place.h)
    if thing is None:
        side = round(place.h * 0.5)
        box = Rect(place.x, place.bottom - side - side // 4, place.w, side)
        paint.icon(image, box, "basket", mix(background, (90, 90, 100), 0.25))
        return
    if not f.available:
        thing = paint.greyed(thing, background)
    if photo:
        paint.backdrop(image, thing, board, board.x + (board.w - thing.width) // 2)
    else:
        paint.cast(image, thing, place.x + (place.w - thing.width) // 2, place.bottom - thing.height)


def badge_words(f: Facing, say: Words) -> tuple[str, Colour, Colour]:
    """What an offer's badge says, its colour and its ink; ("", ...) where there is none."""
    if f.badge == "sale" and f.badge_args:
        return upright(f"\u2212{f.badge_args[0]}%"), SALE, WHITE
    if f.badge == "multi-buy" and len(f.badge_args) == 2:
        price = say.money(Money(f.badge_args[1], f.price.currency))
        return say("wall.multi-buy", quantity=f.badge_args[0], price=price), TAG, INK
    if f.badge == "take-for-less" and len(f.badge_args) == 2:
        return say("wall.take-for-less", take=f.badge_args[0], pay=f.badge_args[1]), TAG, INK
    if f.badge == "new":
        return say("wall.new"), GOOD, WHITE
    return "", WHITE, INK


def _badge(image: Image.Image, f: Facing, say: Words, place: Rect) -> None:
    text, fill, ink = badge_words(f, say)
    if not text:
        return
    size = round(place.h * 0.6)
    line = fit(text, size, True, say.language, place.w - place.h, size // 2)
    width = line.width + place.h
    rect = Rect(place.right - width if say.rtl else place.x, place.y, width, place.h)
    paint.shadow(image, rect, place.h // 3, 6, 0.25, 2)
    paint.box(image, rect, fill, place.h // 3)
    paint.text(image, rect, text, line.size, say.language, colour=ink, bold=True, align="center")


def sold_out_words(f: Facing, say: Words) -> str:
    """Why it cannot be had."""
    return say("wall.recalled" if f.badge == "recalled" else "wall.sold-out")


def _sold_out(image: Image.Image, text: str, language: str, s: TileShape) -> None:
    height = round(s.text * 1.9)
    rect = Rect(s.picture.x, s.picture.y + (s.picture.h - height) // 2, s.picture.w, height)
    paint.box(image, rect, (58, 62, 66), height // 3)
    paint.text(image, rect.inset(8, 0), text, s.text, language, colour=WHITE, bold=True,
               align="center", smallest=s.text // 2)  # fmt: skip


def _rail(image: Image.Image, f: Facing, say: Words, s: TileShape) -> None:
    """The price on its tag, and the struck old one beside it."""
    pad = max(3, s.rail.h // 14)
    room = Rect(s.tag.x + pad * 2, s.tag.y + pad, s.tag.w - pad * 4, s.tag.h - 2 * pad)
    old = fit(say.money(f.was), s.text, False, say.language, room.w // 2, s.text // 2) if f.was else None
    most = room.w - room.h // 2 - (old.width + pad * 3 if old else 0)
    price = fit(say.money(f.price), s.price, True, say.language, most, s.text)
    tag_width = price.width + room.h // 2
    rtl = is_rtl(say.language)
    tag = Rect(room.right - tag_width if rtl else room.x, room.y, tag_width, room.h)
    reduced = f.was is not None or f.badge in {"sale", "multi-buy", "take-for-less"}
    fill = (TAG if reduced else WHITE) if f.available else GREY
    paint.shadow(image, tag, room.h // 6, 5, 0.3, 2)
    paint.box(image, tag, fill, room.h // 6)
    ink = (SALE if f.was is not None else INK) if f.available else SOFT_INK
    paint.text(
        image, tag, say.money(f.price), price.size, say.language, colour=ink, bold=True, align="center"
    )
    if f.was is not None and old is not None:
        gap = pad * 3
        rest = Rect(room.x, room.y, tag.x - gap - room.x, room.h) if rtl else Rect(
            tag.right + gap, room.y, room.right - tag.right - gap, room.h)  # fmt: skip
        paint.text(image, rest, say.money(f.was), old.size, say.language, colour=SOFT_INK, strike=True)


def _plus(image: Image.Image, rect: Rect) -> None:
    radius = rect.h // 4
    paint.box(image, rect.moved(0, 3), mix(BRAND, (0, 0, 0), 0.4), radius)
    paint.box(image, rect, paint.gradient(rect.w, rect.h, mix(BRAND, WHITE, 0.14), BRAND), radius)
    side = round(min(rect.w, rect.h) * 0.52)
    paint.icon(image, Rect(rect.x, rect.y + (rect.h - side) // 2, rect.w, side), "plus", WHITE)


class ShowcaseCard(Struct, frozen=True):
    """A product as it lures from afar: picture, price tag, no label. None: an empty place."""

    facing: Facing | None
    language: str
    price: int
    text: int
    background: Colour = (246, 240, 224)

    def paint(self, w: int, h: int) -> Image.Image:
        """The card."""
        rail = round(self.price * 1.7)
        board = h - rail
        image = paint.canvas(w, h, WHITE)
        image.paste(paint.gradient(w, board, mix(self.background, WHITE, 0.5), self.background), (0, 0))
        image.paste(paint.gradient(w, rail, (250, 251, 251), (216, 220, 222)), (0, board))
        ImageDraw.Draw(image).line([(0, board), (w, board)], fill=(186, 190, 193), width=2)
        if self.facing is None:
            return image
        say = words(self.language)
        place = Rect(w // 14, h // 10, w - 2 * (w // 14), board - h // 10)
        _stand(image, self.facing, place, Rect(0, 0, w, board), self.background)
        _badge(image, self.facing, say, Rect(w // 24, h // 30, w - w // 12, round(self.text * 1.7)))
        tag = Rect(w // 14, board + rail // 10, w - 2 * (w // 14), rail - rail // 5)
        reduced = self.facing.was is not None
        paint.shadow(image, tag, rail // 8, 5, 0.3, 2)
        paint.box(image, tag, TAG if reduced else WHITE, rail // 8)
        paint.text(image, tag.inset(6, 0), say.money(self.facing.price), self.price, self.language,
                   colour=SALE if reduced else INK, bold=True, align="center", smallest=self.text)  # fmt: skip
        return image
