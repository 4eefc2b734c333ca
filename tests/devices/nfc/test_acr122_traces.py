"""What nfcpy and libnfc fell over in the field, played again: the right result or a clean error, never one reply behind."""

from __future__ import annotations

import pytest

from devices.drivers.acr122_link import Acr122Link
from devices.drivers.acr122_reader import Acr122Reader
from devices.drivers.ccid_link import CcidLink
from devices.drivers.pn532_reader import token_of
from devices.errors import DeviceError
from devices.events import CardSeen
from devices.sim.tags import Card
from tests.devices.nfc.instant_wire import InstantWire
from tests.devices.nfc.recorded_reader import BELONGS, OWES, SEQ, RecordedReader

KEY = b"k" * 16
UID = bytes.fromhex("04a1b2c3d4e5f6")
GOOD = {"nfcpy105_fw215_no_card", "nfcpy154_fw216_ok", "nfcpy_tests"}


@pytest.mark.parametrize("owes", OWES)
@pytest.mark.parametrize("seq", SEQ)
@pytest.mark.parametrize("name", [name for name in BELONGS if name.startswith("nfcpy")])
def test_a_start_that_was_recorded(name: str, seq: str, owes: str) -> None:
    reader = RecordedReader(name, seq, owes)
    wire = InstantWire(reader)
    driver = Acr122Reader("reader", wire, KEY, clock=wire.clock)
    failed = ""
    seen = []
    try:
        driver.start()
        driver.arm(True)
        reader.chip.hold(Card(UID))
        seen = [event for _ in range(3) for event in driver.turn(0.0)]
    except DeviceError as error:
        failed = str(error)
    if failed:
        # A reader that answers every question with bSeq 0, or the one before for ever, cannot be used, and says so.
        assert seq == "always 0" or (name not in GOOD and owes == "after the next question")
        assert failed.startswith("reader: ")
        assert not seen
    else:
        assert seen == [CardSeen("reader", token_of(KEY, UID))]
        assert driver.version == ("ACR122U" + reader.firmware.number)
    assert reader.played >= 1


@pytest.mark.parametrize("owes", OWES)
@pytest.mark.parametrize("seq", SEQ)
def test_libnfc_666_the_answer_of_the_command_before(seq: str, owes: str) -> None:
    reader = RecordedReader("libnfc666_off_by_one", seq, owes)
    wire = InstantWire(reader)
    link = Acr122Link(CcidLink("reader", wire, wire.clock))
    right = {b"\x32": b"\x33", b"\x06": b"\x07"}
    answered = 0
    try:
        for question in reader.questions:
            payload = question[6:]
            answer = link.chip(payload)
            assert answer[:1] == right[payload[:1]]
            assert answer in (
                b"\x33",
                b"\x07\x83\x83",
                b"\x07\x80\x80",
            )  # as recorded, or as its own chip says later
            answered += 1
    except DeviceError:
        assert seq == "always 0" or owes == "after the next question"
    else:
        assert answered == 3
