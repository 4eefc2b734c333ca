"""Whom to believe: the client's workflow of The Update Framework, step by step.

Section numbers are those of the TUF specification 1.0.34, chapter 5. Why not tuf.ngclient: docs/adr/0015.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

from tuf.api.metadata import Root, Snapshot, TargetFile, Targets, Timestamp

from content.durable import DISK, Disk
from kiosk.fetching.errors import FetchError
from kiosk.fetching.metadata import (
    Held,
    check_not_behind,
    check_not_expired,
    check_signed,
    first_root,
    next_root,
    read,
    signed_at,
)
from kiosk.fetching.trusted import Seen, TrustFolder, role_file

MOST_ROOT: Final = 512_000  # bytes: the caps of 5.3.3, 5.4.1, 5.5.1 and 5.6.1 where nobody signed a length
MOST_TIMESTAMP: Final = 16_384
MOST_SNAPSHOT: Final = 2_000_000
MOST_TARGETS: Final = 5_000_000
MOST_ROOTS: Final = 256  # new ones in one refresh
BUILT_S: Final = 1_767_225_600  # 2026-01-01: a clock that says an earlier time is wrong


SOFTWARE: Final = "software"  # in a tenant's place: the role that signs programs; no operator is called so


def folder_of(tenant: str) -> str:
    """Where the targets of a tenant's role are."""
    return tenant if tenant == SOFTWARE else f"content/{tenant}"


class Reader(Protocol):
    """What trust needs of a source."""

    def read(self, path: str, limit: int) -> bytes:
        """A file of the repository, at most `limit` bytes. Raises FetchError; `missing` where it is not there."""


