"""The real programs, agent and screen in processes of their own: from nothing to a release, and on without any network."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.adopting.record import read
from kiosk.clock.clock import SystemClock
from kiosk.link.socket import SocketScreenEnd
from kiosk.views import Attract, Closed, OpenAisle, Shop, Start, View, Wall
from tests.content import shop
from tests.kiosk.adopting.test_power_cuts import NEW, OLD, parts
from tests.kiosk.fetching.repositories import Repository
from tests.kiosk.until import until

pytestmark = [pytest.mark.ui, pytest.mark.server]
STARTS_S = (
    240.0  # from power-on to what a screen has drawn: two interpreters, all of Kivy and a health window
)
ENDS_S = 60.0  # in which a process ends, where all cores are busy


def nobody() -> int:
    """A port where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def configured(folder: Path, source: str) -> Path:
    path = folder / "kiosk.toml"
    path.write_text(
        f"""
        trust_clock = true
        [address]
        tenant = "demo"
        site = "s1"
        kiosk = "K1"
        [paths]
        store = "store"
        state = "state"
        [broker]
        port = {nobody()}
        [content]
        sources = ["{source}"]
        root = "root.json"
        health_s = 45
        check_s = 5
        carried = "carried"
        [panel]
        width = 540
        height = 960
        """,
        encoding="utf-8",
    )
    return path


class Hall:
    """Somebody who looks at what the agent shows, beside its own screen."""

    def __init__(self, folder: Path) -> None:
        self.screen = SocketScreenEnd(folder / "state" / "screen.sock")
        self.seen: list[tuple[Shop, View]] = []
        self.screen.listen(lambda shop, view: self.seen.append((shop, view)))

    def sees(self, kind: type[View]) -> Shop:
        until(lambda: self.seen and isinstance(self.seen[-1][1], kind), kind.__name__, STARTS_S)
        return self.seen[-1][0]

    def price(self) -> int:
        return self.screen.facings("dairy", "en", 0, 9).items[0].price.minor


@contextmanager
def switched_on(config: Path) -> Iterator[Hall]:
    """Power: the agent and its screen start; they are asked to end at the end."""
    words = [sys.executable, "-m", "kiosk"]
    told = ["--config", str(config), "--log", "WARNING"]
    processes = [
        subprocess.Popen([*words, "agent", *told], env=os.environ.copy()),
        subprocess.Popen([*words, "ui", *told, "--headless"], env=os.environ.copy()),
    ]
    hall = Hall(config.parent)
    try:
        yield hall
    finally:
        hall.screen.close()
        for process in reversed(processes):
            process.terminate()
        codes = [process.wait(ENDS_S) for process in processes]
    assert codes[0] == 0
    assert codes[1] in (0, -signal.SIGTERM), "a screen may be asked before it listens to signals"


def kept(folder: Path, name: str) -> bool:
    confirmed = read(folder / "state" / "content").confirmed
    return confirmed is not None and confirmed.release == name


def test_from_an_empty_kiosk_to_a_wall_that_sells_without_any_network(tmp_path: Path) -> None:
    published = Repository(tmp_path / "published")
    now = datetime.fromtimestamp(SystemClock(trusted=True).wall_ms() / 1000, UTC)
    published.expires = now + timedelta(days=30)
    published.sign_root()
    (tmp_path / "root.json").write_bytes(published.installed)
    config = configured(tmp_path, str(published.folder))
    with switched_on(config) as hall:
        hall.sees(Closed)
        first = published.release(parts(OLD))
        hall.sees(Attract)
        until(lambda: kept(tmp_path, first), "the screen's frames to be believed", STARTS_S)
        assert hall.price() == OLD
        second = published.release(parts(NEW))
        until(lambda: kept(tmp_path, second), "the next release", STARTS_S)
        assert hall.price() == NEW
    configured(tmp_path, f"http://127.0.0.1:{nobody()}/")
    with switched_on(config) as hall:
        seen = hall.sees(Attract)
        assert [aisle.key for aisle in seen.aisles] == ["fruit", "dairy"]
        assert hall.price() == NEW
        hall.screen.send(Start())
        hall.sees(Wall)
        hall.screen.send(OpenAisle("dairy"))
        until(lambda: isinstance(hall.seen[-1][1], Wall) and hall.seen[-1][1].aisle == "dairy")
        assert hall.screen.facings("dairy", "en", 0, 9).items[0].gtin in {shop.gtin(1), shop.gtin(3)}
