"""The disk whose power is cut, held to what campaigns rely on."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import disks
from tests.faults.disks import Disk

pytestmark = pytest.mark.skipif(bool(disks.missing()), reason=disks.missing() or "disks can be made here")


def free(disk: Disk) -> int:
    return os.statvfs(disk.root).f_bavail


def test_what_was_synced_is_there_after_a_power_cut(tmp_path: Path) -> None:
    with closing(Disk(tmp_path, "disk")) as disk:
        with (disk.root / "kept").open("wb", buffering=0) as file:
            file.write(b"kept")
            os.fsync(file.fileno())
            file.write(b", and this is not")
            taken = disk.copy()
        disk.become(taken)
        assert (disk.root / "kept").read_bytes() == b"kept"


def test_a_disk_that_has_room_again_still_has_it_after_a_power_cut(tmp_path: Path) -> None:
    with closing(Disk(tmp_path, "disk")) as disk:
        before = free(disk)
        disk.fill()
        assert free(disk) == 0
        os.sync()  # as time does: what fills it is on the disk
        disk.make_room()
        disk.become(disk.copy())
        assert free(disk) >= before - 1, (
            "it would be full for the rest of a campaign, with nobody to make room"
        )
