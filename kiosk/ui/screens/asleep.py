"""The dark panel of a night: black, with a faint word for whoever stands before it. A panel with a lamp of its own is off."""

from __future__ import annotations

from kiosk.ui.art import Fill, Label
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node
from kiosk.ui.screens.base import Screen
from kiosk.ui.screens.closed import MOST_LANGUAGES
from kiosk.ui.theme import Colour, Theme
from kiosk.ui.words import words
from kiosk.views import Shop

NIGHT: Colour = (0, 0, 0)
FAINT: Colour = (112, 112, 112)  # 4.2:1 on black: large words, and no light in an empty hall


class AsleepScreen(Screen):
    """See the module. Any touch wakes the kiosk; the stage tells of each."""

    ground = NIGHT

    def nodes(self) -> list[Node]:
        """The layout of the view."""
        assert self.shop is not None
        return layout(self.theme, self.shop)


def layout(theme: Theme, shop: Shop) -> list[Node]:
    """One faint line in each of the shop's languages, at the height people touch."""
    step = theme.px(96)
    tags = [known.tag for known in shop.languages[:MOST_LANGUAGES]]
    top = (theme.height - step * len(tags)) // 2
    nodes = [Node("night", Rect(0, 0, theme.width, theme.height), Fill(NIGHT))]
    for row, tag in enumerate(tags):
        place = Rect(theme.pad, top + row * step, theme.width - 2 * theme.pad, step)
        art = Label(
            words(tag)("asleep.touch"), tag, theme.px(48), FAINT, NIGHT, align="center", smallest=theme.text
        )
        nodes.append(Node(f"touch-{tag}", place, art))
    return nodes
