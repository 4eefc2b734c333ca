"""The screen's end of the link across two processes; see kiosk.link.socket for what goes over it."""

from __future__ import annotations

import itertools
import logging
import selectors
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from kiosk.link.link import Drawn, LinkDown, Show, TakePicture, check_range
from kiosk.link.messages import (
    LINE_DOWN,
    LINE_UP,
    Answer,
    Down,
    Leave,
    PictureWanted,
    Query,
    pieces,
    read_down,
)
from kiosk.link.wire import Waker, Wire
from kiosk.views import FacingsPage, Intent, Shop, View

log = logging.getLogger(__name__)

UNSENT = 64  # intents a screen keeps while the socket is full
ANSWER_S = 5.0  # an agent that does not answer within that time counts as away
RECONNECT_S = (0.05, 1.0)  # first and longest pause between two attempts to connect


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
        self._drawn: Drawn | None = None  # to be told; one that comes takes its place
        self._wire: Wire | None = None
        self._show: Show | None = None
        self._picture: TakePicture | None = None
        self._leave: Callable[[], None] | None = None
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

    def obey(self, picture: TakePicture, leave: Callable[[], None]) -> None:
        """See ScreenEnd."""
        self._picture, self._leave = picture, leave

    def send(self, intent: Intent) -> None:
        """See ScreenEnd. `counts["dropped"]` says how many were."""
        with self._lock:
            if self._wire is None or len(self._unsent) >= UNSENT:
                self.counts["dropped"] += 1
                return
            self._unsent.append(intent)
        self._waker.wake()

    def drew(self, drawn: Drawn) -> None:
        """See ScreenEnd."""
        with self._lock:
            if self._wire is None:
                return
            self._drawn = drawn
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
                more = wire.unsent or self._unsent or self._drawn
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if more else 0)
                selector.modify(wire.sock, wanted)
        return self._hang_up()

    def _hang_up(self) -> None:
        with self._lock:
            self._wire = None
            self.counts["dropped"] += len(self._unsent)
            self._unsent.clear()
            self._drawn = None
            waiting, self._waiting = list(self._waiting.values()), {}
        for query in waiting:
            query.done.set()

    def _tell(self, wire: Wire) -> bool:
        with self._lock:
            while self._unsent and len(wire.unsent) < LINE_UP:
                wire.queue(self._unsent.popleft())
            if self._drawn is not None and len(wire.unsent) < LINE_UP:
                wire.queue(self._drawn)
                self._drawn = None
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
                self._take(read_down(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self.counts["refused"] += 1
                log.warning("a line from the agent was refused: %s", error)
        return True

    def _photograph(self, number: int) -> None:
        def answer(webp: bytes, why: str) -> None:
            with self._lock:
                if self._wire is not None:
                    self._unsent.extend(pieces(number, webp, why))
            self._waker.wake()

        if self._picture is None:
            answer(b"", "no-screen")
        else:
            self._picture(answer)

    def _take(self, said: Down) -> None:
        if isinstance(said, Answer):
            waiting = self._waiting.get(said.id)
            if waiting is not None:
                waiting.answer = said
                waiting.done.set()
        elif isinstance(said, PictureWanted):
            self._photograph(said.id)
        elif isinstance(said, Leave):
            if self._leave is not None:
                self._leave()
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
