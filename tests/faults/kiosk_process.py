"""A kiosk that sells and notes as fast as it is asked to, with the real ledger, line and client, until it is killed.

It pumps as kiosk.agent does: on a new connection, on everything heard, on growth of the ledger and when the outbox says
so. What it tries and what the ledger tells it goes to a witness file. SIGTERM: record nothing more, finish what is
open, and end when the fleet has acknowledged everything.

Started again it confirms what it has tried and not finished, as a provider repeats its webhook: a sale is recorded once
however often it is confirmed.
"""

from __future__ import annotations

import argparse
import os
import queue
import random
import signal
import time
from pathlib import Path
from typing import Final, TypedDict

import msgspec

from kiosk.clock.clock import SystemClock, kernel_disciplined
from kiosk.core.orders import Payment, reference_of
from kiosk.fleet_line.line import FleetLine, Heard, LineDown, LineUp, lost
from kiosk.ledger import Ledger, LedgerError
from mqtt.backoff import Backoff
from mqtt.client import Client
from mqtt.messages import AdvertPlayed, Engaged, Event, FacingsSeen, Presence, RefundWanted, SaleMade, Scanned
from mqtt.topics import Address
from tests.faults import witness
from tests.faults.witness import Tried, Witness
from tests.kiosk.orders import CLAIM, payment, sale_of

TICK_S: Final = 0.25  # longest sleep: whether we are to be quiet is looked at so often
BACKOFF: Final = Backoff(base_s=0.1, cap_s=2.0, stable_s=5.0)  # a campaign has minutes, a station has days
ANSWER_S: Final = 3.0
KEEPALIVE_S: Final = 4


class _Heading(TypedDict):
    epoch: str
    seq: int
    wall_ms: int
    mono_ms: int
    boot: str


class Recorder:
    """Thinks of things to record, and records them."""

    def __init__(self, ledger: Ledger, clock: SystemClock, told: Witness, prefix: str, seed: int) -> None:
        self._ledger, self._clock, self._witness, self._prefix = ledger, clock, told, prefix
        self._draw = random.Random(seed)
        self._count = 0
        self._open: list[tuple[Tried, Payment]] = []  # confirmed, and not recorded yet

    def recover(self, account: witness.Account) -> None:
        """Money that was confirmed before we died is confirmed again; what was recorded stays recorded once."""
        for event in account.tried.values():
            if event.kind == "sale" and event.id not in account.durable:
                self._open.append((event, payment(event.id, minor=event.minor)))

    def settle(self) -> bool:
        """Record what is confirmed; False where the ledger cannot now."""
        while self._open:
            event, paid = self._open[0]
            try:
                self._ledger.remember(paid)
                outcome = self._ledger.record_sale(paid, CLAIM, self._at(sale_of(paid)))
            except LedgerError:
                return False
            if outcome != "recorded":
                self._witness.wrong(f"sale {event.id}: {outcome}")
            self._witness.durable(event.id)
            self._open.pop(0)
        return True

    def step(self) -> None:
        """One sale, one refund, or a handful of notes."""
        kind = self._draw.choices(("sale", "late", "notes"), (5, 1, 4))[0]
        if kind == "notes":
            self._note([self._thing() for _ in range(self._draw.randint(1, 6))])
            return
        order = self._name()
        event = Tried("sale", order, self._draw.randint(1, 9_999))
        self._witness.tried(event)
        paid = payment(order, minor=event.minor)
        self._open.append((event, paid))
        if not self.settle():
            return
        if self._draw.random() < 0.2:  # the provider says it twice
            again = self._ledger.record_sale(paid, CLAIM, self._at(sale_of(paid)))
            if again != "recorded":
                self._witness.wrong(f"sale {order}, confirmed twice: {again}")
        if kind == "late":
            self._pay_twice(order, event.minor)

    def _pay_twice(self, order: str, minor: int) -> None:
        """Money for an order that was sold already: it goes back, once."""
        second = payment(order, 1, minor)
        reference = reference_of(order, 1)
        refund = RefundWanted(
            **self._heading(),
            order=order,
            reference=reference,
            currency="EUR",
            total_minor=minor,
            reason="sold",
        )
        self._witness.tried(Tried("refund", reference, minor))
        self._ledger.remember(second)
        if self._ledger.record_sale(second, CLAIM, self._at(sale_of(second))) != "order-sold":
            self._witness.wrong(f"order {order} was sold twice")
        if self._ledger.record_refund(refund) and self._ledger.record_refund(refund):
            self._witness.durable(reference)
        else:
            self._witness.wrong(f"refund {reference} was refused")

    def _note(self, things: list[tuple[Tried, Event]]) -> None:
        self._witness.tried(*(tried for tried, _ in things))
        dropped = self._ledger.dropped
        for _, event in things:
            self._ledger.note(event)
        self._ledger.flush()
        if self._ledger.dropped == dropped and not self._ledger.counts()["unwritten"]:
            self._witness.durable(*(tried.id for tried, _ in things))

    def _thing(self) -> tuple[Tried, Event]:
        name, heading = self._name(), self._heading()
        match self._draw.randrange(4):
            case 0:
                return Tried("play", name), AdvertPlayed(**heading, advert=name, shown_ms=5_000)
            case 1:
                seen = ((1, 2, 900), (2, 1, 400))
                return Tried("impressions", name), FacingsSeen(
                    **heading, aisle=name, minute=heading["wall_ms"] // 60_000, seen=seen
                )
            case 2:
                return Tried("scan", name), Scanned(**heading, kind="gtin", outcome="product", gtin=name)
            case _:
                return Tried("engagement", name), Engaged(**heading, what="aisle", detail=name)

    def _name(self) -> str:
        """15 digits nobody else draws: an order's name."""
        self._count += 1
        return f"{self._prefix}{self._count:06d}"

    def _heading(self) -> _Heading:
        return {
            "epoch": "",
            "seq": 0,
            "wall_ms": self._clock.wall_ms(),
            "mono_ms": self._clock.mono_ms(),
            "boot": self._clock.boot,
        }

    def _at(self, sale: SaleMade) -> SaleMade:
        return msgspec.structs.replace(sale, **self._heading())


