"""The operator's own certificate authority: root -> issuing -> kiosks, brokers and the fleet's services.

    DATA/ca/root.key      signs issuing certificates only; may (and should) be kept somewhere else, docs/identity.md
    DATA/ca/root.pem      whom everybody believes: 10 years
    DATA/ca/issuing.key   signs what is below and the revocation list
    DATA/ca/issuing.pem   3 years, may sign no further authority (pathlen 0)

Keys are P-256, signatures ECDSA with SHA-256: what every TLS 1.3 library has. Keys are readable by their owner alone and
every file is whole or not there. A certificate's dates are the fleet's; a kiosk without a clock judges none.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

from mqtt.topics import Address

FOLDER: Final = "ca"
ROOT_LIFE: Final = timedelta(days=3652)
ISSUING_LIFE: Final = timedelta(days=1096)
KIOSK_LIFE: Final = timedelta(days=90)
SERVER_LIFE: Final = timedelta(
    days=397
)  # brokers and the fleet's own services: what public authorities grant, too
BACKDATED: Final = timedelta(hours=1)  # brokers whose clock is a little behind
CRL_LIFE: Final = timedelta(days=30)  # mosquitto refuses everybody once its list has expired
MAX_REQUEST: Final = 4096  # bytes of a certificate request; one over P-256 has about 450
MAX_NAME: Final = 64  # characters (RFC 5280, ub-common-name): an enrolled kiosk's whole address
URI: Final = "urn:endcap:kiosk:"
SERVICES: Final = (
    "fleet/"  # names of the fleet's own services begin with it; no kiosk's can: it has two more levels
)


class BadAuthority(OSError):
    """The authority's files cannot be used; says which and what was expected."""


class BadRequest(ValueError):
    """A certificate request that is refused; says why."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was made. `chain` is PEM, its own first, without the root; `key` only where we made it."""

    name: str
    serial: int
    not_before_ms: int
    not_after_ms: int
    chain: bytes
    key: bytes = b""


