"""An ACR1252U on a simulated USB bus, as a kiosk has it and on a bad line."""

from __future__ import annotations

import pytest

from devices.drivers.acr1252_reader import Acr1252Reader
from devices.drivers.pn532_reader import token_of
from devices.errors import DeviceError, ProtocolError, Timeout
from devices.events import CardSeen, DeviceEvent, TagRead
from devices.models import Setting
from devices.protocol import acr1252, ndef, pcsc
from devices.sim.acr1252 import Acr1252Core, SimAcr1252
from devices.sim.libusb_bus import LibusbBus
from devices.sim.tags import Card, Phone, Type2Tag, Type4Tag
from devices.sim.usb_bus import SimUsbBus
from devices.supervision.opening import Host
from devices.supervision.supervisor import Supervisor
from tests.devices.helpers import Ear
from tests.devices.nfc.instant_wire import InstantWire, Noise

KEY = b"k" * 16
UID, OTHER = bytes.fromhex("04a1b2c3d4e5f6"), bytes.fromhex("04778899aabbcc")
URI = "https://shop.example/01/09521100100410"
PAGE = ndef.encode([ndef.uri_record(URI)])


def started(core: Acr1252Core, *, read_tags: bool = False) -> tuple[Acr1252Reader, InstantWire]:
    wire = InstantWire(core)
    driver = Acr1252Reader("reader", wire, KEY, read_tags=read_tags, clock=wire.clock)
    driver.start()
    driver.arm(True)
    return driver, wire


def turns(driver: Acr1252Reader, count: int = 4) -> list[DeviceEvent]:
    return [event for _ in range(count) for event in driver.turn(0.0)]


def test_a_card_that_comes_as_the_payment_ends_is_neither_told_nor_taken() -> None:
    core = Acr1252Core()
    driver, wire = started(core)
    core.field.hold(Card(UID))

    def ends(answers: list[bytes]) -> list[bytes]:
        driver.arm(False)  # while the reader is asked for the card's number
        return answers

    wire.faults = ends
    assert turns(driver) == []
    wire.faults = list
    driver.arm(True)
    assert turns(driver) == [CardSeen("reader", token_of(KEY, UID))]


def test_who_pays_does_not_wait_until_a_slow_phone_has_said_all() -> None:
    core = Acr1252Core()
    driver, _ = started(core, read_tags=True)
    core.field.hold(Type4Tag(OTHER, PAGE, most_read=15))
    assert driver.turn(0.0) == [CardSeen("reader", token_of(KEY, OTHER))]
    assert driver.turn(0.0) == [TagRead("reader", token_of(KEY, OTHER), "type-4", PAGE, URI)]


def test_it_is_found_taps_are_told_and_a_replug_is_survived() -> None:
    bus, ear = SimUsbBus(), Ear()
    device = Supervisor(Setting("reader", "acr1252u", "auto", KEY), ear, Host(LibusbBus(bus), bus))
    device.start()
    for uid in (UID, OTHER):
        sim = SimAcr1252()
        bus.plug(sim)
        ear.state("ready")
        device.arm(True)
        sim.core.field.hold(Card(uid))
        assert ear.wait(CardSeen).token == token_of(KEY, uid)
        bus.unplug(sim)
        ear.state("lost")
    device.stop()
    bus.close()


def test_tags_and_phones_are_read() -> None:
    core = Acr1252Core()
    driver, _ = started(core, read_tags=True)
    assert driver.version == "ACR1252U_V106"
    for card, technology, message, uri in (
        (Type2Tag.with_message(UID, PAGE), "type-2", PAGE, URI),
        (Type4Tag(OTHER, PAGE, most_read=240), "type-4", PAGE, URI),
        (Phone(bytes.fromhex("08a1b2c3"), b"K7Q2"), "hce", b"K7Q2", ""),
    ):
        core.field.hold(card)
        token = token_of(KEY, card.target.uid)
        assert turns(driver) == [
            CardSeen("reader", token),
            TagRead("reader", token, technology, message, uri),
        ]
    core.field.take_away()
    assert turns(driver) == []
    core.field.hold(Card(UID))
    assert turns(driver) == [CardSeen("reader", token_of(KEY, UID))]


