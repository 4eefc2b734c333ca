"""The reader on a (pseudo-)terminal, with cards, tags and a line that has its days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.drivers.pn532_link import Pn532Link
from devices.drivers.pn532_reader import Pn532Reader, token_of
from devices.errors import ProtocolError, Timeout
from devices.events import CardSeen, TagRead
from devices.models import Setting
from devices.protocol import ndef
from devices.protocol.pn532 import GET_FIRMWARE_VERSION
from devices.protocol.pn532_commands import SAM_CONFIGURATION
from devices.sim import faults
from devices.sim.pn532_chip import SimPn532
from devices.sim.tags import Card, Phone, Type2Tag, Type4Tag
from devices.sim.wire import Wire
from devices.transport.serial import SerialTransport
from tests.devices.helpers import supervise
from tests.kiosk.until import until

KEY = bytes(range(32))
UID = bytes.fromhex("04a2b3c4d5e680")
URI = "https://shop.example/01/09521234500015?f=17"
MESSAGE = ndef.encode([ndef.uri_record(URI)])


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SimPn532]:
    sim = SimPn532(tmp_path / "reader")
    yield sim
    sim.close()


@pytest.fixture
def reader(chip: SimPn532, tmp_path: Path) -> Iterator[Pn532Reader]:
    """A driver by itself, that reads tags."""
    driver = Pn532Reader("reader", SerialTransport(str(tmp_path / "reader")), KEY, read_tags=True)
    yield driver
    driver.close()


def held(driver: Pn532Reader, kind: type[CardSeen | TagRead], turns: int = 40) -> CardSeen | TagRead:
    """Turn it until it tells."""
    for _ in range(turns):
        for event in driver.turn(1.0):
            if isinstance(event, kind):
                return event
    raise AssertionError(f"no {kind.__name__} in {turns} turns; {driver.counters()}")


class TestTags:
    @pytest.mark.parametrize(
        ("card", "technology", "message", "uri"),
        [
            (Type2Tag.with_message(UID, MESSAGE), "type-2", MESSAGE, URI),
            (Type2Tag.with_message(UID, MESSAGE, before=bytes(9)), "type-2", MESSAGE, URI),
            (Type4Tag(UID, MESSAGE), "type-4", MESSAGE, URI),
            (Type4Tag(UID, MESSAGE * 1, most_read=15), "type-4", MESSAGE, URI),
            (Phone(b"\x08abc", b"member 7"), "hce", b"member 7", ""),
        ],
    )
    def test_are_read_to_their_end(
        self, chip: SimPn532, reader: Pn532Reader, card: Card, technology: str, message: bytes, uri: str
    ) -> None:
        reader.start()
        reader.arm(True)
        chip.core.hold(card)
        token = token_of(KEY, card.target.uid)
        events = [*reader.turn(0.1), *reader.turn(0.1)]
        assert events == [
            CardSeen("reader", token),
            TagRead("reader", token, technology, message, uri),
        ]

    def test_a_card_that_is_no_tag_is_a_card(self, chip: SimPn532, reader: Pn532Reader) -> None:
        reader.start()
        reader.arm(True)
        chip.core.hold(Card(UID))
        events = [*reader.turn(0.1), *reader.turn(0.1)]
        assert events == [CardSeen("reader", token_of(KEY, UID))]
        assert reader.counters()["tags_unread"] == 0

    def test_a_tag_that_is_drawn_away_is_seen_and_not_read(self, chip: SimPn532, reader: Pn532Reader) -> None:
        reader.start()
        reader.arm(True)
        chip.core.hold(Type2Tag.with_message(UID, MESSAGE), looks=1)

        def drawn_away(data: bytes) -> list[bytes]:
            if b"\xd4\x40" in data:
                chip.core.take_away()
            return [data]

        chip.incoming = drawn_away
        assert [type(event) for event in [*reader.turn(0.1), *reader.turn(0.1)]] == [CardSeen]
        assert reader.counters()["tags_unread"] == 1


class TestACardLeftLyingThere:
    """Whoever is declined and touches "try again" does not pay with what still lies on the reader."""

    @staticmethod
    def seen(driver: Pn532Reader, turns: int = 6) -> list[str]:
        events = [event for _ in range(turns) for event in driver.turn(0.0)]
        return [event.token for event in events if isinstance(event, CardSeen)]

    def again(self, driver: Pn532Reader) -> list[str]:
        """What is told after the payment has ended and another one begun."""
        driver.arm(False)
        assert self.seen(driver) == []
        driver.arm(True)
        return self.seen(driver)

    @pytest.mark.parametrize(
        "card", [Card(UID), Type4Tag(UID, MESSAGE), Phone(b"\x08abc", b"x")], ids=["card", "bank", "phone"]
    )
    def test_is_taken_once(self, chip: SimPn532, reader: Pn532Reader, card: Card) -> None:
        reader.start()
        reader.arm(True)
        chip.core.hold(card)
        assert len(self.seen(reader)) == 1
        assert self.again(reader) == []
        assert self.again(reader) == []
        chip.core.take_away()
        assert self.seen(reader) == []
        chip.core.hold(card)
        assert len(self.seen(reader)) == 1

    def test_a_phone_that_slips_has_another_number_and_is_the_same(
        self, chip: SimPn532, reader: Pn532Reader
    ) -> None:
        phone = Phone(b"\x08abc", b"x")
        reader.start()
        reader.arm(True)
        chip.core.hold(phone)
        assert len(self.seen(reader)) == 1
        phone.lose_field()
        assert self.seen(reader) == []
        assert self.again(reader) == []

    def test_two_in_a_wallet_are_the_one_that_was_seen_first(
        self, chip: SimPn532, reader: Pn532Reader
    ) -> None:
        cards = [Card(UID), Card(UID[::-1])]

        def wallet(data: bytes) -> list[bytes]:
            """The chip answers for the card it did not answer for just before."""
            if b"\xd4\x4a" in data:
                cards.reverse()
                chip.core.hold(cards[0])
            return [data]

        reader.start()
        reader.arm(True)
        chip.incoming = wallet
        assert len(reader.turn(0.0)) == 1
        assert self.again(reader) == []
        chip.incoming = faults.whole
        chip.core.take_away()
        assert self.seen(reader) == []
        chip.core.hold(Card(UID))
        assert len(self.seen(reader)) == 1

    def test_is_remembered_by_the_next_driver_where_the_reader_fell_over(
        self, chip: SimPn532, tmp_path: Path
    ) -> None:
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
        ear.state("ready")
        device.arm(True)
        chip.core.hold(Card(UID))
        assert ear.wait(CardSeen).token == token_of(KEY, UID)
        chip.brown_out()
        ear.state("failed")
        ear.state("ready")
        looks = chip.looks
        until(lambda: chip.looks > looks + 3, "looks of the next driver")
        other = bytes([*UID[:6], 0x81])
        chip.core.take_away()
        looks = chip.looks
        until(lambda: chip.looks > looks + 3, "looks at an empty field")
        chip.core.hold(Card(other))
        assert ear.wait(CardSeen).token == token_of(KEY, other)  # and not the one that lay there before
        device.stop()


class TestABadLine:
    @pytest.mark.parametrize("seed", range(3))
    def test_a_tag_is_read_right_or_not_at_all_on_a_line_that_damages_every_twentieth_frame(
        self, chip: SimPn532, reader: Pn532Reader, seed: int
    ) -> None:
        reader.start()
        chip.wire.faults = faults.sometimes(faults.damaged(seed), 0.05, seed)
        chip.incoming = faults.sometimes(faults.damaged(seed + 1), 0.05, seed + 1)
        reader.arm(True)
        for number in range(10):
            uid = bytes([4, number, *UID[2:]])
            message = ndef.encode([ndef.uri_record(f"{URI}&n={number}")])
            chip.core.hold(Type2Tag.with_message(uid, message))
            told = held(reader, TagRead)
            assert told == TagRead("reader", token_of(KEY, uid), "type-2", message, f"{URI}&n={number}")
        assert reader.counters()["tags_unread"] == 0

    @pytest.mark.parametrize(
        "fault",
        [
            faults.one_by_one,
            faults.chunks(3),
            faults.preamble(b"\x00"),
            faults.preamble(b"\x00\x00\x00"),
            faults.twice,
            faults.sometimes(faults.lossy(1), 0.1, 1),
            faults.sometimes(faults.noise(6, 2), 0.2, 2),
            faults.sometimes(faults.silent, 0.1, 3),
            faults.every(7, faults.halting(4, 0.15)),
            faults.late(0.05),
        ],
    )
    def test_cards_are_seen_whatever_the_line_does(
        self, chip: SimPn532, reader: Pn532Reader, fault: faults.Fault
    ) -> None:
        chip.wire.faults = fault
        reader.start()
        reader.arm(True)
        for number in range(3):
            uid = bytes([4, number, *UID[2:]])
            chip.tap(uid, polls=1000, held_s=60)
            assert held(reader, CardSeen) == CardSeen("reader", token_of(KEY, uid))


class TestTheChip:
    def test_one_that_lost_its_power_is_woken_again(self, chip: SimPn532, tmp_path: Path) -> None:
        device, ear = supervise(Setting("reader", "pn532", str(tmp_path / "reader"), KEY))
        ear.state("ready")
        device.arm(True)
        until(lambda: chip.looks > 1, "a look")
        chip.brown_out()
        assert "off and on" in ear.state("failed").remedy
        ear.state("ready")
        chip.tap(UID, polls=1000, held_s=60)
        assert ear.wait(CardSeen).token == token_of(KEY, UID)
        device.stop()

    def test_an_adapter_that_lets_nothing_through_at_first_is_waited_for(
        self, chip: SimPn532, reader: Pn532Reader
    ) -> None:
        tried = 0

        def deaf(data: bytes) -> list[bytes]:
            nonlocal tried
            tried += SAM_CONFIGURATION in data
            return [data] if tried > 6 else []

        chip.incoming = deaf
        reader.start()
        assert reader.firmware == "1.6"

    def test_one_left_in_the_middle_of_something_by_another_program(
        self, chip: SimPn532, reader: Pn532Reader, tmp_path: Path
    ) -> None:
        chip.wire.send(b"\x00\x00\xff\x05\xfb\xd5\x4b")  # half an answer waits in the buffer
        reader.start()
        assert reader.firmware == "1.6"

    def test_another_chip_is_none_of_ours(self, tmp_path: Path) -> None:
        from devices.protocol import pn532

        def other(data: bytes) -> bytes:
            replies = b""
            for frame in pn532.Parser().feed(data):
                if isinstance(frame, pn532.Data):
                    answer = {0x02: b"\x03\x33\x01\x00\x07", 0x00: b"\x01" + frame.payload[1:]}
                    code = bytes([frame.payload[0] + 1])
                    replies += pn532.ACK + pn532.build(answer.get(frame.payload[0], code), pn532.TO_HOST)
            return replies

        wire = Wire(tmp_path / "pn533", other)
        wire.plug()
        driver = Pn532Reader("reader", SerialTransport(str(tmp_path / "pn533")), KEY)
        with pytest.raises(ProtocolError, match="not a PN532"):
            driver.start()
        driver.close()
        wire.close()

    def test_a_dead_one_behind_an_open_port_is_a_timeout(self, chip: SimPn532, tmp_path: Path) -> None:
        link = Pn532Link("reader", SerialTransport(str(tmp_path / "reader")))
        link.wake_chip()
        link.command(SAM_CONFIGURATION, blind=True)
        chip.wire.faults = faults.silent
        with pytest.raises(Timeout):
            link.command(GET_FIRMWARE_VERSION)
        link._transport.close()

    def test_what_it_does_not_understand_is_a_protocol_error(self, chip: SimPn532, tmp_path: Path) -> None:
        wire = SerialTransport(str(tmp_path / "reader"))
        link = Pn532Link("reader", wire)
        link.wake_chip()
        with pytest.raises(ProtocolError, match="understand"):
            link.command(b"\x98")
        wire.close()

    def test_the_field_is_off_while_nobody_wants_a_card(self, chip: SimPn532, reader: Pn532Reader) -> None:
        reader.start()
        reader.arm(True)
        reader.turn(0.01)
        reader.arm(False)
        reader.turn(0.01)
        assert chip.commands[-1] == 0x32
