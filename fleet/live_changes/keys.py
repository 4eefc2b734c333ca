"""The private key that signs live changes, as `endcap content keys` makes it: TENANT.live.pem."""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_PRIVATE = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)
_MOST = 1 << 14


class BadLiveKey(ValueError):
    """The key cannot be used; one line with the file and what was expected."""


def load_live_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 private key of a PEM file; without a passphrase, for nobody sits beside the fleet. Raises BadLiveKey."""
    try:
        with path.open("rb") as file:
            found = _PRIVATE.search(file.read(_MOST))
    except OSError as error:
        raise BadLiveKey(f"{path}: cannot be read: {error.strerror}") from None
    if found is None:
        raise BadLiveKey(f"{path}: expected a private key in PEM")
    try:
        key = load_pem_private_key(found[0], None)
    except TypeError:
        raise BadLiveKey(f"{path}: it has a passphrase, and nobody is there to type it") from None
    except ValueError:
        raise BadLiveKey(f"{path}: expected a private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadLiveKey(f"{path}: expected an Ed25519 key")
    return key
