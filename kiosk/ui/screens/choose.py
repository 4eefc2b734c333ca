"""How would you like to pay? One large card per method; what cannot be used now says why."""

from __future__ import annotations

from msgspec import Struct
from PIL import Image

from kiosk.ui import paint
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.screens import chrome
from kiosk.ui.text import line_height, wrap
from kiosk.ui.theme import BRAND, BRAND_LIGHT, INK, LINE, PAPER, SOFT_INK, WHITE, Theme, mix
from kiosk.ui.words import Words
from kiosk.views import Back, ChooseMethod, PayBy, Shop

SIGNS = {"link": "phone", "card": "card"}  # any other method is a code for a banking app


class MethodCard(Struct, frozen=True):
    """A method: its sign on a disc, its name, what one does, and an arrow that says "this way"."""

    name: str
    hint: str
    icon: str
    on: bool
    language: str
    size: int
    text: int
    radius: int

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
        pad = min(h // 6, self.text)
        side = min(sheet.h - 2 * pad, round(w * 0.2), self.size * 3)
        disc = Rect(sheet.x + pad, sheet.y + (sheet.h - side) // 2, side, side)
        arrow = round(self.size * 0.9)
        tip = Rect(sheet.right - pad - arrow, sheet.y + (sheet.h - arrow) // 2, arrow, arrow)
        words = Rect(disc.right + pad, sheet.y + pad // 2, tip.x - disc.right - 2 * pad, sheet.h - pad)
        if rtl:
            disc, tip, words = disc.mirrored(w), tip.mirrored(w), words.mirrored(w)
        ink = INK if self.on else SOFT_INK
        paint.box(image, disc, BRAND_LIGHT if self.on else LINE, side // 3)
        paint.icon(
            image, disc.inset(round(side * 0.2)), self.icon, BRAND if self.on else mix(SOFT_INK, WHITE, 0.3)
        )
        if self.on:
            paint.icon(image, tip, "right", BRAND, flip=rtl)
        above = round(self.size * 1.3)
        below = len(wrap(self.hint, self.text, False, self.language, words.w, 2)) * line_height(self.text)
        upper = Rect(words.x, words.y + max(0, (words.h - above - below) // 2), words.w, above)
        lower = Rect(words.x, upper.bottom, words.w, below)
        paint.text(
            image, upper, self.name, self.size, self.language, colour=ink, bold=True, smallest=self.text
        )
        paint.text(image, lower, self.hint, self.text, self.language, colour=SOFT_INK, lines=2, valign="top")
        return image


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


def method_words(w: Words, method: str) -> tuple[str, str]:
    """A method's name and what one does with it; a method this release has no words for goes by its own name."""
    if w.has(f"method.{method}"):
        return w(f"method.{method}"), w(f"method.{method}.hint")
    return w("method.other", method=method.replace("-", " ").title()), w("method.other.hint")


def off_words(w: Words, reason: str) -> str:
    """Why a method cannot be used now."""
    return w(f"off.{reason}") if w.has(f"off.{reason}") else w("off.other")


def layout(theme: Theme, w: Words, shop: Shop, view: ChooseMethod) -> list[Node]:
    """The nodes: total, methods, way back."""
    head, foot = chrome.header_rect(theme), chrome.footer_rect(theme)
    nodes = [chrome.header(theme, w, shop, w("choose.title"), "card")]
    room = Rect(theme.pad, head.bottom, theme.width - 2 * theme.pad, foot.y - head.bottom)
    amount_height = theme.px(360 if theme.portrait else 240)
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
    for method, place in zip(view.methods, _places(theme, cards, len(view.methods)), strict=True):
        name, hint = method_words(w, method)
        on = method not in off
        art = MethodCard(name, hint if on else off_words(w, off[method]), SIGNS.get(method, "code"), on, w.language,
                         theme.px(64), theme.px(34), theme.radius * 2)  # fmt: skip
        nodes.append(Node(f"method-{method}", place, art, PayBy(method) if on else None, theme.radius * 2))
    globe, back = chrome.shares(chrome.footer_rows(theme)[0], (-theme.button, 1), theme.gap)
    nodes += [
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "back", back, w("choose.back"), Back(), "secondary", "left"),
    ]
    return mirrored(nodes, theme.width) if w.rtl else nodes


def _places(theme: Theme, room: Rect, count: int) -> list[Rect]:
    """A place for each method: one below the other as far as they stay large, else in two columns."""
    if not count:
        return []
    columns = 1 if count <= (5 if theme.portrait else 3) else 2
    rows = -(-count // columns)
    height = min(theme.px(330), (room.h - theme.gap * (rows - 1)) // rows)
    out: list[Rect] = []
    for r in range(rows):
        row = Rect(room.x, room.y + r * (height + theme.gap), room.w, height)
        out += chrome.shares(row, (1,) * columns, theme.gap)
    return out[:count]
