"""What a release is made of: a root page that lists pages, pages that list files, each file a blob named by its content.

    root page    msgpack map: header, pages, files, bytes    a target of The Update Framework, so it is signed
    page         msgpack array of [name, blob]               a blob itself
    blob         [sha256, size, raw, coding]                 `size` bytes as stored and fetched, `raw` once unpacked

All is read with bounds, because what is signed can still be wrong: each mistake raises BadRelease, which names it.
Sizes are bytes, times Unix seconds (UTC), minutes those of a local day. Pure: no file, no clock.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal

import msgspec
from msgspec import Struct

FORMAT: Final = 1
SIGNED_AT: Final = "x-endcap-signed-at"  # Unix seconds, in all signed metadata: when it was signed
PARTS: Final = "parts"  # what content.authored.to_parts gives, by its names
PICTURES: Final = "pictures"
FOLDERS: Final = (PARTS, PICTURES)

Coding = Literal["", "zstd"]

_DAY: Final = 24 * 60
# A tenant is a folder's name, a TUF role's and that role's key's (root-1 is another's); a release adds its number to it.
_TENANT: Final = re.compile(r"(?!root-|targets-)[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
_NAME: Final = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,99}/){1,4}[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII
)
_KEPT_WORDS: Final = frozenset({"root", "targets", "snapshot", "timestamp", "software"})

# Where a page ends is said by the names in it: after a name whose hash ends in _CUT zero bits. A file that comes or goes
# so changes its own page and no other. With 20,000 files a root page lists about 140 pages of 150.
_CUT: Final = 7
_PAGE_MIN: Final = 32
_PAGE_MAX: Final = 512


class BadRelease(Exception):
    """A release, or a file of it, is not what it is said to be; the message says which and what was expected."""


class Caps(Struct, frozen=True):
    """The most a release may ask of who reads it."""

    root: int = 1 << 20
    page: int = 1 << 19
    blob: int = 64 << 20  # of one file, unpacked
    files: int = 200_000
    total: int = 8 << 30  # of all files as stored


CAPS: Final = Caps()


class Activation(Struct, frozen=True):
    """When walls may change to it: not before `at`; and only within the local minutes `window` of a day, if given.

    `window` (60, 240) is 01:00 to 04:00; (1380, 60) goes over midnight. None of both: as soon as nobody is buying.
    """

    at: int | None = None
    window: tuple[int, int] | None = None


class Header(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a release says of itself. `name` is tenant and number: "demo-000042"."""

    format: int
    tenant: str
    name: str
    number: int
    made_at: int
    activate: Activation = Activation()
    min_software: str = ""  # the oldest program that can show it; "": any
    note: str = ""


class Blob(Struct, frozen=True):
    """Some bytes by what they are: the hash and size of what is stored, the size once unpacked."""

    sha256: str
    size: int
    raw: int
    coding: Coding = ""

    @property
    def path(self) -> str:
        """Where it lies in a repository and in a kiosk's store: "ab/abcdef..."."""
        return f"{self.sha256[:2]}/{self.sha256}"


class Entry(Struct, frozen=True):
    """A file of a release: "parts/..." or "pictures/...", and its bytes."""

    name: str
    blob: Blob


class Root(Struct, frozen=True, kw_only=True):
    """A release's root page: its header, its pages in order, how many files they list and how many bytes those store."""

    header: Header
    pages: tuple[Blob, ...]
    files: int
    bytes: int


class _Blob(Struct, array_like=True, forbid_unknown_fields=True):
    sha256: bytes
    size: int
    raw: int
    coding: Coding = ""


class _Entry(Struct, array_like=True, forbid_unknown_fields=True):
    name: str
    blob: _Blob


class _Root(Struct):
    header: Header
    pages: list[_Blob]
    files: int
    bytes: int


class _Format(Struct):
    format: int


class _OnlyFormat(Struct):
    header: _Format


_encode: Final = msgspec.msgpack.Encoder().encode
_decode_format: Final = msgspec.msgpack.Decoder(_OnlyFormat).decode
_decode_root: Final = msgspec.msgpack.Decoder(_Root).decode
_decode_page: Final = msgspec.msgpack.Decoder(list[_Entry]).decode
_DAMAGED: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)


def release_name(tenant: str, number: int) -> str:
    """The name of a tenant's release with this number, from 1: "demo-000042". Sorts by number up to a million."""
    return f"{tenant}-{number:06d}"


def is_tenant(text: str) -> bool:
    """Whether an operator may be called so: small letters, digits and dashes, and no word TUF has for itself."""
    return bool(_TENANT.fullmatch(text)) and text not in _KEPT_WORDS


def check_name(name: str) -> None:
    """Raise BadRelease unless a file of a release may be called so: relative, plain ASCII, in one of FOLDERS."""
    shown = name[:120]
    if name.startswith("/") or ".." in name.split("/"):
        raise BadRelease(f"file {shown!r}: leads out of the release")
    if not _NAME.fullmatch(name):
        raise BadRelease(
            f"file {shown!r}: expected FOLDER/NAME of letters, digits, dots, dashes, underscores"
        )
    if name.split("/", 1)[0] not in FOLDERS:
        raise BadRelease(f"file {shown!r}: expected it in {' or '.join(FOLDERS)}")


def write_root(root: Root) -> bytes:
    """A root page as it is stored; `read_root` gives it back."""
    return _encode(
        _Root(root.header, [_packed(blob) for blob in root.pages], root.files, root.bytes),
    )


