"""A side is whole or nobody's: power cuts and full disks at every step, and the real programs started from a tree."""

from __future__ import annotations

import hashlib
import itertools
import threading
from pathlib import Path

import pytest
from msgspec import structs

import content
from content.durable import DISK, Disk
from content.release.manifest import Blob
from content.software.manifest import FORMAT, File, Release
from kiosk.adopting import slots as held
from kiosk.adopting.laying import Unusable
from kiosk.adopting.record import save
from kiosk.adopting.slots import Slots, Staged, Wall
from kiosk.software import launch
from kiosk.software.sides import CHECK, build
from tests.content.software.made import wheel
from tests.kiosk.powercut import FailingDisk, RecordingDisk

ROOT = Path(content.__file__).parents[1]
NOTHING = ("true",)


def released(path: Path, version: str) -> Release:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    file = File(name=path.name, sha256=digest, size=len(data), blob=Blob(digest, len(data), len(data)))
    return Release(format=FORMAT, name=f"endcap-{version}", version=version, made_at=1, files=(file,))


class Machine:
    """A kiosk that runs old programs from side a, and has the wheel of new ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "software"
        self.folder.mkdir()
        self._wheels = self.folder / "blobs"
        for side, version in (("a", "1.0.0"), ("", "1.1.0")):
            made = wheel(self._wheels, version, {"endcap.py": f"VERSION = '{version}'\n", "kiosk/a.py": "1"})
            self.path, self.release = made, released(made, version)
            if side:
                build(self.folder, side, self.release, lambda _: self.path, check=NOTHING)
        save(self.folder, Slots(confirmed=Wall("endcap-1.0.0", "a")))

    def exchange(self, disk: Disk = DISK) -> None:
        """What the updater does, from the wheel to the word that the next start is another's."""
        slots = Slots(confirmed=Wall("endcap-1.0.0", "a"))
        build(self.folder, "b", self.release, lambda _: self.path, disk, NOTHING)
        slots = held.stage(slots, Staged(Wall("endcap-1.1.0", "b"), 1))
        save(self.folder, slots, disk)
        slots = held.adopt(slots, 2)
        assert slots.trying is not None
        save(self.folder, structs.replace(slots, trying=structs.replace(slots.trying, starts=0)), disk)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def runs(folder: Path) -> str:
    """What a start after that runs; the side is there with all its files."""
    side = launch.begin(folder, 9)
    assert side in ("a", "b")
    expected = {"a": "VERSION = '1.0.0'\n", "b": "VERSION = '1.1.0'\n"}[side]
    assert (folder / side / "endcap.py").read_text() == expected
    assert (folder / side / "kiosk" / "a.py").read_text() == "1"
    return side


def test_power_may_go_at_every_write(machine: Machine, tmp_path: Path) -> None:
    disk = RecordingDisk(machine.folder)
    machine.exchange(disk)
    seen = set()

    for number, how in disk.cuts():
        left = tmp_path / f"{number}-{how}"
        disk.leave(number, how, left)
        seen.add(runs(left))

    assert seen == {"a", "b"}
    assert len(disk) > 30


def test_the_disk_may_be_full_at_every_write(machine: Machine) -> None:
    for number in itertools.count():
        try:
            machine.exchange(FailingDisk(number))
        except (Unusable, OSError):
            assert runs(machine.folder) == "a"
            continue
        break

    assert number > 4
    assert runs(machine.folder) == "b"


def ours(folder: Path, version: str, *without: str) -> Release:
    """A wheel of this very program."""
    files = {"endcap.py": (ROOT / "endcap.py").read_bytes()}
    for package in ("kiosk", "devices", "mqtt", "content"):
        for path in (ROOT / package).rglob("*"):
            if path.suffix in (".py", ".po"):
                files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    for name in without:
        del files[name]
    return released(wheel(folder, version, files), version)


def test_this_very_program_starts_from_a_side(tmp_path: Path) -> None:
    release = ours(tmp_path / "made", "9.9.1")

    build(tmp_path, "a", release, lambda file: tmp_path / "made" / file.name, check=CHECK)

    assert launch.whole(tmp_path / "a", "endcap-9.9.1")


@pytest.mark.parametrize("without", ["kiosk/runtime.py", "endcap.py"])
def test_a_program_with_a_file_missing_is_found_before_it_is_started(tmp_path: Path, without: str) -> None:
    release = ours(tmp_path / "made", "9.9.1", without)

    with pytest.raises(Unusable, match="does-not-start"):
        build(tmp_path, "a", release, lambda file: tmp_path / "made" / file.name, check=CHECK)

    assert not launch.whole(tmp_path / "a")


def test_the_end_of_the_program_does_not_wait_for_a_side(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    stopped = threading.Event()
    stopped.set()

    with pytest.raises(Unusable, match="stopped"):
        build(
            machine.folder,
            "b",
            machine.release,
            lambda _: machine.path,
            check=("sleep", "60"),
            stopped=stopped,
        )

    assert runs(machine.folder) == "a"
