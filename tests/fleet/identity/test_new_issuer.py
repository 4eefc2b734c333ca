"""The issuing certificate is replaced while kiosks of the old one are out there: what mosquitto and the operator see."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509

from fleet.cli.main import main
from fleet.identity.authority import Authority, BadAuthority
from fleet.identity.certificates import certificate_in
from mqtt.topics import Address
from tests.secure import SecureBroker, handshake, now_ms, secure

__all__ = ["secure"]

DAY = 86_400_000
YEAR = 365 * DAY
A, B, C = (Address("acme", "north", name) for name in ("K1", "K2", "K3"))


def configured(data: Path, out: Path) -> int:
    return main(["broker-config", "--data", str(data), "--out", str(out), "--host", "192.0.2.5"])


def lists(data: bytes) -> list[x509.CertificateRevocationList]:
    end = b"-----END X509 CRL-----\n"
    return [x509.load_pem_x509_crl(one + end) for one in data.split(end)[:-1]]


@pytest.mark.server
def test_kiosks_of_both_issuers_come_in_and_those_put_out_do_not(
    secure: SecureBroker, tmp_path: Path
) -> None:
    old, _ = secure.enrol(tmp_path / "a/identity", A)
    out, void = secure.enrol(tmp_path / "b/identity", B)
    serving = Authority(secure.data, now_ms())  # a running fleet, which knows the old issuer alone
    assert handshake(secure.kiosks, old.tls) == handshake(secure.kiosks, out.tls) == ""
    assert secure.authority.renew_issuing(now_ms()) == "issuing-2.pem"
    secure.revoke()
    new, issued = secure.enrol(tmp_path / "c/identity", C)
    assert certificate_in(tmp_path / "c/identity/certificate.pem").issuer != serving.issuing.subject
    for one in (old, out, new):
        assert handshake(secure.kiosks, one.tls) == ""
    secure.revoke(void.serial)
    assert handshake(secure.kiosks, out.tls)
    secure.authority = serving
    secure.revoke(void.serial)  # its list is as whole
    assert [bool(handshake(secure.kiosks, one.tls)) for one in (old, out, new)] == [False, True, False]
    secure.revoke(void.serial, issued.serial)
    assert [bool(handshake(secure.kiosks, one.tls)) for one in (old, out, new)] == [False, True, True]


def test_the_list_is_signed_by_every_issuer_that_lives(tmp_path: Path) -> None:
    now = now_ms()
    authority = Authority(tmp_path, now)
    for years in (2, 4):
        authority.renew_issuing(now + years * YEAR)
    names = [
        certificate_in(authority.folder / f"{name}.pem").subject
        for name in ("issuing", "issuing-2", "issuing-3")
    ]
    assert authority.issuing.subject == names[2] == Authority(tmp_path, now).issuing.subject
    signed = [one.issuer for one in lists(authority.revocations([(7, now)], now + 4 * YEAR))]
    assert signed == names[1:]  # the first has expired, and with it all it signed
    both = lists(authority.revocations([(7, now)], now + 4 * YEAR))
    assert [one.get_revoked_certificate_by_serial_number(7) is not None for one in both] == [True, True]
    with pytest.raises(BadAuthority, match=r"issuing-3\.pem has expired"):
        authority.revocations([], now + 9 * YEAR)  # an empty file would stop the broker
    (authority.folder / "issuing-2.key").unlink()
    with pytest.raises(BadAuthority, match=r"issuing-2\.key: is needed now and not there"):
        authority.revocations([], now)  # a list without it would lock its kiosks out
    (authority.folder / "issuing-2.pem").write_bytes((authority.folder / "services.pem").read_bytes())
    (authority.folder / "issuing-2.key").write_bytes((authority.folder / "services.key").read_bytes())
    with pytest.raises(BadAuthority, match=r"issuing-2\.pem: was not issued by root\.pem"):
        authority.revocations([], now)


def test_a_new_one_needs_the_root_and_a_broken_try_changes_nothing(tmp_path: Path) -> None:
    authority = Authority(tmp_path, now_ms())
    (authority.folder / "root.key").rename(tmp_path / "root.key")
    with pytest.raises(BadAuthority, match=r"root\.key: is needed now and not there"):
        authority.renew_issuing(now_ms())
    (authority.folder / "issuing-2.key").write_text("the power went between key and certificate")
    (authority.folder / "issuing-x.pem").write_text("somebody's copy")
    assert Authority(tmp_path, now_ms()).issuing == authority.issuing
    (tmp_path / "root.key").rename(authority.folder / "root.key")
    assert authority.renew_issuing(now_ms()) == "issuing-2.pem"
    assert Authority(tmp_path, now_ms()).issuing == authority.issuing


def test_broker_config_makes_a_new_issuer_in_the_last_third_and_tells_every_broker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, ours, other = tmp_path / "fleet", tmp_path / "out", tmp_path / "other"
    authority = Authority(data, now_ms() - 700 * DAY)  # of 1,096 days
    assert configured(data, other) == configured(data, ours) == 0
    assert "issuing" not in capsys.readouterr().out
    old = Authority(tmp_path / "old", now_ms() - 800 * DAY)
    first = old.issuing
    (old.folder / "root.key").rename(tmp_path / "root.key")
    assert configured(tmp_path / "old", other) == 0
    said = capsys.readouterr()
    assert "is needed: put it there and run this again" in said.err
    assert "is ready" in said.out
    (tmp_path / "root.key").rename(old.folder / "root.key")
    assert configured(tmp_path / "old", ours) == 0
    said = capsys.readouterr()
    assert "A new issuing certificate was made: issuing-2.pem" in said.out
    assert said.err == ""
    signed = Authority(tmp_path / "old", now_ms()).issuing.subject
    for folder in (ours, other, old.folder):
        assert [one.issuer for one in lists((folder / "kiosks.crl").read_bytes())] == [first.subject, signed]
    assert x509.load_pem_x509_certificates((ours / "server.pem").read_bytes())[0].issuer == signed
    assert configured(tmp_path / "old", ours) == 0
    assert "issuing" not in capsys.readouterr().out  # once
    assert not (authority.folder / "issuing-2.pem").exists()


def test_broker_config_says_when_the_root_itself_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = Authority(tmp_path, now_ms() - 9 * YEAR - 180 * DAY)
    authority.renew_issuing(now_ms() - 2 * YEAR)
    assert configured(tmp_path, tmp_path / "out") == 0
    said = capsys.readouterr()
    assert "and so is the root" in said.err
    assert not (authority.folder / "issuing-3.pem").exists()


def test_a_folder_that_could_not_be_told_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Authority(tmp_path, now_ms() - 800 * DAY)
    (tmp_path / "ca/brokers.json").write_text(f'["{tmp_path}/gone"]')
    assert configured(tmp_path, tmp_path / "out") == 0
    assert f"could not be written: {tmp_path}/gone/kiosks.crl" in capsys.readouterr().err
