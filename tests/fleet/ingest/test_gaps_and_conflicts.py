"""Gaps pass the mark over what they stand for; what contradicts what is stored is kept aside and holds up nobody."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select

from fleet import tables
from fleet.events import rollups
from fleet.events.event_store import FOLDED, TAKEN
from fleet.events.rows import Stored
from fleet.store.store import Store
from mqtt.messages import Gap, encode
from tests.fleet.ingest.streams import CAME, gap, of
from tests.fleet.samples import event

STREAM = ("t/s/k1", "e1")


def reasons(store: Store) -> list[tuple[str, str, int]]:
    with store.read() as connection:
        row = tables.poison.c
        return [tuple(each) for each in connection.execute(select(row.topic, row.reason, row.times))]


def plays(store: Store) -> int:
    with store.read() as connection:
        assert rollups.differences(connection) == []
        return rollups_of(store).get("play", 0)


def rollups_of(store: Store) -> dict[str, int]:
    with store.read() as connection:
        found: dict[str, int] = {}
        for (_, _, kind, _), (times, _) in rollups.stored(connection).items():
            found[kind] = found.get(kind, 0) + times
        return found


def test_a_gap_stands_for_all_its_numbers(store: Store) -> None:
    store.commit([of(event(1)), of(event(8, "play"))])
    assert store.commit([of(gap(2, 7))]).upto == {STREAM: 8}
    assert plays(store) == 7
    assert store.commit([of(gap(2, 7))]).new == (), "told again"
    assert (plays(store), reasons(store)) == (7, [])


def test_notes_that_never_got_a_number_take_one(store: Store) -> None:
    lost = gap(1, 1, counts={}, plays=(), lost=40)
    assert store.commit([of(lost), of(event(2))]).upto == {STREAM: 2}
    assert (plays(store), reasons(store)) == (0, [])


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (gap(3, 6), "of 3 to 6 some came before"),
        (gap(9, 6), "it stands for 9 to 6"),
        (gap(-3, 6), "it stands for -3 to 6"),
        (gap(6, 6, counts={"sale": 1}, plays=()), "it folds events of type sale"),
        (gap(6, 6, counts={"play": 3}), "it counts more events than 6 to 6 are"),
        (gap(6, 6, plays=(("spring", 9, 9),)), "it has more plays than events of them"),
    ],
)
def test_a_gap_that_contradicts_is_not_counted_and_holds_up_nobody(
    store: Store, wrong: Gap, reason: str
) -> None:
    store.commit([of(event(seq, "play")) for seq in range(1, 6)])
    assert store.commit([of(wrong), of(event(7))]).upto == {STREAM: 7}
    assert plays(store) == 5
    assert reasons(store) == [("t/s/k1 e1 6", f"a gap that is not counted: {reason}", 1)]


def test_two_machines_with_one_identity_are_seen(store: Store) -> None:
    """A card that was cloned: the first of each number stands, the other is kept with its bytes."""
    store.commit([of(event(1)), of(event(2, "play"))])
    other = of(event(2, "sale", reference="R-of-the-clone"))
    done = store.commit([other, other])
    assert (done.new, done.upto) == ((), {STREAM: 2})
    assert [conflict.reason for conflict in done.conflicts] == [TAKEN, TAKEN]
    assert reasons(store) == [("t/s/k1 e1 2", TAKEN, 2)]
    with store.read() as connection:
        assert connection.scalar(select(tables.poison.c.payload)) == other.body


def test_two_at_one_place_in_one_batch_are_seen(store: Store) -> None:
    done = store.commit([of(event(1, "play")), of(event(1, "scan"))])
    assert (len(done.new), len(done.conflicts)) == (1, 1)


def test_a_newer_program_may_say_the_same_in_other_bytes(store: Store) -> None:
    """The agent was updated between sending and the acknowledgement: its new fields make it no other event."""
    first = event(1)
    store.commit([of(first)])
    newer = msgspec.to_builtins(first) | {"battery": 7}
    again = Stored(
        kiosk=STREAM[0], epoch="e1", seq=1, body=msgspec.json.encode(newer), event=first, received_ms=CAME
    )
    assert store.commit([again]).conflicts == ()


def test_an_event_its_kiosk_has_folded_is_no_other_event_twice(store: Store) -> None:
    store.commit([of(gap(1, 5))])
    assert [each.reason for each in store.commit([of(event(3, "sale"))]).conflicts] == [FOLDED]
    assert plays(store) == 5


def test_a_repetition_whose_bytes_are_no_longer_kept_is_a_repetition(store: Store) -> None:
    store.commit([of(event(1)), of(event(2))])
    with store.write() as connection:
        for name in ("sale_lines", "packing", "sales", "events"):
            connection.execute(tables.metadata.tables[name].delete())
    done = store.commit([of(event(1)), of(event(3, "play"))])
    assert (len(done.new), done.conflicts, done.upto) == (1, (), {STREAM: 3})


def test_marks_that_forgot_are_made_again(store: Store) -> None:
    """As after a part of a database was restored: the events are there, their marks are not."""
    store.commit([of(event(1, "play")), of(event(2, "play")), of(event(5, "play"))])
    with store.write() as connection:
        connection.execute(tables.ahead.delete())
        connection.execute(tables.streams.update().values(upto=0, highest=0))
    done = store.commit([of(event(2, "play")), of(event(3, "play")), of(event(5, "play"))])
    assert done.upto == {STREAM: 3}
    assert [item.seq for item in done.new] == [3]
    assert (plays(store), reasons(store)) == (4, [])


def test_an_unreadable_body_is_kept_as_it_came(store: Store) -> None:
    odd = Stored(
        kiosk="t/s/k1", epoch="e1", seq=1, body=b'{"type":"levitated"}', event=None, received_ms=CAME
    )
    assert store.commit([odd]).upto == {STREAM: 1}
    assert store.commit([odd]).conflicts == ()
    assert encode(event(1)) != odd.body
