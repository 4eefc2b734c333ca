"""The secrets links are signed with: made once, kept in the fleet's data folder, never sent anywhere.

A kiosk gets only its own key, derived from a secret and its address (content.links.link_key), so a stolen kiosk can sign
for nobody else. Two key ids live at a time: links signed before a rotation count until their last day.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from content.links import KEY_BYTES, KIDS, Keys, link_key

FILE: Final = "link.keys"
LIVE: Final = 2  # key ids whose links are believed: the current and the one before


class BadKeys(ValueError):
    """The file with the secrets cannot be used; says which and what was expected."""


class _Kept(Struct, frozen=True, forbid_unknown_fields=True):
    current: int
    secrets: dict[str, str]  # key id -> hex


class LinkKeys:
    """The secrets in a folder, made if they are not there. Raises BadKeys, OSError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        if not self._path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_new(self._path, {0: secrets.token_bytes(KEY_BYTES)}, 0)
        self._current, self._secrets = _read(self._path)

    @property
    def kid(self) -> int:
        """The key id links are signed with now."""
        return self._current

    def key_for(self, kiosk: str) -> bytes:
        """The key of a kiosk (tenant/site/kiosk) for `kid`: what its Terms carry."""
        return link_key(self._secrets[self._current], self._current, kiosk)

    def keys_of(self, kiosk: str) -> Keys:
        """The keys a link of this kiosk may be signed with, by key id."""

        def key(kid: int) -> bytes | None:
            secret = self._secrets.get(kid)
            return None if secret is None else link_key(secret, kid, kiosk)

        return key

    def rotate(self) -> int:
        """Sign with a new secret from now on and drop the one before the last; returns the new key id."""
        fresh = (self._current + 1) % KIDS
        kept: Mapping[int, bytes] = {
            self._current: self._secrets[self._current],
            fresh: secrets.token_bytes(KEY_BYTES),
        }
        _replace(self._path, kept, fresh)
        self._current, self._secrets = _read(self._path)
        return fresh


def _read(path: Path) -> tuple[int, dict[int, bytes]]:
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        found = {int(kid): bytes.fromhex(text) for kid, text in kept.secrets.items()}
    except (msgspec.DecodeError, ValueError) as error:
        raise BadKeys(
            f"{path}: not a file of link keys ({error}); restore it, or remove it to make new ones"
        ) from None
    sound = (
        kept.current in found
        and 0 < len(found) <= LIVE
        and all(0 <= kid < KIDS and len(secret) == KEY_BYTES for kid, secret in found.items())
    )
    if not sound:
        raise BadKeys(
            f"{path}: expected up to {LIVE} secrets of {KEY_BYTES} bytes under key ids 0 to {KIDS - 1}"
        )
    return kept.current, found


def _write_new(path: Path, kept: Mapping[int, bytes], current: int) -> None:
    """Where two programs start at once, the first one's secrets stay."""
    draft = _draft(path, kept, current)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _replace(path: Path, kept: Mapping[int, bytes], current: int) -> None:
    _draft(path, kept, current).replace(path)


def _draft(path: Path, kept: Mapping[int, bytes], current: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    body = msgspec.json.encode(_Kept(current, {str(kid): secret.hex() for kid, secret in kept.items()}))
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    return draft
