"""The scrolling shelves: a handful of rectangles that are used again and again, whatever the aisle's length.

Tiles are opaque, stand edge to edge at whole pixels and are sampled `nearest`: nothing blended, nothing drawn twice.
Scrolling changes one translation; only when a row comes in are its rectangles given new places and textures.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from kiosk.ui.bake import Baker, Key, TextureCache
from kiosk.ui.facing import EmptyTile, FacingTile, TileShape
from kiosk.ui.geometry import Rect
from kiosk.ui.shelves import Shelf, Shelves
from kiosk.ui.sprites import copying
from kiosk.ui.theme import Colour
from kiosk.views import Facing

REBASE = 500  # rows; coordinates stay small, because a GPU's float has 24 bits and 20,000 facings are 4 million rows of pixels
AHEAD = 1  # rows painted before they come in


class Shelving(Struct, frozen=True):
    """What stands where: an aisle's facings in `columns`, in a viewport of the panel."""

    shelf: Shelf
    count: int
    columns: int
    shape: TileShape
    viewport: Rect
    background: Colour

    @property
    def rows(self) -> int:
        """Rows of the whole aisle."""
        return -(-self.count // self.columns)

    @property
    def limit(self) -> int:
        """How far it scrolls, in pixels."""
        return max(0, self.rows * self.shape.h - self.viewport.h)

    @property
    def slots(self) -> int:
        """Rows of rectangles needed."""
        return -(-self.viewport.h // self.shape.h) + 1

    def rows_at(self, offset: float) -> range:
        """The rows of which a pixel is shown; also rows behind the last, which are bare shelf."""
        first = int(offset) // self.shape.h
        return range(first, -(-(int(offset) + self.viewport.h) // self.shape.h))

    def place(self, index: int, offset: float) -> Rect:
        """Where the facing at `index` is on the panel."""
        row, column = divmod(index, self.columns)
        if self.shape.rtl:
            column = self.columns - 1 - column
        x = self.viewport.x + column * self.shape.w
        return Rect(x, self.viewport.y + row * self.shape.h - int(offset), self.shape.w, self.shape.h)

    def index_at(self, x: float, y: float, offset: float) -> int | None:
        """The index of the facing at a point of the panel, or None."""
        if not self.viewport.holds(x, y):
            return None
        column = int(x - self.viewport.x) // self.shape.w
        if column >= self.columns:
            return None
        if self.shape.rtl:
            column = self.columns - 1 - column
        index = int(y - self.viewport.y + int(offset)) // self.shape.h * self.columns + column
        return index if index < self.count else None

    def whole(self, offset: float) -> list[int]:
        """The facings that are wholly on the glass."""
        spans = (r for r in self.rows_at(offset) if self.place(r * self.columns, offset).inside(self._tall()))
        return [i for r in spans for i in range(r * self.columns, min(self.count, (r + 1) * self.columns))]

    def _tall(self) -> Rect:
        return Rect(-(10**6), self.viewport.y, 2 * 10**6, self.viewport.h)


class ShelfView:
    """Draws a Shelving. A new one is prepared beside the old and shown by switch(), when its tiles are painted."""

    def __init__(self, canvas: Any, height: int, cache: TextureCache, baker: Baker, shelves: Shelves) -> None:
        self.now: Shelving | None = None
        self.next: Shelving | None = None
        self.offset = 0
        self._next_offset = 0
        self._canvas = canvas
        self._height = height
        self._cache, self._baker, self._shelves = cache, baker, shelves
        self._slots: list[list[Any]] = []
        self._filled: dict[int, tuple[int, tuple[Key | None, ...]]] = {}  # slot row -> row, keys drawn
        self._base = 0
        self._move: Any = None
        self._direction = 1

    # --- what is shown ------------------------------------------------------------------------------------------

    def prepare(self, shelving: Shelving, offset: float) -> None:
        """Get another shelf ready."""
        if shelving == self.now and self.next is None:
            return
        self.next, self._next_offset = shelving, int(min(offset, shelving.limit))
        self._demand()

    @property
    def ready(self) -> bool:
        """Whether all that is (about to be) visible is painted."""
        shelving, offset = (self.next, self._next_offset) if self.next else (self.now, self.offset)
        if shelving is None:
            return True
        return all(
            key is not None and self._cache.get(key) is not None
            for key in self._keys(shelving, shelving.rows_at(offset))
        )

    def switch(self) -> bool:
        """Show what was prepared. False where nothing was."""
        if self.next is None:
            return False
        rebuild = self.now is None or (self.next.viewport, self.next.shape, self.next.columns) != (
            self.now.viewport, self.now.shape, self.now.columns)  # fmt: skip
        self.now, self.next = self.next, None
        self.offset = self._next_offset
        if rebuild:
            self._build()
        self._clear()
        self._base = self.now.rows_at(self.offset).start
        self._draw()
        self._demand()
        return True

    def scroll(self, offset: float) -> None:
        """Show the rows from pixel `offset` on."""
        assert self.now is not None
        before, self.offset = self.offset, round(offset)
        if self.offset != before:
            self._direction = 1 if self.offset > before else -1
            if self.now.rows_at(before) != self.now.rows_at(self.offset):
                self._draw()
                self._demand()
            else:
                self._follow()

    def arrived(self) -> None:
        """Tiles or facings came."""
        if self.now is not None:
            self._draw()
        self._demand()

    def facing(self, index: int) -> Facing | None:
        """The facing at a place of the shown shelf."""
        return self._shelves.get(self.now.shelf, index) if self.now is not None else None

    # --- drawing -------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        from kivy.graphics import PopMatrix, PushMatrix, Rectangle, Translate
        from kivy.graphics.scissor_instructions import ScissorPop, ScissorPush

        s = self.now
        assert s is not None
        view = s.viewport
        self._canvas.clear()
        self._canvas.add(ScissorPush(x=view.x, y=self._height - view.bottom, width=view.w, height=view.h))
        tiles = copying(self._canvas)
        tiles.add(PushMatrix())
        self._move = Translate(0, 0, 0)
        tiles.add(self._move)
        self._slots = []
        for _ in range(s.slots):
            row = [Rectangle(pos=(0, 0), size=(0, 0)) for _ in range(s.columns)]
            for rectangle in row:
                tiles.add(rectangle)
            self._slots.append(row)
        tiles.add(PopMatrix())
        self._canvas.add(ScissorPop())

    def _draw(self) -> None:
        """Bring the rectangles to where the shelf is now, and give those that need it their textures."""
        s = self.now
        assert s is not None
        rows = s.rows_at(self.offset)
        if abs(rows.start - self._base) > REBASE:
            self._base = rows.start
            self._clear()
        for row in rows:
            slot = row % len(self._slots)
            keys = self._row_keys(s, row)
            filled = self._filled.get(slot)
            before = filled[1] if filled is not None and filled[0] == row else (None,) * len(keys)
            shown = tuple(  # where a new price is not painted yet, the old one stands for that moment
                key if key is not None and self._cache.get(key) else old
                for key, old in zip(keys, before, strict=True)
            )
            if filled != (row, shown):
                self._fill(s, row, self._slots[slot], shown, moved=filled is None or filled[0] != row)
                self._filled[slot] = row, shown
        self._follow()

    def _clear(self) -> None:
        """Rows count from elsewhere: a rectangle that is not needed now would stand over another row, with its code."""
        self._filled.clear()
        for row in self._slots:
            for rectangle in row:
                if rectangle.size[0]:
                    rectangle.size = (0, 0)

    def _follow(self) -> None:
        """All that a frame of scrolling does: one translation, in whole pixels."""
        s = self.now
        assert s is not None
        y = self._height - s.viewport.y + self.offset - self._base * s.shape.h
        if self._move.y != y:  # setting it, even to what it is, would draw a frame
            self._move.y = y

    def _fill(
        self, s: Shelving, row: int, rectangles: list[Any], keys: tuple[Key | None, ...], *, moved: bool
    ) -> None:
        bare = self._cache.get(self._bare(s))
        for i, (rectangle, key) in enumerate(zip(rectangles, keys, strict=True)):
            tile = self._cache.get(key) if key is not None else None
            tile = tile or bare
            if tile is None:
                rectangle.size = (0, 0)
                continue
            if rectangle.texture is not tile.texture:
                rectangle.texture = tile.texture
            if moved or not rectangle.size[0]:
                column = s.columns - 1 - i if s.shape.rtl else i
                rectangle.pos = (s.viewport.x + column * s.shape.w, -(row - self._base + 1) * s.shape.h)
                rectangle.size = (s.shape.w, s.shape.h)

    # --- what is wanted -------------------------------------------------------------------------------------------

    def _bare(self, s: Shelving) -> Key:
        return Key(EmptyTile(s.shape, s.background), s.shape.w, s.shape.h)

    def _row_keys(self, s: Shelving, row: int) -> list[Key | None]:
        """What is to be drawn in a row; None where the facing has not come yet."""
        keys: list[Key | None] = []
        for index in range(row * s.columns, (row + 1) * s.columns):
            if index >= s.count:
                keys.append(self._bare(s))
                continue
            facing = self._shelves.get(s.shelf, index)
            art = FacingTile(facing, s.shelf.language, s.shape, s.background) if facing is not None else None
            keys.append(Key(art, s.shape.w, s.shape.h) if art is not None else None)
        return keys

    def _keys(self, s: Shelving, rows: range) -> list[Key | None]:
        return [key for row in rows for key in self._row_keys(s, row)]

    def _demand(self) -> None:
        """Say what is to be fetched and painted, the visible first."""
        s, offset = (self.next, self._next_offset) if self.next else (self.now, self.offset)
        if s is None:
            return
        rows = s.rows_at(offset)
        c = s.columns
        near = range(rows.start * c, min(s.count, rows.stop * c))
        if self._direction > 0:
            ahead_rows = range(rows.stop, min(s.rows, rows.stop + AHEAD))
            beyond = range(near.stop, min(s.count, near.stop + 8 * c))
        else:
            ahead_rows = range(max(0, rows.start - AHEAD), rows.start)
            beyond = range(max(0, near.start - 8 * c), near.start)
        self._shelves.want(s.shelf, [near, beyond])
        visible = [self._bare(s), *(k for k in self._keys(s, rows) if k is not None)]
        ahead = [k for k in self._keys(s, ahead_rows) if k is not None]
        pinned = list(visible)
        if self.next is not None and self.now is not None:  # the old shelf is still on the glass
            pinned += [k for k in self._keys(self.now, self.now.rows_at(self.offset)) if k is not None]
        self._cache.pin("2-shelf", pinned)
        self._baker.want("2-shelf", self._missing(visible))
        self._baker.want("3-ahead", self._missing(ahead))

    def _missing(self, keys: list[Key]) -> list[Key]:
        return [k for k in dict.fromkeys(keys) if self._cache.get(k) is None]
