"""The Update Framework's metadata of a repository: who signs what, for how long, and what state it is in.

    root ── targets ─┬─ TENANT      content/TENANT/*    releases and keys.json of one operator
      │              └─ software    software/*
      ├── snapshot                  which versions of those belong together
      └── timestamp                 which snapshot is the newest

How long a signature counts is how long somebody who holds back the newest metadata can keep kiosks from it. It never
takes a wall off the glass: a kiosk past expiry goes on selling and says that it is behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from securesystemslib.signer import SSlibKey
from tuf.api.exceptions import RepositoryError as TufError
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Role,
    Root,
    Signed,
    Snapshot,
    Targets,
    Timestamp,
)

from content.release.keys import NAME_FIELD, KeysError, Ring
from content.release.manifest import SIGNED_AT

METADATA: Final = "metadata"
SOFTWARE: Final = "software"
TOP: Final = ("root", "timestamp", "snapshot", "targets")
THRESHOLD: Final = {"root": 2, "targets": 2, "snapshot": 1, "timestamp": 1}
KEYS_OF: Final = {
    "root": ("root-1", "root-2", "root-3"),
    "targets": ("targets-1", "targets-2"),
    "snapshot": ("snapshot",),
    "timestamp": ("timestamp",),
}

# Days a signature counts. root, targets: people come together once a year. An operator's role: refreshed by itself from
# half its life on, so that only a machine that stood still for 45 days is late. timestamp: the longest anybody can hide
# a release from a kiosk; a timer signs it daily, so it survives a long weekend without one. snapshot: between the two.
LIFE: Final = {"root": 365, "targets": 365, "snapshot": 30, "timestamp": 7}
LIFE_OF_OPERATOR: Final = 90


class RepositoryError(Exception):
    """A repository cannot be read or changed; the message says where, why and what to do."""


@dataclass
class State:
    """All metadata that is in force."""

    root: Metadata[Root]
    timestamp: Metadata[Timestamp]
    snapshot: Metadata[Snapshot]
    targets: Metadata[Targets]
    delegated: dict[str, Metadata[Targets]] = field(default_factory=dict)

    def tenants(self) -> list[str]:
        """The operators, sorted."""
        return sorted(self.delegated.keys() - {SOFTWARE})

    def of(self, role: str) -> Metadata[Any]:
        """The metadata of a role."""
        return cast("Metadata[Any]", self.delegated[role] if role in self.delegated else getattr(self, role))

    def delegator(self, role: str) -> Root | Targets:
        """Whoever says what a role's keys are."""
        return self.root.signed if role in TOP else self.targets.signed

    def who(self, role: str) -> tuple[dict[str, Key], int]:
        """The keys of a role by id, and how many of them have to sign."""
        delegator = self.delegator(role)
        said = delegator.get_delegated_role(role)
        return {keyid: delegator.get_key(keyid) for keyid in said.keyids}, said.threshold

    def roles(self) -> list[str]:
        """All roles, as they are verified."""
        return [*TOP, *sorted(self.delegated)]


def key_name(key: Key) -> str:
    """What the file of a key is called, as the metadata has it."""
    return str(key.unrecognized_fields.get(NAME_FIELD, key.keyid[:8]))


def load(folder: Path, *, verify: bool = True) -> State:
    """The state of a repository. Raises RepositoryError: none there, damaged, or not signed as it should be."""
    root = _read(newest_root(folder), Root)
    timestamp = _read(folder / METADATA / "timestamp.json", Timestamp)
    snapshot = _read(folder / METADATA / f"{timestamp.signed.snapshot_meta.version}.snapshot.json", Snapshot)
    versions = snapshot.signed.meta
    targets = _read(folder / METADATA / f"{_version(versions, 'targets')}.targets.json", Targets)
    state = State(root, timestamp, snapshot, targets)
    for role in _delegations(targets.signed):
        state.delegated[role] = _read(folder / METADATA / f"{_version(versions, role)}.{role}.json", Targets)
    for role in state.roles() if verify else ():
        metadata = state.of(role)
        try:
            state.delegator(role).verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        except (UnsignedMetadataError, ValueError) as error:
            raise RepositoryError(f"{folder}: {role} is not signed as it should be ({error})") from error
    return state


def newest_root(folder: Path) -> Path:
    """The file of the newest root. Raises RepositoryError where there is none."""
    found = [
        (int(number), path)
        for path in (folder / METADATA).glob("*.root.json")
        if (number := path.name.split(".")[0]).isdecimal()
    ]
    if not found:
        raise RepositoryError(f"{folder}: no repository; `endcap content keys init` makes one")
    return max(found)[1]


