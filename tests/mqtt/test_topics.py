"""Topics: one branch per kiosk, and nothing that looks like one is taken for one."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from mqtt.topics import (
    EVERY_EVENT,
    EVERY_HEALTH,
    EVERY_REQUEST,
    EVERY_STATE,
    Address,
    BadTopic,
    address_of,
)

LEVEL = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=32)
ADDRESS = st.builds(Address, LEVEL, LEVEL, LEVEL)


def all_topics(address: Address) -> dict[str, str]:
    return {
        "state": address.state, "events": address.events, "requests": address.requests, "health": address.health,
        "responses": address.responses, "charges": address.charges, "acks": address.acks, "notices": address.notices,
        "terms": address.terms,
    }  # fmt: skip


def test_the_tree_is_what_the_field_has() -> None:
    assert all_topics(Address("acme", "berlin-hbf", "K1")) == {
        "state": "k1/acme/berlin-hbf/K1/state",
        "events": "k1/acme/berlin-hbf/K1/up/ev",
        "requests": "k1/acme/berlin-hbf/K1/up/req",
        "health": "k1/acme/berlin-hbf/K1/up/health",
        "responses": "k1/acme/berlin-hbf/K1/dn/res",
        "charges": "k1/acme/berlin-hbf/K1/dn/charge",
        "acks": "k1/acme/berlin-hbf/K1/dn/ack",
        "notices": "k1/acme/berlin-hbf/K1/dn/notice",
        "terms": "k1/acme/berlin-hbf/K1/dn/terms",
    }


@given(address=ADDRESS)
def test_every_topic_leads_back_to_its_kiosk(address: Address) -> None:
    for topic in all_topics(address).values():
        assert address_of(topic) == address


@given(address=ADDRESS)
def test_the_fleet_hears_what_goes_up_and_the_kiosk_what_comes_down(address: Address) -> None:
    topics = all_topics(address)
    for name, topic_filter in {
        "events": EVERY_EVENT, "requests": EVERY_REQUEST, "state": EVERY_STATE, "health": EVERY_HEALTH,
    }.items():  # fmt: skip
        assert [other for other, topic in topics.items() if topic_matches_sub(topic_filter, topic)] == [name]
    down = {other for other, topic in topics.items() if topic_matches_sub(address.down, topic)}
    assert down == {"responses", "charges", "acks", "notices", "terms"}


@given(one=ADDRESS, other=ADDRESS)
def test_no_kiosk_hears_what_is_said_to_another(one: Address, other: Address) -> None:
    if one != other:
        assert not any(topic_matches_sub(one.down, topic) for topic in all_topics(other).values())


@pytest.mark.parametrize("level", ["", "a/b", "+", "#", "a b", "é", "x" * 33, "a\n", "$SYS"])
def test_a_level_that_could_reach_elsewhere_is_refused(level: str) -> None:
    with pytest.raises(BadTopic, match="1 to 32"):
        Address("acme", level, "K1")


@pytest.mark.parametrize(
    "topic", ["", "k1", "k1/a/b/c", "k2/a/b/c/state", "k1/a/b//state", "k1/a/b/+/state", "state"]
)
def test_a_topic_of_another_form_is_refused(topic: str) -> None:
    with pytest.raises(BadTopic):
        address_of(topic)
