"""What could not be read is read again, by a program that knows more: counted then, and once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, select

from fleet import tables
from fleet.events.event_store import understand
from fleet.events.poison import POISON_BYTES
from fleet.events.reading import read, understood
from fleet.events.rows import UNREADABLE, Stored
from fleet.store.store import Store
from mqtt import topics
from mqtt.messages import BadMessage
from mqtt.topics import BadTopic

ASKED_AT_ONCE = 500


@dataclass(slots=True)
class Retried:
    """What came of it."""

    events: int = 0  # that stood in their places and are understood now
    messages: int = 0  # that can be read now
    left: int = 0  # as unreadable as before


def retry(store: Store) -> Retried:
    """Read everything again. Safe to repeat and to stop anywhere: an event that was counted is not counted again."""
    done = Retried()
    _events(store, done)
    _messages(store, done)
    return done


def _events(store: Store, done: Retried) -> None:
    """Events that are stored in their places."""
    after: tuple[str, str, int] | None = None
    while items := _unreadable(store, after):
        for kiosk, epoch, seq, body, received_ms in items:
            try:
                event = understood(body)
            except BadMessage:
                done.left += 1
                continue
            item = Stored(kiosk=kiosk, epoch=epoch, seq=seq, body=body, event=event, received_ms=received_ms)
            done.events += understand(store, item)
            with store.write() as connection:
                _forget(connection, [item.named], body)
        after = (items[-1][0], items[-1][1], items[-1][2])


def _unreadable(
    store: Store, after: tuple[str, str, int] | None
) -> Sequence[tuple[str, str, int, bytes, int]]:
    row = tables.events.c
    asked = select(row.kiosk, row.epoch, row.seq, row.body, row.received_ms).where(row.type == UNREADABLE)
    if after is not None:
        kiosk, epoch, seq = after
        asked = asked.where(
            (row.kiosk > kiosk)
            | and_(row.kiosk == kiosk, row.epoch > epoch)
            | and_(row.kiosk == kiosk, row.epoch == epoch, row.seq > seq)
        )
    with store.read() as connection:
        found = connection.execute(asked.order_by(row.kiosk, row.epoch, row.seq).limit(ASKED_AT_ONCE))
        return [(each[0], each[1], each[2], each[3], each[4]) for each in found]


def _messages(store: Store, done: Retried) -> None:
    """Whole messages; of one that was longer than what is kept there is nothing to read."""
    row = tables.poison.c
    with store.read() as connection:
        digests = connection.scalars(select(row.digest).where(row.topic.startswith(f"{topics.ROOT}/"))).all()
    for digest in digests:
        with store.read() as connection:
            found = connection.execute(
                select(row.topic, row.payload, row.first_ms).where(row.digest == digest)
            )
            topic, payload, first_ms = found.one()
        try:
            address = topics.address_of(topic)
            if topic != address.events or len(payload) >= POISON_BYTES:
                raise BadMessage("not a whole message of events")
            stored, unreadable = read(str(address), payload, first_ms)
        except (BadMessage, BadTopic):
            done.left += 1
            continue
        store.commit(stored, aside=[each.aside for each in unreadable])
        with store.write() as connection:
            connection.execute(delete(tables.poison).where(row.digest == digest))
        done.messages += 1


def _forget(connection: Connection, names: Sequence[str], body: bytes) -> None:
    row = tables.poison.c
    connection.execute(delete(tables.poison).where(row.topic.in_(names), row.payload == body[:POISON_BYTES]))
