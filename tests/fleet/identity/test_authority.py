"""The operator's own authority: what it makes, what it refuses, and what openssl says of it."""

from __future__ import annotations

import stat
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from fleet.identity.authority import Authority, BadAuthority, BadRequest, key_of
from mqtt.topics import Address

NOW = 1_795_000_000_000  # 2026-11-18
KIOSK = Address("acme", "north", "K1")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, NOW, "Acme")


def request_by(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str = "kiosk") -> bytes:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def openssl(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)


def test_a_kiosks_certificate_stands_in_openssls_eyes(authority: Authority, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issued = authority.kiosk(KIOSK, key_of(request_by(key)), NOW)
    leaf, issuing = x509.load_pem_x509_certificates(issued.chain)
    (tmp_path / "kiosk.pem").write_bytes(issued.chain)
    (tmp_path / "issuing.pem").write_bytes(issuing.public_bytes(serialization.Encoding.PEM))
    checked = openssl(
        "verify", "-x509_strict", "-attime", str(NOW // 1000), "-purpose", "sslclient", "-CAfile",
        authority.folder / "root.pem", "-untrusted", tmp_path / "issuing.pem", tmp_path / "kiosk.pem",
    )  # fmt: skip
    assert checked.stdout.strip().endswith("OK"), checked.stdout + checked.stderr
    assert leaf.public_key() == key.public_key()
    assert issued.not_after_ms == NOW + 90 * 86_400_000
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:endcap:kiosk:acme:north:K1"]
    assert leaf.subject.rfc4514_string() == "CN=acme/north/K1"


def test_it_is_made_once_and_its_keys_are_its_owners(authority: Authority, tmp_path: Path) -> None:
    again = Authority(tmp_path, NOW + 5, "somebody else")
    assert (again.root, again.issuing) == (authority.root, authority.issuing)
    for file in authority.folder.glob("*.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_root_key_may_be_kept_elsewhere(authority: Authority, tmp_path: Path) -> None:
    (authority.folder / "root.key").unlink()
    again = Authority(tmp_path, NOW)
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    assert again.kiosk(KIOSK, key, NOW).name == "acme/north/K1"
    assert again.service("ingest", NOW).name == "fleet/ingest"
    (authority.folder / "services.key").unlink()
    with pytest.raises(BadAuthority, match=r"services\.key: is needed now and not there"):
        again.service("ingest", NOW)
    (authority.folder / "issuing.pem").unlink()
    with pytest.raises(BadAuthority, match=r"root\.key: is needed now and not there"):
        Authority(tmp_path, NOW)


def test_a_broken_file_is_named(authority: Authority, tmp_path: Path) -> None:
    (authority.folder / "issuing.key").write_text("nothing")
    with pytest.raises(BadAuthority, match=r"issuing\.key: not a private key"):
        Authority(tmp_path, NOW)
    other = Authority(tmp_path / "other", NOW)
    (authority.folder / "issuing.key").write_bytes((other.folder / "issuing.key").read_bytes())
    with pytest.raises(BadAuthority, match=r"issuing\.key: is not the key of issuing\.pem"):
        Authority(tmp_path, NOW)
    (authority.folder / "issuing.pem").write_bytes((other.folder / "issuing.pem").read_bytes())
    with pytest.raises(BadAuthority, match=r"was not issued by root\.pem"):
        Authority(tmp_path, NOW)


def test_nobody_is_issued_for_longer_than_the_issuer_lives(authority: Authority) -> None:
    late = int(authority.issuing.not_valid_after_utc.timestamp() * 1000) - 86_400_000
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    assert authority.kiosk(KIOSK, key, late).not_after_ms == late + 86_400_000
    with pytest.raises(BadAuthority, match="has expired"):
        authority.kiosk(KIOSK, key, late + 2 * 86_400_000)


@pytest.mark.parametrize(
    ("request_pem", "why"),
    [
        (b"", "not a certificate request"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "not a cert"),
        (b"x" * 5000, "at most 4096 bytes, this one 5000"),
        (request_by(rsa.generate_private_key(65537, 2048)), "expected a key on the curve P-256"),
        (request_by(ec.generate_private_key(ec.SECP384R1())), "expected a key on the curve P-256"),
    ],
    ids=["nothing", "damaged", "too-long", "rsa", "p384"],
)
def test_a_wrong_request_is_refused(request_pem: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        key_of(request_pem)


def test_a_request_over_somebody_elses_key_is_refused() -> None:
    """Its signature is by another key: who sent it does not hold the key that would be certified."""
    mine, theirs = (request_by(ec.generate_private_key(ec.SECP256R1())) for _ in range(2))
    ours = x509.load_pem_x509_csr(mine).public_bytes(serialization.Encoding.DER)
    other = x509.load_pem_x509_csr(theirs).public_bytes(serialization.Encoding.DER)
    keys = [
        x509.load_pem_x509_csr(one).public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        for one in (mine, theirs)
    ]  # fmt: skip
    forged = ours.replace(keys[0], keys[1])
    assert forged not in (ours, other)
    pem = x509.load_der_x509_csr(forged).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(BadRequest, match="signature does not fit"):
        key_of(pem)


def test_a_name_too_long_for_a_certificate_is_refused(authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(BadRequest, match="1 to 64 characters"):
        authority.kiosk(Address("t" * 32, "s" * 32, "k"), key, NOW)


def test_a_broker_is_named_by_host_and_address(authority: Authority) -> None:
    issued = authority.server(["mqtt.acme.example", "192.0.2.7", "2001:db8::7"], NOW)
    leaf = x509.load_pem_x509_certificates(issued.chain)[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mqtt.acme.example"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.7", "2001:db8::7"]
    with pytest.raises(BadRequest, match="at least one host"):
        authority.server([], NOW)
    with pytest.raises(BadRequest, match="host name in ASCII"):
        authority.server(["käse.example"], NOW)


def test_the_revocation_list_names_who_is_out(authority: Authority) -> None:
    issued = authority.kiosk(KIOSK, ec.generate_private_key(ec.SECP256R1()).public_key(), NOW)
    listed = x509.load_pem_x509_crl(authority.revocations([(issued.serial, NOW)], NOW))
    assert (
        listed.next_update_utc == authority.issuing.not_valid_after_utc
    )  # an expired list locks everybody out
    assert [one.serial_number for one in listed] == [issued.serial]
    key = authority.issuing.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert listed.is_signature_valid(key)
    assert not list(x509.load_pem_x509_crl(authority.revocations([], NOW)))
    of_services = x509.load_pem_x509_crl(authority.service_revocations([(7, NOW)], NOW))
    assert of_services.issuer == authority.services.subject


def test_who_signs_kiosks_cannot_make_a_service(authority: Authority) -> None:
    issued = authority.service("ingest", NOW, timedelta(days=1))
    (leaf,) = x509.load_pem_x509_certificates(issued.chain)
    leaf.verify_directly_issued_by(authority.services)
    with pytest.raises(ValueError, match="subject does not match"):
        leaf.verify_directly_issued_by(authority.issuing)
