"""RSA signatures as WeChat Pay and Alipay make them: SHA-256, PKCS#1 v1.5 (RFC 8017, 8.2), written in base64."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

LEAST_BITS: Final = 2048


class BadKey(ValueError):
    """What should have been a key or a certificate; the text says what was expected."""


def private_key(text: bytes) -> RSAPrivateKey:
    """A private key without passphrase: PEM, or only its base64 as Alipay's key tool writes it. Raises BadKey."""
    for armoured in (text, _pem(text, "PRIVATE KEY"), _pem(text, "RSA PRIVATE KEY")):
        try:
            key = serialization.load_pem_private_key(armoured, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        if isinstance(key, RSAPrivateKey) and key.key_size >= LEAST_BITS:
            return key
    raise BadKey(f"an RSA private key of {LEAST_BITS} bits or more, without a passphrase")


def public_key(text: bytes) -> RSAPublicKey:
    """A public key: PEM, or only its base64. Raises BadKey."""
    for armoured in (text, _pem(text, "PUBLIC KEY")):
        try:
            key = serialization.load_pem_public_key(armoured)
        except (ValueError, UnsupportedAlgorithm):
            continue
        if isinstance(key, RSAPublicKey) and key.key_size >= LEAST_BITS:
            return key
    raise BadKey(f"an RSA public key of {LEAST_BITS} bits or more")


def certificate(text: bytes) -> tuple[str, RSAPublicKey, int]:
    """Serial number (upper-case hex), key and last second of a PEM certificate. Raises BadKey."""
    try:
        found = x509.load_pem_x509_certificate(text)
        key = found.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("a PEM certificate") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise BadKey(f"a certificate of an RSA key of {LEAST_BITS} bits or more")
    return f"{found.serial_number:X}", key, int(found.not_valid_after_utc.timestamp())


def sign(key: RSAPrivateKey, text: bytes) -> str:
    """The signature of `text`, in base64."""
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def fits(key: RSAPublicKey, signature: str, text: bytes) -> bool:
    """Whether `signature` (base64) is that of `text`."""
    try:
        key.verify(base64.b64decode(signature, validate=True), text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _pem(text: bytes, kind: str) -> bytes:
    bare = b"\n".join(text.split())
    return f"-----BEGIN {kind}-----\n".encode() + bare + f"\n-----END {kind}-----\n".encode()
