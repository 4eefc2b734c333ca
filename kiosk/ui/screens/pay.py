"""Money is in flight: the amount, the code to scan or the reader to tap, and the time that is left.

The code is as large as its place allows in whole pixels per module, at least what a phone needs at two metres. Under it
stands what the payer's phone must show too. Each second only the countdown is painted again. Leaving is a wish the
provider is asked about, so the one button says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from kiosk.ui import paint
from kiosk.ui.art import Art
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.screens import chrome
from kiosk.ui.screens.base import Host
from kiosk.ui.screens.methods import PLAIN, method_words, scan_words
from kiosk.ui.screens.pay_art import Amount, CardPicture, CodeSheet, Countdown, MustShow, Sign, Steps
from kiosk.ui.theme import QUIET, Theme
from kiosk.ui.words import Words
from kiosk.views import CancelPay, Pay, Shop, View

CODE_DISTANCE = 2000  # mm from which a phone reads the code
NEAREST = 1000  # mm; kiosk.codes.glass refuses what could be read only from nearer
LARGEST_MODULE = 24  # pixels; a tiny code blown up further reads no better
FULL_MS = 180_000  # the bar is full then, where the view does not say for how long the code is offered
EDGE = 14  # of the sheet around the code's quiet zone, so wide that its round corners cut nothing from it
URGENT_S = 20
MENU_S = 8.0  # the language menu hides the code no longer than that
STAGES = ("asking", "waiting", "scanned", "confirming", "cancelling", "late")
LEVELS = {"epc": "M", "swiss": "M"}  # as their standards say: EPC069-12, 2.3; Swiss QR-bill guidelines, 6.1


class PayScreen(chrome.PurchaseScreen):
    """Counts down on the machine's monotonic clock, which agent and screen share: no change of the time makes it jump.

    `now` gives its milliseconds. The next tick comes when the shown second is over.
    """

    def __init__(
        self, host: Host, canvas: Any, now: Callable[[], float] = lambda: time.monotonic() * 1000
    ) -> None:
        super().__init__(host, canvas)
        self._now = now
        self._since = now()
        self._menu_until = 0.0
        self._timer: Any = None

    def body(self) -> list[Node]:
        """The layout of this second."""
        assert self.shop is not None
        now = self._now()
        left = seconds_left(self.view, now)
        ticks = round((now - self._since) / 1000)
        return layout(self.theme, self.words, self.shop, self.view, left, ticks)

    def show(self, shop: Shop, view: View) -> None:
        """A payment, or its next stage: what there is to see now is not left under the language menu."""
        self._since = self._now()
        if self.view is not None and _stage_and_code(self.view) != _stage_and_code(view):
            self.menu = False
        super().show(shop, view)

    def refresh(self) -> None:
        """Lay out, and come again when the second is over."""
        if self.menu and self._now() >= self._menu_until:
            self.menu = False
        super().refresh()
        self._stop()
        self._timer = self.host.later(self._next, until_next(self.view, self._now()) / 1000)

    def done(self, name: str) -> None:
        """The language menu opens for a while: somebody else may be about to scan."""
        self._menu_until = self._now() + MENU_S * 1000
        super().done(name)

    def leave(self) -> None:
        """Another screen takes over."""
        super().leave()
        self._stop()

    def _next(self, _dt: float) -> None:
        self.refresh()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _stage_and_code(view: View) -> tuple[str, str]:
    return (view.stage, view.payload) if isinstance(view, Pay) else ("", "")


def seconds_left(view: Pay, now_ms: float) -> int | None:
    """Whole seconds until the offer ends, rounded up; None where that is not known."""
    if not view.until_ms:
        return None
    return max(0, -int(-(view.until_ms - now_ms) // 1000))


def until_next(view: Pay, now_ms: float) -> float:
    """Milliseconds until another second is shown: the countdown's, or one of those that pass."""
    left = view.until_ms - now_ms
    return (left % 1000 or 1000.0) + 2 if view.until_ms and left > 0 else 1000.0


def stage_of(view: Pay) -> str:
    """The stage to draw. Waiting without anything to scan is waiting for a card, or for the code."""
    if view.stage == "waiting" and not view.payload:
        return "card" if view.method == "card" else "asking"
    return view.stage if view.stage in STAGES else "confirming"


def layout(theme: Theme, w: Words, shop: Shop, view: Pay, left: int | None, ticks: int = 0) -> list[Node]:
    """The nodes; `left` seconds are left, `ticks` counts the seconds this stage lasts."""
    stage = stage_of(view)
    name, _hint = method_words(w, view.method)
    plain = PLAIN.get(view.method, "")
    nodes = [chrome.header(theme, w, shop, name, plain or "code", mark="" if plain else view.method)]
    nodes += _portrait(theme, w, view, stage, left, ticks) if theme.portrait else (
        _landscape(theme, w, view, stage, left, ticks))  # fmt: skip
    return mirrored(nodes, theme.width) if w.rtl else nodes


class _Rows(NamedTuple):
    """Heights and font sizes of the rows around the code, designed for text of 28 px."""

    amount: int
    amount_size: int
    words: int
    heading: int
    must: int
    time: int


