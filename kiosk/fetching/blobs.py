"""The kiosk's store of blobs: files named by the sha256 of what is in them, so that a name never changes its meaning.

    blobs/ab/abcd...64 hex       whole and verified; what is read of it is verified again
    blobs/parts/abcd...64 hex    the beginning of one

A part is written and synced in chunks, one after the other, so after a power cut or kill all of it but the last chunk is
what was received: with what was still in memory at most 1 MiB is fetched again. Whole blobs of a batch are synced together
before any of them takes its name.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from content.durable import DISK, Disk
from content.release.manifest import BadRelease, Blob
from content.release.packing import unpack
from kiosk.fetching.errors import FetchError
from kiosk.fetching.files import make_folder, told

CHUNK: Final = 256 * 1024
PARTS: Final = "parts"
LEAST_FREE: Final = 64 * 1024 * 1024  # bytes left to the ledger and the rest of the machine
_NAME: Final = re.compile(r"[0-9a-f]{64}\Z")


class Part:
    """The beginning of a blob, which grows; kept when its fetch is cut off. Raises FetchError no-space or disk."""

    def __init__(self, path: Path, blob: Blob, disk: Disk) -> None:
        self.blob, self.path, self._disk = blob, path, disk
        self._digest = hashlib.sha256()
        self._pending = bytearray()
        with told():
            make_folder(disk, path.parent)
            self.length = self._recover()
        self.resumed = self.length  # bytes that are not fetched again

    def write(self, data: bytes) -> None:
        """Add bytes that came; raises FetchError too-large where they are more than the blob has."""
        if self.length + len(data) > self.blob.size:
            raise FetchError("too-large", f"blob {self.blob.sha256}: more than {self.blob.size} bytes")
        self._digest.update(data)
        self._pending += data
        self.length += len(data)
        if len(self._pending) >= CHUNK:
            self._write(CHUNK * (len(self._pending) // CHUNK))

    def again(self) -> None:
        """Forget all that was received: it was not the beginning of what was signed, or nobody can go on from it."""
        with told():
            self._disk.write(self.path, b"")
        self._pending.clear()
        self._digest, self.length, self.resumed = hashlib.sha256(), 0, 0

    def finish(self) -> None:
        """All came: have it on the disk. Raises FetchError cut-off or wrong-bytes; in the latter case it is empty again."""
        if self.length != self.blob.size:
            raise FetchError("cut-off", f"blob {self.blob.sha256}: {self.length} of {self.blob.size} bytes")
        if self._digest.hexdigest() != self.blob.sha256:
            self.again()
            raise FetchError("wrong-bytes", f"blob {self.blob.sha256}: not what was signed")
        with told():
            if self._pending or not self.length:
                self._disk.append(self.path, bytes(self._pending))
        self._pending.clear()

    def _write(self, size: int) -> None:
        for start in range(0, size, CHUNK):
            with told():
                self._disk.append(self.path, bytes(self._pending[start : start + CHUNK]))
                self._disk.sync(self.path)
        del self._pending[:size]

    def _recover(self) -> int:
        """Keep all but the last chunk of what an earlier run left, which may never have reached the disk."""
        try:
            there = self.path.stat().st_size
        except FileNotFoundError:
            return 0
        sure = (there - 1) // CHUNK * CHUNK if 0 < there <= self.blob.size else 0
        if sure != there:
            self._disk.truncate(self.path, sure)
        with self.path.open("rb") as file:
            while piece := file.read(CHUNK):
                self._digest.update(piece)
        return sure


class BlobStore:
    """A folder of blobs. One thread writes; any may read. Raises FetchError."""

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = 2**33,
        max_files: int = 100_000,
        least_free: int = LEAST_FREE,
        disk: Disk = DISK,
    ) -> None:
        """`max_bytes`, `max_files`: of whole blobs kept; `least_free`: bytes of the disk left alone."""
        self.folder = folder
        self._max_bytes, self._max_files, self._least_free = max_bytes, max_files, least_free
        self._disk = disk
        self._batch: dict[str, Part] = {}
        self._sizes: dict[str, int] | None = None  # of whole blobs, once looked
        self.lost = 0  # counts blobs that went

    def path(self, blob: Blob) -> Path:
        """Where a blob lies, or would. Raises FetchError bad-release for what is no sha256."""
        if not _NAME.match(blob.sha256):
            raise FetchError("bad-release", f"{blob.sha256[:80]!r} is not a sha256")
        return self.folder / blob.path

    def has(self, blob: Blob) -> bool:
        """Whether a blob is there with all its bytes. What they are is looked at when it is read."""
        return self.sizes().get(blob.sha256) == blob.size

    def sizes(self) -> dict[str, int]:
        """Whole blobs: name and bytes. Looked up once; from then on this store knows what it does itself."""
        if self._sizes is None:
            with told():
                self._sizes = {entry.name: entry.stat().st_size for entry in self._entries(parts=False)}
        return self._sizes

    def look_again(self) -> None:
        """Somebody else may have changed the folder."""
        self._sizes, self.lost = None, self.lost + 1

    def read(self, blob: Blob) -> bytes:
        """A blob's bytes as stored, verified. Raises FetchError missing or wrong-bytes; a damaged one is taken away, to be fetched anew."""
        with told():
            try:
                with self._place(blob).open("rb") as file:
                    data = file.read(blob.size + 1)
            except FileNotFoundError:
                self._forget(blob)
                raise FetchError("missing", f"blob {blob.sha256}") from None
        if len(data) != blob.size or hashlib.sha256(data).hexdigest() != blob.sha256:
            self.drop(blob)
            raise FetchError("wrong-bytes", f"blob {blob.sha256} is damaged on the disk and was taken away")
        return data

    def unpacked(self, blob: Blob) -> bytes:
        """What is in a blob. Raises FetchError as `read`; bad-release where it does not unpack to what it says."""
        try:
            return unpack(blob, self.read(blob))
        except BadRelease as error:
            raise FetchError("bad-release", str(error)) from None

    def verify(self, blob: Blob) -> bool:
        """Whether a blob is there and undamaged; a damaged one is taken away."""
        with told():
            try:
                with self._place(blob).open("rb") as file:
                    whole = hashlib.file_digest(file, "sha256").hexdigest() == blob.sha256
            except FileNotFoundError:
                self._forget(blob)
                return False
        if not whole:
            self.drop(blob)
        return whole

    def drop(self, blob: Blob) -> None:
        """Take a blob away."""
        self._forget(blob)
        with told():
            self._disk.unlink(self.path(blob))

    def _forget(self, blob: Blob) -> None:
        self.lost += 1
        self._batch.pop(blob.sha256, None)
        if self._sizes is not None:
            self._sizes.pop(blob.sha256, None)

    def _place(self, blob: Blob) -> Path:
        part = self._batch.get(blob.sha256)
        return part.path if part is not None else self.path(blob)

    def room_for(self, size: int, files: int) -> None:
        """Raises FetchError no-space where so many bytes and files more may not be kept, saying what is lacking."""
        held = self.sizes().values()
        with told():
            make_folder(self._disk, self.folder)
            disk = os.statvfs(self.folder)
        if sum(held) + size > self._max_bytes:
            raise FetchError(
                "no-space", f"{size} more bytes than {sum(held)} that are kept, allowed {self._max_bytes}"
            )
        if len(held) + files > self._max_files:
            raise FetchError(
                "no-space", f"{files} more files than {len(held)} that are kept, allowed {self._max_files}"
            )
        free = disk.f_bavail * disk.f_frsize
        if size + self._least_free > free:
            raise FetchError(
                "no-space", f"{size} bytes are wanted, {free} free, {self._least_free} to be left so"
            )

    def begin(self, blob: Blob) -> Part:
        """The part of a blob, to be filled."""
        return Part(self.folder / PARTS / self.path(blob).name, blob, self._disk)

    def take(self, part: Part) -> None:
        """A part that is finished: it can be read, and will be a blob with the next commit."""
        self._batch[part.blob.sha256] = part

    def commit(self) -> None:
        """Make what was taken durable, and give it its names. What has none when it fails is fetched again."""
        batch, self._batch = self._batch, {}
        if not batch:
            return
        paths = {part.path: self.path(part.blob) for part in batch.values()}
        folders = sorted({path.parent for path in paths.values()})
        with told():
            self._disk.sync_all(paths.keys())
            if fresh := [folder for folder in folders if not folder.is_dir()]:
                for folder in fresh:
                    self._disk.make(folder)
                self._disk.sync(self.folder)
            for part, path in paths.items():
                self._disk.rename(part, path)
            self._disk.sync_all(folders)
        if self._sizes is not None:
            self._sizes |= {part.blob.sha256: part.blob.size for part in batch.values()}

    def put(self, data: bytes) -> Blob:
        """Keep bytes that are at hand, durably."""
        blob = Blob(hashlib.sha256(data).hexdigest(), len(data), len(data))
        if not self.has(blob):
            part = self.begin(blob)
            part.again()
            part.write(data)
            part.finish()
            self.take(part)
            self.commit()
        return blob

    def keep(self, names: Iterable[str]) -> tuple[int, int]:
        """Take away every blob and part whose sha256 is not among `names`; how many files and bytes that were.

        Call it with all that any slot needs and all that is being fetched: what is not named is gone.
        """
        wanted = set(names)
        files = freed = 0
        self._sizes, self.lost = None, self.lost + 1
        with told():
            for entry in self._entries():
                if entry.name not in wanted:
                    files, freed = files + 1, freed + entry.stat().st_size
                    self._disk.unlink(Path(entry.path))
        return files, freed

    def _entries(self, *, parts: bool = True) -> Iterator[os.DirEntry[str]]:
        for folder in (*sorted(self.folder.glob("??")), self.folder / PARTS):
            if folder.is_dir() and (parts or folder.name != PARTS):
                with os.scandir(folder) as found:
                    yield from list(found)