class KioskProcess:
    """Ledger, line and client, and one thread that owns them."""

    def __init__(self, options: argparse.Namespace) -> None:
        # The kernel's word that its clock is kept in step holds for its own, not for one that jumps (tests/faults/clocks.py).
        jumpy = "JUMPY_CLOCK" in os.environ
        self._clock = SystemClock(disciplined=lambda: not jumpy and kernel_disciplined())
        self._witness = Witness(options.witness)
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._ledger = Ledger(options.ledger, self._clock, on_growth=lambda: self._inbox.put(None))
        if self._ledger.set_aside is not None:
            self._witness.wrong(f"the ledger was damaged, and set aside as {self._ledger.set_aside}")
        self._address = Address(*options.address.split("/"))
        self._recorder = Recorder(self._ledger, self._clock, self._witness, options.prefix, options.seed)
        self._recorder.recover(witness.read(options.witness))
        self._pause_s = 1.0 / options.per_second
        self._client = Client(
            "127.0.0.1",
            options.port,
            self._address.client_id,
            will=(self._address.state, lost(self._clock.boot, self._clock.wall_ms())),
            on_message=lambda topic, payload: self._inbox.put(Heard(topic, payload)),
            on_up=lambda: self._inbox.put(LineUp()),
            on_down=lambda: self._inbox.put(LineDown()),
            backoff=BACKOFF,
            keepalive_s=KEEPALIVE_S,
            answer_s=ANSWER_S,
        )
        self._client.subscribe(self._address.down)
        self._line = FleetLine(self._address, self._client, self._ledger, self._clock, answer_ms=15_000)
        self._quiet = False
        self._pump_at: float | None = None
        signal.signal(signal.SIGTERM, self._be_quiet)

    def _be_quiet(self, _number: int, _frame: object) -> None:
        self._quiet = True

    def run(self) -> int:
        """Until it is quiet and nothing waits."""
        self._client.start()
        step_at = time.monotonic()
        while not (self._quiet and self._done()):
            now = time.monotonic()
            if now >= step_at:
                self._work()
                step_at = max(step_at + self._pause_s, now)
            if self._pump_at is not None and now >= self._pump_at:
                self._pump()
            due = min(step_at, self._pump_at or step_at) - time.monotonic()
            self._take(min(TICK_S, max(0.0, due)))
        self._witness.ended(self._ledger.epoch, self._ledger.bounds()[1])
        self._client.stop()
        self._ledger.close()
        return 0

    def _done(self) -> bool:
        acked, last = self._ledger.bounds()
        return self._recorder.settle() and acked == last

    def _work(self) -> None:
        try:
            if self._recorder.settle() and not self._quiet:
                self._recorder.step()
        except LedgerError:
            self._line.counters["not-recorded"] += 1

    def _take(self, timeout_s: float) -> None:
        try:
            item = self._inbox.get(timeout=timeout_s)
        except queue.Empty:
            return
        if isinstance(item, LineUp):
            self._line.up()
            self._line.present(Presence(state="ready", boot=self._clock.boot, since_ms=self._clock.wall_ms()))
        elif isinstance(item, Heard):
            self._line.heard(item)
        self._pump()

    def _pump(self) -> None:
        try:
            wait = self._line.pump()
        except LedgerError:
            wait = 500
        self._pump_at = None if wait is None else time.monotonic() + wait / 1000


def main(arguments: list[str] | None = None) -> int:
    """Run one kiosk."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", required=True, help="tenant/site/kiosk")
    parser.add_argument("--port", type=int, required=True, help="of the broker, on this machine")
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--witness", type=Path, required=True)
    parser.add_argument("--prefix", required=True, help="9 digits no other kiosk or start has")
    parser.add_argument("--per-second", type=float, default=20.0, help="steps: sales, or handfuls of notes")
    parser.add_argument("--seed", type=int, default=0)
    return KioskProcess(parser.parse_args(arguments)).run()


if __name__ == "__main__":
    raise SystemExit(main())
