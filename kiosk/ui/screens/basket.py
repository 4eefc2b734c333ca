"""The basket: a line per product with its steps, what it comes to, where it is handed over, and one button to pay.

Lines come in pages of whole lines, turned by buttons: a page is there at once and stands still, and what can be touched
never lies half under something else.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from kiosk.ui.art import Icon, Label
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Do, Node, mirrored
from kiosk.ui.screens import along, chrome
from kiosk.ui.screens.basket_art import TOTAL_WIDTH, LineSheet, TotalSheet, line_end
from kiosk.ui.theme import PAPER, SOFT_INK, WHITE, Theme
from kiosk.ui.words import Words
from kiosk.views import Back, Basket, BasketLine, Checkout, EnterCode, SetQuantity, Shop

PREVIOUS, NEXT = "previous", "next"


class BasketScreen(chrome.PurchaseScreen):
    """Keeps the page that is shown, and whether the sheet to take the basket along is open."""

    page = 0
    along = False

    def nodes(self) -> Sequence[Node]:
        """The body, and over it the sheet if it is open; then nothing under it can be touched."""
        nodes = super().nodes()
        if not self.along or self.shop is None or not self.view.carry:
            return nodes
        still = [Node(n.key, n.rect, n.art, None, n.radius) for n in nodes]
        return [*still, *along.sheet(self.theme, self.words, self.shop, self.view.carry)]

    def body(self) -> list[Node]:
        """The layout of the page."""
        assert self.shop is not None
        self.page = min(self.page, pages(self.theme, self.view) - 1)
        return layout(self.theme, self.words, self.shop, self.view, self.page)

    def leave(self) -> None:
        """The next basket begins on its first page."""
        super().leave()
        self.page = 0
        self.along = False

    def done(self, name: str) -> None:
        """Turn the page, or open and close the sheet."""
        super().done(name)
        if name in (along.ALONG, along.CLOSE_ALONG):
            self.along = name == along.ALONG
            self.refresh()
        if name in (PREVIOUS, NEXT):
            self.page = max(0, self.page + (1 if name == NEXT else -1))
            self.refresh()


class Plan(Struct, frozen=True):
    """Where lines, total and page buttons are, for readers from left to right."""

    lines: Rect
    total: Rect
    turn: Rect
    line: int
    per_page: int


def plan(theme: Theme, count: int, *, reach: bool, age: bool = False, rows: int = 1) -> Plan:
    """Divide the panel between the header and the `rows` of buttons. In reach mode the total stands above the lines."""
    head, foot = chrome.header_rect(theme), chrome.footer_rect(theme, rows)
    line = max(theme.target + theme.px(16), theme.px(160))
    turn_height = theme.button
    if theme.portrait:
        total_height = theme.px(300 if age else 230)
        room = Rect(
            theme.pad, head.bottom + theme.pad, theme.width - 2 * theme.pad, foot.y - head.bottom - theme.pad
        )
        if reach and theme.reach_top > room.y:
            low = max(room.y + total_height + theme.pad, theme.reach_top)
            total = Rect(room.x, room.y, room.w, low - theme.pad - room.y)
            lines = Rect(room.x, low, room.w, room.bottom - low)
        else:
            total = Rect(room.x, room.bottom - total_height, room.w, total_height)
            lines = Rect(room.x, room.y, room.w, room.h - total_height - theme.pad)
    else:
        room = Rect(
            theme.pad, head.bottom + theme.pad, theme.width - 2 * theme.pad, foot.y - head.bottom - theme.pad
        )
        lines, total = chrome.shares(room, (66, 34), theme.pad)
        if reach and theme.reach_top > lines.y:
            lines = Rect(lines.x, theme.reach_top, lines.w, lines.bottom - theme.reach_top)
    per_page = max(1, (lines.h + theme.gap) // (line + theme.gap))
    free = lines.h
    if count > per_page:
        free = lines.h - turn_height - theme.gap
        per_page = max(1, (free + theme.gap) // (line + theme.gap))
    if count:  # lines share the room there is, as far as that looks like a list
        line = max(line, min(theme.px(216), (free + theme.gap) // min(count, per_page) - theme.gap))
    turn = Rect(lines.x, lines.bottom - turn_height, lines.w, turn_height)
    return Plan(lines, total, turn, line, per_page)


def plan_of(theme: Theme, view: Basket) -> Plan:
    """The plan for a basket."""
    return plan(theme, len(view.lines), reach=view.frame.reach, age=view.age_min > 0, rows=_rows(theme, view))


def _rows(theme: Theme, view: Basket) -> int:
    """Rows of buttons: a high panel has a row of its own for the basket that leaves on a phone and the one that comes from one."""
    return 2 if theme.portrait and view.lines else 1


def pages(theme: Theme, view: Basket) -> int:
    """How many pages the lines take; at least one."""
    p = plan_of(theme, view)
    return max(1, -(-len(view.lines) // p.per_page))


def layout(theme: Theme, w: Words, shop: Shop, view: Basket, page: int = 0) -> list[Node]:
    """The basket's nodes."""
    nodes = [chrome.header(theme, w, shop, w("basket.title"), "basket")]
    if not view.lines:
        nodes += _empty(theme, w)
        return mirrored(nodes, theme.width) if w.rtl else nodes
    p = plan_of(theme, view)
    first = page * p.per_page
    for i, line in enumerate(view.lines[first : first + p.per_page]):
        place = Rect(p.lines.x, p.lines.y + i * (p.line + theme.gap), p.lines.w, p.line)
        nodes += _line(theme, w, line, place)
    if len(view.lines) > p.per_page:
        nodes += _turn(theme, w, p.turn, page, pages(theme, view))
    nodes.append(Node("total", p.total, _total(theme, w, view)))
    nodes += _controls(theme, w, view)
    return mirrored(nodes, theme.width) if w.rtl else nodes


