"""A repository of releases: a folder that any static web server or USB stick serves, and the only place that changes it.

    metadata/N.root.json  timestamp.json  N.snapshot.json  N.targets.json  N.TENANT.json  N.software.json
    targets/content/TENANT/SHA256.NAME.release      a release's root page
    targets/content/TENANT/SHA256.keys.json         who signs live changes and alerts
    blobs/ab/SHA256                                 pages, parts and pictures
    .lock  .unused.json                             this program's own; no reader needs them

A reader finds everything from timestamp.json on, so that is written last and by one rename: at any moment, and after
any cut of power, the folder is the repository as it was before or as it is now. Files are only added; what nothing
refers to any more goes after a week (`sweeping`), so that nobody who is reading loses what he reads.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from tuf.api.metadata import MetaFile, TargetFile

from content.durable import DISK, Disk, put
from content.release.keys import Ring
from content.release.manifest import (
    FORMAT,
    Activation,
    Blob,
    Entry,
    Header,
    Root,
    entries_of,
    read_root,
    release_name,
)
from content.release.packing import BLOBS, open_folder, pack, unpack
from content.release.roles import (
    METADATA,
    RepositoryError,
    State,
    life_of,
    load,
    moment,
    newest_root,
    prolong,
    seconds_left,
    sign,
)
from content.release.sweeping import sweep
from content.signing import PublicKeys, read_keys, write_keys

TARGETS: Final = "targets"
RELEASE: Final = ".release"
KEYS: Final = "keys.json"
DAY: Final = 86_400
_SOON: Final = 60 * DAY  # root and targets want people to come together


class Published(Struct, frozen=True, kw_only=True):
    """A release in the repository. `new_bytes`: what a kiosk with the release before fetches, metadata left out."""

    header: Header
    current: bool
    files: int
    bytes: int
    new: bool = False
    new_blobs: int = 0
    new_bytes: int = 0


class Refreshed(Struct, frozen=True, kw_only=True):
    """What `refresh` signed anew, what it could not and what people have to see to, and how many files were swept."""

    signed: tuple[str, ...]
    warnings: tuple[str, ...]
    swept: int


class Repository:
    """See the module. `now` is Unix seconds everywhere. Methods raise RepositoryError, KeysError, BadRelease, OSError;
    whatever they raise, the repository stands as it was."""

    def __init__(self, folder: Path, disk: Disk = DISK) -> None:
        self.folder = Path(folder)
        self.disk = disk

    # --- reading ------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """All metadata in force."""
        return load(self.folder)

    def root_bytes(self) -> bytes:
        """The newest root.json: what a kiosk is given when it is enrolled."""
        return newest_root(self.folder).read_bytes()

    def releases(self, tenant: str = "") -> list[Published]:
        """What is published, by tenant and number."""
        state = self.state()
        wanted = [tenant] if tenant else state.tenants()
        return [
            self._published(state, each, path) for each in wanted for path in _releases(_targets(state, each))
        ]

    def release(self, name: str) -> tuple[Root, tuple[Entry, ...]]:
        """A release by its name: its root page and all its files. Raises RepositoryError where there is none."""
        state = self.state()
        tenant, path = _of_name(state, name)
        root = read_root(self._target(state, tenant, path))
        return root, tuple(entries_of(root, self.unpacked))

    def unpacked(self, blob: Blob) -> bytes:
        """What a blob of the repository holds. Raises RepositoryError where it is missing, BadRelease where damaged."""
        path = self.folder / BLOBS / blob.path
        try:
            return unpack(blob, path.read_bytes())
        except OSError as error:
            raise RepositoryError(f"{path}: cannot be read: {error.strerror or error}") from error

    def public_keys(self, tenant: str) -> PublicKeys:
        """Who signs a tenant's live changes and alerts."""
        state = self.state()
        return read_keys(self._target(state, tenant, f"content/{tenant}/{KEYS}"), tenant)

    # --- changing -----------------------------------------------------------------------------------------------

    def publish(
        self,
        ring: Ring,
        now: int,
        tenant: str,
        parts: Mapping[str, bytes],
        files: Mapping[str, Path],
        *,
        activate: Activation | None = None,
        note: str = "",
        min_software: str = "",
        current: bool = False,
    ) -> Published:
        """Add a release of this content and sign it; with `current` it is the one for everybody.

        A tenant's first release is current in any case. Content that is the newest release's already, to be activated
        alike, makes no new one.
        """
        with self.locked():
            state = self.state()
            targets = _targets(state, tenant)
            paths = _releases(targets)
            root = read_root(self._target(state, tenant, paths[-1])) if paths else None
            number = root.header.number + 1 if root else 1
            header = Header(
                format=FORMAT,
                tenant=tenant,
                name=release_name(tenant, number),
                number=number,
                made_at=now,
                activate=activate or Activation(),
                min_software=min_software,
                note=note,
            )
            before = {entry.name: entry.blob for entry in entries_of(root, self.unpacked)} if root else {}
            built = pack(parts, files, header, self.folder, before=before, disk=self.disk)
            if root and (root.pages, root.header.activate) == (built.root.pages, header.activate):
                if current and not _is_current(targets[paths[-1]]):
                    self._set_current(state, tenant, paths[-1], ring, now)
                return self._published(self.state(), tenant, paths[-1])
            path = f"content/{tenant}/{header.name}{RELEASE}"
            self.add_target(state, tenant, path, built.data)
            if current or not paths:
                _mark_current(targets, path)
            self.commit(state, [tenant], ring, now)
            return Published(
                header=header,
                current=current or not paths,
                files=built.root.files,
                bytes=built.root.bytes,
                new=True,
                new_blobs=len(built.new),
                new_bytes=len(built.data) + sum(blob.size for blob in built.new),
            )

    def make_current(self, name: str, ring: Ring, now: int) -> None:
        """Sign this release as the one for everybody its operator's kiosks are not told otherwise."""
        with self.locked():
            state = self.state()
            tenant, path = _of_name(state, name)
            self._set_current(state, tenant, path, ring, now)

    def retire(self, name: str, ring: Ring, now: int) -> None:
        """Take a release out. Kiosks that run it go on; nobody fetches it any more; its blobs go after a week."""
        with self.locked():
            state = self.state()
            tenant, path = _of_name(state, name)
            targets = _targets(state, tenant)
            if _is_current(targets[path]):
                raise RepositoryError(
                    f"{name} is current; `endcap content current NAME` makes another so first"
                )
            if path == _releases(targets)[-1]:
                raise RepositoryError(
                    f"{name} is the newest: its number would be given again; publish another first"
                )
            del targets[path]
            self.commit(state, [tenant], ring, now)
            sweep(self.folder, state, self.disk, now)

    def publish_target(
        self, ring: Ring, now: int, role: str, path: str, data: bytes, custom: Mapping[str, Any] | None = None
    ) -> None:
        """Publish one file under a delegated role as it is: `software/...` under software. Signed and in force at once."""
        with self.locked():
            state = self.state()
            if role not in state.delegated:
                raise RepositoryError(
                    f"no role {role!r} here; there are: {', '.join(sorted(state.delegated))}"
                )
            self.add_target(state, role, path, data, custom)
            self.commit(state, [role], ring, now)

    def set_public_keys(self, state: State, keys: PublicKeys) -> None:
        """Have these sign a tenant's live changes and alerts, once `commit` has been called for the tenant."""
        self.add_target(state, keys.tenant, f"content/{keys.tenant}/{KEYS}", write_keys(keys))

    def refresh(self, ring: Ring, now: int) -> Refreshed:
        """Sign timestamp anew, and of the other online roles those in the second half of their life; sweep."""
        with self.locked():
            state = self.state()
            warnings = []
            due = []
            for role in sorted(state.delegated):
                if seconds_left(state.of(role).signed, now) > life_of(role) * DAY // 2:
                    continue
                if any(ring.has(keyid) for keyid in state.who(role)[0]):
                    due.append(role)
                else:
                    warnings.append(f"{role} {_expires(state, role, now)} and its key is not here")
            warnings += [
                f"{role} {_expires(state, role, now)}: `endcap content keys renew {role}` with its keys"
                for role in ("root", "targets")
                if seconds_left(state.of(role).signed, now) < _SOON
            ]
            if not due and seconds_left(state.snapshot.signed, now) > life_of("snapshot") * DAY // 2:
                self._sign_timestamp(state, ring, now)
                signed: tuple[str, ...] = ("timestamp",)
            else:
                self.commit(state, due, ring, now)
                signed = (*due, "snapshot", "timestamp")
            return Refreshed(
                signed=signed, warnings=tuple(warnings), swept=sweep(self.folder, state, self.disk, now)
            )

    # --- what key rotation and software releases build on --------------------------------------------------------

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else changes the repository meanwhile. Raises RepositoryError where somebody does."""
        open_folder(self.disk, self.folder)
        with (self.folder / ".lock").open("ab") as lock:
            try:
                fcntl.flock(
                    lock, fcntl.LOCK_EX | fcntl.LOCK_NB
                )  # the kernel frees it, however the process ends
            except OSError as error:
                raise RepositoryError(f"{self.folder}: somebody else is publishing; try again") from error
            yield

    def add_target(
        self, state: State, role: str, path: str, data: bytes, custom: Mapping[str, Any] | None = None
    ) -> None:
        """Store a file and list it under a delegated role; `commit` that role then."""
        made = TargetFile.from_data(path, data, ["sha256"])
        if custom:
            made.unrecognized_fields["custom"] = dict(custom)
        stored = self.folder / TARGETS / _stored(path, made)
        open_folder(self.disk, stored.parent)
        put(self.disk, stored, data)
        self.disk.sync(stored.parent.parent)
        state.delegated[role].signed.targets[path] = made

    def commit(self, state: State, roles: Sequence[str], ring: Ring, now: int) -> None:
        """Sign these roles anew with snapshot and timestamp, and put them in force: timestamp.json comes last."""
        for role in roles:
            metadata = state.of(role)
            metadata.signed.version += 1
            prolong(state, role, now)
            sign(state, role, ring)
            state.snapshot.signed.meta[f"{role}.json"] = MetaFile(metadata.signed.version)
        state.snapshot.signed.version += 1
        prolong(state, "snapshot", now)
        sign(state, "snapshot", ring)
        state.timestamp.signed.snapshot_meta = MetaFile(state.snapshot.signed.version)
        self._next_timestamp(state, ring, now)
        for role in (*roles, "snapshot"):
            self.put_metadata(state, role)
        self.put_metadata(state, "timestamp")

    def put_metadata(self, state: State, role: str) -> None:
        """Write a role's signed metadata; whole once this returns."""
        folder = self.folder / METADATA
        open_folder(self.disk, folder)
        metadata = state.of(role)
        name = "timestamp.json" if role == "timestamp" else f"{metadata.signed.version}.{role}.json"
        put(self.disk, folder / name, metadata.to_bytes())

    def _sign_timestamp(self, state: State, ring: Ring, now: int) -> None:
        self._next_timestamp(state, ring, now)
        self.put_metadata(state, "timestamp")

    def _next_timestamp(self, state: State, ring: Ring, now: int) -> None:
        if seconds_left(state.root.signed, now) <= 0:  # kiosks would learn from it that it is so late
            raise RepositoryError(
                f"root {_expires(state, 'root', now)} by this machine's clock, {moment(now):%Y-%m-%d %H:%M} UTC: "
                "set the clock; where it is right, `endcap content keys renew root` comes first"
            )
        state.timestamp.signed.version += 1
        prolong(state, "timestamp", now)
        sign(state, "timestamp", ring)

    def _set_current(self, state: State, tenant: str, path: str, ring: Ring, now: int) -> None:
        _mark_current(_targets(state, tenant), path)
        self.commit(state, [tenant], ring, now)

    def _published(self, state: State, tenant: str, path: str) -> Published:
        root = read_root(self._target(state, tenant, path))
        return Published(
            header=root.header,
            current=_is_current(_targets(state, tenant)[path]),
            files=root.files,
            bytes=root.bytes,
        )

    def _target(self, state: State, tenant: str, path: str) -> bytes:
        target = _targets(state, tenant).get(path)
        if target is None:
            raise RepositoryError(f"{self.folder}: {tenant} has no {path}")
        stored = self.folder / TARGETS / _stored(path, target)
        try:
            data = stored.read_bytes()
            target.verify_length_and_hashes(data)
        except OSError as error:
            raise RepositoryError(f"{stored}: cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise RepositoryError(f"{stored}: damaged: {error}") from error
        return data


def _targets(state: State, tenant: str) -> dict[str, TargetFile]:
    if tenant not in state.tenants():
        raise RepositoryError(f"no operator {tenant!r} here; there are: {', '.join(state.tenants())}")
    return state.delegated[tenant].signed.targets


def _releases(targets: Iterable[str]) -> list[str]:
    """The paths of releases, oldest first."""
    return sorted((path for path in targets if path.endswith(RELEASE)), key=lambda path: (len(path), path))


def _of_name(state: State, name: str) -> tuple[str, str]:
    tenant = name.rpartition("-")[0]
    path = f"content/{tenant}/{name}{RELEASE}"
    if tenant not in state.tenants() or path not in state.delegated[tenant].signed.targets:
        raise RepositoryError(f"no release {name!r}; `endcap content releases` lists them")
    return tenant, path


def _is_current(target: TargetFile) -> bool:
    return bool((target.custom or {}).get("current"))


def _mark_current(targets: Mapping[str, TargetFile], path: str) -> None:
    for each in _releases(targets):
        custom = {key: value for key, value in (targets[each].custom or {}).items() if key != "current"}
        if each == path:
            custom["current"] = True
        targets[each].unrecognized_fields.pop("custom", None)
        if custom:
            targets[each].unrecognized_fields["custom"] = custom


def _stored(path: str, target: TargetFile) -> str:
    """Where a target lies: with consistent snapshots its hash goes before its name (TUF specification, 6.2)."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{target.hashes['sha256']}.{name}"


def _expires(state: State, role: str, now: int) -> str:
    days = seconds_left(state.of(role).signed, now) // DAY
    return f"expires in {days} days" if days >= 0 else f"expired {-days} days ago"
