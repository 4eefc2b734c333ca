"""A TCP proxy that is the bad network between a kiosk and its broker: cuts, holes, slowness, refusal.

    with Proxy(("127.0.0.1", 1883)) as proxy:
        client = Client("127.0.0.1", proxy.port, ...)
        proxy.weather = Weather(up="stall")     # nothing gets through, and nobody is told
        proxy.weather = CLEAR                   # what was held flows on, as after a healed partition
        proxy.cut()                             # a reset on every connection

`tc netem` is not in every kernel, so faults are made here, above TCP: a byte that the proxy took is acknowledged to its
sender. That is the meaner case: a sender never learns from TCP what was lost.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, TypeVar

Flow = Literal["flow", "stall", "swallow"]
Door = Literal["open", "refuse", "hang"]
End = Literal["", "reset", "fin"]
Where = tuple[str, int]
T = TypeVar("T")

CHUNK: Final = 64 * 1024
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: close() sends a reset


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens to bytes and to new connections.

    `up` is towards the broker, `down` back. `stall`: bytes wait and flow on later. `swallow`: they are taken and never
    arrive; a connection that has lost some is reset when bytes would flow again, for a stream with a hole is no TCP.
    `door`: whether new connections are taken, refused, or taken and left hanging without a word.
    """

    up: Flow = "flow"
    down: Flow = "flow"
    delay_s: float = 0.0  # before each piece, each way
    bytes_per_s: int = 0  # 0: unlimited
    piece: int = CHUNK  # most bytes written at once; 1: every packet arrives in crumbs
    door: Door = "open"


CLEAR: Final = Weather()

