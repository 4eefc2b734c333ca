"""Files that are changed through content.durable are whole after a power cut, whenever it comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.durable import DISK, Disk, put, remove
from tests.kiosk.powercut import FailingDisk, RecordingDisk


def test_a_file_is_as_before_or_as_now_whenever_the_power_goes(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    (root / "state").write_bytes(b"the old state")
    disk = RecordingDisk(root)
    put(disk, root / "state", b"the new state, longer")
    found = set()
    for number, how in disk.cuts():
        left = tmp_path / f"{number}-{how}"
        disk.leave(number, how, left)
        found.add((left / "state").read_bytes())
    assert found == {b"the old state", b"the new state, longer"}
    disk.leave(len(disk) - 1, "lost", tmp_path / "end")
    assert (tmp_path / "end" / "state").read_bytes() == b"the new state, longer", (
        "what was said to be done is"
    )


def test_the_recorder_finds_a_rename_before_its_sync(tmp_path: Path) -> None:
    """The mistake it is made to find: what somebody who forgets a sync leaves."""
    root = tmp_path / "disk"
    root.mkdir()
    disk = RecordingDisk(root)
    disk.write(root / "part", b"new")
    disk.rename(root / "part", root / "state")
    disk.sync(root)
    last = len(disk) - 1
    disk.leave(last, "lost", tmp_path / "left")
    assert (tmp_path / "left" / "state").read_bytes() == b""
    disk.leave(last, "torn", tmp_path / "torn")
    assert (tmp_path / "torn" / "state").read_bytes() == b"n"


def test_names_in_a_folder_that_was_not_synced_are_lost(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    disk = RecordingDisk(root)
    disk.make(root / "a")
    disk.write(root / "a" / "one", b"1")
    disk.sync(root / "a" / "one")
    disk.link(root / "a" / "one", root / "two")
    disk.sync(root)
    disk.leave(len(disk) - 1, "lost", tmp_path / "left")
    assert sorted(path.name for path in (tmp_path / "left").rglob("*")) == ["a", "two"]
    assert (tmp_path / "left" / "two").read_bytes() == b"1", "one file, whatever its name"


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"old")
    with pytest.raises(OSError, match="No space"):
        put(FailingDisk(1), tmp_path / "state", b"new")
    assert (tmp_path / "state").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_a_tree_goes_with_all_in_it_and_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_bytes(b"stays")
    tree = tmp_path / "tree"
    DISK.make(tree / "in" / "it")
    (tree / "link").symlink_to(tmp_path / "kept")
    Disk().append(tree / "in" / "file", b"goes")
    remove(DISK, tree)
    remove(DISK, tree)
    assert not tree.exists()
    assert (tmp_path / "kept" / "file").exists()
