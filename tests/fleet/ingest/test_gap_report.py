"""The gap report: what is missing, by name; in a command, on the page and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fleet.cli.main import main
from fleet.events import gaps
from fleet.events.gaps import Range, in_words, late, report
from fleet.store.store import Store
from tests.fleet.ingest.streams import CAME, gap, of
from tests.fleet.samples import event


def test_it_names_what_is_missing_and_what_was_folded(store: Store) -> None:
    store.commit([of(event(seq, "play")) for seq in (1, 2, 5, 9)])
    store.commit([of(gap(10, 12, lost=4)), of(event(1, epoch="e2"), "t/s/k2")])
    with store.read() as connection:
        found = report(connection)
        assert report(connection, "t/s/k2") == found[1:]
    assert found[1].complete
    first = found[0]
    assert (first.kiosk, first.epoch, first.upto, first.highest, first.lost) == ("t/s/k1", "e1", 2, 12, 4)
    assert first.missing == (Range(3, 4), Range(6, 8))
    assert first.missing_since_ms == CAME
    assert first.folded == (Range(10, 12),)


def test_what_came_meanwhile_is_missing_no_longer(store: Store) -> None:
    store.commit([of(event(seq, "play")) for seq in (1, 4)])
    store.commit([of(event(3, "play"))])
    with store.read() as connection:
        assert report(connection)[0].missing == (Range(2, 2),)
    store.commit([of(event(2, "play"))])
    with store.read() as connection:
        assert (report(connection)[0].complete, report(connection)[0].missing_since_ms) == (True, 0)


def test_only_what_is_missing_for_long_is_a_fault(store: Store) -> None:
    store.commit([of(event(2, "play"))])
    with store.read() as connection:
        assert late(connection, CAME + gaps.LATE_MS - 1) == []
        assert [each.kiosk for each in late(connection, CAME + gaps.LATE_MS)] == ["t/s/k1"]


def test_many_ranges_are_said_shortly() -> None:
    assert in_words((Range(3, 7), Range(9, 9))) == "3-7, 9"
    assert in_words(tuple(Range(n, n) for n in (1, 3, 5)), most=2) == "1, 3, and 1 more"


def test_commands_say_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    assert main(["gaps", *data]) == 1
    assert "no database there" in capsys.readouterr().err
    store = Store(f"sqlite:///{tmp_path / 'fleet.db'}")
    store.commit([of(event(1, "play"))])
    assert main(["gaps", *data]) == 0
    assert "1 streams, none with something missing" in capsys.readouterr().out
    store.commit([of(event(4, "play"))])
    assert main(["gaps", "t/s/k1", *data]) == 1
    assert "missing 2-3 (since 2023-11-14" in capsys.readouterr().out
    assert main(["gaps", "--json", *data]) == 1
    assert json.loads(capsys.readouterr().out)["missing"] == [{"first": 2, "last": 3}]
    assert main(["verify", *data]) == 0
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE rollups SET times = 9")
    assert main(["verify", "--since", "2023-11-01", *data]) == 1
    assert "[18, 16000] stored, [2, 16000] by the events" in capsys.readouterr().out
    store.keep_aside("k1/t/s/k1/up/ev", b"not json", "malformed", CAME)
    assert main(["poison", "list", *data]) == 0
    assert "1x k1/t/s/k1/up/ev: malformed" in capsys.readouterr().out
    assert main(["poison", "retry", *data]) == 0
    assert "0 events and 0 messages are understood now, 1 are not" in capsys.readouterr().out
    store.close()
