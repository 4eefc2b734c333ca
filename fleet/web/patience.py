"""A connection that dawdles is closed: who opens many and sends nothing must not keep others out (slow loris).

uvicorn waits for a request's headers as long as it takes; this gives them HEAD_S from the first byte, or from the
opening of the connection.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S: Final = 10.0
MOST_HEAD: Final = 64 * 1024  # bytes of address and headers; httptools itself takes any number of them


class Patient(HttpToolsProtocol):
    """uvicorn's protocol with a limit on how long headers may take."""

    head_s: float = HEAD_S
    _dawdling: asyncio.TimerHandle | None = None
    _head = 0  # bytes that came while headers are waited for

    def connection_made(self, transport: Any) -> None:
        """The clock starts."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        self._done()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Headers without an end are hung up on: ten seconds of them from many would fill the memory."""
        if self._dawdling is not None:
            if self._head > MOST_HEAD:
                self._done()
                self._hang_up()
                return
            self._head += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request has begun: on a kept connection the clock starts anew."""
        super().on_message_begin()
        if self._dawdling is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """The headers are there."""
        self._head = 0
        self._done()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._dawdling = self.loop.call_later(self.head_s, self._hang_up)

    def _done(self) -> None:
        if self._dawdling is not None:
            self._dawdling.cancel()
            self._dawdling = None

    def _hang_up(self) -> None:
        self._dawdling = None
        if not self.transport.is_closing():
            self.transport.close()
