"""The few ways in which files are changed that must survive a power cut, in one place, so that a test can cut any of them.

What is written is on the disk only after `sync` of the file, and what it is called only after `sync` of its folder.
Publishing (content.release), fetching and adopting (docs/adopting.md) touch the disk through a Disk and in no other way.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path


class Disk:
    """The machine's own. Every method raises OSError, and may be called from any thread."""

    def make(self, folder: Path) -> None:
        """Make a folder for this user alone, with those above it; one that is there stays."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, path: Path, data: bytes) -> None:
        """Make a file, or replace what is in it."""
        with path.open("wb") as file:
            file.write(data)

    def append(self, path: Path, data: bytes) -> None:
        """Put more behind what a file holds; make it where there is none."""
        with path.open("ab") as file:
            file.write(data)

    def truncate(self, path: Path, size: int) -> None:
        """Leave the first `size` bytes of a file."""
        os.truncate(path, size)

    def sync(self, path: Path) -> None:
        """Return when a file's bytes, or a folder's names, are on the disk."""
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def sync_all(self, paths: Collection[Path]) -> None:
        """`sync` of each, several at a time: the file system then writes its journal once for many."""
        if len(paths) < 2:
            for path in paths:
                self.sync(path)
            return
        with ThreadPoolExecutor(min(16, len(paths)), "sync") as pool:
            for done in [pool.submit(self.sync, path) for path in paths]:
                done.result()

    def rename(self, path: Path, new: Path) -> None:
        """Give a file or folder another name, at once; a file that has it goes."""
        path.replace(new)

    def link(self, path: Path, new: Path) -> None:
        """Give a file a second name. Raises FileExistsError where that is taken."""
        new.hardlink_to(path)

    def unlink(self, path: Path) -> None:
        """Take a name away, and the file with its last one; none there is well, too."""
        path.unlink(missing_ok=True)

    def rmdir(self, folder: Path) -> None:
        """Take away an empty folder."""
        folder.rmdir()


DISK = Disk()


def put(disk: Disk, path: Path, data: bytes) -> None:
    """Make `data` the content of a file: after a power cut it is whole, as before or as now. Raises OSError; the old one stands."""
    part = path.with_name(f".{path.name}.part")
    try:
        disk.write(part, data)
        disk.sync(part)
        disk.rename(part, path)
    except OSError:
        with suppress(OSError):
            disk.unlink(part)
        raise
    disk.sync(path.parent)


def remove(disk: Disk, path: Path) -> None:
    """Take away a file, or a folder with all in it; no link is followed. None there is well, too. Raises OSError."""
    try:
        is_folder = stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_folder:
        disk.unlink(path)
        return
    for inside in path.iterdir():
        remove(disk, inside)
    disk.rmdir(path)
