"""USB checks every packet, so none of this should ever reach the driver; it must not mistake a card all the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.drivers.acr122_link import Acr122Link
from devices.drivers.acr122_reader import Acr122Reader
from devices.drivers.ccid_link import CcidLink
from devices.drivers.pn532_reader import token_of
from devices.errors import DeviceError
from devices.events import CardSeen
from devices.protocol import pn532
from devices.protocol.pn532_targets import LIST_ONE_TYPE_A, target_of
from devices.sim.acr122 import Acr122Core, Firmware
from devices.sim.tags import Card
from tests.devices.nfc.instant_wire import InstantWire, Noise

KEY = b"k" * 16


def uid(number: int) -> bytes:
    return bytes([4]) + (number * 0x9E3779B1 & 0xFFFFFFFFFFFF).to_bytes(6, "big")


@pytest.mark.parametrize("seed", range(4))
def test_one_answer_in_twenty_spoilt_no_card_is_mistaken_and_none_is_missed(seed: int) -> None:
    core = Acr122Core()
    wire = InstantWire(core)
    driver = Acr122Reader("reader", wire, KEY, clock=wire.clock)
    driver.start()
    driver.arm(True)
    wire.faults = noise = Noise(seed)
    for number in range(500):
        card = uid(seed * 1000 + number)
        core.chip.hold(Card(card))
        seen: list[str] = []
        for _ in range(20):
            seen += [event.token for event in driver.turn(0.0) if isinstance(event, CardSeen)]
            if seen:
                break
        assert seen == [token_of(KEY, card)]
    assert noise.hits > 50


# Two looks must agree on a card. Where a fifth of the answers and more are spoilt, two looks are now and then spoilt alike (2 of
# 9,536 runs at 20 to 30 %, none of 11,595 at 5 to 12 %). The goal asks for 5 %, and USB's own checksums let through far less.
@given(st.integers(0, 2**32), st.floats(0.0, 0.12))
@settings(max_examples=40, deadline=None)
def test_on_a_line_that_bad_there_is_the_right_card_or_a_clean_error(seed: int, rate: float) -> None:
    core = Acr122Core()
    wire = InstantWire(core, Noise(seed, rate))
    driver = Acr122Reader("reader", wire, KEY, clock=wire.clock)
    driver.arm(True)
    held: set[str] = set()
    try:
        driver.start()
        for number in range(20):
            core.chip.hold(Card(uid(number)))
            held.add(token_of(KEY, uid(number)))
            for event in driver.turn(0.0):
                assert isinstance(event, CardSeen)
                assert event.token in held
    except DeviceError:
        assert rate  # a good line gives no error


@given(
    st.integers(0, 30),
    st.sampled_from(["again", "reheaded", "behind"]),
    st.lists(st.sampled_from("LFRV"), max_size=30),
)
@settings(max_examples=200, deadline=None)
def test_no_answer_is_ever_one_behind(repeats: int, how: str, commands: list[str]) -> None:
    """Cards change before every look: an answer of the look before would be seen at once."""
    core = Acr122Core(Firmware("216", repeats=repeats, how=how))
    wire = InstantWire(core)
    link = Acr122Link(CcidLink("reader", wire, wire.clock))
    try:
        for number, command in enumerate(commands):
            core.chip.hold(Card(uid(number)))
            match command:
                case "L":
                    target = target_of(link.chip(LIST_ONE_TYPE_A))
                    assert target is not None
                    assert target.uid == uid(number)
                case "F":
                    assert link.chip(pn532.GET_FIRMWARE_VERSION) == bytes.fromhex("0332010607")
                case "R":
                    assert link.chip(b"\x06" + b"\x63\x02" * (number % 9)) == b"\x07" + b"\x80" * (number % 9)
                case _:
                    assert link.version() == "ACR122U216"
    except DeviceError:
        assert how == "behind"


def test_who_arms_it_while_it_ends_its_looks_need_not_wait() -> None:
    core = Acr122Core()
    wire = InstantWire(core)
    driver = Acr122Reader("reader", wire, KEY, clock=wire.clock)
    driver.start()
    driver.arm(True)
    driver.turn(5.0)
    driver.arm(False)
    began = wire.now
    driver.turn(5.0)  # the field goes off
    driver.arm(True)
    core.chip.hold(Card(uid(1)))
    assert driver.turn(5.0) == [CardSeen("reader", token_of(KEY, uid(1)))]
    assert wire.now - began < 0.1
