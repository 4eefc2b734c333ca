"""Keys exchanged, lost and stolen: the walk-through of docs/releases.md, by its very commands, before a real TUF client."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from tuf.api.exceptions import ExpiredMetadataError, RepositoryError, UnsignedMetadataError

from content.release.keys import KeysError, Ring, make_key
from content.release.repository import DAY
from content.release.roles import load
from content.release.rotation import Exchange, exchange
from content.signing import key_id, read_keys
from tests.content.release.releases import parts
from tests.content.release.repositories import Operator, Reader, served
from tests.kiosk.powercut import RecordingDisk

FIRST = {"demo-000001": True}


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    made = Operator(tmp_path, int(time.time()))
    made.publish(parts(2))
    return made


@pytest.mark.parametrize(
    "names",
    [
        ("root-1",), ("root-1", "root-2"), ("root-1", "root-2", "root-3"), ("targets-1",), ("targets-1", "targets-2"),
        ("snapshot",), ("timestamp",), ("demo",), ("software",), ("root-3", "targets-2", "timestamp", "demo", "demo.live"),
    ],
)  # fmt: skip
def test_a_key_is_exchanged_and_every_kiosk_follows(
    operator: Operator, tmp_path: Path, names: tuple[str, ...]
) -> None:
    old = {name: operator.ring().named(name) for name in names}
    with served(operator.folder) as url:
        kiosk = Reader(tmp_path / "kiosk", url, operator.repository.root_bytes())
        assert kiosk.releases() == FIRST

        assert operator.command("keys", "rotate", *names, "--keys", str(operator.keys), "--plain") == 0

        assert kiosk.releases() == FIRST
        operator.publish(parts(3))
        assert kiosk.releases() == {"demo-000001": True, "demo-000002": False}
    state = load(operator.folder)
    counting = {keyid for role in state.roles() for keyid in state.who(role)[0]}
    for key in old.values():
        assert key is not None
        assert key.keyid not in counting
        assert key.path.with_name(f"{key.name}.old-{key.keyid[:8]}.pem").exists()


def test_one_root_key_is_lost_and_the_other_two_replace_it(operator: Operator, tmp_path: Path) -> None:
    with served(operator.folder) as url:
        kiosk = Reader(tmp_path / "kiosk", url, operator.repository.root_bytes())
        assert kiosk.releases() == FIRST
        (operator.keys / "root-2.pem").unlink()

        assert (
            operator.command("keys", "replace-lost", "root-2", "--keys", str(operator.keys), "--plain") == 0
        )
        (operator.keys / "root-1.pem").unlink()  # and then another one: there are two again
        assert (
            operator.command("keys", "replace-lost", "root-1", "--keys", str(operator.keys), "--plain") == 0
        )

        assert kiosk.releases() == FIRST
        assert operator.command("keys", "renew", "root", "--keys", str(operator.keys)) == 0
        assert kiosk.releases() == FIRST


def test_two_root_keys_are_lost_and_kiosks_are_enrolled_anew(
    operator: Operator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first_root = operator.repository.root_bytes()
    with served(operator.folder) as url:
        kiosk = Reader(tmp_path / "kiosk", url, first_root)
        kiosk.releases()
        for name in ("root-1", "root-3"):
            (operator.keys / f"{name}.pem").unlink()

        words = ("--keys", str(operator.keys), "--plain")
        assert operator.command("keys", "replace-lost", "root-1", *words) == 1
        assert "root needs 1 more of these keys: root-1, root-3" in capsys.readouterr().err
        assert kiosk.releases() == FIRST  # what was there goes on
        again = tmp_path / "again"
        assert operator.command("keys", "init", "--start-over", "--keys", str(again), "--plain") == 0

        with pytest.raises(RepositoryError):
            kiosk.releases()  # it believes nobody it does not know, and keeps what it has
        kiosk.enrol(operator.repository.root_bytes())
        assert kiosk.releases() == FIRST
        operator.keys = again
        operator.publish(parts(3))
        assert kiosk.releases() == {"demo-000001": True, "demo-000002": False}


def test_a_stolen_online_key_signs_nothing_any_more(operator: Operator, tmp_path: Path) -> None:
    """Somebody takes the publishing machine's keys, and the web server with them, and publishes walls of his own."""
    stolen, forged = tmp_path / "stolen", tmp_path / "forged"
    first_root = operator.repository.root_bytes()
    with served(operator.folder) as url:
        kiosk = Reader(tmp_path / "kiosk", url, operator.repository.root_bytes())
        assert kiosk.releases() == FIRST
        shutil.copytree(operator.keys, stolen)
        for path in stolen.glob("*-*.pem"):
            path.unlink()  # the offline keys were not there
        shutil.copytree(operator.folder, forged)
        thief = Operator.__new__(Operator)
        thief.keys, thief.folder, thief.now = stolen, forged, operator.now
        thief.repository = type(operator.repository)(forged)
        for count in range(10, 16):  # far ahead of the operator's own numbers
            thief.publish({"wall": b"%d" % count}, current=True)
    with served(forged) as url:
        fooled = Reader(tmp_path / "fooled", url, operator.repository.root_bytes())
        assert fooled.releases()["demo-000007"]

    names = ("demo", "snapshot", "timestamp", "demo.live", "demo.alert")
    assert (
        operator.command(
            "keys", "replace-lost", *names, "--keep", "demo-000001", "--keys", str(operator.keys), "--plain"
        )
        == 0
    )

    with served(operator.folder) as url:
        for trust in ("kiosk", "fooled"):
            kiosk = Reader(tmp_path / trust, url, first_root)
            assert kiosk.releases() == FIRST
    with served(forged) as url:  # who knows the new root takes nothing from the thief
        shutil.copy(operator.folder / "metadata" / "2.root.json", forged / "metadata")
        shutil.copy(operator.folder / "metadata" / "3.root.json", forged / "metadata")
        for trust in ("kiosk", "fooled"):
            with pytest.raises(UnsignedMetadataError):
                Reader(tmp_path / trust, url, first_root).releases()