def _line(theme: Theme, w: Words, line: BasketLine, place: Rect) -> list[Node]:
    side = max(theme.target, theme.px(88))
    middle = theme.px(72)
    steps = 2 * side + middle
    text, large = theme.px(34), theme.px(44)
    art = LineSheet(line.name, line.picture, w("basket.each", price=w.money(line.price)), w.money(line.total),
                    w.money(line.total + line.saved) if line.saved else "", w.language, text, large, steps)  # fmt: skip
    right = place.right - line_end(text) - round(large * TOTAL_WIDTH) - text // 2
    y = place.y + (place.h - side) // 2
    less = Rect(right - steps, y, side, side)
    count = Rect(less.right, y, middle, side)
    more = Rect(count.right, y, side, side)
    minus = chrome.button(theme, w, f"less-{line.gtin}", less, "", SetQuantity(line.gtin, line.quantity - 1),
                          "secondary", "bin" if line.quantity == 1 else "minus", WHITE)  # fmt: skip
    plus = chrome.button(theme, w, f"more-{line.gtin}", more, "", SetQuantity(line.gtin, line.quantity + 1),
                         "secondary", "plus", WHITE)  # fmt: skip
    label = Label(str(line.quantity), w.language, theme.heading, ground=WHITE, bold=True, align="center",
                  smallest=theme.text)  # fmt: skip
    return [Node(f"line-{line.gtin}", place, art), minus, Node(f"count-{line.gtin}", count, label), plus]


def _turn(theme: Theme, w: Words, row: Rect, page: int, count: int) -> list[Node]:
    up, label, down = chrome.shares(row, (1, 1, 1), theme.gap)
    text = Label(w("basket.page", page=page + 1, pages=count), w.language, theme.body, SOFT_INK, PAPER, bold=True,
                 align="center")  # fmt: skip
    before = Do(PREVIOUS) if page else None
    after = Do(NEXT) if page + 1 < count else None
    return [
        chrome.button(theme, w, PREVIOUS, up, "", before, "secondary" if before else "off", "up"),
        Node("page", label, text),
        chrome.button(theme, w, NEXT, down, "", after, "secondary" if after else "off", "down"),
    ]


def _total(theme: Theme, w: Words, view: Basket) -> TotalSheet:
    items = w.count("wall.items", sum(line.quantity for line in view.lines))
    saved = w("basket.saved", amount=w.money(view.saved)) if view.saved else ""
    age = w("product.age", years=view.age_min) if view.age_min else ""
    return TotalSheet(items, saved, w("basket.total"), w.money(view.total), view.pickup, age, w.language, theme.text,
                      theme.px(76), theme.pad, theme.radius)  # fmt: skip


def _controls(theme: Theme, w: Words, view: Basket) -> list[Node]:
    *upper, row = chrome.footer_rows(theme, _rows(theme, view))
    nodes = []
    if upper:
        take, code = chrome.shares(upper[0], (1.75, 1), theme.gap)
        globe, back, pay = chrome.shares(row, (-theme.button, 1, 1.45), theme.gap)
    elif view.carry:
        globe, code, take, back, pay = chrome.shares(row, (-theme.button, 0.9, 0.9, 1, 1.45), theme.gap)
    else:
        globe, code, back, pay = chrome.shares(row, (-theme.button, 0.9, 1, 1.45), theme.gap)
        take = code
    nodes.append(chrome.button(theme, w, "code", code, w("code.have"), EnterCode(), "quiet", "receipt"))
    if view.carry:
        nodes.append(_along(theme, w, take, w("basket.along.long" if upper else "basket.along")))
    text = w("basket.pay", amount=w.money(view.total))
    free = view.total.minor <= 0
    return [
        *nodes,
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "back", back, w("basket.more"), Back(), "secondary", "left"),
        chrome.button(
            theme, w, "pay", pay, text, None if free else Checkout(), "off" if free else "action", "card"
        ),
    ]


def _along(theme: Theme, w: Words, rect: Rect, text: str) -> Node:
    return chrome.button(theme, w, along.ALONG, rect, text, Do(along.ALONG), "quiet", "phone")


def _empty(theme: Theme, w: Words) -> list[Node]:
    head, foot = chrome.header_rect(theme), chrome.footer_rect(theme)
    room = Rect(theme.pad, head.bottom, theme.width - 2 * theme.pad, foot.y - head.bottom)
    side = min(theme.px(300), room.h // 3)
    sign = Rect(room.x + (room.w - side) // 2, room.y + room.h // 2 - side, side, side)
    words = Rect(room.x, sign.bottom + theme.pad, room.w, theme.px(240))
    message = chrome.Message(
        w("basket.empty"), w("basket.empty-text"), w.language, theme.title, theme.body, theme.text
    )
    globe, back = chrome.shares(chrome.footer_rows(theme)[0], (-theme.button, 1), theme.gap)
    return [
        Node("sign", sign, Icon("basket", (206, 214, 205))),
        Node("message", words, message),
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "back", back, w("basket.more"), Back(), "primary", "left"),
    ]
