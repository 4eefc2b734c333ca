"""Who this kiosk is to its fleet: a key made here, a certificate over it, whom to believe, and where the broker is.

    state/identity -> identities/3f9c.../     key.pem (0600), certificate.pem (leaf first), ca.pem, address.json

`identity` is a symbolic link, so that key, certificate and all the rest change in one rename: after a power cut at any
moment it names one whole folder, the old one or the new one. A plain folder with the four files works as well (somebody
made it by hand); its first renewal turns it into the above.

No date is judged by this machine's clock: a Raspberry Pi has no battery for one, and a certificate that looks expired or
not yet valid to it may be good. The day its own certificate was made has passed for certain: that much it holds the
broker's to.
"""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Meta, Struct

from mqtt.security import Tls
from mqtt.topics import Address, BadTopic

KEY: Final = "key.pem"
CERTIFICATE: Final = "certificate.pem"
CA: Final = "ca.pem"
ADDRESS: Final = "address.json"
FOLDERS: Final = "identities"  # beside `identity`: where the folders are that it may name
BY_HAND: Final = "by-hand"  # the name a folder made by hand gets at its first renewal


class BadIdentity(OSError):
    """What is kept cannot be this kiosk's identity; says which file and what was expected."""


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """address.json: which kiosk this is, and where its broker listens."""

    tenant: str
    site: str
    kiosk: str
    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)] = 8883
    server_name: str = ""  # what the broker's certificate is for, where that is not `host`


@dataclass(frozen=True, slots=True)
class Parts:
    """The four files' contents, as they come from the fleet; `key` is PEM, PKCS 8, without a password."""

    key: bytes
    certificate: bytes
    ca: bytes
    place: Place


@dataclass(frozen=True, slots=True)
class Identity:
    """A whole, consistent identity. Times are Unix ms by the fleet's clock."""

    address: Address
    host: str
    port: int
    tls: Tls
    serial: int
    not_before_ms: int
    not_after_ms: int


def load_identity(folder: Path) -> Identity | None:
    """The identity in `folder`; None where there is none. Raises BadIdentity."""
    there = _settled(folder)
    if there is None:
        return None
    parts = _read(there.resolve())  # one folder, though a renewal may change what the link names meanwhile
    leaf, place = _checked(parts, str(there))
    since_ms = int(leaf.not_valid_before_utc.timestamp() * 1000)
    return Identity(
        address=Address(place.tenant, place.site, place.kiosk),
        host=place.host,
        port=place.port,
        tls=Tls(there / CA, there / CERTIFICATE, there / KEY, place.server_name, known_ms=since_ms),
        serial=leaf.serial_number,
        not_before_ms=since_ms,
        not_after_ms=int(leaf.not_valid_after_utc.timestamp() * 1000),
    )


def adopt(folder: Path, parts: Parts) -> Identity:
    """Make `parts` the identity, at once and whole, or raise BadIdentity or OSError and leave the old one."""
    _checked(parts, "what the fleet sent")
    shelf = folder.with_name(FOLDERS)
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(6)
    made = shelf / name
    made.mkdir(mode=0o700)
    for file, data in (
        (KEY, parts.key), (CERTIFICATE, parts.certificate), (CA, parts.ca), (ADDRESS, msgspec.json.encode(parts.place)),
    ):  # fmt: skip
        _write(made / file, data)
    _sync(made)
    _sync(shelf)
    there = _settled(folder)
    before = there.resolve() if there else None
    if folder.is_dir() and not folder.is_symlink():  # made by hand: a link cannot be renamed over a folder
        before = folder.rename(shelf / BY_HAND)
        _sync(shelf)
    link = folder.with_name(f".{folder.name}.{name}")
    link.symlink_to(Path(FOLDERS) / name)
    link.replace(folder)
    _sync(folder.parent)
    _sweep(folder, keep={name, before.name if before else ""})
    identity = load_identity(folder)
    assert identity is not None
    return identity


