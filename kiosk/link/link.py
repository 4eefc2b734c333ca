"""Agent and screen, joined: views one way, intents the other, and shelves fetched as they scroll in.

`ScreenEnd` is all that kiosk.ui sees of the agent, `AgentEnd` all that the agent sees of the screen. The link has two
forms with one behaviour: in memory (`memory_pair`: one process, the demo) and JSON lines on a Unix socket
(kiosk.link.socket: two processes, production). A view is a whole state, so a screen that lags is shown the latest
one and never the ones it missed.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from kiosk.views import FacingsPage, Intent, Shop, View

log = logging.getLogger(__name__)

MAX_FACINGS = 500  # of one query: some ten screens of shelf

Show = Callable[[Shop, View], None]
OnIntent = Callable[[Intent], None]
Facings = Callable[[str, str, int, int], FacingsPage]
OnPicture = Callable[[bytes, str], None]  # (WebP of the glass, ""), or (b"", why there is none: a key)
TakePicture = Callable[[OnPicture], None]


class Drawn(Struct, frozen=True, tag="drawn"):
    """What a screen has drawn of one state of the shop's content, since it first did. An agent judges a release by it."""

    version: str  # Shop.version
    frames: int
    facings: int  # the most products that were on the glass at once, all of them painted
    slide: str = ""  # the attract loop's that is on the glass as this is said; "" where another screen is


class ScreenEnd(Protocol):
    """The screen's end of the link. Every method may be called from any thread."""

    def listen(self, show: Show) -> None:
        """Call `show(shop, view)` at once and for every later view. It is called from the link's thread: hand over and return."""

    def obey(self, picture: TakePicture, leave: Callable[[], None]) -> None:
        """What the agent may have the screen do: `picture(answer)` of the glass, and `leave()`, to be started again.

        Both are called from the link's thread: hand over and return; `answer` may be called from any thread.
        """

    def send(self, intent: Intent) -> None:
        """Tell the agent what a person did. Never blocks, never raises; while the agent is away it is dropped and counted."""

    def drew(self, drawn: Drawn) -> None:
        """Tell the agent what was drawn. Never blocks, never raises; the last word counts."""

    def facings(self, aisle: str, language: str, start: int, stop: int) -> FacingsPage:
        """The facings `start`..`stop` (0-based, `stop` excluded) of an aisle. Blocks: call it from a worker thread.

        Raises LinkDown (an OSError) where the agent is away.
        """

    def close(self) -> None:
        """End the link and its thread."""


class AgentEnd(Protocol):
    """The agent's end of the link. Every method may be called from any thread and none waits for a screen."""

    def serve(self, on_intent: OnIntent, facings: Facings) -> None:
        """Begin: `on_intent` takes what people do, `facings(aisle, language, start, stop)` answers for the shelves.

        Both are called from the link's threads. `on_intent` must hand over and return; an exception of `facings`
        reaches the screen as LinkDown and is counted. Called again, who follows takes over from who was before.
        """

    def show(self, shop: Shop, view: View) -> None:
        """Bring every screen, now or when it connects, to this view."""

    def picture(self, answer: OnPicture) -> None:
        """Ask the wall's screen what is on the glass. `answer` is called once, from any thread, perhaps at once; or never,
        where the screen hangs.
        """

    def restart_screens(self) -> int:
        """Tell every screen to end, so that it is started again; how many were told."""

    def drawn(self) -> Drawn | None:
        """What the wall's screen, the one that connected first, said last that it has drawn; None before its first word."""

    def counters(self) -> dict[str, int]:
        """What happened so far: `screens` connected now, `connected` ever; `refused` lines, `dropped` intents, failed `facings`."""

    def close(self) -> None:
        """End the link and its threads."""


class LinkDown(ConnectionError):
    """The other end is away; it may come back by itself."""


def check_range(start: int, stop: int) -> None:
    """Raises ValueError for a range of facings that no screen needs."""
    if not 0 <= start <= stop <= start + MAX_FACINGS:
        raise ValueError(f"facings {start}..{stop}: expected 0 <= start <= stop <= start + {MAX_FACINGS}")


