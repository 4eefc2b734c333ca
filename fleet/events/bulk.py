"""Many rows at once, by the fastest way each database has: COPY into PostgreSQL, one prepared statement in SQLite.

PostgreSQL's binary COPY format is in its manual, chapter "COPY": a signature, then per row the number of columns and
each value behind its length; integers are big-endian. Putting it together here costs about 1 us per event, where a
driver that looks at every value takes three.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from fleet.events.rows import Stored

_COPY_EVENTS: Final = "COPY events (kiosk, epoch, seq, type, wall_ms, mono_ms, boot, clock, received_ms, body) FROM STDIN (FORMAT binary)"
_INSERT_EVENTS: Final = """
    INSERT INTO events (kiosk, epoch, seq, type, wall_ms, mono_ms, boot, clock, received_ms, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
COPY_ROLLUPS: Final = "COPY rollups (kiosk, minute, kind, key, times, amount) FROM STDIN"
_INSERT_ROLLUPS: Final = (
    "INSERT INTO rollups (kiosk, minute, kind, key, times, amount) VALUES (?, ?, ?, ?, ?, ?)"
)
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END: Final = struct.pack(">h", -1)
_NUMBERS = struct.Struct(">iqiq")
_NUMBER = struct.Struct(">iq")
_LENGTH = struct.Struct(">i")
_NUMBER_AND_LENGTH = struct.Struct(">iqi")
_PIECE: Final = 1_000  # rows handed to the driver at once
_NOBODY: Final = ("", "")
_Row = TypeVar("_Row", bytes, str)

RollupKey = tuple[str, int, str, str]  # kiosk, minute, kind, key
Sums = Mapping[RollupKey, Sequence[int]]  # -> times, amount


def is_postgres(connection: Connection) -> bool:
    """Whether this is PostgreSQL; otherwise it is SQLite."""
    return connection.dialect.name == "postgresql"


def insert_events(connection: Connection, items: Sequence[Stored]) -> None:
    """Insert events none of which is there. Raises IntegrityError where one is."""
    if is_postgres(connection):
        copy(connection, _COPY_EVENTS, event_rows(items))
    elif items:
        connection.exec_driver_sql(_INSERT_EVENTS, [_values(item) for item in items])


def add_rollups(connection: Connection, sums: Sums) -> None:
    """Add sums to the roll-ups, as rows of their own: see fleet.events.rollups."""
    if not sums:
        return
    if not is_postgres(connection):
        rows = [(*key, times, amount) for key, (times, amount) in sums.items()]
        connection.exec_driver_sql(_INSERT_ROLLUPS, rows)
        return
    copy(connection, COPY_ROLLUPS, rollup_rows(sums))


def rollup_rows(sums: Sums) -> Iterator[bytes]:
    """Rows of `rollups` in the text format, as COPY_ROLLUPS takes them."""
    lines = (
        f"{kiosk}\t{minute}\t{kind}\t{_escaped(key)}\t{times}\t{amount}\n"
        for (kiosk, minute, kind, key), (times, amount) in sums.items()
    )
    return ("".join(some).encode() for some in _some(lines))


def event_rows(items: Iterable[Stored]) -> Iterator[bytes]:
    """Rows of `events` in the binary format, some at a time: the server works on them while the next are made."""
    return (b"".join(some) for some in _some(_framed(items)))


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], conflict: str
) -> None:
    """Insert rows in their order, all of the same columns. `conflict`: what follows ON CONFLICT."""
    if not rows:
        return
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    if is_postgres(connection):  # one array for each column: a row by itself costs 80 us, one of an array two
        types = [str(table.c[name].type.compile(connection.dialect)).partition("(")[0] for name in names]
        arrays = ", ".join(f"%s::{kind}[]" for kind in types)
        connection.exec_driver_sql(
            f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM unnest({arrays}) ON CONFLICT {conflict}',  # noqa: S608 (names of ours)
            tuple([row[name] for row in rows] for name in names),
        )
        return
    marks = ", ".join("?" * len(names))
    connection.exec_driver_sql(
        f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks}) ON CONFLICT {conflict}',  # noqa: S608 (names of ours)
        [tuple(row[name] for name in names) for row in rows],
    )


def add_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of a table that has no key, all of the same columns."""
    if not rows:
        return
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    if is_postgres(connection):
        lines = ("\t".join(_escaped(str(row[name])) for name in names) + "\n" for row in rows)
        pieces = ("".join(some).encode() for some in _some(lines))
        copy(connection, f'COPY "{table.name}" ({columns}) FROM STDIN', pieces)
        return
    marks = ", ".join("?" * len(names))
    connection.exec_driver_sql(
        f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})',  # noqa: S608 (names of ours)
        [tuple(row[name] for name in names) for row in rows],
    )


def copy(connection: Connection, statement: str, pieces: Iterable[bytes]) -> None:
    """Run a COPY FROM STDIN with these bytes. Errors are SQLAlchemy's, as of any other statement."""
    import psycopg  # only where PostgreSQL is used

    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as target:
            for piece in pieces:
                target.write(piece)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True) from error


def _escaped(text: str) -> str:
    """A value of COPY's text format."""
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


def _values(item: Stored) -> tuple[object, ...]:
    event = item.event
    if event is None:
        return item.kiosk, item.epoch, item.seq, item.type, 0, 0, "", "", item.received_ms, item.body
    return (
        item.kiosk, item.epoch, item.seq, item.type, event.wall_ms, event.mono_ms, event.boot, event.clock,
        item.received_ms, item.body,
    )  # fmt: skip


def _framed(items: Iterable[Stored]) -> Iterator[bytes]:
    yield _SIGNATURE
    yield from _packed(items)
    yield _END


def _text(value: str) -> bytes:
    data = value.encode()
    return _LENGTH.pack(len(data)) + data


def _packed(items: Iterable[Stored]) -> Iterator[bytes]:
    """Rows of `events`, in the order of `_COPY_EVENTS`. Spelled out because this runs for every event there is."""
    count = struct.pack(">h", 10)
    kinds: dict[object, bytes] = {}
    boots: dict[tuple[str, str], bytes] = {}
    kiosk = epoch = ""
    head = b""
    numbers, number, and_length = _NUMBERS.pack, _NUMBER.pack, _NUMBER_AND_LENGTH.pack
    for item in items:
        if item.kiosk != kiosk or item.epoch != epoch:
            kiosk, epoch = item.kiosk, item.epoch
            head = count + _text(kiosk) + _text(epoch)
        event, body = item.event, item.body
        wall, mono, by = (
            (0, 0, _NOBODY) if event is None else (event.wall_ms, event.mono_ms, (event.boot, event.clock))
        )
        kind = kinds.get(type(event))
        if kind is None:
            kind = kinds[type(event)] = _text(item.type)
        boot = boots.get(by)
        if boot is None:
            boot = boots[by] = _text(by[0]) + _text(by[1])
        yield b"".join(
            (
                head, number(8, item.seq), kind, numbers(8, wall, 8, mono), boot,
                and_length(8, item.received_ms, len(body)), body,
            )
        )  # fmt: skip


def _some(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    coming = iter(rows)
    while some := list(itertools.islice(coming, _PIECE)):
        yield some
