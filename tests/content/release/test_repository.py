"""A repository: what is published is what any TUF client finds, nothing is there by halves, and what is unused goes late."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from content.release.keys import KeysError
from content.release.manifest import Activation, BadRelease
from content.release.packing import BLOBS
from content.release.repository import DAY, Repository
from content.release.roles import RepositoryError
from kiosk.fetching.metadata import signed_at
from tests.content.release.releases import parts
from tests.content.release.repositories import TENANT, Operator, Reader, served


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path, int(time.time()))


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_a_client_finds_what_was_published(operator: Operator, tmp_path: Path) -> None:
    first = operator.publish(parts(3), note="first")
    second = operator.publish(parts(4), activate=Activation(at=operator.now + DAY, window=(60, 240)))

    with served(operator.folder) as url:
        reader = Reader(tmp_path / "kiosk", url, operator.repository.root_bytes())
        assert reader.releases() == {"demo-000001": True, "demo-000002": False}
        operator.repository.make_current("demo-000002", operator.ring(), operator.now)
        assert reader.releases() == {"demo-000001": False, "demo-000002": True}
    assert (first.header.note, first.current, first.new, second.current) == ("first", True, True, False)
    root, entries = operator.repository.release("demo-000002")
    assert root.header == second.header
    assert {entry.name: operator.repository.unpacked(entry.blob) for entry in entries} == {
        f"parts/{name}": data for name, data in parts(4).items()
    }


def test_whatever_is_signed_says_when(operator: Operator) -> None:
    operator.publish(parts(3))
    state = operator.repository.state()
    assert {role: signed_at(state.of(role).signed) for role in state.roles()} == dict.fromkeys(
        state.roles(), operator.now
    )

    operator.repository.refresh(operator.ring(), operator.now + DAY)

    assert signed_at(operator.repository.state().timestamp.signed) == operator.now + DAY


def test_the_same_content_is_not_published_twice(operator: Operator) -> None:
    operator.publish(parts(3))
    before = files(operator.folder)

    again = operator.publish(parts(3))

    assert (again.header.name, again.new) == ("demo-000001", False)
    assert files(operator.folder) == before
    assert operator.publish(parts(3), activate=Activation(window=(60, 240))).header.name == "demo-000002"


def test_content_there_already_can_be_made_current_by_publishing_it(operator: Operator) -> None:
    operator.publish(parts(3))
    operator.publish(parts(4))

    again = operator.publish(parts(4), current=True)

    assert (again.header.name, again.new, again.current) == ("demo-000002", False, True)


def test_a_damaged_blob_is_healed_by_the_next_publish(operator: Operator) -> None:
    operator.publish(parts(3))
    _, entries = operator.repository.release("demo-000001")
    blob = entries[0].blob
    (operator.folder / BLOBS / blob.path).write_bytes(b"x" * blob.size)
    with pytest.raises(BadRelease, match="other bytes"):
        operator.repository.unpacked(blob)

    operator.publish(parts(4))

    assert operator.repository.unpacked(blob) == parts(3)["products/0000.json"]


def test_two_publishers_do_not_meet(operator: Operator) -> None:
    with operator.repository.locked(), pytest.raises(RepositoryError, match="somebody else is publishing"):
        Repository(operator.folder).publish(operator.ring(), operator.now, TENANT, parts(1), {})

    assert operator.publish(parts(1)).new


def test_releases_are_retired_and_their_files_go_after_a_week(operator: Operator, tmp_path: Path) -> None:
    operator.publish(parts(3))
    operator.publish({"only": b"in the second"})
    operator.publish(parts(4), current=True)
    ring, now = operator.ring(), operator.now
    only = operator.repository.release("demo-000002")[1][0].blob
    kept = operator.repository.release("demo-000003")[1]

    with pytest.raises(RepositoryError, match="demo-000003 is current"):
        operator.repository.retire("demo-000003", ring, now)
    operator.repository.retire("demo-000002", ring, now)

    assert [each.header.name for each in operator.repository.releases()] == ["demo-000001", "demo-000003"]
    assert operator.repository.refresh(ring, now + 6 * DAY).swept == 0
    assert operator.repository.unpacked(only) == b"in the second"
    assert operator.repository.refresh(ring, now + 7 * DAY).swept > 0
    with pytest.raises(RepositoryError, match="cannot be read"):
        operator.repository.unpacked(only)
    for entry in kept:
        operator.repository.unpacked(entry.blob)
    with served(operator.folder) as url:
        reader = Reader(tmp_path / "kiosk", url, (operator.folder / "metadata/1.root.json").read_bytes())
        assert reader.releases() == {"demo-000001": False, "demo-000003": True}


def test_the_newest_release_stays_for_its_number_would_be_given_again(operator: Operator) -> None:
    operator.publish(parts(3))
    operator.publish(parts(4))

    with pytest.raises(RepositoryError, match="is the newest"):
        operator.repository.retire("demo-000002", operator.ring(), operator.now)


def test_what_is_used_again_does_not_go(operator: Operator) -> None:
    operator.publish({"a": b"one"})
    operator.publish({"a": b"two"})
    operator.publish({"a": b"three"})
    operator.repository.retire("demo-000002", operator.ring(), operator.now)
    operator.publish({"a": b"two"})

    operator.repository.refresh(operator.ring(), operator.now + 30 * DAY)

    _, entries = operator.repository.release("demo-000004")
    assert operator.repository.unpacked(entries[0].blob) == b"two"


def test_nothing_is_swept_while_a_release_cannot_be_read(operator: Operator) -> None:
    operator.publish(parts(3))
    root, _ = operator.repository.release("demo-000001")
    (operator.folder / BLOBS / root.pages[0].path).unlink()
    stray = operator.folder / BLOBS / "00" / "stray"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"")

    with pytest.raises(OSError, match="No such file"):
        operator.repository.refresh(operator.ring(), operator.now + 30 * DAY)
    assert stray.exists()


def test_refresh_signs_what_is_half_through_its_life(operator: Operator) -> None:
    ring, now = operator.ring(), operator.now

    assert operator.repository.refresh(ring, now + DAY).signed == ("timestamp",)
    assert operator.repository.refresh(ring, now + 16 * DAY).signed == ("snapshot", "timestamp")
    later = operator.repository.refresh(ring, now + 46 * DAY)
    assert later.signed == ("demo", "software", "snapshot", "timestamp")
    assert later.warnings == ()
    last = operator.repository.refresh(ring, now + 364 * DAY).warnings
    assert [line.split(":")[0] for line in last] == ["root expires in 1 days", "targets expires in 1 days"]


def test_refresh_says_whose_key_is_missing(operator: Operator) -> None:
    (operator.keys / "software.pem").unlink()

    done = operator.repository.refresh(operator.ring(), operator.now + 80 * DAY)

    assert done.signed == ("demo", "snapshot", "timestamp")
    assert done.warnings == ("software expires in 10 days and its key is not here",)


def test_without_the_keys_nothing_changes(operator: Operator) -> None:
    operator.publish(parts(2))
    before = files(operator.folder)
    for name in ("timestamp", "snapshot", "demo"):
        path = operator.keys / f"{name}.pem"
        hidden = path.rename(path.with_suffix(".away"))
        with pytest.raises(KeysError, match=f"{name} needs 1 more of these keys: {name}; give the folder"):
            operator.publish(parts(3))
        hidden.rename(path)
        after = files(operator.folder)
        assert {name: after[name] for name in before} == before
        assert [name for name in after if name.startswith("metadata/")] == [
            name for name in before if name.startswith("metadata/")
        ]
    assert operator.publish(parts(3)).header.name == "demo-000002"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ("timestamp.json", "timestamp.json: damaged"),
        ("1.root.json", "1.root.json: damaged"),
        ("1.demo.json", "1.demo.json: damaged"),
    ],
)
def test_a_damaged_repository_is_said_to_be_one(operator: Operator, spoil: str, why: str) -> None:
    (operator.folder / "metadata" / spoil).write_bytes(b"{}")

    with pytest.raises(RepositoryError, match=why):
        operator.repository.releases()


def test_metadata_somebody_changed_is_not_built_upon(operator: Operator) -> None:
    path = operator.folder / "metadata" / "1.demo.json"
    path.write_bytes(path.read_bytes().replace(b'"version":1,', b'"version":1,"x":2,'))

    with pytest.raises(RepositoryError, match="demo is not signed as it should be"):
        operator.publish(parts(1))


def test_what_is_not_there_is_said(operator: Operator, tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="no operator 'other' here; there are: demo"):
        operator.repository.publish(operator.ring(), operator.now, "other", {}, {})
    for name in ("demo-000009", "nonsense", "", "../x-1"):
        with pytest.raises(RepositoryError, match="no release"):
            operator.repository.release(name)
    with pytest.raises(RepositoryError, match="no repository; `endcap content keys init` makes one"):
        Repository(tmp_path / "none").releases()


def test_a_program_is_published_under_a_role_of_its_own(operator: Operator, tmp_path: Path) -> None:
    path, ring = "software/endcap-1.2.0.json", operator.ring()

    operator.repository.publish_target(ring, operator.now, "software", path, b"{}", {"current": True})

    state = operator.repository.state()
    assert state.delegated["software"].signed.targets[path].custom == {"current": True}
    with served(operator.folder) as url:
        kiosk = Reader(tmp_path / "kiosk", url, operator.repository.root_bytes())
        assert kiosk.target(path) == b"{}"
        operator.repository.publish_target(ring, operator.now, "demo", "software/of-demo.json", b"{}")
        with pytest.raises(LookupError):  # the role of an operator's content says nothing about programs
            kiosk.target("software/of-demo.json")
    with pytest.raises(RepositoryError, match="no role 'other' here; there are: demo, software"):
        operator.repository.publish_target(ring, operator.now, "other", path, b"{}")


def test_a_clock_that_jumped_signs_nothing_that_kiosks_would_take_for_the_time(operator: Operator) -> None:
    operator.publish(parts(3))
    before = files(operator.folder)
    later = operator.now + 14 * 365 * DAY
    with pytest.raises(RepositoryError, match="set the clock"):
        operator.repository.refresh(operator.ring(), later)
    assert files(operator.folder) == before
    with pytest.raises(RepositoryError, match="keys renew root"):
        operator.repository.publish(operator.ring(), later, TENANT, parts(4), {})
    assert [one.header.name for one in operator.repository.releases()] == ["demo-000001"]
