"""Whatever comes on the topic of events: kept aside with the reason, counted, in nobody's way. On both databases alike."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from fleet import tables
from fleet.events import rollups
from fleet.events.retry import retry
from fleet.ingest.ingest import Ingest
from fleet.live import Hub
from fleet.sources.base import Deliver, Heard
from fleet.store.store import Store
from mqtt.messages import Ack, Batch, KioskEvent, Presence, decode, encode
from tests.fleet.ingest.streams import CAME, gap
from tests.fleet.samples import event

TOPIC = "k1/t/s/k1/up/ev"


class Wire:
    """A source whose messages a test hands over itself; what goes down is kept."""

    connected = True

    def __init__(self) -> None:
        self.acks: list[tuple[str, Ack]] = []

    def start(self, deliver: Deliver) -> None:
        """Nothing comes by itself."""

    def publish(self, topic: str, payload: bytes) -> bool:
        self.acks.append((topic, decode(payload, Ack)))
        return True

    def done(self, heard: object) -> None:
        """Nothing comes again."""

    def left(self, heard: object) -> None:
        """Nothing comes again."""

    def stop(self) -> None:
        """Nothing runs."""


def take(store: Store, *payloads: bytes, topic: str = TOPIC) -> tuple[Ingest, Wire]:
    wire = Wire()
    ingest = Ingest(wire, store, Hub(), clock=lambda: CAME)
    ingest.take([Heard(topic, payload) for payload in payloads])
    assert ingest.acks.send()
    return ingest, wire


def good(*events: KioskEvent) -> bytes:
    return encode(Batch(events=events))


def kept(store: Store) -> list[tuple[str, str]]:
    with store.read() as connection:
        row = tables.poison.c
        return [tuple(each) for each in connection.execute(select(row.topic, row.reason).order_by(row.topic))]


PLACE = '"epoch":"e1","seq":1'
BASE = '"wall_ms":1,"mono_ms":1,"boot":"b"'

MESSAGES = {
    "not JSON": (b"not json", "malformed"),
    "empty": (b"", "truncated"),
    "another shape": (b'{"events": 5}', "Expected `array`"),
    "10 MB": (b'{"events":[' + b" " * 10_000_000 + b"]}", "bytes: at most"),
    "nested deeply": (b'{"events":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}", "nested too deeply"),
    "NaN": (b'{"events":[{"epoch":"e1","seq":NaN}]}', "invalid character"),
    "invalid UTF-8": (b'{"events":[{"epoch":"\xff\xfe","seq":1}]}', "utf-8"),
    "a lone surrogate": (b'{"events":[{"epoch":"\\ud800","seq":1}]}', ""),
    "a NUL in the epoch": (b'{"events":[{"epoch":"a\\u0000b","seq":1}]}', "an epoch of"),
    "no place": (b'{"events": [{"type": "play"}]}', "missing required field `epoch`"),
    "seq 0": (b'{"events": [{"epoch": "e1", "seq": 0}]}', "seq from 1"),
    "seq too large": (b'{"events": [{"epoch": "e1", "seq": 99999999999999999999}]}', "seq from 1"),
    "a long epoch": (b'{"events":[{"epoch":"' + b"e" * 65 + b'","seq":1}]}', "an epoch of"),
    "the fleet's epoch": (b'{"events": [{"epoch": "phone", "seq": 1}]}', "the fleet's own"),
    "mixed epochs": (b'{"events": [{"epoch": "e1", "seq": 1}, {"epoch": "e2", "seq": 1}]}', "of one epoch"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_that_cannot_be_read_is_kept_aside(store: Store, name: str) -> None:
    payload, reason = MESSAGES[name]
    ingest, wire = take(store, payload, good(event(1, epoch="after")))
    assert [(topic, ack.epoch, ack.upto) for topic, ack in wire.acks] == [("k1/t/s/k1/dn/ack", "after", 1)]
    [(topic, why)] = kept(store)
    assert topic == TOPIC
    assert reason in why
    assert (ingest.counters.poison, ingest.counters.events, ingest.counters.failed_commits) == (1, 1, 0)


EVENTS = {
    "unknown": f'{{"type":"levitated",{PLACE},"height_mm":40}}',
    "duplicate types": f'{{"type":"sale","type":"levitated",{PLACE},{BASE}}}',
    "a number of 70 bits": f'{{"type":"play",{PLACE},{BASE},"advert":"a","shown_ms":{2**70}}}',
    "a negative time": f'{{"type":"play",{PLACE},{BASE},"advert":"a","shown_ms":-1}}',
    "a clock of 70 bits": f'{{"type":"engagement","epoch":"e1","seq":1,"wall_ms":{2**70},"mono_ms":1,"boot":"b","what":"add"}}',
    "negative impressions": f'{{"type":"impressions",{PLACE},{BASE},"aisle":"a","minute":1,"seen":[[1,-1,5]]}}',
    "a long reference": f'{{"type":"refund",{PLACE},{BASE},"order":"o","reference":"{"r" * 9000}","currency":"EUR",'
    '"total_minor":1,"reason":"late"}',
    "endless money": f'{{"type":"refund",{PLACE},{BASE},"order":"o","reference":"r","currency":"EUR",'
    f'"total_minor":{2**62},"reason":"late"}}',
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_that_cannot_be_understood_costs_itself_alone(store: Store, name: str) -> None:
    body = EVENTS[name].encode()
    payload = b'{"events":[' + body + b"," + encode(event(2, "play")) + b"]}"
    ingest, wire = take(store, payload)
    assert [ack.upto for _, ack in wire.acks] == [2]
    assert [topic for topic, _ in kept(store)] == ["t/s/k1 e1 1"]
    assert (ingest.counters.unreadable, ingest.counters.events) == (1, 2)
    with store.read() as connection:
        row = tables.events.c
        assert connection.execute(select(row.type, row.body).where(row.seq == 1)).one() == (
            "unreadable",
            body,
        )
        assert rollups.differences(connection) == []


@pytest.mark.parametrize(
    "topic", ["k1/t/s/k1/up/other", "k1/t/s", "k1/t/s/k.1/up/ev", "k2/t/s/k1/up/ev", "\0", ""]
)
def test_a_topic_that_is_none_is_kept_aside(store: Store, topic: str) -> None:
    take(store, good(event(1)), topic=topic)
    assert len(kept(store)) == 1


def test_nul_in_a_name_loses_no_sale(store: Store) -> None:
    """PostgreSQL takes it in no text; the body has it as it came."""
    sale = event(1)
    body = encode(sale).replace(b"Milk", b"Mi\\u0000lk")
    take(store, b'{"events":[' + body + b"]}")
    with store.read() as connection:
        assert connection.scalar(select(tables.sale_lines.c.name)) == "Mi\ufffdlk"
        assert connection.scalar(select(tables.events.c.body)) == body
    assert kept(store) == []


def test_presence_no_database_takes_is_kept_aside(store: Store) -> None:
    word = Presence(state="re\0ady", boot="b", since_ms=2**70)
    take(store, encode(word), topic="k1/t/s/k1/state")
    assert len(kept(store)) == 1


def test_acknowledgements_are_one_per_stream_and_say_the_time(store: Store) -> None:
    _, wire = take(store, good(event(1)), good(event(2)), good(event(3)), good(event(1, epoch="e2")))
    assert [(ack.epoch, ack.upto, ack.at_ms) for _, ack in wire.acks] == [("e1", 3, CAME), ("e2", 1, CAME)]


def test_what_a_newer_program_understands_is_counted_then_and_once(store: Store) -> None:
    """As a fleet of before gaps and plays would have left it."""
    take(store, b'{"events":[' + b",".join(
        b'{"type":"%s","epoch":"e1","seq":%d}' % (kind, seq) for kind, seq in ((b"of", 1), (b"the", 2), (b"future", 6))
    ) + b"]}")  # fmt: skip
    known = {1: event(1, "play"), 2: event(2), 6: gap(3, 6)}
    with store.write() as connection:
        row = tables.events.c
        for seq, made in known.items():
            old = connection.scalar(select(row.body).where(row.seq == seq))
            connection.execute(tables.events.update().where(row.seq == seq).values(body=encode(made)))
            poison = tables.poison
            connection.execute(poison.update().where(poison.c.payload == old).values(payload=encode(made)))
    assert store.upto("t/s/k1", "e1") == 2
    done = retry(store)
    assert (done.events, done.messages, done.left) == (3, 0, 0)
    assert store.upto("t/s/k1", "e1") == 6, "the gap passes the mark over what it stands for"
    assert kept(store) == []
    assert retry(store).events == 0
    with store.read() as connection:
        assert rollups.differences(connection) == []
        assert (
            connection.scalar(select(func.sum(tables.rollups.c.times)).where(tables.rollups.c.kind == "play"))
            == 5
        )
        assert connection.scalar(select(func.count()).select_from(tables.sales)) == 1


def test_a_message_that_can_be_read_now_is_stored_once(store: Store) -> None:
    payload = good(event(1, "play"), event(2, "play"))
    store.keep_aside(TOPIC, payload, "an older program could not", CAME)
    store.keep_aside(TOPIC, b"not json", "malformed", CAME)
    assert (retry(store).messages, store.upto("t/s/k1", "e1")) == (1, 2)
    take(store, payload)
    again = retry(store)
    assert (again.messages, again.left) == (0, 1)
    with store.read() as connection:
        assert connection.scalar(select(tables.rollups.c.times)) == 2
