"""What every screen is: it gets views of its type, lays out nodes, and may take part in touches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from kiosk.ui.bake import Baker, TextureCache
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Node
from kiosk.ui.shelves import Shelves
from kiosk.ui.theme import PAPER, Colour, Theme
from kiosk.ui.words import Words, words
from kiosk.views import Intent, Shop, View


class Host(Protocol):
    """What a screen may ask of the stage that shows it."""

    theme: Theme
    cache: TextureCache
    baker: Baker
    shelves: Shelves

    def compose(self, nodes: Sequence[Node]) -> None:
        """Show these nodes, all at once, as soon as they are painted."""

    def send(self, intent: Intent) -> None:
        """Tell the agent."""

    def highlight(self, rect: Rect | None, radius: int = 0) -> None:
        """Mark what a finger rests on; None unmarks."""

    def later(self, call: Any, seconds: float) -> Any:
        """Call `call(dt)` after `seconds` on the main thread; the answer has `cancel()`."""

    def every_frame(self, call: Any) -> Any:
        """Call `call(dt)` before each frame until it returns False or `cancel()`."""


class Screen:
    """Base of all screens. One instance lives as long as the program; `view` is what it shows or showed last."""

    ground: Colour = PAPER  # behind everything
    period: float = 0.0  # seconds between calls of tick() while it is shown; 0: none

    def __init__(self, host: Host, canvas: Any) -> None:
        self.host = host
        self.canvas = (
            canvas  # a Kivy InstructionGroup under the nodes, for a screen that draws more than nodes
        )
        self.shop: Shop | None = None
        self.view: Any = None

    @property
    def theme(self) -> Theme:
        """The sizes."""
        return self.host.theme

    @property
    def words(self) -> Words:
        """The words of the view's language."""
        return words(self.view.frame.language)

    def nodes(self) -> Sequence[Node]:
        """Lay out the view. Pure: call the module's layout function."""
        raise NotImplementedError

    def show(self, shop: Shop, view: View) -> None:
        """A view of this screen's type has come (the first, or the next)."""
        self.shop, self.view = shop, view
        self.refresh()

    def refresh(self) -> None:
        """Lay out again; equal pictures are not painted again."""
        self.host.compose(self.nodes())

    @property
    def ready(self) -> bool:
        """Whether what the screen draws beside its nodes can be shown; the nodes wait for it (not for ever)."""
        return True

    @property
    def moving(self) -> bool:
        """Whether a frame must not come late: something is scrolling."""
        return False

    @property
    def facings(self) -> int:
        """How many products it shows."""
        return 0

    def committed(self) -> None:
        """The nodes of the last compose() are on the glass now."""

    def reset(self) -> None:
        """Nobody is here any more: forget what the last person did."""

    def leave(self) -> None:
        """Another screen takes over."""

    def arrived(self) -> None:
        """Pictures or facings came that this screen may have asked for itself."""

    def tick(self) -> None:
        """`period` seconds have passed."""
        self.refresh()

    def done(self, name: str) -> None:
        """A node with Do(name) was tapped."""

    def down(self, x: float, y: float) -> bool:
        """A finger came down at panel pixel x, y (from the top left); True takes it away from the nodes."""
        return False

    def move(self, x: float, y: float) -> None:
        """The taken finger moved."""

    def up(self, x: float, y: float) -> None:
        """The taken finger left."""

    def let_go(self) -> None:
        """The taken finger is followed no further; it has meant nothing."""

    def wheel(self, rows: float) -> None:
        """A mouse wheel turned (desktop only)."""
