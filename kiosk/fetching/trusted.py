"""What a kiosk remembers of the metadata it has believed: the files themselves, and the versions it must never go behind.

    trust/roots/N.root.json       the chain from the root it was installed with
    trust/timestamp.json, snapshot.json, targets.json, TENANT.json
    trust/seen.json, seen.json.2  versions and the last signed time, each copy with its own checksum

Every file is verified again when it is read, so one that was damaged or emptied counts as absent and is fetched anew. The
versions do not go with it: they are kept twice, apart, and the higher of what can be read holds.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from content.durable import DISK, Disk
from kiosk.fetching.errors import FetchError
from kiosk.fetching.files import make_folder, read_if_there, told

ROLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
SEEN: Final = ("seen.json", "seen.json.2")
MOST_SEEN: Final = 1 << 20


class Seen(Struct, kw_only=True):
    """The highest versions that were believed, who could sign them then, and the latest time somebody signed."""

    timestamp: int = 0
    snapshot: int = 0
    roles: dict[str, int] = msgspec.field(default_factory=dict)  # of targets metadata, by the snapshot
    signers: dict[str, list[str]] = msgspec.field(default_factory=dict)  # key ids of timestamp and snapshot
    signed_s: int = 0  # Unix seconds

    def higher(self, other: Seen) -> Seen:
        """Of two memories what forbids more."""
        roles = {
            name: max(self.roles.get(name, 0), other.roles.get(name, 0))
            for name in self.roles.keys() | other.roles.keys()
        }
        newer = max(self, other, key=lambda seen: (seen.timestamp, seen.snapshot, seen.signed_s))
        return Seen(
            timestamp=max(self.timestamp, other.timestamp),
            snapshot=max(self.snapshot, other.snapshot),
            roles=roles,
            signers=newer.signers,
            signed_s=max(self.signed_s, other.signed_s),
        )


class _Copy(Struct):
    seen: msgspec.Raw
    sha256: str


class TrustFolder:
    """The folder `trust`. Reading never fails: what is not good is not there. Writing raises FetchError no-space or disk."""

    def __init__(self, folder: Path, disk: Disk = DISK) -> None:
        self.folder, self._disk = folder, disk
        self._written: bytes | None = None
        self._staged: dict[str, bytes] = {}
        self._stamp: tuple[int, int] | None = None

    def read(self, name: str, limit: int) -> bytes | None:
        """A metadata file's bytes, None where there is none."""
        return read_if_there(self.folder / name, limit)

    def write(self, name: str, data: bytes) -> None:
        """Keep a metadata file, with the next `flush`."""
        self._staged[name] = data

    def flush(self) -> None:
        """Have on the disk what was given to `write` and `remember`: all of it is synced before anything takes its name.

        Which of the names a power cut leaves does not matter: each file is judged by itself when it is read again.
        """
        staged, self._staged = self._staged, {}
        if not staged:
            return
        paths = {self.folder / name: data for name, data in staged.items()}
        parts = {path.with_name(f".{path.name}.part"): path for path in paths}
        folders = sorted({path.parent for path in paths})
        with told():
            for folder in folders:
                make_folder(self._disk, folder)
            for part, path in parts.items():
                self._disk.write(part, paths[path])
            self._disk.sync_all(parts.keys())
            for part, path in parts.items():
                self._disk.rename(part, path)
            self._disk.sync_all(folders)
        self._stamp = self._look()

    def forget(self, name: str) -> None:
        """Take a metadata file away."""
        self._staged.pop(name, None)
        with told():
            self._disk.unlink(self.folder / name)

    def changed(self) -> bool:
        """Whether somebody else wrote since we did or looked."""
        return self._look() != self._stamp

    def _look(self) -> tuple[int, int] | None:
        try:
            found = (self.folder / SEEN[-1]).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def seen(self) -> Seen:
        """What was remembered."""
        self._stamp, self._written = self._look(), None
        found = Seen()
        for name in SEEN:
            copy = _seen(read_if_there(self.folder / name, MOST_SEEN))
            found = found if copy is None else found.higher(copy)
        return found

    def remember(self, seen: Seen) -> None:
        """Keep it in both places, with the next `flush`."""
        body = msgspec.json.encode(seen)
        if body == self._written:
            return
        data = msgspec.json.encode(_Copy(msgspec.Raw(body), hashlib.sha256(body).hexdigest()))
        self._staged |= dict.fromkeys(SEEN, data)
        self._written = body


def _seen(data: bytes | None) -> Seen | None:
    if not data:
        return None
    try:
        copy = msgspec.json.decode(data, type=_Copy)
        body = bytes(copy.seen)
        return (
            msgspec.json.decode(body, type=Seen) if hashlib.sha256(body).hexdigest() == copy.sha256 else None
        )
    except (msgspec.MsgspecError, ValueError):
        return None


def role_file(role: str) -> str:
    """A role's file name. Raises FetchError not-metadata for a name that is none."""
    if not ROLE.match(role) or ".." in role:
        raise FetchError("not-metadata", f"a role is called {role[:80]!r}")
    return f"{role}.json"
