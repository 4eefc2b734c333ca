"""A technician's test of a peripheral: what to do now, the code to scan, and how it went."""

from __future__ import annotations

from kiosk.ui import paint
from kiosk.ui.art import Art, Label
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.screens import chrome
from kiosk.ui.screens.ending import Banner, halves
from kiosk.ui.screens.pay import EDGE, module_for
from kiosk.ui.screens.pay_art import CardPicture, CodeSheet, Sign
from kiosk.ui.theme import BAD, BRAND_DEEP, GOOD, INK, Colour, Theme
from kiosk.ui.words import Words
from kiosk.views import Answer, DeviceTest, Done, Shop

STEPS = frozenset({"scan", "card", "away", "phone", "receipt", "unplug", "plug", "wait", "passed", "failed"})
COLOURS: dict[str, Colour] = {"passed": GOOD, "failed": BAD}
SIGNS: dict[str, tuple[str, str]] = {
    "scan": ("question", ""),
    "away": ("card", "cross"),
    "phone": ("phone", ""),
    "receipt": ("receipt", "question"),
    "unplug": ("cross", ""),
    "plug": ("plus", ""),
    "wait": ("clock", ""),
    "passed": ("check", ""),
    "failed": ("warn", ""),
}


class DeviceTestScreen(chrome.PurchaseScreen):
    """A step of the test."""

    def body(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return layout(self.theme, self.words, self.shop, self.view)


def layout(theme: Theme, w: Words, shop: Shop, view: DeviceTest) -> list[Node]:
    """What to do above, its picture below; yes and no where they are asked, and always the way out."""
    step = view.step if view.step in STEPS else "wait"
    top, room = halves(theme, theme.px(560))
    title = w(f"test.{step}.title")
    line = w(f"test.{step}.text")
    banner = Banner("question" if step not in COLOURS else SIGNS[step][0], title, line, w.language, theme.px(84),
                    theme.px(40), COLOURS.get(step, BRAND_DEEP))  # fmt: skip
    said = w("test.of", device=view.device, kiosk=shop.kiosk, number=view.number, steps=view.steps)
    head = Rect(room.x, room.y + theme.gap, room.w, theme.px(64))
    detail = Rect(room.x, room.bottom - theme.px(150), room.w, theme.px(140))
    place = Rect(room.x, head.bottom + theme.gap, room.w, detail.y - head.bottom - 2 * theme.gap)
    nodes = [
        Node("banner", top, banner),
        Node("of", head, Label(said, w.language, theme.body, align="center", smallest=theme.text)),
        _picture(theme, view, step, place),
    ]
    if view.detail:  # as the driver says it, in its own language
        art = Label(view.detail, "en", theme.body, INK, align="center", smallest=theme.text, lines=3)
        nodes.append(Node("detail", detail, art))
    nodes += _answers(theme, w, view, room)
    return mirrored(nodes, theme.width) if w.rtl else nodes


def _picture(theme: Theme, view: DeviceTest, step: str, place: Rect) -> Node:
    if step == "scan" and view.code:
        # what a scanner held at arm's length reads: no larger than a hand
        most = Rect(place.x, place.y, place.w, min(place.h, theme.px(760)))
        module = min(module_for(theme, view.code, most), theme.module(1000) * 2)
        side = paint.code_side(view.code, module) + 2 * theme.px(EDGE)
        return Node("code", _middle(place, side), CodeSheet(view.code, module, theme.px(EDGE)))
    side = min(place.w, place.h, theme.px(520))
    art: Art = CardPicture(theme.radius) if step == "card" else Sign(*SIGNS[step])
    return Node("sign", _middle(place, side), art)


def _middle(place: Rect, side: int) -> Rect:
    return Rect(place.x + (place.w - side) // 2, place.y + (place.h - side) // 2, side, side)


def _answers(theme: Theme, w: Words, view: DeviceTest, room: Rect) -> list[Node]:
    line = chrome.footer_rows(theme)[0]
    row = Rect(room.x, line.y, room.w, line.h)
    end = w("test.done") if view.step in COLOURS else w("test.end")
    if not view.asks:
        globe, done = chrome.shares(row, (-theme.button, 1), theme.gap)
        kind = "primary" if view.step in COLOURS else "secondary"
        return [
            chrome.language_button(theme, w, globe),
            chrome.button(theme, w, "done", done, end, Done(), kind),
        ]
    done, no, yes = chrome.shares(row, (1, 1, 1), theme.gap)
    return [
        chrome.button(theme, w, "done", done, end, Done(), "quiet"),
        chrome.button(theme, w, "no", no, w("test.no"), Answer(False), "secondary", "cross"),
        chrome.button(theme, w, "yes", yes, w("test.yes"), Answer(True), "primary", "check"),
    ]
