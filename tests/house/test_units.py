"""What systemd is given to run is what systemd understands."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"


def test_the_mount_of_a_technicians_stick_is_sound_and_lets_nothing_run() -> None:
    mount = UNITS / "media-endcap.mount"
    told = dict(line.split("=", 1) for line in mount.read_text().splitlines() if "=" in line)
    assert {"ro", "nodev", "nosuid", "noexec"} <= set(told["Options"].split(","))
    assert f'SYSTEMD_WANTS}}+="{mount.name}"' in (UNITS / "91-endcap-stick.rules").read_text()
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    said = subprocess.run(
        [analyze, "verify", "--man=no", str(mount)], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")
