"""From an operator's word to the glass of one wall, and to 1,000 walls at once, beside bare MQTT messages in the same run.

One wall: mosquitto, `endcap fleet serve`, agent and screen in processes of their own on Xvfb, seen as pixels
(benchmarks.live_changes has the rig). Many: connections of one process that believe a set as a kiosk does (signature,
then reading) and have the core's step make a view of it; no screens. The bare fan-out is as many messages of the same
size, published one after the other to the same connections.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks._table import table
from benchmarks.live_changes import Bare, free_port, open_wall, prepare, process, quantile, seen
from benchmarks.scale.rig import mosquitto, until
from benchmarks.wall.display import Display
from content.alerts import Alert, Wording, read_alerts
from content.signing import PublicKeys, key_id, public_bytes, verify, write_keys
from fleet.clock import now_ms
from fleet.emergency.desk import Emergencies
from fleet.line import Line
from fleet.live import Hub
from fleet.store.store import Store
from kiosk.core import diagram
from kiosk.core.events import AlertsArrived
from kiosk.core.present import present
from kiosk.core.session import step
from kiosk.views import Emergency
from mqtt.client import Client
from mqtt.commands import Alerts
from mqtt.many import Loop
from mqtt.messages import decode
from mqtt.topics import Address

TIMES = 20
WALLS = 1_000
SAID = {
    "en": {"headline": "Leave the station", "instruction": "Use the stairs"},
    "zh": {"headline": "请立即离开车站"},
}
SHARES = (("p50, ms", 0.5), ("p90, ms", 0.9), ("most, ms", 1.0))


def one_wall() -> None:
    """Raised and seen, by turns with a bare message."""
    glass, floor = [], []
    with tempfile.TemporaryDirectory() as name, ExitStack() as ends:
        folder, key = Path(name), Ed25519PrivateKey.generate()
        broker, pages = ends.enter_context(mosquitto(folder)), free_port()
        prepare(folder, broker.port)
        pem = folder / "demo.alert.pem"
        pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = public_bytes(key)
        keys = PublicKeys(tenant="demo", keys={"alert": {key_id(public): public}})
        (folder / "keys.json").write_bytes(write_keys(keys))
        words = ("fleet", "serve", "--data", str(folder / "fleet"), "--port", str(pages), "--log", "ERROR")
        at = ("--broker", f"127.0.0.1:{broker.port}", "--alert-key", str(pem))
        ends.enter_context(process(*words, *at))
        display = ends.enter_context(Display(540, 960))
        config = str(folder / "kiosk.toml")
        ends.enter_context(process("kiosk", "agent", "--config", config))
        ends.enter_context(process("kiosk", "ui", "--config", config, DISPLAY=display.name))
        tile = open_wall(display)
        client = ends.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{pages}", trust_env=False))
        bare = Bare(broker.port)
        ends.callback(bare.stop)
        until(lambda: client.get("/api/fleet").json()["kiosks"], "the fleet to know the kiosk", 60)
        who = {"by": "bench", "why": "to see"}
        for number in range(TIMES):
            alert = {"id": f"A{number}", "words": SAID, "severity": "extreme"}
            before, begun = display.strip(*tile), time.perf_counter()
            answer = client.post("/api/alerts", json={"alert": alert, "kiosk": "demo/bench/K1", **who})
            assert answer.status_code == 201, answer.text
            seen(display, tile, before)
            glass.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.5)
            before = display.strip(*tile)
            client.post("/api/alerts/clear", json={"id": "*", **who})
            seen(display, tile, before)
            time.sleep(0.5)
            floor.append(bare.send())
    rows = [(label, quantile(glass, share), quantile(floor, share)) for label, share in SHARES]
    table(
        f"{TIMES} alerts, from the request to the pixels of a wall",
        ("figure", "to the glass", "bare MQTT message"),
        rows,
    )


class Walls:
    """Connections that note when each has heard and believed."""

    def __init__(self, port: int, count: int, key: Ed25519PrivateKey) -> None:
        public = public_bytes(key)
        self.keys, self.came, self.all = {key_id(public): public}, list[float](), threading.Event()
        self.addresses = [Address("demo", "bench", f"W{number}") for number in range(count)]
        self.session, self.loop = diagram.start(), Loop("walls", connects=4)
        self.loop.start()
        self.clients = [
            Client("127.0.0.1", port, str(one), on_message=self._heard, loop=self.loop)
            for one in self.addresses
        ]
        for address, client in zip(self.addresses, self.clients, strict=True):
            client.subscribe(address.down)
            client.start()
        until(lambda: all(one.connected for one in self.clients), "the walls", 120)

    def _heard(self, topic: str, payload: bytes) -> None:
        if topic.endswith("/dn/alert"):
            said: Alerts = decode(payload, Alerts)
            assert verify(self.keys, "alert", "demo", said.kid, said.body, said.signature)
            event = AlertsArrived(self.session.at, read_alerts(said.body).alerts)
            assert isinstance(present(step(self.session, event)[0]), Emergency)
        self.came.append(time.perf_counter())
        if len(self.came) == len(self.clients):
            self.all.set()

    def measure(self, say: Callable[[], object]) -> list[float]:
        """Milliseconds until each had it."""
        self.came.clear()
        self.all.clear()
        begun = time.perf_counter()
        say()
        assert self.all.wait(120), f"{len(self.came)} of {len(self.clients)} walls heard"
        return [(one - begun) * 1000 for one in self.came]

    def stop(self) -> None:
        for client in self.clients:
            client.stop(0.0)
        self.loop.stop()


def many_walls(count: int) -> None:
    """One alert to all."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as ends:
        broker = ends.enter_context(mosquitto(Path(name)))
        key, store = Ed25519PrivateKey.generate(), Store(f"sqlite:///{name}/fleet.db")
        ends.callback(store.close)
        line = Line("127.0.0.1", broker.port, "line")
        ends.callback(line.stop)
        line.start(lambda address, request: (_ for _ in ()).throw(RuntimeError))  # nothing asks
        desk = Emergencies(store, line.send, Hub(), now_ms, key)
        walls = Walls(broker.port, count, key)
        ends.callback(walls.stop)
        until(lambda: line.connected, "the line", 30)
        sender = Client("127.0.0.1", broker.port, "bare")
        ends.callback(sender.stop)
        sender.start()
        until(lambda: sender.connected, "the sender", 30)

        def bare() -> None:
            for address in walls.addresses:
                while not sender.publish(address.notices, b"x" * 900):
                    time.sleep(0.0005)

        alert = Alert(id="A1", words={tag: Wording(**said) for tag, said in SAID.items()}, severity="extreme")
        floor = walls.measure(bare)
        alerts = walls.measure(lambda: desk.send(alert, walls.addresses, "bench", "to see"))
    rows = [(label, quantile(alerts, share), quantile(floor, share)) for label, share in SHARES]
    table(f"one alert, from the request to {count:,} walls", ("figure", "alert", "bare MQTT messages"), rows)


def main() -> None:
    """Print both tables."""
    many_walls(WALLS)
    one_wall()


if __name__ == "__main__":
    main()
