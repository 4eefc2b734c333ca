"""The contract's chart: per mille of each hour's loop under a round line, hours without a loop, a week at most."""

from __future__ import annotations

from fleet.measuring.asked import Asked
from fleet.measuring.share import HourRow
from fleet.web.adverts import bars

HOUR = 3_600_000
ASK = Asked(from_ms=0, to_ms=400 * HOUR, timezone="Asia/Kolkata")


def test_hours_are_drawn_under_the_next_round_line() -> None:
    drawn, most = bars(
        [
            HourRow(at_ms=0, loop_ms=1000, owed_ms=200, delivered_ms=250),
            HourRow(at_ms=HOUR, loop_ms=0, owed_ms=0, delivered_ms=0),
        ],
        ASK,
    )
    assert most == 400
    assert [(bar.owed, bar.delivered, bar.height, bar.line) for bar in drawn] == [
        (200, 250, 62, 50),
        (0, 0, 0, 0),
    ]
    assert drawn[0].label == "1970-01-01 05:30"


def test_nothing_and_very_much_are_drawn_too() -> None:
    assert bars([], ASK) == ([], 200)
    hours = [HourRow(at_ms=number * HOUR, loop_ms=10, owed_ms=0, delivered_ms=10) for number in range(200)]
    drawn, most = bars(hours, ASK)
    assert (len(drawn), most, drawn[0].height) == (168, 1000, 100)
