"""Takes out of a repository what nothing refers to any more, a week after that was first seen.

A kiosk on a thin line may be half-way through a release when it is retired, and a reader may hold yesterday's snapshot:
both find their files for a week. What is waiting to go is written down in .unused.json: {path: since}.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from content.durable import Disk, put
from content.release.manifest import entries_of, read_root
from content.release.packing import BLOBS, unpack
from content.release.roles import METADATA, SOFTWARE, State
from content.software.manifest import read_release

GRACE: Final = 7 * 86_400
_UNUSED: Final = ".unused.json"
_FOLDERS: Final = (METADATA, "targets", BLOBS)


def sweep(folder: Path, state: State, disk: Disk, now: int) -> int:
    """Delete what has been unused for GRACE; how many files went. Raises BadRelease or OSError where a release cannot
    be read: then nothing is deleted, for it is not known what is used."""
    used = set(_used(folder, state))
    unused = sorted(path for path in _present(folder) if path not in used)
    known = _waiting(folder / _UNUSED)
    waiting = {path: min(known.get(path, now), now) for path in unused}
    gone = [path for path, since in waiting.items() if now - since >= GRACE]
    for path in gone:
        disk.unlink(folder / path)
        del waiting[path]
    if waiting != known:
        put(disk, folder / _UNUSED, msgspec.json.encode(waiting))
    return len(gone)


def _waiting(path: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}  # everything waits a week from now


def _present(folder: Path) -> Iterator[str]:
    for name in _FOLDERS:
        for path in (folder / name).rglob("*"):
            if path.is_file():
                yield path.relative_to(folder).as_posix()


def _used(folder: Path, state: State) -> Iterator[str]:
    for root in (folder / METADATA).glob("*.root.json"):  # a kiosk of years ago walks through every root
        yield f"{METADATA}/{root.name}"
    yield f"{METADATA}/timestamp.json"
    for role in state.roles():
        yield f"{METADATA}/{state.of(role).signed.version}.{role}.json"
    for metadata in state.delegated.values():
        for path, target in metadata.signed.targets.items():
            above, _, name = path.rpartition("/")
            stored = f"targets/{above}/{target.hashes['sha256']}.{name}"
            yield stored
            if name.endswith(".release"):
                data = (folder / stored).read_bytes()
                yield from _software(data) if above == SOFTWARE else _blobs(folder, data)


def _software(data: bytes) -> Iterator[str]:
    for file in read_release(data).files:
        yield from (f"{BLOBS}/{blob.path}" for blob in (file.blob, *(patch.blob for patch in file.patches)))


def _blobs(folder: Path, data: bytes) -> Iterator[str]:
    root = read_root(data)
    for page in root.pages:
        yield f"{BLOBS}/{page.path}"
    for entry in entries_of(root, lambda blob: unpack(blob, (folder / BLOBS / blob.path).read_bytes())):
        yield f"{BLOBS}/{entry.blob.path}"
