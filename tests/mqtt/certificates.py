"""Throw-away authorities and certificates."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FROM = datetime(2026, 1, 1, tzinfo=UTC)


class Authority:
    """Issues certificates; its own is `folder/NAME.pem`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, _name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(self._name, self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.file = folder / f"{name}.pem"
        _write(self.file, made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, file: str = "", *hosts: str) -> tuple[Path, Path]:
        """A certificate and its key, for a client or for hosts."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(_name(name), self._name, key.public_key())
        if hosts:
            names = [x509.DNSName(host) for host in hosts if host[0].isalpha()]
            addresses = [x509.IPAddress(ipaddress.ip_address(host)) for host in hosts if host[0].isdigit()]
            made = made.add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
        certificate, key_file = self._folder / f"{file or name}.crt", self._folder / f"{file or name}.key"
        _write(key_file, key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ))  # fmt: skip
        _write(certificate, made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return certificate, key_file


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer, subject, key, x509.random_serial_number(), FROM, FROM + timedelta(days=36500)
    )


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
