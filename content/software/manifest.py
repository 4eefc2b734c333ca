"""What a software release is made of: one signed page of JSON that lists wheels, or names an image of the whole machine.

    software/NAME.release    the page, a target of The Update Framework's role `software`
    file                     a wheel by its own hash and size, the blob that has it, and patches that make it of others
    patch                    zstd with another wheel as its dictionary (content.software.patching)

All is read with bounds, because what is signed can still be wrong: each mistake raises BadRelease, which names it.
Sizes are bytes, times Unix seconds (UTC). Pure: no file, no clock.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Struct

from content.release.manifest import CAPS, Activation, BadRelease, Blob

FORMAT: Final = 1
MOST_PAGE: Final = 1 << 20
MOST_FILES: Final = 200
MOST_PATCHES: Final = 20  # of one file
MOST_BYTES: Final = 1 << 30  # of all wheels
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,78}[A-Za-z0-9])?", re.ASCII)
_WHEEL: Final = re.compile(
    r"[A-Za-z0-9_.]+-[A-Za-z0-9_.!+]+(?:-[0-9][A-Za-z0-9_.]*)?(?:-[A-Za-z0-9_.]+){3}\.whl", re.ASCII
)
_VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9]+)*[A-Za-z0-9.+-]*", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NUMBERS: Final = re.compile(r"[0-9]+", re.ASCII)


class Patch(Struct, frozen=True, kw_only=True):
    """Makes a file of another: `base` is the sha256 of that one; `blob` is stored and fetched as it is."""

    base: str
    blob: Blob


class File(Struct, frozen=True, kw_only=True):
    """A wheel. `sha256` and `size` are its own; `blob` is how it is stored."""

    name: str
    sha256: str
    size: int
    blob: Blob
    patches: tuple[Patch, ...] = ()

    @property
    def plain(self) -> Blob:
        """The file itself as a blob."""
        return Blob(self.sha256, self.size, self.size)


class Image(Struct, frozen=True, kw_only=True):
    """The whole machine as its image updater knows it: nothing of it is fetched by us."""

    name: str
    digest: str  # sha256, hex


class Release(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A software release: wheels, or an image. `version` is the package's; `from_min`, `from_max` bound what it may follow."""

    format: int
    name: str
    version: str
    made_at: int
    files: tuple[File, ...] = ()
    image: Image | None = None
    activate: Activation = Activation()
    from_min: str = ""
    from_max: str = ""
    note: str = ""


class _OnlyFormat(Struct):
    format: int


def numbers(version: str) -> tuple[int, ...]:
    """A version's numbers, to be compared; what comes after its first "+" or "-" is left out."""
    return tuple(int(number) for number in _NUMBERS.findall(re.split(r"[+-]", version, maxsplit=1)[0]))


def is_name(text: str) -> bool:
    """Whether a software release may be called so: it is a file's name, and a roll-out's word."""
    return bool(_NAME.fullmatch(text)) and ".." not in text


def write_release(release: Release) -> bytes:
    """A page as it is signed. Raises BadRelease where `read_release` would."""
    data = msgspec.json.format(msgspec.json.encode(release), indent=1)
    read_release(data)
    return data


def read_release(data: bytes) -> Release:
    """The release in these bytes. Raises BadRelease: too large, not one, of a later format, beyond the bounds."""
    if len(data) > MOST_PAGE:
        raise BadRelease(f"software: {len(data)} bytes, expected at most {MOST_PAGE}")
    try:
        if (found := msgspec.json.decode(data, type=_OnlyFormat).format) != FORMAT:
            raise BadRelease(f"software: format {found}, this program reads {FORMAT}")
        release = msgspec.json.decode(data, type=Release)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadRelease(f"software: not a release ({error})") from error
    _check(release)
    return release


def _check(release: Release) -> None:
    if not is_name(release.name):
        raise BadRelease(f"software: named {release.name[:80]!r}: expected letters, digits, dots, dashes")
    for what, version in (
        ("version", release.version),
        ("from_min", release.from_min),
        ("from_max", release.from_max),
    ):
        if (version or what == "version") and not _VERSION.fullmatch(version[:60]):
            raise BadRelease(f"software {release.name}: {what} {version[:60]!r}: expected one such as 1.4.0")
    if bool(release.files) == (release.image is not None):
        raise BadRelease(f"software {release.name}: expected either wheels or an image")
    if release.image is not None and not (
        is_name(release.image.name) and _HASH.fullmatch(release.image.digest)
    ):
        raise BadRelease(f"software {release.name}: image: expected a name and a sha256")
    if len(release.files) > MOST_FILES or sum(file.size for file in release.files) > MOST_BYTES:
        raise BadRelease(f"software {release.name}: more than {MOST_FILES} files or {MOST_BYTES} bytes")
    if len({file.name for file in release.files}) != len(release.files):
        raise BadRelease(f"software {release.name}: a file is listed twice")
    for file in release.files:
        _check_file(file)


def _check_file(file: File) -> None:
    what = f"file {file.name[:120]!r}"
    if len(file.name) > 200 or not _WHEEL.fullmatch(file.name):
        raise BadRelease(f"{what}: expected a wheel's name")
    _check_blob(file.blob, what)
    if not _HASH.fullmatch(file.sha256) or file.blob.raw != file.size:
        raise BadRelease(f"{what}: its blob is not of its {file.size} bytes")
    if not file.blob.coding and file.blob.sha256 != file.sha256:
        raise BadRelease(f"{what}: stored as it is under another hash")
    if len(file.patches) > MOST_PATCHES:
        raise BadRelease(f"{what}: {len(file.patches)} patches, expected at most {MOST_PATCHES}")
    for patch in file.patches:
        _check_blob(patch.blob, f"{what}: patch")
        if not _HASH.fullmatch(patch.base) or patch.blob.coding or patch.blob.size >= file.blob.size:
            raise BadRelease(f"{what}: a patch that is none, or larger than the file")


def _check_blob(blob: Blob, what: str) -> None:
    if not _HASH.fullmatch(blob.sha256):
        raise BadRelease(f"{what}: expected a sha256")
    if not 0 < blob.raw <= CAPS.blob:
        raise BadRelease(f"{what}: {blob.raw} bytes, expected at most {CAPS.blob}")
    if not 0 < blob.size <= blob.raw or (blob.coding == "") != (blob.size == blob.raw):
        raise BadRelease(f"{what}: {blob.size} bytes for {blob.raw} unpacked")
