"""Nobody is here: adverts, how it works, and real products, full of light, until a finger or a phone comes.

Slides change by a cut: a fade would redraw the whole glass for half a second (27-444 ms until its first frame on
software GL), and light that jumps is seen from farther away than light that glides.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PIL import Image

from content.model import text_in
from kiosk.ui import paint
from kiosk.ui.art import Fill
from kiosk.ui.bidi import is_rtl
from kiosk.ui.facing import ShowcaseCard
from kiosk.ui.geometry import Rect, split_row
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.screens.base import Screen
from kiosk.ui.screens.ticker_art import TickerBand
from kiosk.ui.shelves import Shelf
from kiosk.ui.text import fit, line_height, width
from kiosk.ui.theme import BRAND, BRAND_DEEP, BRAND_LIGHT, INK, LEAF, TAG, WHITE, Colour, Theme, mix
from kiosk.ui.words import Words, words
from kiosk.views import AdvertCard, Attract, EnterCode, Facing, Shop, Start, Ticker

HINT_SECONDS = 3.0  # each language of "touch to start"
HOW = "how-it-works"
STEP_ICONS = ("phone", "card", "receipt", "check")
BETWEEN = "   ·   "  # two languages
PICTURE_SHARE = 0.62  # of a poster's height


class Poster(Struct, frozen=True):
    """An advert: its picture above, and the headline on a ground that grows out of the picture's lower edge.

    The picture keeps its shape where the place is high enough (a portrait wall); elsewhere it is cut to PICTURE_SHARE of
    the height, because words over a busy picture cannot be read from across a station.
    """

    picture: str
    headline: str
    line: str
    language: str
    size: int
    pad: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The poster."""
        shape = paint.picture_size(self.picture)
        high = min(h, round(w * shape[1] / shape[0])) if shape else h
        high = min(high, round(h * PICTURE_SHARE))
        art = paint.cover(self.picture, w, high) or paint.gradient(w, high, LEAF, BRAND)
        image = paint.canvas(w, h, BRAND)
        image.paste(paint.gradient(w, h - high, BRAND, BRAND_DEEP), (0, high))
        image.paste(art, (0, 0))
        self._fade(image, BRAND, high - high // 6, high // 6, 255)
        words_top = high
        self._write(image, Rect(self.pad, words_top, w - 2 * self.pad, h - words_top - self.pad))
        return image

    @staticmethod
    def _fade(image: Image.Image, ground: Colour, top: int, height: int, most: int) -> None:
        ramp = Image.new("L", (1, height))
        ramp.putdata([round(most * (y / height) ** 1.15) for y in range(height)])
        image.paste(ground, (0, top, image.width, top + height), ramp.resize((image.width, height)))

    def _write(self, image: Image.Image, room: Rect) -> None:
        used = 0
        if self.line:
            box = paint.text(image, room, self.line, round(self.size * 0.44), self.language, colour=WHITE,
                             valign="bottom", lines=2)  # fmt: skip
            used = box.h + self.pad // 3
        head = Rect(room.x, room.y, room.w, room.h - used)
        box = paint.text(image, head, self.headline, self.size, self.language, colour=WHITE, bold=True,
                         valign="bottom", lines=3, smallest=self.size // 2)  # fmt: skip
        bar = max(4, self.size // 12)
        x = room.right - self.size * 2 if is_rtl(self.language) else room.x
        paint.box(image, Rect(x, max(room.y, box.y - bar * 2), self.size * 2, bar), TAG, bar // 2)


class Step(Struct, frozen=True):
    """One step of how it works: a big number, a sign, a sentence."""

    number: int
    text: str
    icon: str
    language: str
    size: int
    rtl: bool
    ground: Colour

    def paint(self, w: int, h: int) -> Image.Image:
        """The step."""
        image = paint.canvas(w, h, self.ground)
        sheet = Rect(0, 0, w, h)
        paint.box(image, sheet, WHITE, h // 6)
        side = min(h - h // 4, w // 4)
        y = (h - side) // 2
        disc = Rect(w - side - y if self.rtl else y, y, side, side)
        paint.box(image, disc, BRAND_LIGHT, side // 2)
        paint.icon(image, disc.inset(side // 4), self.icon, BRAND)
        badge = max(self.size, side // 3)
        spot = Rect(
            disc.x - badge // 5 if self.rtl else disc.right - badge + badge // 5, disc.y, badge, badge
        )
        paint.box(image, spot, TAG, badge // 2)
        paint.text(
            image, spot, str(self.number), round(badge * 0.62), self.language, bold=True, align="center"
        )
        gap = y + side // 4
        room = Rect(y if self.rtl else disc.right + gap, 0, w - side - 2 * y - gap, h)
        paint.text(image, room, self.text, self.size, self.language, colour=INK, bold=True, lines=3,
                   smallest=round(self.size * 0.7))  # fmt: skip
        return image


class Promise(Struct, frozen=True):
    """Where our codes are and what they open: whoever knows it does not scan what somebody has stuck over them."""

    text: str
    domain: str
    language: str
    size: int
    ground: Colour

    def paint(self, w: int, h: int) -> Image.Image:
        """A shield and two sentences."""
        image = paint.canvas(w, h, self.ground)
        rtl = is_rtl(self.language)
        side = min(h - h // 4, self.size * 2)
        sign = Rect(w - side if rtl else 0, (h - side) // 2, side, side)
        paint.icon(image, sign, "shield", BRAND)
        used = side + self.size // 2
        room = Rect(0 if rtl else used, 0, w - used, h)
        upper = Rect(room.x, room.y, room.w, round(h * 0.66) if self.domain else h)
        box = paint.text(image, upper, self.text, self.size, self.language, colour=BRAND_DEEP, bold=True, lines=2,
                         valign="bottom" if self.domain else "middle", smallest=round(self.size * 0.8))  # fmt: skip
        if self.domain:
            lower = Rect(room.x, box.y + box.h, room.w, line_height(self.size))
            paint.text(image, lower, self.domain, self.size, self.language, colour=BRAND_DEEP,
                       smallest=round(self.size * 0.8))  # fmt: skip
        return image


class Invitation(Struct, frozen=True):
    """ "Touch to start", as one big button over the whole width, with the other languages' words small below."""

    text: str
    language: str
    others: tuple[str, ...]
    size: int
    small: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The invitation."""
        image = paint.gradient(w, h, BRAND, BRAND_DEEP).copy()
        edge = h // 9
        pill = Rect(edge * 2, edge, w - edge * 4, round(h * 0.58))
        paint.box(image, pill.moved(0, 4), mix(TAG, (0, 0, 0), 0.35), pill.h // 2)
        paint.box(image, pill, paint.gradient(pill.w, pill.h, mix(TAG, WHITE, 0.25), TAG), pill.h // 2)
        side, gap = round(pill.h * 0.62), pill.h // 5
        line = fit(self.text, self.size, True, self.language, pill.w - pill.h - side - gap, self.small)
        x = pill.x + (pill.w - line.width - gap - side) // 2
        rtl = is_rtl(self.language)
        hand = Rect(x + line.width + gap if rtl else x, pill.y + (pill.h - side) // 2, side, side)
        paint.icon(image, hand, "hand", INK)
        room = Rect(x if rtl else x + side + gap, pill.y, line.width + 2, pill.h)
        paint.text(image, room, self.text, line.size, self.language, bold=True, smallest=self.small)
        top = pill.bottom + self.small // 5
        low = Rect(edge // 3, top, w - 2 * (edge // 3), h - top)
        rows = self.rows(low.w, low.h)
        paint.text(image, low, "\n".join(rows), self.small, "en", colour=WHITE, align="center", lines=len(rows),
                   smallest=self.small // 2)  # fmt: skip
        return image

    def rows(self, w: int, h: int) -> list[str]:
        """The others in one line or, where it is too long and the place is high enough, in two."""
        told = BETWEEN.join(self.others)
        if width(told, self.small, False, "en") <= w or h < 2 * line_height(self.small):
            return [told]
        half = -(-len(self.others) // 2)
        return [BETWEEN.join(part) for part in (self.others[:half], self.others[half:]) if part]


class CodeCorner(Struct, frozen=True):
    """ "Have a code?", a smaller button beside the invitation."""

    text: str
    language: str
    size: int
    left: bool  # it stands in the left corner: the screen, whatever the invitation, is in a language from right to left

    def paint(self, w: int, h: int) -> Image.Image:
        """The corner."""
        image = paint.gradient(w, h, BRAND, BRAND_DEEP).copy()
        edge = self.size * 6 // 7
        key = Rect(edge if self.left else 0, h // 9, w - edge, h - h // 9 - h // 6)
        paint.box(image, key, BRAND_LIGHT, h // 9)
        paint.box(image, key.inset(3), BRAND_DEEP, h // 9 - 3)
        side = round(key.h * 0.36)
        paint.icon(image, Rect(key.x + (key.w - side) // 2, key.y + key.h // 10, side, side), "receipt", TAG)
        low = Rect(key.x + self.size // 2, key.y + key.h // 2, key.w - self.size, key.h // 2 - 8)
        paint.text(image, low, self.text, self.size, self.language, colour=WHITE, bold=True, align="center", lines=2,
                   smallest=round(self.size * 0.85))  # fmt: skip
        return image


class Sign(Struct, frozen=True):
    """The shop's name over the slides."""

    name: str
    kiosk: str
    language: str
    size: int
    small: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The sign."""
        image = paint.gradient(w, h, BRAND, BRAND_DEEP).copy()
        side = round(h * 0.56)
        inner = Rect(h // 3, 0, w - 2 * (h // 3), h)
        box = paint.text(image, inner, self.name, self.size, self.language, colour=WHITE, bold=True, align="center",
                         smallest=self.small)  # fmt: skip
        if box.x - side - h // 5 > 0:
            paint.icon(image, Rect(box.x - side - h // 5, (h - side) // 2, side, side), "basket", TAG)
        corner = Rect(inner.x, 0, inner.w, h)
        paint.text(image, corner, self.kiosk, self.small, self.language, colour=BRAND_LIGHT, align="end")
        return image


def layout(
    theme: Theme, w: Words, shop: Shop, view: Attract, goods: Sequence[Facing], hint: str
) -> list[Node]:
    """The nodes of the attract loop. `goods` stand in the strip (as many as there is room for), `hint` is the language of the invitation."""
    sign = Rect(0, 0, theme.width, theme.px(128 if theme.portrait else 96))
    foot_height = theme.px(264 if theme.portrait else 190)
    told = view.frame.ticker
    band = ticker_band(theme, told)
    foot = Rect(0, theme.height - band.h - foot_height, theme.width, foot_height)
    if theme.portrait:
        strip_height = 0 if told else theme.px(400)  # the ticker has the place of the products
        strip = Rect(0, foot.y - strip_height, theme.width, strip_height)
        slide = Rect(0, sign.bottom, theme.width, strip.y - sign.bottom)
    else:
        side = theme.px(700)
        strip = Rect(theme.width - side, sign.bottom, side, foot.y - sign.bottom)
        slide = Rect(0, sign.bottom, theme.width - side, foot.y - sign.bottom)
    lang = view.frame.language
    nodes = [Node("sign", sign, Sign(text_in(shop.names, lang), shop.kiosk, lang, theme.title, theme.text))]
    nodes += _slide(theme, w, shop, view.slide, slide)
    if strip.h:
        nodes += _strip(theme, w, goods, strip)
    if told is not None:
        art = TickerBand(told.text, told.language, theme.px(64), theme.text, 3)
        nodes.append(Node("ticker", band, art, Start(), 0))
    other = tuple(words(x.tag)("attract.touch") for x in shop.languages if x.tag != hint)
    invitation = Invitation(words(hint)("attract.touch"), hint, other, theme.px(64), theme.text)
    corner_width = theme.px(272)
    corner = Rect(foot.right - corner_width, foot.y, corner_width, foot.h)
    nodes += [
        Node("foot", Rect(0, foot.y, foot.w - corner.w, foot.h), invitation, Start(), theme.radius),
        Node("code", corner, CodeCorner(words(hint)("code.have"), hint, theme.text, w.rtl), EnterCode(),
             theme.radius),
    ]  # fmt: skip
    return mirrored(nodes, theme.width) if w.rtl else nodes


def ticker_band(theme: Theme, told: Ticker | None) -> Rect:
    """The operator's part of the glass: the lowest, over the whole width. Without a line it has no height."""
    high = theme.height * told.area_per_mille // 1000 if told else 0
    return Rect(0, theme.height - high, theme.width, high)


def _slide(theme: Theme, w: Words, shop: Shop, name: str, place: Rect) -> list[Node]:
    advert = next((a for a in shop.adverts if a.key == name), None)
    if advert is None and (name == HOW or not shop.adverts) and shop.how_it_works:
        return _how(theme, w, shop, place)
    art = _poster(theme, w, shop, advert)
    return [Node("slide", place, art, Start(advert.key if advert else ""), 0)]


def _poster(theme: Theme, w: Words, shop: Shop, advert: AdvertCard | None) -> Poster:
    if advert is None:
        return Poster("", text_in(shop.names, w.language), "", w.language, theme.px(104), theme.px(56))
    headline, line = text_in(advert.headlines, w.language), text_in(advert.lines, w.language)
    return Poster(advert.picture, headline, line, w.language, theme.px(104), theme.px(56))


def _how(theme: Theme, w: Words, shop: Shop, place: Rect) -> list[Node]:
    """The steps, one under the other; together they are one place to touch."""
    ground = mix(BRAND_LIGHT, LEAF, 0.18)
    steps = shop.how_it_works[:4]
    title = Rect(place.x, place.y, place.w, theme.px(150 if theme.portrait else 100))
    promise = Rect(place.x, place.bottom - theme.px(150), place.w, theme.px(140)).inset(theme.pad * 2, 0)
    inner = Rect(place.x, title.bottom, place.w, promise.y - title.bottom - theme.gap).inset(theme.pad, 0)
    height = (inner.h - theme.pad * (len(steps) - 1)) // len(steps)
    nodes = [
        Node("slide", place, Fill(ground), Start(), 0),
        Node("how-title", title, _how_title(theme, w, ground)),
    ]
    for i, step in enumerate(steps):
        rect = Rect(inner.x, inner.y + i * (height + theme.pad), inner.w, height)
        if w.rtl:  # the art draws its own mirror image; the node is mirrored with all others
            rect = Rect(inner.x, rect.y, rect.w, rect.h)
        art = Step(i + 1, text_in(step, w.language), STEP_ICONS[i], w.language, theme.px(44), w.rtl, ground)
        nodes.append(Node(f"how-{i}", rect, art))
    opens = w("attract.opens", domain=f"\u2066{shop.domain}\u2069") if shop.domain else ""
    nodes.append(
        Node("promise", promise, Promise(w("attract.glass"), opens, w.language, theme.px(32), ground))
    )
    return nodes


def _how_title(theme: Theme, w: Words, ground: Colour) -> Title:
    return Title(w("attract.how"), w.language, theme.px(72), ground)


class Title(Struct, frozen=True):
    """A large line in the middle."""

    text: str
    language: str
    size: int
    ground: Colour

    def paint(self, w: int, h: int) -> Image.Image:
        """The line."""
        image = paint.canvas(w, h, self.ground)
        paint.text(image, Rect(0, 0, w, h).inset(h // 4, 0), self.text, self.size, self.language, colour=BRAND_DEEP,
                   bold=True, align="center", smallest=self.size // 2)  # fmt: skip
        return image


def _strip(theme: Theme, w: Words, goods: Sequence[Facing], place: Rect) -> list[Node]:
    """Real products with their prices on one shelf (portrait: a row, landscape: a block)."""
    columns, rows = goods_shape(theme)
    cells: list[Rect] = []
    height = place.h // rows
    for r in range(rows):
        band = Rect(place.x, place.y + r * height, place.w, height if r < rows - 1 else place.h - height * r)
        cells += split_row(band, columns, 0)
    out: list[Node] = []
    for i, cell in enumerate(cells):
        facing = goods[i] if i < len(goods) else None
        art = ShowcaseCard(facing, w.language, theme.px(44), theme.text)
        out.append(Node(f"goods-{i}", cell, art, Start(), 0))
    return out


def goods_shape(theme: Theme) -> tuple[int, int]:
    """Columns and rows of the strip of products."""
    return (4, 1) if theme.portrait else (2, 2)


class AttractScreen(Screen):
    """Rotates the invitation's language; what slide is shown, the agent decides."""

    period = HINT_SECONDS
    _turn = 0  # languages of the invitation so far
    _missing = False
    _shown = 0  # products in the strip

    def show(self, shop: Shop, view: Attract) -> None:  # type: ignore[override]  # the stage hands over its own views only
        """A slide."""
        self.shop, self.view = shop, view
        self.refresh()

    def tick(self) -> None:
        """The next language."""
        self._turn += 1
        self.refresh()

    def arrived(self) -> None:
        """Facings came."""
        if self._missing:
            self.refresh()

    @property
    def facings(self) -> int:
        """See Screen."""
        return self._shown

    def nodes(self) -> Sequence[Node]:
        """The slide, the goods, the invitation."""
        assert self.shop is not None
        tags = [x.tag for x in self.shop.languages] or [self.view.frame.language]
        hint = tags[self._turn % len(tags)]
        return layout(self.theme, self.words, self.shop, self.view, self._goods(), hint)

    def _goods(self) -> list[Facing]:
        """What stands in the strip: the beginning of another aisle with every slide."""
        assert self.shop is not None
        columns, rows = goods_shape(self.theme)
        count = columns * rows
        aisles = [a for a in self.shop.aisles if a.count >= count] or list(self.shop.aisles)
        if not aisles:
            self._missing, self._shown = False, 0
            return []
        slides = [a.key for a in self.shop.adverts] + [HOW]
        at = slides.index(self.view.slide) if self.view.slide in slides else 0
        shelf = Shelf(aisles[at % len(aisles)].key, self.view.frame.language, self.shop.version)
        self.host.shelves.want(shelf, [range(count)])
        goods = [self.host.shelves.get(shelf, i) for i in range(count)]
        self._missing = None in goods
        there = [g for g in goods if g is not None]
        self._shown = len(there)
        return there
