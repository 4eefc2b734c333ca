"""One thread that waits for many connections at once, with epoll: one client of a kiosk, or ten thousand simulated ones.

select() ends at file 1023; a fleet's process has more connections than that, and a simulated station certainly.
Connecting may wait (names, TCP, TLS), so a shared loop does it on a few threads beside; a client's own loop waits itself.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import queue
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

log = logging.getLogger(__name__)

CONNECTS: Final = 8  # at a time; a TLS 1.3 handshake is about 1 ms of work and two round trips of waiting
LEAVE_S: Final = 0.5  # longest wait, at the end, for the broker to read our last words
STUCK_S: Final = 30.0  # a turn of the loop that takes longer hangs in somebody's callback
Ready = Callable[[int], None]
_TURN_S: Final = 5.0  # at most between two turns, so that a loop that hangs can be told from one that waits


class Loop:
    """Waits for sockets and times and calls back, in one thread of its own. `with Loop() as loop: Client(..., loop=loop)`.

    `call` works from any thread; everything else that clients use is for the loop's own thread.
    """

    def __init__(self, name: str = "mqtt", connects: int = CONNECTS) -> None:
        """`connects`: threads that connect; with 0 the loop's own thread does it, and waits."""
        self._name = name
        self._selector: selectors.BaseSelector
        self._wake_r: socket.socket
        self._wake_w: socket.socket | None = None
        self._lock = threading.Lock()  # of `_over`, and of `_posted` for whoever appends
        self._over = False
        self._posted: deque[Callable[[], None]] = deque()
        self._times: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._lingering: dict[socket.socket, float] = {}
        self._ending = threading.Event()
        self._turned = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._to_connect: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._connecters = [
            threading.Thread(target=self._connect, name=f"{name} connect {number}", daemon=True)
            for number in range(connects)
        ]

    # --- from any thread --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin. Once only. Nothing is open before."""
        self._selector = selectors.DefaultSelector()
        self._wake_r, wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        wake_w.setblocking(False)
        self._selector.register(self._wake_r, selectors.EVENT_READ, self._woken)
        self._wake_w = wake_w
        for thread in self._connecters:
            thread.start()
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """End the threads; stop the clients first. False where one still hangs in a connect or a callback: it ends when
        that returns.
        """
        self._ending.set()
        for _ in self._connecters:
            self._to_connect.put(None)
        if self._thread.ident is None:
            return True
        self.wake()
        end = time.monotonic() + timeout_s
        threads = [
            thread for thread in (self._thread, *self._connecters) if thread is not threading.current_thread()
        ]
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def __enter__(self) -> Loop:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether the thread runs and does not hang in a callback."""
        return self._thread.is_alive() and time.monotonic() - self._turned < STUCK_S

    @property
    def here(self) -> bool:
        """Whether this is the loop's thread."""
        return threading.current_thread() is self._thread

    def call(self, function: Callable[[], None]) -> bool:
        """Have the loop's thread call it, soon. False where it has ended."""
        with self._lock:
            if self._over:
                return False
            self._posted.append(function)
        self.wake()
        return True

    def wake(self) -> None:
        """End the waiting."""
        if self._wake_w is not None:
            with suppress(OSError):  # full: it wakes anyway; closed: it has ended
                self._wake_w.send(b"\0")

    # --- in the loop's thread ---------------------------------------------------------------------------------

    def connect(self, work: Callable[[], None]) -> None:
        """Have somebody do what may wait."""
        if self._connecters:
            self._to_connect.put(work)
        else:
            work()

    def watch(self, sock: Any, mask: int, ready: Ready) -> None:
        """Call `ready(mask)` whenever a socket is."""
        try:
            self._selector.modify(sock, mask, ready)
        except KeyError:
            self._selector.register(sock, mask, ready)

    def forget(self, sock: Any) -> None:
        """Stop watching. Safe to repeat."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(sock)

    def at(self, when: float, function: Callable[[], None]) -> None:
        """Call at a monotonic time. Whoever asks knows whether it still matters then."""
        heapq.heappush(self._times, (when, next(self._number), function))

    def linger(self, sock: Any) -> None:
        """Keep a socket that is about to be closed until the peer has closed its end, at most LEAVE_S.

        A socket closed with unread data in it sends a reset, and the broker then may drop what it has not read yet: the
        last words and the disconnect, so that it sends the will. Seen when a message arrived meanwhile.
        """
        try:
            kept = socket.socket(fileno=socket.dup(sock.fileno()))
        except OSError:
            return
        try:
            kept.shutdown(socket.SHUT_WR)
        except OSError:
            kept.close()
            return
        kept.setblocking(False)
        end = time.monotonic() + LEAVE_S
        self._lingering[kept] = end
        self.watch(kept, selectors.EVENT_READ, lambda _: self._drain(kept))
        self.at(end, lambda: self._left(kept))

    def _drain(self, kept: socket.socket) -> None:
        try:
            if kept.recv(65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._left(kept)

    def _left(self, kept: socket.socket) -> None:
        if self._lingering.pop(kept, None) is not None:
            self.forget(kept)
            kept.close()

    def _run(self) -> None:
        while not self._done():
            try:
                self._turn()
            except BaseException:  # the thread that ends here would leave every client looking connected
                log.exception("%s: a turn of the loop failed", self._name)
        self._close()

    def _done(self) -> bool:
        with self._lock:
            self._over = self._ending.is_set() and not self._posted and not self._lingering
            return self._over

    def _turn(self) -> None:
        self._turned = now = time.monotonic()
        wait = min(_TURN_S, self._times[0][0] - now) if self._times else _TURN_S
        for key, mask in self._selector.select(max(0.0, 0.0 if self._posted else wait)):
            self._guarded(key.data, mask)
        for _ in range(len(self._posted)):
            self._guarded(self._posted.popleft())
        now = time.monotonic()
        while self._times and self._times[0][0] <= now:
            self._guarded(heapq.heappop(self._times)[2])

    def _guarded(self, function: Callable[..., None], *arguments: int) -> None:
        try:
            function(*arguments)
        except BaseException:
            log.exception("%s: a fault of the client's own", self._name)

    def _woken(self, _mask: int) -> None:
        with suppress(BlockingIOError):
            while self._wake_r.recv(4096):
                pass

    def _connect(self) -> None:
        while (work := self._to_connect.get()) is not None:
            self._guarded(work)

    def _close(self) -> None:
        for key in list(
            self._selector.get_map().values()
        ):  # whoever forgot to stop a client leaves no socket open
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        self._wake_r.close()
        assert self._wake_w is not None
        self._wake_w.close()
