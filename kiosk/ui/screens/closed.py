"""Out of service: said in every language the shop speaks, with the code a technician looks for."""

from __future__ import annotations

from msgspec import Struct
from PIL import Image

from content.model import text_in
from kiosk.ui import paint
from kiosk.ui.art import Button
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.screens import chrome
from kiosk.ui.screens.base import Screen
from kiosk.ui.screens.ending import SmallPrint
from kiosk.ui.screens.pay_art import Sign
from kiosk.ui.theme import BRAND_DEEP, BRAND_LIGHT, PAPER, TAG, WHITE, Colour, Theme, mix
from kiosk.ui.words import Words, words
from kiosk.views import Closed, SetLanguage, Shop

GROUND: Colour = BRAND_DEEP
MOST_LANGUAGES = 6


class Notice(Struct, frozen=True):
    """What is the matter, in one language: a heading and a sentence."""

    heading: str
    text: str
    language: str
    size: int
    small: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The words on the dark ground."""
        image = paint.canvas(w, h, GROUND)
        upper = Rect(0, 0, w, round(h * 0.5))
        lower = Rect(0, upper.bottom, w, h - upper.h)
        paint.text(image, upper, self.heading, self.size, self.language, colour=WHITE, bold=True, align="center",
                   valign="bottom", smallest=self.small)  # fmt: skip
        paint.text(image, lower, self.text, self.small, self.language, colour=BRAND_LIGHT, align="center",
                   valign="top", lines=2)  # fmt: skip
        return image


class ClosedScreen(Screen):
    """See the module."""

    ground = GROUND

    def nodes(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return layout(self.theme, self.words, self.shop, self.view)


def closed_words(w: Words, reason: str) -> tuple[str, str]:
    """Heading and sentence for a reason; general ones for a reason this release does not know."""
    known = reason if w.has(f"closed.{reason}") else "other"
    return w(f"closed.{known}"), w(f"closed.{known}.text")


def layout(theme: Theme, w: Words, shop: Shop, view: Closed) -> list[Node]:
    """The sign, the words in the spoken language large and in the others small, languages to choose, small print."""
    others = [x for x in shop.languages if x.tag != w.language][: MOST_LANGUAGES - 1]
    row = chrome.footer_rows(theme)[0]
    name = Rect(0, 0, theme.width, theme.px(140 if theme.portrait else 100))
    print_height = theme.px(174)
    small = Rect(theme.pad, row.y - theme.pad - print_height, theme.width - 2 * theme.pad, print_height)
    room = Rect(theme.pad, name.bottom, theme.width - 2 * theme.pad, small.y - name.bottom)
    title = chrome.Header(text_in(shop.names, w.language), "basket", shop.kiosk, w.language, theme.title, theme.text,
                          mix(GROUND, WHITE, 0.06), GROUND)  # fmt: skip
    nodes = [Node("name", name, title)]
    if theme.portrait:
        side = min(theme.px(330), room.h // 3)
        sign = Rect(room.x + (room.w - side) // 2, room.y + theme.pad, side, side)
        main = Rect(room.x, sign.bottom, room.w, theme.px(300))
        rest = Rect(room.x, main.bottom, room.w, room.bottom - main.bottom)
        step = min(theme.px(170), rest.h // max(1, len(others)))
        places = [Rect(rest.x, rest.y + i * step, rest.w, step - theme.gap) for i in range(len(others))]
    else:
        left, right = chrome.shares(room, (1, 1), theme.pad)
        side = min(theme.px(280), left.h // 2)
        sign = Rect(left.x + (left.w - side) // 2, left.y + theme.pad, side, side)
        main = Rect(left.x, sign.bottom, left.w, left.bottom - sign.bottom)
        step = right.h // max(1, len(others))
        places = [Rect(right.x, right.y + i * step, right.w, step - theme.gap) for i in range(len(others))]
    heading, text = closed_words(w, view.reason)
    nodes += [
        Node("sign", sign, Sign("clock", disc=mix(GROUND, WHITE, 0.12), ink=TAG, ground=GROUND)),
        Node("main", main, Notice(heading, text, w.language, theme.px(92), theme.px(42))),
    ]
    for known, place in zip(others, places, strict=True):
        heading, text = closed_words(words(known.tag), view.reason)
        nodes.append(
            Node(f"also-{known.tag}", place, Notice(heading, text, known.tag, theme.px(52), theme.px(34)))
        )
    line = w("screen.kiosk", kiosk=shop.kiosk)
    if view.code:
        line = f"{line} · {w('problem.code', code=view.code)}"
    # a telephone number is read from left to right in every language
    for key, text, tag, size in (
        ("help", w("screen.help") if shop.support else "", w.language, theme.px(32)),
        ("support", shop.support, "en", theme.px(42)),
        ("small-print", line, w.language, theme.text),
    ):
        place = Rect(small.x, small.y, small.w, small.h // 3)
        nodes.append(Node(key, place, SmallPrint((text,), tag, size, GROUND, PAPER)))
        small = small.moved(0, place.h)
    nodes += languages(theme, w, shop, row)
    return mirrored(nodes, theme.width) if w.rtl else nodes


def languages(theme: Theme, w: Words, shop: Shop, row: Rect, ground: Colour = GROUND) -> list[Node]:
    """A button per language: somebody who waits may as well read why."""
    shown = shop.languages[:MOST_LANGUAGES]
    if len(shown) < 2:
        return []
    nodes = []
    for known, place in zip(shown, chrome.shares(row, (1,) * len(shown), theme.gap), strict=True):
        here = known.tag == w.language
        art = Button(known.name, known.tag, theme.px(34), "action" if here else "dark", radius=theme.radius,
                     ground=ground, smallest=theme.text)  # fmt: skip
        nodes.append(Node(f"language-{known.tag}", place, art, SetLanguage(known.tag), theme.radius))
    return nodes
