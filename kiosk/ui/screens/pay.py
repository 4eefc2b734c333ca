"""Money is in flight: the amount, the code to scan or the reader to tap, and the time that is left.

The code is as large as its place allows in whole pixels per module, at least what a phone needs at two metres. Each
second only the countdown is painted again. Leaving is a wish the provider is asked about, so the one button says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kiosk.ui.art import Art
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.paint import code_side
from kiosk.ui.screens import chrome
from kiosk.ui.screens.base import Host
from kiosk.ui.screens.choose import method_words
from kiosk.ui.screens.pay_art import Amount, CardPicture, CodeSheet, Countdown, Sign, Steps
from kiosk.ui.theme import QUIET, Theme
from kiosk.ui.words import Words
from kiosk.views import CancelPay, Pay, Shop, View

CODE_DISTANCE = 2000  # mm from which a phone reads the code
LARGEST_MODULE = 24  # pixels; a tiny code blown up further reads no better
FULL_MS = 180_000  # the longest time a code is offered (kiosk.core.settings); the bar is full then
TAP_MS = 45_000  # likewise for holding a card
URGENT_S = 20
STAGES = ("asking", "waiting", "scanned", "confirming", "cancelling", "late")


class PayScreen(chrome.PurchaseScreen):
    """Counts down; `now` gives Unix milliseconds."""

    period = 1.0

    def __init__(
        self, host: Host, canvas: Any, now: Callable[[], float] = lambda: time.time() * 1000
    ) -> None:
        super().__init__(host, canvas)
        self._now = now
        self._ticks = 0

    def body(self) -> list[Node]:
        """The layout of this second."""
        assert self.shop is not None
        left = seconds_left(self.view, self._now())
        return layout(self.theme, self.words, self.shop, self.view, left, self._ticks)

    def show(self, shop: Shop, view: View) -> None:
        """A payment, or its next stage."""
        self._ticks = 0
        super().show(shop, view)

    def tick(self) -> None:
        """A second has passed."""
        self._ticks += 1
        self.refresh()


def seconds_left(view: Pay, now_ms: float) -> int | None:
    """Whole seconds until the offer ends, rounded up; None where that is not known."""
    if not view.expires_ms:
        return None
    return max(0, -int(-(view.expires_ms - now_ms) // 1000))


def stage_of(view: Pay) -> str:
    """The stage to draw. Waiting without anything to scan is waiting for a card, or for the code."""
    if view.stage == "waiting" and not view.payload:
        return "card" if view.method == "card" else "asking"
    return view.stage if view.stage in STAGES else "confirming"


def layout(theme: Theme, w: Words, shop: Shop, view: Pay, left: int | None, ticks: int = 0) -> list[Node]:
    """The nodes; `left` seconds are left, `ticks` counts the seconds this stage lasts."""
    stage = stage_of(view)
    name, _hint = method_words(w, view.method)
    nodes = [chrome.header(theme, w, shop, name, "card" if view.method == "card" else "phone")]
    nodes += _portrait(theme, w, view, stage, left, ticks) if theme.portrait else (
        _landscape(theme, w, view, stage, left, ticks))  # fmt: skip
    return mirrored(nodes, theme.width) if w.rtl else nodes


def _portrait(theme: Theme, w: Words, view: Pay, stage: str, left: int | None, ticks: int) -> list[Node]:
    head, foot = chrome.header_rect(theme), chrome.footer_rect(theme)
    amount = Rect(0, head.bottom, theme.width, theme.px(270))
    time_row = Rect(theme.pad * 2, foot.y - theme.px(84), theme.width - 4 * theme.pad, theme.px(84))
    words = Rect(theme.pad, time_row.y - theme.px(230), theme.width - 2 * theme.pad, theme.px(230))
    place = Rect(theme.pad, amount.bottom + theme.pad, words.w, words.y - amount.bottom - 2 * theme.pad)
    return [
        Node("amount", amount, _amount(theme, w, view)),
        _picture(theme, view, stage, place),
        Node("message", words, _message(theme, w, view, stage)),
        *_time(theme, w, stage, left, ticks, time_row),
        *_controls(theme, w, stage, chrome.footer_rows(theme)[0]),
    ]


def _landscape(theme: Theme, w: Words, view: Pay, stage: str, left: int | None, ticks: int) -> list[Node]:
    head = chrome.header_rect(theme)
    height = theme.height - head.bottom
    side = height - 2 * theme.pad
    place = Rect(theme.pad, head.bottom + theme.pad, min(side, theme.width // 2), side)
    column = Rect(place.right + theme.pad, head.bottom, theme.width - place.right - theme.pad, height)
    amount = Rect(column.x, column.y, column.w, theme.px(270))
    row = Rect(column.x, chrome.footer_rows(theme)[0].y, column.w - theme.pad, theme.button)
    time_row = Rect(
        column.x + theme.pad, row.y - theme.px(84) - theme.pad, column.w - 3 * theme.pad, theme.px(84)
    )
    words = Rect(column.x, amount.bottom, column.w - theme.pad, time_row.y - amount.bottom)
    return [
        Node("amount", amount, _amount(theme, w, view)),
        _picture(theme, view, stage, place),
        Node("message", words, _message(theme, w, view, stage)),
        *_time(theme, w, stage, left, ticks, time_row),
        *_controls(theme, w, stage, row),
    ]


def _amount(theme: Theme, w: Words, view: Pay) -> Amount:
    merchant = w("pay.merchant", merchant=view.merchant) if view.merchant else ""
    return Amount(
        w("pay.amount"), w.money(view.amount), merchant, w.language, theme.px(116), theme.px(34), theme.pad
    )


def module_for(theme: Theme, payload: str, place: Rect) -> int:
    """Whole pixels per module: as many as fit with the quiet zone and the sheet's edge."""
    modules = code_side(payload, 1, quiet=QUIET)
    return max(2, min(LARGEST_MODULE, (min(place.w, place.h) - 2 * theme.px(8)) // modules))


def _picture(theme: Theme, view: Pay, stage: str, place: Rect) -> Node:
    if stage == "waiting":
        module = module_for(theme, view.payload, place)
        side = code_side(view.payload, module) + 2 * theme.px(8)
        sheet = Rect(place.x + (place.w - side) // 2, place.y + (place.h - side) // 2, side, side)
        return Node("code", sheet, CodeSheet(view.payload, module, theme.radius))
    if stage == "card":
        side = min(place.w, place.h)
        return Node("card", _middle(place, side), CardPicture(theme.radius))
    art: dict[str, Art] = {
        "asking": Sign("clock"),
        "scanned": Sign("phone", "check"),
        "confirming": Sign("card" if view.method == "card" else "phone", "clock", badge=(24, 58, 104)),
        "cancelling": Sign("cross", disc=(236, 234, 228), ink=(96, 98, 96)),
        "late": Sign("clock", disc=(255, 240, 200), ink=(120, 80, 0)),
    }
    side = min(place.w, place.h, theme.px(560))
    return Node("sign", _middle(place, side), art[stage])


def _middle(place: Rect, side: int) -> Rect:
    return Rect(place.x + (place.w - side) // 2, place.y + (place.h - side) // 2, side, side)


def _message(theme: Theme, w: Words, view: Pay, stage: str) -> chrome.Message:
    if stage == "waiting":
        key = f"pay.{view.method}"
        heading = w(key) if w.has(key) else w("pay.other")
        text = w("pay.waiting.text")
    else:
        heading, text = w(f"pay.{stage}"), w(f"pay.{stage}.text")
    return chrome.Message(heading, text, w.language, theme.px(64), theme.px(38), theme.text)


def _time(theme: Theme, w: Words, stage: str, left: int | None, ticks: int, row: Rect) -> list[Node]:
    if stage in ("waiting", "card", "scanned") and left is not None:
        shown = f"{left // 60}:{left % 60:02}"
        part = min(120, left * 120_000 // (TAP_MS if stage == "card" else FULL_MS))
        art = Countdown(
            w("pay.time"), shown, part, w.language, theme.px(52), theme.px(32), w.rtl, left <= URGENT_S
        )
        return [Node("time", row, art)]
    dots = Rect(row.x, row.y + row.h // 3, row.w, row.h // 3)
    return [Node("steps", dots, Steps(ticks % 5))]


def _controls(theme: Theme, w: Words, stage: str, row: Rect) -> list[Node]:
    globe, cancel = chrome.shares(row, (-theme.button, 1), theme.gap)
    can = stage != "cancelling"
    return [
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "cancel", cancel, w("pay.cancel"), CancelPay() if can else None,
                      "quiet" if can else "off", "cross"),
    ]  # fmt: skip
