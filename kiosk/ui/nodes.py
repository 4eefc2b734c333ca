"""A screen as a list of nodes: where, what it looks like, and what a tap on it means. Pure data, no Kivy.

A screen module has a function `layout(theme, words, shop, view) -> list[Node]`; tests hold it against the laws below
without drawing anything, and the stage bakes and draws it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from kiosk.ui.art import Art
from kiosk.ui.geometry import Rect
from kiosk.ui.theme import Theme
from kiosk.views import Intent


class Do(Struct, frozen=True):
    """A tap that stays inside the screen: its `done(name)` is called and nothing is sent."""

    name: str


class Node(Struct, frozen=True):
    """One thing on the screen. `key` is unique in the screen and stays when only the look changes."""

    key: str
    rect: Rect
    art: Art | None = None
    tap: Intent | Do | None = None
    radius: int = 0  # of the highlight while it is pressed


def mirrored(nodes: Sequence[Node], width: int) -> list[Node]:
    """The same screen for readers from right to left."""
    return [Node(n.key, n.rect.mirrored(width), n.art, n.tap, n.radius) for n in nodes]


def broken_laws(nodes: Sequence[Node], theme: Theme, *, reach: bool = False) -> list[str]:
    """What is wrong with a layout, in words; empty where all is well.

    Keys are unique, everything lies on the panel, whatever is touched is 20 mm wide and high, no two targets overlap, and
    in reach mode no target begins above 1,220 mm.
    """
    wrong: list[str] = []
    panel = Rect(0, 0, theme.width, theme.height)
    keys = [node.key for node in nodes]
    wrong += [f"{key} is there twice" for key in sorted({k for k in keys if keys.count(k) > 1})]
    wrong += [f"{n.key} leaves the panel: {n.rect}" for n in nodes if not n.rect.inside(panel)]
    wrong += [f"{n.key} is empty: {n.rect}" for n in nodes if n.rect.w <= 0 or n.rect.h <= 0]
    targets = [n for n in nodes if n.tap is not None]
    for n in targets:
        if min(n.rect.w, n.rect.h) < theme.target:
            wrong.append(f"{n.key} is smaller than 20 mm: {n.rect.w}x{n.rect.h} px, {theme.target} needed")
        if reach and n.rect.y < theme.reach_top:
            wrong.append(f"{n.key} is above 1,220 mm: row {n.rect.y}, {theme.reach_top} allowed")
    for i, a in enumerate(targets):
        wrong += [f"{a.key} and {b.key} overlap" for b in targets[i + 1 :] if a.rect.meets(b.rect)]
    return wrong
