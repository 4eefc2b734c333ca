"""Pictures made on a worker thread and kept as textures: the worker paints bytes, the main thread uploads a few a frame.

Screens say what they want, most urgent first, and say it anew whenever that changes; what nobody wants any more is
never painted. So a fling over a thousand facings paints those it stops at.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from kiosk.ui.art import Art

READY_LIMIT = 12  # painted pictures that wait for upload; more would only be memory
_log = logging.getLogger(__name__)


class Key(NamedTuple):
    """What is painted, and how large in pixels."""

    art: Art
    w: int
    h: int


class Baked(NamedTuple):
    """A painted picture: rows of BGRA from the top, as software renderers keep their screens: nothing is swapped when it is drawn."""

    key: Key
    data: bytes
    opaque: bool


def bake(key: Key) -> Baked:
    """Paint one picture. An art that fails is logged and leaves an empty (see-through) place: a screen is never blank for one picture."""
    try:
        image = key.art.paint(key.w, key.h)
        if image.size != (key.w, key.h):
            raise ValueError(f"painted {image.size} where {(key.w, key.h)} was asked")
        opaque = image.mode != "RGBA"
        data = (image.convert("RGBA") if opaque else image).tobytes("raw", "BGRA")
    except Exception:  # noqa: BLE001 - logged; whatever a picture does, the shop goes on
        _log.exception("could not paint %r", key.art)
        return Baked(key, bytes(4 * key.w * key.h), False)
    return Baked(key, data, opaque)


class Baker:
    """The worker thread. `ready` is called from it when a picture can be taken."""

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready_call = ready
        self._lanes: dict[str, list[Key]] = {}
        self._ready: deque[Baked] = deque()
        self._open = threading.Condition()
        self._closed = False
        self._busy: Key | None = None
        self._done: set[Key] = set()  # painted, waiting in _ready
        self.painted = 0
        self._thread = threading.Thread(target=self._run, name="ui-bake", daemon=True)
        self._thread.start()

    def want(self, lane: str, keys: Iterable[Key]) -> None:
        """Replace a lane's wishes, most urgent first. Lanes are served in alphabetical order."""
        with self._open:
            self._lanes[lane] = list(keys)
            self._open.notify()

    def take(self) -> Baked | None:
        """The next painted picture, or None."""
        with self._open:
            if not self._ready:
                return None
            baked = self._ready.popleft()
            self._done.discard(baked.key)
            self._open.notify()
            return baked

    def close(self) -> None:
        """End the thread."""
        with self._open:
            self._closed = True
            self._open.notify()
        self._thread.join(timeout=10)

    def _next(self) -> Key | None:
        """The next wish, waiting for one; None when closed."""
        with self._open:
            while not self._closed:
                if len(self._ready) < READY_LIMIT:
                    for lane in sorted(self._lanes):
                        wishes = self._lanes[lane]
                        while wishes:
                            key = wishes.pop(0)
                            if key not in self._done:
                                self._busy = key
                                return key
                self._open.wait()
            return None

    def _run(self) -> None:
        while (key := self._next()) is not None:
            baked = bake(key)
            with self._open:
                self._busy = None
                self.painted += 1
                self._ready.append(baked)
                self._done.add(key)
            self._ready_call()


class Tile(NamedTuple):
    """A texture and whether it hides all that is behind it."""

    texture: Any  # kivy.graphics.texture.Texture
    opaque: bool
    size: int  # bytes


class TextureCache:
    """Uploaded pictures, the least used thrown out first when they are more than `limit` bytes. Main thread only.

    What a lane has pinned (is on the screen) stays, even beyond the limit.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self._tiles: OrderedDict[Key, Tile] = OrderedDict()
        self._pins: dict[str, frozenset[Hashable]] = {}

    def __len__(self) -> int:
        return len(self._tiles)

    def get(self, key: Key) -> Tile | None:
        """The texture, marked as used, or None where it must be baked."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
        return tile

    def pin(self, lane: str, keys: Sequence[Key]) -> None:
        """Keep these until the lane pins others."""
        self._pins[lane] = frozenset(keys)

    def put(self, baked: Baked) -> Tile:
        """Upload a painted picture: 1.2 to 2 ms of the main thread for a card on llvmpipe; three bytes a pixel would take longer."""
        from kivy.graphics.texture import Texture

        key = baked.key
        texture = Texture.create(size=(key.w, key.h), colorfmt="bgra")
        texture.mag_filter = texture.min_filter = "nearest"
        texture.blit_buffer(baked.data, colorfmt="bgra", bufferfmt="ubyte")
        texture.flip_vertical()
        tile = Tile(texture, baked.opaque, len(baked.data))
        old = self._tiles.pop(key, None)
        self.bytes += tile.size - (old.size if old else 0)
        self._tiles[key] = tile
        self._evict()
        return tile

    def _evict(self) -> None:
        if self.bytes <= self.limit:
            return
        pinned: set[Hashable] = set().union(*self._pins.values())
        for key in list(self._tiles):
            if self.bytes <= self.limit:
                return
            if key not in pinned and key != next(reversed(self._tiles)):
                self.bytes -= self._tiles.pop(key).size