class _Memory:
    """What both ends of a pair in memory share."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.current: tuple[Shop, View] | None = None
        self.closed = False
        self.on_intent: OnIntent | None = None
        self.provider: Facings | None = None
        self.picture: TakePicture | None = None
        self.leave: Callable[[], None] | None = None
        self.drawn: Drawn | None = None
        self.counts: Counter[str] = Counter()


class MemoryScreenEnd:
    """ScreenEnd within one process; its thread calls `show`, so that a slow screen never holds the agent."""

    def __init__(self, memory: _Memory) -> None:
        self._memory = memory
        self._thread: threading.Thread | None = None

    def listen(self, show: Show) -> None:
        """See ScreenEnd."""
        if self._thread is not None:
            raise RuntimeError("this screen listens already")
        self._thread = threading.Thread(target=self._run, args=(show,), name="link-screen", daemon=True)
        self._thread.start()

    def _run(self, show: Show) -> None:
        memory, shown = self._memory, None
        while True:
            with memory.changed:
                while memory.current is shown and not memory.closed:
                    memory.changed.wait()
                if memory.closed:
                    return
                shown = memory.current
            if shown is not None:
                try:
                    show(*shown)
                except Exception:
                    log.exception("the screen could not take a view")

    def obey(self, picture: TakePicture, leave: Callable[[], None]) -> None:
        """See ScreenEnd."""
        self._memory.picture, self._memory.leave = picture, leave

    def send(self, intent: Intent) -> None:
        """See ScreenEnd."""
        on_intent = self._memory.on_intent
        if on_intent is None or self._memory.closed:
            self._memory.counts["dropped"] += 1
            return
        try:
            on_intent(intent)
        except Exception:
            self._memory.counts["dropped"] += 1
            log.exception("the agent could not take an intent")

    def drew(self, drawn: Drawn) -> None:
        """See ScreenEnd."""
        self._memory.drawn = drawn

    def facings(self, aisle: str, language: str, start: int, stop: int) -> FacingsPage:
        """See ScreenEnd."""
        check_range(start, stop)
        provider = self._memory.provider
        if provider is None or self._memory.closed:
            raise LinkDown("the agent is away")
        try:
            return provider(aisle, language, start, stop)
        except Exception as error:
            self._memory.counts["facings"] += 1
            raise LinkDown(f"the agent could not answer: {error}") from error

    def close(self) -> None:
        """See ScreenEnd."""
        _close(self._memory)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()


class MemoryAgentEnd:
    """AgentEnd within one process."""

    def __init__(self, memory: _Memory) -> None:
        self._memory = memory

    def serve(self, on_intent: OnIntent, facings: Facings) -> None:
        """See AgentEnd."""
        self._memory.provider = facings
        self._memory.on_intent = on_intent

    def show(self, shop: Shop, view: View) -> None:
        """See AgentEnd."""
        with self._memory.changed:
            self._memory.current = (shop, view)
            self._memory.changed.notify_all()

    def picture(self, answer: OnPicture) -> None:
        """See AgentEnd."""
        take = self._memory.picture
        if take is None or self._memory.closed:
            answer(b"", "no-screen")
        else:
            take(answer)

    def restart_screens(self) -> int:
        """See AgentEnd. One process draws and decides, so all of it ends and is started again."""
        leave = self._memory.leave
        if leave is None or self._memory.closed:
            return 0
        leave()
        return 1

    def drawn(self) -> Drawn | None:
        """See AgentEnd."""
        return self._memory.drawn

    def counters(self) -> dict[str, int]:
        """See AgentEnd."""
        return {"screens": 0 if self._memory.closed else 1, "connected": 1, **self._memory.counts}

    def close(self) -> None:
        """See AgentEnd."""
        _close(self._memory)


def _close(memory: _Memory) -> None:
    with memory.changed:
        memory.closed = True
        memory.changed.notify_all()


def memory_pair() -> tuple[MemoryAgentEnd, MemoryScreenEnd]:
    """Both ends of a link within one process."""
    memory = _Memory()
    return MemoryAgentEnd(memory), MemoryScreenEnd(memory)
