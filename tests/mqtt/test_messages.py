"""The contract, fixed in files: tests/mqtt/golden holds one JSON document per message, as an old kiosk would send it.

A change that breaks one of them breaks kiosks in the field: it needs a new topic root, not a new golden file.
"""

from __future__ import annotations

import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqtt import commands, messages
from mqtt.messages import (
    Ack,
    AdvertPlayed,
    BadMessage,
    Batch,
    ChargeState,
    Gap,
    KioskEvent,
    Message,
    Request,
    decode,
    decode_answer,
    encode,
)
from tests.mqtt.samples import GOLDEN, SAMPLES, golden, kind_of


@pytest.mark.parametrize("name", SAMPLES)
def test_a_message_is_written_as_it_always_was(name: str) -> None:
    assert msgspec.json.decode(encode(SAMPLES[name])) == msgspec.json.decode(golden(name))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_message_is_read_as_it_always_was(name: str) -> None:
    assert decode(golden(name), kind_of(SAMPLES[name])) == SAMPLES[name]


@pytest.mark.parametrize("name", SAMPLES)
def test_fields_of_the_future_are_ignored(name: str) -> None:
    grown = msgspec.json.decode(golden(name)) | {"of_the_future": [1, {"a": None}]}
    assert decode(msgspec.json.encode(grown), kind_of(SAMPLES[name])) == SAMPLES[name]


def test_a_charge_of_before_claim_codes_travelled_is_still_read() -> None:
    old = msgspec.json.decode(golden("charge"))
    del old["claim_code"]
    assert decode(msgspec.json.encode(old), Request).claim_code == ""


def test_a_charge_of_before_domains_travelled_is_still_read() -> None:
    old = msgspec.json.decode(golden("charge-state"))
    del old["domain"]
    assert decode(msgspec.json.encode(old), ChargeState).domain == ""


@pytest.mark.parametrize(
    ("name", "young"),
    [
        ("ack", ("at_ms",)),
        ("presence", ("session", "epoch")),
        ("health", ("backlog", "oldest_ms", "acked_ms", "clock", "clock_off_ms")),
        ("desired", ("content", "software", "sources", "fetch_kib_s", "fetch_window")),
        ("reported", ("content", "software_state", "live_version", "orientation", "tags")),
    ],
)
def test_words_of_before_fields_were_added_are_still_read(name: str, young: tuple[str, ...]) -> None:
    old = msgspec.json.decode(golden(name))
    for field in young:
        del old[field]
    kind = kind_of(SAMPLES[name])
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind)}
    assert decode(msgspec.json.encode(old), kind) == msgspec.structs.replace(
        SAMPLES[name], **{field: defaults[field] for field in young}
    )


def test_a_play_of_before_creatives_had_hashes_is_still_read() -> None:
    old = msgspec.json.decode(golden("play"))
    for field in ("creative", "name", "playlist", "booking", "kind", "began_ms", "began_mono_ms", "ended"):
        del old[field]
    for field in ("drawn", "touched", "how_ms"):
        del old[field]
    play = decode(msgspec.json.encode(old), AdvertPlayed)
    assert (play.advert, play.creative, play.began_ms, play.ended) == ("breakfast", "", 0, "")
    assert (play.drawn, play.touched, play.how_ms) == (False, False, 0)


def test_a_gap_of_before_plays_were_told_by_creative_is_still_read() -> None:
    old = msgspec.json.decode(golden("gap"))
    del old["showings"]
    before = decode(msgspec.json.encode(old), Gap)
    assert (before.plays, before.showings) == ((("breakfast", 31, 248000),), ())


@pytest.mark.parametrize("name", ["charge-state", "code-state", "code-state-basket", "time-told"])
def test_answers_of_both_kinds_come_on_one_topic(name: str) -> None:
    assert decode_answer(golden(name)) == SAMPLES[name]


def test_every_message_has_a_golden_file() -> None:
    abstract = {"Message", "Event"}
    kinds = {
        name for name, kind in {**vars(messages), **vars(commands)}.items()
        if isinstance(kind, type) and issubclass(kind, Message) and name not in abstract
    }  # fmt: skip
    assert {type(sample).__name__ for sample in SAMPLES.values()} == kinds
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(SAMPLES)


@pytest.mark.parametrize(
    ("text", "kind", "where"),
    [
        (b"", Ack, "truncated"),
        (b"{", Ack, "truncated"),
        (b"\xff", Ack, "malformed"),
        (b"[]", Ack, "Expected `object`, got `array`"),
        (b'{"epoch":"e"}', Ack, "missing required field `upto`"),
        (b'{"epoch":"e","upto":"7"}', Ack, r"Expected `int`, got `str` - at `\$.upto`"),
        (b'{"epoch":"e","upto":1.5}', Ack, r"Expected `int`, got `float` - at `\$.upto`"),
        (b'{"type":"dance","epoch":"e","seq":1}', KioskEvent, "Invalid value 'dance'"),
        (b'{"events":[{"type":"play"}]}', Batch, r"at `\$.events\[0\]`"),
    ],
)
def test_what_is_no_message_is_refused_saying_where(text: bytes, kind: typing.Any, where: str) -> None:
    with pytest.raises(BadMessage, match=where):
        decode(text, kind)


@given(junk=st.binary(max_size=200), name=st.sampled_from(sorted(SAMPLES)))
def test_junk_is_refused_and_nothing_else_happens(junk: bytes, name: str) -> None:
    kind = kind_of(SAMPLES[name])
    try:
        message = decode(junk, kind)
    except BadMessage:
        return
    assert decode(encode(message), kind) == message
