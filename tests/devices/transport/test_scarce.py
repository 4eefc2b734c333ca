"""Too many open files, and names nobody has: one of the five errors, and nothing left open."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.errors import Busy, Gone, ProtocolError
from devices.sim.scanner import SimScanner
from devices.transport.node import NodeTransport
from devices.transport.serial import SerialTransport
from devices.transport.tcp import TcpTransport


@contextmanager
def room_for(number: int) -> Iterator[None]:
    """At most so many files more can be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("room", [0, 1, 2])
@pytest.mark.parametrize("kind", ["node", "serial", "tcp"])
def test_where_too_many_files_are_open_none_is_left_behind(kind: str, room: int, tmp_path: Path) -> None:
    sim = SimScanner(tmp_path / "scanner")
    kinds: dict[str, Callable[[], object]] = {
        "node": lambda: NodeTransport("/dev/null", os.O_RDWR, 64),
        "serial": lambda: SerialTransport(str(tmp_path / "scanner")),
        "tcp": lambda: TcpTransport("127.0.0.1", 9),
    }
    before = open_files()
    with room_for(room), pytest.raises((Busy, Gone)):  # Gone: the name cannot be looked up
        kinds[kind]()
    assert open_files() == before
    sim.close()


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
def test_what_is_no_host_name_is_said_to_be_none(host: str) -> None:
    with pytest.raises(ProtocolError, match="is no host name"):
        TcpTransport(host, 9100)
