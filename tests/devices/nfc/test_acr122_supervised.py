"""An ACR122U as a kiosk has it: found on the bus, kept working, and its cards' numbers never told."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from devices.drivers.pn532_reader import token_of
from devices.events import CardSeen, DeviceEvent, TagRead
from devices.models import Setting
from devices.protocol import ndef
from devices.sim.acr122 import Acr122Core, SimAcr122, firmware
from devices.sim.libusb_bus import LibusbBus
from devices.sim.tags import Card, Type2Tag, Type4Tag
from devices.sim.usb_bus import SimUsbBus
from devices.supervision.opening import Host
from devices.supervision.supervisor import Supervisor
from devices.transport.usb import UsbBulkTransport, UsbPlace
from tests.devices.helpers import Ear
from tests.kiosk.until import until

KEY = bytes(range(16))
UID = bytes.fromhex("04a1b2c3d4e5f6")
PAGE = ndef.encode([ndef.uri_record("https://shop.example/01/09521100100410")])


@pytest.fixture
def bus() -> Iterator[SimUsbBus]:
    bus = SimUsbBus()
    yield bus
    bus.close()


def supervised(bus: SimUsbBus, port: str = "auto", *, read_tags: bool = False) -> tuple[Supervisor, Ear]:
    ear = Ear()
    device = Supervisor(
        Setting("reader", "acr122u", port, KEY, read_tags=read_tags), ear, Host(LibusbBus(bus), bus)
    )
    device.start()
    return device, ear


def looked_at(core: Acr122Core) -> None:
    """Wait until it has looked for a card some more times."""
    enough = core.chip.looks + 3
    until(lambda: core.chip.looks >= enough, "looks for a card")


@pytest.mark.parametrize("port", ["auto", "usb:072f:2200", "slot:1-1.3"])
def test_a_reader_that_is_plugged_in_pulled_and_plugged_in_again(bus: SimUsbBus, port: str) -> None:
    device, ear = supervised(bus, port)
    ear.state("absent")
    for number, way in (("203", "again"), ("215", "again"), ("216", "reheaded")):
        sim = SimAcr122(Acr122Core(firmware(number, way)))
        bus.plug(sim, "1-1.3")
        ear.state("ready")
        device.arm(True)
        looked_at(sim.core)  # the field is empty: the card had gone
        sim.core.chip.hold(Card(UID))
        assert ear.wait(CardSeen).token == token_of(KEY, UID)
        bus.unplug(sim)
        ear.state("lost")
    device.stop()


def test_a_reader_that_pcscd_has_says_what_to_do_and_works_when_it_is_free(bus: SimUsbBus) -> None:
    sim = SimAcr122()
    bus.plug(sim)
    pcscd = UsbBulkTransport(UsbPlace(0x072F, 0x2200), 0x0B, bus)
    device, ear = supervised(bus)
    assert "pcscd" in ear.state("failed").remedy
    pcscd.close()
    ear.state("ready")
    device.stop()


def test_a_cards_number_is_in_nothing_that_is_told(bus: SimUsbBus, caplog: pytest.LogCaptureFixture) -> None:
    """Cards of every kind are held, moved, torn away; then everything said is searched for their numbers."""
    caplog.set_level(logging.DEBUG)
    sim = SimAcr122(Acr122Core(firmware("215")))
    bus.plug(sim)
    device, ear = supervised(bus, read_tags=True)
    ear.state("ready")
    device.arm(True)
    uids = [
        UID,
        bytes.fromhex("08d1e2f3"),
        bytes.fromhex("0498a7b6c5d4e3"),
        bytes.fromhex("04" + "c0ffee" * 3),
    ]
    cards = [
        Type2Tag.with_message(uids[0], PAGE),
        Type4Tag(uids[1], PAGE),
        Type2Tag(uids[2], bytes(12) + b"\xe1\x20"),
        Card(uids[3]),
    ]
    for card in cards:
        sim.core.chip.hold(card)
        assert ear.wait(CardSeen).token == token_of(KEY, card.target.uid)
    half = sim.faults
    sim.faults = lambda replies: [reply[:-3] + b"\xff" * 3 for reply in replies]  # nothing fits any more
    ear.state("failed")
    sim.faults = half
    ear.state("ready")
    sim.core.chip.take_away()
    device.stop()
    told = io.StringIO()
    for event in ear.rest():
        assert isinstance(event, DeviceEvent)
        print(event, asdict(event), file=told)
    print(caplog.text, device.counters(), sim.core.chip, *cards, *(card.target for card in cards), file=told)
    assert any(isinstance(event, TagRead) for event in ear.heard)
    told_text = told.getvalue().lower()
    for uid in uids:
        for form in (
            uid.hex(),
            uid.hex(" "),
            uid.hex(":"),
            repr(uid)[2:-1],
            str(list(uid))[1:-1],
            str(int.from_bytes(uid, "big")),
        ):
            assert form.lower() not in told_text
