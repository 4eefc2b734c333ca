"""The disk as fetching uses it: through kiosk.durable alone, and what it says becomes a reason."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kiosk.durable import Disk
from kiosk.fetching.errors import FetchError

FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
PART: Final = ".part"


@contextmanager
def told() -> Iterator[None]:
    """What goes wrong with the disk in here is raised as FetchError no-space or disk."""
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        reason = "no-space" if error.errno in FULL else "disk"
        raise FetchError(reason, f"{where}{error.strerror or error}") from None  # type: ignore[arg-type]


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
