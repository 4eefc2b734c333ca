"""hidraw and evdev nodes: what can be shown without a kernel that has them. The rest runs in the virtual machine."""

from __future__ import annotations

import os
import pty
import threading
import tty
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devices.errors import Gone, ProtocolError
from devices.transport.evdev import EvdevTransport
from devices.transport.hidraw import HidrawTransport
from devices.transport.node import NodeTransport


@pytest.fixture
def ends() -> Iterator[tuple[int, NodeTransport]]:
    """A terminal's far end, and a node transport on the near one."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    node = NodeTransport(os.ttyname(slave), os.O_RDWR, 4096)
    os.close(slave)
    yield master, node
    node.close()
    with suppress(OSError):
        os.close(master)


def test_what_arrives_is_read_and_nothing_is_nothing(ends: tuple[int, NodeTransport]) -> None:
    master, node = ends
    assert node.read(0.0) == b""
    os.write(master, b"report")
    assert node.read(5.0) == b"report"


def test_an_unplug_is_gone(ends: tuple[int, NodeTransport]) -> None:
    master, node = ends
    os.close(master)
    with pytest.raises(Gone):
        node.read(5.0)


@pytest.mark.parametrize("closing", [False, True])
def test_a_read_ends_at_once_when_another_thread_says_so(
    ends: tuple[int, NodeTransport], closing: bool
) -> None:
    _, node = ends
    told: list[object] = []

    def reads() -> None:
        try:
            told.append(node.read(60.0))
        except Gone:
            told.append(Gone)

    reader = threading.Thread(target=reads)
    reader.start()
    if closing:
        node.close()
    else:
        node.wake()
    reader.join(30.0)
    assert told == [Gone if closing else b""]


@pytest.mark.parametrize("kind", [HidrawTransport, EvdevTransport])
def test_no_node_is_gone_and_another_file_is_no_device(
    tmp_path: Path, kind: type[HidrawTransport] | type[EvdevTransport]
) -> None:
    with pytest.raises(Gone):
        kind(str(tmp_path / "none"))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ProtocolError, match="is no"):
        kind(str(tmp_path / "file"))
