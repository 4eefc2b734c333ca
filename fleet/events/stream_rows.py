"""The marks of streams as rows: read and held by whoever commits, written back where they moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, delete, insert, select, text, tuple_

from fleet import tables
from fleet.events.bulk import is_postgres
from fleet.events.marks import Mark, Span, spans_of

if TYPE_CHECKING:
    from fleet.store.store import Store

Stream = tuple[str, str]  # (kiosk address, epoch)
Window = tuple[int, int]
ASKED_AT_ONCE = 500

_HOLD = text("""
    SELECT s.kiosk, s.epoch, s.upto, s.highest FROM streams s
    JOIN unnest(CAST(:kiosks AS text[]), CAST(:epochs AS text[])) AS wanted(kiosk, epoch)
      ON s.kiosk = wanted.kiosk AND s.epoch = wanted.epoch
    ORDER BY s.kiosk COLLATE "C", s.epoch COLLATE "C" FOR UPDATE OF s
""")
_MOVE = text("""
    UPDATE streams s SET upto = moved.upto, highest = moved.highest
    FROM unnest(CAST(:kiosks AS text[]), CAST(:epochs AS text[]), CAST(:uptos AS bigint[]), CAST(:highests AS bigint[]))
      AS moved(kiosk, epoch, upto, highest)
    WHERE s.kiosk = moved.kiosk AND s.epoch = moved.epoch
""")


class Streams:
    """The marks of some streams, held by this transaction; `strange` are those that have no row yet, see make_streams."""

    def __init__(self, connection: Connection, windows: Mapping[Stream, Window]) -> None:
        """`windows`: from which to which number each mark will be asked and told."""
        rows = _held(connection, windows)
        self.strange = windows.keys() - {(kiosk, epoch) for kiosk, epoch, _, _ in rows}
        self.marks: dict[Stream, Mark] = {}
        self._before: dict[Stream, tuple[int, int, tuple[Span, ...]]] = {}
        for kiosk, epoch, upto, highest in rows:
            stream = (kiosk, epoch)
            ahead = _ahead(connection, stream, windows[stream]) if highest > upto else ()
            self.marks[stream] = Mark(upto, ahead)
            self._before[stream] = upto, highest, ahead

    def save(self, connection: Connection) -> None:
        """Write back what moved."""
        moved: list[tuple[str, str, int, int]] = []
        for stream, mark in self.marks.items():
            upto, highest, ahead = self._before[stream]
            if mark.ahead != ahead:
                _save_ahead(connection, stream, set(ahead), set(mark.ahead))
            now = mark.upto, max(highest, mark.highest)
            if now != (upto, highest):
                moved.append((*stream, *now))
        if not moved:
            return
        if is_postgres(connection):
            names = ("kiosks", "epochs", "uptos", "highests")
            connection.execute(_MOVE, dict(zip(names, map(list, zip(*moved, strict=True)), strict=True)))
        else:
            statement = "UPDATE streams SET upto = ?, highest = ? WHERE kiosk = ? AND epoch = ?"
            rows = [(upto, highest, kiosk, epoch) for kiosk, epoch, upto, highest in moved]
            connection.exec_driver_sql(statement, rows)


def make_streams(store: Store, streams: Iterable[Stream]) -> None:
    """Make the rows of new streams, in a transaction of their own: a row must be there before it can be held in order."""
    rows = [{"kiosk": kiosk, "epoch": epoch, "upto": 0, "highest": 0} for kiosk, epoch in sorted(streams)]
    with store.write(beside=True) as connection:
        connection.execute(store.insert(tables.streams).on_conflict_do_nothing(), rows)


def rebuild(store: Store, streams: Iterable[Stream]) -> None:
    """Make the marks of streams again from the events beyond them."""
    with store.write(beside=True) as connection:
        held = Streams(connection, dict.fromkeys(streams, (0, 2**63 - 1)))
        lost = tables.losses.c
        for kiosk, epoch in held.marks:
            asked = select(lost.first, lost.last).where(lost.kiosk == kiosk, lost.epoch == epoch)
            rebuild_one(
                connection, (kiosk, epoch), [(first, last) for first, last in connection.execute(asked)]
            )


def rebuild_one(connection: Connection, stream: Stream, lost: Iterable[Window] = ()) -> None:
    """Make a stream's mark again from its events beyond it, what it has folded and what was accepted as `lost`, which is
    the caller's to know: databases of before had no such table, and are brought up by this.
    """
    place, folded, mine = tables.events.c, tables.folded.c, tables.streams.c
    row = and_(mine.kiosk == stream[0], mine.epoch == stream[1])
    before = connection.execute(select(mine.upto).where(row)).scalar_one()
    mark = Mark(before, _ahead(connection, stream, (0, 2**63 - 1)))
    old = set(mark.ahead)
    for first, last in lost:
        mark.add(first, last, 0)
    gaps = select(folded.first, folded.seq).where(
        folded.kiosk == stream[0], folded.epoch == stream[1], folded.seq > before
    )
    for first, last in connection.execute(gaps):
        mark.add(first, last, 0)
    there = select(place.seq).where(place.kiosk == stream[0], place.epoch == stream[1], place.seq > before)
    for span in spans_of(connection.scalars(there.order_by(place.seq)), 0):
        mark.add(*span)
    _save_ahead(connection, stream, old, set(mark.ahead))
    connection.execute(tables.streams.update().where(row).values(upto=mark.upto, highest=mark.highest))


def _held(connection: Connection, streams: Iterable[Stream]) -> list[Any]:
    wanted = sorted(streams)
    if is_postgres(connection):
        kiosks, epochs = (list(each) for each in zip(*wanted, strict=True))
        return list(connection.execute(_HOLD, {"kiosks": kiosks, "epochs": epochs}))
    row = tables.streams.c
    rows: list[Any] = []
    for begin in range(0, len(wanted), ASKED_AT_ONCE):
        some = tuple_(row.kiosk, row.epoch).in_(wanted[begin : begin + ASKED_AT_ONCE])
        rows += connection.execute(select(row.kiosk, row.epoch, row.upto, row.highest).where(some)).all()
    return rows


def _ahead(connection: Connection, stream: Stream, window: Window) -> tuple[Span, ...]:
    """The ranges that a mark has in, or next to, a window."""
    row = tables.ahead.c
    asked = select(row.first, row.last, row.since_ms).where(
        row.kiosk == stream[0], row.epoch == stream[1], row.last >= window[0] - 1, row.first - 1 <= window[1]
    )
    return tuple(Span(*span) for span in connection.execute(asked.order_by(row.first)))


def _save_ahead(connection: Connection, stream: Stream, before: set[Span], now: set[Span]) -> None:
    row = tables.ahead.c
    gone = sorted(span.first for span in before - now)
    for begin in range(0, len(gone), ASKED_AT_ONCE):
        some = row.first.in_(gone[begin : begin + ASKED_AT_ONCE])
        connection.execute(delete(tables.ahead).where(row.kiosk == stream[0], row.epoch == stream[1], some))
    if added := sorted(now - before):
        rows = [span._asdict() | {"kiosk": stream[0], "epoch": stream[1]} for span in added]
        connection.execute(insert(tables.ahead), rows)
