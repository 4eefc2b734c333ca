"""A counting door before a broker: takes every connection, notes when, and passes bytes on where the broker is there."""

from __future__ import annotations

import asyncio
import bisect
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress


class Gate:
    """Listens on 127.0.0.1:`port`; `came` are the moments (monotonic) of all connections it took, `through` of those that
    it could pass on."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self.port = 0
        self.came: list[float] = []
        self.through: list[float] = []
        self.turned_away = 0  # came while the broker was away
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gate", daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._pass, "127.0.0.1", 0, backlog=4096))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came.append(time.monotonic())
        try:
            broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        except OSError:
            self.turned_away += 1
            writer.close()
            return
        self.through.append(time.monotonic())
        there = asyncio.ensure_future(_copy(reader, broker_writer))
        back = asyncio.ensure_future(_copy(broker_reader, writer))
        with suppress(asyncio.CancelledError):
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        for one in (writer, broker_writer):
            one.close()


def peak(moments: Sequence[float], since: float) -> int:
    """The most within any one second from then on. `moments` in order."""
    later = [moment for moment in moments if moment >= since]
    return max(
        (bisect.bisect_right(later, moment + 1.0) - index for index, moment in enumerate(later)), default=0
    )


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.CancelledError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@contextmanager
def gate_before(broker_port: int) -> Iterator[Gate]:
    gate = Gate(broker_port)
    try:
        yield gate
    finally:
        gate.stop()
