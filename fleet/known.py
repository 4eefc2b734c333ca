"""Which events of a stream are known, for ever and in a few bytes: a high-water mark, and islands beyond it.

This is the law that an event counts once. It outlives the events themselves: their bodies go after some weeks
(fleet.retention), and an event that is sent again after years is still known. See docs/store.md.

    known(kiosk, epoch) = 1 .. streams.upto  and  first .. last of each of its rows in `islands`

Islands lie apart from the mark and from each other, so most streams have none. `locked` holds a stream's row until the
transaction ends: whoever else stores events of that kiosk waits, then sees what was known by then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, tuple_, update

from fleet import tables

if TYPE_CHECKING:
    from fleet.store import Store

Stream = tuple[str, str]  # (kiosk address, epoch)


class Known:
    """The numbers known of one stream: 1 to `upto`, and `islands` (first, last), sorted, none touching another."""

    __slots__ = ("_before", "islands", "upto")

    def __init__(self, upto: int = 0, islands: Collection[tuple[int, int]] = ()) -> None:
        self.upto, self.islands = upto, sorted(islands)
        self._before = (upto, tuple(self.islands))

    def __contains__(self, seq: int) -> bool:
        if seq <= self.upto:
            return True
        at = bisect_left(self.islands, (seq + 1, 0)) - 1
        return at >= 0 and self.islands[at][1] >= seq

    def take(self, seq: int, first: int | None = None) -> bool:
        """Make `seq` known, and all from `first` to it where one event stands for several. False where it was already."""
        if seq in self:
            return False
        start, end = min(seq, first or seq), seq
        if start <= self.upto + 1:
            start = 1
        begin = bisect_left(self.islands, (start, 0))
        if begin and self.islands[begin - 1][1] >= start - 1:
            begin -= 1
        after = begin
        while after < len(self.islands) and self.islands[after][0] <= end + 1:
            start, end = min(start, self.islands[after][0]), max(end, self.islands[after][1])
            after += 1
        if start == 1:
            self.upto, self.islands[begin:after] = end, []
        else:
            self.islands[begin:after] = [(start, end)]
        return True

    @property
    def highest(self) -> int:
        """The largest number known."""
        return self.islands[-1][1] if self.islands else self.upto

    def missing(self) -> list[tuple[int, int]]:
        """(first, last) of all that is not known below the highest."""
        ends = [self.upto, *(last for _, last in self.islands)]
        return [(end + 1, first - 1) for end, (first, _) in zip(ends, self.islands, strict=False)]

    @property
    def changed(self) -> bool:
        """Whether `save` has something to write."""
        return (self.upto, tuple(self.islands)) != self._before

    def difference(self) -> tuple[list[int], list[tuple[int, int]]]:
        """(firsts of islands that are gone or grew, islands that are new or grew)."""
        before, now = set(self._before[1]), set(self.islands)
        return sorted(first for first, _ in before - now), sorted(now - before)


def locked(store: Store, connection: Connection, streams: Collection[Stream]) -> dict[Stream, Known]:
    """What is known of each stream, nobody else changing it until this transaction ends. In one order, so that two who
    lock several never wait for each other.
    """
    if not streams:
        return {}
    wanted = sorted(streams)
    column, island = tables.streams.c, tables.islands.c
    rows = [{"kiosk": kiosk, "epoch": epoch, "upto": 0} for kiosk, epoch in wanted]
    store.insert_new(connection, tables.streams, rows)
    marks = (
        select(column.kiosk, column.epoch, column.upto)
        .where(tuple_(column.kiosk, column.epoch).in_(wanted))
        .order_by(column.kiosk, column.epoch)
        .with_for_update()
    )
    upto = {(kiosk, epoch): int(mark) for kiosk, epoch, mark in connection.execute(marks)}
    beyond: dict[Stream, list[tuple[int, int]]] = {}
    query = select(island.kiosk, island.epoch, island.first, island.last)
    for kiosk, epoch, first, last in connection.execute(
        query.where(tuple_(island.kiosk, island.epoch).in_(wanted))
    ):
        beyond.setdefault((kiosk, epoch), []).append((first, last))
    return {stream: Known(upto[stream], beyond.get(stream, ())) for stream in wanted}


def save(connection: Connection, known: dict[Stream, Known]) -> None:
    """Write down what has become known since `locked`, in the same transaction."""
    marks, gone, new = [], [], []
    for (kiosk, epoch), each in known.items():
        if not each.changed:
            continue
        marks.append({"of": kiosk, "in": epoch, "upto": each.upto})
        less, more = each.difference()
        gone += [{"of": kiosk, "in": epoch, "from": first} for first in less]
        new += [{"kiosk": kiosk, "epoch": epoch, "first": first, "last": last} for first, last in more]
    mark, island = tables.streams.c, tables.islands.c
    of: Any = bindparam("of")
    within: Any = bindparam("in")
    start: Any = bindparam("from")
    if marks:
        connection.execute(update(tables.streams).where(mark.kiosk == of, mark.epoch == within), marks)
    if gone:
        there = and_(island.kiosk == of, island.epoch == within, island.first == start)
        connection.execute(delete(tables.islands).where(there), gone)
    if new:
        connection.execute(insert(tables.islands), new)
