"""TLS 1.3 to a real mosquitto, with certificates that are right, wrong, missing and renewed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fleet.broker.broker import LOOPBACK
from mqtt.client import Client
from mqtt.many import Loop
from mqtt.security import Tls, context
from tests.mqtt.certificates import Authority
from tests.mqtt.clients import QUICK, connected, mosquitto
from tests.servers import missing, wait_until

pytestmark = pytest.mark.server
NAME = "broker.example"


@contextmanager
def broker(folder: Path, authority: Authority, *hosts: str) -> Iterator[int]:
    """Demands certificates of `authority`; who one is follows from it. Everybody may write below their own name only."""
    certificate, key = authority.issue("server", "server", *hosts)
    (folder / "acl").write_text("pattern readwrite %u/#\ntopic read $SYS/#\n")
    settings = (
        f"cafile {authority.file}", f"certfile {certificate}", f"keyfile {key}", "require_certificate true",
        "use_identity_as_username true", "tls_version tlsv1.2", f"acl_file {folder}/acl",
    )  # fmt: skip
    with mosquitto(folder, *settings) as port:
        yield port


def failing(port: int, tls: Tls, words: str, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(LOOPBACK, port, "a", tls=tls, backoff=QUICK)
    caplog.set_level("INFO")
    client.start()
    wait_until(lambda: words in caplog.text, words)
    assert not client.connected
    assert client.stop()


def test_a_certificate_says_who_one_is_and_large_messages_pass(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    certificate, key = authority.issue("kiosk-1")
    tls = Tls(authority.file, certificate, key)
    with (
        broker(tmp_path, authority, LOOPBACK) as port,
        connected(port, "a", "kiosk-1/#", tls=tls) as (client, heard),
    ):
        assert client.publish("kiosk-1/large", bytes(200_000))
        assert client.publish("kiosk-2/t", b"not mine")
        wait_until(lambda: [len(payload) for _, payload in heard] == [200_000], "the large one")
        wait_until(lambda: client.counters.refused_publishes == 1, "the refusal")


def test_a_broker_reached_by_address_is_known_by_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    certificate, key = authority.issue("kiosk-1")
    with (
        broker(tmp_path, authority, NAME) as port,
        connected(port, "a", tls=Tls(authority.file, certificate, key, NAME)) as (client, _),
    ):
        assert client.connected


def test_a_broker_of_another_name_is_not_believed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    authority = Authority(tmp_path, "ca")
    certificate, key = authority.issue("kiosk-1")
    with broker(tmp_path, authority, NAME) as port:
        failing(port, Tls(authority.file, certificate, key), "IP address mismatch", caplog)


def test_a_broker_of_another_authority_is_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority, other = Authority(tmp_path, "ca"), Authority(tmp_path, "other")
    certificate, key = authority.issue("kiosk-1")
    with broker(tmp_path, authority, LOOPBACK) as port:
        failing(port, Tls(other.file, certificate, key), "CERTIFICATE_VERIFY_FAILED", caplog)


def test_a_renewed_certificate_is_used_by_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    authority, other = Authority(tmp_path, "ca"), Authority(tmp_path, "other")
    certificate, key = other.issue("kiosk-1")
    caplog.set_level("INFO")
    with broker(tmp_path, authority, LOOPBACK) as port, Loop(connects=2) as loop:
        client = Client(
            LOOPBACK, port, "a", tls=Tls(authority.file, certificate, key), backoff=QUICK, loop=loop
        )
        client.start()
        wait_until(lambda: "ALERT_UNKNOWN_CA" in caplog.text, "the broker's reason")
        assert not client.connected
        authority.issue("kiosk-1")  # in place of the other's
        wait_until(lambda: client.connected, "the new one to be used")
        assert client.stop()


def test_tls_1_2_is_not_spoken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here: apt-get install openssl")
    authority = Authority(tmp_path, "ca")
    certificate, key = authority.issue("server", "server", LOOPBACK)
    command = [
        "openssl", "s_server", "-accept", "0", "-tls1_2", "-quiet", "-cert", str(certificate), "-key", str(key),
    ]  # fmt: skip
    probe = subprocess.Popen([*command, "-naccept", "100"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        port = listening_port(probe.pid)
        failing(port, Tls(authority.file), "TLSV1_ALERT_PROTOCOL_VERSION", caplog)
    finally:
        probe.kill()
        probe.communicate()


def listening_port(pid: int) -> int:
    """The TCP port a process listens on, from /proc."""
    found: list[int] = []

    def look() -> bool:
        sockets = {
            link.readlink().as_posix() for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()
        }
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                    found.append(int(words[1].rpartition(":")[2], 16))
        return bool(found)

    wait_until(look, "the server to listen")
    return found[0]


def test_files_that_are_missing_or_wrong_are_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    certificate, key = authority.issue("kiosk-1")
    _, strange = authority.issue("kiosk-2")
    (tmp_path / "empty.pem").write_text("")
    for tls, words in (
        (Tls(tmp_path / "gone.pem"), "gone.pem cannot be used"),
        (Tls(tmp_path / "empty.pem"), "empty.pem cannot be used"),
        (Tls(authority.file, certificate), "needs its key"),
        (Tls(authority.file, certificate, strange), "cannot be used"),
        (Tls(authority.file, tmp_path / "gone.crt", key), "gone.crt with"),
    ):
        with pytest.raises(OSError, match=words):
            context(tls)


def test_a_user_has_a_password(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    if reason := missing("mosquitto"):
        pytest.skip(reason)
    (tmp_path / "users").touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(tmp_path / "users"), "k", "secret"], check=True)
    with mosquitto(tmp_path, "allow_anonymous false", f"password_file {tmp_path}/users") as port:
        with connected(port, "a", username="k", password="secret") as (client, _):
            assert client.connected
        wrong = Client(LOOPBACK, port, "b", username="k", password="wrong", backoff=QUICK)
        wrong.start()
        wait_until(lambda: "Not authorized" in caplog.text, "the refusal")
        assert wrong.stop()
