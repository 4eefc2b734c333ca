"""Hours somebody wrote wrongly are refused, with the place and what was expected there."""

from datetime import date

import pytest

from content.schedule import ALL_DAY, Daypart, Holidays, Hours, SpecialDay, Window
from content.schedule.checks import check_dayparts, check_hours

GOOD = Window(days=(0, 4), since=1320, until=120)


def test_what_is_right_has_no_mistakes() -> None:
    christmas = SpecialDay(date="2026-12-24", windows=(Window(days=(), since=600, until=840),))
    hours = Hours(
        timezone="Europe/Berlin", windows=(GOOD,), exceptions=(christmas, SpecialDay(date="2026-12-25")),
        since=date(2026, 1, 1), until=date(2026, 1, 1),
    )  # fmt: skip
    assert list(check_hours(hours)) == []
    be = Holidays(key="be", names={}, dates=("2026-12-25",))
    assert list(check_dayparts([Daypart(key="rush", holidays="be", on_holidays=(GOOD,))], [be])) == []


@pytest.mark.parametrize(
    ("hours", "path", "rule"),
    [
        (Hours(timezone="Berlin"), "hours.timezone", "IANA database"),
        (Hours(timezone="../../etc"), "hours.timezone", "IANA database"),
        (Hours(timezone="UTC", windows=()), "hours.windows", "never on"),
        (Hours(timezone="UTC", windows=(GOOD,) * 33), "hours.windows", "32 at most, found 33"),
        (Hours(timezone="UTC", windows=(Window(days=(0,), since=1440, until=0),)), "hours.windows[0].since", "0 to 1439"),
        (Hours(timezone="UTC", windows=(Window(days=(0,), since=-1, until=0),)), "hours.windows[0].since", "found -1"),
        (Hours(timezone="UTC", windows=(Window(days=(0,), since=0, until=1441),)), "hours.windows[0].until", "0 to 1440"),
        (Hours(timezone="UTC", windows=(Window(days=(7,), since=0, until=60),)), "hours.windows[0].days", "found [7]"),
        (Hours(timezone="UTC", windows=(Window(days=(1, 1), since=0, until=60),)), "hours.windows[0].days", "each once"),
        (Hours(timezone="UTC", windows=(Window(days=(), since=0, until=60),)), "hours.windows[0].days", "one at least"),
        (Hours(timezone="UTC", exceptions=(SpecialDay(date="24.12.2026"),)), "hours.exceptions[0].date", "2026-12-24"),
        (Hours(timezone="UTC", exceptions=(SpecialDay(date="20261224"),)), "hours.exceptions[0].date", "2026-12-24"),
        (Hours(timezone="UTC", exceptions=(SpecialDay(date="2026-02-30"),)), "hours.exceptions[0].date", "such as"),
        (Hours(timezone="UTC", exceptions=(SpecialDay(date="2026-12-24"),) * 2), "hours.exceptions[1].date", "again"),
        (Hours(timezone="UTC", since=date(1, 1, 1)), "hours.since", "2000 to 2199"),
        (Hours(timezone="UTC", since=date(2026, 2, 2), until=date(2026, 2, 1)), "hours.until", "or later"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(hours: Hours, path: str, rule: str) -> None:
    [found] = check_hours(hours)
    assert found[0] == path
    assert rule in found[1]


def test_dayparts_have_keys_of_their_own_and_observe_holidays_that_exist() -> None:
    found = list(check_dayparts(
        [Daypart(key="rush", holidays="be"), Daypart(key="rush", on_holidays=(ALL_DAY,)), Daypart(key="")],
        [Holidays(key="by", names={}, dates=("x", "2026-12-25", "2026-12-25"))],
    ))  # fmt: skip
    assert [path for path, _ in found] == [
        "holidays[0].dates[0]", "holidays[0].dates[2]", "dayparts[1].key", "dayparts[2].key", "dayparts[0].holidays",
        "dayparts[1].on_holidays",
    ]  # fmt: skip
