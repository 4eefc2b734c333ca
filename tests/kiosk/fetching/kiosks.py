"""A kiosk's half of it, on a folder of the test."""

from __future__ import annotations

from pathlib import Path

from content.durable import DISK, Disk
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.releases import Fetching, Whole
from kiosk.fetching.sources import FolderSource, Source
from kiosk.fetching.trust import Trust
from tests.kiosk.fetching.repositories import NOW_S, TENANT, Repository


class Kiosk:
    """Opens the state folder anew each time it is asked for: what is not on the disk is not known."""

    def __init__(self, state: Path, repository: Repository, *, now_s: int = NOW_S, disk: Disk = DISK) -> None:
        self.state, self.repository, self.now_s, self._disk = state, repository, now_s, disk

    def open(self) -> Fetching:
        trust = Trust(self.state / "trust", self.repository.installed, lambda: self.now_s, self._disk)
        blobs = BlobStore(self.state / "blobs", least_free=0, disk=self._disk)
        return Fetching(trust, blobs, TENANT)

    def fetch(self, *sources: Source, name: str = "") -> Whole:
        """Refresh and fetch; from the repository's folder where no source is given."""
        found = sources or (FolderSource(self.repository.folder),)
        fetching = self.open()
        fetching.refresh(found)
        return fetching.fetch(fetching.wanted(name), found)

    def parts(self, whole: Whole) -> dict[str, bytes]:
        """What a release holds, read from the kiosk's own store."""
        fetching = self.open()
        return {entry.name: fetching.blobs.unpacked(entry.blob) for entry in fetching.entries(whole.root)}
