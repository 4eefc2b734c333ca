"""A device nobody has let in yet: the code a person compares, and what goes on."""

from __future__ import annotations

from typing import Final

from kiosk.ui.art import Label
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.screens import chrome
from kiosk.ui.screens.base import Screen
from kiosk.ui.screens.closed import languages
from kiosk.ui.screens.ending import Banner, ClaimSheet, SmallPrint, halves
from kiosk.ui.screens.pay_art import Sign
from kiosk.ui.theme import BAD, BRAND_DEEP, GOOD, INK, PAPER, Colour, Theme
from kiosk.ui.words import Words
from kiosk.views import Enrol, Shop

STATES: Final = frozenset({"reaching", "waiting", "busy", "rejected", "welcome"})
COLOURS: Final[dict[str, Colour]] = {"welcome": GOOD, "rejected": BAD}
SIGNS: Final = {"welcome": "check", "rejected": "cross"}


class EnrolScreen(Screen):
    """See the module."""

    ground = PAPER

    def nodes(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return layout(self.theme, self.words, self.shop, self.view)


def layout(theme: Theme, w: Words, shop: Shop, view: Enrol) -> list[Node]:
    """What to do above; the code, or a sign while there is none; whom it asks; the languages."""
    state = view.state if view.state in STATES else "reaching"
    top, room = halves(theme, theme.px(560))
    banner = Banner(
        SIGNS.get(state, "question"), w(f"enrol.{state}.title"), w(f"enrol.{state}.text"), w.language, theme.px(92),
        theme.px(42), COLOURS.get(state, BRAND_DEEP),
    )  # fmt: skip
    row = chrome.footer_rows(theme)[0]
    buttons = Rect(room.x, row.y, room.w, row.h)
    small = Rect(room.x, buttons.y - theme.pad - theme.px(64), room.w, theme.px(64))
    detail = Rect(room.x, small.y - theme.px(130), room.w, theme.px(120))
    place = Rect(room.x, room.y + theme.pad, room.w, detail.y - room.y - 2 * theme.pad)
    nodes = [Node("banner", top, banner)]
    if view.code and state != "welcome":
        sheet = Rect(
            place.x, place.y + max(0, (place.h - theme.px(460)) // 2), place.w, min(place.h, theme.px(460))
        )
        art = ClaimSheet(
            w("enrol.code"), view.code, "", w.language, theme.px(190), theme.px(40), theme.radius * 2
        )
        nodes.append(Node("code", sheet, art))
    else:
        side = min(place.w, place.h, theme.px(420))
        middle = Rect(place.x + (place.w - side) // 2, place.y + (place.h - side) // 2, side, side)
        nodes.append(Node("sign", middle, Sign("check" if state == "welcome" else "clock", "")))
    if view.detail:  # as the fleet or the network says it, in its own language
        said = Label(view.detail, "en", theme.body, INK, align="center", smallest=theme.text, lines=2)
        nodes.append(Node("detail", detail, said))
    if view.fleet:
        asked = SmallPrint((w("enrol.asked", fleet=view.fleet),), w.language, theme.text)
        nodes.append(Node("asked", small, asked))
    nodes += languages(theme, w, shop, buttons, PAPER)
    return mirrored(nodes, theme.width) if w.rtl else nodes
