"""The last word of every kiosk: presence and health, and when it was heard at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, select

from fleet import tables
from fleet.events import bulk
from mqtt.messages import Health, Presence
from mqtt.presence import newer

if TYPE_CHECKING:
    from fleet.store.store import Store

Said = tuple[str, Presence | Health]  # the kiosk's address, and its word
_NOTHING: Final[dict[str, Any]] = {
    "state": "unknown", "boot": "", "since_ms": 0, "version": "", "view": "", "health_ms": 0, "devices": "{}", "counters": "{}",
    "session": "", "epoch": "", "backlog": 0, "oldest_ms": 0, "acked_ms": 0, "clock": "", "clock_off_ms": 0,
}  # fmt: skip


def keep(store: Store, words: Sequence[Said], seen_ms: int) -> None:
    """What kiosks said last, in one transaction: a commit for each held a thousand that came back at once up for 20 s.

    In the order of their names, so that two writers cannot wait for each other; one kiosk's in the order they came.
    """
    with store.write(beside=True) as connection:
        for kiosk, word in sorted(words, key=lambda said: said[0]):
            if isinstance(word, Presence):
                _presence(store, connection, kiosk, word, seen_ms)
            else:
                _health(store, connection, kiosk, word, seen_ms)


def _presence(store: Store, connection: Connection, kiosk: str, word: Presence, seen_ms: int) -> None:
    """A kiosk's presence, as it says itself or as its last will says for it.

    The broker repeats it to whoever subscribes, so the same again does not mean that the kiosk was heard. A will of a
    session that has ended is not heard at all (mqtt.presence.newer).
    """
    said = ("state", "boot", "since_ms", "version", "view", "session", "epoch")
    row = _NOTHING | {"kiosk": kiosk, "seen_ms": seen_ms} | {name: getattr(word, name) for name in said}
    known = select(*(tables.kiosks.c[name] for name in said)).where(tables.kiosks.c.kiosk == kiosk)
    blank = store.insert(tables.kiosks).values(_NOTHING | {"kiosk": kiosk, "seen_ms": seen_ms})
    connection.execute(blank.on_conflict_do_nothing())  # a row that is there can be held
    before = connection.execute(known.with_for_update()).one()
    if newer(_word(before), word) and tuple(before) != tuple(row[name] for name in said):
        store.upsert(connection, tables.kiosks, row, ("seen_ms", *said))


def _word(row: Row[Any]) -> Presence | None:
    """What is held of a kiosk; None where only something else was heard of it."""
    held = Presence(**row._mapping)
    return None if held.state == _NOTHING["state"] else held


def _health(store: Store, connection: Connection, kiosk: str, word: Health, seen_ms: int) -> None:
    """A kiosk's device states and counters."""
    told = {
        "seen_ms": seen_ms, "health_ms": word.wall_ms, "devices": json.dumps(word.devices),
        "counters": json.dumps(word.counters), "backlog": word.backlog, "oldest_ms": word.oldest_ms,
        "acked_ms": word.acked_ms, "clock": word.clock, "clock_off_ms": word.clock_off_ms,
    }  # fmt: skip
    store.upsert(connection, tables.kiosks, _NOTHING | {"kiosk": kiosk} | told, tuple(told))


def heard_of(connection: Connection, seen_ms: Mapping[str, int]) -> None:
    """Kiosks that sent something, and when. In the order of their names, so that two writers cannot wait for each other."""
    rows = [_NOTHING | {"kiosk": kiosk, "seen_ms": seen_ms[kiosk]} for kiosk in sorted(seen_ms)]
    bulk.insert_rows(connection, tables.kiosks, rows, "(kiosk) DO UPDATE SET seen_ms = excluded.seen_ms")
