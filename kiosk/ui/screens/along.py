"""The basket on a sheet as one code: whoever's train comes takes it along on a phone. It needs no network."""

from __future__ import annotations

from typing import Final

from kiosk.ui import paint
from kiosk.ui.art import Code, Label, Panel, Veil
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Do, Node, mirrored
from kiosk.ui.screens import chrome
from kiosk.ui.theme import QUIET, SOFT_INK, WHITE, Theme
from kiosk.ui.words import Words
from kiosk.views import Shop

ALONG: Final = "along"  # the name of the tap that opens the sheet
CLOSE_ALONG: Final = "close-along"
DISTANCE: Final = 1000  # mm from which a phone reads the code at least; whoever touched stands nearer
LARGEST: Final = 18  # pixels a module


def sheet(theme: Theme, w: Words, shop: Shop, link: str) -> list[Node]:
    """The sheet over the basket; its one button stands where the basket's buttons stand."""
    pad = theme.pad
    row = chrome.footer_rows(theme)[0]
    edge = pad // 2
    whole = Rect(edge, edge, theme.width - 2 * edge, theme.height - 2 * edge)
    inner = Rect(row.x + pad, whole.y + pad, row.w - 2 * pad, row.y - whole.y - 2 * pad)
    close = Rect(inner.x, row.y - pad, inner.w, row.h)
    level = paint.level_of(link, glare=theme.panel.glare)
    place, words = _halves(theme, inner)
    modules = paint.code_side(link, 1, level, quiet=QUIET)
    module = max(2, min(LARGEST, min(place.w, place.h) // modules))
    side = modules * module
    code = Rect(place.x + (place.w - side) // 2, place.y + (place.h - side) // 2, side, side)
    nodes = [
        Node("along-veil", Rect(0, 0, theme.width, theme.height), Veil()),
        Node("along-sheet", whole, Panel(theme.radius * 2, WHITE, None)),
        Node("along-code", code, Code(link, module, level)),
        *_words(theme, w, shop, words),
        chrome.button(
            theme, w, CLOSE_ALONG, close, w("choose.back"), Do(CLOSE_ALONG), "primary", "left", WHITE
        ),
    ]
    return mirrored(nodes, theme.width) if w.rtl else nodes


def _halves(theme: Theme, room: Rect) -> tuple[Rect, Rect]:
    """A place for the code and one for the words: one below the other, or side by side where the panel is wide."""
    if theme.portrait:
        low = theme.px(470)
        return Rect(room.x, room.y, room.w, room.h - low), Rect(room.x, room.bottom - low, room.w, low)
    side = min(room.h, room.w // 2)
    left = Rect(room.x, room.y, side, room.h)
    return left, Rect(left.right + theme.pad, room.y, room.right - left.right - theme.pad, room.h)


def _words(theme: Theme, w: Words, shop: Shop, room: Rect) -> list[Node]:
    """What it is, what to do, what the phone must show, and that nothing about anybody is in it."""
    parts = [
        ("along-title", Label(w("basket.along.title"), w.language, theme.px(60), ground=WHITE, bold=True, align="center",
         lines=2, smallest=theme.text), theme.px(150)),
        ("along-text", Label(w("basket.along.text"), w.language, theme.px(38), ground=WHITE, align="center", lines=3,
         smallest=theme.text), theme.px(120)),
    ]  # fmt: skip
    if shop.domain:
        must = f"{w('pay.must-show')} \u2066{shop.domain}\u2069"
        parts.append(("along-domain", Label(must, w.language, theme.px(34), ground=WHITE, bold=True, align="center",
                      lines=2, smallest=theme.text), theme.px(92)))  # fmt: skip
    parts.append(("along-safe", Label(w("basket.along.safe"), w.language, theme.px(32), SOFT_INK, WHITE, align="center",
                  lines=2, smallest=theme.text), theme.px(88)))  # fmt: skip
    y = room.y + max(0, (room.h - sum(height for _, _, height in parts)) // 2)
    nodes = []
    for key, art, height in parts:
        nodes.append(Node(key, Rect(room.x, y, room.w, height), art))
        y += height
    return nodes