class Authority:
    """The authority in a folder, made where it is not there. Raises BadAuthority, OSError."""

    def __init__(self, data: Path, now_ms: int, operator: str = "Endcap") -> None:
        """`data`: the fleet's folder. `operator`: whose authority it is, for people."""
        folder = data / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        with _alone(folder):
            if not (folder / "root.pem").exists():
                _make_root(folder, operator, _moment(now_ms))
            self.root = _certificate(folder / "root.pem")
            if not (folder / "issuing.pem").exists():
                _make_issuing(folder, self.root, _moment(now_ms))
        self.issuing = _certificate(folder / "issuing.pem")
        self._key = _key(folder / "issuing.key")
        if self._key.public_key() != self.issuing.public_key():
            raise BadAuthority(f"{folder / 'issuing.key'}: is not the key of issuing.pem")
        try:
            self.issuing.verify_directly_issued_by(self.root)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise BadAuthority(f"{folder / 'issuing.pem'}: was not issued by root.pem") from error

    @property
    def ca_pem(self) -> bytes:
        """Whom kiosks and services believe."""
        return _pem(self.root)

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the root certificate."""
        return self.root.fingerprint(hashes.SHA256())

    def kiosk(
        self, address: Address, key: ec.EllipticCurvePublicKey, now_ms: int, life: timedelta = KIOSK_LIFE
    ) -> Issued:
        """A kiosk's certificate over a key it made itself (see `key_of`)."""
        names = x509.SubjectAlternativeName(
            [x509.UniformResourceIdentifier(URI + str(address).replace("/", ":"))]
        )
        return self._issue(str(address), key, now_ms, life, [Usage.CLIENT_AUTH], names)

    def service(self, name: str, now_ms: int, life: timedelta = SERVER_LIFE) -> Issued:
        """A certificate, with a new key, for one of the fleet's own programs: its name becomes `fleet/NAME`."""
        key = ec.generate_private_key(ec.SECP256R1())
        issued = self._issue(SERVICES + name, key.public_key(), now_ms, life, [Usage.CLIENT_AUTH], None)
        return _with_key(issued, key)

    def server(self, hosts: Iterable[str], now_ms: int, life: timedelta = SERVER_LIFE) -> Issued:
        """A broker's certificate, with a new key, for its host names and addresses; the first is its name."""
        listed = list(hosts)
        if not listed:
            raise BadRequest("a broker has at least one host name or address")
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([_host(host) for host in listed])
        issued = self._issue(listed[0], key.public_key(), now_ms, life, [Usage.SERVER_AUTH], names)
        return _with_key(issued, key)

    def revocations(self, revoked: Iterable[tuple[int, int]], now_ms: int) -> bytes:
        """The list of revoked certificates, PEM (RFC 5280, section 5): (serial, revoked at, Unix ms)."""
        now = _moment(now_ms)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.issuing.subject)
            .last_update(now - BACKDATED)
            .next_update(now + CRL_LIFE)
            .add_extension(x509.CRLNumber(now_ms), critical=False)
            .add_extension(_authority_key(self.issuing), critical=False)
        )
        for serial, at_ms in revoked:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_moment(at_ms))
            builder = builder.add_revoked_certificate(one.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _issue(
        self, name: str, key: ec.EllipticCurvePublicKey, now_ms: int, life: timedelta, usage: list[x509.ObjectIdentifier],
        names: x509.SubjectAlternativeName | None,
    ) -> Issued:  # fmt: skip
        now = _moment(now_ms)
        until = min(now + life, self.issuing.not_valid_after_utc)
        if until <= now:
            raise BadAuthority(f"{self.folder / 'issuing.pem'}: has expired; see docs/identity.md")
        builder = _builder(name, self.issuing.subject, key, now - BACKDATED, until)
        builder = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_signs_only(), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
            .add_extension(_authority_key(self.issuing), critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        made = builder.sign(self._key, hashes.SHA256())
        return Issued(
            name=name, serial=made.serial_number, not_before_ms=_ms(made.not_valid_before_utc),
            not_after_ms=_ms(made.not_valid_after_utc), chain=_pem(made) + _pem(self.issuing),
        )  # fmt: skip


def key_of(request: bytes) -> ec.EllipticCurvePublicKey:
    """The key in a PEM certificate request whose sender has proved to hold it. Raises BadRequest."""
    if len(request) > MAX_REQUEST:
        raise BadRequest(f"a certificate request has at most {MAX_REQUEST} bytes, this one {len(request)}")
    try:
        read = x509.load_pem_x509_csr(request)
        sound, key = read.is_signature_valid, read.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadRequest("not a certificate request in PEM (PKCS 10)") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadRequest("expected a key on the curve P-256")
    if not sound:
        raise BadRequest("its signature does not fit its key")
    return key


def der_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as DER (SubjectPublicKeyInfo)."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


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


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two programs that start at once on a new folder make one authority."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# --- making ---------------------------------------------------------------------------------------------------------


def _make_root(folder: Path, operator: str, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _subject(f"{operator[:40]} root {secrets.token_hex(3)}")
    builder = _builder(name, name, key.public_key(), now - BACKDATED, now + ROOT_LIFE)
    made = _as_authority(builder, path_length=1).sign(key, hashes.SHA256())
    write_whole(folder / "root.key", _pem_key(key))  # first: a key without a certificate harms nobody
    write_whole(folder / "root.pem", _pem(made), 0o644)


def _make_issuing(folder: Path, root: x509.Certificate, now: datetime) -> None:
    signer = _key(folder / "root.key")
    key = ec.generate_private_key(ec.SECP256R1())
    name = _subject(f"{_common_name(root)} issuing {secrets.token_hex(3)}")
    until = min(now + ISSUING_LIFE, root.not_valid_after_utc)
    builder = _builder(name, root.subject, key.public_key(), now - BACKDATED, until)
    builder = builder.add_extension(_authority_key(root), critical=False)
    made = _as_authority(builder, path_length=0).sign(signer, hashes.SHA256())
    write_whole(folder / "issuing.key", _pem_key(key))
    write_whole(folder / "issuing.pem", _pem(made), 0o644)


def _builder(
    subject: str | x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(subject) if isinstance(subject, str) else subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _as_authority(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return builder.add_extension(constraints, critical=True).add_extension(usage, critical=True)


def _signs_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError:
        raise BadRequest(f"{host!r}: a host name in ASCII or an IP address expected") from None


def _subject(name: str) -> x509.Name:
    if not 0 < len(name) <= MAX_NAME:
        raise BadRequest(f"{name!r}: a name in a certificate has at most {MAX_NAME} characters")
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _with_key(issued: Issued, key: ec.EllipticCurvePrivateKey) -> Issued:
    return Issued(
        issued.name, issued.serial, issued.not_before_ms, issued.not_after_ms, issued.chain, _pem_key(key)
    )


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise BadAuthority(f"{path}: is needed now and not there; see docs/identity.md") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadAuthority(f"{path}: not a private key in PEM without a password") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadAuthority(f"{path}: expected a key on the curve P-256")
    return key


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError:
        raise BadAuthority(f"{path}: not a certificate in PEM") from None


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
