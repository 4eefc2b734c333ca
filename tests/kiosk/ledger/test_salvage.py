"""Damaged files: whatever is overwritten, the rows on the other pages are saved, what is lost is told, selling goes on."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger
from kiosk.ledger.pages import PAGE_BYTES, Pages
from mqtt.messages import Gap, KioskEvent, RefundWanted, SaleMade, decode
from tests.kiosk.ledger.events import START, covered, play
from tests.kiosk.ledger.test_bounded import drained, say
from tests.kiosk.orders import payment, refund_of, sale_of

SALES, REFUNDS, OPEN, NOTES = 60, 40, 50, 400


def order(number: int) -> str:
    return f"{number:015d}"


def fill(ledger: Ledger) -> None:
    """A ledger with something in every table; all of it waits for the fleet."""
    for number in range(SALES):
        ledger.remember(payment(order(number)))
        ledger.record_sale(payment(order(number)), "K7Q2-9MXT", sale_of(payment(order(number))))
    for number in range(REFUNDS):
        ledger.record_refund(refund_of(order(1_000 + number) + "0"))
    for number in range(OPEN):
        ledger.remember(payment(order(2_000 + number)))
        ledger.remember_command(f"command-{number}")
    say(ledger, [play(START + number) for number in range(NOTES)])
    ledger.keep_terms(b'{"methods": ["epc"]}')


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("whole") / "ledger.sqlite"
    ledger = Ledger(path, SystemClock())
    fill(ledger)
    epoch = ledger.epoch
    ledger.close()
    return path, epoch


def copy(whole: tuple[Path, str], folder: Path) -> Path:
    path = folder / "ledger.sqlite"
    shutil.copy(whole[0], path)
    return path


def check(ledger: Ledger, epoch: str) -> tuple[int, int]:
    """The laws of a mended ledger. Returns how many sales and refunds it still knows."""
    known_sales = sum(ledger.standing(order(number) + "0") == "sale" for number in range(SALES))
    known_refunds = sum(ledger.standing(order(1_000 + n) + "0") == "refund" for n in range(REFUNDS))
    for number in range(OPEN):
        assert ledger.standing(order(2_000 + number) + "0") in ("open", "unknown")
    assert all(one.order.order >= order(2_000) for one in ledger.open_payments()), (
        "nothing settled opens again"
    )
    new = payment("ABCDEFGHJKMNPQR")
    ledger.remember(new)
    assert ledger.record_sale(new, "K7Q2-9MXT", sale_of(new)) == "recorded", "selling goes on"
    ledger.flush()
    events = drained(ledger)
    if ledger.mended is None:  # what was overwritten was empty
        assert covered(events) == list(range(1, len(events) + 1))
        return known_sales, known_refunds
    old = [event for event in events if event.epoch == epoch]
    fresh = [event for event in events if event.epoch != epoch]
    assert {event.epoch for event in fresh} == {ledger.epoch}
    assert [event.seq for event in fresh] == list(range(1, len(fresh) + 1))
    if old:
        assert covered(old) == list(range(1, covered(old)[-1] + 1)), "the fleet waits for no number"
        assert events[: len(old)] == old
    references = [event.reference for event in events if isinstance(event, SaleMade)]
    assert len(references) == len(set(references))
    assert new.reference in references
    if ledger.mended.saved.get("sale", 0) == SALES:
        assert {order(number) + "0" for number in range(SALES)} <= set(references), (
            "each that is known is told"
        )
    return known_sales, known_refunds


def test_each_page_overwritten_in_turn(whole: tuple[Path, str], tmp_path: Path) -> None:
    pages = whole[0].stat().st_size // PAGE_BYTES
    mended = 0
    chance = random.Random(5)
    for number in range(pages):
        path = copy(whole, tmp_path)
        with path.open("r+b") as file:
            file.seek(number * PAGE_BYTES)
            file.write(chance.randbytes(PAGE_BYTES))
        ledger = Ledger(path, SystemClock())
        sales, refunds = check(ledger, whole[1])
        if ledger.mended is not None:
            mended += 1
            assert ledger.epoch != whole[1]
            # One page holds at most so many rows of one table.
            assert sales >= SALES - 30 or ledger.mended.saved["sale"] >= SALES - 30, number
            assert refunds >= 0
        ledger.close()
        for left in tmp_path.iterdir():
            left.unlink()
    assert mended >= pages - 3, "a page that is in use is missed"


@pytest.mark.parametrize("seed", range(12))
def test_several_pages_and_torn_pieces_at_once(whole: tuple[Path, str], tmp_path: Path, seed: int) -> None:
    path, chance = copy(whole, tmp_path), random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 12)):
        at, length = chance.randrange(len(data)), chance.choice([1, 16, 512, 4096, 9000])
        data[at : at + length] = chance.choice([bytes(length), chance.randbytes(length), b"\xff" * length])[
            : len(data) - at
        ]
    path.write_bytes(data)
    ledger = Ledger(path, SystemClock())
    check(ledger, whole[1])
    ledger.close()


@pytest.mark.parametrize("part", [0.05, 0.5, 0.97])
def test_a_truncated_file(whole: tuple[Path, str], tmp_path: Path, part: float) -> None:
    path = copy(whole, tmp_path)
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * part))
    ledger = Ledger(path, SystemClock())
    check(ledger, whole[1])
    assert ledger.mended is not None
    ledger.close()


@pytest.mark.parametrize("seed", range(6))
def test_garbage_in_the_log(tmp_path: Path, seed: int) -> None:
    """Killed, and the write-ahead log is not what was written: what was in the file stays, and nothing is made up."""
    path = tmp_path / "live" / "ledger.sqlite"
    path.parent.mkdir()
    ledger = Ledger(path, SystemClock())
    fill(ledger)
    copied, chance = tmp_path / "ledger.sqlite", random.Random(seed)
    shutil.copy(path, copied)
    log = bytearray(path.with_name("ledger.sqlite-wal").read_bytes())
    assert len(log) > PAGE_BYTES
    epoch = ledger.epoch
    ledger.close()
    at = chance.randrange(len(log))
    log[at:] = chance.randbytes(len(log) - at) if seed % 2 else b""
    copied.with_name("ledger.sqlite-wal").write_bytes(log)
    after = Ledger(copied, SystemClock())
    after.remember(payment())
    assert payment() in after.open_payments()
    events = drained(after)
    assert covered([event for event in events if event.epoch == epoch]) == list(
        range(1, sum(event.epoch == epoch for event in events) + 1)
    )
    after.close()


def test_damage_that_appears_while_it_runs_is_mended_under_way(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = Ledger(path, SystemClock())
    fill(first)
    epoch = first.epoch
    first.close()
    ledger = Ledger(path, SystemClock())
    acked = ledger.events_after(0, 50, 1 << 20)[-1][0]
    assert ledger.ack(epoch, acked)
    ledger.flush()
    data = path.read_bytes()
    with path.open("r+b") as file:  # every page but the first, so that whatever is asked for stumbles
        file.write(data[:PAGE_BYTES] + random.Random(1).randbytes(len(data) - PAGE_BYTES))
    for suffix in ("-wal",):
        part = path.with_name(path.name + suffix)
        with part.open("r+b") as file:
            file.truncate(0)
    last = ledger.bounds()[1]
    new = payment("ABCDEFGHJKMNPQR")
    ledger.remember(new)
    assert ledger.record_sale(new, "K7Q2-9MXT", sale_of(new)) == "recorded"
    assert ledger.mended is not None
    assert ledger.trouble() == "mended"
    assert ledger.epoch != epoch
    events = drained(ledger)
    old = [event for event in events if event.epoch == epoch]
    assert covered(old) == list(range(acked + 1, last + 1)), "of what was acknowledged nothing is told again"
    assert sum(event.lost for event in old if isinstance(event, Gap)) == ledger.mended.lost > 0
    assert isinstance(events[-1], SaleMade)
    ledger.close()


def test_a_row_that_is_no_event_any_more_is_told_as_lost(tmp_path: Path) -> None:
    """SQLite keeps no checksums: a flipped bit within a row is found when the row is to be sent."""
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path, SystemClock())
    say(ledger, [play()] * 9)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE outbox SET body = x'7b2265ff' WHERE place = 4")
        db.execute("UPDATE outbox SET body = (SELECT body FROM outbox WHERE place = 7) WHERE place = 6")
    events = drained(ledger)
    assert covered(events) == list(range(1, 10))
    assert [event.seq for event in events if isinstance(event, Gap)] == [4, 6]
    assert ledger.dropped == 2
    ledger.close()


def test_pages_are_read_as_sqlite_reads_them(whole: tuple[Path, str]) -> None:
    with closing(sqlite3.connect(whole[0])) as db, Pages(whole[0]) as pages:
        read = list(pages.rows())
        for table, columns in (("sale", 4), ("owed", 2), ("payment", 5), ("settled", 3)):
            rows = set(db.execute(f"SELECT * FROM {table}"))
            assert rows <= {row for _, row in read if len(row) == columns}
        for place, body, crc in db.execute("SELECT place, body, crc FROM outbox"):
            assert (place, (None, body, crc)) in read


def test_a_power_cut_in_the_middle_of_mending_finds_the_one_or_the_other(
    whole: tuple[Path, str], tmp_path: Path
) -> None:
    path = copy(whole, tmp_path)
    made = path.with_name("ledger.sqlite.mending")
    made.write_bytes(b"half a file")  # cut before it was whole: the file itself is still there
    ledger = Ledger(path, SystemClock())
    assert ledger.epoch == whole[1]
    ledger.close()
    assert not made.exists()
    path.rename(made)  # cut after the damaged one was set aside, with its log still in the way
    path.with_name("ledger.sqlite-wal").write_bytes(b"a log of another file")
    ledger = Ledger(path, SystemClock())
    assert ledger.epoch == whole[1]
    assert isinstance(drained(ledger)[60], RefundWanted)
    ledger.close()


def test_only_the_newest_damaged_file_is_kept(whole: tuple[Path, str], tmp_path: Path) -> None:
    path = copy(whole, tmp_path)
    for round_ in range(3):
        data = path.read_bytes()
        path.write_bytes(b"\0" * 16 + data[16:])
        ledger = Ledger(path, SystemClock())
        assert ledger.mended is not None
        ledger.close()
        assert len(list(tmp_path.glob("*.bad-*"))) == 1, round_
        assert ledger.mended.saved["sale"] == SALES
    assert decode(ledger_events(path)[0], KioskEvent).epoch == whole[1], (
        "of the first epoch, through three mendings"
    )


def ledger_events(path: Path) -> list[bytes]:
    with closing(sqlite3.connect(path)) as db:
        return [body for (body,) in db.execute("SELECT body FROM outbox ORDER BY place")]
