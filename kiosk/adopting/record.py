"""The slots on the disk: one file, exchanged whole."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import msgspec

from content.durable import DISK, Disk, put
from kiosk.adopting.slots import Slots

log = logging.getLogger(__name__)

FILE: Final = "slots.json"
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Slots).decode


class BadRecord(ValueError):
    """The file is there and cannot be used; says which and why."""


def read(folder: Path) -> Slots:
    """The slots of a kiosk; none where there is no file. Raises BadRecord."""
    path = folder / FILE
    try:
        found = _decode(path.read_bytes())
    except FileNotFoundError:
        return Slots()
    except OSError as error:
        raise BadRecord(f"{path}: cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRecord(f"{path}: {error}") from None
    if found.format != Slots().format:
        raise BadRecord(f"{path}: has format {found.format}, expected {Slots().format}")
    return found


def load(folder: Path) -> Slots:
    """The slots; a file that is torn or not ours counts as none, and that is said."""
    try:
        return read(folder)
    except BadRecord as error:
        log.error("which releases this kiosk holds is not known, so it shows what was installed: %s", error)
        return Slots()


def save(folder: Path, slots: Slots, disk: Disk = DISK) -> None:
    """Write them down: when this returns they are on the disk. Raises OSError; what was written before stands then."""
    disk.make(folder)
    put(disk, folder / FILE, _encode(slots))
