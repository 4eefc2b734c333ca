"""Events from a kiosk to the store and the acknowledgement back, over a real broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from fleet import tables
from fleet.broker.broker import Broker, start_broker
from fleet.config import Config
from fleet.live import Item
from fleet.serve import Fleet
from mqtt.messages import Health, Presence, encode
from tests.fleet.kiosk import Kiosk, kiosk
from tests.fleet.samples import KINDS, event
from tests.servers import kill_broker, wait_until

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("each_database")]


@pytest.fixture
def wall(broker: Broker, request: pytest.FixtureRequest) -> Iterator[Kiosk]:
    with kiosk(broker.port, request.node.name[5:37].replace("[", "-").rstrip("]")) as connected:
        yield connected


def test_every_kind_of_event_is_stored_then_acknowledged(fleet: Fleet, wall: Kiosk) -> None:
    wall.send(*(event(seq, kind) for seq, kind in enumerate(KINDS, 1)))
    wait_until(lambda: wall.upto() == 6, "the acknowledgement")
    assert fleet.store.upto(str(wall.address), "e1") == 6, "acknowledged means stored"
    with fleet.store.read() as connection:
        stored = tables.events.c
        kinds = connection.scalars(
            select(stored.type).where(stored.kiosk == str(wall.address)).order_by(stored.seq)
        )
        assert tuple(kinds) == ("sale", "refund", "play", "impressions", "engagement", "scan")


def test_a_batch_that_comes_again_is_acknowledged_again_and_stored_once(fleet: Fleet, wall: Kiosk) -> None:
    for _ in range(3):
        wall.send(event(1), event(2))
    wait_until(lambda: fleet.ingest.counters.events + fleet.ingest.counters.repeated >= 6, "three batches")
    wait_until(lambda: wall.upto() == 2)
    assert (fleet.ingest.counters.events, fleet.ingest.counters.repeated) == (2, 4)


def test_batches_out_of_order_are_acknowledged_only_without_a_gap(fleet: Fleet, wall: Kiosk) -> None:
    wall.send(event(3), event(4))
    wait_until(lambda: fleet.ingest.counters.events == 2)
    assert wall.upto() == 0
    wall.send(event(1), event(2))
    wait_until(lambda: wall.upto() == 4, "the gap to close")


def test_a_new_ledger_is_a_new_stream(fleet: Fleet, wall: Kiosk) -> None:
    wall.send(event(1), event(2))
    wall.send(event(1, epoch="e2"))
    wait_until(lambda: (wall.upto("e1"), wall.upto("e2")) == (2, 1), "both streams")
    assert fleet.ingest.counters.events == 3


def test_what_happens_is_told_live_after_it_is_stored(fleet: Fleet, wall: Kiosk) -> None:
    heard: list[tuple[Item, int]] = []

    def listen(item: Item) -> None:
        if item.name == "event":  # other news may come meanwhile, as what the broker retains
            heard.append((item, fleet.store.upto(str(wall.address), "e1")))

    leave = fleet.live.listen(listen)
    wall.send(event(1), event(2, "play"))
    wait_until(lambda: len(heard) == 2, "both events")
    leave()
    assert [item.data["event"]["type"] for item, _ in heard] == ["sale", "play"]
    assert [upto for _, upto in heard] == [2, 2]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"not json", "malformed"),
        (b'{"events": 5}', "Expected `array`"),
        (b'{"events": [{"type": "play"}]}', "missing required field `epoch`"),
        (b'{"events": [{"type": "play", "epoch": "e1", "seq": 0}]}', "seq from 1"),
        (b'{"events": [{"type": "play", "epoch": "e1", "seq": 99999999999999999999}]}', "seq from 1"),
        (b'{"events": [{"type": "play", "epoch": "phone", "seq": 1}]}', "the fleet's own"),
        (b'{"events": [{"epoch": "e1", "seq": 1}, {"epoch": "e2", "seq": 1}]}', "of one epoch"),
    ],
)
def test_poison_is_kept_aside_with_the_reason_and_holds_up_nobody(
    fleet: Fleet, broker: Broker, payload: bytes, reason: str
) -> None:
    with kiosk(broker.port, "poisoner") as wall:
        assert wall.client.publish(wall.address.events, payload)
        wall.send(event(1, epoch="after"))
        wait_until(lambda: wall.upto("after") == 1, "the event after it")
    with fleet.store.read() as connection:
        rows = connection.execute(select(tables.poison)).all()
    assert rows
    assert all(row.topic for row in rows)
    assert any(reason in row.reason for row in rows)
    assert fleet.ingest.counters.poison == len(rows)


def test_an_event_of_the_future_keeps_its_place_and_its_bytes(fleet: Fleet, wall: Kiosk) -> None:
    """A kiosk newer than the fleet: what cannot be understood yet is stored as it came, and does not stop the stream."""
    future = b'{"type":"levitated","epoch":"e1","seq":2,"height_mm":40}'
    payload = b'{"events":[' + encode(event(1)) + b"," + future + b"," + encode(event(3)) + b"]}"
    assert wall.client.publish(wall.address.events, payload)
    wait_until(lambda: wall.upto() == 3, "the whole batch")
    with fleet.store.read() as connection:
        row = connection.execute(
            select(tables.events).where(tables.events.c.kiosk == str(wall.address), tables.events.c.seq == 2)
        ).one()
        reason = connection.scalar(select(tables.poison.c.reason))
    assert (row.type, row.body) == ("unreadable", future)
    assert reason == "Invalid value 'levitated' - at `$.type`"


def test_a_number_no_database_holds_costs_one_event_only(fleet: Fleet, wall: Kiosk) -> None:
    wall.send(event(1), event(2, "play", shown_ms=2**70), event(3))
    wait_until(lambda: wall.upto() == 3, "the whole batch")
    assert fleet.ingest.counters.unreadable == 1


def test_presence_and_health_are_the_last_word(fleet: Fleet, wall: Kiosk) -> None:
    said = (
        (wall.address.state, Presence(state="selling", boot="b", since_ms=1)),
        (wall.address.health, Health(wall_ms=2, devices={"scanner": "lost"}, counters={})),
    )
    for topic, word in said:
        assert wall.client.publish(topic, encode(word))

    def row() -> object:
        with fleet.store.read() as connection:
            found = connection.execute(
                select(tables.kiosks).where(tables.kiosks.c.kiosk == str(wall.address))
            ).one_or_none()
            return found and (found.state, found.devices)

    wait_until(lambda: row() == ("selling", '{"scanner": "lost"}'), "presence and health")


def test_a_database_that_cannot_write_loses_nothing(fleet: Fleet, wall: Kiosk) -> None:
    """While a table is away nothing is acknowledged; when it is back everything is, without being sent again."""
    with fleet.store.write() as connection:
        connection.execute(text("ALTER TABLE events RENAME TO elsewhere"))
    wall.send(event(1))
    wait_until(lambda: fleet.ingest.counters.failed_commits >= 1, "a commit to fail")
    assert wall.upto() == 0
    with fleet.store.write() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO events"))
    wait_until(lambda: wall.upto() == 1, "the acknowledgement")
    assert fleet.ingest.counters.events == 1


def test_the_broker_may_die_and_come_back(tmp_path: Path) -> None:
    first = start_broker(tmp_path / "broker")
    config = Config(data=tmp_path / "fleet", broker_host=first.host, broker_port=first.port, port=0)
    with Fleet(config) as fleet, kiosk(first.port, "k1") as wall:
        wait_until(lambda: fleet.connected)
        wall.send(event(1))
        wait_until(lambda: wall.upto() == 1)
        kill_broker(first)
        wait_until(lambda: not fleet.connected and not wall.client.connected, "the loss to be seen")
        second = start_broker(tmp_path / "broker", first.port)
        wait_until(lambda: fleet.connected and wall.client.connected, "both to come back")
        wall.send(event(2))
        wait_until(lambda: wall.upto() == 2)
        second.stop()
    first.stop()
