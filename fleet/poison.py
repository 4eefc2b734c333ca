"""What could not be read: kept aside with the reason, counted, in nobody's way."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from fleet import tables

if TYPE_CHECKING:
    from fleet.store import Store

MAX_POISON: Final = 10_000  # rows; what comes after is counted by its teller and not kept
POISON_BYTES: Final = 64 * 1024


def keep_aside(store: Store, topic: str, payload: bytes, reason: str, now_ms: int) -> bool:
    """Keep what could not be read, with the reason; the same again is counted. False where there is no more room."""
    digest = hashlib.sha256(topic.encode() + b"\0" + payload).hexdigest()
    poison = tables.poison
    row = {
        "digest": digest, "topic": topic, "reason": reason, "payload": payload[:POISON_BYTES], "times": 1,
        "first_ms": now_ms, "last_ms": now_ms,
    }  # fmt: skip
    insert = store.insert(poison).values(row)
    with store.write() as connection:
        full = connection.scalar(select(func.count()).select_from(poison)) or 0
        if full >= MAX_POISON:
            return False
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["digest"],
                set_={"times": poison.c.times + 1, "last_ms": now_ms, "reason": reason},
            )
        )
    return True
