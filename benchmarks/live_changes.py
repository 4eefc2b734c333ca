"""From the operator's word to the glass: a product sold out and to be had again, seen as pixels on a display.

One machine, nothing simulated: mosquitto, `endcap fleet serve`, the kiosk's agent and screen in processes of their own
on Xvfb. A word is a request to the fleet's interface, as `endcap fleet sold-out` makes it; it is over when the product's
tile has changed on the display, looked at from outside every few milliseconds. Beside it, by turns, a bare message from
one MQTT client through the same broker to another.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks._table import table
from benchmarks.scale.rig import mosquitto, until
from benchmarks.wall.display import Display
from content.feed.problems import Problems
from content.importer import Source, import_feed
from content.signing import PublicKeys, key_id, public_bytes, write_keys
from content.store import OpenStore
from mqtt.client import Client

CHANGES = 50
WIDTH, HEIGHT = 540, 960
DEMO = Path(__file__).resolve().parent.parent / "content" / "demo"
CONFIG = """
public_host = "https://shop.example"
trust_clock = true
[signing]
keys = "keys.json"
[address]
tenant = "demo"
site = "bench"
kiosk = "K1"
[paths]
store = "store"
state = "state"
[broker]
port = {port}
[panel]
width = {width}
height = {height}
fullscreen = false
[session]
wall_idle_ms = 3600000
"""


class Bare:
    """One message at a time from one client to another; milliseconds."""

    def __init__(self, port: int) -> None:
        self._came = threading.Event()
        self._sender = Client("127.0.0.1", port, "bare-sender")
        self._hearer = Client(
            "127.0.0.1", port, "bare-hearer", on_message=lambda _topic, _said: self._came.set()
        )
        self._hearer.subscribe("bare/#")
        for client in (self._sender, self._hearer):
            client.start()
        until(lambda: self._sender.connected and self._hearer.connected, "both ends", 30)

    def send(self) -> float:
        self._came.clear()
        begun = time.perf_counter()
        assert self._sender.publish("bare/x", b"x" * 600)
        assert self._came.wait(10)
        return (time.perf_counter() - begun) * 1000

    def stop(self) -> None:
        self._sender.stop()
        self._hearer.stop()


@contextmanager
def process(*words: str, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of ours, ended at the end."""
    started = subprocess.Popen([sys.executable, "-m", *words], env={**os.environ, **env})
    try:
        yield started
    finally:
        started.terminate()
        started.wait(30)


def prepare(folder: Path, port: int) -> str:
    """Store, keys and configuration; the GTIN of the first product on the wall."""
    import_feed(
        Source(DEMO / "feed.tsv", DEMO / "pictures", DEMO / "store.toml"), folder / "store", Problems()
    )
    key = Ed25519PrivateKey.generate()
    (folder / "demo.live.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    public = public_bytes(key)
    keys = PublicKeys(tenant="demo", keys={"live": {key_id(public): public}})
    (folder / "keys.json").write_bytes(write_keys(keys))
    (folder / "kiosk.toml").write_text(CONFIG.format(port=port, width=WIDTH, height=HEIGHT))
    store = OpenStore(folder / "store")
    first = store.shelf(store.store.aisles[0].key, 0, 1)[0]
    store.close()
    return first.gtin


def open_wall(display: Display) -> tuple[int, int, int, int]:
    """Touch the glass until the shelves are there and still; the strip in which the first product stands."""
    tile = (0, HEIGHT // 8, WIDTH // 2, HEIGHT // 4)
    end = time.perf_counter() + 90
    until(lambda: len(set(display.strip(*tile))) > 64, "the screen to draw", 60)
    still, since = display.strip(*tile), time.perf_counter()
    display.point(WIDTH * 38 // 100, HEIGHT * 88 // 100)  # the button that says so: it opens the first aisle
    display.press(True)
    time.sleep(0.05)
    display.press(False)
    while time.perf_counter() - since < 2:  # the loop of adverts is never still so long
        assert time.perf_counter() < end, "the wall did not open"
        time.sleep(0.05)
        now = display.strip(*tile)
        if now != still:
            still, since = now, time.perf_counter()
    return tile


def seen(display: Display, tile: tuple[int, int, int, int], before: bytes) -> None:
    """Wait until the strip is another."""
    end = time.perf_counter() + 10
    while display.strip(*tile) == before:
        assert time.perf_counter() < end, "the glass did not change"
        time.sleep(0.002)


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def rounds(
    client: httpx.Client, display: Display, tile: tuple[int, int, int, int], gtin: str, bare: Bare
) -> tuple[list[float], list[float], list[float]]:
    """(word to glass, word to the fleet's answer, bare message), in milliseconds."""
    glass, answered, floor = [], [], []
    for number in range(CHANGES):
        kind = "available" if number % 2 else "sold-out"
        before = display.strip(*tile)
        body = json.dumps({"gtin": gtin, "kind": kind, "by": "bench", "why": "to see"})
        begun = time.perf_counter()
        answer = client.post("/api/live-changes", content=body, headers={"content-type": "application/json"})
        answered.append((time.perf_counter() - begun) * 1000)
        assert answer.status_code == 201, answer.text
        seen(display, tile, before)
        glass.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.3)  # what is still drawn belongs to this change
        floor.append(bare.send())
    return glass, answered, floor


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as ends:
        folder = Path(name)
        broker, pages = ends.enter_context(mosquitto(folder)), free_port()
        gtin = prepare(folder, broker.port)
        ends.enter_context(
            process(
                "fleet", "serve", "--data", str(folder / "fleet"), "--port", str(pages),
                "--broker", f"127.0.0.1:{broker.port}", "--catalogue", str(folder / "store"),
                "--live-key", str(folder / "demo.live.pem"), "--log", "ERROR",
            )
        )  # fmt: skip
        display = ends.enter_context(Display(WIDTH, HEIGHT))
        config = str(folder / "kiosk.toml")
        ends.enter_context(process("kiosk", "agent", "--config", config))
        ends.enter_context(process("kiosk", "ui", "--config", config, DISPLAY=display.name))
        tile = open_wall(display)
        client = ends.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{pages}", trust_env=False))
        bare = Bare(broker.port)
        ends.callback(bare.stop)
        until(lambda: client.get("/api/fleet").json()["kiosks"], "the fleet to know the kiosk", 60)
        glass, answered, floor = rounds(client, display, tile, gtin, bare)
    rows = [
        (label, quantile(glass, share), quantile(answered, share), quantile(floor, share))
        for label, share in (("p50, ms", 0.5), ("p90, ms", 0.9), ("p99, ms", 0.99), ("most, ms", 1.0))
    ]
    table(
        f"{CHANGES} live changes, from the operator's request to the pixels of a wall",
        ("figure", "to the glass", "to the fleet's answer", "bare MQTT message"),
        rows,
    )


if __name__ == "__main__":
    main()
