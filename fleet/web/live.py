"""What happens, as server-sent events (WHATWG HTML, section 9.2): one stream per open page."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from fleet.live import Hub, Item

BACKLOG: Final = 256  # items a slow page may be behind; older ones are left out, and it is told to ask anew
BEAT_S: Final = 15.0  # a comment this often, so that proxies and browsers see that we live
HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


class _Reader:
    """One page's end: filled from any thread, emptied in its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._ready = loop, asyncio.Event()
        self._items: deque[Item] = deque()
        self.missed = 0

    def hear(self, item: Item) -> None:
        """From the teller's thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, item)

    def _put(self, item: Item) -> None:
        if len(self._items) >= BACKLOG:
            self._items.popleft()
            self.missed += 1
        self._items.append(item)
        self._ready.set()

    async def next(self) -> list[Item]:
        """All that waits; [] after BEAT_S of silence."""
        try:
            await asyncio.wait_for(self._ready.wait(), BEAT_S)
        except TimeoutError:
            return []
        self._ready.clear()
        items, self._items = list(self._items), deque()
        return items


async def stream(hub: Hub) -> AsyncIterator[bytes]:
    """Everything told from now on, until the hub closes or the page leaves."""
    reader = _Reader(asyncio.get_running_loop())
    leave = hub.listen(reader.hear)
    try:
        yield b"retry: 1000\n\n"
        while not hub.closed.is_set():
            items = await reader.next()
            if not items:
                yield b": still here\n\n"
            if reader.missed:
                reader.missed = 0
                yield b"event: missed\ndata: {}\n\n"
            for item in items:
                if item.name == "closed":
                    return
                yield b"event: %s\ndata: %s\n\n" % (item.name.encode(), msgspec.json.encode(item.data))
    finally:
        leave()
