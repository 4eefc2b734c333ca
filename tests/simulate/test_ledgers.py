"""A memory ledger keeps the laws of the one on disk: the same stories are told of both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger
from kiosk.simulate.memory_ledger import Committer, KioskLedger, MemoryLedger
from mqtt.messages import KioskEvent
from tests.kiosk.orders import CLAIM, engaged, payment, refund_of, sale_of
from tests.servers import wait_until


@pytest.fixture(params=["sqlite", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KioskLedger]:
    if request.param == "sqlite":
        disk = Ledger(tmp_path / "ledger.db", SystemClock())
        yield disk
        disk.close()
        return
    committer = Committer()
    yield MemoryLedger(committer, SystemClock())
    committer.stop()


def written(ledger: KioskLedger, after: int = 0) -> list[KioskEvent]:
    rows = ledger.events_after(after, 1_000, 1_000_000)
    events = [msgspec.json.decode(body, type=KioskEvent) for _, body in rows]
    assert [event.seq for event in events] == [seq for seq, _ in rows]
    return events


def test_numbers_begin_with_one_and_leave_no_gap(ledger: KioskLedger) -> None:
    assert ledger.bounds() == (0, 0)
    ledger.note(engaged("start"))
    ledger.flush()
    assert ledger.record_sale(payment(), CLAIM, sale_of(payment())) == "recorded"
    ledger.note(engaged("reset"))
    ledger.flush()
    events = written(ledger)
    assert [event.seq for event in events] == [1, 2, 3]
    assert {event.epoch for event in events} == {ledger.epoch}
    assert ledger.bounds() == (0, 3)


def test_a_note_is_committed_by_itself(ledger: KioskLedger) -> None:
    ledger.note(engaged())
    wait_until(lambda: ledger.bounds() == (0, 1), "the note to be committed")


def test_a_sale_is_there_at_once_and_once(ledger: KioskLedger) -> None:
    paid, again = payment(), payment(attempt=1)
    ledger.remember(paid)
    assert ledger.record_sale(paid, CLAIM, sale_of(paid)) == "recorded"
    assert ledger.bounds() == (0, 1)
    assert ledger.record_sale(paid, CLAIM, sale_of(paid)) == "recorded"
    assert ledger.record_sale(again, CLAIM, sale_of(again)) == "order-sold"
    assert ledger.bounds() == (0, 1)


def test_a_reference_ends_in_a_sale_or_a_refund(ledger: KioskLedger) -> None:
    paid, late = payment(), payment("0123456789ABCDF")
    ledger.record_sale(paid, CLAIM, sale_of(paid))
    assert not ledger.record_refund(refund_of(paid.reference))
    assert ledger.record_refund(refund_of(late.reference))
    assert ledger.record_refund(refund_of(late.reference))
    assert ledger.record_sale(late, CLAIM, sale_of(late)) == "settled"
    assert len(written(ledger)) == 2
    ledger.refund_confirmed(late.reference)


def test_what_is_acknowledged_leaves_and_nothing_else_does(ledger: KioskLedger) -> None:
    for _ in range(5):
        ledger.note(engaged())
    ledger.flush()
    assert ledger.ack(ledger.epoch, 3)
    ledger.flush()
    assert ledger.bounds() == (3, 5)
    assert [event.seq for event in written(ledger)] == [4, 5]
    assert ledger.ack(ledger.epoch, 2)
    ledger.flush()
    assert ledger.bounds() == (3, 5)


def test_an_acknowledgement_of_what_was_never_written_is_refused(ledger: KioskLedger) -> None:
    ledger.note(engaged())
    ledger.flush()
    if isinstance(ledger, MemoryLedger):  # a file may be a copy of one that went on: see test_copies
        assert not ledger.ack(ledger.epoch, 2)
    assert not ledger.ack(ledger.epoch, -1)
    assert not ledger.ack("another", 1)
    assert ledger.bounds() == (0, 1)


def test_a_stretch_is_bounded_by_count_and_by_bytes_but_never_empty(ledger: KioskLedger) -> None:
    for _ in range(6):
        ledger.note(engaged())
    ledger.flush()
    assert [seq for seq, _ in ledger.events_after(2, 2, 1_000_000)] == [3, 4]
    assert [seq for seq, _ in ledger.events_after(0, 6, 1)] == [1]
    size = sum(len(body) for _, body in ledger.events_after(0, 2, 1_000_000))
    assert [seq for seq, _ in ledger.events_after(0, 6, size)] == [1, 2]
    assert ledger.events_after(6, 10, 1_000_000) == []


def test_after_the_last_is_acknowledged_the_next_goes_on_counting(ledger: KioskLedger) -> None:
    ledger.note(engaged())
    ledger.flush()
    ledger.ack(ledger.epoch, 1)
    ledger.flush()
    assert ledger.bounds() == (1, 1)
    ledger.note(engaged())
    ledger.flush()
    assert [event.seq for event in written(ledger, after=1)] == [2]


def test_the_backlog_is_what_the_fleet_has_not_acknowledged(ledger: KioskLedger) -> None:
    assert (ledger.backlog().count, ledger.backlog().oldest_ms) == (0, 0)
    ledger.note(engaged())
    ledger.record_sale(payment(), CLAIM, sale_of(payment()))
    ledger.flush()
    backlog = ledger.backlog()
    assert (backlog.count, backlog.bytes) == (
        2,
        sum(len(body) for _, body in ledger.events_after(0, 9, 9_999)),
    )
    assert backlog.oldest_ms in (1_500, 2_000)
    ledger.ack(ledger.epoch, 2)
    ledger.flush()
    assert (ledger.backlog().count, ledger.backlog().bytes) == (0, 0)
    assert ledger.backlog().acked_ms > 0


def test_a_command_is_remembered_once(ledger: KioskLedger) -> None:
    assert ledger.remember_command("A")
    assert not ledger.remember_command("A")
    assert all(ledger.remember_command(f"c{number}") for number in range(1_000))
    assert ledger.remember_command("A")


def test_a_closed_ledger_counts_what_it_cannot_keep(ledger: KioskLedger) -> None:
    ledger.close()
    ledger.note(engaged())
    assert ledger.dropped == 1


def test_a_power_cut_takes_what_was_noted_and_nothing_that_was_committed() -> None:
    committer = Committer(gather_s=600.0)
    ledger = MemoryLedger(committer, SystemClock())
    ledger.record_sale(payment(), CLAIM, sale_of(payment()))
    ledger.note(engaged("start"))
    assert [getattr(event, "what", "") for event in ledger.cut()] == ["start"]
    assert ledger.bounds() == (0, 1)
    ledger.note(engaged("again"))
    committer.stop()
    assert ledger.bounds() == (0, 2)
