"""A card without room, by a real file system of a few megabytes: sales go on, the rest waits, folds, or is told as lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger, LedgerError
from kiosk.ledger.writer import UNWRITTEN
from mqtt.messages import AdvertPlayed, Gap, SaleMade
from tests.kiosk.ledger.events import START, covered, play, sums
from tests.kiosk.ledger.test_bounded import drained, say
from tests.kiosk.orders import payment, sale_of
from tests.kiosk.until import until

MIB = 1024 * 1024


class Card:
    """A small file system, and somebody else who fills it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._other = folder / "somebody elses"

    @property
    def free(self) -> int:
        status = os.statvfs(self.folder)
        return status.f_bavail * status.f_frsize

    def fill(self, leave: int = 0) -> None:
        with self._other.open("ab") as file:
            os.posix_fallocate(file.fileno(), file.tell(), max(1, self.free - leave))

    def clear(self) -> None:
        self._other.unlink()


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    folder = tmp_path / "card"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system can be mounted by root only")
    yield Card(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # a test that failed left files open


def test_sales_go_on_with_the_room_that_was_kept_and_notes_wait(card: Card) -> None:
    ledger = Ledger(card.folder / "ledger.sqlite", SystemClock(), reserve_bytes=8 * MIB)
    say(ledger, [play(START)])
    reserve = card.folder / "ledger.sqlite.reserve"
    assert 2 * MIB < reserve.stat().st_size < 3 * MIB, "an eighth of what was free"
    card.fill()
    told = [play(START + number) for number in range(3_000)]
    for note in told:
        ledger.note(note)
    until(lambda: ledger.full)
    assert ledger.trouble() == "disk-full"
    for number in range(100):
        paid = payment(f"{number:015d}")
        ledger.remember(paid)
        assert ledger.record_sale(paid, "K7Q2-9MXT", sale_of(paid)) == "recorded"
    assert not reserve.exists()
    assert ledger.counts()["unwritten"] == 3_000, "in memory: what room there is belongs to sales"
    card.clear()
    until(lambda: not ledger.full)
    until(lambda: ledger.counts()["unwritten"] == 0)
    until(reserve.exists)
    events = drained(ledger)
    assert covered(events) == list(range(1, 3_102))
    assert sums(events)["plays"] == sums([play(START), *told])["plays"]
    assert ledger.dropped == 0
    ledger.close()


def test_what_found_no_room_even_in_memory_is_told_as_lost(card: Card) -> None:
    ledger = Ledger(card.folder / "ledger.sqlite", SystemClock())
    say(ledger, [play(START)])
    card.fill()
    for number in range(UNWRITTEN + 500):
        ledger.note(play(START + number))
    ledger.flush()
    assert ledger.full
    assert ledger.dropped == ledger.backlog().lost == 500
    card.clear()
    until(lambda: ledger.counts()["unwritten"] == 0)
    ledger.flush()
    events = drained(ledger)
    assert covered(events) == list(range(1, UNWRITTEN + 3))
    assert [event.lost for event in events if isinstance(event, Gap)] == [500]
    assert ledger.dropped == 500
    ledger.close()


def test_without_any_room_a_sale_is_refused_and_nothing_half_done_stays(card: Card) -> None:
    ledger = Ledger(card.folder / "ledger.sqlite", SystemClock())
    ledger.remember(payment())
    card.fill()
    refused = 0
    sold: list[str] = []
    for number in range(2_000):  # until the log has no page left either
        paid = payment(f"{number:015d}")
        try:
            ledger.record_sale(paid, "K7Q2-9MXT", sale_of(paid))
            sold.append(paid.reference)
        except LedgerError:
            refused += 1
            if refused == 3:
                break
    assert refused == 3
    assert ledger.standing(paid.reference) == "unknown"
    with pytest.raises(LedgerError, match="the card is full"):
        ledger.remember(payment("ABCDEFGHJKMNPQR"))
    card.clear()
    assert ledger.record_sale(payment(), "K7Q2-9MXT", sale_of(payment())) == "recorded"
    events = drained(ledger)
    assert [event.reference for event in events if isinstance(event, SaleMade)] == [
        *sold,
        payment().reference,
    ]
    assert covered(events) == list(range(1, len(events) + 1))
    ledger.close()


def test_on_a_full_card_what_waits_folds_long_before_its_limit(card: Card) -> None:
    ledger = Ledger(card.folder / "ledger.sqlite", SystemClock(), reserve_bytes=8 * MIB)
    told = [play(START + number) for number in range(20_000)]
    for first in range(0, len(told), 5_000):
        say(ledger, list(told[first : first + 5_000]))
    before = ledger.backlog()
    card.fill()
    more: list[AdvertPlayed] = []
    while not ledger.full and len(more) < 40_000:  # first what has room within the file and its log
        some = [play(START + number) for number in range(2_000)]
        say(ledger, list(some))
        more += some
    until(lambda: ledger.backlog().folded > 15_000)
    until(lambda: ledger.counts()["unwritten"] == 0)
    until(lambda: ledger.backlog().bytes < before.bytes / 2)
    assert ledger.full, "the card still is"
    card.clear()
    until(lambda: not ledger.full)
    events = drained(ledger)
    assert covered(events) == list(range(1, len(told) + len(more) + 1))
    assert sums(events) == sums([*told, *more])
    ledger.close()


def test_a_full_card_and_a_restart(card: Card) -> None:
    path = card.folder / "ledger.sqlite"
    first = Ledger(path, SystemClock(), reserve_bytes=8 * MIB)
    say(first, [play(START)] * 50)
    card.fill()
    first.record_sale(payment(), "K7Q2-9MXT", sale_of(payment()))
    first.close()
    second = Ledger(path, SystemClock(), reserve_bytes=8 * MIB)
    other = payment("ABCDEFGHJKMNPQR")
    second.record_sale(other, "K7Q2-9MXT", sale_of(other))
    assert covered(drained(second)) == list(range(1, 53))
    second.close()
