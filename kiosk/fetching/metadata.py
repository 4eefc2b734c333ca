"""Single metadata files of The Update Framework, judged; every mistake is a FetchError that says which.

Over python-tuf's public Metadata API. Section numbers are those of the TUF specification 1.0.34, chapter 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from tuf.api.exceptions import LengthOrHashMismatchError, RepositoryError, UnsignedMetadataError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Targets

from content.release.manifest import SIGNED_AT
from kiosk.fetching.errors import FetchError

Kind = TypeVar("Kind", bound=Signed)


@dataclass(frozen=True, slots=True)
class Held(Generic[Kind]):
    """Metadata that were believed. The signatures stay at hand, because who may sign can change."""

    signed: Kind
    metadata: Metadata[Any]
    meta: MetaFile | None = None  # what the role above says of them

    @property
    def version(self) -> int:
        """Of the metadata."""
        return self.signed.version


def read(kind: type[Kind], data: bytes, limit: int, what: str, meta: MetaFile | None = None) -> Held[Kind]:
    """Metadata of a kind; where the role above said something of them, they are that (5.5.2, 5.5.4, 5.6.2, 5.6.4)."""
    if len(data) > limit:
        raise FetchError("too-large", f"{what}: more than {limit} bytes")
    try:
        if meta is not None:
            meta.verify_length_and_hashes(data)
        found: Metadata[Any] = Metadata.from_bytes(data)
    except LengthOrHashMismatchError as error:
        raise FetchError("mixed", f"{what}: {line(error)}") from None
    except RepositoryError as error:
        raise FetchError("not-metadata", f"{what}: {line(error)}") from None
    if not isinstance(found.signed, kind):
        raise FetchError("not-metadata", f"{what}: signed as {found.signed.type}")
    if meta is not None and found.signed.version != meta.version:
        raise FetchError("mixed", f"{what} {found.signed.version}: {meta.version} is announced")
    return Held(found.signed, found, meta)


def check_signed(by: Root | Targets, role: str, held: Held[Any]) -> None:
    """5.4.2, 5.5.3, 5.6.3: enough good signatures of keys that may sign for this role now."""
    try:
        by.verify_delegate(role, held.metadata.signed_bytes, held.metadata.signatures)
    except UnsignedMetadataError as error:
        raise FetchError("unsigned", f"{role} {held.version}: {line(error)}") from None
    except (RepositoryError, ValueError) as error:  # no canonical form; a role nobody delegated
        raise FetchError("not-metadata", f"{role}: {line(error)}") from None


def first_root(data: bytes, limit: int) -> Root:
    """The root a kiosk was installed with: signed by itself."""
    held = read(Root, data, limit, "the root this kiosk was installed with")
    check_signed(held.signed, "root", held)
    return held.signed


def next_root(before: Root, data: bytes, limit: int) -> Root:
    """5.3.4, 5.3.5: signed by the old keys and by the new ones, and just one version on."""
    held = read(Root, data, limit, f"root {before.version + 1}")
    check_signed(before, "root", held)
    check_signed(held.signed, "root", held)
    if held.version != before.version + 1:
        raise FetchError("rolled-back", f"root {before.version + 1}: it says version {held.version}")
    return held.signed


def check_not_behind(what: str, version: int, seen: int) -> None:
    """5.4.3, 5.5.5: never older than what was believed before."""
    if version < seen:
        raise FetchError("rolled-back", f"{what} {version}: this kiosk has seen {seen}")


def check_not_expired(signed: Signed, now_s: int, what: str) -> None:
    """5.3.10, 5.4.4, 5.5.6, 5.6.5: else somebody may hold back what is new."""
    if signed.is_expired(datetime.fromtimestamp(now_s, UTC)):
        end = f"{signed.expires:%Y-%m-%d %H:%M} UTC"
        raise FetchError("expired", f"{what} {signed.version} was good until {end}")


def signed_at(signed: Signed) -> int:
    """When it says it was signed, where that is before its end; 0 where it says nothing of use."""
    at = signed.unrecognized_fields.get(SIGNED_AT)
    return at if type(at) is int and 0 < at < signed.expires.timestamp() else 0


def line(error: Exception) -> str:
    """What a library says, in one line of bounded length."""
    return " ".join(str(error).split())[:200]
