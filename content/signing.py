"""Ed25519 signatures over what reaches walls between releases: live changes and alerts.

The public keys come with the operator's releases (target content/TENANT/keys.json), so that The Update Framework says
whose they are and takes them away again. A signature counts for one purpose of one tenant: both are under it, so a
price drop never passes for an alert, nor one operator's for another's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

Purpose = Literal["live", "alert"]
PURPOSES: Final[tuple[Purpose, ...]] = ("live", "alert")
FORMAT: Final = 1
MOST_KEYS: Final = 32  # of one purpose
_MOST_BYTES: Final = 1 << 16
_KEY_BYTES: Final = 32


class BadKeys(ValueError):
    """keys.json is not one; the message says where and what was expected."""


class PublicKeys(Struct, frozen=True, kw_only=True):
    """A tenant's public keys: by purpose, by key id, 32 bytes each; of a purpose's keys the newest is first."""

    tenant: str
    keys: dict[Purpose, dict[str, bytes]]

    def of(self, purpose: Purpose) -> dict[str, bytes]:
        """The keys that sign for a purpose, by key id; none: {}."""
        return dict(self.keys.get(purpose, {}))


class _File(Struct, forbid_unknown_fields=True):
    format: int
    tenant: str
    keys: dict[Purpose, dict[str, str]]


def key_id(public: bytes) -> str:
    """Names a public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def public_bytes(private: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key."""
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(private: Ed25519PrivateKey, purpose: Purpose, tenant: str, body: bytes) -> bytes:
    """The signature (64 bytes) of a body for a purpose of a tenant."""
    return private.sign(_signed(purpose, tenant, body))


def verify(
    keys: Mapping[str, bytes], purpose: Purpose, tenant: str, kid: str, body: bytes, signature: bytes
) -> bool:
    """Whether the key `kid` of `keys` (those of this purpose) signed the body for this purpose of this tenant."""
    public = keys.get(kid)
    if public is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _signed(purpose, tenant, body))
    except (InvalidSignature, ValueError):
        return False
    return True


def write_keys(keys: PublicKeys) -> bytes:
    """keys.json; the same keys always give the same bytes."""
    said = {purpose: {kid: public.hex() for kid, public in of.items()} for purpose, of in keys.keys.items()}
    return msgspec.json.format(msgspec.json.encode(_File(FORMAT, keys.tenant, said)), indent=2) + b"\n"


def read_keys(data: bytes, tenant: str) -> PublicKeys:
    """The keys in a tenant's keys.json. Raises BadKeys: not one, another tenant's, a key that is not what its id says."""
    if len(data) > _MOST_BYTES:
        raise BadKeys(f"keys.json: {len(data)} bytes, expected at most {_MOST_BYTES}")
    try:
        said = msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadKeys(f"keys.json: {error}") from error
    if said.format != FORMAT:
        raise BadKeys(f"keys.json: format {said.format}, this program reads {FORMAT}")
    if said.tenant != tenant:
        raise BadKeys(f"keys.json: of {said.tenant[:60]!r}, expected {tenant!r}")
    return PublicKeys(tenant=tenant, keys={purpose: _keys(purpose, of) for purpose, of in said.keys.items()})


def _keys(purpose: Purpose, said: dict[str, str]) -> dict[str, bytes]:
    if len(said) > MOST_KEYS:
        raise BadKeys(f"keys.json: {purpose}: {len(said)} keys, expected at most {MOST_KEYS}")
    keys = {}
    for kid, text in said.items():
        try:
            public = bytes.fromhex(text)
        except ValueError:
            public = b""
        if len(public) != _KEY_BYTES or key_id(public) != kid:
            raise BadKeys(
                f"keys.json: {purpose}.{kid[:20]}: expected the 32 bytes of the key with this id, in hex"
            )
        keys[kid] = public
    return keys


def _signed(purpose: Purpose, tenant: str, body: bytes) -> bytes:
    """What is signed. The lengths keep one field from running into the next."""
    head = b"".join(
        len(word).to_bytes(2, "big") + word for word in (b"endcap/1", purpose.encode(), tenant.encode())
    )
    return head + body
