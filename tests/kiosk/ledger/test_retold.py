"""Sales whose events were on a page that is gone are told again, though nothing says that anything is missing."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger
from kiosk.ledger.pages import PAGE_BYTES
from mqtt.messages import SaleMade
from tests.kiosk.ledger.events import HOUR, play
from tests.kiosk.ledger.test_bounded import drained, say
from tests.kiosk.orders import payment, sale_of


def killed(path: Path, into: Path) -> None:
    """A copy as a power cut leaves it, its log brought into the file, the pages that hold sales for the fleet broken."""
    for part in ("", "-wal"):
        shutil.copy(path.with_name(path.name + part), into.with_name(into.name + part))
    with closing(sqlite3.connect(into)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data, broken = bytearray(into.read_bytes()), 0
    for at in range(0, len(data), PAGE_BYTES):
        if b'"type":"sale"' in data[at : at + PAGE_BYTES]:
            data[at : at + PAGE_BYTES] = bytes(PAGE_BYTES)
            broken += 1
    assert broken
    into.write_bytes(data)


@pytest.mark.parametrize("days", [0, 3])
def test_the_last_page_of_the_outbox_is_gone(tmp_path: Path, days: int) -> None:
    """What was appended after the tally was written leaves no trace: no number is known to be missing."""
    path, now = tmp_path / "ledger.sqlite", SystemClock().wall_ms()
    ledger = Ledger(path, SystemClock())
    say(ledger, [play()] * 5)
    if days == 0:
        drained(ledger)
    else:
        ledger.flush()
    paid = payment("ABCDEFGHJKMNPQR")
    ledger.remember(paid)
    sold = msgspec.structs.replace(sale_of(paid), wall_ms=now - days * 24 * HOUR)
    assert ledger.record_sale(paid, "K7Q2-9MXT", sold) == "recorded"
    killed(path, tmp_path / "copy.sqlite")
    ledger.close()

    after = Ledger(tmp_path / "copy.sqlite", SystemClock())
    assert after.mended is not None
    assert after.standing(paid.reference) == "sale"
    told = [event.reference for event in drained(after) if isinstance(event, SaleMade)]
    assert told == [paid.reference]
    after.close()
