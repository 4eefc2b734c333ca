"""The simulated ACR122U, its PN532 and its tags against a host that nobody here wrote."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

URI = "https://shop.example/01/09521100100410"
ROOT = Path(__file__).parents[3]
ORACLES = ROOT / ".oracles" / "python"
NEEDED = ("nfc", "usb1", "pyDes")


def _there(module: str) -> bool:
    return find_spec(module) is not None or any(ORACLES.glob(f"{module}*"))


pytestmark = pytest.mark.skipif(not all(map(_there, NEEDED)), reason="nfcpy is not installed: make oracles")


def read_by_nfcpy(firmware: str) -> object:
    command = [sys.executable, "-W", "ignore", "-m", "tests.oracles.nfcpy_reads", firmware]
    path = os.pathsep.join((str(ROOT), str(ORACLES)))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment
    )
    return json.loads(done.stdout)


def test_nfcpy_reads_our_tags_through_our_reader() -> None:
    assert read_by_nfcpy("203") == {"type-2": [URI], "type-4": [URI]}


@pytest.mark.parametrize("firmware", ["215", "216"])
def test_nfcpy_fails_at_the_firmware_its_users_complain_of(firmware: str) -> None:
    assert read_by_nfcpy(firmware) == {"error": errno.EIO}
