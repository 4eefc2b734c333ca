"""Clients for tests, brokers with settings of their own, and servers that misbehave."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fleet.broker.broker import LOOPBACK, find_broker
from mqtt.backoff import Backoff
from mqtt.client import Client
from tests.servers import missing, wait_until

QUICK = Backoff(base_s=0.05, cap_s=0.2, stable_s=0.5)


class Heard(list[tuple[str, bytes]]):
    """Messages in the order they came, and how often the connection rose and fell."""

    ups = downs = 0

    def message(self, topic: str, payload: bytes) -> None:
        self.append((topic, payload))

    def up(self) -> None:
        self.ups += 1

    def down(self) -> None:
        self.downs += 1


@contextmanager
def connected(port: int, name: str, *filters: str, **more: Any) -> Iterator[tuple[Client, Heard]]:
    heard = Heard()
    settings: dict[str, Any] = {"on_message": heard.message, "backoff": QUICK, **more}
    client = Client(LOOPBACK, port, name, on_up=heard.up, on_down=heard.down, **settings)
    for topic_filter in filters:
        client.subscribe(topic_filter)
    client.start()
    try:
        wait_until(lambda: client.connected, "the client to connect")
        yield client, heard
    finally:
        assert client.stop(), "the network thread still runs"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def mosquitto(folder: Path, *settings: str) -> Iterator[int]:
    """A mosquitto with settings of its own; yields its port."""
    if reason := missing("mosquitto"):
        pytest.skip(reason)
    port = free_port()
    user = "user root" if os.geteuid() == 0 else ""
    (folder / "conf").write_text(
        "\n".join([f"listener {port} {LOOPBACK}", user, "log_type none", *settings, ""])
    )
    process = subprocess.Popen([find_broker("mosquitto").program, "-c", str(folder / "conf")])
    try:
        yield port
    finally:
        process.terminate()
        process.wait(60)