def test_of_a_stolen_keys_releases_only_those_kept_stay(operator: Operator, tmp_path: Path) -> None:
    operator.publish(parts(3))
    words = ("--keys", str(operator.keys), "--plain")

    assert operator.command("keys", "replace-lost", "demo", "--keep", "demo-000009", *words) == 1
    assert operator.command("keys", "replace-lost", "demo", "--keep", "demo-000002", *words) == 0

    with served(operator.folder) as url:
        kiosk = Reader(tmp_path / "kiosk", url, (operator.folder / "metadata/1.root.json").read_bytes())
        assert kiosk.releases() == {"demo-000002": False}


def test_a_key_for_live_changes_is_exchanged_with_an_overlap_and_lost_without(
    operator: Operator, tmp_path: Path
) -> None:
    words = ("--keys", str(operator.keys), "--plain")

    def ids() -> list[str]:
        return list(operator.repository.public_keys("demo").of("live"))

    first = ids()
    assert operator.command("keys", "rotate", "demo.live", *words) == 0
    second = ids()
    assert operator.command("keys", "rotate", "demo.live", *words) == 0
    third = ids()
    assert operator.command("keys", "replace-lost", "demo.live", *words) == 0
    fourth = ids()

    assert (len(second), second[1:]) == (2, first)
    assert (len(third), third[1:]) == (2, second[:1])
    assert len(fourth) == 1
    assert fourth[0] not in third
    key = operator.ring().named("demo.live")
    assert key is not None
    assert fourth == [key_id(key.public)]
    with served(operator.folder) as url:
        kiosk = Reader(tmp_path / "kiosk", url, operator.repository.root_bytes())
        assert list(read_keys(kiosk.keys(), "demo").of("live")) == fourth


def test_an_exchange_that_is_cut_leaves_what_every_kiosk_accepts(operator: Operator, tmp_path: Path) -> None:
    names = ("targets-1", "snapshot", "timestamp", "demo", "root-1")
    first_root = operator.repository.root_bytes()
    (operator.folder / ".lock").unlink()
    disk = RecordingDisk(operator.folder)
    operator.repository.disk = disk
    exchange(
        operator.repository, operator.ring(), names, Exchange(into=operator.keys, lost=True), operator.now
    )

    left = tmp_path / "left"
    left.mkdir()
    with served(left) as url:
        for number in range(len(disk)):
            shutil.rmtree(left)
            disk.leave(number, "lost", left)
            kiosk = Reader(tmp_path / f"kiosk-{number}", url, first_root)
            assert kiosk.releases() == FIRST, f"cut after {disk.calls[number]}"


