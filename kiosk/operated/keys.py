"""Whose word counts: the public keys that sign live changes and alerts (content.signing).

They come with the operator's releases; a kiosk that fetches none reads them from a file its configuration names
(`[signing] keys`), as `endcap content keys` writes it. Without any key nothing is believed: a broker that was broken
into must not be able to empty the shelves, nor to sell everything for a cent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from content.signing import BadKeys, PublicKeys, Purpose, read_keys

log = logging.getLogger(__name__)

Keys = Callable[[Purpose], Mapping[str, bytes]]  # by key id


def no_keys(_purpose: Purpose) -> Mapping[str, bytes]:
    """Nobody is believed."""
    return {}


class KeyFile:
    """The keys in a keys.json, read anew when it changes. What cannot be read leaves those that were read before."""

    def __init__(self, path: Path, tenant: str) -> None:
        self._path, self._tenant = path, tenant
        self._stamp: tuple[int, int] | None = None
        self._keys: PublicKeys | None = None

    def __call__(self, purpose: Purpose) -> Mapping[str, bytes]:
        """The keys for a purpose."""
        try:
            stat = self._path.stat()
            stamp = stat.st_ino, stat.st_mtime_ns
            if stamp != self._stamp:
                self._stamp = stamp
                self._keys = read_keys(self._path.read_bytes(), self._tenant)
        except (OSError, BadKeys) as error:
            log.error("%s: %s", self._path, error)
        return self._keys.of(purpose) if self._keys else {}
