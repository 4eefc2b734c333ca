"""What is in the operator's repository of signed releases (content.release), read and never changed here.

The list is what timestamp.json leads to: kiosks believe nothing else, and they check the signatures. Files are named by
their hashes and never change, so what was read once is kept until timestamp.json is another.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from content.authored.adverts import of_kiosk
from content.authored.groups import groups_of
from content.authored.mistakes import ContentError
from content.authored.model import Content, Orientation, Where
from content.authored.parts import from_parts
from content.model import Store
from content.release.manifest import PARTS, PICTURES, BadRelease, Blob, Entry, Root, entries_of, read_root
from content.release.packing import unpack
from content.software import manifest as programs
from fleet.rollouts.model import BadRollout, check_release

SOFTWARE: Final = "software"  # the role that signs programs (content.release.roles)
KEPT: Final = 3  # releases whose content is at hand: the one for everybody, and what rings run meanwhile


class Release(Struct, frozen=True, kw_only=True):
    """A release in the repository. `made_ms` and `activates_ms` are Unix milliseconds; 0: as soon as nobody buys."""

    name: str
    tenant: str
    number: int
    made_ms: int
    activates_ms: int
    note: str
    min_software: str
    files: int
    bytes: int
    current: bool  # the one for everybody


class Software(Struct, frozen=True, kw_only=True):
    """Programs in the repository. Times as in Release; `from_min`, `from_max`: versions it may follow, "": any. `image`: what
    the whole machine is to be, by name; "": `files` are wheels.
    """

    name: str
    version: str
    made_ms: int
    activates_ms: int
    note: str
    from_min: str
    from_max: str
    image: str
    files: int
    bytes: int


class _Listed(Struct, frozen=True):
    content: tuple[Release, ...]
    software: tuple[Software, ...]


class Releases:
    """`folder` None: there is no repository here. From any thread."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.trouble = ""  # why the list could not be read when it was last asked for
        self._lock = threading.Lock()
        self._mark: tuple[int, int] | None = None
        self._listed = _Listed((), ())
        self._roots: dict[str, Root] = {}
        self._contents: dict[str, Content] = {}

    def all(self) -> list[Release]:
        """The newest first; where the repository cannot be read, what was read last, and `trouble` says why."""
        return list(self._list().content)

    def software(self) -> list[Software]:
        """As `all`, of programs."""
        return list(self._list().software)

    def _list(self) -> _Listed:
        if self.folder is None:
            return self._listed
        with self._lock:
            try:
                about = (self.folder / "metadata" / "timestamp.json").stat()
                mark = (about.st_mtime_ns, about.st_size)
                if self._mark != mark:
                    self._listed, self._mark = self._read(self.folder), mark
                self.trouble = ""
            except (OSError, BadRelease, ValueError, KeyError, TypeError) as error:
                self.trouble = f"{self.folder} cannot be read: {error}"
            return self._listed

    def _of(self, kind: str) -> list[Release] | list[Software]:
        return self.all() if kind == "content" else self.software()

    def check(self, kind: str, name: str) -> None:
        """Raises BadRollout for content or software nobody has signed here."""
        check_release(name)
        if self.folder is None:
            return
        known = [one.name for one in self._of(kind)]
        if name not in known:
            some = ", ".join(known[:5]) or "none"
            what = "release" if kind == "content" else "software"
            raise BadRollout(
                f"{what} {name!r}: it is not in the repository; there are {some}" + self._because()
            )

    def activates_ms(self, kind: str, name: str) -> int:
        """The signed moment of a release; 0 where there is none, or nobody knows."""
        return next((one.activates_ms for one in self._of(kind) if one.name == name), 0)

    def groups(self, kiosk: str, tags: frozenset[str] = frozenset(), orientation: str = "") -> frozenset[str]:
        """A kiosk's groups, as its operator's newest release has them; a wall that does not say how it hangs is a portrait's."""
        newest = next((one for one in self.all() if one.tenant == kiosk.partition("/")[0]), None)
        if newest is None or self.folder is None:
            return frozenset()
        return groups_of(self._read_content(self.folder, newest.name), _where(kiosk, tags, orientation))

    def store_of(self, kiosk: str, tags: frozenset[str], name: str = "") -> Store | None:
        """What a kiosk is to show by the release it runs: the store with its own playlists; products are left out. `name` ""
        or one that is not here (any more): the release for everybody, else the newest; None: there is none of its operator.
        """
        mine = [one for one in self.all() if one.tenant == kiosk.partition("/")[0]]
        found = [one for one in mine if one.name == name] or [one for one in mine if one.current] or mine
        if not found or self.folder is None:
            return None
        content = self._read_content(self.folder, found[0].name)
        return of_kiosk(content.store, groups_of(content, _where(kiosk, tags)))

    def _read_content(self, folder: Path, name: str) -> Content:
        with self._lock:
            content = self._contents.get(name)
            if content is None:
                content = placing(_content(folder, self._roots[name])[0])
                kept = list(self._contents.items())[1 - KEPT :]
                self._contents = {**dict(kept), name: content}
            return content

    def parts(self, name: str) -> tuple[Content, dict[str, Blob]]:
        """What an operator wrote of a release, and its pictures' blobs by name. Takes as long as there are products.
        Raises BadRollout where it is not here or cannot be read.
        """
        self.all()
        root = self._roots.get(name)
        if self.folder is None or root is None:
            raise BadRollout(f"release {name!r}: it is not in the repository" + self._because())
        content, entries = _content(self.folder, root)
        return content, {one.name: one.blob for one in entries if one.name.startswith(f"{PICTURES}/")}

    def bring(self, blob: Blob, path: Path) -> None:
        """Put what a blob holds under a name: as a second name of it where that can be. Raises OSError, BadRelease."""
        assert self.folder is not None, "parts() has said where it lies"
        stored = self.folder / "blobs" / blob.path
        if not blob.coding:
            with suppress(OSError):  # another file system, or one that knows no second names
                os.link(stored, path)
                return
        path.write_bytes(unpack(blob, stored.read_bytes()))

    def _because(self) -> str:
        return f" ({self.trouble})" if self.trouble else ""

    def _read(self, folder: Path) -> _Listed:
        return _Listed(tuple(self._read_content_list(folder)), tuple(_software(folder)))

    def _read_content_list(self, folder: Path) -> list[Release]:
        found = []
        for role in _roles(folder):
            for path, told in _targets(folder, role).items():
                top, _, name = path.rpartition("/")
                if top.startswith("content/") and name.endswith(".release"):
                    root = self._roots.get(name[:-8]) or read_root(_page(folder, path, told))
                    self._roots[root.header.name] = root
                    found.append(_release(root, bool((told.get("custom") or {}).get("current"))))
        return sorted(found, key=lambda one: (-one.made_ms, -one.number, one.name))


