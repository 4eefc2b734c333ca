"""Bringing one release: believed metadata, its root page, its pages, and of its files those that are not here yet.

Everything is kept in the blob store, so what is fetched anew is what changed. Nothing of what is shown is touched: whoever
adopts releases (docs/adopting.md) hears of this one when all of it is on the disk.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from msgspec import Struct
from tuf.api.metadata import TargetFile

from content.release.manifest import (
    BadRelease,
    Blob,
    Entry,
    Root,
    entries_of,
    is_tenant,
    read_page,
    read_root,
)
from content.signing import BadKeys, PublicKeys, Purpose, read_keys
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.checking import check_file
from kiosk.fetching.errors import OF_THE_SOURCE, FetchError
from kiosk.fetching.sources import Source, Wait
from kiosk.fetching.trust import Trust, folder_of

log = logging.getLogger(__name__)

Got = TypeVar("Got")
MOST_ROOT_PAGE: Final = 1 << 20
MOST_KEYS: Final = 1 << 16
BATCH_BYTES: Final = 16 << 20  # synced and named together
BATCH_FILES: Final = 256


class Signed(Struct, frozen=True):
    """A release that was signed: its name, its root page as a blob, and whether it is the one for everybody."""

    name: str
    page: Blob
    current: bool = False


class Whole(Struct, frozen=True, kw_only=True):
    """A release that is here, every byte of it on the disk."""

    name: str
    root: Root
    page: Blob  # the root page: what to keep it by
    fetched: int  # bytes that came over a line for it; metadata not counted
    reused: int  # bytes that were here already, or left of a fetch that was cut off


Progress = Callable[[int, int], None]  # bytes here, bytes in all


class Allowed(Struct, frozen=True):
    """What a fetch may do besides metadata and pages."""

    blobs: bool = True  # False: it is not the hour for it
    metered_bytes: int | None = None  # of one release over lines that cost by the byte; None: all of it


class Fetching:
    """What of releases this kiosk has, and how it gets more. For one thread. Raises FetchError."""

    def __init__(self, trust: Trust, blobs: BlobStore, tenant: str, wait: Wait = lambda _: None) -> None:
        """`wait`: called with the bytes that came, returns when more may (kiosk.fetching.pace)."""
        self.trust, self.blobs, self.tenant, self._wait = trust, blobs, tenant, wait
        self._keys: tuple[str, PublicKeys] | None = None
        self._last: tuple[Signed, int, Whole] | None = None  # found whole, and what had been lost by then

    def refresh(self, sources: Sequence[Source]) -> None:
        """Bring the metadata up to date from the first source that can. Raises what the last of the more telling ones said."""
        if not is_tenant(self.tenant):
            raise FetchError("unknown", f"no release can be signed for tenant {self.tenant!r}")
        order = list(sources)
        self._first(order, lambda source: self.trust.refresh(source, self.tenant))
        self._bring_keys(order)

    def signed(self) -> tuple[Signed, ...]:
        """The releases that are signed for this kiosk's operator, as last believed; by name."""
        found = []
        for path, file in self.trust.files(self.tenant).items():
            name = path.rpartition("/")[2]
            if name.endswith(".release"):
                current = isinstance(file.custom, dict) and file.custom.get("current") is True
                found.append(
                    Signed(name.removesuffix(".release"), _blob(path, file, MOST_ROOT_PAGE), current)
                )
        return tuple(sorted(found, key=lambda signed: signed.name))

    def wanted(self, name: str) -> Signed:
        """The release of a name; of "", the one for everybody. Raises FetchError unknown."""
        found = [each for each in self.signed() if (each.name == name if name else each.current)]
        if len(found) != 1:
            what = repr(name) if name else "for everybody"
            raise FetchError("unknown", f"{len(found) or 'no'} releases {what} are signed")
        return found[0]

    def fetch(
        self, signed: Signed, sources: Sequence[Source], progress: Progress = lambda _have, _all: None,
        allowed: Allowed = Allowed(),  # noqa: B008 - frozen
    ) -> Whole:  # fmt: skip
        """Bring all of a signed release that is not here; what is here already is believed for its size, read when shown."""
        try:
            return self._fetch(signed, list(sources), progress, allowed)
        finally:
            self.blobs.commit()  # what came before it was cut off need not come again

    def _fetch(self, signed: Signed, order: list[Source], progress: Progress, allowed: Allowed) -> Whole:
        budget = Budget(allowed)
        root = self._root_page(signed, order)
        entries = self._entries(root, order)
        files = {entry.blob.sha256: entry for entry in entries}
        lacking = [entry for entry in files.values() if not self.blobs.has(entry.blob)]
        total, lack = (sum(entry.blob.size for entry in some) for some in (files.values(), lacking))
        if lacking and not allowed.blobs:
            raise FetchError(
                "not-now", f"{len(lacking)} files, {lack} bytes, are fetched when the hours allow it"
            )
        self.blobs.room_for(lack, len(lacking))
        if lacking and all(source.metered for source in order):
            budget.check(order[0] if order else None, lack)
        progress(total - lack, total)
        fetched = self._bring_all(lacking, order, budget, lambda here: progress(total - lack + here, total))
        self.trust.learn_signed(min(root.header.made_at, self.trust.good_until_s()))
        return Whole(name=signed.name, root=root, page=signed.page, fetched=fetched, reused=total - fetched)

    def whole(self, signed: Signed) -> Whole | None:
        """A release that is here already, as far as sizes say; None where something of it lacks."""
        if self._last is not None and self._last[:2] == (signed, self.blobs.lost):
            return self._last[2]
        try:
            root = self._read_root(signed)
            entries = self._entries(root)
        except FetchError:
            return None
        if not all(self.blobs.has(entry.blob) for entry in entries):
            return None
        found = Whole(name=signed.name, root=root, page=signed.page, fetched=0, reused=root.bytes)
        self._last = signed, self.blobs.lost, found
        return found

    def entries(self, root: Root) -> tuple[Entry, ...]:
        """The files of a release that is here. Raises FetchError where a page is not."""
        return self._entries(root)

    def needed(self, page: Blob) -> set[str]:
        """The names of all blobs of a release that is here, by its root page. Raises FetchError where it cannot be told."""
        root = _judged(lambda: read_root(self.blobs.read(page)))
        found = {page.sha256} | {blob.sha256 for blob in root.pages}
        return found | {entry.blob.sha256 for entry in self._entries(root)}

    def clean(self, keep: Iterable[Blob], wanted: str = "") -> tuple[int, int]:
        """Take away what belongs to none of these releases, given by their root pages; how many files and bytes that were.

        What came so far of the release `wanted` stays too. Where what one to keep needs cannot be told, nothing at all is
        taken away (FetchError).
        """
        names = {each.sha256 for each in (self._keys_blob(),) if each is not None} | self._begun(wanted)
        for page in keep:
            names |= self.needed(page)
        return self.blobs.keep(names)

    def _begun(self, name: str) -> set[str]:
        """What of a release is known here to belong to it; perhaps not all of it came."""
        names: set[str] = set()
        try:
            signed = self.wanted(name)
            names.add(signed.page.sha256)
            for page in self._read_root(signed).pages:
                names.add(page.sha256)
                if self.blobs.has(page):
                    names |= {entry.blob.sha256 for entry in read_page(self.blobs.unpacked(page))}
        except (FetchError, BadRelease):
            pass  # nothing more is known
        return names

    def keys(self, purpose: Purpose) -> dict[str, bytes]:
        """The public keys for live changes or alerts, by key id, as last believed; {} where none are known."""
        blob = self._keys_blob()
        if blob is None:
            return {}
        if self._keys is None or self._keys[0] != blob.sha256:
            try:
                self._keys = blob.sha256, read_keys(self.blobs.read(blob), self.tenant)
            except (FetchError, BadKeys) as error:
                log.error("the keys for live changes and alerts cannot be used: %s", error)
                return {}
        return self._keys[1].of(purpose)

    # --- parts ------------------------------------------------------------------------------------------------

    def _bring_keys(self, order: list[Source]) -> None:
        """5.7 for keys.json; without it releases are fetched all the same."""
        try:
            blob = self._keys_blob()
            known = self._keys is not None and blob is not None and self._keys[0] == blob.sha256
            if blob is not None and not known and not self.blobs.verify(blob):
                path = f"targets/content/{self.tenant}/{blob.sha256}.keys.json"
                self._bring(blob, path, order, Budget(Allowed()))
                self.blobs.commit()
        except FetchError as error:
            log.warning("the keys for live changes and alerts did not come: %s", error)

    def _keys_blob(self) -> Blob | None:
        path = f"content/{self.tenant}/keys.json"
        file = self.trust.files(self.tenant).get(path)
        return _blob(path, file, MOST_KEYS) if file is not None else None

    def _root_page(self, signed: Signed, order: list[Source]) -> Root:
        self._bring_page(signed, order)
        return self._read_root(signed)

    def _bring_page(self, signed: Signed, order: list[Source]) -> None:
        """5.7: the target itself."""
        if not self.blobs.verify(signed.page):
            path = f"targets/{folder_of(self.tenant)}/{signed.page.sha256}.{signed.name}.release"
            self._bring(signed.page, path, order, Budget(Allowed()))

    def _read_root(self, signed: Signed) -> Root:
        root = _judged(lambda: read_root(self.blobs.read(signed.page)))
        if (root.header.name, root.header.tenant) != (signed.name, self.tenant):
            raise FetchError("bad-release", f"{signed.name}: its root page is that of {root.header.name!r}")
        return root

    def _entries(self, root: Root, order: list[Source] | None = None) -> tuple[Entry, ...]:
        if order is not None:
            self._bring_pages(root, order)
        try:
            return _judged(lambda: tuple(entries_of(root, self.blobs.unpacked)))
        except FetchError as error:
            if order is None or error.reason not in ("wrong-bytes", "missing"):
                raise
        self._bring_pages(root, order)  # one was damaged, and is gone
        return _judged(lambda: tuple(entries_of(root, self.blobs.unpacked)))

    def _bring_pages(self, root: Root, order: list[Source]) -> None:
        for page in {page.sha256: page for page in root.pages if not self.blobs.has(page)}.values():
            self._bring(page, f"blobs/{page.path}", order, Budget(Allowed()))

    def _bring_all(
        self, files: Sequence[Entry], order: list[Source], budget: Budget, here: Callable[[int], None]
    ) -> int:
        done = fetched = waiting = 0
        for index, entry in enumerate(files, 1):
            blob = entry.blob
            fetched += self._bring(blob, f"blobs/{blob.path}", order, budget, partial(check_file, entry))
            done, waiting = done + blob.size, waiting + blob.size
            if waiting >= BATCH_BYTES or index % BATCH_FILES == 0:
                self.blobs.commit()
                waiting = 0
            here(done)
        self.blobs.commit()
        return fetched

    def _bring(
        self,
        blob: Blob,
        path: str,
        order: list[Source],
        budget: Budget,
        check: Callable[[Path], None] | None = None,
    ) -> int:
        """One blob from the first source that has it; how many bytes came. What does not stand `check` is not taken in."""
        part = self.blobs.begin(blob)
        came = [0]

        def wait(count: int) -> None:
            came[0] += count
            self._wait(count)

        def ask(source: Source) -> None:
            budget.check(source, blob.size - part.length)
            before, resumed = came[0], part.length
            try:
                source.fill(path, part, wait)
            finally:
                budget.spend(source, came[0] - before)
            try:
                part.finish()
            except FetchError as error:
                if error.reason != "wrong-bytes" or not resumed:
                    raise
                source.fill(path, part, wait)  # perhaps the beginning came from somebody else
                part.finish()

        self._first(order, ask)
        if check is not None:
            try:
                check(part.path)
            except FetchError:
                part.again()
                raise
        self.blobs.take(part)
        return came[0]

    def _first(self, order: list[Source], ask: Callable[[Source], None]) -> None:
        """The first source that can; one that failed is asked last from then on, so that nobody waits for it twice.

        What a source gives wrongly is said before that one has not what is wanted, and that before that one is silent.
        """
        worst: FetchError | None = None
        for source in tuple(order):
            try:
                ask(source)
                return
            except FetchError as error:
                if error.reason not in OF_THE_SOURCE:
                    raise
                log.info("%s: %s", source.name, error)
                if error.reason != "missing":
                    order.remove(source)
                    order.append(source)
                if worst is None or _weight(error) > _weight(worst):
                    worst = error
        raise worst or FetchError("no-source", "none is configured")


def _weight(error: FetchError) -> int:
    return {"no-source": 0, "missing": 1}.get(error.reason, 2)


class Budget:
    """Bytes a fetch may still have over lines that cost by the byte."""

    def __init__(self, allowed: Allowed) -> None:
        self._left = allowed.metered_bytes

    def check(self, source: Source | None, size: int) -> None:
        """Raises FetchError metered."""
        if source is not None and source.metered and self._left is not None and size > self._left:
            raise FetchError(
                "metered", f"{source.name}: {size} bytes are wanted, {self._left} may come over its line"
            )

    def spend(self, source: Source, count: int) -> None:
        """So much came."""
        if source.metered and self._left is not None:
            self._left -= count


def _blob(path: str, file: TargetFile, most: int) -> Blob:
    """A target as a blob: its sha256 and length are signed."""
    digest = file.hashes.get("sha256", "")
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise FetchError("bad-release", f"{path}: signed without a sha256")
    if file.length > most:
        raise FetchError("bad-release", f"{path}: {file.length} bytes, expected at most {most}")
    return Blob(digest, file.length, file.length)


def _judged(make: Callable[[], Got]) -> Got:
    try:
        return make()
    except BadRelease as error:
        raise FetchError("bad-release", str(error)) from None
