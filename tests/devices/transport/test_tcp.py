"""Devices on the network."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from devices.errors import Gone, Timeout
from devices.transport.tcp import TcpTransport


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def joined(listener: socket.socket) -> tuple[TcpTransport, socket.socket]:
    port = TcpTransport("127.0.0.1", listener.getsockname()[1])
    return port, listener.accept()[0]


def test_bytes_go_both_ways_and_a_hang_up_is_gone(listener: socket.socket) -> None:
    port, peer = joined(listener)
    port.write(b"\x1b@", 1.0)
    assert peer.recv(16) == b"\x1b@"
    peer.send(b"\x12")
    assert port.read(5.0) == b"\x12"
    assert port.read(0) == b""
    port.wake()
    assert port.read(60) == b""
    peer.close()
    with pytest.raises(Gone, match="hung up"):
        port.read(5.0)
    port.close()
    port.close()
    with pytest.raises(Gone, match="closed"):
        port.write(b"x", 1.0)


def test_nobody_listens_there(listener: socket.socket) -> None:
    number = listener.getsockname()[1]
    listener.close()
    with pytest.raises(Gone, match=f"tcp://127.0.0.1:{number}: "):
        TcpTransport("127.0.0.1", number)


def test_nobody_has_that_name() -> None:
    with pytest.raises(Gone):
        TcpTransport("printer.invalid", 9100)


def test_a_machine_that_does_not_answer_costs_the_deadline(listener: socket.socket) -> None:
    """A full queue of connections drops the next one's SYN, as a machine without power would."""
    listener.listen(0)
    waiting: list[TcpTransport] = []
    with pytest.raises(Timeout, match="no answer to a connection"):
        while len(waiting) < 8:
            waiting += [TcpTransport("127.0.0.1", listener.getsockname()[1], 0.1)]
    for port in waiting:
        port.close()


def test_a_printer_that_does_not_read_is_a_timeout_that_says_how_much_went_out(
    listener: socket.socket,
) -> None:
    port, peer = joined(listener)
    with pytest.raises(Timeout, match=r"\d+ of 50000000 bytes"):
        port.write(bytes(50_000_000), 0.1)
    port.close()
    peer.close()


def test_a_printer_that_is_off_is_not_to_be_plugged_into_usb(listener: socket.socket) -> None:
    number = listener.getsockname()[1]
    listener.close()
    for host in ("127.0.0.1", "nobody.invalid"):
        with pytest.raises(Gone) as caught:
            TcpTransport(host, number)
        assert "network cable" in caught.value.remedy
