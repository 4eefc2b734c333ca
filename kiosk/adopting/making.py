"""From a fetched release to the wall of this kiosk: its parts are read, what this kiosk shows of them is laid out."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from content.authored import ContentError, Where, from_parts, resolve
from content.durable import DISK, Disk
from content.release.manifest import PARTS, PICTURES, BadRelease, Blob, Root, entries_of
from kiosk.adopting.laying import Bring, Unusable, lay, linked, unpacked
from kiosk.adopting.slots import Wall

_NUMBERS: Final = re.compile(r"[0-9]+", re.ASCII)


class Blobs(Protocol):
    """Fetched blobs (kiosk.fetching.blobs.BlobStore)."""

    def unpacked(self, blob: Blob) -> bytes:
        """What is in one. Raises FetchError where it is not here, or damaged."""

    def path(self, blob: Blob) -> Path:
        """Where it lies."""


def wall_of(
    root: Root, page: Blob | None, blobs: Blobs, where: Where, walls: Path, software: str, disk: Disk = DISK
) -> Wall:
    """Make the wall of a release that is whole in `blobs`, and return it; it is on the disk then.

    `page` is the blob of its root page, `software` this program's version. Raises Unusable (see kiosk.adopting.laying; also needs-software), and what
    `blobs` raises.
    """
    header = root.header
    if header.min_software and numbers(software) < numbers(header.min_software):
        raise Unusable("needs-software", f"{header.name} needs {header.min_software}, this is {software}")
    parts: dict[str, bytes] = {}
    pictures: dict[str, Bring] = {}
    try:
        for entry in entries_of(root, blobs.unpacked):
            folder, _, name = entry.name.partition("/")
            if folder == PARTS:
                parts[name] = blobs.unpacked(entry.blob)
            elif folder == PICTURES:
                pictures[entry.name] = _bring(blobs, entry.blob, disk)
        store, products = resolve(from_parts(parts), where)
    except (BadRelease, ContentError) as error:
        raise Unusable("bad-content", f"{header.name}: {str(error).splitlines()[0]}") from error
    return Wall(header.name, lay(walls, store, products, pictures, disk), page)


def _bring(blobs: Blobs, blob: Blob, disk: Disk) -> Bring:
    return unpacked(partial(blobs.unpacked, blob), disk) if blob.coding else linked(blobs.path(blob), disk)


def numbers(version: str) -> tuple[int, ...]:
    """A version's numbers, to be compared: "0.10.2" is later than "0.9"; what comes after its first "+" or "-" is left out."""
    return tuple(int(number) for number in _NUMBERS.findall(re.split(r"[+-]", version, maxsplit=1)[0]))