def test_a_card_left_lying_there_is_read_once_and_another_in_its_place_at_once() -> None:
    core = Acr1252Core()
    driver, _ = started(core)
    core.field.hold(Card(UID))
    assert len(turns(driver)) == 1
    driver.arm(False)
    turns(driver)
    driver.arm(True)
    assert turns(driver) == []
    core.field.hold(Card(OTHER))
    assert turns(driver) == [CardSeen("reader", token_of(KEY, OTHER))]
    core.field.take_away()
    turns(driver)
    core.field.hold(Card(OTHER))
    assert len(turns(driver)) == 1


def test_its_flash_is_written_only_where_it_does_not_poll() -> None:
    polling, silent = Acr1252Core(), Acr1252Core(polling=0x8E)
    started(polling)
    started(silent)
    started(silent)
    assert (polling.writes, silent.writes, silent.polling) == (0, 1, acr1252.FACTORY)


def test_yes_and_no() -> None:
    core = Acr1252Core()
    driver, _ = started(core)
    for good in (True, False):
        driver.signal(good)
        driver.turn(0.0)
    assert core.beeps == [10, 60]


@pytest.mark.parametrize("seed", range(4))
def test_no_wrong_card_ever_though_one_answer_in_twenty_is_spoilt(seed: int) -> None:
    core = Acr1252Core()
    driver, wire = started(core)
    wire.faults = noise = Noise(seed)
    for number in range(200):
        uid = bytes([4, seed, number]) + (number * 0x9E3779B1 & 0xFFFFFFFF).to_bytes(4, "big")
        core.field.hold(Card(uid))
        seen: list[DeviceEvent] = []
        for _ in range(20):
            seen += driver.turn(0.0)
            if seen:
                break
        assert seen == [CardSeen("reader", token_of(KEY, uid))]
    assert noise.hits > 20


def test_another_reader_is_told_apart() -> None:
    core = Acr1252Core()
    wire = InstantWire(core, lambda replies: [reply.replace(b"ACR1252", b"ACR1281") for reply in replies])
    with pytest.raises(DeviceError, match="not an ACR1252U"):
        Acr1252Reader("reader", wire, KEY, clock=wire.clock).start()


class TestPcsc:
    @pytest.mark.parametrize(
        ("atr", "sel_res"),
        [
            ("3b8f8001804f0ca000000306030001000000006a", 0x08),  # MIFARE Classic 1K
            ("3b8f8001804f0ca0000003060300030000000068", 0x00),  # Ultralight, NTAG
            ("3b8f8001804f0ca0000003060500070000000000", None),  # type B; the check byte is put right below
            ("3b80800101", 0x20),  # a phone
            ("3b8180018080", 0x20),  # DESFire
        ],
    )
    def test_what_an_atr_stands_for(self, atr: str, sel_res: int | None) -> None:
        raw = bytearray.fromhex(atr)
        raw[-1] = 0
        for byte in raw[1:-1]:
            raw[-1] ^= byte
        assert pcsc.sel_res_of(bytes(raw)) == sel_res

    @pytest.mark.parametrize("atr", ["", "3b00", "3b80800102", "3b8f8001804f0ca000000306", "41435231323532"])
    def test_what_is_none(self, atr: str) -> None:
        with pytest.raises(ProtocolError, match="answer to reset"):
            pcsc.sel_res_of(bytes.fromhex(atr))

    def test_numbers(self) -> None:
        assert pcsc.uid_of(UID + b"\x90\x00") == UID
        with pytest.raises(Timeout):
            pcsc.uid_of(b"\x63\x00")
        for wrong in (b"\x01\x02\x03\x90\x00", b"\x6a\x81", b"\x90"):
            with pytest.raises(ProtocolError):
                pcsc.uid_of(wrong)

    @pytest.mark.parametrize("answer", ["", "e1000000", "e10000000241", "e00000000141", "e1000000024142"])
    def test_own_answers_that_are_none(self, answer: str) -> None:
        with pytest.raises(ProtocolError):
            acr1252.one_byte(bytes.fromhex(answer))
