"""Phones held to the reader: they get the address, the payment goes first, and whatever they do the reader works on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.drivers.base import CanArm, CanOffer
from devices.drivers.pn532_reader import Pn532Reader, token_of
from devices.events import CardSeen, Tapped
from devices.models import Setting
from devices.sim import faults, phones
from devices.sim.phones import Phone, Script
from devices.sim.pn532_chip import SimPn532
from devices.supervision.supervisor import Supervisor
from devices.transport.serial import SerialTransport
from tests.devices.helpers import Ear, supervise
from tests.kiosk.until import until

KEY = bytes(range(32))
UID = bytes.fromhex("04a2b3c4d5e680")
MILK = "https://shop.example/01/09521234500015?f=17"
LONG = "https://shop.example/01/09521234500015?" + "long=" + "x" * 400


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SimPn532]:
    sim = SimPn532(tmp_path / "reader")
    yield sim
    sim.close()


@pytest.fixture
def wall(chip: SimPn532, tmp_path: Path) -> Iterator[tuple[Supervisor, Ear]]:
    """A supervised reader that offers the milk."""
    device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
    ear.state("ready")
    device.offer(MILK)
    yield device, ear
    device.stop()


def hold(chip: SimPn532, script: Script) -> Phone:
    """Hold a phone to the reader until it has what it wants, or has given up."""
    phone = Phone(script)
    chip.phone_taps(phone)
    assert phone.gone.wait(60)
    return phone


class TestAPhone:
    def test_the_driver_can_do_both(self, chip: SimPn532, tmp_path: Path) -> None:
        driver = Pn532Reader("reader", SerialTransport(str(tmp_path / "reader")), KEY)
        assert isinstance(driver, CanArm)
        assert isinstance(driver, CanOffer)
        driver.close()

    @pytest.mark.parametrize("uri", [MILK, LONG])
    @pytest.mark.parametrize("script", [phones.android, phones.iphone, lambda: phones.android(piece=7)])
    def test_opens_the_address(
        self, chip: SimPn532, wall: tuple[Supervisor, Ear], script: type[Script], uri: str
    ) -> None:
        device, ear = wall
        device.offer(uri)
        until(lambda: chip.plays, "the reader to wait for a phone")
        assert hold(chip, script()).opened in (MILK, uri)
        assert ear.wait(Tapped).complete

    def test_one_after_the_other(self, chip: SimPn532, wall: tuple[Supervisor, Ear]) -> None:
        for _ in range(5):
            assert hold(chip, phones.iphone()).opened == MILK
            until(lambda: chip.plays, "the reader to wait for the next")

    def test_that_leaves_too_early_is_told_as_such_and_may_come_again(
        self, chip: SimPn532, wall: tuple[Supervisor, Ear]
    ) -> None:
        _, ear = wall
        assert hold(chip, phones.leaves_after(4)).opened == ""
        assert ear.wait(Tapped) == Tapped("reader", MILK, False)
        assert hold(chip, phones.android()).opened == MILK
        assert ear.wait(Tapped) == Tapped("reader", MILK, True)

    @pytest.mark.parametrize("status", [0x29, 0x13])
    def test_that_is_let_go_at_once_comes_again_and_was_no_tap(
        self, chip: SimPn532, wall: tuple[Supervisor, Ear], status: int
    ) -> None:
        _, ear = wall
        hold(chip, phones.fails(status))
        assert hold(chip, phones.android()).opened == MILK
        assert ear.wait(Tapped).complete
        assert len([event for event in ear.rest() if isinstance(event, Tapped)]) == 1

    def test_that_asks_for_nothing_known_is_answered_all_the_same(
        self, chip: SimPn532, wall: tuple[Supervisor, Ear]
    ) -> None:
        def nosy() -> Script:
            for question in (b"", b"\x00", bytes(5), b"\x00\xa4\x04\x00\x7f", bytes(range(200))):
                answer = yield question
                assert len(answer) == 2
            return "survived"

        assert hold(chip, nosy()).opened == "survived"
        assert hold(chip, phones.android()).opened == MILK

    def test_that_falls_silent_is_given_up(self, chip: SimPn532, wall: tuple[Supervisor, Ear]) -> None:
        phone = Phone(phones.android())
        chip.wire.faults = lambda data: [] if b"\xd5\x87" in data else [data]  # its questions never come
        chip.phone_taps(phone)
        until(lambda: chip.commands.count(0x8C) > 1, "the reader to give up and wait anew")
        chip.phone_leaves()
        chip.wire.faults = faults.whole
        assert hold(chip, phones.android()).opened == MILK

    @pytest.mark.parametrize("seed", range(4))
    def test_gets_the_right_address_or_none_over_a_bad_line(
        self, chip: SimPn532, wall: tuple[Supervisor, Ear], seed: int
    ) -> None:
        until(lambda: chip.plays, "the reader to wait for a phone")
        chip.wire.faults = faults.sometimes(faults.damaged(seed), 0.05, seed)
        chip.incoming = faults.sometimes(faults.damaged(seed + 1), 0.05, seed + 1)
        opened = [hold(chip, phones.android(piece=16)).opened for _ in range(8)]
        assert set(opened) <= {MILK, ""}
        assert opened.count(MILK) >= 4


class TestPayment:
    def test_goes_before_phones(self, chip: SimPn532, wall: tuple[Supervisor, Ear]) -> None:
        device, ear = wall
        until(lambda: chip.plays, "the reader to wait for a phone")
        device.arm(True)
        chip.tap(UID, polls=1000, held_s=60)
        assert ear.wait(CardSeen).token == token_of(KEY, UID)
        assert not chip.plays
        device.arm(False)
        chip.core.take_away()
        until(lambda: chip.plays, "the reader to wait for a phone again")
        assert hold(chip, phones.android()).opened == MILK

    def test_ends_a_phones_visit(self, chip: SimPn532, wall: tuple[Supervisor, Ear]) -> None:
        device, ear = wall

        def slow() -> Script:
            yield phones.APPLICATION
            device.arm(True)
            while True:
                yield phones.APPLICATION  # it never ends by itself

        chip.phone_taps(Phone(slow()))
        assert ear.wait(Tapped) == Tapped("reader", MILK, False)
        chip.tap(UID, polls=1000, held_s=60)
        ear.wait(CardSeen)


class TestTheAddress:
    def test_follows_what_is_offered(self, chip: SimPn532, wall: tuple[Supervisor, Ear]) -> None:
        device, _ = wall
        for uri in ("https://shop.example/01/1", "https://shop.example/01/22", "https://shop.example/"):
            until(lambda: chip.plays, "the reader to wait for a phone")
            before = chip.commands.count(0x8C)
            device.offer(uri)
            until(lambda: chip.commands.count(0x8C) > before, "the new address to be played")  # noqa: B023
            assert hold(chip, phones.android()).opened == uri

    def test_nothing_is_played_where_nothing_is_offered(
        self, chip: SimPn532, wall: tuple[Supervisor, Ear]
    ) -> None:
        device, _ = wall
        until(lambda: chip.plays, "the reader to wait for a phone")
        device.offer("")
        until(lambda: not chip.plays, "the reader to rest")

    def test_a_reader_that_is_lent_plays_nothing_of_ours_and_then_what_is_offered_by_now(
        self, chip: SimPn532, wall: tuple[Supervisor, Ear]
    ) -> None:
        device, _ = wall
        device.offer("https://shop.example/k1/basket/somebodys")
        until(lambda: chip.plays, "somebody's basket to be offered")
        loan = device.lend(Ear())
        assert loan is not None
        until(lambda: not chip.plays, "the end of it")
        device.offer(MILK)
        loan.end()
        until(lambda: chip.plays, "what the wall shows by now")

    def test_is_offered_again_after_a_replug(self, chip: SimPn532, wall: tuple[Supervisor, Ear]) -> None:
        _, ear = wall
        until(lambda: chip.plays, "the reader to wait for a phone")
        chip.wire.unplug()
        ear.state("absent")
        chip.brown_out()
        chip.wire.plug()
        ear.state("ready")
        assert hold(chip, phones.android()).opened == MILK


class TestCounters:
    def test_tell_taps_from_reads(self, chip: SimPn532, tmp_path: Path) -> None:
        driver = Pn532Reader("reader", SerialTransport(str(tmp_path / "reader")), KEY)
        driver.start()
        driver.offer(MILK)
        for script in (phones.leaves_after(3), phones.android(), phones.fails(0x29)):
            phone = Phone(script)
            chip.phone_taps(phone)
            while not (phone.gone.is_set() and chip.plays):
                driver.turn(0.2)
        counters = driver.counters()
        assert (counters["activated"], counters["fully_read"]) == (3, 1)
        driver.close()

    def test_a_chip_that_dies_while_it_waits_for_phones_is_found_out(
        self, chip: SimPn532, wall: tuple[Supervisor, Ear]
    ) -> None:
        device, ear = wall
        until(lambda: chip.plays, "the reader to wait for a phone")
        chip.brown_out()
        device.offer("https://shop.example/other")
        ear.state("failed")
        ear.state("ready")
        assert hold(chip, phones.android()).opened == "https://shop.example/other"
