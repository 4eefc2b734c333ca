"""Puts a software release into a repository: blobs first, patches against the releases before, then the signed page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from content.durable import Disk, put
from content.release.keys import Ring
from content.release.manifest import Activation, BadRelease, Blob
from content.release.packing import BLOBS, open_folder, squeeze, unpack
from content.release.repository import RELEASE, Repository
from content.release.roles import SOFTWARE, RepositoryError, State
from content.software.manifest import (
    FORMAT,
    File,
    Image,
    Patch,
    Release,
    is_name,
    read_release,
    write_release,
)
from content.software.patching import WORTH, make_patch
from content.software.wheels import OURS, Wheel

LAST: Final = 3  # releases that patches are made against
LEAST: Final = 32 << 10  # bytes: a smaller file is not worth a patch


class Terms(Struct, frozen=True, kw_only=True):
    """What is said of a release besides its wheels. `name` "": after the version."""

    version: str
    name: str = ""
    activate: Activation = Activation()
    from_min: str = ""
    from_max: str = ""
    note: str = ""

    @property
    def called(self) -> str:
        """The release's name."""
        return self.name or f"{OURS}-{self.version}"


class Made(Struct, frozen=True, kw_only=True):
    """A release that was published. `least`: what a kiosk with the release before fetches."""

    release: Release
    whole: int
    least: int


def publish_wheels(
    repository: Repository, ring: Ring, now: int, wheels: Sequence[Wheel], terms: Terms
) -> Made:
    """Sign a release of these wheels. Raises BadRelease, RepositoryError, KeysError, OSError; nothing is in force then."""
    ours = [wheel for wheel in wheels if wheel.project == OURS]
    if not ours:
        raise BadRelease(f"no wheel of {OURS} is among them")
    if ours[0].version != terms.version:
        raise BadRelease(f"{ours[0].path}: is version {ours[0].version}, expected {terms.version}")
    state = repository.state()
    _check_new(state, terms.called)
    before = releases(repository, state)[-LAST:]
    files = tuple(_file(repository, wheel, before) for wheel in wheels)
    made = _sign(repository, ring, now, terms, files=files)
    last = {file.sha256 for file in before[-1].files} if before else set[str]()
    return Made(
        release=made,
        whole=sum(file.blob.size for file in files),
        least=sum(_least(file, last) for file in files),
    )


def publish_image(repository: Repository, ring: Ring, now: int, image: Image, terms: Terms) -> Made:
    """Sign a release that names an image. Raises as publish_wheels."""
    _check_new(repository.state(), terms.called)
    return Made(release=_sign(repository, ring, now, terms, image=image), whole=0, least=0)


def releases(repository: Repository, state: State | None = None) -> list[Release]:
    """The software that is published, oldest first. Raises RepositoryError, BadRelease."""
    state = state or repository.state()
    found = []
    role = state.delegated.get(SOFTWARE)
    for path, target in role.signed.targets.items() if role is not None else ():
        if path.endswith(RELEASE):
            above, _, name = path.rpartition("/")
            stored = repository.folder / "targets" / above / f"{target.hashes['sha256']}.{name}"
            try:
                found.append(read_release(stored.read_bytes()))
            except OSError as error:
                raise RepositoryError(f"{stored}: cannot be read: {error.strerror or error}") from error
    return sorted(found, key=lambda release: (release.made_at, release.name))


def retire(repository: Repository, ring: Ring, now: int, name: str) -> None:
    """Take a release out. Kiosks that run it go on; nobody fetches it any more; its blobs go after a week."""
    with repository.locked():
        state = repository.state()
        if state.delegated[SOFTWARE].signed.targets.pop(target_of(name), None) is None:
            raise RepositoryError(f"no software release {name!r} here")
        repository.commit(state, [SOFTWARE], ring, now)


def target_of(name: str) -> str:
    """Where a release's page is listed."""
    return f"{SOFTWARE}/{name}{RELEASE}"


def _check_new(state: State, name: str) -> None:
    if SOFTWARE not in state.delegated:
        raise RepositoryError(f"this repository has no role {SOFTWARE}")
    if not is_name(name):
        raise BadRelease(f"name {name!r}: expected letters, digits, dots, dashes")
    if target_of(name) in state.delegated[SOFTWARE].signed.targets:
        raise RepositoryError(f"{name} is published already, and never changes: give another version or name")


def _sign(
    repository: Repository, ring: Ring, now: int, terms: Terms, *, files: tuple[File, ...] = (), image: Image | None = None
) -> Release:  # fmt: skip
    release = Release(
        format=FORMAT, name=terms.called, version=terms.version, made_at=now, files=files, image=image,
        activate=terms.activate, from_min=terms.from_min, from_max=terms.from_max, note=terms.note,
    )  # fmt: skip
    repository.publish_target(ring, now, SOFTWARE, target_of(release.name), write_release(release))
    return release


def _file(repository: Repository, wheel: Wheel, before: Sequence[Release]) -> File:
    known = {file.sha256: file for release in before for file in release.files}
    digest = hashlib.sha256(wheel.data).hexdigest()
    if (same := known.get(digest)) is not None and same.name == wheel.path.name and _holds(repository, same):
        return same
    blob, stored = squeeze(wheel.data)
    _keep(repository, blob, stored)
    project = wheel.path.name.partition("-")[0]
    bases = {file.sha256: file for file in known.values() if file.name.partition("-")[0] == project}
    tried = [
        _patch(repository, base, wheel.data, blob.size) for base in bases.values() if base.sha256 != digest
    ]
    patches = [patch for patch in tried if patch is not None]
    return File(
        name=wheel.path.name, sha256=digest, size=len(wheel.data), blob=blob,
        patches=tuple(sorted(patches, key=lambda patch: patch.blob.size)),
    )  # fmt: skip


def _patch(repository: Repository, base: File, new: bytes, whole: int) -> Patch | None:
    """A patch that is worth fetching; its base is read as it was published."""
    if len(new) < LEAST:
        return None
    made = make_patch(unpack(base.blob, _path(repository, base.blob).read_bytes()), new)
    if made is None or len(made) > WORTH * whole:
        return None
    blob = Blob(hashlib.sha256(made).hexdigest(), len(made), len(made))
    _keep(repository, blob, made)
    return Patch(base=base.sha256, blob=blob)


def _least(file: File, last: set[str]) -> int:
    if file.sha256 in last:
        return 0
    return next((patch.blob.size for patch in file.patches if patch.base in last), file.blob.size)


def _holds(repository: Repository, file: File) -> bool:
    try:
        unpack(file.blob, _path(repository, file.blob).read_bytes())
    except (OSError, BadRelease):
        return False
    return True


def _keep(repository: Repository, blob: Blob, stored: bytes) -> None:
    path, disk = _path(repository, blob), repository.disk
    if path.exists() and path.read_bytes() == stored:
        return
    open_folder(disk, path.parent)
    put(disk, path, stored)
    _sync_above(disk, path)


def _sync_above(disk: Disk, path: Path) -> None:
    disk.sync(path.parent.parent)


def _path(repository: Repository, blob: Blob) -> Path:
    return repository.folder / BLOBS / blob.path
