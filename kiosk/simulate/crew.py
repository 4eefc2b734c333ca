"""Kiosks made to order: addresses, ledgers on a disk or in memory, clocks that drift, and the product's client."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from kiosk.fleet_line.line import Heard, LineDown, LineUp
from kiosk.ledger import Ledger
from kiosk.simulate.clock import DriftingClock, Fault
from kiosk.simulate.kiosk import OpenLedger, SimulatedKiosk
from kiosk.simulate.memory_ledger import Committer, KioskLedger, MemoryLedger
from kiosk.simulate.swarm import Swarm
from kiosk.simulate.wire import Caller, Dial, Post
from mqtt.backoff import station
from mqtt.client import Client
from mqtt.many import Loop
from mqtt.security import Tls
from mqtt.topics import Address

LINES: Final = 8  # sites: a station line each
DRIFT_PPM: Final = 40.0  # a Raspberry Pi's crystal, either way


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What kiosks are wanted. `folder` is for ledgers on disk."""

    count: int
    tenant: str = "simulated"
    seed: int = 1
    ledger: Literal["sqlite", "memory"] = "memory"
    folder: Path | None = None
    first: int = 1  # number of the first: processes share the numbers out


def addresses(order: Order) -> list[Address]:
    """`simulated/line-3/K0042`: every LINES-th kiosk hangs on the same line."""
    return [
        Address(order.tenant, f"line-{number % LINES + 1}", f"K{number:05d}")
        for number in range(order.first, order.first + order.count)
    ]


def clock_fault(seed: int, address: Address) -> Fault:
    """What is wrong with a kiosk's clock: all drift a little, one in ten starts with a clock nobody has set."""
    dice = random.Random(f"{seed} clock {address}")
    unset = dice.random() < 0.1
    return Fault(
        drift_ppm=dice.uniform(-DRIFT_PPM, DRIFT_PPM),
        behind_ms=dice.randrange(3_600_000, 86_400_000) if unset else 0,
        unset_s=dice.uniform(20, 90) if unset else 0.0,
    )


def dialler(host: str, port: int, loop: Loop, tls: Tls | None = None) -> Dial:
    """The product's client, to that broker."""

    def dial(address: Address, will: bytes, post: Post) -> Caller:
        client = Client(
            host,
            port,
            address.client_id,
            will=(address.state, will),
            on_message=lambda topic, payload: post(Heard(topic, payload)),
            on_up=lambda: post(LineUp()),
            on_down=lambda: post(LineDown()),
            loop=loop,
            backoff=station(),
            tls=tls,
        )
        client.subscribe(address.down)
        return client

    return dial


def man(swarm: Swarm, order: Order, committer: Committer, dial: Dial) -> list[SimulatedKiosk]:
    """Make the kiosks of an order for a swarm; they begin when the swarm is told to start with them."""
    return [_made(swarm, order, address, committer, dial) for address in addresses(order)]


def _made(swarm: Swarm, order: Order, address: Address, committer: Committer, dial: Dial) -> SimulatedKiosk:
    clock = DriftingClock(swarm.era, clock_fault(order.seed, address))
    made: list[SimulatedKiosk] = []
    kiosk = SimulatedKiosk(
        address,
        _opener(order, address, clock, committer),
        clock,
        dial,
        lambda item: swarm.post(made[0], item),
    )
    made.append(kiosk)
    return kiosk


def _opener(order: Order, address: Address, clock: DriftingClock, committer: Committer) -> OpenLedger:
    if order.ledger == "sqlite":
        if order.folder is None:
            raise ValueError("ledgers on disk need a folder")
        name = order.folder / f"{address.site}-{address.kiosk}"
        return lambda card, on_growth: Ledger(name.with_suffix(f".{card}.db"), clock, on_growth)
    kept: dict[int, MemoryLedger] = {}

    def open_memory(card: int, on_growth: Callable[[], None]) -> KioskLedger:
        if card not in kept:
            kept[card] = MemoryLedger(committer, clock)
        kept[card].on_growth = on_growth
        return kept[card]

    return open_memory