# Every kind of bad weather, with how it begins for those who are connected already.
FORECAST: Final[dict[str, tuple[Weather, End]]] = {
    "half-open": (Weather(up="swallow", down="swallow", door="hang"), ""),
    "half-open up": (Weather(up="swallow"), ""),
    "half-open down": (Weather(down="swallow"), ""),
    "stalled": (Weather(up="stall", down="stall", door="hang"), ""),
    "slow": (Weather(delay_s=0.15), ""),
    "throttled": (Weather(bytes_per_s=4_000), ""),
    "one byte at a time": (Weather(piece=1), ""),
    "refused": (Weather(door="refuse"), "reset"),
    "accepted and left hanging": (Weather(door="hang"), "reset"),
    "cut by reset": (CLEAR, "reset"),
    "cut by FIN": (CLEAR, "fin"),
}


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time with one weather."""

    name: str
    weather: Weather
    begins: End
    lasts_s: float


def plan(seed: int, longest_s: float = 3.0) -> Iterator[Spell]:
    """Endless weather, bad and clear in turn; the same seed is the same weather."""
    draw = random.Random(seed)
    while True:
        name = draw.choice(list(FORECAST))
        yield Spell(name, *FORECAST[name], draw.uniform(0.1, longest_s))
        yield Spell("clear", CLEAR, "", draw.uniform(0.1, longest_s))


class _Link:
    """One connection through the proxy: two sockets, a task each way."""

    def __init__(self, near: socket.socket) -> None:
        self.near = near
        self.far: socket.socket | None = None
        self.holed = False  # bytes were swallowed
        self.tasks: list[asyncio.Task[None]] = []

    def close(self, *, reset: bool) -> None:
        here = asyncio.current_task()
        for task in self.tasks:
            if task is not here:
                task.cancel()
        for end in (self.near, self.far):
            if end is None or end.fileno() < 0:
                continue
            with suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                else:
                    end.shutdown(socket.SHUT_RDWR)
            _close(end)


class Proxy:
    """Listens on loopback and passes on to the first of `targets` that answers. Its surface is for any thread."""

    def __init__(self, *targets: Where) -> None:
        self.targets: tuple[Where, ...] = targets  # may be changed: it counts for new connections
        self.counts: Counter[str] = Counter()  # accepted, cut, swallowed (bytes), unreachable
        self._weather = CLEAR
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()  # set, and replaced, when the weather turns
        self._listener = _listen(0)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy", daemon=True)
        self._thread.start()
        self._do(self._let_in)

    # --- for any thread ---------------------------------------------------------------------------------------

    @property
    def weather(self) -> Weather:
        """What it is like now; set it to change it, for live connections too."""
        return self._weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        self._do(lambda: self._turn(weather))

    @property
    def connections(self) -> int:
        """How many pass through now."""
        return len(self._links)

    def cut(self, *, reset: bool = True) -> int:
        """End every connection, by a reset or by a clean end (FIN); returns how many there were."""
        return self._do(lambda: self._cut(reset=reset))

    def begin(self, spell: Spell) -> None:
        """Turn to the spell's weather, and end connections as it says; its length is the caller's to keep."""
        self.weather = spell.weather
        if spell.begins:
            self.cut(reset=spell.begins == "reset")

    def close(self) -> None:
        """Cut everything and end the thread."""
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _do(self, work: Callable[[], T]) -> T:
        async def within() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(within(), self._loop).result()

    # --- the loop's thread ------------------------------------------------------------------------------------

    def _turn(self, weather: Weather) -> None:
        before, self._weather = self._weather, weather
        if weather.door == "refuse":
            self._shut_door()
        elif before.door == "refuse":
            self._listener = _listen(self.port)
            self._let_in()
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _let_in(self) -> None:
        self._loop.add_reader(self._listener, self._accept)

    def _shut_door(self) -> None:
        if self._listener.fileno() >= 0:
            _close(self._listener)

    def _cut(self, *, reset: bool) -> int:
        links, self._links = self._links, set()
        for link in links:
            link.close(reset=reset)
        self.counts["cut"] += len(links)
        return len(links)

    async def _shut(self) -> None:
        self._shut_door()
        tasks = [task for link in self._links for task in link.tasks]
        self._cut(reset=True)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._loop.create_task(work)

    def _accept(self) -> None:
        """Take one connection, in one go: a task that awaits `sock_accept` and is cancelled when it has its answer and
        has not run yet leaves a connection that nobody owns.
        """
        try:
            near, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # it is gone again
            return
        near.setblocking(False)
        self.counts["accepted"] += 1
        link = _Link(near)
        self._links.add(link)
        link.tasks.append(self._spawn(self._serve(link)))

    async def _serve(self, link: _Link) -> None:
        try:
            while self._weather.door == "hang":
                await self._changed.wait()
            link.far = await self._reach()
            if link.far is None:
                self._drop(link, reset=True)
                return
            up = self._spawn(self._carry(link, link.near, link.far, lambda: self._weather.up))
            down = self._spawn(self._carry(link, link.far, link.near, lambda: self._weather.down))
            link.tasks += [up, down]
        except OSError:
            self._drop(link, reset=True)

    async def _reach(self) -> socket.socket | None:
        for target in self.targets:
            far = socket.socket()
            far.setblocking(False)
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                await self._loop.sock_connect(far, target)
            except OSError:
                _close(far)
            except asyncio.CancelledError:
                _close(far)
                raise
            else:
                return far
        self.counts["unreachable"] += 1
        return None

    async def _carry(
        self, link: _Link, source: socket.socket, sink: socket.socket, flow: Callable[[], Flow]
    ) -> None:
        """Carry bytes one way until either end is gone."""
        try:
            while data := await self._loop.sock_recv(source, CHUNK):
                await self._pass_on(link, sink, data, flow)
        except OSError:
            self._drop(link, reset=True)
        else:
            self._drop(link, reset=False)

    async def _pass_on(self, link: _Link, sink: socket.socket, data: bytes, flow: Callable[[], Flow]) -> None:
        rest = memoryview(data)
        while rest:
            while flow() == "stall":
                await self._changed.wait()
            weather = self._weather
            if flow() == "swallow":
                link.holed = True
                self.counts["swallowed"] += len(rest)
                return
            if link.holed:
                raise ConnectionResetError("bytes of this stream are gone")
            piece, rest = rest[: weather.piece], rest[weather.piece :]
            pause = weather.delay_s + (len(piece) / weather.bytes_per_s if weather.bytes_per_s else 0.0)
            if pause:
                await asyncio.sleep(pause)
            await self._loop.sock_sendall(sink, piece)

    def _drop(self, link: _Link, *, reset: bool) -> None:
        self._links.discard(link)
        link.close(reset=reset)


def _close(end: socket.socket) -> None:
    """Close what this loop may still watch; its number may be another socket's at once, so the watching ends first."""
    loop = asyncio.get_running_loop()
    loop.remove_reader(end)
    loop.remove_writer(end)
    end.close()


def _listen(port: int) -> socket.socket:
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    listener.setblocking(False)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted connections inherit it
    return listener
