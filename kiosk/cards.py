"""Card numbers become tokens at once: HMAC-SHA-256 under a key that never leaves this kiosk's disk.

Whoever takes the disk can test a number they already know, and nobody can list the numbers there were; the same card
at the same kiosk gives the same token, which is what a payment needs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32
TOKEN_BYTES: Final = 15  # 120 bits: 24 characters of base32, no padding


class BadKey(OSError):
    """The key file cannot be used; says which and why."""


class CardTokens:
    """Makes tokens of card numbers (UIDs)."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise BadKey(f"a card key has {KEY_BYTES} bytes, this one {len(key)}")
        self._key = key

    def token(self, uid: bytes) -> str:
        """24 characters of base32 that stand for a card at this kiosk."""
        return base64.b32encode(
            hmac.digest(self._key, b"card\0" + uid, hashlib.sha256)[:TOKEN_BYTES]
        ).decode()


def load_tokens(path: Path) -> CardTokens:
    """Tokens under the key in `path`; a new random key is made where there is no file. Raises BadKey."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise BadKey(f"{path}: cannot make a card key: {error.strerror}") from error
    else:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
    try:
        return CardTokens(path.read_bytes())
    except BadKey as error:
        raise BadKey(f"{path}: {error}") from None
    except OSError as error:
        raise BadKey(f"{path}: {error.strerror}") from error
