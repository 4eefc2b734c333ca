"""Bringing a software release: its page, and of its wheels those that are not here - as a patch where one fits.

Wheels are kept as they are, named by their own hash; what travels is their packed blob or a patch. Whether a wheel came
one way or the other makes no difference: it is taken in for its signed hash alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from content.release.manifest import BadRelease, Blob, Header, Root
from content.release.packing import unpack
from content.software.manifest import File, Patch, Release, read_release
from content.software.patching import MOST, apply_patch
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.errors import FetchError
from kiosk.fetching.releases import Allowed, Budget, Fetching, Progress, Signed, Whole
from kiosk.fetching.sources import Source, Wait
from kiosk.fetching.trust import SOFTWARE, Trust

log = logging.getLogger(__name__)

# With these nothing else would come either, so the file is not asked for in the patch's place.
HOPELESS: Final = frozenset({"no-source", "slow", "stopped", "no-space", "disk", "metered"})


class SoftwareFetching(Fetching):
    """Fetching for the role `software`. For one thread. Raises FetchError."""

    def __init__(self, trust: Trust, blobs: BlobStore, wait: Wait = lambda _: None, most: int = MOST) -> None:
        """`most`: bytes of a patch's base and result, both in memory at once."""
        super().__init__(trust, blobs, SOFTWARE, wait)
        self._most = most
        self.patched = self.fell_back = 0  # files made by a patch; files fetched whole though a patch fitted

    def refresh(self, sources: Sequence[Source]) -> None:
        """Bring the metadata up to date from the first source that can."""
        self._first(list(sources), lambda source: self.trust.refresh(source, SOFTWARE))

    def release(self, page: Blob) -> Release:
        """A release that is here, by its page. Raises FetchError missing, wrong-bytes, bad-release."""
        try:
            return read_release(self.blobs.read(page))
        except BadRelease as error:
            raise FetchError("bad-release", str(error)) from None

    def whole(self, signed: Signed) -> Whole | None:
        """A release that is here already, as far as sizes say; None where something of it lacks."""
        try:
            release = self._named(signed)
        except FetchError:
            return None
        if not all(self.blobs.has(file.plain) for file in release.files):
            return None
        return _whole(release, signed, 0)

    def needed(self, page: Blob) -> set[str]:
        """The names of all blobs of a release that is here, by its page."""
        return {page.sha256} | {file.sha256 for file in self.release(page).files}

    def _begun(self, name: str) -> set[str]:
        names: set[str] = set()
        try:
            signed = self.wanted(name)
            names.add(signed.page.sha256)
            for file in self._named(signed).files:
                names |= {file.sha256, file.blob.sha256, *(patch.blob.sha256 for patch in file.patches)}
        except FetchError:
            pass  # nothing more is known
        return names

    def _fetch(self, signed: Signed, order: list[Source], progress: Progress, allowed: Allowed) -> Whole:
        budget = Budget(allowed)
        self._bring_page(signed, order)
        release = self._named(signed)
        lacking = [file for file in release.files if not self.blobs.verify(file.plain)]
        if lacking and not allowed.blobs:
            raise FetchError("not-now", f"{len(lacking)} wheels are fetched when the hours allow it")
        total = sum(file.size for file in release.files)
        lack = sum(file.size for file in lacking)
        # a wheel and its packed blob or patch are here at once
        self.blobs.room_for(lack + max((file.blob.size for file in lacking), default=0), len(lacking) + 1)
        progress(total - lack, total)
        fetched = 0
        for file in lacking:
            fetched += self._bring_file(file, order, budget)
            lack -= file.size
            progress(total - lack, total)
        self.trust.learn_signed(min(release.made_at, self.trust.good_until_s()))
        return _whole(release, signed, fetched)

    def _named(self, signed: Signed) -> Release:
        release = self.release(signed.page)
        if release.name != signed.name:
            raise FetchError("bad-release", f"{signed.name}: its page is that of {release.name!r}")
        return release

    def _bring_file(self, file: File, order: list[Source], budget: Budget) -> int:
        came = 0
        for patch in file.patches:
            if self._fits(file, patch):
                try:
                    return came + self._bring_patch(file, patch, order, budget)
                except FetchError as error:
                    if error.reason in HOPELESS:
                        raise
                    log.warning("%s: a patch came to nothing, so it is fetched whole: %s", file.name, error)
                    self.fell_back += 1
                    break
        return came + self._bring_whole(file, order, budget)

    def _fits(self, file: File, patch: Patch) -> bool:
        """Whether its base is here, undamaged, and the two are not too much for this machine's memory."""
        base = self.blobs.path(Blob(patch.base, 0, 0))
        try:
            size = base.stat().st_size
        except OSError:
            return False
        return size + file.size <= self._most and self.blobs.verify(Blob(patch.base, size, size))

    def _bring_patch(self, file: File, patch: Patch, order: list[Source], budget: Budget) -> int:
        came = self._bring(patch.blob, f"blobs/{patch.blob.path}", order, budget)
        self.blobs.commit()
        try:
            size = self.blobs.path(Blob(patch.base, 0, 0)).stat().st_size
            base = self.blobs.read(Blob(patch.base, size, size))
            made = apply_patch(base, self.blobs.read(patch.blob), file.size, file.sha256)
        except (BadRelease, MemoryError, OSError) as error:
            raise FetchError("bad-release", f"{file.name}: {type(error).__name__}: {error}") from None
        finally:
            self.blobs.drop(patch.blob)
        self.blobs.put(made)
        self.patched += 1
        return came

    def _bring_whole(self, file: File, order: list[Source], budget: Budget) -> int:
        came = self._bring(file.blob, f"blobs/{file.blob.path}", order, budget)
        self.blobs.commit()
        if file.blob.coding:
            try:
                made = unpack(file.blob, self.blobs.read(file.blob))
            except BadRelease as error:
                raise FetchError("bad-release", f"{file.name}: {error}") from None
            finally:
                self.blobs.drop(file.blob)
            self.blobs.put(made)
        if not self.blobs.verify(file.plain):
            raise FetchError("bad-release", f"{file.name}: its blob holds another file than is signed")
        return came


def _whole(release: Release, signed: Signed, fetched: int) -> Whole:
    """The release in the words of any: its header says when it may be adopted."""
    total = sum(file.size for file in release.files)
    header = Header(
        format=1, tenant=SOFTWARE, name=release.name, number=1, made_at=release.made_at,
        activate=release.activate, note=release.note,
    )  # fmt: skip
    root = Root(header=header, pages=(), files=len(release.files), bytes=total)
    return Whole(
        name=signed.name, root=root, page=signed.page, fetched=fetched, reused=max(0, total - fetched)
    )
