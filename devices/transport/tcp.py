"""Devices on the network: most receipt printers listen on port 9100 and take the bytes a serial line would carry."""

from __future__ import annotations

import errno
import os
import socket
import time
from contextlib import suppress

from devices.errors import DeviceError, Gone, ProtocolError, Timeout, translate
from devices.transport.waiting import Waiter

CONNECT_S = 2.0
_CHUNK = 4096


class TcpTransport:
    """One connection. Raises Gone where nobody listens or the name is unknown, Timeout where nobody answers.

    A peer whose power is cut says no good-bye: keep-alive finds it out within about 20 s, a write that is not acknowledged
    within 10 s.
    """

    def __init__(self, host: str, port: int, connect_s: float = CONNECT_S) -> None:
        self._what = f"tcp://{host}:{port}"
        self._waiter = Waiter(self._what)
        try:
            self._socket = self._connect(host, port, time.monotonic() + connect_s)
        except BaseException:
            self._waiter.closing()
            raise

    def _connect(self, host: str, port: int, end: float) -> socket.socket:
        try:
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise _on_the_network(Gone(f"{self._what}: {error.strerror}")) from error
        except UnicodeError as error:
            raise ProtocolError(f"{self._what}: is no host name: {error}") from error
        failed: DeviceError = Gone(f"{self._what}: has no address")
        for family, kind, protocol, _, address in addresses:
            try:
                wire = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
            except OSError as error:  # a kernel without IPv6, whatever the name server says
                failed = translate(error, self._what)
                continue
            try:
                number = wire.connect_ex(address)
                if number == errno.EINPROGRESS:
                    if not self._waiter.writable(wire.fileno(), end - time.monotonic()):
                        raise Timeout(f"{self._what}: no answer to a connection")
                    number = wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if number:
                    raise translate(OSError(number, os.strerror(number)), self._what)
                _patience(wire)
            except DeviceError as error:
                wire.close()
                failed = error
            except BaseException:
                wire.close()
                raise
            else:
                return wire
        raise _on_the_network(failed)

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after `timeout_s`; b"" for nothing or after `wake`."""
        return self._waiter.read(self._socket.fileno(), 4096, timeout_s)

    def write(self, data: bytes, deadline_s: float) -> None:
        """All of `data` within `deadline_s`."""
        self._waiter.write(self._socket.fileno(), data, deadline_s, _CHUNK)

    def wake(self) -> None:
        """End a waiting `read` early."""
        self._waiter.wake()

    def close(self) -> None:
        """Hang up. From any thread; twice is once."""
        if self._waiter.closing():
            with suppress(OSError):
                self._socket.close()


def _on_the_network(error: DeviceError) -> DeviceError:
    if isinstance(error, Gone | Timeout):
        error.remedy = "Switch it on, look at its network cable, and whether it still has the address of the configuration."
    return error


def _patience(wire: socket.socket) -> None:
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 3)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)
