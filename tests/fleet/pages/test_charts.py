"""Hours as bars: every hour in its place, the running one marked, labels in the operator's zone, late events corrected."""

from __future__ import annotations

import pytest

from fleet.reports.charts import chart, charts, moment, nice
from fleet.reports.reports import HOUR_MS, Hour
from fleet.store.store import Store
from tests.fleet.pages.fleets import came
from tests.fleet.samples import event

NOW = 1_795_400_000_000
FIRST = (NOW // HOUR_MS - 23) * HOUR_MS


def test_bars_are_as_high_as_their_hours() -> None:
    sums = [
        Hour(FIRST, "EUR/link", 3, 300),
        Hour(FIRST, "USD/card", 1, 50),
        Hour(FIRST + 23 * HOUR_MS, "EUR/link", 1, 7),
    ]
    drawn = chart("Sales", sums, FIRST, 24, "Europe/Berlin")
    assert (drawn.total, drawn.most, drawn.amounts) == (5, 4, (("EUR", 307), ("USD", 50)))
    assert [bar.height for bar in drawn.bars] == [100, *[0] * 22, 25]
    assert [bar.running for bar in drawn.bars] == [False] * 23 + [True]
    assert (drawn.bars[0].amounts, drawn.zone, len(drawn.ticks)) == (
        (("EUR", 300), ("USD", 50)),
        "Europe/Berlin",
        4,
    )


def test_labels_are_the_operators() -> None:
    assert chart("Plays", [], 0, 24, "Asia/Kolkata").bars[0].hour == "05:30"
    assert chart("Plays", [], 0, 24, "no/zone").zone == "UTC"
    assert moment(1234, "Europe/Berlin") == "1970-01-01 01:00:01.234 CET"
    assert moment(2**62, "UTC").endswith(" ms")


@pytest.mark.parametrize(
    ("most", "line"), [(0, 2), (2, 2), (3, 4), (5, 6), (7, 10), (11, 20), (99, 100), (101, 200)]
)
def test_lines_are_round_numbers(most: int, line: int) -> None:
    assert nice(most) == line


def test_a_late_event_corrects_the_hour_it_belongs_to(store: Store) -> None:
    def sales() -> list[int]:
        with store.read() as connection:
            return [bar.times for bar in charts(connection, NOW, "24h", "UTC", "t/s/k1")[0].bars]

    store.commit([came("t/s/k1", event(2, wall_ms=NOW - 1, clock="synced"), NOW)])
    assert sales() == [0] * 23 + [1]
    store.commit([came("t/s/k1", event(1, wall_ms=NOW - 5 * HOUR_MS, clock="synced"), NOW)])
    assert sales() == [0] * 18 + [1] + [0] * 4 + [1]
