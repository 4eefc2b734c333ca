"""The link across two processes: JSON lines on a Unix socket, one selector thread at each end, nothing that blocks.

Down (agent to screen): a `shop` when it changed, then views, then answers to queries. Up: intents and queries. One
line is one JSON object whose `type` says what it is. A line that is too long or not understood is refused and
counted, and the connection lives on: losing one touch is better than losing the screen. A screen that does not read
is owed the latest view and nothing else; one that comes back gets the current shop and view at once.
"""

from __future__ import annotations

import itertools
import logging
import selectors
import socket
import threading
import time
from collections import Counter, deque
from pathlib import Path

import msgspec
from msgspec import Struct

from kiosk.link import Facings, LinkDown, OnIntent, Show, check_range
from kiosk.link_wire import Waker, Wire, listen_at
from kiosk.views import FacingsPage, Intent, Shop, View

log = logging.getLogger(__name__)

LINE_UP = 64 * 1024  # bytes of the longest line a screen may send; an intent has some hundred
LINE_DOWN = (
    4 * 1024 * 1024
)  # bytes of the longest line an agent may send; MAX_FACINGS facings have some 400 KiB
UNREAD = 256 * 1024  # bytes a screen may leave unread before its further queries wait
SCREENS = 8  # connections; the wall is one, a technician's view another
UNSENT = 64  # intents a screen keeps while the socket is full
ANSWER_S = 5.0  # an agent that does not answer within that time counts as away
RECONNECT_S = (0.05, 1.0)  # first and longest pause between two attempts to connect


class Query(Struct, frozen=True, tag="query"):
    """Screen to agent: which facings stand at `start`..`stop` of an aisle?"""

    id: int
    aisle: str
    language: str
    start: int
    stop: int


class Answer(Struct, frozen=True, tag="answer"):
    """Agent to screen: the page that was asked for, or why there is none."""

    id: int
    page: FacingsPage | None
    error: str = ""


_read_up = msgspec.json.Decoder(Intent | Query).decode
_read_down = msgspec.json.Decoder(Shop | View | Answer).decode


class _Screen:
    """One connected screen, as the agent sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self.wire = Wire(sock, LINE_UP)
        self.unheard: deque[bytes] = deque()  # lines that wait until it has read its answers
        self.shown: tuple[Shop, View] | None = None  # what it was last sent


class SocketAgentEnd:
    """AgentEnd for screens in other processes.

    Raises OSError where the path cannot be listened on: too long, no such folder, another agent there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: Counter[str] = Counter()
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
        self._thread = threading.Thread(target=self._run, name="link-agent", daemon=True)
        self._thread.start()

    def show(self, shop: Shop, view: View) -> None:
        """See AgentEnd."""
        self._current = (shop, view)
        self._waker.wake()

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
            for screen in list(self._screens):
                self._tell(screen)

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
        self._selector.register(sock, selectors.EVENT_READ, screen)
        log.info("a screen connected")

    def _drop(self, screen: _Screen) -> None:
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
                said = _read_up(screen.unheard.popleft())
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self._counts["refused"] += 1
                log.warning("a line from the screen was refused: %s", error)
                continue
            if isinstance(said, Query):
                screen.wire.queue(self._answer(said))
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