def read_root(data: bytes, caps: Caps = CAPS) -> Root:
    """The root page in these bytes. Raises BadRelease: too large, not one, of a later format, beyond `caps`."""
    if len(data) > caps.root:
        raise BadRelease(f"root page: {len(data)} bytes, expected at most {caps.root}")
    try:
        if (found := _decode_format(data).header.format) != FORMAT:
            raise BadRelease(f"root page: format {found}, this program reads {FORMAT}")
        said = _decode_root(data)
    except _DAMAGED as error:
        raise BadRelease(f"root page: {_reason(error)}") from error
    _check_header(said.header)
    if not 0 <= said.files <= caps.files:
        raise BadRelease(f"root page: lists {said.files} files, expected at most {caps.files}")
    if not 0 <= said.bytes <= caps.total:
        raise BadRelease(f"root page: lists {said.bytes} bytes, expected at most {caps.total}")
    if len(said.pages) > max(1, said.files):
        raise BadRelease(f"root page: {len(said.pages)} pages for {said.files} files")
    pages = tuple(_blob(blob, f"page {index}", caps.page) for index, blob in enumerate(said.pages))
    return Root(header=said.header, pages=pages, files=said.files, bytes=said.bytes)


def write_page(entries: Iterable[Entry]) -> bytes:
    """A page as it is before it is packed; `read_page` gives it back."""
    return _encode([_Entry(entry.name, _packed(entry.blob)) for entry in entries])


def read_page(data: bytes, caps: Caps = CAPS) -> tuple[Entry, ...]:
    """The entries of an unpacked page. Raises BadRelease: too large, not one, names unsorted, twice, or not allowed."""
    if len(data) > caps.page:
        raise BadRelease(f"page: {len(data)} bytes, expected at most {caps.page}")
    try:
        said = _decode_page(data)
    except _DAMAGED as error:
        raise BadRelease(f"page: {_reason(error)}") from error
    before = ""
    for each in said:
        check_name(each.name)
        _check_order(before, each.name)
        before = each.name
    return tuple(Entry(each.name, _blob(each.blob, f"file {each.name!r}", caps.blob)) for each in said)


def entries_of(root: Root, page: Callable[[Blob], bytes], caps: Caps = CAPS) -> Iterator[Entry]:
    """Every file of a release in order of names, page by page; `page` gives a page unpacked.

    Raises BadRelease also for what no page alone can show: pages out of order, another sum than the root page says.
    """
    before, files, stored = "", 0, 0
    for blob in root.pages:
        for entry in read_page(page(blob), caps):
            _check_order(before, entry.name)
            before, files, stored = entry.name, files + 1, stored + entry.blob.size
            if files > root.files or stored > root.bytes:
                raise BadRelease(
                    f"file {entry.name!r}: beyond the {root.files} files and {root.bytes} bytes the root page lists"
                )
            yield entry
    if (files, stored) != (root.files, root.bytes):
        raise BadRelease(
            f"pages: list {files} files and {stored} bytes, the root page {root.files} and {root.bytes}"
        )


def cut(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Sorted entries in pages. The same names are always cut alike, and a change stays within its page or two."""
    start = 0
    for index, entry in enumerate(entries, 1):
        length = index - start
        if length >= _PAGE_MAX or (length >= _PAGE_MIN and _ends_page(entry.name)):
            yield entries[start:index]
            start = index
    if start < len(entries):
        yield entries[start:]


def _ends_page(name: str) -> bool:
    return hashlib.sha256(name.encode()).digest()[-1] & ((1 << _CUT) - 1) == 0


def _check_order(before: str, name: str) -> None:
    if name == before:
        raise BadRelease(f"file {name!r}: listed twice")
    if name < before:
        raise BadRelease(f"file {name!r}: listed after {before!r}, expected names in order")


def _check_header(header: Header) -> None:
    if not is_tenant(header.tenant):
        raise BadRelease(
            f"root page: tenant {header.tenant[:60]!r}: expected small letters, digits and dashes"
        )
    if header.number < 1 or header.name != release_name(header.tenant, header.number):
        raise BadRelease(
            f"root page: named {header.name[:60]!r}, expected {release_name(header.tenant, header.number)!r}"
        )
    if header.made_at < 0 or (header.activate.at is not None and header.activate.at < 0):
        raise BadRelease("root page: expected moments after 1970")
    window = header.activate.window
    if window is not None and (window[0] == window[1] or not all(0 <= minute <= _DAY for minute in window)):
        raise BadRelease(f"root page: window {window}: expected two different minutes of a day")


def _packed(blob: Blob) -> _Blob:
    return _Blob(bytes.fromhex(blob.sha256), blob.size, blob.raw, blob.coding)


def _blob(said: _Blob, what: str, most: int) -> Blob:
    if len(said.sha256) != hashlib.sha256().digest_size:
        raise BadRelease(f"{what}: expected a SHA-256, found {len(said.sha256)} bytes")
    if not 0 <= said.raw <= most:
        raise BadRelease(f"{what}: unpacks to {said.raw} bytes, expected at most {most}")
    # What is packed is smaller than what it unpacks to, else it is stored plain.
    if not 0 <= said.size <= said.raw or (said.coding == "") != (said.size == said.raw):
        raise BadRelease(f"{what}: {said.size} bytes for {said.raw} unpacked")
    return Blob(said.sha256.hex(), said.size, said.raw, said.coding)


def _reason(error: BaseException) -> str:
    return f"not one ({error})"
