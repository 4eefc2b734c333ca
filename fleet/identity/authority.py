"""The operator's own certificate authorities, in DATA/ca (docs/identity.md, docs/adr/0012-own-authority.md).

    root.key, root.pem            whom kiosks and services believe: 10 years; signs issuing certificates only
    issuing.key, issuing.pem      under it: kiosks and brokers; 3 years, may sign no further authority
    issuing-2.key, -2.pem, ...    those that came after it; the newest signs, the list of revocations is signed by all that live
    services.key, services.pem    apart from both: the fleet's own programs, `fleet/NAME`; 10 years

A broker lets services in by their own authority alone, so whoever takes the issuing key, which must lie where kiosks are
approved, still cannot make himself the fleet. root.key and services.key are needed a few times a year: keep them elsewhere.

Keys are P-256, signatures ECDSA with SHA-256: what every TLS 1.3 library has. Keys are readable by their owner alone and
every file is whole or not there. A certificate's dates are the fleet's; a kiosk without a clock judges none.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

from fleet.identity.certificates import (
    BadAuthority,
    BadRequest,
    Issued,
    Signer,
    certificate_in,
    common_name,
    host_name,
    key_in,
    moment,
    ms_of,
    new_key,
    pem,
    pem_key,
    root,
    under,
    write_whole,
)
from mqtt.topics import Address

__all__ = ["Authority", "BadAuthority", "BadRequest", "Issued", "der_of", "key_of", "proved"]

FOLDER: Final = "ca"
ROOT_LIFE: Final = timedelta(days=3652)
ISSUING_LIFE: Final = timedelta(days=1096)
KIOSK_LIFE: Final = timedelta(days=90)
SERVER_LIFE: Final = timedelta(
    days=397
)  # brokers and the fleet's own services: what public authorities grant, too
MAX_REQUEST: Final = 4096  # bytes of a certificate request; one over P-256 has about 450
RENEWED_AT: Final = 2 / 3  # of a certificate's life
URI: Final = "urn:endcap:kiosk:"
SERVICES: Final = "fleet/"  # names of services begin with it; a kiosk's has three levels
_ISSUING: Final = re.compile(r"issuing(?:-([2-9]|[1-9][0-9]{1,3}))?\.pem\Z")


class Authority:
    """The authorities in a folder, made where there are none. Raises BadAuthority, OSError."""

    def __init__(self, data: Path, now_ms: int, operator: str = "Endcap") -> None:
        """`data`: the fleet's folder. `operator`: whose authorities they are, for people."""
        folder = data / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        now = moment(now_ms)
        with _alone(folder):
            if not (folder / "root.pem").exists():
                _keep(folder, "root", root(_called(f"{operator[:30]} root"), now, ROOT_LIFE, 1))
            self.root = certificate_in(folder / "root.pem")
            if not self._issuers():
                self._make_issuer("issuing", now)
            if not (folder / "services.pem").exists():
                _keep(folder, "services", root(_called(f"{operator[:30]} services"), now, ROOT_LIFE, 0))
        self.services = certificate_in(folder / "services.pem")
        self._issuing = self._issuer(self._issuers()[-1])

    def _issuers(self) -> list[str]:
        """The names of the issuing certificates, the newest last. A key is written before its certificate: each is whole."""
        found = [match for path in self.folder.iterdir() if (match := _ISSUING.match(path.name))]
        return [match[0][:-4] for match in sorted(found, key=lambda match: int(match[1] or 1))]

    def _issuer(self, name: str) -> Signer:
        signer = self._signer(name)
        try:
            signer.certificate.verify_directly_issued_by(self.root)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise BadAuthority(f"{self.folder / name}.pem: was not issued by root.pem") from error
        return signer

    def _make_issuer(self, name: str, now: datetime) -> None:
        signer = Signer(self.root, key_in(self.folder / "root.key"))
        called = _called(f"{common_name(self.root)[:38]} issuing")
        _keep(self.folder, name, under(signer, called, now, ISSUING_LIFE))

    def _signer(self, name: str) -> Signer:
        certificate, path = certificate_in(self.folder / f"{name}.pem"), self.folder / f"{name}.key"
        key = key_in(path)
        if key.public_key() != certificate.public_key():
            raise BadAuthority(f"{path}: is not the key of {name}.pem")
        return Signer(certificate, key, b"" if name == "services" else pem(certificate))

    @property
    def issuing(self) -> x509.Certificate:
        """Who signs kiosks and brokers."""
        return self._issuing.certificate

    @property
    def ca_pem(self) -> bytes:
        """Whom kiosks and services believe."""
        return pem(self.root)

    @property
    def services_pem(self) -> bytes:
        """Whom a broker believes about services."""
        return pem(self.services)

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the root certificate."""
        return self.root.fingerprint(hashes.SHA256())

    def issuing_due(self, now_ms: int) -> bool:
        """Whether kiosks and brokers need a new issuer: the newest has less than a third of its life left."""
        return past_due(certificate_in(self.folder / f"{self._issuers()[-1]}.pem"), now_ms)

    def renew_issuing(self, now_ms: int) -> str:
        """Make a new issuer, which signs from now on here, and in other processes from their next start. The old ones stay:
        whom they signed is still believed, and put out. Returns its file. Raises BadAuthority where root.key is not there.
        """
        with _alone(self.folder):
            last = _ISSUING.match(f"{self._issuers()[-1]}.pem")
            assert last is not None, "it was found by this"
            name = f"issuing-{int(last[1] or 1) + 1}"
            self._make_issuer(name, moment(now_ms))
        self._issuing = self._issuer(name)
        return f"{name}.pem"

    def kiosk(
        self, address: Address, key: ec.EllipticCurvePublicKey, now_ms: int, life: timedelta = KIOSK_LIFE
    ) -> Issued:
        """A kiosk's certificate over a key it made itself (see `key_of`)."""
        uri = x509.UniformResourceIdentifier(URI + str(address).replace("/", ":"))
        return self._issuing.issue(str(address), key, moment(now_ms), life, Usage.CLIENT_AUTH, [uri])

    def server(self, hosts: Iterable[str], now_ms: int, life: timedelta = SERVER_LIFE) -> Issued:
        """A broker's certificate, with a new key, for its host names and addresses; the first is its name."""
        names, key = [*hosts], new_key()
        if not names:
            raise BadRequest("a broker has at least one host name or address")
        hosted = [host_name(host) for host in names]
        issued = self._issuing.issue(
            names[0], key.public_key(), moment(now_ms), life, Usage.SERVER_AUTH, hosted
        )
        return replace(issued, key=pem_key(key))

    def service(self, name: str, now_ms: int, life: timedelta = SERVER_LIFE) -> Issued:
        """A certificate, with a new key, for one of the fleet's own programs. Needs services.key."""
        key = new_key()
        issued = self._signer("services").issue(
            SERVICES + name, key.public_key(), moment(now_ms), life, Usage.CLIENT_AUTH
        )
        return replace(issued, key=pem_key(key))

    def revocations(self, revoked: Iterable[tuple[int, int]], now_ms: int) -> bytes:
        """The list of kiosks' revoked certificates, PEM: (serial, revoked at, Unix ms). It is one list for each issuer that
        lives, also for one another process made: a broker refuses everybody whose issuer has none (tried, mosquitto 2.0.11).
        Each names all: a serial has 159 bits of chance, so another issuer's means nobody. Raises BadAuthority, also where
        every issuer has expired.
        """
        named, now, names = list(revoked), moment(now_ms), self._issuers()
        living = [
            one for one in names if certificate_in(self.folder / f"{one}.pem").not_valid_after_utc > now
        ]
        if not living:
            raise BadAuthority(f"{self.folder / names[-1]}.pem has expired; see docs/identity.md")
        return b"".join(self._issuer(one).revocations(named, now_ms) for one in living)

    def service_revocations(self, revoked: Iterable[tuple[int, int]], now_ms: int) -> bytes:
        """The list of services' revoked certificates, likewise. Needs services.key."""
        return self._signer("services").revocations(revoked, now_ms)


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


def proved(chain: bytes, request: bytes, proof: str) -> bool:
    """Whether `proof` is the signature over `request` by the key of a certificate (the first of `chain`, PEM)."""
    key = x509.load_pem_x509_certificate(chain).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey), "we issue no other"
    try:
        key.verify(bytes.fromhex(proof), request, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def past_due(certificate: x509.Certificate, now_ms: int) -> bool:
    """Whether a certificate has less than a third of its life left."""
    since, until = ms_of(certificate.not_valid_before_utc), ms_of(certificate.not_valid_after_utc)
    return now_ms >= since + (until - since) * RENEWED_AT


def der_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as DER (SubjectPublicKeyInfo)."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _called(name: str) -> str:
    """A name nobody else has: a second authority of the same operator must not be taken for the first."""
    return f"{name} {secrets.token_hex(3)}"


def _keep(folder: Path, name: str, signer: Signer) -> None:
    write_whole(
        folder / f"{name}.key", pem_key(signer.key)
    )  # first: a key without a certificate harms nobody
    write_whole(folder / f"{name}.pem", pem(signer.certificate), 0o644)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two programs that start at once on a new folder make one authority."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
