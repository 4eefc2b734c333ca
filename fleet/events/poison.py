"""What could not be read, or contradicts what is stored: kept aside with the reason, counted, in nobody's way."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, select

from fleet import tables
from fleet.events.rows import Aside

if TYPE_CHECKING:
    from fleet.store.store import Store

MAX_POISON: Final = 10_000  # rows; what comes after is counted by its teller and not kept
POISON_BYTES: Final = 64 * 1024


def keep_aside(store: Store, topic: str, payload: bytes, reason: str, now_ms: int) -> bool:
    """Keep what could not be read, with the reason; the same again is counted. False where there is no more room."""
    with store.write(beside=True) as connection:
        return keep(store, connection, [Aside(topic, payload, reason, now_ms)]) == 1


def keep(store: Store, connection: Connection, asides: Sequence[Aside]) -> int:
    """The same for several, in the caller's transaction; returns how many of them are kept."""
    if not asides:
        return 0
    poison = tables.poison
    room = MAX_POISON - (connection.scalar(select(func.count()).select_from(poison)) or 0)
    if room <= 0:
        return 0
    rows: dict[str, dict[str, object]] = {}
    for topic, payload, reason, at_ms in asides:
        topic, reason = _text(topic), _text(reason)
        digest = hashlib.sha256(topic.encode() + b"\0" + payload).hexdigest()
        known = rows.get(digest)
        if known is not None:
            known["times"] = int(str(known["times"])) + 1
            continue
        if len(rows) == room:
            break
        rows[digest] = {
            "digest": digest, "topic": topic, "reason": reason, "payload": payload[:POISON_BYTES], "times": 1,
            "first_ms": at_ms, "last_ms": at_ms,
        }  # fmt: skip
    insert = store.insert(poison)
    again = {
        "times": poison.c.times + insert.excluded.times,
        "last_ms": insert.excluded.last_ms,
        "reason": insert.excluded.reason,
    }
    statement = insert.on_conflict_do_update(index_elements=["digest"], set_=again)
    connection.execute(statement, [rows[digest] for digest in sorted(rows)])
    return len(rows)


def _text(text: str) -> str:
    """As every database takes it."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
