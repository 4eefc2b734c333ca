"""What the screens of a purchase share: the header, the row of buttons within reach, the language menu, sheets of words.

All controls stand in a row at the lower edge (and, in reach mode, nothing that is touched begins above it unless it
lies low enough); what is read stands above. So a hand never hides what its owner is reading.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PIL import Image

from kiosk.ui import marks, paint
from kiosk.ui.art import Button, Label, Panel, Veil
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Do, Node, mirrored
from kiosk.ui.screens.base import Screen
from kiosk.ui.theme import BRAND, BRAND_DEEP, BRAND_LIGHT, INK, PAPER, SOFT_INK, TAG, WHITE, Colour, Theme
from kiosk.ui.words import Words
from kiosk.views import Intent, SetLanguage, Shop, View

LANGUAGES = "languages"  # the name of the tap that opens the language menu
CLOSE_MENU = "close-menu"


# --- header ---------------------------------------------------------------------------------------------------


class Header(Struct, frozen=True):
    """The band at the top: a sign, or a payment method's `mark` (kiosk.ui.marks), the screen's title, and the kiosk's
    name for those who ask for help.
    """

    title: str
    icon: str
    kiosk: str
    language: str
    size: int
    small: int
    top: Colour = BRAND
    bottom: Colour = BRAND_DEEP
    mark: str = ""

    def paint(self, w: int, h: int) -> Image.Image:
        """The band."""
        image = paint.gradient(w, h, self.top, self.bottom).copy()
        rtl = is_rtl(self.language)
        side, edge = round(h * 0.5), h // 4
        if self.mark:
            high = round(h * 0.68)
            side = round(high * marks.SHAPE)
            sign = Rect(w - edge - side if rtl else edge, (h - high) // 2, side, high)
            paint.box(image, sign.inset(-2), WHITE, high // 6 + 2)
            marks.paste(image, sign, self.mark)
        else:
            sign = Rect(w - edge - side if rtl else edge, (h - side) // 2, side, side)
            paint.icon(image, sign, self.icon, TAG)
        room = Rect(edge, 0, w - 2 * edge, h)
        name = paint.text(image, room, self.kiosk, self.small, self.language, colour=BRAND_LIGHT, align="end")
        used = side + edge // 2
        width = room.w - used - name.w - edge // 2
        title = Rect(room.right - used - width if rtl else room.x + used, 0, width, h)
        paint.text(image, title, self.title, self.size, self.language, colour=WHITE, bold=True,
                   smallest=self.small)  # fmt: skip
        return image


def header_rect(theme: Theme) -> Rect:
    """Where the header lies."""
    return Rect(0, 0, theme.width, theme.px(116 if theme.portrait else 96))


def header(theme: Theme, w: Words, shop: Shop, title: str, icon: str, mark: str = "") -> Node:
    """The header's node."""
    art = Header(title, icon, shop.kiosk, w.language, theme.title, theme.text, mark=mark)
    return Node("header", header_rect(theme), art)


# --- buttons within reach -------------------------------------------------------------------------------------


def footer_rect(theme: Theme, rows: int = 1) -> Rect:
    """The place of the buttons: `rows` rows above the lower edge, with the gaps around them."""
    height = rows * theme.button + (rows + 1) * theme.pad
    return Rect(0, theme.height - height, theme.width, height)


def footer_rows(theme: Theme, rows: int = 1) -> list[Rect]:
    """The rows themselves, from the top."""
    place = footer_rect(theme, rows)
    return [
        Rect(
            theme.pad,
            place.y + theme.pad + i * (theme.button + theme.pad),
            theme.width - 2 * theme.pad,
            theme.button,
        )
        for i in range(rows)
    ]


def shares(row: Rect, parts: Sequence[float], gap: int) -> list[Rect]:
    """`row` cut into pieces in the proportion of `parts`; a negative part is a width in pixels."""
    free = row.w - gap * (len(parts) - 1) + sum(round(p) for p in parts if p < 0)
    total = sum(p for p in parts if p > 0) or 1.0
    out: list[Rect] = []
    x = row.x
    for i, part in enumerate(parts):
        width = round(-part) if part < 0 else round(free * part / total)
        if i == len(parts) - 1:
            width = row.right - x
        out.append(Rect(x, row.y, width, row.h))
        x += width + gap
    return out


def button(
    theme: Theme,
    w: Words,
    key: str,
    rect: Rect,
    text: str,
    tap: Intent | Do | None,
    kind: str = "primary",
    icon: str = "",
    ground: Colour = PAPER,
) -> Node:
    """A button of the theme's size; without `tap` it is shown but cannot be pressed."""
    art = Button(
        text, w.language, theme.heading, kind, icon, radius=theme.radius, ground=ground, smallest=theme.text
    )
    return Node(key, rect, art, tap, theme.radius)


