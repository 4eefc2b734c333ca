"""Keys come and go: a repository's first day, a key exchanged, one lost or stolen, an operator more, everything lost.

Kiosks believe a root because enough keys of the root before signed it, and everything else because root says by whom it
is signed. A key of targets, snapshot or timestamp is therefore exchanged in three steps, each of which leaves a
repository that every kiosk accepts, should the power go: a root that knows the new key beside the old one; the role
signed by the new one; a root without the old one. Whoever was cut calls the same command again: a key made but not yet
in use lies there as NAME.new.pem and is taken up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from pathlib import Path

from msgspec import Struct
from tuf.api.metadata import Root, Targets

from content.release.keys import NEW, OFFLINE, KeyFile, KeysError, Ring, make_key, put_in_place
from content.release.manifest import is_tenant
from content.release.repository import KEYS, RELEASE, Repository
from content.release.roles import (
    KEYS_OF,
    METADATA,
    SOFTWARE,
    TOP,
    RepositoryError,
    State,
    delegate,
    fresh,
    key_name,
    load,
    prolong,
    sign,
)
from content.signing import PURPOSES, PublicKeys, Purpose, key_id


class Exchange(Struct, frozen=True, kw_only=True):
    """How keys are exchanged: into which folder new ones go and their passphrase; `lost`: the old ones count no more at
    once and sign nothing, though their files may be there; `keep`: of a tenant's releases only these stay listed."""

    into: Path
    passphrase: bytes | None = None
    lost: bool = False
    keep: Sequence[str] | None = None


def key_names(tenants: Iterable[str]) -> list[str]:
    """The names of all keys of a repository with these operators."""
    names = [name for role in KEYS_OF.values() for name in role] + [SOFTWARE]
    for tenant in tenants:
        names += [tenant, *(f"{tenant}.{purpose}" for purpose in PURPOSES)]
    return names


def make_keys(folder: Path, names: Iterable[str], passphrase: bytes | None) -> list[KeyFile]:
    """Those of these keys that a folder does not have yet."""
    missing = [name for name in names if not (folder / f"{name}.pem").exists()]
    return [make_key(folder, name, passphrase) for name in missing]


def create(
    repository: Repository, ring: Ring, tenants: Sequence[str], now: int, *, over: bool = False
) -> State:
    """A new repository, signed by the ring's keys. Raises RepositoryError where there is one already.

    `over`: begin again in its place because so many keys are lost that nobody can sign what kiosks would believe. What
    is published stays so, signed anew; every kiosk has to be given the new root.json.
    """
    if not tenants or not all(is_tenant(tenant) for tenant in tenants):
        raise RepositoryError(
            f"operators {', '.join(tenants) or '(none)'}: expected small letters, digits, dashes"
        )
    with repository.locked():
        there = (repository.folder / METADATA / "timestamp.json").exists()
        if there and not over:
            raise RepositoryError(
                f"{repository.folder}: there is a repository already; --start-over replaces its keys"
            )
        before = load(repository.folder, verify=False) if there else None
        state = fresh(ring, tenants, now)
        if before is not None:
            _take_over(state, before)
        for tenant in tenants:
            repository.set_public_keys(state, PublicKeys(tenant=tenant, keys=_public_keys(ring, tenant)))
        sign(state, "root", ring)
        if before is None:  # nobody finds it before timestamp.json, so in any order
            repository.put_metadata(state, "root")
            repository.commit(state, ["targets", *state.delegated], ring, now)
        else:
            repository.commit(state, ["targets", *state.delegated], ring, now)
            repository.put_metadata(state, "root")
        return repository.state()


def _take_over(state: State, before: State) -> None:
    """Go on counting, so that no file is written twice, and list the targets there were."""
    state.root.signed.version = before.root.signed.version + 1
    for role in ("timestamp", "snapshot", "targets"):
        state.of(role).signed.version = before.of(role).signed.version
    for role, metadata in before.delegated.items():
        if role in state.delegated:
            state.delegated[role].signed.version = metadata.signed.version
            state.delegated[role].signed.targets = dict(metadata.signed.targets)


def _public_keys(ring: Ring, tenant: str) -> dict[Purpose, dict[str, bytes]]:
    keys: dict[Purpose, dict[str, bytes]] = {}
    for purpose in PURPOSES:
        if (key := ring.named(f"{tenant}.{purpose}")) is None:
            raise KeysError(f"key {tenant}.{purpose} is not in {', '.join(map(str, ring.folders))}")
        keys[purpose] = {key_id(key.public): key.public}
    return keys


def add_tenant(repository: Repository, ring: Ring, tenant: str, now: int) -> None:
    """One operator more; its keys and those of targets have to be on the ring."""
    if not is_tenant(tenant):
        raise RepositoryError(f"operator {tenant!r}: expected small letters, digits, dashes")
    with repository.locked():
        state = repository.state()
        if tenant in state.delegated:
            raise RepositoryError(f"operator {tenant} is there already")
        delegate(state, tenant, ring)
        prolong(state, tenant, now)
        repository.set_public_keys(state, PublicKeys(tenant=tenant, keys=_public_keys(ring, tenant)))
        repository.commit(state, ["targets", tenant], ring, now)


