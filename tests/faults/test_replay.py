"""Power cuts that tear and lose whatever was not synced: the ledger holds what it said, an outbox with
synchronous=NORMAL does not.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from kiosk.clock.clock import SystemClock
from kiosk.ledger import Ledger
from tests.faults.replay import Cut, Op, cuts, missing, record
from tests.faults.writer_process import sendable

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(bool(missing()), reason=missing() or "can be traced"),
]
CUTS = 120


def written(folder: Path, kind: str, steps: int) -> list[Op]:
    """All that a writer did."""
    folder.mkdir()
    return record(
        folder,
        "tests.faults.writer_process",
        kind,
        str(folder / "outbox.db"),
        str(folder / "witness"),
        str(steps),
    )


def heard(cut: Cut) -> list[str]:
    return re.findall(r"^D (\S+)$", cut.heard.decode(), re.MULTILINE)


def test_a_ledger_keeps_what_it_said_whatever_the_disk_has_lost(tmp_path: Path) -> None:
    ops = written(tmp_path / "writer", "ledger", 120)
    assert sum(op.what == "sync" for op in ops) > 120
    unsynced = 0
    for cut in cuts(ops, "witness", CUTS, seed=1):
        cut.lay_out(tmp_path / "cut")
        told = [name for name in heard(cut) if "@" in name]
        ledger = Ledger(tmp_path / "cut" / "outbox.db", SystemClock())
        try:
            assert ledger.set_aside is None
            assert ledger.mended is None
            there = [name for _, name in sendable(ledger, 0)]
        finally:
            ledger.close()
        assert there[: len(told)] == told, (
            "kept, in its place, and under the number it may have been sent with"
        )
        assert [int(name.partition("@")[2]) for name in there] == list(range(1, len(there) + 1))
        unsynced += len(there) > len(told)
        shutil.rmtree(tmp_path / "cut")
    assert unsynced, "no cut fell between a commit and its announcement"


@pytest.mark.parametrize(("synchronous", "loses"), [("FULL", False), ("NORMAL", True)])
def test_an_outbox_that_does_not_wait_for_the_disk_loses_some(
    tmp_path: Path, synchronous: str, loses: bool
) -> None:
    ops = written(tmp_path / "writer", synchronous, 150)
    lost = 0
    for cut in cuts(ops, "witness", 40, seed=2):
        cut.lay_out(tmp_path / "cut")
        db = sqlite3.connect(tmp_path / "cut" / "outbox.db")
        try:
            there = {name for (name,) in db.execute("SELECT id FROM outbox")}
        except sqlite3.DatabaseError:  # the table itself was never synced
            there = set()
        finally:
            db.close()
        lost += len(set(heard(cut)) - there)
        shutil.rmtree(tmp_path / "cut")
    assert (lost > 0) is loses
