"""Events as CloudEvents and back, beside the CloudEvents project's own Python SDK."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as TheirEvent
from hypothesis import given
from hypothesis import strategies as st

from mqtt.cloudevents import LATEST_MS, CloudEvent, batch, from_cloudevent, read_batch, to_cloudevent
from mqtt.messages import (
    AdvertPlayed,
    BadMessage,
    Engaged,
    FacingsSeen,
    Gap,
    KioskEvent,
    Line,
    RefundWanted,
    SaleMade,
    Scanned,
)
from mqtt.topics import Address
from tests.mqtt.samples import SAMPLES

ADDRESS = Address("acme", "berlin-hbf", "K1")
EVENTS: list[KioskEvent] = [
    sample
    for sample in SAMPLES.values()
    if isinstance(sample, SaleMade | RefundWanted | AdvertPlayed | FacingsSeen | Engaged | Scanned | Gap)
]
LEVEL = st.from_regex(r"\A[A-Za-z0-9_-]{1,32}\Z")
NUMBER = st.integers(-(2**62), 2**62)
PLACE = st.fixed_dictionaries(
    {
        "epoch": st.text(min_size=1, max_size=20), "seq": st.integers(1, 2**63 - 1),
        "wall_ms": st.integers(0, LATEST_MS), "mono_ms": NUMBER, "boot": st.text(max_size=20),
        "clock": st.sampled_from(["unsynced", "holdover", "synced"]),
    }
)  # fmt: skip
ANY_EVENT: st.SearchStrategy[KioskEvent] = st.one_of(
    st.builds(lambda place, advert, ms: AdvertPlayed(**place, advert=advert, shown_ms=ms), PLACE, st.text(), NUMBER),
    st.builds(lambda place, what, detail: Engaged(**place, what=what, detail=detail), PLACE, st.text(), st.text()),
    st.builds(
        lambda place, name, minor: SaleMade(
            **place, order="o", reference="r", method="m", currency="EUR", total_minor=minor, version="v",
            lines=(Line(gtin="g", name=name, quantity=1, price_minor=minor, total_minor=minor),),
        ),
        PLACE, st.text(), NUMBER,
    ),
    st.builds(
        lambda place, seen: FacingsSeen(**place, aisle="a", minute=1, seen=tuple(seen)),
        PLACE, st.lists(st.tuples(NUMBER, NUMBER, NUMBER), max_size=3),
    ),
)  # fmt: skip


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_their_sdk_reads_ours(event: KioskEvent) -> None:
    ours = to_cloudevent(ADDRESS, event)
    theirs = JSONFormat().read(TheirEvent, msgspec.json.encode(ours))
    assert theirs.get_id() == f"{event.epoch}-{event.seq}"
    assert theirs.get_source() == "/k1/acme/berlin-hbf/K1"
    assert theirs.get_type() == f"endcap.{event.__struct_config__.tag}.v1"
    assert theirs.get_time() == datetime.fromtimestamp(event.wall_ms / 1000, UTC)
    assert theirs.get_datacontenttype() == "application/json"
    assert theirs.get_extension("sequence") == f"{event.seq:020d}"
    assert theirs.get_data() == json.loads(msgspec.json.encode(ours.data))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_their_sdk_writes_is_read(event: KioskEvent) -> None:
    """It writes six digits of a second or none, so its time is put as ours."""
    ours = msgspec.to_builtins(to_cloudevent(ADDRESS, event))
    data = ours.pop("data")
    written = json.loads(
        JSONFormat().write(TheirEvent(ours | {"time": datetime.fromisoformat(ours["time"])}, data))
    )
    assert datetime.fromisoformat(written["time"]) == datetime.fromisoformat(ours["time"])
    written["time"] = ours["time"]
    assert from_cloudevent(msgspec.convert(written, CloudEvent)) == (ADDRESS, event)


@given(event=ANY_EVENT, levels=st.tuples(LEVEL, LEVEL, LEVEL))
def test_nothing_is_lost_there_and_back(event: KioskEvent, levels: tuple[str, str, str]) -> None:
    address = Address(*levels)
    written = msgspec.json.encode(to_cloudevent(address, event))
    assert from_cloudevent(msgspec.json.decode(written, type=CloudEvent)) == (address, event)


@given(events=st.lists(ANY_EVENT, max_size=5))
def test_a_batch_is_read_as_it_was_written(events: list[KioskEvent]) -> None:
    assert read_batch(batch(ADDRESS, events)) == [(ADDRESS, event) for event in events]


GOOD: dict[str, Any] = msgspec.to_builtins(to_cloudevent(ADDRESS, EVENTS[0]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"specversion": "0.3"}, r"\$\.specversion"),
        ({"type": "endcap.sale.v2"}, r"\$\.type"),
        ({"type": "com.example.sale"}, r"\$\.type"),
        ({"type": "endcap.dance.v1"}, "Invalid value 'dance'"),
        ({"id": "9f2c41d07be3"}, r"\$\.id"),
        ({"id": "9f2c41d07be3-0"}, r"\$\.id"),
        ({"id": "9f2c41d07be3-1٣"}, r"\$\.id"),
        ({"id": "9f2c41d07be3-" + "9" * 30}, r"\$\.id"),
        ({"source": "/k1/acme/K1"}, r"\$\.source"),
        ({"source": "/k2/acme/berlin-hbf/K1"}, r"\$\.source"),
        ({"source": "/k1/acme/berlin hbf/K1"}, r"\$\.source"),
        ({"time": "2026-11-22"}, r"\$\.time"),
        ({"time": "2026-13-22T00:00:00.000Z"}, r"\$\.time"),
        ({"time": "2026-11-22T00:00:00.000+01:00"}, r"\$\.time"),
        ({"data": {}}, "missing required field"),
        ({"data": None}, "Expected `object`"),
    ],
)
def test_what_is_none_of_ours_is_refused_saying_where(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadMessage, match=words):
        read_batch(msgspec.json.encode([GOOD | change]))


def test_attributes_of_others_are_ignored() -> None:
    assert read_batch(msgspec.json.encode([GOOD | {"traceparent": "00-1", "subject": "x"}])) == [
        (ADDRESS, EVENTS[0])
    ]


@pytest.mark.parametrize("wall_ms", [-1, LATEST_MS + 1])
def test_a_time_no_cloudevent_can_say_is_refused(wall_ms: int) -> None:
    with pytest.raises(ValueError, match="wall_ms"):
        to_cloudevent(ADDRESS, msgspec.structs.replace(EVENTS[0], wall_ms=wall_ms))
