"""How would you like to pay? One large card per method; what cannot be used now says why."""

from __future__ import annotations

from msgspec import Struct, structs
from PIL import Image

from kiosk.ui import marks, paint
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.screens import chrome
from kiosk.ui.screens.methods import method_words
from kiosk.ui.text import fit, line_height, shape, wrap
from kiosk.ui.theme import BRAND, INK, PAPER, SOFT_INK, WHITE, Theme
from kiosk.ui.words import Words
from kiosk.views import Back, ChooseMethod, PayBy, Shop

WIDE = 11  # times its name's font size: a card that wide has room for a sentence
MOST_COLUMNS = 3
NARROWEST = 440  # of a card, designed for text of 28 px


class MethodCard(Struct, frozen=True):
    """A method: its mark, its name, what one does, and an arrow that says "this way".

    A narrow card has its mark and its name, and says more only where it must: why it cannot be used.
    """

    method: str
    name: str
    hint: str
    on: bool
    language: str
    size: int
    text: int
    radius: int
    name_size: int = 0  # of the name's font, the same on all cards; 0: as large as goes

    def name_fits(self, w: int, h: int) -> int:
        """The font size in which the name takes one line of a card of that size; at least the text's."""
        return fit(self.name, self.size, True, self.language, self._parts(w, h)[2].w, self.text).size

    def _wide(self, w: int) -> bool:
        return w > self.size * WIDE

    def _parts(self, w: int, h: int) -> tuple[Rect, Rect, Rect]:
        """Where plate, arrow and words are, for readers from left to right."""
        sheet, wide = Rect(0, 0, w, h).inset(6), self._wide(w)
        pad = min(h // 6, self.text)
        high = min(sheet.h - 2 * pad, round(w * (0.16 if wide else 0.19)), round(self.size * 2.2))
        plate = Rect(sheet.x + pad, sheet.y + (sheet.h - high) // 2, round(high * marks.SHAPE), high)
        arrow = round(self.size * 0.9) if wide else 0
        tip = Rect(sheet.right - pad - arrow, sheet.y + (sheet.h - arrow) // 2, arrow, arrow)
        gap = pad if wide else pad // 2
        words = Rect(
            plate.right + gap, sheet.y + pad // 3, tip.x - plate.right - 2 * gap, sheet.h - 2 * (pad // 3)
        )
        return plate, tip, words

    def paint(self, w: int, h: int) -> Image.Image:
        """The card."""
        image = paint.canvas(w, h, PAPER)
        sheet = Rect(0, 0, w, h).inset(6)
        if self.on:
            paint.shadow(image, sheet, self.radius, 6, 0.24, 3)
            paint.box(image, sheet, paint.gradient(sheet.w, sheet.h, WHITE, (244, 248, 244)), self.radius)
        else:
            paint.box(image, sheet, (238, 237, 233), self.radius)
        rtl = is_rtl(self.language)
        wide = self._wide(w)
        plate, tip, words = self._parts(w, h)
        if rtl:
            plate, tip, words = plate.mirrored(w), tip.mirrored(w), words.mirrored(w)
        marks.paste(image, plate, self.method, on=self.on)
        if self.on and wide:
            paint.icon(image, tip, "right", BRAND, flip=rtl)
        self._write(image, words, self.hint if wide or not self.on else "")
        return image

    def _write(self, image: Image.Image, room: Rect, hint: str) -> None:
        """The name, and what one does (or why one cannot) under it; both together in the middle."""
        ink = INK if self.on else SOFT_INK
        most = 3 if room.h > 5 * line_height(self.text) else 2
        small = round(self.text * 0.82)
        below = (
            len(wrap(hint, self.text, False, self.language, room.w, most)) * line_height(self.text)
            if hint
            else 0
        )
        below = min(below, room.h - line_height(self.text))
        tight = shape(self.name, self.text, True, self.language).width > room.w
        size = self.name_size or self.size
        above = min(line_height(self.text) * 2 if tight else round(size * 1.3), room.h - below)
        upper = Rect(room.x, room.y + max(0, (room.h - above - below) // 2), room.w, above)
        paint.text(image, upper, self.name, self.text if tight else size, self.language, colour=ink, bold=True,
                   lines=2 if tight else 1, smallest=small if tight else self.text)  # fmt: skip
        if hint:
            lower = Rect(room.x, upper.bottom, room.w, below)
            paint.text(image, lower, hint, self.text, self.language, colour=SOFT_INK, lines=most, valign="top",
                       smallest=small)  # fmt: skip


class AmountSheet(Struct, frozen=True):
    """What is to be paid, large."""

    label: str
    amount: str
    line: str
    language: str
    size: int
    text: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The amount."""
        image = paint.canvas(w, h, PAPER)
        row = round(self.text * 1.4)
        middle = min(round(self.size * 1.25), h - row - (row if self.line else 0))
        y = (h - middle - row - (row if self.line else 0)) // 2
        paint.text(
            image, Rect(0, y, w, row), self.label, self.text, self.language, colour=SOFT_INK, align="center"
        )
        paint.text(image, Rect(0, y + row, w, middle), self.amount, self.size, self.language, bold=True, align="center",
                   smallest=self.text)  # fmt: skip
        if self.line:
            paint.text(image, Rect(0, y + row + middle, w, row), self.line, self.text, self.language, colour=SOFT_INK,
                       bold=True, align="center", smallest=round(self.text * 0.85))  # fmt: skip
        return image


class ChooseScreen(chrome.PurchaseScreen):
    """See the module."""

    def body(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return layout(self.theme, self.words, self.shop, self.view)


def off_words(w: Words, reason: str) -> str:
    """Why a method cannot be used now."""
    return w(f"off.{reason}") if w.has(f"off.{reason}") else w("off.other")


def layout(theme: Theme, w: Words, shop: Shop, view: ChooseMethod) -> list[Node]:
    """The nodes: total, methods, way back."""
    head, foot = chrome.header_rect(theme), chrome.footer_rect(theme)
    nodes = [chrome.header(theme, w, shop, w("choose.title"), "card")]
    room = Rect(theme.pad, head.bottom, theme.width - 2 * theme.pad, foot.y - head.bottom)
    many = len(view.methods) > (4 if theme.portrait else 6)
    amount_height = theme.px((260 if many else 360) if theme.portrait else (190 if many else 240))
    top = room.y + amount_height
    if view.frame.reach:
        top = max(top, theme.reach_top)
    cards = Rect(room.x, top, room.w, room.bottom - top)
    amount = AmountSheet(
        w("pay.amount"),
        w.money(view.total),
        "",
        w.language,
        theme.px(136 if theme.portrait else 104),
        theme.px(36),
    )
    nodes.append(Node("amount", Rect(room.x, room.y, room.w, top - room.y), amount))
    off = dict(view.off)
    spots = places(theme, cards, len(view.methods))
    made = [_card(theme, w, method, off.get(method, "")) for method in view.methods]
    size = min((art.name_fits(spot.w, spot.h) for art, spot in zip(made, spots, strict=True)), default=0)
    for art, spot in zip(made, spots, strict=True):
        card = structs.replace(art, name_size=size)
        tap = PayBy(art.method) if art.on else None
        nodes.append(Node(f"method-{art.method}", spot, card, tap, theme.radius * 2))
    if not view.methods:
        none = chrome.Message(w("choose.none"), w("choose.none.text"), w.language, theme.px(56), theme.px(38),
                              theme.text)  # fmt: skip
        nodes.append(Node("none", Rect(cards.x, cards.y, cards.w, min(cards.h, theme.px(330))), none))
    globe, back = chrome.shares(chrome.footer_rows(theme)[0], (-theme.button, 1), theme.gap)
    nodes += [
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "back", back, w("choose.back"), Back(), "secondary", "left"),
    ]
    return mirrored(nodes, theme.width) if w.rtl else nodes


def _card(theme: Theme, w: Words, method: str, off: str) -> MethodCard:
    """A method's card; `off` is why it cannot be used, "" where it can."""
    name, hint = method_words(w, method)
    return MethodCard(method, name, off_words(w, off) if off else hint, not off, w.language, theme.px(60),
                      theme.px(34), theme.radius * 2)  # fmt: skip


def places(theme: Theme, room: Rect, count: int) -> list[Rect]:
    """A place for each method, in as few columns as leave each card high enough for a sentence."""
    if not count:
        return []
    for columns in range(1, MOST_COLUMNS + 1):
        rows = -(-count // columns)
        height = (room.h - theme.gap * (rows - 1)) // rows
        narrower = (room.w - theme.gap * columns) // (columns + 1) < theme.px(NARROWEST)
        if height >= theme.px(176) or narrower:
            break
    height = min(theme.px(330), height)
    out: list[Rect] = []
    for r in range(rows):
        row = Rect(room.x, room.y + r * (height + theme.gap), room.w, height)
        out += chrome.shares(row, (1,) * columns, theme.gap)
    return out[:count]