def language_button(theme: Theme, w: Words, rect: Rect, ground: Colour = PAPER) -> Node:
    """The globe that opens the language menu."""
    return button(theme, w, LANGUAGES, rect, "", Do(LANGUAGES), "quiet", "globe", ground)


def language_menu(theme: Theme, w: Words, shop: Shop) -> list[Node]:
    """All languages as large buttons on a sheet over the lower part of the screen."""
    gap, pad, columns = theme.gap, theme.pad, 2
    rows = -(-len(shop.languages) // columns)
    width = min(theme.width - 2 * pad, theme.px(1032))
    height = (rows + 1) * (theme.button + gap) - gap + 2 * pad
    sheet = Rect((theme.width - width) // 2, theme.height - height - pad, width, height)
    inner = sheet.inset(pad)
    title, close = shares(Rect(inner.x, inner.y, inner.w, theme.button), (1, -theme.button), gap)
    nodes = [
        Node("menu-veil", Rect(0, 0, theme.width, theme.height), Veil()),
        Node("menu-sheet", sheet, Panel(theme.radius * 2, WHITE, None)),
        Node("menu-title", title, Label(w("screen.language"), w.language, theme.heading, ground=WHITE, bold=True,
             smallest=theme.text)),
        button(theme, w, CLOSE_MENU, close, "", Do(CLOSE_MENU), "quiet", "cross", WHITE),
    ]  # fmt: skip
    for i, known in enumerate(shop.languages):
        row = Rect(inner.x, title.bottom + gap + (i // columns) * (theme.button + gap), inner.w, theme.button)
        kind = "primary" if known.tag == w.language else "secondary"
        art = Button(known.name, known.tag, theme.heading, kind, radius=theme.radius, ground=WHITE,
                     smallest=theme.text)  # fmt: skip
        cell = shares(row, (1,) * columns, gap)[i % columns]
        nodes.append(Node(f"language-{known.tag}", cell, art, SetLanguage(known.tag), theme.radius))
    return mirrored(nodes, theme.width) if w.rtl else nodes


# --- sheets ---------------------------------------------------------------------------------------------------


class Message(Struct, frozen=True):
    """A heading and a text under it, in the middle of their place, with a sign before the heading where one is named."""

    heading: str
    text: str
    language: str
    size: int
    small: int
    least: int
    icon: str = ""
    ground: Colour = PAPER
    colour: Colour = INK
    soft: Colour = SOFT_INK
    lines: int = 3

    def paint(self, w: int, h: int) -> Image.Image:
        """The words."""
        image = paint.canvas(w, h, self.ground)
        upper_share = 0.52 if self.text else 1.0
        upper = Rect(0, 0, w, round(h * upper_share))
        lower = Rect(0, upper.bottom, w, h - upper.h)
        used = 0
        if self.icon:
            side = round(self.size * 1.2)
            used = side + side // 3
        room = Rect(used // 2, 0, w - used, upper.h)
        box = paint.text(image, room, self.heading, self.size, self.language, colour=self.colour, bold=True,
                         align="center", valign="bottom" if self.text else "middle", lines=2, smallest=self.least)  # fmt: skip
        if self.icon:
            side = round(self.size * 1.2)
            gap = side // 3
            rtl = is_rtl(self.language)
            # the sign and the words are centred together
            x = box.x + box.w + gap // 2 if rtl else box.x - side - gap // 2
            paint.icon(
                image, Rect(x, box.y + (box.h - side) // 2, side, side), self.icon, self.colour, flip=rtl
            )
        if self.text:
            paint.text(image, lower, self.text, self.small, self.language, colour=self.soft, align="center",
                       valign="top", lines=self.lines, smallest=self.least)  # fmt: skip
        return image


# --- the screen -----------------------------------------------------------------------------------------------


class PurchaseScreen(Screen):
    """A screen with the language menu. A subclass has `body()`, the nodes below the menu."""

    menu = False

    def body(self) -> list[Node]:
        """Lay out the view."""
        raise NotImplementedError

    def nodes(self) -> Sequence[Node]:
        """The body, and over it the menu if it is open; then nothing under it can be touched."""
        nodes = self.body()
        if not self.menu or self.shop is None:
            return nodes
        still = [Node(n.key, n.rect, n.art, None, n.radius) for n in nodes]
        return [*still, *language_menu(self.theme, self.words, self.shop)]

    def show(self, shop: Shop, view: View) -> None:
        """A view came; a change of language closes the menu."""
        if self.view is not None and view.frame.language != self.view.frame.language:
            self.menu = False
        super().show(shop, view)

    def leave(self) -> None:
        """The menu is closed for the next one."""
        self.menu = False

    def done(self, name: str) -> None:
        """Open or close the menu."""
        if name in (LANGUAGES, CLOSE_MENU):
            self.menu = name == LANGUAGES
            self.refresh()
