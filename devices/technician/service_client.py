"""A tool's end of the door to a running agent's devices (devices.technician.service)."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

MOST_LINE = 1 << 24  # bytes of one answer: a whole receipt's picture in a trace, as hexadecimal digits
PIECE = 1 << 16


class NoAgent(OSError):
    """No agent listens there; says why."""


class Refused(ValueError):
    """The agent cannot do what was asked; says why."""


class Client:
    """One connection. Raises NoAgent where there is none to be had, PermissionError where it is another's, later OSError where it breaks."""

    def __init__(self, path: Path, timeout_s: float = 5.0) -> None:
        self._wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._wire.settimeout(timeout_s)
        try:
            self._wire.connect(str(path))
        except PermissionError as error:
            self._wire.close()
            raise PermissionError(
                f"{path}: is the agent's; run this as its account (sudo -u endcap ...)"
            ) from error
        except OSError as error:
            self._wire.close()
            raise NoAgent(f"{path}: {error.strerror or error}") from error
        self._arrived = (
            bytearray()
        )  # what came of the next lines; socket.makefile() reads no more after a timeout

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, **request: Any) -> dict[str, Any]:
        """One request, and the next line. Raises Refused, OSError."""
        self.send(**request)
        return self.next()

    def send(self, **request: Any) -> None:
        """One request; its answer is among the lines that follow. Raises ConnectionError where the agent has ended."""
        try:
            self._wire.sendall(json.dumps(request).encode() + b"\n")
        except BrokenPipeError:  # which would read as if our own output had nobody to read it
            raise ConnectionError("the agent has hung up") from None

    def next(self, timeout_s: float | None = 5.0) -> dict[str, Any]:
        """The next line; None waits for ever. Raises TimeoutError, Refused, ConnectionError where the agent has ended."""
        row = self._row(None if timeout_s is None else time.monotonic() + timeout_s)
        line: dict[str, Any] = json.loads(row)
        if "error" in line:
            raise Refused(str(line["error"]))
        return line

    def lines(self) -> Iterator[dict[str, Any]]:
        """All lines from now on, until the agent ends."""
        while True:
            try:
                yield self.next(None)
            except ConnectionError:
                return

    def hang_up(self) -> None:
        """End a waiting `next`; from any thread."""
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up, and let go of the socket. Nobody may be waiting in `next`."""
        self.hang_up()
        self._wire.close()

    def _row(self, end: float | None) -> bytes:
        """The next whole line; what came of one that is not whole in time is kept."""
        looked = 0
        while (at := self._arrived.find(b"\n", looked)) < 0:
            looked = len(self._arrived)
            self._wire.settimeout(None if end is None else max(0.001, end - time.monotonic()))
            try:
                piece = self._wire.recv(PIECE)
            except TimeoutError:
                raise TimeoutError("the agent does not answer") from None
            if not piece or looked > MOST_LINE:
                raise ConnectionError("the agent has hung up")
            self._arrived += piece
        row = bytes(self._arrived[:at])
        del self._arrived[: at + 1]
        return row
