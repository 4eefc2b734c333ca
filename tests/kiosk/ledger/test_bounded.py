"""A ledger that is over its limit: it folds what may be folded, and nothing that may have been sent."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.clock.clock import SystemClock
from kiosk.fleet_line.outbox import BATCH_EVENTS, WINDOW
from kiosk.ledger import Ledger
from kiosk.ledger.outbox import LEAD
from mqtt.messages import Gap, KioskEvent, RefundWanted, SaleMade, decode
from tests.kiosk.ledger.events import START, covered, play, runs, sums
from tests.kiosk.orders import payment, refund_of, sale_of
from tests.kiosk.until import until


def drained(ledger: Ledger) -> list[KioskEvent]:
    """Everything that waits, acknowledged batch by batch as a fleet would."""
    events: list[KioskEvent] = []
    place = ledger.bounds()[0]
    while ledger.bounds()[0] < ledger.bounds()[1]:
        batch = ledger.events_after(place, BATCH_EVENTS, 16 * 1024)
        if batch:
            events += [decode(body, KioskEvent) for _, body in batch]
            place = batch[-1][0]
            assert ledger.ack(events[-1].epoch, events[-1].seq)
        else:
            ledger.flush()
    ledger.flush()
    return events


def say(ledger: Ledger, events: list[KioskEvent]) -> None:
    for event in events:
        if isinstance(event, SaleMade):
            ledger.flush()
            ledger.record_sale(payment(event.order), "K7Q2-9MXT", event)
        elif isinstance(event, RefundWanted):
            ledger.flush()
            ledger.record_refund(event)
        else:
            ledger.note(event)
    ledger.flush()


def settle(ledger: Ledger, limit: int) -> None:
    """Until the limit is kept, as the writer's thread does by itself."""
    until(lambda: ledger.backlog().bytes <= limit)


def test_the_outbox_stays_within_its_limit_and_every_sum_is_kept(tmp_path: Path) -> None:
    limit = 1_200_000
    ledger = Ledger(tmp_path / "ledger.sqlite", SystemClock(), limit_bytes=limit)
    told: list[KioskEvent] = []
    for hour in range(4):
        events: list[KioskEvent] = [play(START + hour * 3_600_000 + number) for number in range(3_000)]
        events.insert(2_500, sale_of(payment(f"{hour:015d}")))
        say(ledger, events)
        told += events
    settle(ledger, limit)
    waiting = ledger.backlog()
    assert waiting.folded > 3_000
    assert waiting.count < len(told) - waiting.folded + 20
    assert ledger.bounds() == (0, len(told))
    events = drained(ledger)
    assert covered(events) == list(range(1, len(told) + 1))
    assert sums(events) == sums(told)
    assert sum(isinstance(event, SaleMade) for event in events) == 4
    assert not any(isinstance(event, Gap) for event in events[: WINDOW * BATCH_EVENTS])
    assert ledger.backlog().count == ledger.backlog().bytes == 0
    ledger.close()


def test_what_may_have_been_sent_is_never_folded_even_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path, SystemClock(), limit_bytes=1)
    say(ledger, [play(START + number) for number in range(LEAD + 500)])
    until(lambda: ledger.backlog().count <= LEAD + 1)
    sent, place = [], 0
    while batch := ledger.events_after(place, 50, 1 << 20):  # nothing is acknowledged: so far and no further
        sent += batch
        place = batch[-1][0]
    assert [place for place, _ in sent] == list(range(1, LEAD + 1))
    ledger.close()
    again = Ledger(path, SystemClock(), limit_bytes=1)
    say(again, [play(START + number) for number in range(500)])
    assert again.events_after(0, LEAD, 1 << 30) == sent
    assert covered(drained(again)) == list(range(1, LEAD + 1_001))
    again.close()


def test_sales_alone_may_be_more_than_the_limit_and_all_stay(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite", SystemClock(), limit_bytes=1_000)
    say(ledger, [sale_of(payment(f"{number:015d}")) for number in range(60)])
    say(ledger, [refund_of(f"{number:015d}1") for number in range(60, 120)])
    say(ledger, [play()])
    assert ledger.backlog().count == 121
    assert len(drained(ledger)) == 121
    ledger.close()


@given(st.lists(st.one_of(runs(), st.integers(0, 40)), max_size=6))
@settings(max_examples=12, deadline=None)
def test_acknowledged_and_waiting_are_always_everything_once(acts: list[list[KioskEvent] | int]) -> None:
    """Whatever is said and acknowledged in between, with an outbox that folds as much as it can."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        told: list[KioskEvent] = [play(START)] * (LEAD + 5)
        stored: list[KioskEvent] = []
        ledger = Ledger(path, SystemClock(), limit_bytes=1)
        say(ledger, list(told))
        known = {event.reference for event in told if isinstance(event, SaleMade | RefundWanted)}
        for act in acts:
            if isinstance(act, int):
                batch = ledger.events_after(ledger.bounds()[0], act, 1 << 20)
                stored += [decode(body, KioskEvent) for _, body in batch]
                if batch:
                    assert ledger.ack(stored[-1].epoch, stored[-1].seq)
                ledger.flush()
                continue
            new = []
            for event in act:
                if isinstance(event, SaleMade | RefundWanted):
                    if event.reference in known:
                        continue
                    known.add(event.reference)
                new.append(event)
            say(ledger, new)
            told += new
        stored += drained(ledger)
        ledger.close()
        assert covered(stored) == list(range(1, len(told) + 1))
        assert sums(stored) == sums(told)


def test_killed_while_it_folds_it_has_everything_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for round_ in range(3):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.kiosk.ledger.folding_process", str(path)],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            for _ in range(3 + 2 * round_):
                process.stdout.readline()
            process.kill()
    ledger = Ledger(path, SystemClock())
    assert ledger.backlog().folded > 0
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT count(*), sum(length(body)) FROM outbox").fetchone()
    waiting = ledger.backlog()
    assert (waiting.count, waiting.bytes) == rows, "the figures are those of the rows"
    _, last = ledger.bounds()
    events = drained(ledger)
    assert covered(events) == list(range(1, last + 1))
    assert sum(sums(events)["plays"].values()) + sum(isinstance(e, SaleMade) for e in events) == last
    ledger.close()


@pytest.mark.parametrize("rows", [1, LEAD - 1, LEAD, LEAD + 1])
def test_a_drain_goes_on_when_acknowledgements_are_forgotten(tmp_path: Path, rows: int) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite", SystemClock())
    say(ledger, [play()] * rows)
    assert len(drained(ledger)) == rows
    ledger.close()