def renew(repository: Repository, ring: Ring, roles: Sequence[str], now: int) -> None:
    """Have root or targets, whose keys lie in a safe, count for another year."""
    with repository.locked():
        state = repository.state()
        if "root" in roles:
            _next_root(repository, state, ring, now)
        if "targets" in roles:
            repository.commit(state, ["targets"], ring, now)


def exchange(
    repository: Repository, ring: Ring, names: Sequence[str], how: Exchange, now: int
) -> list[KeyFile]:
    """Put new keys in the place of those named; the new key files.

    Raises KeysError where too few keys are left to sign it: then kiosks would not believe it either (`create` with
    `over` is what remains).
    """
    with repository.locked():
        state = repository.state()
        known = key_names(state.tenants())
        if wrong := [name for name in names if name not in known]:
            raise KeysError(f"no key {wrong[0]!r}; there are: {', '.join(known)}")
        old = {name: ring.named(name) for name in names}
        for name in names:
            if ring.named(name, new=True) is None:
                make_key(how.into, f"{name}{NEW}", how.passphrase)
        ring = ring.joined(how.into).blocked(_lost(state, names, old) if how.lost else ())
        new = {name: key for name in names if (key := ring.named(name, new=True)) is not None}
        _exchange(repository, state, ring, new, how, now)
        return [put_in_place(new[name], old[name]) for name in names]


def _lost(state: State, names: Sequence[str], old: dict[str, KeyFile | None]) -> list[str]:
    """The ids of keys that count no more, whether or not their files are here."""
    found = [key.keyid for key in old.values() if key is not None]
    for role in state.roles():
        found += [keyid for keyid, key in state.who(role)[0].items() if key_name(key) in names]
    return found


def _exchange(
    repository: Repository, state: State, ring: Ring, new: dict[str, KeyFile], how: Exchange, now: int
) -> None:
    top = [name for name in new if _role_of(name) in TOP and _role_of(name) != "root"]
    roots = [name for name in new if _role_of(name) == "root"]
    drop = {name: _ids(state, name, new[name].keyid) for name in top}
    if top:
        for name in top:
            state.root.signed.add_key(ring.public(new[name].keyid), _role_of(name))
        _next_root(repository, state, ring, now)
    changed = {_role_of(name) for name in top} & {"targets"}
    changed |= _exchange_delegated(state, ring, new, how)
    for tenant in {name.partition(".")[0] for name in new if "." in name}:
        repository.set_public_keys(state, _exchanged(repository, tenant, new, lost=how.lost))
        changed.add(tenant)
    if top or changed:
        signing = ring.blocked(keyid for ids in drop.values() for keyid in ids)
        repository.commit(state, sorted(changed), signing, now)
    if top or roots:
        before = deepcopy(state.root.signed)
        for name in (*top, *roots):
            for keyid in drop.get(name) or _ids(state, name, new[name].keyid):
                state.root.signed.revoke_key(keyid, _role_of(name))
            state.root.signed.add_key(ring.public(new[name].keyid), _role_of(name))
        _next_root(repository, state, ring, now, before)


def _exchange_delegated(state: State, ring: Ring, new: dict[str, KeyFile], how: Exchange) -> set[str]:
    """Give operators' roles their new keys; the roles to be signed anew. One timestamp puts both in force."""
    changed: set[str] = set()
    for name in new.keys() & state.delegated.keys():
        for keyid in _ids(state, name, new[name].keyid):
            state.targets.signed.revoke_key(keyid, name)
        state.targets.signed.add_key(ring.public(new[name].keyid), name)
        changed |= {"targets", name}
        if how.keep is not None and name != SOFTWARE:
            _keep(state.delegated[name].signed, name, how.keep)
    return changed


def _role_of(name: str) -> str:
    return name.partition("-")[0] if name in OFFLINE else name


def _ids(state: State, name: str, new: str) -> list[str]:
    """The ids under which a name's key counts so far."""
    role = _role_of(name)
    keys = state.who(role)[0]
    return [keyid for keyid, key in keys.items() if keyid != new and key_name(key) == name]


def _keep(targets: Targets, tenant: str, keep: Sequence[str]) -> None:
    paths = {f"content/{tenant}/{name}{RELEASE}" for name in keep} | {f"content/{tenant}/{KEYS}"}
    if missing := sorted(paths - targets.targets.keys()):
        raise RepositoryError(f"{tenant} has no {missing[0]}; `endcap content releases` lists them")
    targets.targets = {path: target for path, target in targets.targets.items() if path in paths}


def _exchanged(repository: Repository, tenant: str, new: dict[str, KeyFile], *, lost: bool) -> PublicKeys:
    """keys.json with the new keys; the one before stays beside it until the next exchange, unless it is lost."""
    before = repository.public_keys(tenant)
    keys = dict(before.keys)
    for purpose in PURPOSES:
        if (key := new.get(f"{tenant}.{purpose}")) is not None:
            fresh_id = key_id(key.public)
            old = {} if lost else dict(list(before.of(purpose).items())[:1])
            keys[purpose] = {fresh_id: key.public, **old}
    return PublicKeys(tenant=tenant, keys=keys)


def _next_root(
    repository: Repository, state: State, ring: Ring, now: int, before: Root | None = None
) -> None:
    # to_dict of tuf shares its lists with what is made of it
    before = before or deepcopy(state.root.signed)
    state.root.signed.version += 1
    prolong(state, "root", now)
    sign(state, "root", ring, before)
    repository.put_metadata(state, "root")
