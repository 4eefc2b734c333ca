"""Keys for a code, and the moment it is looked up.

32 letters and digits (Crockford's base32: no I, L, O, U, so nothing to mistake) in four rows of eight: large enough to
be hit while a train comes in, low enough for reach mode. What is typed stays in this screen until it is whole, and goes
when anything else is shown. Codes are read from left to right in every language, so are the keys.
"""

from __future__ import annotations

from msgspec import Struct
from PIL import Image

from kiosk.ui import paint
from kiosk.ui.art import Button, Label
from kiosk.ui.geometry import Rect, split_row
from kiosk.ui.nodes import Do, Node, mirrored
from kiosk.ui.screens import chrome
from kiosk.ui.theme import BRAND, BRAND_DEEP, BRAND_LIGHT, LINE, PAPER, SOFT_INK, WHITE, Theme
from kiosk.ui.words import Words
from kiosk.views import AskCode, Back, CodeEntry, CodeWait, Shop

KEYS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # as content.references.CROCKFORD; the screen knows no references
COLUMNS, ROWS = 8, 4
CLAIM, BASKET = 8, 6  # characters
ERASE, CLEAR = "erase", "clear"
_KEY = "key-"


class Slots(Struct, frozen=True):
    """What is typed so far, in the groups a code is written in, with a place for every character to come."""

    typed: str
    size: int
    radius: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The slots."""
        image = paint.canvas(w, h, PAPER)
        split = BASKET // 2 if len(self.typed) == BASKET else CLAIM // 2
        gap = max(4, w // 120)
        dash = gap * 4
        side = min((w - gap * (CLAIM - 2) - dash) // CLAIM, h)
        count = BASKET if len(self.typed) == BASKET else CLAIM
        x = (w - count * side - (count - 2) * gap - dash) // 2
        y = (h - side) // 2
        for i in range(count):
            if i == split:
                paint.box(
                    image, Rect(x - gap + (dash - side // 5) // 2, h // 2 - 3, side // 5, 6), SOFT_INK, 3
                )
                x += dash - gap
            slot = Rect(x, y, side, side)
            char = self.typed[i : i + 1]
            paint.box(image, slot, BRAND if i == len(self.typed) else LINE, self.radius)
            paint.box(image, slot.inset(4), WHITE if char or i == len(self.typed) else PAPER, self.radius - 4)
            paint.text(image, slot, char, min(self.size, round(side * 0.8)), "en", colour=BRAND_DEEP, bold=True,
                       align="center")  # fmt: skip
            x += side + gap
        return image


class KeyCap(Struct, frozen=True):
    """One key."""

    char: str
    size: int
    radius: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The key."""
        image = paint.canvas(w, h, PAPER)
        lip = max(2, h // 26)
        paint.box(image, Rect(0, lip, w, h - lip), LINE, self.radius)
        face = Rect(0, 0, w, h - lip)
        paint.box(image, face, BRAND_LIGHT if self.char.isdigit() else WHITE, self.radius)
        paint.text(
            image,
            face,
            self.char,
            min(self.size, round(h * 0.6)),
            "en",
            colour=BRAND_DEEP,
            bold=True,
            align="center",
        )
        return image


def layout(theme: Theme, w: Words, shop: Shop, view: CodeEntry, typed: str) -> list[Node]:
    """The keys, with what is `typed`."""
    head, foot = chrome.header_rect(theme), chrome.footer_rect(theme)
    width = min(theme.width - 2 * theme.pad, theme.px(1032 if theme.portrait else 1240))
    left = (theme.width - width) // 2
    top = max(
        theme.reach_top if view.frame.reach else 0, head.bottom + theme.px(170 if not theme.portrait else 320)
    )
    high = min(theme.px(124), (foot.y - top - ROWS * theme.gap) // (ROWS + 1))
    block = (ROWS + 1) * high + ROWS * theme.gap
    y = foot.y - block if view.frame.reach or not theme.portrait else foot.y - block - theme.px(60)
    nodes = [chrome.header(theme, w, shop, w("code.title"), "receipt")]
    keys = _keys(theme, w, Rect(left, y, width, block), high, typed)
    room = Rect(left, head.bottom, width, y - head.bottom)
    said = min(theme.px(150), room.h // 2)
    slots = Rect(left, room.bottom - min(theme.px(170), room.h - said) - theme.gap, width,
                 min(theme.px(150), room.h - said))  # fmt: skip
    hint = Rect(left, max(room.y, slots.y - said), width, min(said, slots.y - room.y))
    nodes += [
        Node("hint", hint, Label(w("code.hint"), w.language, theme.px(38), SOFT_INK, align="center", lines=3,
             smallest=theme.text)),
    ]  # fmt: skip
    globe, back, go = chrome.shares(chrome.footer_rows(theme)[0], (-theme.button, 1, 1.4), theme.gap)
    whole = len(typed) in (BASKET, CLAIM)
    nodes += [
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "back", back, w("code.back"), Back(), "secondary"),
        chrome.button(theme, w, "go", go, w("code.go"), AskCode(typed) if whole else None,
                      "action" if whole else "off"),
    ]  # fmt: skip
    slot = Node("slots", slots, Slots(typed, theme.px(84), theme.radius // 2))
    return [*(mirrored(nodes, theme.width) if w.rtl else nodes), slot, *keys]


def _keys(theme: Theme, w: Words, place: Rect, high: int, typed: str) -> list[Node]:
    nodes: list[Node] = []
    for r in range(ROWS):
        row = Rect(place.x, place.y + r * (high + theme.gap), place.w, high)
        for cell, char in zip(split_row(row, COLUMNS, theme.gap), KEYS[r * COLUMNS :], strict=False):
            cap = KeyCap(char, theme.px(64), theme.radius // 2)
            nodes.append(Node(_KEY + char, cell, cap, Do(_KEY + char), theme.radius // 2))
    row = Rect(place.x, place.y + ROWS * (high + theme.gap), place.w, high)
    clear, erase = split_row(row, 2, theme.gap)
    for key, cell, icon in ((CLEAR, clear, ""), (ERASE, erase, "left")):
        art = Button(w(f"code.{key}"), w.language, theme.heading, "secondary" if typed else "off", icon,
                     radius=theme.radius // 2, smallest=theme.text)  # fmt: skip
        nodes.append(Node(key, cell, art, Do(key) if typed else None, theme.radius // 2))
    return nodes


def typing(typed: str, name: str) -> str:
    """What is typed after a key: never more than a code has."""
    if name == CLEAR:
        return ""
    if name == ERASE:
        return typed[:-1]
    return (typed + name.removeprefix(_KEY))[:CLAIM]


class CodeEntryScreen(chrome.PurchaseScreen):
    """Collects the characters."""

    typed = ""

    def body(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return layout(self.theme, self.words, self.shop, self.view, self.typed)

    def done(self, name: str) -> None:
        """A key, or the language menu."""
        if name in (ERASE, CLEAR) or name.startswith(_KEY):
            self.typed = typing(self.typed, name)
            self.refresh()
        else:
            super().done(name)

    def leave(self) -> None:
        """Nothing of it stays."""
        super().leave()
        self.typed = ""


def wait_layout(theme: Theme, w: Words, shop: Shop, view: CodeWait) -> list[Node]:
    """One moment."""
    head, foot = chrome.header_rect(theme), chrome.footer_rect(theme)
    room = Rect(theme.pad, head.bottom, theme.width - 2 * theme.pad, foot.y - head.bottom)
    middle = Rect(room.x, room.y + room.h // 2 - theme.px(150), room.w, theme.px(300))
    said = chrome.Message(w("code.wait.now"), w("code.wait.looking"), w.language, theme.px(72), theme.body, theme.text,
                          "clock")  # fmt: skip
    globe, back = chrome.shares(chrome.footer_rows(theme)[0], (-theme.button, 1), theme.gap)
    nodes = [
        chrome.header(theme, w, shop, w("code.title"), "receipt"),
        Node("wait", middle, said),
        chrome.language_button(theme, w, globe),
        chrome.button(theme, w, "back", back, w("code.back"), Back(), "secondary"),
    ]
    return mirrored(nodes, theme.width) if w.rtl else nodes


class CodeWaitScreen(chrome.PurchaseScreen):
    """The fleet is asked."""

    def body(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return wait_layout(self.theme, self.words, self.shop, self.view)
