"""The key under which card numbers become tokens (devices: HMAC-SHA-256). It never leaves this kiosk's disk.

Whoever takes the disk can test a number they already know, and nobody can list the numbers there were; the same card
at the same kiosk gives the same token, which is what a payment needs.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32


class BadKey(OSError):
    """The key file cannot be used; says which and why."""


def load_key(path: Path) -> bytes:
    """The key in `path`; a new random one is made, for this user only, where there is no file. Raises BadKey."""
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
        key = path.read_bytes()
    except OSError as error:
        raise BadKey(f"{path}: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise BadKey(
            f"{path}: a card key has {KEY_BYTES} bytes, this one {len(key)}; remove it to make a new one"
        )
    return key