_ROOMY = _Rows(amount=286, amount_size=116, words=200, heading=64, must=112, time=84)
_TIGHT = _Rows(
    amount=176, amount_size=72, words=140, heading=46, must=96, time=68
)  # a small panel with large letters


def _rows(theme: Theme) -> _Rows:
    return _TIGHT if theme.portrait and theme.width < theme.px(900) else _ROOMY


def _portrait(theme: Theme, w: Words, view: Pay, stage: str, left: int | None, ticks: int) -> list[Node]:
    head, foot, rows = chrome.header_rect(theme), chrome.footer_rect(theme), _rows(theme)
    amount = Rect(0, head.bottom, theme.width, theme.px(rows.amount))
    high = theme.px(rows.time)
    time_row = Rect(theme.pad * 2, foot.y - high, theme.width - 4 * theme.pad, high)
    high = theme.px(rows.words)
    words = Rect(theme.pad, time_row.y - high, theme.width - 2 * theme.pad, high)
    place = Rect(theme.pad, amount.bottom + theme.gap, words.w, words.y - amount.bottom - 2 * theme.gap)
    must, place = _cut(theme, view, stage, place)
    return [
        Node("amount", amount, _amount(theme, w, view)),
        _picture(theme, view, stage, place),
        *_must_show(theme, w, view, must),
        Node("message", words, _message(theme, w, view, stage)),
        *_time(theme, w, view, stage, left, ticks, time_row),
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
    words = Rect(
        column.x, amount.bottom + theme.gap, column.w - theme.pad, time_row.y - amount.bottom - 2 * theme.gap
    )
    must, words = _cut(theme, view, stage, words)
    return [
        Node("amount", amount, _amount(theme, w, view)),
        _picture(theme, view, stage, place),
        *_must_show(theme, w, view, must),
        Node("message", words, _message(theme, w, view, stage)),
        *_time(theme, w, view, stage, left, ticks, time_row),
        *_controls(theme, w, stage, row),
    ]


def _cut(theme: Theme, view: Pay, stage: str, room: Rect) -> tuple[Rect | None, Rect]:
    """The strip at the lower edge of a room for what the phone must show, where it must, and the rest of the room."""
    if stage not in ("waiting", "scanned") or not view.check:
        return None, room
    height = theme.px(_rows(theme).must)
    strip = Rect(room.x, room.bottom - height, room.w, height)
    return strip, Rect(room.x, room.y, room.w, room.h - height - theme.gap)


def _must_show(theme: Theme, w: Words, view: Pay, place: Rect | None) -> list[Node]:
    if place is None:
        return []
    value = " · ".join(part for part in (view.domain or view.merchant, view.check) if part)
    art = MustShow(w("pay.must-show"), value, w.language, theme.px(46), theme.px(32), theme.radius)
    return [Node("must-show", place, art)]


def _amount(theme: Theme, w: Words, view: Pay) -> Amount:
    merchant = w("pay.merchant", merchant=view.merchant) if view.merchant else ""
    size = theme.px(_rows(theme).amount_size)
    return Amount(
        w("pay.amount"),
        w.money(view.amount),
        merchant,
        w.language,
        size,
        min(theme.px(42), size // 2),
        theme.pad,
    )


def level_for(theme: Theme, view: Pay, place: Rect) -> str:
    """The error correction of a view's code: its standard's, else the sturdiest that costs no distance.

    Against glare it may cost some, but not so much that a phone one metre away cannot read it any more.
    """
    level = LEVELS.get(view.method) or paint.level_of(view.payload, glare=theme.panel.glare)
    return level if module_for(theme, view.payload, place, level) >= theme.module(NEAREST) else "M"


def module_for(theme: Theme, payload: str, place: Rect, level: str = "M") -> int:
    """Whole pixels per module: as many as fit with the quiet zone and the sheet's edge."""
    modules = paint.code_side(payload, 1, level, quiet=QUIET)
    return max(2, min(LARGEST_MODULE, (min(place.w, place.h) - 2 * theme.px(EDGE)) // modules))


def _picture(theme: Theme, view: Pay, stage: str, place: Rect) -> Node:
    if stage == "waiting":
        level = level_for(theme, view, place)
        module = module_for(theme, view.payload, place, level)
        side = paint.code_side(view.payload, module, level) + 2 * theme.px(EDGE)
        sheet = Rect(place.x + (place.w - side) // 2, place.y + (place.h - side) // 2, side, side)
        return Node(
            "code", sheet, CodeSheet(view.payload, module, theme.px(EDGE), level, view.method == "swiss")
        )
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
        heading, text = scan_words(w, view.method), w("pay.waiting.text")
    else:
        heading, text = w(f"pay.{stage}"), w(f"pay.{stage}.text")
    return chrome.Message(heading, text, w.language, theme.px(_rows(theme).heading), theme.px(38), theme.text)


def _time(
    theme: Theme, w: Words, view: Pay, stage: str, left: int | None, ticks: int, row: Rect
) -> list[Node]:
    if stage in ("waiting", "card", "scanned") and left is not None:
        shown = f"{left // 60}:{left % 60:02}"
        part = min(120, left * 120_000 // (view.offered_ms or FULL_MS))
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
