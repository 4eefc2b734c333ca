"""Acknowledgements that do not fit: of a later epoch first, of more than was ever given, late."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.fleet_line.line import FleetLine, Heard
from kiosk.fleet_line.outbox import PATIENCE_MS
from kiosk.ledger import Ledger
from mqtt.messages import Ack, Batch, Gap, KioskEvent, SaleMade, decode, encode
from tests.kiosk.ledger.events import play
from tests.kiosk.ledger.test_bounded import say
from tests.kiosk.orders import payment, sale_of
from tests.kiosk.test_fleet_line import ADDRESS, Clock, Wire


class Fleet:
    """Takes what it gets, in any order, each number once; says how far each epoch is complete."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[int, KioskEvent]] = {}
        self.conflicts: list[KioskEvent] = []

    def take(self, payload: bytes) -> Ack:
        events: Sequence[KioskEvent] = decode(payload, Batch).events
        for event in events:
            stream = self.stored.setdefault(event.epoch, {})
            if stream.setdefault(event.seq, event) != event:
                self.conflicts.append(event)
        return Ack(epoch=events[0].epoch, upto=self.upto(events[0].epoch))

    def upto(self, epoch: str) -> int:
        numbers: set[int] = set()
        for event in self.stored.get(epoch, {}).values():
            numbers |= set(range(event.first, event.seq + 1)) if isinstance(event, Gap) else {event.seq}
        upto = 0
        while upto + 1 in numbers:
            upto += 1
        return upto

    @property
    def sold(self) -> set[str]:
        return {
            event.reference
            for stream in self.stored.values()
            for event in stream.values()
            if isinstance(event, SaleMade)
        }


class Kiosk:
    def __init__(self, path: Path, machine: str = "a") -> None:
        self.clock, self.wire = Clock(), Wire()
        self.ledger = Ledger(path, self.clock, machine=machine)
        self.line = FleetLine(ADDRESS, self.wire, self.ledger, self.clock, answer_ms=15_000)

    def send(self) -> list[bytes]:
        """What goes out now, once patience has ended for what went before."""
        self.ledger.flush()
        self.clock.ahead_ms += PATIENCE_MS[1]
        self.line.pump()
        out = [payload for topic, payload in self.wire.published if topic == ADDRESS.events]
        self.wire.published.clear()
        return out

    def hear(self, ack: Ack) -> None:
        self.line.heard(Heard(ADDRESS.acks, encode(ack)))

    def drain(self, fleet: Fleet) -> None:
        """Everything goes to the fleet, and it answers; in a bounded number of rounds."""
        for _ in range(30):
            for payload in self.send():
                self.hear(fleet.take(payload))
            if self.ledger.bounds()[0] == self.ledger.bounds()[1]:
                return
        raise AssertionError(f"blocked: {self.ledger.bounds()}, {self.line.counters}")

    def sell(self, number: int) -> str:
        one = payment(f"{number:015d}")
        self.ledger.remember(one)
        self.ledger.record_sale(one, "K7Q2-9MXT", sale_of(one))
        return one.reference


@settings(max_examples=25, deadline=None)
@given(
    fates=st.lists(st.lists(st.sampled_from(["lost", "no answer", "well"]), max_size=6), max_size=3),
    order=st.randoms(use_true_random=False),
)
def test_nothing_of_an_old_epoch_is_forgotten_for_a_new_ones_sake(
    fates: list[list[str]], order: Random
) -> None:
    with TemporaryDirectory() as folder:
        path, fleet = Path(folder) / "ledger.sqlite", Fleet()
        first = Kiosk(path)
        sold = {first.sell(number) for number in range(60)}
        first.ledger.close()
        kiosk = Kiosk(path, machine="b")
        with closing(kiosk.ledger):  # also where hypothesis gives up in the middle of a shuffle
            sold |= {kiosk.sell(100 + number) for number in range(60)}
            for round_ in fates:
                out = kiosk.send()
                order.shuffle(out)
                for payload, fate in zip(out, round_, strict=False):
                    if fate != "lost":
                        ack = fleet.take(payload)
                        if fate == "well":
                            kiosk.hear(ack)
            kiosk.drain(fleet)
            assert fleet.sold == sold


def test_an_ack_of_nothing_of_a_new_epoch_acknowledges_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = Kiosk(path)
    first.sell(1)
    first.ledger.close()
    kiosk = Kiosk(path, machine="b")
    kiosk.sell(2)
    for upto in (0, 1):
        kiosk.hear(Ack(epoch=kiosk.ledger.epoch, upto=upto))
        assert kiosk.ledger.bounds() == (0, 2)
    kiosk.ledger.close()


def test_a_ledger_of_yesterday_goes_on_under_a_new_epoch_and_no_sale_is_lost(tmp_path: Path) -> None:
    path, fleet = tmp_path / "ledger.sqlite", Fleet()
    kiosk = Kiosk(path)
    sold = {kiosk.sell(number) for number in range(5)}
    kiosk.drain(fleet)
    kiosk.ledger.close()
    shutil.copy(path, tmp_path / "image")
    kiosk = Kiosk(path)
    epoch = kiosk.ledger.epoch
    sold |= {kiosk.sell(10 + number) for number in range(20)}
    kiosk.drain(fleet)
    kiosk.ledger.close()

    for part in ("", "-wal", "-shm"):
        path.with_name(path.name + part).unlink(missing_ok=True)
    shutil.copy(tmp_path / "image", path)
    kiosk = Kiosk(path)
    assert kiosk.ledger.epoch == epoch
    say(kiosk.ledger, [play()] * 3)
    sold |= {kiosk.sell(100 + number) for number in range(4)}
    kiosk.drain(fleet)
    assert kiosk.ledger.epoch != epoch
    assert fleet.sold == sold
    assert len(fleet.conflicts) == 7, "kept aside by the fleet, as ever"
    kiosk.sell(1000)
    kiosk.drain(fleet)
    assert len(fleet.conflicts) == 7
    kiosk.ledger.close()


def test_acks_may_come_in_any_order(tmp_path: Path) -> None:
    kiosk, fleet = Kiosk(tmp_path / "ledger.sqlite"), Fleet()
    say(kiosk.ledger, [play()] * 120)
    acks = [fleet.take(payload) for payload in kiosk.send()]
    for ack in reversed(acks):
        kiosk.hear(ack)
    assert kiosk.ledger.bounds() == (120, 120)
    say(kiosk.ledger, [play()] * 10)
    kiosk.drain(fleet)
    assert fleet.upto(kiosk.ledger.epoch) == 130
    kiosk.ledger.close()
