"""What nobody will ask for again is dropped in time, by a clock somebody vouches for, and never because it has jumped."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import structs

from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger
from kiosk.ledger.schema import KEEP_CLOSED_MS, KEEP_SETTLED_MS, PACE_MS, forget_old
from tests.kiosk.orders import CLAIM, payment, sale_of
from tests.kiosk.until import until

DAY_MS = 86_400_000
SOLD, CLOSED, OPEN = payment("1" * 15), payment("2" * 15), payment("3" * 15)


class Ahead(SystemClock):
    """A clock that is so many days ahead; its monotonic time goes as fast."""

    days = 0

    def wall_ms(self) -> int:
        return super().wall_ms() + self.days * DAY_MS

    def mono_ms(self) -> int:
        return super().mono_ms() + self.days * DAY_MS


def busy_day(path: Path, clock: SystemClock) -> None:
    """One order sold, one given up, one open."""
    ledger = Ledger(path, clock)
    for one in (SOLD, CLOSED, OPEN):
        ledger.remember(one)
    ledger.record_sale(SOLD, CLAIM, structs.replace(sale_of(SOLD), wall_ms=clock.wall_ms()))
    ledger.close_payment(CLOSED.reference, "ended")
    ledger.close()


def standings(ledger: Ledger) -> tuple[str, ...]:
    return tuple(ledger.standing(one.reference) for one in (SOLD, CLOSED, OPEN))


def test_day_after_day_what_is_old_goes_and_what_waits_stays(tmp_path: Path) -> None:
    path, now = tmp_path / "ledger.sqlite", SystemClock().wall_ms()
    busy_day(path, SystemClock(disciplined=lambda: False))
    for days, expected in (
        (89, ("sale", "closed", "open")),
        (91, ("sale", "unknown", "open")),
        (399, ("sale", "unknown", "open")),
        (401, ("unknown", "unknown", "open")),
    ):
        with closing(sqlite3.connect(path)) as db, db:
            for day in range(days):
                forget_old(db, now + day * DAY_MS)
            forget_old(db, now + days * DAY_MS)
        ledger = Ledger(path, SystemClock(disciplined=lambda: False))
        assert standings(ledger) == expected
        assert ledger.bounds() == (0, 1), "what the fleet has not stored waits as long as it takes"
        ledger.close()


def test_a_wall_that_learns_the_time_long_after_its_start_forgets_then(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    clock = Ahead(disciplined=lambda: False)
    busy_day(path, clock)
    clock.days = 500
    ledger = Ledger(path, clock)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO meta VALUES ('forgot_ms', ?)", (clock.wall_ms() - DAY_MS,)
        )  # it forgot something yesterday
    ledger.note(structs.replace(sale_of(SOLD), wall_ms=clock.wall_ms()))
    ledger.flush()
    assert standings(ledger) == ("sale", "closed", "open"), "nobody vouches for the clock"
    clock.learn(SystemClock().wall_ms(), 100)
    ledger.note(structs.replace(sale_of(SOLD), wall_ms=clock.wall_ms()))
    until(lambda: standings(ledger) == ("unknown", "unknown", "open"), "the ledger to forget")
    ledger.close()


def test_a_clock_that_jumps_years_ahead_has_nothing_forgotten_whoever_vouches_for_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    clock = Ahead(trusted=True)
    busy_day(path, clock)
    clock.days = 10 * 365
    for _ in range(3):  # it is started again and again meanwhile
        ledger = Ledger(path, clock)
        ledger.note(structs.replace(sale_of(OPEN), wall_ms=clock.wall_ms()))
        until(lambda: remembered(path) is not None, "the ledger to look for what is old")
        assert standings(ledger) == ("sale", "closed", "open")
        assert ledger.record_sale(SOLD, CLAIM, sale_of(SOLD)) == "recorded", "the provider says it twice"
        ledger.close()
    believed = remembered(path)
    assert believed is not None
    assert (
        believed
        <= SystemClock().wall_ms() + 3 * PACE_MS
        < SystemClock().wall_ms() + KEEP_CLOSED_MS
        < KEEP_SETTLED_MS + believed
    )


def test_by_a_clock_nobody_vouches_for_nothing_is_too_old(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    clock = Ahead(disciplined=lambda: False)
    busy_day(path, clock)
    clock.days = 10 * 365
    ledger = Ledger(path, clock)
    ledger.note(structs.replace(sale_of(OPEN), wall_ms=clock.wall_ms()))
    ledger.flush()
    assert standings(ledger) == ("sale", "closed", "open")
    ledger.close()
    assert remembered(path) is None, "it did not even look"


def remembered(path: Path) -> int | None:
    """Up to when it has looked for what is old."""
    with closing(sqlite3.connect(path)) as db:
        row = db.execute("SELECT value FROM meta WHERE key = 'forgot_ms'").fetchone()
    return None if row is None else int(row[0])
