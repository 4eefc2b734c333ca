"""The list of kiosks: what is wrong with each is found, the worst comes first, and it is counted, filtered, paged."""

from __future__ import annotations

import pytest

from fleet.reports import roster
from fleet.reports.roster import Ask, BadAsk
from fleet.store.store import Store
from tests.fleet.pages.fleets import NAMES, bad_morning, many

NOW = 1_795_400_000_000


@pytest.fixture
def morning(store: Store) -> Store:
    bad_morning(store, NOW)
    return store


def names(store: Store, **ask: object) -> list[str]:
    with store.read() as connection:
        return [row.name for row in roster.page(connection, NOW, Ask(**ask))]  # type: ignore[arg-type]


def test_each_trouble_is_named_and_the_worst_is_first(morning: Store) -> None:
    with morning.read() as connection:
        rows = roster.page(connection, NOW, Ask())
    assert {row.name: row.trouble for row in rows} == {
        "K7": ("suspect",), "K2": ("lost",), "K3": ("faults",), "K4": ("missing",), "K5": ("behind",), "K6": ("clock",),
        "K8": ("never",), "K1": (), "K9": (),
    }  # fmt: skip
    assert [row.name for row in rows] == ["K7", "K2", "K3", "K4", "K5", "K6", "K8", "K1", "K9"]


def test_a_row_says_all_that_is_known(morning: Store) -> None:
    with morning.read() as connection:
        rows = {row.name: row for row in roster.page(connection, NOW, Ask())}
        assert roster.one(connection, NOW, rows["K4"].kiosk) == rows["K4"]
        assert roster.one(connection, NOW, "nobody/has/it") is None
    sells = rows["K1"]
    assert (sells.presence, sells.version, sells.release, sells.commands) == (
        "selling",
        "1.4.0",
        "2026-11-20.2",
        1,
    )
    assert NOW - 12 * 3_600_000 < sells.sale_ms < NOW
    assert rows["K3"].faults == ("printer failed", "scanner lost")
    assert (rows["K4"].missing, rows["K9"].folded, rows["K7"].suspicion) == (3, 30, "suspected")
    assert (rows["K5"].backlog, rows["K5"].waits_ms) == (420, 47 * 60_000)
    assert (rows["K8"].presence, rows["K8"].seen_ms) == ("never", 0)


def test_the_summary_counts_each_kiosk_under_all_it_is(morning: Store) -> None:
    with morning.read() as connection:
        found = roster.counts(connection, NOW, Ask(state="trouble"))
    assert (found.kiosks, found.matching, found.trouble, found.selling) == (9, 7, 7, 6)
    assert [getattr(found, name) for name in roster.TROUBLES if name != "drift"] == [1] * 7
    assert (found.commands, found.closed, found.backlog, found.missing_events) == (1, 1, 420, 3)


def test_a_kiosk_that_says_it_sells_and_is_not_heard_is_silent(morning: Store) -> None:
    with morning.read() as connection:
        later = roster.one(connection, NOW + roster.SILENT_MS + 1, "metro/central/K1")
    assert later is not None
    assert (later.presence, later.trouble) == ("silent", ("lost",))


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        ({"state": "faults"}, ["K3"]), ({"state": "never"}, ["K8"]), ({"state": "closed"}, ["K9"]), ({"state": "commands"}, ["K1"]),
        ({"site": "metro/central", "sort": "kiosk"}, ["K1", "K2", "K3", "K4"]), ({"site": "metro/cen"}, []),
        ({"text": "HARBOUR/k7"}, ["K7"]), ({"text": "%"}, []), ({"text": "_"}, []), ({"text": "k", "state": "lost"}, ["K2"]),
        ({"sort": "kiosk", "down": True, "size": 2}, ["K9", "K8"]), ({"sort": "kiosk", "size": 2, "page": 2}, ["K3", "K4"]),
        ({"sort": "backlog", "size": 1}, ["K5"]), ({"sort": "clock", "size": 1}, ["K6"]), ({"sort": "sale", "size": 1}, ["K1"]),
        ({"page": 99}, []),
    ],
)  # fmt: skip
def test_filters_and_orders(morning: Store, ask: dict[str, object], found: list[str]) -> None:
    assert names(morning, **ask) == found


@pytest.mark.parametrize("sort", roster.SORTS)
def test_every_order_has_every_kiosk_once_over_all_pages(morning: Store, sort: str) -> None:
    for down in (False, True):
        seen = [
            name for page in (1, 2, 3) for name in names(morning, sort=sort, down=down, page=page, size=4)
        ]
        assert sorted(seen) == list(NAMES)


@pytest.mark.parametrize("ask", [{"state": "x"}, {"sort": "x"}, {"page": 0}, {"size": 0}, {"size": 501}])
def test_a_question_that_is_none_is_refused(store: Store, ask: dict[str, object]) -> None:
    with pytest.raises(BadAsk, match="expected"), store.read() as connection:
        roster.page(connection, NOW, Ask(**ask))  # type: ignore[arg-type]


def test_many_kiosks_are_as_few_rows_as_a_page_has(store: Store) -> None:
    many(store, (f"t/s{number % 7}/K{number:04}" for number in range(2000)), NOW)
    with store.read() as connection:
        rows = roster.page(connection, NOW, Ask(sort="kiosk", page=40))
        assert [len(rows), rows[-1].kiosk] == [50, "t/s6/K1994"]
        assert roster.counts(connection, NOW).selling == 2000
        assert roster.clocks(connection) == {"synced": 2000}


def test_an_empty_fleet(store: Store) -> None:
    with store.read() as connection:
        assert roster.page(connection, NOW, Ask()) == []
        assert roster.counts(connection, NOW, Ask(text="x")).kiosks == 0
