"""Presence and health of many kiosks at once: one transaction, and one that cannot be stored costs the others nothing."""

from __future__ import annotations

from sqlalchemy import select

from fleet import tables
from fleet.ingest.ingest import Ingest
from fleet.live import Hub
from fleet.sources.base import Heard
from fleet.store.store import Store
from mqtt.messages import Health, Presence, encode
from mqtt.topics import Address
from tests.fleet.ingest.test_room import Narrow


def _said(number: int, **more: object) -> list[Heard]:
    address = Address("t", "s", f"k{number}")
    state = Presence(state="ready", boot="b", since_ms=1, session=f"s{number}")
    health = {"wall_ms": 5, "devices": {"scanner": "ready"}, "counters": {}, "backlog": number} | more
    return [
        Heard(address.state, encode(state)),
        Heard(address.health, encode(Health(**health))),  # type: ignore[arg-type]
    ]


def test_one_word_nobody_can_store_is_kept_aside_and_the_others_are_kept(store: Store) -> None:
    appeared: list[Address] = []
    ingest = Ingest(Narrow(), store, Hub(), appeared=appeared.append)
    ingest.take(
        [
            heard
            for number in (3, 1, 2)
            for heard in _said(number, **({"backlog": 2**70} if number == 2 else {}))
        ]
    )
    kiosk = tables.kiosks.c
    with store.read() as connection:
        rows = connection.execute(select(kiosk.kiosk, kiosk.state, kiosk.backlog).order_by(kiosk.kiosk)).all()
        aside = connection.scalars(select(tables.poison.c.topic)).all()
    assert [tuple(row) for row in rows] == [
        ("t/s/k1", "ready", 1),
        ("t/s/k2", "ready", 0),
        ("t/s/k3", "ready", 3),
    ]
    assert aside == ["k1/t/s/k2/up/health"]
    assert {address.kiosk for address in appeared} == {"k1", "k2", "k3"}


def test_of_one_kiosk_the_last_word_counts(store: Store) -> None:
    address = Address("t", "s", "k1")
    words = [
        Presence(state=state, boot="b", since_ms=at, session="s1")
        for at, state in ((1, "ready"), (2, "selling"))
    ]
    Ingest(Narrow(), store, Hub()).take([Heard(address.state, encode(word)) for word in words])
    with store.read() as connection:
        assert connection.scalars(select(tables.kiosks.c.state)).all() == ["selling"]