def discard(folder: Path) -> None:
    """Be nobody from now on; keys are removed. Safe to repeat after a power cut."""
    with suppress(FileNotFoundError):
        if folder.is_symlink():
            folder.unlink()
        else:
            shutil.rmtree(folder)
    shelf = folder.with_name(FOLDERS)
    if shelf.exists():
        shutil.rmtree(shelf)
    _sync(folder.parent)


def make_key() -> bytes:
    """A new P-256 key as PEM. It is made on the device and never leaves it."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def request_of(key: bytes, name: str) -> bytes:
    """A PEM certificate request (PKCS 10) of a key. The fleet decides the name; `name` says who asks."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(_private(key, "key"), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def signed(key: bytes, data: bytes) -> bytes:
    """The signature of a PEM key over data: ECDSA with SHA-256, DER. Raises BadIdentity."""
    return _private(key, "key").sign(data, ec.ECDSA(hashes.SHA256()))


def public_of(key: bytes) -> bytes:
    """The public half of a PEM key as DER (SubjectPublicKeyInfo). Raises BadIdentity."""
    return _public_der(_private(key, "key").public_key())


# --- files ----------------------------------------------------------------------------------------------------------


def _settled(folder: Path) -> Path | None:
    """Where the identity is now. A power cut between the two renames of a folder made by hand leaves it on the shelf."""
    if folder.exists():
        return folder
    by_hand = folder.with_name(FOLDERS) / BY_HAND
    if folder.is_symlink():
        raise BadIdentity(f"{folder}: names {folder.readlink()}, which is not there")
    return by_hand if by_hand.exists() else None


def _read(folder: Path) -> Parts:
    data: dict[str, bytes] = {}
    for name in (KEY, CERTIFICATE, CA, ADDRESS):
        try:
            data[name] = (folder / name).read_bytes()
        except OSError as error:
            raise BadIdentity(f"{folder / name}: cannot be read: {error.strerror}") from error
    try:
        place = msgspec.json.decode(data[ADDRESS], type=Place)
    except msgspec.DecodeError as error:
        raise BadIdentity(f"{folder / ADDRESS}: {error}") from None
    return Parts(data[KEY], data[CERTIFICATE], data[CA], place)


def _checked(parts: Parts, where: str) -> tuple[x509.Certificate, Place]:
    """The kiosk's certificate, where key, name and issuers fit together."""
    key = _private(parts.key, f"{where}/{KEY}")
    chain = _certificates(parts.certificate, f"{where}/{CERTIFICATE}")
    roots = _certificates(parts.ca, f"{where}/{CA}")
    leaf = chain[0]
    if _public_der(leaf.public_key()) != _public_der(key.public_key()):
        raise BadIdentity(f"{where}/{CERTIFICATE}: is for another key than {KEY}")
    try:
        address = Address(parts.place.tenant, parts.place.site, parts.place.kiosk)
    except BadTopic as error:
        raise BadIdentity(f"{where}/{ADDRESS}: {error}") from None
    names = [str(name.value) for name in leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    if names != [str(address)]:
        raise BadIdentity(f"{where}/{CERTIFICATE}: is for {names}, expected {address}")
    for issued, issuer in zip(chain, [*chain[1:], None], strict=True):
        if not any(_issued(issued, by) for by in ([issuer] if issuer else roots)):
            raise BadIdentity(f"{where}/{CERTIFICATE}: its chain does not lead to {CA}")
    return leaf, parts.place


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _private(pem: bytes, where: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadIdentity(f"{where}: not a private key in PEM without a password") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadIdentity(f"{where}: expected a key on an elliptic curve (P-256)")
    return key


def _certificates(pem: bytes, where: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise BadIdentity(f"{where}: not certificates in PEM") from None


def _public_der(key: object) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return b""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _write(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of our own so that after a power cut the old one or the new one is there."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    _write(draft, data)
    draft.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path, keep: set[str]) -> None:
    """Remove what earlier renewals and power cuts left; what cannot be removed is nobody's harm."""
    for old in folder.with_name(FOLDERS).iterdir():
        if old.name not in keep:
            shutil.rmtree(old, ignore_errors=True)
    for draft in folder.parent.glob(f".{folder.name}.*"):
        with suppress(OSError):
            draft.unlink()
