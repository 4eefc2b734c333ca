"""`endcap fleet broker-config` and `endcap fleet revoke`, as somebody types them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509

from fleet.cli.main import main
from tests.fleet.identity.asking import KIOSK, Desk
from tests.secure import now_ms


def configured(data: Path, out: Path, *more: str) -> int:
    return main(["broker-config", "--data", str(data), "--out", str(out), "--host", "192.0.2.5", *more])


def test_everything_a_broker_needs_is_in_one_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "fleet", tmp_path / "out"
    assert configured(data, out, "--installed", "/etc/mosquitto/endcap", "--service", "serve") == 0
    assert {path.name for path in out.iterdir()} == {
        "endcap.conf", "acl", "root.pem", "services.pem", "server.pem", "server.key", "kiosks.crl", "services.crl", "systemd",
    }  # fmt: skip
    assert "cafile /etc/mosquitto/endcap/root.pem" in (out / "endcap.conf").read_text()
    assert stat.S_IMODE((out / "server.key").stat().st_mode) == 0o640
    assert "user fleet/serve\ntopic readwrite k1/#" in (out / "acl").read_text()
    assert (
        "PathChanged=/etc/mosquitto/endcap/kiosks.crl"
        in (out / "systemd/endcap-revocations.path").read_text()
    )
    said = capsys.readouterr().out
    assert "--broker 127.0.0.1:8884" in said
    assert {path.name for path in (data / "services").iterdir()} == {"ca.pem", "serve.pem", "serve.key"}
    before = (data / "services/serve.pem").read_bytes()
    assert configured(data, out, "--service", "serve") == 0
    assert (data / "services/serve.pem").read_bytes() == before  # a running fleet keeps its own


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--service", "a b"), "a service's name has"),
        (("--port", "8884"), "two ports, both got 8884"),
        (("--host", "käse"), "host name in ASCII"),
    ],
)
def test_what_cannot_work_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], why: str
) -> None:
    assert configured(tmp_path / "fleet", tmp_path / "out", *more) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert why in line


def test_a_kiosk_is_put_out_by_name_and_the_broker_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk, out = Desk(tmp_path), tmp_path / "out"
    desk.now = now_ms()
    desk.let_in()
    database = ["--database", desk.store.engine.url.render_as_string(hide_password=False)]
    assert configured(tmp_path, out, *database) == 0
    assert len(x509.load_pem_x509_crl((out / "kiosks.crl").read_bytes())) == 0
    put_out = ["revoke", "--data", str(tmp_path), *database, "--who", "Ana", "--why", "stolen", str(KIOSK)]
    assert main(put_out) == 0
    assert len(x509.load_pem_x509_crl((out / "kiosks.crl").read_bytes())) == 1
    (kept,) = desk.book.latest()
    assert (kept.revoked_who, kept.revoked_why, kept.ended_ms) == ("Ana", "stolen", 0)
    capsys.readouterr()
    assert main(put_out) == 1
    assert "has no certificate that is good" in capsys.readouterr().err
    assert configured(tmp_path, out, *database) == 0  # made anew, it still names who is out
    assert len(x509.load_pem_x509_crl((out / "kiosks.crl").read_bytes())) == 1


def test_a_name_that_is_none_and_a_fleet_without_authority(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ca").mkdir()
    for name in ("K1", "a/b/c/d", "a/b/c d"):
        assert main(["revoke", "--data", str(tmp_path), "--why", "x", name]) == 1
        assert "TENANT/SITE/KIOSK expected" in capsys.readouterr().err
    assert main(["revoke", "--data", str(tmp_path / "nowhere"), "--why", "x", "a/b/c"]) == 1
    assert "no authority there" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_a_broker_folder_that_is_gone_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk, out = Desk(tmp_path), tmp_path / "out"
    desk.now = now_ms()
    desk.let_in()
    assert configured(tmp_path, out) == 0
    for path in sorted(out.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    out.rmdir()
    assert main(["revoke", "--data", str(tmp_path), "--why", "stolen", str(KIOSK)]) == 1
    assert "revoked, but the broker was not told" in capsys.readouterr().err
