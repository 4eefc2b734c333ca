"""Serial ports on a pseudo-terminal, whose hang-up gives the very errors of cdc_acm and ftdi_sio at an unplug."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from devices.errors import Busy, DeviceError, Gone, ProtocolError, Timeout
from devices.transport.serial import SerialTransport


class Cable:
    """A pty: `path` is what the driver opens."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        self.path = os.ttyname(self.slave)

    def pull(self) -> None:
        for end in (self.master, self.slave):
            if end >= 0:
                os.close(end)
        self.master = self.slave = -1


@pytest.fixture
def cable() -> Iterator[Cable]:
    cable = Cable()
    yield cable
    cable.pull()


def during(act: object, blocked: object) -> list[object]:
    """What `blocked` ended with in a thread while `act` was done here."""
    ended: list[object] = []
    begun = threading.Event()

    def run() -> None:
        begun.set()
        try:
            ended.append(blocked())  # type: ignore[operator]
        except DeviceError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait()
    act()  # type: ignore[operator]
    thread.join(60)
    assert not thread.is_alive(), "it never ended"
    return ended


def test_bytes_go_both_ways(cable: Cable) -> None:
    port = SerialTransport(cable.path)
    port.write(b"\x00ask\r\n", 1.0)
    assert os.read(cable.master, 64) == b"\x00ask\r\n", "a raw line changes nothing"
    os.write(cable.master, b"\x1b[A\x03\n")
    assert port.read(1.0) == b"\x1b[A\x03\n"
    assert port.read(0) == b""
    port.close()


def test_parity_and_hardware_flow_control_reach_the_line(cable: Cable) -> None:
    port = SerialTransport(cable.path, 9600, "E", True)
    assert (port._serial.parity, port._serial.rtscts, port._serial.baudrate) == ("E", True, 9600)
    port.close()


def test_a_line_that_cannot_be_so_is_refused(cable: Cable) -> None:
    with pytest.raises(ProtocolError, match="parity"):
        SerialTransport(cable.path, 9600, "X")


def test_a_port_that_is_not_there_is_gone(tmp_path: Path) -> None:
    with pytest.raises(Gone):
        SerialTransport(str(tmp_path / "nothing"))


def test_a_file_that_is_no_line_is_refused_and_let_go_of() -> None:
    with pytest.raises(ProtocolError):
        SerialTransport("/dev/null")


def test_nobody_else_gets_the_port_while_it_is_open_and_everybody_after(cable: Cable) -> None:
    port = SerialTransport(cable.path)
    with pytest.raises(Busy):
        SerialTransport(cable.path)
    if os.geteuid() != 0:  # TIOCEXCL does not stop root
        with pytest.raises(OSError, match="busy"):
            os.close(os.open(cable.path, os.O_RDWR | os.O_NOCTTY))
    port.close()
    serial.Serial(cable.path).close()


def test_a_copy_of_the_descriptor_keeps_nobody_out_after_close(cable: Cable) -> None:
    port = SerialTransport(cable.path)
    copy = os.dup(port._fd)  # as a child has that was forked meanwhile; found with cdc_acm
    port.close()
    SerialTransport(cable.path).close()
    os.close(copy)


def test_a_wake_ends_the_read_under_way_or_the_next_one(cable: Cable) -> None:
    port = SerialTransport(cable.path)
    assert during(port.wake, lambda: port.read(60)) == [b""]
    port.wake()
    port.write(b"x", 1.0)
    assert port.read(60) == b"", "a write does not use it up"
    port.close()


@pytest.mark.parametrize("how", ["pull", "close"])
@pytest.mark.parametrize("what", ["read", "write"])
def test_an_unplug_and_a_close_end_what_is_under_way_as_gone(cable: Cable, how: str, what: str) -> None:
    port = SerialTransport(cable.path)
    blocked = (lambda: port.read(60)) if what == "read" else (lambda: port.write(bytes(1_000_000), 60))
    [ended] = during(cable.pull if how == "pull" else port.close, blocked)
    assert type(ended) is Gone
    port.close()
    for call in (lambda: port.read(1.0), lambda: port.write(b"x", 1.0)):
        with pytest.raises(Gone):
            call()


def test_a_close_in_another_thread_never_reads_anothers_file(cable: Cable) -> None:
    for _ in range(50):
        port = SerialTransport(cable.path)
        ended = during(port.close, lambda port=port: port.read(60))
        assert [type(one) for one in ended] == [Gone]
    others = [os.pipe() for _ in range(8)]  # take the numbers that have become free
    port.wake()
    port.close()
    for out, into in others:
        os.set_blocking(out, False)
        with pytest.raises(BlockingIOError):
            os.read(out, 1)
        os.close(out)
        os.close(into)


def test_a_peer_that_does_not_read_costs_its_deadline_and_no_cpu(cable: Cable) -> None:
    port = SerialTransport(cable.path)
    before = time.thread_time()
    with pytest.raises(Timeout, match=r"\d+ of 1000000 bytes"):
        port.write(bytes(1_000_000), 0.3)
    assert time.thread_time() - before < 0.1, "pyserial's own write burns 0.22 s here"
    port.close()
