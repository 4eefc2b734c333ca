"""An alert: the whole glass in the colour of its severity, a pictogram, and what is the matter in the station's languages.

All languages at once where their words fit large enough; else in turn, each page as long as it takes to read. What to
do stands before what has happened. Nothing here can be touched.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from msgspec import Struct
from PIL import Image

from kiosk.ui import paint
from kiosk.ui.art import Fill, Label
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node
from kiosk.ui.screens.base import Screen
from kiosk.ui.screens.chrome import shares
from kiosk.ui.signs import DRAWINGS
from kiosk.ui.text import line_height, wrap
from kiosk.ui.theme import INK, WHITE, Colour, Theme, mix
from kiosk.ui.words import words
from kiosk.views import AlertWords, Displayed, Emergency, Shop, View, reading_ms

# Ground and ink by severity, each at least 7:1 (WCAG 2.2, 1.4.6). Never the only sign of it: the word says it as well.
COLOURS: Final[dict[str, tuple[Colour, Colour]]] = {
    "extreme": ((140, 0, 16), WHITE),
    "severe": ((122, 42, 0), WHITE),
    "moderate": ((255, 196, 0), INK),
    "unknown": ((255, 196, 0), INK),
    "minor": ((0, 60, 140), WHITE),
}
STRIPE: Final[tuple[Colour, Colour]] = (WHITE, INK)  # of an exercise: unlike anything real
SCALES: Final = 16  # sizes that are tried, from the largest down
MOST_LINES: Final = 60


class Block(Struct, frozen=True):
    """What is said in one language; `head` and `small` are font sizes."""

    words: AlertWords
    head: int
    small: int
    ink: Colour
    ground: Colour

    def paint(self, w: int, h: int) -> Image.Image:
        """The headline, what to do, what has happened: from above, in that order."""
        image = paint.canvas(w, h, self.ground)
        y, tag = 0, self.words.language
        for text, size, bold, height in parts(self.words, w, self.head, self.small):
            room = Rect(0, y, w, min(height, h - y))
            if room.h <= 0:
                break
            lines = max(1, room.h // line_height(size))
            paint.text(
                image, room, text, size, tag, colour=self.ink, bold=bold, valign="top", lines=max(2, lines)
            )
            y += height
        return image


class ExerciseBand(Struct, frozen=True):
    """Stripes with the word for it on them."""

    text: str
    language: str
    size: int
    smallest: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The band."""
        image = paint.canvas(w, h, STRIPE[0])
        edge = max(4, h // 7)
        for x in range(-h, w + h, edge * 4):
            for y in (0, h - edge):
                paint.box(
                    image, Rect(max(0, x), y, max(0, min(w, x + edge * 2) - max(0, x)), edge), STRIPE[1]
                )
        room = Rect(edge, edge, w - 2 * edge, h - 2 * edge)
        paint.text(image, room, self.text, self.size, self.language, colour=INK, bold=True, align="center",
                   smallest=self.smallest)  # fmt: skip
        return image


class Pictogram(Struct, frozen=True):
    """The sign on its ground."""

    sign: str
    ink: Colour
    ground: Colour

    def paint(self, w: int, h: int) -> Image.Image:
        """As large as the box takes it."""
        image = paint.canvas(w, h, self.ground)
        side = min(w, h)
        name = f"alert-{self.sign}"
        known = name if name in DRAWINGS else "alert-warning"
        paint.icon(image, Rect((w - side) // 2, (h - side) // 2, side, side), known, self.ink)
        return image


class EmergencyScreen(Screen):
    """See the module."""

    ground = (140, 0, 16)

    def __init__(self, host: Any, canvas: Any) -> None:
        super().__init__(host, canvas)
        self._page, self._told = 0, True
        self._turning: Any = None

    def show(self, shop: Shop, view: View) -> None:
        """An alert, from its first page."""
        self._page, self._told = 0, False
        super().show(shop, view)
        self._turn_later()

    def nodes(self) -> list[Node]:
        """The layout of the page."""
        return layout(self.theme, self.view, self._page)

    def committed(self) -> None:
        """It is on the glass: that is what whoever raised the alarm wants to know."""
        if not self._told:
            self._told = True
            self.host.send(Displayed(self.view.alert))

    def leave(self) -> None:
        """The glass is the shop's again."""
        self._stop()

    def _turn_later(self) -> None:
        self._stop()
        found = pages(self.theme, self.view)
        if len(found) > 1:
            seconds = sum(reading_ms(words) for words, *_ in found[self._page % len(found)]) / 1000
            self._turning = self.host.later(self._turn, seconds)

    def _turn(self, _dt: float) -> None:
        self._page += 1
        self.refresh()
        self._turn_later()

    def _stop(self) -> None:
        if self._turning is not None:
            self._turning.cancel()
            self._turning = None


# --- layout ---------------------------------------------------------------------------------------------------


Placed = tuple[AlertWords, Rect, int, int]  # where a language stands, and its two sizes


def places(theme: Theme, view: Emergency) -> dict[str, Rect]:
    """Where the parts are: a band above where it is an exercise, the sign with the severity, the words, who says it."""
    pad = theme.pad
    band = Rect(0, 0, theme.width, theme.px(190) if view.exercise else 0)
    foot = Rect(pad, theme.height - theme.px(90), theme.width - 2 * pad, theme.px(70))
    room = Rect(pad, band.bottom + pad, theme.width - 2 * pad, foot.y - band.bottom - 2 * pad)
    if theme.portrait:
        head = Rect(room.x, room.y, room.w, min(theme.px(300), room.h // 4))
        sign = Rect(head.x, head.y, head.h, head.h)
        named = Rect(sign.right + pad, head.y, head.right - sign.right - pad, head.h)
        said = Rect(room.x, head.bottom + pad, room.w, room.bottom - head.bottom - pad)
    else:
        left, said = shares(room, (2, 5), 2 * pad)
        side = min(left.w, round(left.h * 0.5))
        sign = Rect(left.x + (left.w - side) // 2, left.y, side, side)
        named = Rect(left.x, sign.bottom + pad, left.w, left.bottom - sign.bottom - pad)
    return {"band": band, "sign": sign, "named": named, "said": said, "foot": foot}


def layout(theme: Theme, view: Emergency, page: int = 0) -> list[Node]:
    """One page of the alert."""
    ground, ink = COLOURS.get(view.severity, COLOURS["unknown"])
    where = places(theme, view)
    nodes = [
        Node("alert", Rect(0, 0, theme.width, theme.height), Fill(ground)),
        Node("alert-sign", where["sign"], Pictogram(view.sign, ink, ground)),
    ]
    if view.exercise:
        cells = shares(where["band"], (1,) * len(view.words), 0)
        for said, cell in zip(view.words, cells, strict=True):
            text = words(said.language)("emergency.exercise")
            band = ExerciseBand(text, said.language, theme.px(84), theme.text)
            nodes.append(Node(f"exercise-{said.language}", cell, band))
    step = where["named"].h // len(view.words)
    for row, said in enumerate(view.words):
        named = where["named"]
        place = Rect(named.x, named.y + row * step, named.w, step)
        severity = words(said.language)(
            f"emergency.{view.severity if view.severity in COLOURS else 'unknown'}"
        )
        size = min(theme.px(96), round(step * 0.8))
        art = Label(severity, said.language, size, ink, ground, bold=True, smallest=min(size, theme.text),
                    align="start" if theme.portrait else "center")  # fmt: skip
        nodes.append(Node(f"severity-{said.language}", place, art))
    found = pages(theme, view)
    for said, place, head, small in found[page % len(found)]:
        nodes.append(Node(f"words-{said.language}", place, Block(said, head, small, ink, ground)))
    turn = f"{view.position} / {view.count}" if view.count > 1 else ""
    foot = " · ".join(part for part in (view.sender, turn) if part)
    if foot:
        quiet = Label(
            foot, view.words[0].language, theme.px(38), mix(ink, ground, 0.1), ground, smallest=theme.text
        )
        nodes.append(Node("sender", where["foot"], quiet))
    return nodes


def pages(theme: Theme, view: Emergency) -> tuple[tuple[Placed, ...], ...]:
    """The languages on as few pages as hold them large enough to be read, and as large as those pages take them."""
    return _pages(theme, view.words, places(theme, view)["said"])


@lru_cache(maxsize=16)
def _pages(theme: Theme, said: tuple[AlertWords, ...], room: Rect) -> tuple[tuple[Placed, ...], ...]:
    for count in range(len(said), 0, -1):
        groups = [said[start : start + count] for start in range(0, len(said), count)]
        placed = [_placed(theme, group, room, last=count == 1) for group in groups]
        if all(placed):
            return tuple(tuple(page) for page in placed)
    raise AssertionError("a language alone is always placed")


def _placed(theme: Theme, said: tuple[AlertWords, ...], room: Rect, *, last: bool) -> list[Placed]:
    """One below the other, all in the same sizes; none where they do not fit, unless it is the `last` thing to try."""
    gap = theme.pad
    low, high = 0, SCALES  # the largest step that fits, by halves
    heights: list[int] = []
    while low < high:
        middle = (low + high + 1) // 2
        if _total(tried := _heights(theme, said, room.w, middle), gap) <= room.h:
            low, heights = middle, tried
        else:
            high = middle - 1
    if not low and _total(heights := _heights(theme, said, room.w, 0), gap) > room.h:
        if not last:
            return []
        heights = [room.h]  # it ends in an ellipsis
    head, small = _sizes(theme, low)
    spare = (room.h - _total(heights, gap)) // (len(said) + 1)
    y, placed = room.y + spare, []
    for one, height in zip(said, heights, strict=True):
        placed.append((one, Rect(room.x, y, room.w, height), head, small))
        y += height + gap + spare
    return placed


def _sizes(theme: Theme, scale: int) -> tuple[int, int]:
    """Font sizes of headline and text: at scale 0 what can just be read from where people stand (kiosk.ui.theme)."""
    least, most = round(theme.text * 1.5), theme.px(170)
    head = least + max(0, most - least) * scale // SCALES
    small = theme.text + max(0, theme.px(84) - theme.text) * scale // SCALES
    return head, small


def _heights(theme: Theme, said: tuple[AlertWords, ...], width: int, scale: int) -> list[int]:
    head, small = _sizes(theme, scale)
    return [sum(height for *_, height in parts(one, width, head, small)) for one in said]


def _total(heights: list[int], gap: int) -> int:
    return sum(heights) + gap * max(0, len(heights) - 1)


@lru_cache(maxsize=256)
def parts(said: AlertWords, width: int, head: int, small: int) -> tuple[tuple[str, int, bool, int], ...]:
    """(text, size, bold, height) from above."""
    found = []
    for text, size, bold in (
        (said.headline, head, True),
        (said.instruction, small, True),
        (said.description, small, False),
    ):
        if text:
            lines = len(wrap(text, size, bold, said.language, width, MOST_LINES))
            found.append((text, size, bold, line_height(size) * lines + size // 4))
    return tuple(found)
