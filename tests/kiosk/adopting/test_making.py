"""A fetched release becomes the store folder of this kiosk: all of it or nothing, and never twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from content.durable import DISK, Disk
from content.release.manifest import BadRelease, Root
from content.store import OpenStore
from kiosk.adopting.laying import NEW, Unusable, is_whole, sweep
from kiosk.adopting.making import numbers, wall_of
from kiosk.adopting.slots import Wall
from tests.content import shop
from tests.kiosk.adopting.releases import WHERE, Folder, goods, picture, release
from tests.kiosk.powercut import FailingDisk, RecordingDisk


def make(root: Root, blobs: Path, walls: Path, disk: Disk = DISK) -> Wall:
    return wall_of(root, None, Folder(blobs), WHERE, walls, "1.0", disk)


def test_a_release_is_a_wall_with_its_products_and_pictures(tmp_path: Path) -> None:
    root = release(tmp_path / "published", 1)
    wall = make(root, tmp_path / "published", tmp_path / "walls")
    assert wall.release == "demo-000001"
    with OpenStore(tmp_path / "walls" / wall.folder) as store:
        assert store.store.version == wall.folder
        first = store.product(shop.gtin(1))
        assert first is not None
        found = store.picture(first)
        assert found is not None
        assert found.read_bytes() == picture("red")
        assert found.stat().st_nlink == 2, "a second name of the blob"
        assert store.file("pictures/spring.webp") is not None


def test_releases_that_look_alike_here_share_a_wall(tmp_path: Path) -> None:
    published, walls = tmp_path / "published", tmp_path / "walls"
    first = make(release(published, 1), published, walls)
    made = (walls / first.folder / "catalogue.db").stat().st_ino
    second = make(release(published, 2), published, walls)
    assert (first.folder, second.release) == (second.folder, "demo-000002")
    assert (walls / first.folder / "catalogue.db").stat().st_ino == made
    third = make(release(published, 3, goods(minor=9)), published, walls)
    assert third.folder != first.folder


def test_a_damaged_wall_is_made_anew(tmp_path: Path) -> None:
    published, walls = tmp_path / "published", tmp_path / "walls"
    root = release(published, 1)
    wall = make(root, published, walls)
    (walls / wall.folder / "catalogue.db").write_bytes(b"")
    assert not is_whole(walls / wall.folder)
    assert make(root, published, walls) == wall
    assert is_whole(walls / wall.folder)


def test_a_release_without_a_product_here_makes_no_wall(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="empty: no product") as caught:
        make(release(tmp_path / "published", 1, []), tmp_path / "published", tmp_path / "walls")
    assert caught.value.reason == "empty"


def test_a_release_for_later_programs_is_left_to_them(tmp_path: Path) -> None:
    root = release(tmp_path / "published", 1, min_software="1.10")
    with pytest.raises(Unusable, match=r"demo-000001 needs 1\.10, this is 1\.0"):
        make(root, tmp_path / "published", tmp_path / "walls")
    assert numbers("0.10.0") > numbers("0.9") > numbers("0.8.7+local")


def test_a_release_whose_parts_are_not_a_whole_is_refused(tmp_path: Path) -> None:
    root = release(tmp_path / "published", 1)
    with pytest.raises(Unusable, match="bad-content: demo-000001") as caught:
        make(structs.replace(root, pages=()), tmp_path / "published", tmp_path / "walls")
    assert isinstance(caught.value.__cause__, BadRelease)


def test_a_full_disk_leaves_nothing_and_the_next_try_goes_through(tmp_path: Path) -> None:
    published, walls = tmp_path / "published", tmp_path / "walls"
    old = make(release(published, 1), published, walls)
    root = release(published, 2, goods(minor=9))
    reasons: list[str] = []
    for at in range(1, 99):
        try:
            wall = make(root, published, walls, FailingDisk(at))
        except Unusable as error:
            reasons.append(error.reason)
            assert [path.name for path in walls.iterdir()] == [old.folder]
        else:
            assert is_whole(walls / wall.folder)
            break
    assert reasons == ["no-space"] * len(reasons)
    assert len(reasons) >= 3


def test_a_wall_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    disk_root = tmp_path / "disk"
    disk_root.mkdir()
    root = release(disk_root / "published", 1)
    disk = RecordingDisk(disk_root)
    wall = make(root, disk_root / "published", disk_root / "walls", disk)
    for number, how in disk.cuts():
        left = tmp_path / f"{number}{how}"
        disk.leave(number, how, left)
        if (left / "walls" / wall.folder).exists():
            assert is_whole(left / "walls" / wall.folder), disk.calls[number]


def test_walls_nobody_needs_go(tmp_path: Path) -> None:
    published, walls = tmp_path / "published", tmp_path / "walls"
    assert sweep(walls, ()) == 0
    made = [make(release(published, n, goods(minor=n)), published, walls) for n in (1, 2, 3)]
    (walls / NEW).mkdir()
    assert sweep(walls, {made[1].folder}) == 3
    assert [path.name for path in walls.iterdir()] == [made[1].folder]
    assert (published / "1.webp").exists()
