"""Card readers: a PN532 behind ftdi_sio, and an ACR122U through usbfs, driven by us and by three stacks nobody here wrote."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from devices.drivers.base import CanArm, Driver
from devices.drivers.pn532_reader import token_of
from devices.errors import Gone
from devices.events import CardSeen
from devices.protocol import ndef
from devices.sim.tags import Card, Type2Tag
from tests.vm import pcsc
from tests.vm.bench import Bench
from tests.vm.checks import Missing
from tests.vm.driving import KEY, driven, events, node
from tests.vm.packages import CACHE
from tests.vm.waiting import until

PN532, ACR122 = "usb:0403:6001:SIM0005", "usb:072f:2200"
UID = bytes.fromhex("04a1b2c3d4e5f6")
URI = "https://id.gs1.org/01/09521100100410"
TAG = Type2Tag.with_message(UID, ndef.encode([ndef.uri_record(URI)]))
TOOL_S = 30


@contextmanager
def _plugged(bench: Bench, name: str) -> Iterator[None]:
    bench.plug(name)
    try:
        yield
    finally:
        bench.unplug(name)


def _card(driver: Driver) -> str:
    assert isinstance(driver, CanArm)
    driver.arm(True)
    told = events(driver, lambda told: any(isinstance(event, CardSeen) for event in told))
    driver.arm(False)
    return next(event.token for event in told if isinstance(event, CardSeen))


def _tool(*command: str, **environment: str) -> str:
    """Run another's program; what it prints."""
    if not shutil.which(command[0]):
        raise Missing(f"{command[0]} is not installed")
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=TOOL_S,
        check=False,
    )
    return f"{done.stdout}\n{done.stderr}"


def a_card_at_a_pn532_behind_ftdi_sio(bench: Bench) -> None:
    """ttyUSB0: a card is seen as its token; pulled and put back it is seen again."""
    with _plugged(bench, "pn532"):
        with driven("pn532", PN532) as driver:
            bench.host(do="tap", device="pn532", uid=UID.hex())
            assert _card(driver) == token_of(KEY, UID)
            bench.host(do="take away", device="pn532")
            bench.unplug("pn532")
            with suppress(Gone):
                until("the unplug", lambda: driver.turn(0.2) and False)
        bench.plug("pn532")
        with driven("pn532", PN532) as driver:
            bench.host(do="tap", device="pn532", uid=UID.hex())
            assert _card(driver) == token_of(KEY, UID)
            bench.host(do="take away", device="pn532")


def libnfc_accepts_the_pn532(bench: Bench) -> None:
    """libnfc on the same ttyUSB0 reads the same card."""
    with _plugged(bench, "pn532"):
        path = node(PN532, "pn532")
        bench.host(do="tap", device="pn532", uid=UID.hex())
        said = _tool("nfc-list", LIBNFC_DEVICE=f"pn532_uart:{path}", LIBNFC_LOG_LEVEL="1")
        bench.host(do="take away", device="pn532")
        assert UID.hex(" ", 1).replace(" ", "  ") in said, said


def a_card_at_an_acr122u(bench: Bench) -> None:
    """Our driver through libusb and usbfs, though the kernel's pn533_usb may have taken the reader."""
    with _plugged(bench, "acr122"):
        with driven("acr122u", ACR122) as driver:
            bench.play("acr122.chip.hold", TAG)
            assert _card(driver) == token_of(KEY, UID)
            bench.play("acr122.chip.take_away")
            bench.unplug("acr122")
            with suppress(Gone):
                until("the unplug", lambda: driver.turn(0.2) and False)
        bench.plug("acr122")
        with driven("acr122u", ACR122) as driver:
            bench.play("acr122.chip.hold", Card(UID))
            assert _card(driver) == token_of(KEY, UID)
        bench.play("acr122.chip.take_away")
    numbers = bench.play("acr122.seqs")
    assert numbers[:8] == list(range(1, 9)), f"bSeq is not counted: {numbers}"


@contextmanager
def _acr122_for_others(bench: Bench) -> Iterator[None]:
    """Plugged in with a tag on it, and taken from the kernel's own driver, as their manuals demand."""
    bench.play("acr122.chip.hold", TAG)
    with _plugged(bench, "acr122"):
        bench.settle()
        bench.remove_module("pn533_usb")
        yield
    bench.play("acr122.chip.take_away")


def libnfc_accepts_the_acr122u(bench: Bench) -> None:
    """libnfc's acr122_usb driver reads the card's number from our simulator."""
    with _acr122_for_others(bench):
        said = _tool("nfc-list", LIBNFC_DEVICE="acr122_usb", LIBNFC_LOG_LEVEL="1")
        assert UID.hex(" ", 1).replace(" ", "  ") in said, said


NFCPY = """
import nfc
with nfc.ContactlessFrontend("usb:072f:2200") as frontend:
    tag = frontend.connect(rdwr={"on-connect": lambda tag: False})
    print(tag.identifier.hex(), [record.uri for record in tag.ndef.records])
"""


def nfcpy_accepts_the_acr122u(bench: Bench) -> None:
    """nfcpy reads the tag on it to its end."""
    if not (CACHE / "python/nfc").exists():
        raise Missing("nfcpy could not be downloaded")
    with _acr122_for_others(bench):
        said = _tool(sys.executable, "-c", NFCPY, PYTHONPATH=str(CACHE / "python"))
        assert f"{UID.hex()} ['{URI}']" in said, said


def pcscd_accepts_the_acr122u(bench: Bench) -> None:
    """pcscd with libccid lists the reader, powers the card and reads its number."""
    if not shutil.which("pcscd"):
        raise Missing("pcscd is not installed")
    with _acr122_for_others(bench):
        daemon = bench.start("pcscd", "--foreground")
        try:
            told = until("a reader with a card", lambda: pcsc.transmit(bytes.fromhex("FFCA000000")), TOOL_S)
        finally:
            bench.stop(daemon)
    assert told is not None
    assert "ACR122U" in told[0], told
    assert told[1] == UID + b"\x90\x00", told


CHECKS = (
    a_card_at_a_pn532_behind_ftdi_sio,
    libnfc_accepts_the_pn532,
    a_card_at_an_acr122u,
    libnfc_accepts_the_acr122u,
    nfcpy_accepts_the_acr122u,
    pcscd_accepts_the_acr122u,
)
