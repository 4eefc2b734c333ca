"""Cards at a supervised PN532: told once, only while somebody waits for one, and never by their number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.events import CardSeen
from devices.models import Setting
from devices.sim.pn532_chip import SimPn532
from tests.devices.helpers import supervise
from tests.kiosk.until import until

KEY = bytes(range(32))
UID = bytes.fromhex("04a2b3c4d5e680")


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SimPn532]:
    sim = SimPn532(tmp_path / "reader")
    yield sim
    sim.close()


def test_a_tap_is_one_event_with_a_keyed_token(chip: SimPn532, tmp_path: Path) -> None:
    device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
    ear.state("ready")
    device.arm(True)
    chip.tap(UID)
    first = ear.wait(CardSeen)
    assert len(first.token) == 32
    assert UID.hex() not in first.token
    device.arm(False)
    device.stop()
    assert [event for event in ear.heard if isinstance(event, CardSeen)] == [first]


def test_nothing_is_read_while_it_is_not_armed(chip: SimPn532, tmp_path: Path) -> None:
    device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
    ear.state("ready")
    chip.tap(UID, polls=1, held_s=60)
    device.arm(True)
    ear.wait(CardSeen)  # only now: the one poll the card was there for was not used up before
    device.stop()


def test_a_tap_nobody_waited_for_does_not_pay_later(chip: SimPn532, tmp_path: Path) -> None:
    device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
    ear.state("ready")
    chip.tap(UID, held_s=0)
    device.arm(True)
    until(lambda: chip.looks >= 2, "two looks")
    device.stop()
    assert not [event for event in ear.rest() if isinstance(event, CardSeen)]


def test_a_card_left_on_the_reader_is_not_read_again_until_it_was_taken_away(
    chip: SimPn532, tmp_path: Path
) -> None:
    device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
    ear.state("ready")
    device.arm(True)
    chip.tap(UID, polls=10_000, held_s=60)
    token = ear.wait(CardSeen).token
    device.arm(False)  # declined
    device.arm(True)  # "try again", and the card still lies there
    looks = chip.looks
    until(lambda: chip.looks >= looks + 5, "five looks")
    assert len([event for event in ear.rest() if isinstance(event, CardSeen)]) == 1
    device.arm(False)
    chip.tap(UID, held_s=0)  # taken away while nobody waits for a card
    # Two looks, each of them in a fresh field too; field off.
    gone = list(bytes.fromhex("4A 32 4A 4A 32 4A 32"))
    until(lambda: [code for code in chip.commands[-20:] if code][-7:] == gone, "the reader to notice")
    device.arm(True)
    chip.tap(UID, polls=10_000, held_s=60)
    assert ear.wait(CardSeen).token == token
    device.stop()


def test_another_card_may_be_read_at_once(chip: SimPn532, tmp_path: Path) -> None:
    device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
    ear.state("ready")
    device.arm(True)
    chip.tap(UID, polls=10_000, held_s=60)
    token = ear.wait(CardSeen).token
    device.arm(False)
    device.arm(True)
    chip.tap(UID[:4], polls=10_000, held_s=60)
    assert ear.wait(CardSeen).token != token
    device.stop()
