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
        with self._waiter.using:
            if not self._waiter.readable(self._socket.fileno(), timeout_s):
                return b""
            try:
                data = self._socket.recv(4096)
            except BlockingIOError:
                return b""
            except OSError as error:
                raise translate(error, self._what) from error
        if not data:
            raise Gone(f"{self._what}: hung up")
        return data

    def write(self, data: bytes, deadline_s: float) -> None:
        """All of `data` within `deadline_s`."""
        end = time.monotonic() + deadline_s
        sent = 0
        with self._waiter.using:
            while sent < len(data):
                left = end - time.monotonic()
                try:
                    if self._waiter.writable(self._socket.fileno(), left):
                        sent += self._socket.send(data[sent : sent + _CHUNK])
                    elif left <= 0:
                        raise Timeout(
                            f"{self._what}: {sent} of {len(data)} bytes went out in {deadline_s:g} s", sent
                        )
                except BlockingIOError:
                    continue
                except OSError as error:
                    raise translate(error, self._what) from error

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
