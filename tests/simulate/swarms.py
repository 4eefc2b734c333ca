"""A small swarm for tests, and what the fleet's database says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import func, select

from fleet import tables
from fleet.store.store import Store
from kiosk.simulate.clock import Era
from kiosk.simulate.crew import Order, dialler, man
from kiosk.simulate.day import Happening, happenings
from kiosk.simulate.kiosk import SimulatedKiosk, Told
from kiosk.simulate.memory_ledger import Committer
from kiosk.simulate.swarm import Swarm
from kiosk.simulate.wire import Caller, Post
from mqtt.many import Loop
from mqtt.topics import Address
from tests.servers import wait_until

MONDAY_RUSH_MS = 1_795_420_800_000  # 2026-11-23 08:00 UTC


def rush(kiosk: SimulatedKiosk, minute: int) -> list[Happening]:
    return happenings(7, str(kiosk.address), minute)


@contextmanager
def swarm_of(
    count: int, port: int | Sequence[int], folder: Path, ledger: Literal["sqlite", "memory"] = "memory",
    speed: float = 60.0, tenant: str = "t",
) -> Iterator[Swarm]:  # fmt: skip
    """Kiosks on a Monday morning; plugged in, and ended whatever happens. Several ports: a kiosk has one of them."""
    committer = Committer()
    swarm = Swarm(Era(MONDAY_RUSH_MS, speed), rush)
    order = Order(count=count, tenant=tenant, ledger=ledger, folder=folder)
    with Loop("simulated network") as loop:
        ports = [port] if isinstance(port, int) else port
        dial = [dialler("127.0.0.1", each, loop) for each in ports]

        def one_of_them(address: Address, will: bytes, post: Post) -> Caller:
            return dial[int(address.kiosk[1:]) % len(dial)](address, will, post)

        swarm.start(man(swarm, order, committer, one_of_them))
        try:
            yield swarm
        finally:
            swarm.stop()
            committer.stop()


def all_acknowledged(swarm: Swarm) -> None:
    """Let nothing more happen, and wait until the fleet has all."""
    swarm.rest()
    for kiosk in swarm.kiosks:
        kiosk.ledger.flush()
    wait_until(lambda: swarm.waiting() == 0, "everything to be acknowledged", 60.0)


def stored(database: str, kiosk: str, epoch: str) -> tuple[int, int, int]:
    """(how many events of a stream, the first number, the last)."""
    store = Store(database)
    events = tables.events.c
    with store.read() as connection:
        row = connection.execute(
            select(func.count(), func.min(events.seq), func.max(events.seq)).where(
                events.kiosk == kiosk, events.epoch == epoch
            )
        ).one()
    store.close()
    return row[0], row[1] or 0, row[2] or 0


def is_all_stored(database: str, told: Told) -> bool:
    """Whether the fleet has of that kiosk what it says it wrote, each once."""
    return all(
        stored(database, told.kiosk, stream.epoch)
        == (stream.written, 1 if stream.written else 0, stream.written)
        for stream in told.streams
    )