def _where(kiosk: str, tags: frozenset[str], orientation: str = "") -> Where:
    tenant, site, name = kiosk.split("/")
    hangs: Orientation = "landscape" if orientation == "landscape" else "portrait"
    return Where(tenant, site, name, hangs, tuple(sorted(tags)))


def _release(root: Root, current: bool) -> Release:
    header = root.header
    return Release(
        name=header.name, tenant=header.tenant, number=header.number, made_ms=header.made_at * 1000,
        activates_ms=(header.activate.at or 0) * 1000, note=header.note, min_software=header.min_software,
        files=root.files, bytes=root.bytes, current=current,
    )  # fmt: skip


def _software(folder: Path) -> list[Software]:
    """The newest first. Its page never changes, and is small: all are read whenever the list is."""
    if f"{SOFTWARE}.json" not in _snapshot(folder):
        return []
    found = [
        programs.read_release(_page(folder, path, told))
        for path, told in _targets(folder, SOFTWARE).items()
        if path.startswith(f"{SOFTWARE}/") and path.endswith(".release")
    ]
    listed = [
        Software(
            name=one.name, version=one.version, made_ms=one.made_at * 1000,
            activates_ms=(one.activate.at or 0) * 1000, note=one.note, from_min=one.from_min, from_max=one.from_max,
            image=one.image.name if one.image else "", files=len(one.files),
            bytes=sum(file.size for file in one.files),
        )
        for one in found
    ]  # fmt: skip
    return sorted(listed, key=lambda one: (-one.made_ms, one.name))


def _page(folder: Path, path: str, told: dict[str, Any]) -> bytes:
    """A target's bytes, as they are named under consistent snapshots."""
    top, _, name = path.rpartition("/")
    return (folder / "targets" / top / f"{told['hashes']['sha256']}.{name}").read_bytes()


def _roles(folder: Path) -> list[str]:
    """Who signs releases: one role for each operator."""
    return sorted(
        name[: -len(".json")]
        for name in _snapshot(folder)
        if name not in ("root.json", "targets.json", f"{SOFTWARE}.json")
    )


def _snapshot(folder: Path) -> dict[str, Any]:
    version = _signed(folder / "metadata" / "timestamp.json")["meta"]["snapshot.json"]["version"]
    meta: dict[str, Any] = _signed(folder / "metadata" / f"{int(version)}.snapshot.json")["meta"]
    return meta


def _targets(folder: Path, role: str) -> dict[str, Any]:
    version = int(_snapshot(folder)[f"{role}.json"]["version"])
    found: dict[str, Any] = _signed(folder / "metadata" / f"{version}.{role}.json")["targets"]
    return found


def _signed(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(path.read_bytes())["signed"]
    return found


def placing(content: Content) -> Content:
    """What decides groups alone, and no products: small enough to be kept."""
    return msgspec.structs.replace(content, products=(), sellers=(), lists=(), walls=(), offers=(), themes=())


def _content(folder: Path, root: Root) -> tuple[Content, list[Entry]]:
    """What an operator wrote, and all files of it. Raises BadRollout where it cannot be read."""

    def unpacked(blob: Blob) -> bytes:
        return unpack(blob, (folder / "blobs" / blob.path).read_bytes())

    try:
        entries = list(entries_of(root, unpacked))
        parts = {
            one.name.removeprefix(f"{PARTS}/"): unpacked(one.blob)
            for one in entries
            if one.name.startswith(f"{PARTS}/")
        }
        return from_parts(parts), entries
    except (OSError, BadRelease, ContentError) as error:
        raise BadRollout(f"the content of {root.header.name} cannot be read: {error}") from None
