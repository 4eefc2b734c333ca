"""A phone's line to the shop that can be cut: a small TCP proxy on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

State = Literal["up", "down", "deaf"]


class Line:
    """`state`: up; down: nothing goes through; deaf: what is sent arrives, and no answer comes back."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._state: State = "up"
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def put(self, state: State) -> None:
        """From now on; connections that are open end when nothing is to go through."""
        with self._lock:
            self._state = state
            if state != "up":
                for each in self._open:
                    _end(each)

    def close(self) -> None:
        """End everything."""
        self.put("down")
        _end(self._listener)
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                self._listener.close()
                return
            thread = threading.Thread(target=self._serve, args=(near,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            if self._state == "down":
                return
            with socket.create_connection(("127.0.0.1", self._to)) as far:
                with self._lock:
                    self._open |= {near, far}
                back = threading.Thread(target=self._pump, args=(far, near, True))
                back.start()
                self._pump(near, far, False)
                back.join()
                with self._lock:
                    self._open -= {near, far}

    def _pump(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if answers and self._state != "up":
                    break
                target.sendall(data)
        _end(source)
        _end(target)


def _end(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


@contextmanager
def line(to: int) -> Iterator[Line]:
    """A line to a port, until the block ends."""
    opened = Line(to)
    try:
        yield opened
    finally:
        opened.close()
