"""Agent and screen, joined: views one way, intents the other, and shelves fetched as they scroll in.

`ScreenEnd` is all that kiosk.ui sees of the agent. It has two forms with one behaviour: in memory (one process, the
demo) and JSON lines on a Unix socket (two processes, production).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kiosk.views import FacingsPage, Intent, Shop, View

Show = Callable[[Shop, View], None]


class ScreenEnd(Protocol):
    """The screen's end of the link. Every method may be called from any thread."""

    def listen(self, show: Show) -> None:
        """Call `show(shop, view)` at once and for every later view. It is called from the link's thread: hand over and return."""

    def send(self, intent: Intent) -> None:
        """Tell the agent what a person did. Never blocks, never raises; while the agent is away it is dropped and counted."""

    def facings(self, aisle: str, language: str, start: int, stop: int) -> FacingsPage:
        """The facings `start`..`stop` (0-based, `stop` excluded) of an aisle. Blocks: call it from a worker thread.

        Raises LinkDown (an OSError) where the agent is away.
        """

    def close(self) -> None:
        """End the link and its thread."""


class LinkDown(ConnectionError):
    """The other end is away; it may come back by itself."""