class Trust:
    """The metadata this kiosk believes. For one thread. Raises FetchError with the reason why something is not believed."""

    def __init__(self, folder: Path, root: bytes, system_s: Callable[[], int], disk: Disk = DISK) -> None:
        """`root`: the root metadata the kiosk was installed with; `system_s`: Unix seconds by the machine's clock."""
        self._files, self._system_s = TrustFolder(folder, disk), system_s
        self._installed = first_root(root, MOST_ROOT)
        self._open()

    def _open(self) -> None:
        self._seen = self._files.seen()
        self._root = self._installed
        self._timestamp: Held[Timestamp] | None = None
        self._snapshot: Held[Snapshot] | None = None
        self._targets: dict[str, Held[Targets]] = {}
        self._load_roots()
        self._forget_lost_keys()
        self._load()
        self._files.flush()

    def now_s(self) -> int:
        """Unix seconds to judge expiry by: the latest of the machine's clock, this program's making, and the last signature.

        A machine without a clock battery starts in the past; whoever holds back what is new gains nothing by that.
        """
        return max(self._system_s(), BUILT_S, self._seen.signed_s)

    def good_until_s(self) -> int:
        """Unix seconds after which the timestamp that is believed counts no more; 0 where there is none."""
        return int(self._timestamp.signed.expires.timestamp()) if self._timestamp is not None else 0

    def learn_signed(self, at_s: int) -> None:
        """Something that was verified says that it was made then."""
        if self._is_later(at_s):
            self._seen.signed_s = at_s
            self._files.remember(self._seen)
            self._files.flush()

    def _is_later(self, at_s: int) -> bool:
        """Whether a signing time is news. Nobody's online key is believed beyond the end of the root, which people sign with keys that
        lie in a safe: a publisher whose clock jumped to 2040 would otherwise have every later signature count as expired for ever.
        """
        return self._seen.signed_s < at_s < int(self._root.expires.timestamp())

    @property
    def versions(self) -> dict[str, int]:
        """What is believed now, by role; for people and tests."""
        found = {"root": self._root.version}
        if self._timestamp is not None:
            found["timestamp"] = self._timestamp.version
        if self._snapshot is not None:
            found["snapshot"] = self._snapshot.version
        return found | {name: held.version for name, held in self._targets.items()}

    def files(self, tenant: str) -> dict[str, TargetFile]:
        """The targets a tenant's role may sign and has signed, as last believed, by path: `content/TENANT/NAME`, `software/NAME`."""
        found: dict[str, TargetFile] = {}
        folder = folder_of(tenant)
        for role in self._roles_of(f"{folder}/x"):
            held = self._targets.get(role)
            for path, file in held.signed.targets.items() if held else ():
                if path.startswith(f"{folder}/") and role in self._roles_of(path):
                    found.setdefault(path, file)
        return found

    def refresh(self, source: Reader, tenant: str) -> None:
        """Bring the top-level metadata and a tenant's up to date, or say why not; what was believed before stands."""
        if self._files.changed():  # a technician's `endcap kiosk fetch` went by
            self._open()
        try:
            self._refresh(source, tenant)
        finally:
            self._files.flush()  # what was believed, also of a refresh that did not come to its end

    def _refresh(self, source: Reader, tenant: str) -> None:
        now = self.now_s()  # 5.2: one time for the whole of it
        self._update_root(source)
        check_not_expired(self._root, now, "root")  # 5.3.10
        self._update_timestamp(source, now)
        self._update_snapshot(source, now)
        self._update_targets(source, "targets", self._root, now)
        for role in list(
            self._roles_of(f"{folder_of(tenant)}/x")
        ):  # 5.6.7: one level, an operator's own role
            self._update_targets(source, role, self._targets["targets"].signed, now)

    def _update_root(self, source: Reader) -> None:
        before = self._root.version
        for number in range(before + 1, before + 1 + MOST_ROOTS):  # 5.3.2, 5.3.9
            try:
                data = source.read(f"metadata/{number}.root.json", MOST_ROOT)  # 5.3.3
            except FetchError as error:
                if error.reason == "missing":
                    break
                raise
            root = next_root(self._root, data, MOST_ROOT)  # 5.3.4, 5.3.5
            self._files.write(f"roots/{number}.root.json", data)  # 5.3.8
            self._root = root  # 5.3.7
        if self._root.version != before:
            self._forget_lost_keys()  # 5.3.11
            self._timestamp, self._snapshot, self._targets = None, None, {}
            self._load()  # what the new root's keys have signed

    def _forget_lost_keys(self) -> None:
        """5.3.11: who held a key that may no longer sign could have signed versions nobody can reach: they are forgotten.

        So is the time they said. A key that is only added makes nothing forgotten.
        """
        signers = {name: sorted(self._root.roles[name].keyids) for name in ("timestamp", "snapshot")}
        before = self._seen.signers
        if before == signers:
            return
        if any(set(before.get(name, ())) - set(keys) for name, keys in signers.items()):
            for name in ("timestamp.json", "snapshot.json"):
                self._files.forget(name)
            self._seen = Seen()
        self._seen.signers = signers
        self._files.remember(self._seen)

    def _update_timestamp(self, source: Reader, now: int) -> None:
        data = source.read("metadata/timestamp.json", MOST_TIMESTAMP)  # 5.4.1
        new = read(Timestamp, data, MOST_TIMESTAMP, "timestamp")
        check_signed(self._root, "timestamp", new)  # 5.4.2
        check_not_behind("timestamp", new.version, self._seen.timestamp)  # 5.4.3.1
        check_not_behind("snapshot", new.signed.snapshot_meta.version, self._seen.snapshot)  # 5.4.3.2
        held = self._timestamp
        if held is not None and held.version == new.version:  # 5.4.3.1: the new one is discarded
            check_not_expired(held.signed, now, "timestamp")
            return
        check_not_expired(new.signed, now, "timestamp")  # 5.4.4
        self._seen.timestamp, self._seen.snapshot = new.version, new.signed.snapshot_meta.version
        if self._is_later(at := signed_at(new.signed)):
            self._seen.signed_s = at
        self._files.remember(self._seen)
        self._files.write("timestamp.json", data)  # 5.4.5
        self._timestamp = new

    def _update_snapshot(self, source: Reader, now: int) -> None:
        assert self._timestamp is not None
        meta = self._timestamp.signed.snapshot_meta
        if self._snapshot is None or self._snapshot.meta != meta:
            data = source.read(
                f"metadata/{meta.version}.snapshot.json", meta.length or MOST_SNAPSHOT
            )  # 5.5.1
            new = read(Snapshot, data, MOST_SNAPSHOT, "snapshot", meta)  # 5.5.2, 5.5.4
            check_signed(self._root, "snapshot", new)  # 5.5.3
            for file, version in self._seen.roles.items():  # 5.5.5
                if file not in new.signed.meta:
                    raise FetchError("rolled-back", f"the snapshot no longer lists {file}")
                check_not_behind(file, new.signed.meta[file].version, version)
            check_not_expired(new.signed, now, "snapshot")  # 5.5.6
            self._seen.roles = {file: entry.version for file, entry in new.signed.meta.items()}
            self._files.remember(self._seen)
            self._files.write("snapshot.json", data)  # 5.5.7
            self._snapshot = new
        check_not_expired(self._snapshot.signed, now, "snapshot")

    def _update_targets(self, source: Reader, role: str, by: Root | Targets, now: int) -> None:
        assert self._snapshot is not None
        file = role_file(role)
        meta = self._snapshot.signed.meta.get(file)
        if meta is None:
            raise FetchError("mixed", f"the snapshot does not list {file}")
        held = self._targets.get(role)
        if held is None or held.meta != meta:
            data = source.read(f"metadata/{meta.version}.{file}", meta.length or MOST_TARGETS)  # 5.6.1
            new = read(Targets, data, MOST_TARGETS, role, meta)  # 5.6.2, 5.6.4
            check_signed(by, role, new)  # 5.6.3
            check_not_expired(new.signed, now, role)  # 5.6.5
            self._files.write(file, data)  # 5.6.6
            self._targets[role] = new
        else:
            check_signed(by, role, held)  # its keys may have been taken away since
            check_not_expired(held.signed, now, role)

    # --- what is on the disk ----------------------------------------------------------------------------------

    def _load_roots(self) -> None:
        for number in range(self._root.version + 1, self._root.version + 1 + MOST_ROOTS):
            data = self._files.read(f"roots/{number}.root.json", MOST_ROOT)
            try:
                self._root = next_root(self._root, data or b"", MOST_ROOT)
            except FetchError:
                return  # none, or damaged: fetched

    def _load(self) -> None:
        """Take what was kept as far as each fits the one above it. Expired is no reason here: it was believed in time."""
        try:
            timestamp = read(
                Timestamp, self._kept("timestamp.json", MOST_TIMESTAMP), MOST_TIMESTAMP, "timestamp"
            )
            check_signed(self._root, "timestamp", timestamp)
            check_not_behind("timestamp", timestamp.version, self._seen.timestamp)
            meta = timestamp.signed.snapshot_meta
            self._timestamp, self._seen.timestamp = timestamp, timestamp.version
            self._seen.snapshot = max(self._seen.snapshot, meta.version)
            snapshot = read(
                Snapshot, self._kept("snapshot.json", MOST_SNAPSHOT), MOST_SNAPSHOT, "snapshot", meta
            )
            check_signed(self._root, "snapshot", snapshot)
            self._snapshot = snapshot
            for name, entry in snapshot.signed.meta.items():
                self._seen.roles[name] = max(self._seen.roles.get(name, 0), entry.version)
            self._load_targets("targets", self._root)
            top = self._targets["targets"].signed
            for role in (top.delegations.roles or {}) if top.delegations else {}:
                self._load_targets(role, top)
        except FetchError:
            return  # the rest is fetched

    def _load_targets(self, role: str, by: Root | Targets) -> None:
        assert self._snapshot is not None
        file = role_file(role)
        meta = self._snapshot.signed.meta.get(file)
        if meta is None:
            raise FetchError("mixed", f"the snapshot does not list {file}")
        held = read(Targets, self._kept(file, MOST_TARGETS), MOST_TARGETS, role, meta)
        check_signed(by, role, held)
        self._targets[role] = held

    def _kept(self, name: str, limit: int) -> bytes:
        data = self._files.read(name, limit)
        if data is None:
            raise FetchError("missing", name)
        return data

    def _roles_of(self, path: str) -> Iterator[str]:
        """The roles that may sign a target, in the order they are asked (5.6.7.2)."""
        top = self._targets.get("targets")
        if top is not None and top.signed.delegations is not None:
            for role, _ in top.signed.delegations.get_roles_for_target(path):
                yield role
