"""The disk as fetching uses it: through content.durable alone, and what it says becomes a reason."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from content.durable import Disk
from kiosk.fetching.errors import FetchError

FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
LOCK: Final = "lock"


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong with the disk in here is raised as FetchError no-space or disk."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        reason = "no-space" if error.errno in FULL else "disk"
        raise FetchError(reason, f"{where}{error.strerror or error}") from None  # type: ignore[arg-type]


@contextmanager
def alone(disk: Disk, folder: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Only one program at a time changes a content folder; `wait` is called again and again while it is another, and may raise."""
    with told():
        make_folder(disk, folder)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                wait()
        yield
    finally:
        os.close(handle)


def make_folder(disk: Disk, folder: Path) -> None:
    """Make a folder and those above it, so that their names outlive a power cut. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(disk, folder.parent)
    disk.make(folder)
    disk.sync(folder.parent)


def read_if_there(path: Path, limit: int) -> bytes | None:
    """A file's bytes; None where there is none, it cannot be read, or it is larger than `limit`."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError:
        return None
    return data if len(data) <= limit else None
