"""Makes blobs out of what a release holds, and gives back what a blob holds.

Stored with zstd where that is smaller. A blob is named by what is stored, so the same content has to be stored alike
from release to release: `pack` takes over what the release before had stored, else a newer zstd, which may pack the
same bytes otherwise, would have every kiosk fetch everything again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import zstandard
from msgspec import Struct

from content.durable import DISK, Disk
from content.release.manifest import (
    CAPS,
    PARTS,
    BadRelease,
    Blob,
    Caps,
    Coding,
    Entry,
    Header,
    Root,
    check_name,
    cut,
    write_page,
    write_root,
)

PART: Final = ".part"  # ends the name of what is not whole yet; a reader never looks for it
BLOBS: Final = "blobs"  # the folder of a repository they lie in
_LEVEL: Final = 12
_WINDOW: Final = 8 << 20  # a kiosk reserves no more than this to unpack; level 12 asks for 4 MiB
_NONE: Final[Mapping[str, Blob]] = {}


class Built(Struct, frozen=True, kw_only=True):
    """A packed release: its root page, also as bytes, and its files; `new` are the blobs that were not there before."""

    root: Root
    data: bytes
    entries: tuple[Entry, ...]
    new: tuple[Blob, ...]


def squeeze(raw: bytes) -> tuple[Blob, bytes]:
    """Bytes as they are stored, and the blob that names them."""
    packed = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False).compress(raw)
    coding: Coding = "zstd" if len(packed) < len(raw) else ""
    stored = packed if coding else raw
    return Blob(hashlib.sha256(stored).hexdigest(), len(stored), len(raw), coding), stored


def unpack(blob: Blob, stored: bytes, caps: Caps = CAPS) -> bytes:
    """What a blob holds. Raises BadRelease: other bytes than it names, or more or less in them than it says.

    Never makes more than `blob.raw` bytes and a window of 8 MiB, however much the packed bytes would unpack to.
    """
    if blob.raw > caps.blob:
        raise BadRelease(
            f"blob {blob.sha256[:12]}: unpacks to {blob.raw} bytes, expected at most {caps.blob}"
        )
    if len(stored) != blob.size:
        raise BadRelease(f"blob {blob.sha256[:12]}: {len(stored)} bytes, expected {blob.size}")
    if (found := hashlib.sha256(stored).hexdigest()) != blob.sha256:
        raise BadRelease(f"blob {blob.sha256[:12]}: other bytes, with hash {found[:12]}")
    if blob.coding == "":
        return stored
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(
            stored, read_across_frames=True
        )
        raw = reader.read(blob.raw + 1)
    except zstandard.ZstdError as error:
        raise BadRelease(f"blob {blob.sha256[:12]}: cannot be unpacked ({error})") from error
    if len(raw) > blob.raw:
        raise BadRelease(f"blob {blob.sha256[:12]}: unpacks to more than the {blob.raw} bytes it says")
    if len(raw) < blob.raw:
        raise BadRelease(f"blob {blob.sha256[:12]}: unpacks to {len(raw)} bytes, expected {blob.raw}")
    return raw


def pack(
    parts: Mapping[str, bytes],
    files: Mapping[str, Path],
    header: Header,
    out: Path,
    *,
    before: Mapping[str, Blob] = _NONE,
    disk: Disk = DISK,
    caps: Caps = CAPS,
) -> Built:
    """Store a release's blobs under out/blobs and list them; the root page is in what is returned, not yet stored.

    `parts` go into the folder "parts" under the names given, `files` have the names of a release ("pictures/x.webp").
    `before` are files of the release before by name, whose blobs lie in `out`. Raises BadRelease for a name or size
    no release may have, OSError where something cannot be read or written; at most blobs nobody refers to are left.
    """
    store = _Store(out / BLOBS, before, disk)
    sources: dict[str, bytes | Path] = {f"{PARTS}/{name}": data for name, data in parts.items()}
    if doubled := sources.keys() & files.keys():
        raise BadRelease(f"file {min(doubled)!r}: given twice")
    sources |= files
    entries = []
    for name in sorted(sources):
        check_name(name)
        source = sources[name]
        raw = source.read_bytes() if isinstance(source, Path) else source
        if len(raw) > caps.blob:
            raise BadRelease(f"file {name!r}: {len(raw)} bytes, expected at most {caps.blob}")
        entries.append(Entry(name, store.add(name, raw)))
    pages = tuple(store.add("", write_page(page)) for page in cut(entries))
    root = Root(
        header=header, pages=pages, files=len(entries), bytes=sum(entry.blob.size for entry in entries)
    )
    data = write_root(root)
    _check_caps(root, data, caps)
    store.finish()
    return Built(root=root, data=data, entries=tuple(entries), new=tuple(store.new.values()))


def _check_caps(root: Root, data: bytes, caps: Caps) -> None:
    for what, found, most in (
        ("root page has", len(data), caps.root),
        ("files number", root.files, caps.files),
        ("bytes sum to", root.bytes, caps.total),
    ):
        if found > most:
            raise BadRelease(f"release {root.header.name}: {what} {found}, expected at most {most}")


class _Store:
    """Blobs under a folder. Those that are new are written aside; `finish` puts them all in place."""

    def __init__(self, folder: Path, before: Mapping[str, Blob], disk: Disk) -> None:
        self._folder = folder
        self._before = before
        self._disk = disk
        self._parts: dict[Path, Path] = {}
        self.new: dict[str, Blob] = {}

    def add(self, name: str, raw: bytes) -> Blob:
        if (known := self._before.get(name)) is not None and self._holds(known, raw):
            return known
        blob, stored = squeeze(raw)
        path = self._folder / blob.path
        if blob.sha256 not in self.new and not _is(path, stored):
            part = path.with_name(path.name + PART)
            open_folder(self._disk, part.parent)
            self._disk.write(part, stored)
            self._parts[path] = part
            self.new[blob.sha256] = blob
        return blob

    def _holds(self, blob: Blob, raw: bytes) -> bool:
        """Whether the blob is there and is these bytes."""
        if blob.raw != len(raw):
            return False
        try:
            if blob.coding == "":
                return hashlib.sha256(raw).hexdigest() == blob.sha256 and _is(self._folder / blob.path, raw)
            return unpack(blob, (self._folder / blob.path).read_bytes()) == raw
        except (OSError, BadRelease):
            return False

    def finish(self) -> None:
        for (
            part
        ) in self._parts.values():  # all were written before the first is waited for: the disk has had time
            self._disk.sync(part)
        for path, part in self._parts.items():
            self._disk.rename(part, path)
        for folder in sorted({path.parent for path in self._parts}):
            self._disk.sync(folder)
            self._disk.sync(folder.parent)  # the folder may be new itself


def open_folder(disk: Disk, folder: Path) -> None:
    """Make a folder that a web server of another user can read, with those above it."""
    missing = [folder]
    while not missing[-1].parent.is_dir():
        missing.append(missing[-1].parent)
    if not folder.is_dir():
        disk.make(folder)
        for made in missing:
            made.chmod(0o755)


def _is(path: Path, data: bytes) -> bool:
    """Whether a file is there and is undamaged: a publish heals what a bad disk did to a blob."""
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False
