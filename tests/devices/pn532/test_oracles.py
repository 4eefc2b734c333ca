"""Stacks nobody here wrote, at the simulated chip: what they read from it is what a phone and our driver read.

They prove the simulator, which proves the driver. libnfc: Debian's libnfc-bin; nfcpy and Adafruit's driver: `make oracles`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.protocol import ndef
from devices.sim import phones
from devices.sim.phones import Phone
from devices.sim.pn532_chip import SimPn532
from devices.sim.tags import Type2Tag
from tests.kiosk.until import until
from tests.oracles.asking import FOLDER, HERE, missing

UID = bytes.fromhex("04a2b3c4d5e680")
URI = "https://shop.example/01/09521234500015"
MESSAGE = ndef.encode([ndef.uri_record(URI)])


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SimPn532]:
    sim = SimPn532(tmp_path / "reader")
    sim.core.hold(Type2Tag.with_message(UID, MESSAGE))
    yield sim
    sim.close()


def device(folder: Path) -> str:
    """Some of them take a real path only."""
    return os.path.realpath(folder / "reader")


def libnfc(folder: Path, program: str) -> subprocess.Popen[str]:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: apt-get install libnfc-bin")
    environment = os.environ | {
        "LIBNFC_DEFAULT_DEVICE": f"pn532_uart:{device(folder)}",
        "LIBNFC_AUTO_SCAN": "false",
    }
    return subprocess.Popen(
        [program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


def peer(library: str, folder: Path) -> dict[str, str]:
    name = {"nfcpy": "pypi:nfcpy", "adafruit": "pypi:adafruit-circuitpython-pn532"}[library]
    if reason := missing(name):
        pytest.skip(reason)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(HERE / "nfc_peers.py"), library, device(folder)],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ | {"PYTHONPATH": str(FOLDER / "python")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_libnfc_lists_the_tag(chip: SimPn532, tmp_path: Path) -> None:
    said, _ = libnfc(tmp_path, "nfc-list").communicate(timeout=60)
    found = re.search(r"UID \(NFCID1\): ([0-9a-f ]+)", said)
    assert found, said
    assert bytes.fromhex(found[1]) == UID
    assert "Felica" not in said, "and nothing else"


def test_libnfcs_own_tag_is_read_by_our_phone(chip: SimPn532, tmp_path: Path) -> None:
    """Their Type 4 emulator, our chip, our phone: the phone's questions are what a tag answers."""
    emulator = libnfc(tmp_path, "nfc-emulate-forum-tag4")
    try:
        until(lambda: chip.plays or emulator.poll() is not None, "libnfc to play a tag")
        phone = Phone(phones.android())
        chip.phone_taps(phone)
        assert phone.gone.wait(60)
        assert phone.opened == "http://libnfc.org"
    finally:
        killer = threading.Timer(20, emulator.kill)
        killer.start()
        emulator.communicate()
        killer.cancel()
        killer.join()


def test_nfcpy_reads_the_tag(chip: SimPn532, tmp_path: Path) -> None:
    assert peer("nfcpy", tmp_path) == {"chip": "PN532v1.6", "uid": UID.hex(), "uri": URI}


def test_adafruits_driver_reads_the_tag(chip: SimPn532, tmp_path: Path) -> None:
    told = peer("adafruit", tmp_path)
    assert told == {
        "chip": "PN532v1.6",
        "uid": UID.hex(),
        "page": (b"\x03" + bytes([len(MESSAGE)]) + MESSAGE)[:4].hex(),
    }