def _version(meta: Mapping[str, MetaFile], role: str) -> int:
    try:
        return meta[f"{role}.json"].version
    except KeyError as error:
        raise RepositoryError(f"snapshot lists no {role}") from error


def _delegations(targets: Targets) -> Iterator[str]:
    if targets.delegations and targets.delegations.roles:
        yield from targets.delegations.roles


def _read(path: Path, kind: type[Any]) -> Metadata[Any]:
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(path.read_bytes())
    except OSError as error:
        raise RepositoryError(f"{path}: cannot be read: {error.strerror or error}") from error
    except TufError as error:
        raise RepositoryError(f"{path}: damaged: {error}") from error
    if not isinstance(metadata.signed, kind):
        raise RepositoryError(f"{path}: holds {metadata.signed.type}, expected {kind.__name__.lower()}")
    return metadata


def fresh(ring: Ring, tenants: Iterable[str], now: int) -> State:
    """The metadata of a new repository, not signed yet; all its keys have to be on the ring."""
    root = Root(consistent_snapshot=True)
    for role, names in KEYS_OF.items():
        keys = [_key(ring, name) for name in names]
        root.roles[role] = Role([], THRESHOLD[role])
        for key in keys:
            root.add_key(key, role)
    targets = Targets(delegations=Delegations({}, {}))
    state = State(Metadata(root), Metadata(Timestamp()), Metadata(Snapshot()), Metadata(targets))
    for role in (*tenants, SOFTWARE):
        delegate(state, role, ring)
    for role in state.roles():
        prolong(state, role, now)
        if role != "root":
            state.of(role).signed.version = 0  # what signs it counts on
    return state


def delegate(state: State, role: str, ring: Ring) -> None:
    """Give a tenant (or software) a role of its own, signed by the key of its name."""
    delegations = state.targets.signed.delegations
    assert delegations is not None and delegations.roles is not None  # noqa: PT018
    paths = ["software/*", "software/*/*"] if role == SOFTWARE else [f"content/{role}/*"]
    delegations.roles[role] = DelegatedRole(role, [], 1, True, paths=paths)
    state.targets.signed.add_key(_key(ring, role), role)
    state.delegated[role] = Metadata(Targets())
    state.delegated[role].signed.version = 0


def _key(ring: Ring, name: str) -> SSlibKey:
    if (key := ring.named(name)) is None:
        raise KeysError(f"key {name} is not in {', '.join(map(str, ring.folders))}")
    return ring.public(key.keyid)


def life_of(role: str) -> int:
    """How many days a signature of this role counts."""
    return LIFE.get(role, LIFE_OF_OPERATOR)


def prolong(state: State, role: str, now: int) -> None:
    """Have a role expire its whole life from now, and say that it is signed now: a clock for kiosks that have lost theirs."""
    signed = state.of(role).signed
    signed.expires = moment(now) + timedelta(days=life_of(role))
    signed.unrecognized_fields[SIGNED_AT] = now


def moment(now: int) -> datetime:
    """Unix seconds as TUF's metadata writes time."""
    return datetime.fromtimestamp(now, UTC)


def seconds_left(signed: Signed, now: int) -> int:
    """How long a role's signature still counts; negative: it has expired."""
    return int((signed.expires - moment(now)).total_seconds())


def sign(state: State, role: str, ring: Ring, also: Root | None = None) -> None:
    """Sign a role's metadata with every key of it that is at hand. Raises KeysError where those are too few.

    `also`: for root, the root before, by whose keys it has to be signed too.
    """
    metadata = state.of(role)
    metadata.signatures.clear()
    sides = [state.who(role)]
    if also is not None:
        before = also.get_delegated_role("root")
        sides.append(({keyid: also.get_key(keyid) for keyid in before.keyids}, before.threshold))
    for keyid in {keyid: None for keys, _ in sides for keyid in keys}:
        if ring.has(keyid):
            metadata.sign(ring.signer(keyid), append=True)
    for keys, threshold in sides:
        at_hand = [keyid for keyid in keys if keyid in metadata.signatures]
        if len(at_hand) < threshold:
            wanted = ", ".join(sorted(key_name(key) for keyid, key in keys.items() if keyid not in at_hand))
            more = threshold - len(at_hand)
            raise KeysError(
                f"{role} needs {more} more of these keys: {wanted}; give the folder they lie in with --keys"
            )
