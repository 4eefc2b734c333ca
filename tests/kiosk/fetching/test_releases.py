"""A release comes whole, a second one as what changed, and nothing that is needed is ever thrown away."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from content.release.manifest import Blob
from kiosk.fetching.blobs import CHUNK, BlobStore
from kiosk.fetching.errors import FetchError
from kiosk.fetching.releases import Allowed
from kiosk.fetching.sources import FolderSource
from tests.kiosk.fetching.kiosks import Kiosk
from tests.kiosk.fetching.repositories import Repository
from tests.kiosk.powercut import FailingDisk

FILES = {f"p{number:03d}.json": f"product {number} at 1.99".encode() * 40 for number in range(60)}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.release(FILES)
    return made


@pytest.fixture
def kiosk(tmp_path: Path, repository: Repository) -> Kiosk:
    return Kiosk(tmp_path / "state", repository)


def test_a_release_comes_whole(kiosk: Kiosk) -> None:
    whole = kiosk.fetch()
    assert (whole.name, whole.reused) == ("demo-000001", 0)
    assert whole.fetched == whole.root.bytes
    assert kiosk.parts(whole) == {f"parts/{name}": data for name, data in FILES.items()}
    assert not list((kiosk.state / "blobs/parts").iterdir())


def test_of_a_second_release_only_what_changed_comes(kiosk: Kiosk, repository: Repository) -> None:
    kiosk.fetch()
    changed = FILES | {"p007.json": b"product 7 at 1.49" * 40}
    repository.release(changed)
    whole = kiosk.fetch()
    assert whole.name == "demo-000002"
    assert 0 < whole.fetched < 100 < whole.reused
    assert kiosk.parts(whole)["parts/p007.json"] == changed["p007.json"]


def test_an_older_release_can_be_asked_for_by_name(kiosk: Kiosk, repository: Repository) -> None:
    repository.release(FILES | {"p007.json": b"new"})
    assert kiosk.fetch(name="demo-000001").name == "demo-000001"
    with pytest.raises(FetchError, match="unknown: no releases 'demo-000009' are signed"):
        kiosk.fetch(name="demo-000009")


def test_what_no_release_needs_goes_and_nothing_else(kiosk: Kiosk, repository: Repository) -> None:
    first = kiosk.fetch()
    repository.release({"only.json": b"all is new"})
    second = kiosk.fetch()
    fetching = kiosk.open()
    assert fetching.clean([first.page, second.page]) == (0, 0)
    files, freed = fetching.clean([second.page])
    assert files >= 60
    assert freed > 0
    assert kiosk.parts(second) == {"parts/only.json": b"all is new"}
    with pytest.raises(FetchError, match="missing"):
        kiosk.parts(first)


def test_nothing_goes_where_it_cannot_be_told_what_is_needed(kiosk: Kiosk, repository: Repository) -> None:
    first = kiosk.fetch()
    page = kiosk.open().blobs.path(first.root.pages[0])
    page.write_bytes(b"damaged")
    with pytest.raises(FetchError, match="wrong-bytes"):
        kiosk.open().clean([first.page])
    kiosk.fetch()
    fetching = kiosk.open()
    assert all(fetching.blobs.has(entry.blob) for entry in fetching.entries(first.root))


def test_a_blob_that_was_damaged_on_the_disk_is_fetched_again(kiosk: Kiosk) -> None:
    whole = kiosk.fetch()
    fetching = kiosk.open()
    entry = fetching.entries(whole.root)[3]
    fetching.blobs.path(entry.blob).write_bytes(bytes(entry.blob.size))
    with pytest.raises(FetchError, match=r"wrong-bytes: .* is damaged on the disk and was taken away"):
        fetching.blobs.read(entry.blob)
    assert kiosk.fetch().fetched == entry.blob.size
    assert kiosk.parts(whole)[entry.name] == FILES["p003.json"]


def test_caps_and_hours_are_kept_before_anything_comes(kiosk: Kiosk) -> None:
    source = (FolderSource(kiosk.repository.folder, metered=True),)
    fetching = kiosk.open()
    fetching.refresh(source)
    signed = fetching.wanted("")
    with pytest.raises(FetchError, match="not-now: 60 files"):
        fetching.fetch(signed, source, allowed=Allowed(blobs=False))
    with pytest.raises(FetchError, match=r"metered: .* 100 may come over its line"):
        fetching.fetch(signed, source, allowed=Allowed(metered_bytes=100))
    assert fetching.whole(signed) is None
    folder = kiosk.state / "blobs"
    for store in (
        BlobStore(folder, max_bytes=1000, least_free=0),
        BlobStore(folder, max_files=20, least_free=0),
        BlobStore(folder, least_free=2**60),
    ):
        fetching.blobs = store
        with pytest.raises(FetchError, match="no-space"):
            fetching.fetch(signed, source)


def test_a_full_disk_is_said_and_what_came_before_is_kept(kiosk: Kiosk) -> None:
    for calls in (1, 5, 17, 40):
        with pytest.raises(FetchError, match=f"no-space: .*{os.strerror(errno.ENOSPC)}"):
            Kiosk(kiosk.state, kiosk.repository, disk=FailingDisk(calls)).fetch()
    assert len(kiosk.parts(kiosk.fetch())) == 60


def test_a_part_keeps_what_was_on_the_disk_and_gives_up_its_last_chunk(tmp_path: Path) -> None:
    data = os.urandom(5 * CHUNK + 100)
    blob = Blob(hashlib.sha256(data).hexdigest(), len(data), len(data))
    store = BlobStore(tmp_path / "blobs", least_free=0)
    part = store.begin(blob)
    part.write(data[: 4 * CHUNK + 50])
    again = store.begin(blob)
    assert again.resumed == 3 * CHUNK
    again.write(data[again.length :])
    again.finish()
    store.take(again)
    store.commit()
    assert store.read(blob) == data