def test_an_exchange_that_was_cut_is_finished_by_the_same_command(operator: Operator, tmp_path: Path) -> None:
    """The new key's file is there and perhaps known to root, when the machine dies."""
    made = make_key(operator.keys, "timestamp.new", None)

    assert operator.command("keys", "rotate", "timestamp", "--keys", str(operator.keys), "--plain") == 0

    now = operator.ring().named("timestamp")
    assert now is not None
    assert now.keyid == made.keyid


def test_a_year_passes(operator: Operator, tmp_path: Path) -> None:
    operator.now -= 400 * DAY
    old = Operator(tmp_path / "old", operator.now)
    old.publish(parts(2))
    with served(old.folder) as url:
        kiosk = Reader(tmp_path / "kiosk", url, old.repository.root_bytes())
        with pytest.raises(ExpiredMetadataError):
            kiosk.releases()
        words = ("--keys", str(old.keys))
        assert old.command("keys", "renew", "root", "targets", *words) == 0
        assert old.command("refresh", *words) == 0
        assert kiosk.releases() == FIRST


def test_one_operator_more(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--keys", str(operator.keys), "--plain")

    assert operator.command("keys", "add-operator", "other", *words) == 0
    assert operator.command("keys", "add-operator", "other", *words) == 1
    assert "operator other is there already" in capsys.readouterr().err
    made = operator.repository.publish(operator.ring(), operator.now, "other", parts(1), {})
    assert made.header.name == "other-000001"
    assert operator.repository.public_keys("other").of("alert")


def test_keys_are_encrypted_and_opened_by_their_passphrase(tmp_path: Path) -> None:
    key = make_key(tmp_path, "demo", b"open sesame")

    assert key.encrypted
    assert key.path.stat().st_mode & 0o777 == 0o600
    assert Ring([tmp_path], [b"wrong", b"open sesame"]).signer(key.keyid).public_key.keyid == key.keyid
    asked = Ring([tmp_path], ask=lambda path: b"open sesame")
    assert asked.signer(key.keyid).public_key.keyid == key.keyid
    with pytest.raises(KeysError, match="needs its passphrase; give a file"):
        Ring([tmp_path]).signer(key.keyid)
    with pytest.raises(KeysError, match="no passphrase that was given opens it"):
        Ring([tmp_path], [b"wrong"]).signer(key.keyid)
    with pytest.raises(KeysError, match="that passphrase does not open it"):
        Ring([tmp_path], ask=lambda path: b"wrong").signer(key.keyid)
    with pytest.raises(KeysError, match="it is not overwritten"):
        make_key(tmp_path, "demo", None)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    good = make_key(tmp_path / "good", "demo", None).path.read_bytes()
    other = make_key(tmp_path / "other", "demo", None).path.read_bytes()
    folder = tmp_path / "bad"
    folder.mkdir()
    path = folder / "demo.pem"

    for data in (
        b"",
        b"nonsense",
        good.split(b"-----BEGIN PRIVATE")[0],
        good[good.index(b"-----BEGIN PRIVATE") :],
    ):
        path.write_bytes(data)
        with pytest.raises(KeysError, match=r"demo\.pem: expected"):
            Ring([folder])
    path.write_bytes(good.split(b"-----BEGIN PRIVATE")[0] + other[other.index(b"-----BEGIN PRIVATE") :])
    ring = Ring([folder])
    with pytest.raises(KeysError, match="belongs to another public key"):
        ring.signer(next(iter(ring.files)))
    with pytest.raises(KeysError, match="no such folder of keys"):
        Ring([tmp_path / "none"])


def test_wrong_names_of_keys_are_refused(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in operator.keys.iterdir())

    assert operator.command("keys", "rotate", "rot-1", "--keys", str(operator.keys), "--plain") == 1
    assert "no key 'rot-1'; there are: root-1" in capsys.readouterr().err
    assert operator.command("keys", "init", "--tenant", "demo", "--keys", str(operator.keys), "--plain") == 1
    assert "there is a repository already" in capsys.readouterr().err
    assert sorted(path.name for path in operator.keys.iterdir()) == before
