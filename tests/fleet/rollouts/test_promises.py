"""What was promised on a kiosk is read from the release it runs, with its groups and tags."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec import structs

import content
from content.authored import read_content, to_parts
from content.authored.model import Group
from content.playlist import Playlist, PlaylistEntry
from fleet import tables
from fleet.measuring.contract import Promises
from fleet.rollouts.repository import Releases
from fleet.store.store import Store
from tests.content.release.repositories import Operator

DEMO = Path(content.__file__).parent / "demo"


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """demo-000001, for everybody, promises a fifth; demo-000002 a tenth, and to kiosks with the tag `busy` a third."""
    made = Operator(tmp_path_factory.mktemp("operator"), int(time.time()))
    read = read_content(DEMO).content
    entries = (PlaylistEntry(creative=read.store.adverts[0].key),)

    def promising(*playlists: Playlist) -> dict[str, bytes]:
        groups = (*read.groups, Group(key="busy", tags=("busy",)), Group(key="calm", kiosks=("*/K2",)))
        return to_parts(
            structs.replace(read, groups=groups, store=structs.replace(read.store, playlists=playlists))
        )

    made.publish(promising(Playlist(key="own", entries=entries, contract_per_mille=200)), current=True)
    made.publish(
        promising(
            Playlist(key="own", entries=entries, contract_per_mille=333, groups=("busy",)),
            Playlist(key="less", entries=entries, contract_per_mille=100, groups=("calm",)),
        )
    )
    return made


def test_each_kiosk_is_measured_by_its_own_release_groups_and_tags(
    operator: Operator, tmp_path: Path
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'fleet.db'}")
    kiosks = ["demo/central/K1", "demo/central/K2", "demo/central/K3", "other/central/K1"]
    with store.write() as connection:
        for kiosk in kiosks[:2]:
            zero = {column.name: "" if column.type.python_type is str else 0 for column in tables.running.c}
            mine = {"kiosk": kiosk, "kind": "content", "name": "demo-000002"}
            connection.execute(tables.running.insert().values(**zero | mine))
        connection.execute(tables.kiosk_tags.insert().values(kiosk=kiosks[0], tag="busy", who="ada", at_ms=1))
    promises = Promises(Releases(operator.folder), None)
    with store.read() as connection:
        found = promises.of(connection, kiosks)
    store.close()
    told = {
        kiosk: [each.contract_per_mille for each in of.playlists] if of else None
        for kiosk, of in found.items()
    }
    assert told == {kiosks[0]: [333], kiosks[1]: [100], kiosks[2]: [200], kiosks[3]: None}
    assert promises.troubles == []


def test_a_release_that_cannot_be_read_is_told_and_the_published_store_counts(
    operator: Operator, tmp_path: Path
) -> None:
    releases = Releases(operator.folder)
    assert releases.all()
    published = read_content(DEMO).content.store
    blobs = operator.folder / "blobs"
    blobs.rename(tmp_path / "away")
    store = Store(f"sqlite:///{tmp_path / 'fleet.db'}")
    try:
        promises = Promises(releases, published)
        with store.read() as connection:
            assert promises.of(connection, ["demo/central/K1"]) == {"demo/central/K1": published}
        assert "cannot be read" in promises.troubles[0]
    finally:
        (tmp_path / "away").rename(blobs)
        store.close()
