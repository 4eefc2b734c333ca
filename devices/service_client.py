"""A tool's end of the door to a running agent's devices (devices.service)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from devices.service import MOST_LINE


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
        self._lines = self._wire.makefile("rb")

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
        """One request; its answer is among the lines that follow."""
        self._wire.sendall(json.dumps(request).encode() + b"\n")

    def next(self, timeout_s: float | None = 5.0) -> dict[str, Any]:
        """The next line; None waits for ever. Raises TimeoutError, Refused, ConnectionError where the agent has ended."""
        self._wire.settimeout(timeout_s)
        row = self._lines.readline(MOST_LINE)
        if not row.endswith(b"\n"):
            raise ConnectionError("the agent has hung up")
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
        self._lines.close()
        self._wire.close()
