"""The link across two processes: JSON lines on a Unix socket, one selector thread at each end, nothing that blocks.

Down (agent to screen): a `shop` when it changed, then views, then answers to queries. Up: intents and queries. One
line is one JSON object whose `type` says what it is. A line that is too long or not understood is refused and
counted, and the connection lives on: losing one touch is better than losing the screen. A screen that does not read
is owed the latest view and nothing else; one that comes back gets the current shop and view at once. The screen's end is in
kiosk.link.screen.
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from collections import Counter, deque
from pathlib import Path

import msgspec

from kiosk.link.link import Drawn, Facings, OnIntent, OnPicture, check_range
from kiosk.link.messages import (
    LINE_UP,
    Answer,
    Leave,
    PicturePiece,
    Pictures,
    PictureWanted,
    Query,
    read_up,
)
from kiosk.link.screen import SocketScreenEnd
from kiosk.link.wire import Waker, Wire, listen_at
from kiosk.views import Intent, Shop, View

__all__ = ["SocketAgentEnd", "SocketScreenEnd"]

log = logging.getLogger(__name__)

UNREAD = 256 * 1024  # bytes a screen may leave unread before its further queries wait
SCREENS = 8  # connections; the wall is one, a technician's view another


class _Screen:
    """One connected screen, as the agent sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self.wire = Wire(sock, LINE_UP)
        self.unheard: deque[bytes] = deque()  # lines that wait until it has read its answers
        self.shown: tuple[Shop, View] | None = None  # what it was last sent
        self.drawn: Drawn | None = None  # what it said last


class SocketAgentEnd:
    """AgentEnd for screens in other processes.

    Raises OSError where the path cannot be listened on: too long, no such folder, another agent there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: Counter[str] = Counter(connected=0)
        self._orders: deque[PictureWanted | Leave] = deque()  # for screens, from any thread
        self._pictures = Pictures()
        self._current: tuple[Shop, View] | None = None
        self._closing = False
        self._screens: list[_Screen] = []
        self._on_intent: OnIntent | None = None
        self._facings: Facings | None = None
        self._thread: threading.Thread | None = None
        self._listener = listen_at(path)
        self._waker = Waker()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._waker.inside, selectors.EVENT_READ)

    def serve(self, on_intent: OnIntent, facings: Facings) -> None:
        """See AgentEnd."""
        self._on_intent, self._facings = on_intent, facings
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="link-agent", daemon=True)
            self._thread.start()

    def show(self, shop: Shop, view: View) -> None:
        """See AgentEnd."""
        self._current = (shop, view)
        self._waker.wake()

    def picture(self, answer: OnPicture) -> None:
        """See AgentEnd. The wall's screen is the one that connected first."""
        self._orders.append(self._pictures.ask(answer))
        self._waker.wake()

    def restart_screens(self) -> int:
        """See AgentEnd."""
        told = len(self._screens)
        self._orders.append(Leave())
        self._waker.wake()
        return told

    def drawn(self) -> Drawn | None:
        """See AgentEnd."""
        screens = self._screens[:1]
        return screens[0].drawn if screens else None

    def counters(self) -> dict[str, int]:
        """See AgentEnd."""
        return {"screens": len(self._screens), **self._counts}

    def close(self) -> None:
        """See AgentEnd."""
        self._closing = True
        self._waker.wake()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for screen in self._screens:
            screen.wire.sock.close()
        self._screens = []
        self._pictures.gone()
        self._selector.close()
        self._listener.close()
        self._waker.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._closing:
            for key, mask in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._waker.inside:
                    self._waker.drain()
                elif mask & selectors.EVENT_READ and key.data in self._screens:
                    self._hear(key.data)
            while self._orders:
                self._order(self._orders.popleft())
            for screen in list(self._screens):
                self._tell(screen)

    def _order(self, order: PictureWanted | Leave) -> None:
        if not self._screens:
            self._pictures.gone()
        for screen in self._screens if isinstance(order, Leave) else self._screens[:1]:
            screen.wire.queue(order)

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError as error:  # gone again, or no descriptors left
            log.warning("a screen could not connect: %s", error)
            return
        if len(self._screens) >= SCREENS:
            log.warning("more than %d screens: the oldest is let go", SCREENS)
            self._drop(self._screens[0])
        screen = _Screen(sock)
        self._screens.append(screen)
        self._counts["connected"] += 1
        self._selector.register(sock, selectors.EVENT_READ, screen)
        log.info("a screen connected")

    def _drop(self, screen: _Screen) -> None:
        if screen is self._screens[0]:
            self._pictures.gone()
        self._screens.remove(screen)
        self._selector.unregister(screen.wire.sock)
        screen.wire.sock.close()
        log.info("a screen is gone")

    def _hear(self, screen: _Screen) -> None:
        lines = screen.wire.read()
        if lines is None:
            self._drop(screen)
            return
        self._counts["refused"] += screen.wire.lines.refused
        screen.wire.lines.refused = 0
        screen.unheard += lines

    def _heed(self, screen: _Screen) -> None:
        """Do what the screen said, as long as it reads what it asked for."""
        while screen.unheard and len(screen.wire.unsent) < UNREAD:
            try:
                said = read_up(screen.unheard.popleft())
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self._counts["refused"] += 1
                log.warning("a line from the screen was refused: %s", error)
                continue
            if isinstance(said, Query):
                screen.wire.queue(self._answer(said))
            elif isinstance(said, PicturePiece):
                self._pictures.heard(said)
            elif isinstance(said, Drawn):
                screen.drawn = said
            else:
                self._take(said)

    def _take(self, intent: Intent) -> None:
        assert self._on_intent is not None
        try:
            self._on_intent(intent)
        except Exception:
            self._counts["dropped"] += 1
            log.exception("the agent could not take an intent")

    def _answer(self, query: Query) -> Answer:
        assert self._facings is not None
        try:
            check_range(query.start, query.stop)
            return Answer(query.id, self._facings(query.aisle, query.language, query.start, query.stop))
        except Exception as error:  # noqa: BLE001 - whatever it is, the screen hears of it and asks again
            self._counts["facings"] += 1
            log.warning("facings %d..%d of %r: %s", query.start, query.stop, query.aisle, error)
            return Answer(query.id, None, str(error) or type(error).__name__)

    def _tell(self, screen: _Screen) -> None:
        """Send the newest view and the answers; listen on only when all that was said is heeded."""
        wire, current = screen.wire, self._current
        if not wire.unsent and current is not None and screen.shown is not current:
            shop, view = current
            if screen.shown is None or screen.shown[0] is not shop:
                wire.queue(shop)
            wire.queue(view)
            screen.shown = current
        self._heed(screen)
        if not wire.flush():
            self._drop(screen)
            return
        wanted = selectors.EVENT_READ if not screen.unheard else 0
        if wire.unsent or screen.unheard:
            wanted |= selectors.EVENT_WRITE
        if wanted != self._selector.get_key(wire.sock).events:
            self._selector.modify(wire.sock, wanted, screen)
