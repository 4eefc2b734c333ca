"""What a restored backup lacks and no kiosk has any more: an operator says so, and it is never silently fine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from fleet import tables
from fleet.cli.main import main
from fleet.events import gaps, rollups
from fleet.events.gaps import Accepted
from fleet.events.losses import Loss, NotLost, accept, without
from fleet.events.stream_rows import rebuild
from fleet.store.store import Store
from tests.fleet.ingest.streams import CAME, gap, of
from tests.fleet.samples import event, stored
from tests.stores import store_url

HOLE = Loss(kiosk="t/s/k1", epoch="e1", first=3, last=6)


@pytest.fixture
def holed(store: Store) -> Store:
    """1, 2 and 7 are stored."""
    store.commit([stored(seq) for seq in (1, 2, 7)])
    return store


def the_report(store: Store) -> gaps.StreamReport:
    with store.read() as connection:
        [found] = gaps.report(connection, "t/s/k1")
    return found


def sales(store: Store) -> int:
    with store.read() as connection:
        assert rollups.differences(connection) == []
        return int(connection.scalar(select(func.count()).select_from(tables.sales)) or 0)


def test_the_mark_passes_over_an_accepted_loss_and_the_report_says_who_and_why(holed: Store) -> None:
    assert accept(holed, HOLE, "Ana", "the backup of 3 o'clock", CAME) == 7
    found = the_report(holed)
    assert (found.upto, found.missing, found.complete) == (7, (), True)
    assert found.accepted == (
        Accepted(first=3, last=6, at_ms=CAME, who="Ana", why="the backup of 3 o'clock"),
    )
    assert accept(holed, HOLE, "Bo", "again", CAME + 1) == 7, "the same again changes nothing"
    assert the_report(holed) == found
    assert holed.commit([stored(8)]).upto == {("t/s/k1", "e1"): 8}
    assert sales(holed) == 4


def test_marks_made_again_from_the_events_know_of_accepted_losses(holed: Store) -> None:
    accept(holed, HOLE, "Ana", "backup", CAME)
    with holed.write() as connection:
        connection.exec_driver_sql("UPDATE streams SET upto = 0, highest = 0")
    rebuild(holed, [("t/s/k1", "e1")])
    assert the_report(holed).upto == 7


def test_what_comes_after_all_is_stored_and_counted_once(holed: Store) -> None:
    """The backup was newer than thought, or a broker still had it: nothing that comes is thrown away."""
    accept(holed, HOLE, "Ana", "backup", CAME)
    late = [stored(4), stored(4), stored(6, "scan")]
    assert [item.seq for item in holed.commit(late).new] == [4, 6]
    assert holed.commit(late).new == ()
    assert [(row.first, row.last, row.who) for row in the_report(holed).accepted] == [
        (3, 3, "Ana"),
        (5, 5, "Ana"),
    ]
    assert sales(holed) == 4
    done = holed.commit([of(event(5, "play")), stored(3), stored(8)])
    assert [item.seq for item in done.new] == [3, 5, 8]
    assert the_report(holed).accepted == ()


def test_a_gap_that_comes_in_an_accepted_place_is_kept_aside(holed: Store) -> None:
    """What it stands for may be more than was lost."""
    accept(holed, HOLE, "Ana", "backup", CAME)
    done = holed.commit([of(gap(4, 6))])
    assert done.new == ()
    assert [aside.reason for aside in done.conflicts] == [
        "this place was accepted as lost, and a gap came in it"
    ]
    assert the_report(holed).accepted[0].last == 6


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"first": 2}, "some of 2-6 are stored, folded or accepted; missing are 3-6"),
        ({"last": 7}, "some of 3-7 are stored, folded or accepted; missing are 3-6"),
        ({"last": 8}, "nothing later than 7 has come, so 8 may still come; missing are 3-6"),
        ({"first": 0}, "0-6: FROM-TO expected, from 1 on"),
        ({"first": 7}, "7-6: FROM-TO expected"),
        ({"epoch": "e9"}, "t/s/k1 e9: no such stream"),
        ({"epoch": "phone"}, "phone: the fleet writes this stream itself"),
    ],
)
def test_only_what_the_report_calls_missing_can_be_accepted(
    holed: Store, changed: dict[str, str | int], said: str
) -> None:
    loss = {"kiosk": "t/s/k1", "epoch": "e1", "first": 3, "last": 6} | changed
    with pytest.raises(NotLost, match=said):
        accept(holed, Loss(**loss), "Ana", "backup", CAME)  # type: ignore[arg-type]
    assert the_report(holed).accepted == ()


@pytest.mark.parametrize(("who", "why"), [("", "backup"), ("Ana", " "), ("Ana", "x" * 501)])
def test_somebody_has_to_say_why(holed: Store, who: str, why: str) -> None:
    with pytest.raises(NotLost, match="who and why are needed"):
        accept(holed, HOLE, who, why, CAME)


@given(
    spans=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=4),
    gone=st.sets(st.integers(1, 80), max_size=20),
)
def test_ranges_without_numbers_are_what_sets_say(spans: list[tuple[int, int]], gone: set[int]) -> None:
    rows, at = [], 0
    for skip, length in spans:
        rows.append(Accepted(first=at + skip, last=at + skip + length, at_ms=1, who="A", why="w"))
        at = rows[-1].last
    left = without(rows, gone)
    wanted = {number for row in rows for number in range(row.first, row.last + 1)} - gone
    numbers = [number for row in left for number in range(row.first, row.last + 1)]
    assert numbers == sorted(wanted)


def test_the_command_says_what_it_did_and_what_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(store_url(tmp_path / "fleet.db"))
    store.commit([stored(seq, kiosk=kiosk) for kiosk in ("t/s/k1", "t/s/k2") for seq in (1, 4)])
    where = ["--database", store.engine.url.render_as_string(hide_password=False)]
    why = ["--by", "Ana", "--why", "backup of 3 o'clock"]
    assert main(["accept-loss", "t/s/k1", "e1", "2-3", *why, *where]) == 0
    assert "t/s/k1 e1 2-3 accepted as lost; complete up to 4" in capsys.readouterr().out
    for words, said in (
        (["t/s/k2", "e1"], "KIOSK EPOCH FROM-TO expected"),
        (["t/s/k2", "e1", "2-x"], "'2-x': FROM-TO expected"),
        (["t/s/k2", "e1", "2-"], "'2-': FROM-TO expected"),
        (["t/s/k2", "e1", "9" * 30], "FROM-TO expected"),
        (["t/s/k2", "e1", "1-3"], "missing are 2-3"),
    ):
        assert main(["accept-loss", *words, *why, *where]) == 1
        assert said in capsys.readouterr().err
    assert main(["accept-loss", "--list", str(tmp_path / "none"), *why, *where]) == 1
    assert "No such file" in capsys.readouterr().err
    (tmp_path / "many").write_text("t/s/k2 e1 2\n\nt/s/k2 e1 3\nt/s/k3 e1 3\n")
    assert main(["accept-loss", "--list", str(tmp_path / "many"), *why, *where]) == 1
    told = capsys.readouterr()
    assert told.out.count("accepted as lost") == 2
    assert "t/s/k3 e1 3: t/s/k3 e1: no such stream" in told.err
    assert main(["gaps", *where]) == 0
    told = capsys.readouterr()
    assert "2-3 accepted as lost by Ana on 20" in told.out
    assert "2 streams, none with something missing; 4 events accepted as lost" in told.out
    assert main(["gaps", "--json", "t/s/k1", *where]) == 0
    assert json.loads(capsys.readouterr().out)["accepted"][0]["why"] == "backup of 3 o'clock"
    store.close()
