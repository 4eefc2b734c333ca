"""The door to an agent's devices, and tools that do what no tool should."""

from __future__ import annotations

import json
import os
import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.events import Scan
from devices.technician.service import LONGEST_S, MOST_HELD, MOST_LINE, GlassStep, Service, step_of
from devices.technician.service_client import Client, Refused
from tests.devices.technician.test_service import Bench
from tests.kiosk.until import until


class Wall:
    """A glass that shows everything."""

    def __init__(self) -> None:
        self.shown: list[GlassStep] = []

    def show(self, step: GlassStep, answered: Callable[[str], None]) -> None:
        self.shown.append(step)
        answered("shown")

    def clear(self, answered: Callable[[str], None], *, now: bool) -> None:
        raise RuntimeError("this wall has fallen down")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.mark.parametrize(
    "row",
    [
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"do": {"do": []}}',
        b'{"do": "lend", "device": "\\ud800"}',
        b'{"do": "lend", "device": ["scanner"]}',
    ],
)
def test_nonsense_costs_a_tool_nothing_but_an_error(bench: Bench, row: bytes) -> None:
    with Client(bench.socket) as tool:
        tool._wire.sendall(row + b"\n")
        with pytest.raises(Refused):
            tool.next()
        assert tool.ask(do="list")["devices"]


def test_a_line_that_never_ends_ends_the_connection(bench: Bench) -> None:
    with Client(bench.socket) as tool:
        tool._wire.sendall(b"x" * MOST_LINE)
        with pytest.raises(Refused, match="a line of at most"):
            tool.next()
        with pytest.raises(ConnectionError):
            tool.next()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"step": ["scan"]}, "step: expected a str"),
        ({"step": "scan", "number": "one"}, "number: expected a int"),
        ({"step": "scan", "detail": "x" * 501}, "detail: expected at most 500"),
        ({"step": "scan", "code": "\ud800"}, "surrogates not allowed"),
        ({"step": "scan", "colour": "red"}, "colour"),
        ({}, "step"),
    ],
)
def test_nothing_comes_on_the_glass_that_it_cannot_show(fields: dict[str, object], said: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        step_of("scanner", {"do": "show", **fields})
    assert said in str(caught.value)


def test_nobody_has_the_glass_for_longer_than_a_test_takes() -> None:
    for asked, given in (
        ("1e999", LONGEST_S),
        ("1e308", LONGEST_S),
        ("NaN", 0),
        ("-1", 0),
        ("20", 20),
    ):
        request = json.loads(f'{{"step": "passed", "patience_s": {asked}}}')
        assert step_of("scanner", request).patience_s == given


def test_a_glass_that_fails_keeps_no_device_from_coming_back(bench: Bench, tmp_path: Path) -> None:
    service = Service(bench.manager, tmp_path / "other.sock", Wall())
    service.start()
    with Client(tmp_path / "other.sock") as tool:
        tool.ask(do="lend", device="scanner")
        assert tool.ask(do="show", step="scan") == {"shown": True}
    until(lambda: not bench.manager.devices["scanner"].report().lent, "the device")
    until(lambda: not service._tools, "the tool to be gone")
    service.stop()


def test_what_waits_for_a_tool_that_does_not_read_is_bounded_in_characters_too(bench: Bench) -> None:
    with Client(bench.socket) as tool:
        tool.ask(do="watch")
        [served] = bench.service._tools
        for _ in range(40):
            served._hear(Scan("scanner", b"x" * (MOST_HELD // 20), ""))
        assert served._held <= MOST_HELD
        assert any("lost" in tool.next() for _ in range(40))


def test_a_tool_that_has_said_all_and_does_not_read_is_let_go(bench: Bench) -> None:
    with Client(bench.socket) as tool:
        tool.ask(do="watch")
        [served] = bench.service._tools
        for _ in range(10):
            served._hear(Scan("scanner", b"x" * 100_000, ""))
        tool._wire.shutdown(socket.SHUT_WR)
        until(lambda: not bench.service._tools, "its place")


def test_too_many_open_files_close_the_door_for_a_moment_only(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket(socket.AF_UNIX) as tool:
        free = os.dup(0)
        os.close(free)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
            tool.connect(str(bench.socket))
            until(lambda: any("could not be let in" in one.getMessage() for one in caplog.records), "a no")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        tool.sendall(b'{"do": "list"}\n')
        assert b"devices" in tool.recv(1000)
