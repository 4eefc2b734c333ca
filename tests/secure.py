"""A real mosquitto run from what `endcap fleet broker-config` writes, and kiosks with real certificates, for tests."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from fleet.identity.authority import KIOSK_LIFE, Authority, Issued, key_of
from fleet.identity.broker_config import Plan
from fleet.identity.publishing import publish_revocations, write_broker, write_services
from kiosk.identity.identity import Identity, Parts, Place, adopt, make_key, request_of
from mqtt.client import Client
from mqtt.security import Tls, context
from mqtt.topics import Address
from tests.servers import wait_until

HOST = "127.0.0.1"
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with closing(socket.socket()) as one:
        one.settimeout(1)
        return one.connect_ex((HOST, port)) == 0


@dataclass
class SecureBroker:
    """`kiosks` and `services` are its two ports. `data` is the fleet's folder, with its authority."""

    data: Path
    folder: Path
    authority: Authority
    kiosks: int
    services: int
    process: subprocess.Popen[bytes]

    def service(self, name: str = "serve") -> Tls:
        kept = self.data / "services"
        return Tls(kept / "ca.pem", kept / f"{name}.pem", kept / f"{name}.key")

    def enrol(
        self, folder: Path, address: Address, *, life: timedelta = KIOSK_LIFE, at_ms: int | None = None
    ) -> tuple[Identity, Issued]:
        """A kiosk's identity in `folder`, without its fleet being asked."""
        key = make_key()
        issued = self.authority.kiosk(address, key_of(request_of(key, "kiosk")), at_ms or now_ms(), life)
        place = Place(address.tenant, address.site, address.kiosk, HOST, self.kiosks)
        return adopt(folder, Parts(key, issued.chain, self.authority.ca_pem, place)), issued

    def revoke(self, *serials: int) -> None:
        """Publish the list, and have it read anew as systemd's path unit does."""
        assert publish_revocations(self.authority, [(serial, now_ms()) for serial in serials], now_ms()) == []
        self.reload()

    def reload(self) -> None:
        """SIGHUP, as systemd's path unit has it sent when the list changes."""
        before = self.log().count("Reloading config")
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log().count("Reloading config") > before, "the broker to read its lists")

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[SecureBroker]:
    """Debian's mosquitto with a folder made by broker-config; skipped where it is not installed."""
    if MOSQUITTO is None:
        pytest.skip("no mosquitto here: apt-get install mosquitto")
    with secure_broker(tmp_path / "fleet", tmp_path / "mosquitto") as running:
        yield running


@contextmanager
def secure_broker(data: Path, folder: Path) -> Iterator[SecureBroker]:
    authority = Authority(data, now_ms(), "Test")
    kiosks, services = free_port(), free_port()
    plan = Plan(
        folder=folder, services=("serve", "ingest"), kiosks_at=(HOST, kiosks), services_at=(HOST, services)
    )
    write_broker(authority, plan, folder, [HOST], (), now_ms())
    write_services(authority, data, plan.services, now_ms())
    process = start(folder)
    try:
        wait_until(lambda: listens(kiosks) and listens(services), "mosquitto to listen")
        yield SecureBroker(data, folder, authority, kiosks, services, process)
    finally:
        process.terminate()
        process.wait(60)


def start(folder: Path) -> subprocess.Popen[bytes]:
    """mosquitto with a main file like Debian's, which includes what was made."""
    assert MOSQUITTO is not None
    (folder / "conf.d").mkdir(exist_ok=True)
    (folder / "store").mkdir(exist_ok=True)
    (folder / "conf.d/endcap.conf").write_bytes((folder / "endcap.conf").read_bytes())
    main = folder / "mosquitto.conf"
    main.write_text(
        f"persistence true\npersistence_location {folder}/store/\nlog_dest file {folder}/log\nuser {getpass.getuser()}\n"
        f"include_dir {folder}/conf.d\n"
    )
    return subprocess.Popen(
        [MOSQUITTO, "-c", str(main)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


class Peer:
    """A client that keeps what it hears."""

    def __init__(
        self, port: int, client_id: str, tls: Tls | None, *, mqtt5: bool | None = True, will: str = ""
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.ups = 0
        self.client = Client(
            HOST, port, client_id, tls=tls, mqtt5=mqtt5, will=(will, b"lost") if will else None,
            on_message=lambda topic, payload: self.heard.append((topic, payload)), on_up=self._up,
        )  # fmt: skip

    def _up(self) -> None:
        self.ups += 1

    def __enter__(self) -> Peer:
        self.client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop()

    def up(self) -> Peer:
        wait_until(lambda: self.client.connected, f"{self.client.name} to be let in")
        return self


CONNECT = bytes.fromhex("100d00044d5154540402001e000178")  # MQTT 3.1.1, client id "x"


def handshake(port: int, tls: Tls | None, change: Callable[[ssl.SSLContext], None] = lambda _: None) -> str:
    """What comes of a handshake as our clients make it (without TLS: of none) and a CONNECT: "" where the broker answers
    it with CONNACK, else why not.
    """
    try:
        with socket.create_connection((HOST, port), 10) as plain:
            if tls is None:
                return _answer(plain)
            made = context(tls)
            change(made)
            with made.wrap_socket(plain, server_hostname=HOST) as wire:
                return _answer(wire)
    except OSError as error:  # ssl.SSLError is one
        return str(error)


def _answer(wire: socket.socket) -> str:
    wire.sendall(CONNECT)
    said = wire.recv(4)
    return "" if said[:1] == b"\x20" else f"closed after {said!r}"
