"""Certificates, keys and files as the authority makes them: how, not for whom."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BACKDATED: Final = timedelta(hours=1)  # for those whose clock is a little behind
MAX_NAME: Final = 64  # characters (RFC 5280, ub-common-name): an enrolled kiosk's whole address


class BadAuthority(OSError):
    """The authority's files cannot be used; says which and what was expected."""


class BadRequest(ValueError):
    """A certificate request that is refused; says why."""


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file so that readers, also after a power cut, find the old one or the new one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123 - a descriptor
        os.fchmod(file.fileno(), mode)  # whatever the umask says
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was made. `chain` is PEM, its own first, without the root; `key` only where we made it."""

    name: str
    serial: int
    not_before_ms: int
    not_after_ms: int
    chain: bytes
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class Signer:
    """A certificate that may sign others, and its key. `chain`: what goes with each it signs, PEM ("" for a root)."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    chain: bytes = b""

    def issue(
        self, name: str, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta, usage: x509.ObjectIdentifier,
        names: list[x509.GeneralName] | None = None,
    ) -> Issued:  # fmt: skip
        """A certificate that signs nothing further. It does not outlive its signer. Raises BadAuthority, BadRequest."""
        until = min(now + life, self.certificate.not_valid_after_utc)
        if until <= now:
            raise BadAuthority(
                f"the authority {common_name(self.certificate)} has expired; see docs/identity.md"
            )
        builder = new(name, self.certificate, key, now, until)
        builder = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(leaf=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(_authority_key(self.certificate), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        made = builder.sign(self.key, hashes.SHA256())
        return Issued(
            name=name, serial=made.serial_number, not_before_ms=ms_of(made.not_valid_before_utc),
            not_after_ms=ms_of(made.not_valid_after_utc), chain=pem(made) + self.chain,
        )  # fmt: skip

    def revocations(self, revoked: Iterable[tuple[int, int]], now_ms: int) -> bytes:
        """The list of revoked certificates, PEM (RFC 5280, section 5): (serial, revoked at, Unix ms).

        It is good for as long as its signer. An expired list makes a broker refuse everybody, and age tells nothing here:
        the list is a file the operator's own hands carry to the broker, so there is nobody to replay an old one.
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(moment(now_ms) - BACKDATED)
            .next_update(self.certificate.not_valid_after_utc)
            .add_extension(x509.CRLNumber(now_ms), critical=False)
            .add_extension(_authority_key(self.certificate), critical=False)
        )
        for serial, at_ms in revoked:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment(at_ms))
            builder = builder.add_revoked_certificate(one.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def root(name: str, now: datetime, life: timedelta, path_length: int) -> Signer:
    """A new authority that stands for itself."""
    key = new_key()
    builder = as_authority(new(name, None, key.public_key(), now, now + life), path_length)
    return Signer(builder.sign(key, hashes.SHA256()), key)


def under(signer: Signer, name: str, now: datetime, life: timedelta) -> Signer:
    """A new authority under another, which may sign no further one."""
    key = new_key()
    until = min(now + life, signer.certificate.not_valid_after_utc)
    builder = new(name, signer.certificate, key.public_key(), now, until)
    builder = builder.add_extension(_authority_key(signer.certificate), critical=False)
    made = as_authority(builder, path_length=0).sign(signer.key, hashes.SHA256())
    return Signer(made, key, pem(made))


def new_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def new(
    name: str, issuer: x509.Certificate | None, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:  # fmt: skip
    """What every certificate has. Without `issuer` it is its own."""
    if not 0 < len(name) <= MAX_NAME:
        raise BadRequest(f"{name!r}: a name in a certificate has 1 to {MAX_NAME} characters")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def as_authority(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    """May sign others, `path_length` authorities below it."""
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return builder.add_extension(constraints, critical=True).add_extension(_usage(leaf=False), critical=True)


def _usage(*, leaf: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=leaf, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=not leaf, crl_sign=not leaf, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def host_name(host: str) -> x509.GeneralName:
    """How a certificate says a host name or an IP address. Raises BadRequest."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError:
        raise BadRequest(f"{host!r}: a host name in ASCII or an IP address expected") from None


def common_name(certificate: x509.Certificate) -> str:
    """The name a certificate is for."""
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def key_in(path: Path) -> ec.EllipticCurvePrivateKey:
    """The private key in a file. Raises BadAuthority."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise BadAuthority(f"{path}: is needed now and not there; see docs/identity.md") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadAuthority(f"{path}: not a private key in PEM without a password") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadAuthority(f"{path}: expected a key on the curve P-256")
    return key


def certificate_in(path: Path) -> x509.Certificate:
    """The certificate in a file. Raises BadAuthority."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError:
        raise BadAuthority(f"{path}: not a certificate in PEM") from None


def pem(certificate: x509.Certificate) -> bytes:
    """A certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as PEM (PKCS 8), without a password."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def moment(ms: int) -> datetime:
    """Unix milliseconds as certificates count: in seconds."""
    return datetime.fromtimestamp(ms // 1000, UTC)


def ms_of(at: datetime) -> int:
    """And back."""
    return int(at.timestamp() * 1000)