class _Waiting:
    """A query on its way."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.answer: Answer | None = None


class SocketScreenEnd:
    """ScreenEnd for an agent in another process; connects, and connects again, by itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._unsent: deque[Struct] = deque()
        self._waiting: dict[int, _Waiting] = {}
        self._wire: Wire | None = None
        self._show: Show | None = None
        self._shop: Shop | None = None
        self._view: View | None = None
        self._closing = threading.Event()
        self._waker = Waker()
        self.counts: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="link-screen", daemon=True)
        self._thread.start()

    def listen(self, show: Show) -> None:
        """See ScreenEnd."""
        if self._show is not None:
            raise RuntimeError("this screen listens already")
        self._show = show
        self._waker.wake()

    def send(self, intent: Intent) -> None:
        """See ScreenEnd. `counts["dropped"]` says how many were."""
        with self._lock:
            if self._wire is None or len(self._unsent) >= UNSENT:
                self.counts["dropped"] += 1
                return
            self._unsent.append(intent)
        self._waker.wake()

    def facings(self, aisle: str, language: str, start: int, stop: int) -> FacingsPage:
        """See ScreenEnd."""
        check_range(start, stop)
        query, waiting = Query(next(self._ids), aisle, language, start, stop), _Waiting()
        with self._lock:
            if self._wire is None:
                raise LinkDown("the agent is away")
            self._waiting[query.id] = waiting
            self._unsent.append(query)
        self._waker.wake()
        waiting.done.wait(ANSWER_S)
        with self._lock:
            self._waiting.pop(query.id, None)
        if waiting.answer is None:
            raise LinkDown("the agent went away, or did not answer in time")
        if waiting.answer.page is None:
            raise LinkDown(f"the agent could not answer: {waiting.answer.error}")
        return waiting.answer.page

    def close(self) -> None:
        """See ScreenEnd."""
        self._closing.set()
        self._waker.wake()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._waker.close()

    def _run(self) -> None:
        pause = RECONNECT_S[0]
        while not self._closing.is_set():
            sock = socket.socket(socket.AF_UNIX)
            with sock:
                sock.settimeout(RECONNECT_S[1])  # a hung agent's backlog may be full
                try:
                    sock.connect(str(self._path))
                except OSError:
                    self._closing.wait(pause)
                    pause = min(2 * pause, RECONNECT_S[1])
                    continue
                since = time.monotonic()
                self._converse(Wire(sock, LINE_DOWN))
            if time.monotonic() - since > RECONNECT_S[1]:
                pause = RECONNECT_S[0]  # it held for a while: this was no loop of quick deaths
            else:
                self._closing.wait(pause)

    def _converse(self, wire: Wire) -> None:
        """One connection, from its beginning to its end."""
        with self._lock:
            self._wire, self._shop, self._view = wire, None, None
        with selectors.DefaultSelector() as selector:
            selector.register(self._waker.inside, selectors.EVENT_READ)
            selector.register(wire.sock, selectors.EVENT_READ)
            while not self._closing.is_set():
                for key, mask in selector.select():
                    if key.fileobj is self._waker.inside:
                        self._waker.drain()
                    elif mask & selectors.EVENT_READ and not self._hear(wire):
                        return self._hang_up()
                if not self._tell(wire):
                    return self._hang_up()
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if wire.unsent else 0)
                selector.modify(wire.sock, wanted)
        return self._hang_up()

    def _hang_up(self) -> None:
        with self._lock:
            self._wire = None
            self.counts["dropped"] += len(self._unsent)
            self._unsent.clear()
            waiting, self._waiting = list(self._waiting.values()), {}
        for query in waiting:
            query.done.set()

    def _tell(self, wire: Wire) -> bool:
        with self._lock:
            while self._unsent and len(wire.unsent) < LINE_UP:
                wire.queue(self._unsent.popleft())
        self._deliver()
        return wire.flush()

    def _hear(self, wire: Wire) -> bool:
        lines = wire.read()
        if lines is None:
            return False
        self.counts["refused"] += wire.lines.refused
        wire.lines.refused = 0
        for line in lines:
            try:
                self._take(_read_down(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self.counts["refused"] += 1
                log.warning("a line from the agent was refused: %s", error)
        return True

    def _take(self, said: Shop | View | Answer) -> None:
        if isinstance(said, Answer):
            waiting = self._waiting.get(said.id)
            if waiting is not None:
                waiting.answer = said
                waiting.done.set()
        elif isinstance(said, Shop):
            self._shop = said
        else:
            self._view = said

    def _deliver(self) -> None:
        """Show the newest view, where there is one that was not shown and somebody to show it."""
        if self._show is None or self._shop is None or self._view is None:
            return
        view, self._view = self._view, None
        try:
            self._show(self._shop, view)
        except Exception:
            log.exception("the screen could not take a view")
