"""What a code stands for: an order that is ready, gone, paid back or unpaid, a basket of which something is missing.

Everybody in the station can read it, so it says how the order stands, its short name and a few of its products; the
code itself is not on it.
"""

from __future__ import annotations

from kiosk.ui.art import Label
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.screens import chrome
from kiosk.ui.screens.ending import CARE, CARE_MARK, RECEIPTS, Banner, Row, halves
from kiosk.ui.theme import BAD, BRAND, BRAND_LIGHT, GOOD, INFO, Colour, Theme
from kiosk.ui.words import Words
from kiosk.views import CodeResult, Done, PrintReceipt, Retry, Shop

# How each answer looks: its colour and its sign.
LOOKS: dict[str, tuple[Colour, str]] = {
    "ready": (GOOD, "check"),
    "handed-over": (INFO, "basket"),
    "paying": (INFO, "clock"),
    "unpaid": (INFO, "cross"),
    "refunding": (INFO, "clock"),
    "refunded": (INFO, "receipt"),
    "partly": (INFO, "basket"),
    "nothing": (BAD, "basket"),
    "unknown": (BAD, "question"),
    "wait": (INFO, "clock"),
    "failed": (BAD, "warn"),
    "offline": (INFO, "warn"),
}
AGAIN = frozenset({"unknown", "wait", "failed", "offline"})  # another try may say more


def layout(theme: Theme, w: Words, shop: Shop, view: CodeResult) -> list[Node]:
    """The answer, what it is about, and what can be done."""
    key = view.key if view.key in LOOKS else "failed"
    colour, icon = LOOKS[key]
    top, room = halves(theme, theme.px(640))
    line = w(f"code.{key}.text", seconds=view.wait_s)
    title = w(f"code.{key}.title")
    nodes = [Node("banner", top, Banner(icon, title, line, w.language, theme.px(84), theme.px(40), colour))]
    y = room.y + theme.pad
    for name, art, high in _rows(theme, w, view):
        if y + high > room.bottom:
            break
        nodes.append(Node(name, Rect(room.x + theme.pad, y, room.w - 2 * theme.pad, high), art))
        y += high + theme.gap
    nodes += _answers(theme, w, view, room)
    return mirrored(nodes, theme.width) if w.rtl else nodes


def _rows(theme: Theme, w: Words, view: CodeResult) -> list[tuple[str, Label | Row, int]]:
    rows: list[tuple[str, Label | Row, int]] = []
    if view.order:
        said = w("code.order", order=view.order)
        rows.append(
            ("order", Label(said, w.language, theme.px(52), bold=True, smallest=theme.text), theme.px(84))
        )
    if view.total is not None:
        text = w.money(view.total)
        rows.append(
            ("total", Label(text, w.language, theme.px(44), bold=True, smallest=theme.text), theme.px(68))
        )
    if view.pickup:
        rows.append(("pickup", Row("basket", view.pickup, w.language, theme.px(38)), theme.px(156)))
    for i, line in enumerate(view.lines):
        text = w("code.line", quantity=line.quantity, name=line.name)
        rows.append(
            (f"line-{i}", Label(text, w.language, theme.body, smallest=theme.text, lines=2), theme.px(84))
        )
    if view.more:
        text = w("code.more", n=view.more)
        rows.append(("more", Label(text, w.language, theme.body, smallest=theme.text), theme.px(56)))
    for i, name in enumerate(view.missing):
        rows.append((f"missing-{i}", Row("cross", name, w.language, theme.px(38), disc=CARE, mark=CARE_MARK),
                     theme.px(100)))  # fmt: skip
    if view.receipt in RECEIPTS:
        missing = view.receipt.startswith("no-")
        art = Row("warn" if missing else "receipt", w(f"receipt.{view.receipt}"), w.language, theme.px(38),
                  disc=CARE if missing else BRAND_LIGHT, mark=CARE_MARK if missing else BRAND)  # fmt: skip
        rows.append(("receipt", art, theme.px(104)))
    return rows


def _answers(theme: Theme, w: Words, view: CodeResult, room: Rect) -> list[Node]:
    line = chrome.footer_rows(theme)[0]
    row = Rect(room.x, line.y, room.w, line.h)
    leave = w("code.to-basket") if view.key == "partly" else w("code.done")
    if view.key not in AGAIN and view.receipt != "offer":
        globe, done = chrome.shares(row, (-theme.button, 1), theme.gap)
        return [
            chrome.language_button(theme, w, globe),
            chrome.button(theme, w, "done", done, leave, Done(), "primary", "check"),
        ]
    globe, done, more = chrome.shares(row, (-theme.button, 1, 1.2), theme.gap)
    if view.key in AGAIN:
        other = chrome.button(theme, w, "retry", more, w("code.again"), Retry(), "primary")
    else:
        other = chrome.button(
            theme, w, "print", more, w("code.print"), PrintReceipt(), "secondary", "receipt"
        )
    quiet = "secondary" if view.key in AGAIN else "primary"
    return [
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "done", done, leave, Done(), quiet),
        other,
    ]


class CodeResultScreen(chrome.PurchaseScreen):
    """The answer."""

    def body(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return layout(self.theme, self.words, self.shop, self.view)
