"""Makes a wall of a release: a store folder under `walls`, whole before it has its name.

    walls/0f3a.../      a store as content.store.OpenStore reads it, named by its version
    walls/.new/         one that is being made; whoever comes next begins it anew

Pictures are second names of the fetched blobs, so a wall costs its catalogue and nothing else. A wall that is there is not
made again: releases that show the same here share it.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from content.durable import DISK, Disk, remove
from content.model import Product, Store
from content.store_check import check_store
from content.store_format import CATALOGUE, PICTURES, StoreError, is_picture_name, stocked
from content.store_named import named_by
from content.store_writer import StoreWriter

log = logging.getLogger(__name__)

NEW: Final = ".new"
FULL: Final = (errno.ENOSPC, errno.EDQUOT)

Bring = Callable[[Path], None]  # puts a picture's bytes under a name; see `linked`


class Unusable(Exception):
    """No wall can be made of a release. `reason` is a key: no-space, empty, bad-content, disk; `detail` is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def lay(
    walls: Path, store: Store, products: list[Product], pictures: Mapping[str, Bring], disk: Disk = DISK
) -> str:
    """Make the wall of a store and return its folder's name; it is on the disk then. Raises Unusable; nothing is left then.

    `pictures`: how each file that the store may name is brought there, by its name ("pictures/...").
    """
    if not products:
        raise Unusable("empty", "no product stands on this kiosk's wall")
    new = walls / NEW
    try:
        named, shelf, bodies = stocked(store, products)
        final = walls / named.version
        if is_whole(final):
            return named.version
        disk.make(walls)
        remove(disk, final)
        remove(disk, new)
        disk.make(new / PICTURES)
        with StoreWriter(new) as writer:
            writer.commit_stocked(named, shelf, bodies)
        for name in sorted(named_by(store, products) & pictures.keys()):
            if is_picture_name(name):
                pictures[name](new / name)
        for path in (new / CATALOGUE, new / PICTURES, new):
            disk.sync(path)
        disk.rename(new, final)
        disk.sync(walls)
    except (OSError, StoreError) as error:
        _give_up(disk, new)
        raise _unusable(error) from error
    return named.version


def linked(blob: Path, disk: Disk = DISK) -> Bring:
    """A picture as a second name of a fetched blob that holds it as it is."""
    return lambda path: disk.link(blob, path)


def unpacked(read: Callable[[], bytes], disk: Disk = DISK) -> Bring:
    """A picture that has to be made of a fetched blob first."""

    def bring(path: Path) -> None:
        disk.write(path, read())
        disk.sync(path)

    return bring


def is_whole(folder: Path) -> bool:
    """Whether a wall's folder holds what its name says."""
    try:
        return check_store(folder).version == folder.name
    except (StoreError, OSError) as error:
        if folder.exists():
            log.error("a wall cannot be used: %s", error)
        return False


def sweep(walls: Path, keep: Iterable[str], disk: Disk = DISK) -> int:
    """Take away every wall that is not to be kept, and what was never finished; how many. Raises OSError."""
    kept, gone = frozenset(keep), 0
    if not walls.is_dir():
        return 0
    for folder in walls.iterdir():
        if folder.name not in kept:
            # Its name first: a wall half taken away must not be taken for one.
            dying = walls / NEW
            if folder != dying:
                remove(disk, dying)
                disk.rename(folder, dying)
            remove(disk, dying)
            gone += 1
    if gone:
        disk.sync(walls)
    return gone


def _give_up(disk: Disk, new: Path) -> None:
    try:
        remove(disk, new)
    except OSError as error:
        log.warning("what was begun of a wall stays: %s", error)


def _unusable(error: OSError | StoreError) -> Unusable:
    cause = error if isinstance(error, OSError) else error.__cause__
    full = (isinstance(cause, OSError) and cause.errno in FULL) or "disk is full" in str(cause)
    if full:
        return Unusable("no-space", str(error))
    if isinstance(cause, OSError) or cause is not None:
        return Unusable("disk", str(error))
    return Unusable("bad-content", str(error))
