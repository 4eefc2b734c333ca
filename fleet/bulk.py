"""Many rows at once, by the fastest way each database has: COPY into PostgreSQL, one prepared statement in SQLite.

PostgreSQL's binary COPY format is in its manual, chapter "COPY": a signature, then per row the number of columns and
each value behind its length; integers are big-endian. Putting it together here costs about 1 us per event, where a
driver that looks at every value takes three.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from fleet.rows import Stored

_COLUMNS: Final = 10
_COPY_EVENTS: Final = "COPY events (kiosk, epoch, seq, type, wall_ms, mono_ms, boot, clock, received_ms, body) FROM STDIN (FORMAT binary)"
_INSERT_EVENTS: Final = """
    INSERT INTO events (kiosk, epoch, seq, type, wall_ms, mono_ms, boot, clock, received_ms, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_ROLLUPS: Final = """
    INSERT INTO rollups (kiosk, minute, kind, key, times, amount) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (kiosk, minute, kind, key)
    DO UPDATE SET times = rollups.times + excluded.times, amount = rollups.amount + excluded.amount
"""
_MERGE_ROLLUPS: Final = """
    INSERT INTO rollups (kiosk, minute, kind, key, times, amount)
    SELECT kiosk, minute, kind, key, times, amount FROM rollups_coming ORDER BY number
    ON CONFLICT (kiosk, minute, kind, key)
    DO UPDATE SET times = rollups.times + excluded.times, amount = rollups.amount + excluded.amount
"""
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END: Final = struct.pack(">h", -1)
_NUMBERS = struct.Struct(">iqiq")
_NUMBER = struct.Struct(">iq")
_LENGTH = struct.Struct(">i")
_PIECE: Final = (
    256 * 1024
)  # bytes handed to the driver at once: the server works on one while the next is made

RollupKey = tuple[str, int, str, str]  # kiosk, minute, kind, key
Sums = Mapping[RollupKey, Sequence[int]]  # -> times, amount


def is_postgres(connection: Connection) -> bool:
    """Whether this is PostgreSQL; otherwise it is SQLite."""
    return connection.dialect.name == "postgresql"


def insert_events(connection: Connection, items: Sequence[Stored]) -> None:
    """Insert events none of which is there. Raises IntegrityError where one is."""
    if is_postgres(connection):
        copy(connection, _COPY_EVENTS, _pieces(_framed(items)))
    elif items:
        connection.exec_driver_sql(_INSERT_EVENTS, [_values(item) for item in items])


def add_rollups(connection: Connection, sums: Sums) -> None:
    """Add sums to the roll-ups, in the order of their keys, so that two writers cannot wait for each other."""
    if not sums:
        return
    rows = [(*key, times, amount) for key, (times, amount) in sorted(sums.items())]
    if not is_postgres(connection):
        connection.exec_driver_sql(_INSERT_ROLLUPS, rows)
        return
    connection.exec_driver_sql(
        "CREATE TEMP TABLE IF NOT EXISTS rollups_coming (number int, kiosk text, minute bigint, kind text, key text, "
        "times bigint, amount bigint) ON COMMIT DELETE ROWS"
    )
    lines = (
        f"{number}\t{kiosk}\t{minute}\t{kind}\t{_escaped(key)}\t{times}\t{amount}\n".encode()
        for number, (kiosk, minute, kind, key, times, amount) in enumerate(rows)
    )
    copy(connection, "COPY rollups_coming FROM STDIN", _pieces(lines))
    connection.exec_driver_sql(_MERGE_ROLLUPS)


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


def _packed(items: Iterable[Stored]) -> Iterator[bytes]:
    """Rows of `events`, in the order of `_EVENT`."""
    texts: dict[str, bytes] = {}

    def text(value: str) -> bytes:
        known = texts.get(value)
        if known is None:
            data = value.encode()
            known = texts[value] = _LENGTH.pack(len(data)) + data
        return known

    heads: dict[tuple[str, str], bytes] = {}
    count = struct.pack(">h", 10)
    numbers, number, length = _NUMBERS.pack, _NUMBER.pack, _LENGTH.pack
    for item in items:
        stream = item.stream
        head = heads.get(stream)
        if head is None:
            head = heads[stream] = count + text(item.kiosk) + text(item.epoch)
        event, body = item.event, item.body
        wall, mono, boot, clock = (
            (event.wall_ms, event.mono_ms, event.boot, event.clock) if event is not None else (0, 0, "", "")
        )
        yield b"".join(
            (
                head, number(8, item.seq), text(item.type), numbers(8, wall, 8, mono), text(boot), text(clock),
                number(8, item.received_ms), length(len(body)), body,
            )
        )  # fmt: skip


def _pieces(rows: Iterable[bytes]) -> Iterator[bytes]:
    """Some rows at a time."""
    waiting: list[bytes] = []
    size = 0
    for row in rows:
        waiting.append(row)
        size += len(row)
        if size >= _PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
