"""What a kiosk believes survives cuts, damage and a clock that starts in the past; what it saw once it never goes behind."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Timestamp

from content.release.manifest import SIGNED_AT
from kiosk.fetching.errors import FetchError
from kiosk.fetching.trust import BUILT_S
from kiosk.fetching.trusted import SEEN, TrustFolder
from tests.kiosk.fetching.kiosks import Kiosk
from tests.kiosk.fetching.repositories import NOW, NOW_S, TENANT, Repository

FILES = {"a.json": b"price 1.99"}
DAY_S = 86_400


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.release(FILES)
    return made


@pytest.fixture
def kiosk(tmp_path: Path, repository: Repository) -> Kiosk:
    return Kiosk(tmp_path / "state", repository)


def trusted(kiosk: Kiosk) -> list[Path]:
    return sorted(path for path in (kiosk.state / "trust").rglob("*") if path.is_file())


@pytest.mark.parametrize("damage", [b"", b"\x00" * 4096, b"{}", b"{" * 100_000, None])
def test_a_damaged_or_emptied_cache_heals_and_forgets_no_version(
    kiosk: Kiosk, repository: Repository, damage: bytes | None
) -> None:
    repository.sign()
    kiosk.fetch()
    old = repository.versions["timestamp"] - 1
    for path in trusted(kiosk):
        if path.name in SEEN:
            continue
        path.unlink() if damage is None else path.write_bytes(damage)
    repository.versions["timestamp"] = old - 1
    repository.sign_timestamp()
    with pytest.raises(FetchError, match=f"rolled-back: timestamp {old}: this kiosk has seen {old + 1}"):
        kiosk.fetch()
    repository.sign()
    repository.sign()
    assert kiosk.fetch().name == "demo-000001"


@pytest.mark.parametrize("lost", [{SEEN[0]}, {SEEN[1]}, set(SEEN)])
def test_versions_are_kept_twice_and_stand_in_the_metadata_too(
    kiosk: Kiosk, repository: Repository, lost: set[str]
) -> None:
    repository.sign()
    kiosk.fetch()
    for name in lost:
        (kiosk.state / "trust" / name).write_bytes(b"\x00" * 200)
    repository.versions["timestamp"] -= 2
    repository.sign_timestamp()
    with pytest.raises(FetchError, match="rolled-back"):
        kiosk.fetch()


def test_a_flipped_bit_in_the_memory_is_noticed(kiosk: Kiosk) -> None:
    kiosk.fetch()
    folder = TrustFolder(kiosk.state / "trust")
    version = folder.seen().timestamp
    path = kiosk.state / "trust" / SEEN[0]
    path.write_bytes(path.read_bytes().replace(b'"timestamp":1', b'"timestamp":7'))
    assert folder.seen().timestamp == version


def test_keys_are_rotated_and_a_kiosk_that_slept_through_it_follows(
    kiosk: Kiosk, repository: Repository
) -> None:
    kiosk.fetch()
    for _ in range(3):
        old = [repository.signers[name] for name in ("root", "root-2")]
        for name in ("root", "root-2", "timestamp", "snapshot"):
            repository.replace_key(name)
        repository.signers |= {"old-1": old[0], "old-2": old[1]}
        repository.sign_root(by=("old-1", "old-2", "root", "root-2"))
    repository.sign()
    kiosk.fetch()
    assert kiosk.open().trust.versions["root"] == 4


def test_a_thief_of_the_timestamp_key_cannot_lock_kiosks_out_for_ever(
    kiosk: Kiosk, repository: Repository
) -> None:
    """A fast-forward attack: versions nobody can reach, until the root takes the key away (5.3.11)."""
    kiosk.fetch()
    versions = dict(repository.versions)
    repository.versions["timestamp"] = 10**9
    repository.sign_timestamp(
        lambda timestamp: timestamp.unrecognized_fields.update({SIGNED_AT: NOW_S + 29 * DAY_S})
    )
    kiosk.fetch()
    assert kiosk.open().trust.now_s() == NOW_S + 29 * DAY_S
    repository.versions = versions
    repository.sign()
    with pytest.raises(FetchError, match="rolled-back"):
        kiosk.fetch()
    repository.replace_key("timestamp")
    repository.sign_root()
    repository.sign()
    kiosk.fetch()
    trust = kiosk.open().trust
    assert trust.versions["timestamp"] < 10**9
    assert trust.now_s() == NOW_S


def test_a_key_that_is_added_makes_nothing_forgotten(kiosk: Kiosk, repository: Repository) -> None:
    repository.sign()
    kiosk.fetch()
    repository.sign_root(lambda root: root.add_key(repository.key("targets-2"), "timestamp"))
    repository.versions["timestamp"] -= 2
    repository.sign_timestamp()
    with pytest.raises(FetchError, match="rolled-back"):
        kiosk.fetch()


def test_a_clock_without_battery_gives_no_time_to_who_holds_back(
    kiosk: Kiosk, repository: Repository
) -> None:
    kiosk.now_s = 0
    assert kiosk.open().trust.now_s() == BUILT_S
    repository.sign_timestamp(
        lambda timestamp: timestamp.unrecognized_fields.update({SIGNED_AT: NOW_S + 5 * DAY_S})
    )
    kiosk.fetch()
    assert kiosk.open().trust.now_s() == NOW_S + 5 * DAY_S, "also after a restart"
    repository.expires -= timedelta(days=26)
    repository.sign()
    with pytest.raises(FetchError, match="expired"):
        kiosk.fetch()


def test_a_publishers_clock_that_jumped_to_2040_locks_no_kiosk_out(
    kiosk: Kiosk, repository: Repository
) -> None:
    def jumped(timestamp: Timestamp) -> None:
        timestamp.expires = NOW + timedelta(days=14 * 365 + 7)
        timestamp.unrecognized_fields[SIGNED_AT] = NOW_S + 14 * 365 * DAY_S

    repository.sign_timestamp(jumped)
    kiosk.fetch()
    repository.release({"a.json": b"price 1.49"})
    assert kiosk.fetch().name == "demo-000002", "signed at the right time again"


def test_a_kiosks_own_clock_that_jumped_to_2040_is_forgotten_once_it_is_right(
    kiosk: Kiosk, repository: Repository
) -> None:
    kiosk.fetch()
    kiosk.now_s += 14 * 365 * DAY_S
    with pytest.raises(FetchError, match="expired"):
        kiosk.fetch()
    kiosk.now_s = NOW_S
    repository.release({"a.json": b"price 1.49"})
    assert kiosk.fetch().name == "demo-000002"


@pytest.mark.parametrize("said", [10**15, -1, "tomorrow", None, True])
def test_a_signing_time_beyond_reason_is_not_heard(
    kiosk: Kiosk, repository: Repository, said: object
) -> None:
    repository.sign_timestamp(lambda timestamp: timestamp.unrecognized_fields.update({SIGNED_AT: said}))
    kiosk.fetch()
    assert kiosk.open().trust.now_s() == NOW_S


def test_after_a_month_without_a_line_what_was_believed_is_known_and_nothing_new_is(
    kiosk: Kiosk, repository: Repository
) -> None:
    whole = kiosk.fetch()
    kiosk.now_s += 31 * DAY_S
    fetching = kiosk.open()
    assert fetching.whole(fetching.wanted("")) is not None
    with pytest.raises(FetchError, match="expired: timestamp 1 was good until 2026-12-23 01:00 UTC"):
        kiosk.fetch()
    assert kiosk.parts(whole) == {"parts/a.json": FILES["a.json"]}


def test_another_program_may_have_fetched_meanwhile(kiosk: Kiosk, repository: Repository) -> None:
    kiosk.fetch()
    agents = kiosk.open()
    before = (repository.folder / "metadata/timestamp.json").read_bytes()
    repository.release({"a.json": b"price 1.49"})
    kiosk.fetch()
    (repository.folder / "metadata/timestamp.json").write_bytes(before)

    class Stale:
        def read(self, path: str, limit: int) -> bytes:
            try:
                return (repository.folder / path).read_bytes()
            except FileNotFoundError:
                raise FetchError("missing", path) from None

    with pytest.raises(FetchError, match="rolled-back"):
        agents.trust.refresh(Stale(), TENANT)
    assert agents.wanted("").name == "demo-000002"


def test_a_root_that_is_none_is_said(tmp_path: Path, repository: Repository) -> None:
    for installed in (
        b"",
        b"{}",
        repository.signed["timestamp"],
        repository.installed.replace(b'"version":1', b'"version":2'),
    ):
        repository.installed = installed
        with pytest.raises(FetchError, match=r"the root this kiosk was installed with|unsigned: root 2"):
            Kiosk(tmp_path / "state", repository).open()
