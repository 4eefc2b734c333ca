"""Room that is kept for sales: a file of zeros beside the ledger, given up when the card is full."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

RESERVE_BYTES: Final = 8 * 1024 * 1024  # the log's 4 MiB and, at 2 KiB each, some 2,000 sales
_SHARE: Final = 8  # never more than one part in so many of what is free
_LEAST: Final = 64 * 1024


class Reserve:
    """The file. `bytes` 0: none is kept. Never raises."""

    def __init__(self, path: Path, size: int) -> None:
        self._path, self._size = path, size
        self.wanted = 0  # how much was held last

    @property
    def held(self) -> int:
        """Bytes that can be given up."""
        with suppress(OSError):
            return self._path.stat().st_size
        return 0

    def hold(self) -> bool:
        """Take the room, where that leaves enough to all others. True where it is held, or none is wanted."""
        if self._size == 0:
            return True
        if held := self.held:
            self.wanted = held
            return True
        size = min(self._size, free_bytes(self._path.parent) // _SHARE)
        if size < _LEAST:
            return False
        try:
            with self._path.open("xb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            log.warning("no room can be kept for sales: %s", error)
            self.give_up()
            return False
        self.wanted = size
        return True

    def give_up(self) -> bool:
        """Let others have the room. False where there was none."""
        with suppress(OSError):
            self._path.unlink()
            return True
        return False


def free_bytes(folder: Path) -> int:
    """What a process without privileges may still write there; 0 where nobody can say."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize
