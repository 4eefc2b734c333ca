"""A command's way to a kiosk and back while a thousand send twice a second, beside the bare broker in the same run.

PROBED of the kiosks sit in a quiet process, as each real kiosk has a processor of its own; the others make the load from
two processes (a health message every half second, QoS 1). The operator's end is the product's client. A round trip is
publish of Command -> `accepted` from the kiosk; the bare figure is publish -> receive of a message between two such clients.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from msgspec import structs

from benchmarks._table import table
from benchmarks.scale.rig import mosquitto, until
from kiosk.simulate.crew import Order, addresses
from kiosk.simulate.plan import Plan
from kiosk.simulate.room import make_room
from kiosk.simulate.scenarios import NAMED
from kiosk.simulate.shares import parts_of
from mqtt import topics
from mqtt.client import Client
from mqtt.commands import Command, CommandState
from mqtt.messages import decode, encode

KIOSKS, PROBED = 1_000, 20
EVERY_S = 0.5  # each kiosk's messages
ROUNDS = 150
PACE_S = 0.004


class Echo:
    """Sends and waits for the answer, one at a time; the times in milliseconds."""

    def __init__(self, port: int) -> None:
        self._came = threading.Event()
        self._wanted = ""
        self.client = Client("127.0.0.1", port, "operator", on_message=self._heard)
        self.mirror = Client("127.0.0.1", port, "mirror", on_message=lambda _, said: self._bare(said))
        self.client.subscribe(topics.EVERY_COMMAND_STATE)
        self.mirror.subscribe("bare/#")
        for client in (self.client, self.mirror):
            client.start()
        until(lambda: self.client.connected and self.mirror.connected, "both ends", 30)

    def _heard(self, _topic: str, payload: bytes) -> None:
        state: CommandState = decode(payload, CommandState)
        if state.id == self._wanted and state.state == "accepted":
            self._came.set()

    def _bare(self, said: bytes) -> None:
        if said.startswith(self._wanted.encode()):
            self._came.set()

    def ask(self, topic: str, id_: str, payload: bytes) -> float:
        self._wanted = id_
        self._came.clear()
        begun = time.perf_counter()
        assert self.client.publish(topic, payload)
        assert self._came.wait(10), f"no answer to {id_}"
        return (time.perf_counter() - begun) * 1000


def rounds(echo: Echo, probed: Sequence[topics.Address]) -> tuple[list[float], list[float]]:
    """(commands, bare), interleaved."""
    commands, bare = [], []
    for number in range(ROUNDS):
        address = probed[number % len(probed)]
        command = Command(
            id=f"C{number:015d}",
            what="identify",
            by="bench",
            why="to see how long it takes",
            at_ms=time.time_ns() // 1_000_000,
        )
        body = encode(command)
        commands.append(echo.ask(address.commands, command.id, body))
        bare.append(echo.ask("bare/x", f"B{number:015d}", f"B{number:015d}".encode() + body))
        time.sleep(PACE_S)
    return commands, bare


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    """Print the table."""
    make_room(KIOSKS, 1)
    now = time.time_ns() // 1_000_000
    with tempfile.TemporaryDirectory() as folder, mosquitto(Path(folder)) as broker, ExitStack() as ends:
        quiet = Plan(
            count=PROBED, scenario=NAMED["plain"], port=broker.port, busy=0.0, tenant="probed", begin_ms=now,
            begun_ns=time.monotonic_ns(), health_s=EVERY_S,
        )  # fmt: skip
        loud = structs.replace(quiet, count=KIOSKS - PROBED, tenant="loud")
        parts = [*parts_of(quiet, 1, apart=True), *parts_of(loud, 2)]
        for part in parts:
            ends.callback(part.stop)
            part.start()
        until(
            lambda: sum(part.status().connected for part in parts) >= 0.99 * KIOSKS,
            "nearly all to be connected",
            180,
        )
        time.sleep(2)
        echo = Echo(broker.port)
        ends.callback(echo.mirror.stop)
        ends.callback(echo.client.stop)
        commands, bare = rounds(echo, addresses(Order(count=PROBED, tenant="probed")))
    rows = [
        (name, mine := quantile(commands, share), theirs := quantile(bare, share), mine / theirs)
        for name, share in (("p50, ms", 0.5), ("p90, ms", 0.9), ("p99, ms", 0.99))
    ]
    rows.append(
        (
            "mean, ms",
            statistics.mean(commands),
            statistics.mean(bare),
            statistics.mean(commands) / statistics.mean(bare),
        )
    )
    table(
        f"{ROUNDS} commands while {KIOSKS} kiosks send {KIOSKS / EVERY_S:g} messages a second",
        ("figure", "command, there and back", "bare message, one way", "ratio"),
        rows,
    )


if __name__ == "__main__":
    main()
