"""Publishing is cut at every write, in every way a disk may forget: a client finds the release before or the new one."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from content.release.repository import Repository
from tests.content.release.repositories import TENANT, Operator, Reader, served
from tests.kiosk.powercut import FailingDisk, RecordingDisk

BEFORE = {"demo-000001": True}
AFTER = {"demo-000001": False, "demo-000002": True}


def readable(folder: Path) -> list[str]:
    """The names of all releases, each read whole."""
    repository = Repository(folder)
    names = [each.header.name for each in repository.releases(TENANT)]
    for name in names:
        for entry in repository.release(name)[1]:
            repository.unpacked(entry.blob)
    return names


def test_a_power_cut_leaves_a_whole_repository(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "there", int(time.time()))
    operator.publish({"a": b"1" * 100, "b": b"2" * 100})
    (operator.folder / ".lock").unlink()
    disk = RecordingDisk(operator.folder)
    operator.repository.disk = disk
    operator.publish({"a": b"1" * 100, "b": b"3" * 100}, current=True)
    operator.repository.disk = Repository(operator.folder).disk
    found = set()

    for number, how in disk.cuts():
        left = tmp_path / "left"
        disk.leave(number, how, left)
        names = readable(left)
        found.add(tuple(names))
        assert names in (list(BEFORE), list(AFTER)), f"cut after {disk.calls[number]}, {how}"
        # Whoever was cut publishes again, over whatever lies there.
        again = Repository(left)
        again.publish(
            operator.ring(), operator.now, TENANT, {"a": b"1" * 100, "b": b"3" * 100}, {}, current=True
        )
        assert readable(left) == list(AFTER), f"again, after {disk.calls[number]}, {how}"
        shutil.rmtree(left)

    assert len(found) == 2
    assert disk.calls[-2].startswith("rename metadata/timestamp.json")


def test_a_full_disk_leaves_the_release_before(tmp_path: Path) -> None:
    operator = Operator(tmp_path, int(time.time()))
    operator.publish({"a": b"1" * 100})
    with served(operator.folder) as url:
        reader = Reader(tmp_path / "kiosk", url, operator.repository.root_bytes())
        at = 1
        while True:
            operator.repository.disk = FailingDisk(at)
            try:
                operator.publish({"a": b"2" * 100}, current=True)
            except OSError:
                assert reader.releases() == BEFORE
                at += 1
                continue
            break
        assert reader.releases() == AFTER
    assert at >= 5
