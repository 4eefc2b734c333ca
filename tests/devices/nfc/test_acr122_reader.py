"""An ACR122U on a simulated USB bus: every firmware we know of, and every fault, ends in the right card or a clean error."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from devices.drivers.acr122_reader import Acr122Reader
from devices.drivers.pn532_reader import token_of
from devices.errors import Busy, DeviceError, Gone
from devices.events import CardSeen, DeviceEvent, TagRead
from devices.protocol import acr122, ndef
from devices.sim.acr122 import Acr122Core, Firmware, SimAcr122, firmware
from devices.sim.tags import Card, Phone, Type2Tag, Type4Tag
from devices.sim.usb_bus import SimUsbBus
from devices.transport.usb import UsbBulkTransport, UsbPlace

KEY = b"k" * 16
UID, OTHER = bytes.fromhex("04a1b2c3d4e5f6"), bytes.fromhex("04778899aabbcc")
PAGE = ndef.encode([ndef.uri_record("https://shop.example/01/09521100100410")])
PLACE = UsbPlace(0x072F, 0x2200)


class Bench:
    """A reader on a bus, and the driver that holds it."""

    def __init__(self) -> None:
        self.bus = SimUsbBus()
        self.drivers: list[Acr122Reader] = []

    def open(self, sim: SimAcr122, *, read_tags: bool = False) -> Acr122Reader:
        self.bus.plug(sim)
        return self.again(read_tags=read_tags)

    def again(self, *, read_tags: bool = False) -> Acr122Reader:
        driver = Acr122Reader("reader", UsbBulkTransport(PLACE, 0x0B, self.bus), KEY, read_tags=read_tags)
        self.drivers.append(driver)
        driver.start()
        return driver

    def close(self) -> None:
        for driver in self.drivers:
            driver.close()
        self.bus.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    it = Bench()
    yield it
    it.close()


def turns(driver: Acr122Reader, count: int = 4) -> list[DeviceEvent]:
    return [event for _ in range(count) for event in driver.turn(0.0)]


def tokens(events: list[DeviceEvent]) -> list[str]:
    return [event.token for event in events if isinstance(event, CardSeen)]


FIRMWARES = [
    firmware("203"),
    firmware("215"),
    firmware("216"),
    firmware("215", "reheaded"),
    firmware("216", "reheaded"),
    Firmware("207", miscounts=True),
    Firmware("203", mute=1),
]


@pytest.mark.parametrize("fw", FIRMWARES, ids=lambda fw: f"{fw.number}-{fw.how}-{fw.miscounts}-{fw.mute}")
class TestEveryFirmware:
    def test_a_tap_is_one_event_with_a_keyed_token(self, bench: Bench, fw: Firmware) -> None:
        sim = SimAcr122(Acr122Core(fw))
        driver = bench.open(sim)
        driver.arm(True)
        assert turns(driver) == []
        sim.core.chip.hold(Card(UID))
        assert tokens(turns(driver)) == [token_of(KEY, UID)]
        sim.core.chip.hold(Card(OTHER))
        assert tokens(turns(driver)) == [token_of(KEY, OTHER)]
        sim.core.chip.take_away()
        assert turns(driver) == []

    def test_tags_and_phones_are_read(self, bench: Bench, fw: Firmware) -> None:
        sim = SimAcr122(Acr122Core(fw))
        driver = bench.open(sim, read_tags=True)
        driver.arm(True)
        uri = "https://shop.example/01/09521100100410"
        for card, technology, message, said in (
            (Type2Tag.with_message(UID, PAGE), "type-2", PAGE, uri),
            (Type4Tag(OTHER, PAGE, most_read=240), "type-4", PAGE, uri),
            (Phone(UID, b"K7Q2"), "hce", b"K7Q2", ""),
        ):
            sim.core.chip.hold(card)
            token = token_of(KEY, card.target.uid)
            assert turns(driver) == [
                CardSeen("reader", token),
                TagRead("reader", token, technology, message, said),
            ]
            sim.core.chip.take_away()
            turns(driver)


class TestPresence:
    def test_a_card_left_lying_there_is_read_once(self, bench: Bench) -> None:
        sim = SimAcr122()
        driver = bench.open(sim)
        sim.core.chip.hold(Card(UID))
        driver.arm(True)
        assert len(turns(driver)) == 1
        driver.arm(False)
        assert turns(driver) == []
        driver.arm(True)
        assert turns(driver) == []
        sim.core.chip.take_away()
        turns(driver)
        sim.core.chip.hold(Card(UID))
        assert len(turns(driver)) == 1

    def test_a_phone_lying_there_is_read_once_though_its_number_changes_with_the_field(
        self, bench: Bench
    ) -> None:
        sim = SimAcr122()
        driver = bench.open(sim)
        sim.core.chip.hold(Phone(bytes.fromhex("08a1b2c3"), b"x"))
        driver.arm(True)
        assert len(turns(driver, 8)) == 1

    def test_nothing_is_looked_for_while_nobody_wants_a_card(self, bench: Bench) -> None:
        sim = SimAcr122()
        driver = bench.open(sim)
        sim.core.chip.hold(Card(UID))
        looks = sim.core.chip.looks
        assert turns(driver) == []
        assert sim.core.chip.looks == looks

    def test_a_ticket_and_a_bank_card_have_nothing_to_say(self, bench: Bench) -> None:
        sim = SimAcr122()
        driver = bench.open(sim, read_tags=True)
        driver.arm(True)
        for card in (Card(UID), Type4Tag(OTHER, PAGE, aid=b"1PAY.SYS.DDF01")):
            sim.core.chip.hold(card)
            assert tokens(turns(driver)) == [token_of(KEY, card.target.uid)]
        assert driver.counters()["unread"] == 0

    def test_a_tag_that_is_taken_away_too_early_is_counted(self, bench: Bench) -> None:
        sim = SimAcr122()

        class Fleeting(Type2Tag):
            def answer(self, data: bytes) -> bytes | None:
                return None

        driver = bench.open(sim, read_tags=True)
        driver.arm(True)
        sim.core.chip.hold(Fleeting(UID, bytes(64)))
        assert turns(driver) == [CardSeen("reader", token_of(KEY, UID))]
        assert driver.counters()["unread"] == 1


class TestTheReaderItself:
    def test_every_message_has_its_own_number(self, bench: Bench) -> None:
        sim = SimAcr122()
        driver = bench.open(sim)
        driver.arm(True)
        turns(driver, 200)
        seqs = sim.core.seqs
        assert all((a + 1) & 0xFF == b for a, b in pairwise(seqs))

    def test_yes_and_no(self, bench: Bench) -> None:
        sim = SimAcr122()
        driver = bench.open(sim)
        for good in (True, False):
            driver.signal(good)
            driver.turn(0.0)
        assert sim.core.beeps == [acr122.YES, acr122.NO]

    def test_a_reader_that_stays_one_behind_is_given_up_cleanly_and_works_after_a_replug(
        self, bench: Bench
    ) -> None:
        sim = SimAcr122(Acr122Core(Firmware("215", repeats=0, how="behind")))
        with pytest.raises(DeviceError, match="reader"):
            bench.open(sim)
        bench.drivers.pop().close()
        bench.bus.unplug(sim)
        good = SimAcr122()
        driver = bench.open(good)
        good.core.chip.hold(Card(UID))
        driver.arm(True)
        assert tokens(turns(driver)) == [token_of(KEY, UID)]

    @pytest.mark.parametrize("how", ["again", "reheaded"])
    @pytest.mark.parametrize("after", range(4, 22))
    def test_whenever_an_answer_comes_twice_no_card_is_mistaken(
        self, bench: Bench, after: int, how: str
    ) -> None:
        sim = SimAcr122(Acr122Core(Firmware("216", repeats=after, how=how)))
        driver = bench.open(sim, read_tags=True)
        driver.arm(True)
        seen = []
        for uid in (UID, OTHER, UID):
            card = Type2Tag.with_message(
                uid, ndef.encode([ndef.uri_record(f"https://a.example/{uid.hex()}")])
            )
            sim.core.chip.hold(card)
            seen += turns(driver, 3)
            sim.core.chip.take_away()
            seen += turns(driver, 2)
        told = [(event.token, event.uri) for event in seen if isinstance(event, TagRead)]
        assert told == [(token_of(KEY, uid), f"https://a.example/{uid.hex()}") for uid in (UID, OTHER, UID)]

    def test_an_unplug_in_the_middle_of_a_message_is_gone(self, bench: Bench) -> None:
        sim = SimAcr122()
        driver = bench.open(sim)
        driver.arm(True)

        def cut(replies: list[bytes]) -> list[bytes]:
            bench.bus.unplug(sim)
            return replies

        sim.faults = cut
        with pytest.raises(Gone):
            turns(driver)
        driver.close()
        sim.faults = list
        sim.core.chip.hold(Card(UID))
        back = bench.open(sim)
        back.arm(True)
        assert tokens(turns(back)) == [token_of(KEY, UID)]

    def test_a_reader_that_pcscd_holds_is_busy(self, bench: Bench) -> None:
        bench.open(SimAcr122())
        with pytest.raises(Busy):
            bench.again()

    def test_the_kernels_own_driver_is_asked_to_leave_and_comes_back(self, bench: Bench) -> None:
        sim = SimAcr122()
        driver = bench.open(sim)
        assert not bench.bus.kernel_has(sim, 0)
        driver.close()
        assert bench.bus.kernel_has(sim, 0)

    def test_another_ccid_reader_is_told_apart(self, bench: Bench) -> None:
        sim = SimAcr122()
        sim.faults = lambda replies: [reply.replace(b"ACR122", b"OMNI55") for reply in replies]
        with pytest.raises(DeviceError, match="not an ACR122U"):
            bench.open(sim)
