"""Laws of every row of the table: what is written is read, and whatever is wrong is BadPayload and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet.payments.codecs import SCHEMES, BadPayload, Scheme, cli, decode, names
from tests.fleet.payments.strategies import STRATEGIES

ROWS = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
SLOW = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
FEW = settings(SLOW, max_examples=15)  # of what tests/fuzz tries far more often


def refused(read: Any, value: object) -> bool:
    """Whether it is refused; the error says which field and, where it says a place, one within the payload."""
    error = None
    try:
        read(value)
    except BadPayload as caught:
        error = caught
    if error is None:
        return False
    assert error.field
    assert error.rule
    assert not isinstance(value, str) or 0 <= (error.position or 0) <= len(value)
    return True


def test_every_scheme_has_its_strategy() -> None:
    assert set(STRATEGIES) == set(SCHEMES)


@ROWS
@SLOW
@given(data=st.data())
def test_what_is_written_is_read(scheme: Scheme, data: st.DataObject) -> None:
    written = data.draw(STRATEGIES[scheme.key])
    payload = scheme.build(written)
    assert scheme.parse(payload) == written
    assert scheme.build(scheme.parse(payload)) == payload
    assert not scheme.tolerated(payload)
    assert decode(payload) == (scheme, scheme.to_json(written))
    assert scheme.from_json(json.loads(json.dumps(scheme.to_json(written)))) == written
    assert cli.payload_of(payload.encode(scheme.charset(written)) + b"\n") == payload
    asked = scheme.asks(written)
    assert asked is None or asked[0] == written.amount


@ROWS
@FEW
@given(data=st.data())
def test_one_character_too_many_or_too_few_changes_or_breaks_a_payload(
    scheme: Scheme, data: st.DataObject
) -> None:
    payload = scheme.build(data.draw(STRATEGIES[scheme.key]))
    at = data.draw(st.integers(0, len(payload) - 1))
    added = data.draw(st.characters() | st.just(""))
    changed = payload[:at] + added + payload[at + 1 :]
    refused(scheme.parse, changed)
    refused(decode, changed)


@FEW
@given(
    st.text(st.characters(exclude_categories=()))
    | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
def test_no_text_breaks_a_decoder(text: str) -> None:
    for scheme in SCHEMES.values():
        refused(scheme.parse, text)
        for begin in scheme.begins:
            refused(scheme.parse, begin + text)
    refused(decode, text)


@SLOW
@given(st.binary() | st.binary().map(lambda raw: b"BCD\n002\n7\n" + raw))
def test_no_bytes_break_the_reading_of_standard_input(raw: bytes) -> None:
    refused(lambda given: decode(cli.payload_of(given)), raw)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@ROWS
@FEW
@given(data=st.data())
def test_no_json_breaks_an_encoder(scheme: Scheme, data: st.DataObject) -> None:
    refused(scheme.from_json, data.draw(JSON))
    value = scheme.to_json(data.draw(STRATEGIES[scheme.key]))
    paths = [path for path, _, _ in names.each(scheme.fields)]
    *outer, last = data.draw(st.sampled_from(paths)).split(".")
    inner = value
    for name in outer:
        inner = inner[name] = inner[name] or {}
    inner[last] = data.draw(JSON | st.just("") | st.text(min_size=100, max_size=200))
    refused(lambda given: scheme.build(scheme.from_json(given)), value)
