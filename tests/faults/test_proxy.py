"""The bad network itself: each fault is what it says, and nothing is left of it when the weather clears."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice

import pytest

from tests.faults.proxy import CLEAR, FORECAST, Proxy, Weather, plan
from tests.servers import wait_until

WAIT_S = 60.0


class Echo:
    """A server that says everything back, until it is closed."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.where = ("127.0.0.1", int(self._listener.getsockname()[1]))
        self._talks: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                talk = threading.Thread(target=self._talk, args=(caller,))
                talk.start()
                self._talks.append(talk)

    @staticmethod
    def _talk(caller: socket.socket) -> None:
        with caller, suppress(OSError):
            while heard := caller.recv(65536):
                caller.sendall(heard)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._thread, *self._talks):
            thread.join(WAIT_S)
            assert not thread.is_alive()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with closing(Echo()) as echo, Proxy(echo.where) as running:
        yield running


def call(proxy: Proxy, timeout: float = WAIT_S) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout)


def hear(line: socket.socket, count: int) -> bytes:
    heard = b""
    while len(heard) < count and (more := line.recv(count - len(heard))):
        heard += more
    return heard


def silent(line: socket.socket) -> bool:
    line.settimeout(0.2)
    try:
        return line.recv(1) == b"never"
    except TimeoutError:
        return True
    finally:
        line.settimeout(WAIT_S)


def test_in_clear_weather_every_byte_arrives(proxy: Proxy) -> None:
    with call(proxy) as line:
        said = bytes(range(256)) * 2_000
        threading.Thread(target=line.sendall, args=(said,)).start()
        assert hear(line, len(said)) == said


def test_a_cut_is_a_reset_and_a_fin_an_end(proxy: Proxy) -> None:
    with call(proxy) as line:
        line.sendall(b"x")
        assert hear(line, 1) == b"x"
        assert proxy.cut() == 1
        with pytest.raises(ConnectionResetError):
            line.recv(1)
    with call(proxy) as line:
        line.sendall(b"x")
        assert hear(line, 1) == b"x"
        proxy.cut(reset=False)
        assert line.recv(1) == b""
    assert proxy.connections == 0


def test_what_stalls_flows_on(proxy: Proxy) -> None:
    with call(proxy) as line:
        proxy.weather = Weather(up="stall")
        line.sendall(b"held")
        assert silent(line)
        proxy.weather = CLEAR
        assert hear(line, 4) == b"held"


@pytest.mark.parametrize("weather", [Weather(up="swallow"), Weather(down="swallow")])
def test_what_is_swallowed_is_gone_and_so_is_the_connection(proxy: Proxy, weather: Weather) -> None:
    with call(proxy) as line:
        proxy.weather = weather
        line.sendall(b"lost")
        wait_until(lambda: proxy.counts["swallowed"] == 4, "four bytes to be lost")
        assert silent(line)
        assert proxy.connections == 1, "half-open: nobody was told"
        proxy.weather = CLEAR
        line.sendall(b"after")
        with pytest.raises(ConnectionResetError):
            hear(line, 5)


def test_refused_and_left_hanging(proxy: Proxy) -> None:
    proxy.weather = Weather(door="refuse")
    with pytest.raises(ConnectionRefusedError):
        call(proxy)
    proxy.weather = Weather(door="hang")
    with call(proxy) as line:
        line.sendall(b"anybody?")
        assert silent(line)
        proxy.weather = CLEAR
        assert hear(line, 8) == b"anybody?"


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("end", ["refuse", "close"])
def test_a_door_that_shuts_on_a_caller_leaves_no_socket_behind(end: str, turns: int) -> None:
    """However many turns of the loop the caller was ahead: not taken yet, taken, on its way to the target, through."""

    async def shut_on(line: socket.socket, proxy: Proxy) -> None:
        line.connect(("127.0.0.1", proxy.port))  # the kernel answers, the proxy has yet to hear of it
        for _ in range(turns):
            await asyncio.sleep(0)
        if end == "close":
            await proxy._shut()
        else:
            proxy._turn(Weather(door="refuse"))

    with warnings.catch_warnings(record=True) as said, closing(Echo()) as echo, socket.socket() as line:
        warnings.simplefilter("always")
        with Proxy(echo.where) as proxy:
            asyncio.run_coroutine_threadsafe(shut_on(line, proxy), proxy._loop).result(WAIT_S)
        gc.collect()
    assert [str(one.message) for one in said] == []


def test_crumbs_arrive_whole(proxy: Proxy) -> None:
    proxy.weather = Weather(piece=1)
    with call(proxy) as line:
        line.sendall(b"crumbs" * 20)
        assert hear(line, 120) == b"crumbs" * 20


def test_a_throttled_line_is_slow(proxy: Proxy) -> None:
    proxy.weather = Weather(bytes_per_s=20_000)
    with call(proxy) as line:
        begun = time.monotonic()
        line.sendall(b"x" * 4_000)
        assert hear(line, 4_000) == b"x" * 4_000
        assert time.monotonic() - begun > 0.3  # there and back: 0.4 s, and never less


def test_the_first_target_that_answers_is_taken(proxy: Proxy) -> None:
    (alive,) = proxy.targets
    with socket.create_server(("127.0.0.1", 0)) as gone:
        dead = gone.getsockname()
    with Proxy(dead, alive) as two, call(two) as line:
        line.sendall(b"x")
        assert hear(line, 1) == b"x"
    with Proxy(dead) as none:  # its reset may come before the call is through
        with pytest.raises(ConnectionResetError), call(none) as line:
            line.recv(1)
        assert none.counts["unreachable"] == 1


def test_one_seed_is_one_weather() -> None:
    assert list(islice(plan(7), 50)) == list(islice(plan(7), 50))
    assert list(islice(plan(7), 50)) != list(islice(plan(8), 50))
    assert {spell.name for spell in islice(plan(1), 1_000)} == {*FORECAST, "clear"}


def test_every_weather_clears(proxy: Proxy) -> None:
    with suppress(OSError), call(proxy) as line:
        for spell in islice(plan(3), 60):
            proxy.begin(spell)
            line.sendall(b"into it")
    proxy.weather = CLEAR
    with call(proxy) as line:
        line.sendall(b"still here")
        assert hear(line, 10) == b"still here"
