"""Hours: on and off by the minute, overnight, on holidays, on the days clocks are changed, and without a clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from content.schedule import (
    ALL_DAY,
    Daypart,
    Holidays,
    Hours,
    SpecialDay,
    Window,
    changes,
    hours_of,
    is_on,
    next_change,
)
from content.schedule.moments import span

BERLIN = "Europe/Berlin"
EVERY_DAY = tuple(range(7))
MINUTE = 60


def at(text: str, zone: str = BERLIN, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp())


def said(moment: int | None, zone: str = BERLIN) -> str:
    return "never" if moment is None else datetime.fromtimestamp(moment, ZoneInfo(zone)).isoformat()


def night(**more: object) -> Hours:
    """Fridays and Saturdays from 22:00 to 02:00."""
    window = Window(days=(4, 5), since=22 * 60, until=2 * 60)
    return Hours(timezone=BERLIN, windows=(window,), **more)  # type: ignore[arg-type]


def test_a_night_belongs_to_the_day_it_begins() -> None:
    assert not is_on(night(), at("2026-11-20 21:59"))  # Friday
    assert is_on(night(), at("2026-11-20 22:00"))
    assert is_on(night(), at("2026-11-22 01:59"))  # Saturday's
    assert not is_on(night(), at("2026-11-22 02:00"))
    assert not is_on(night(), at("2026-11-22 23:00"))
    assert not is_on(night(), at("2026-11-20 01:00"))  # Thursday had none


def test_the_next_change_is_the_end_of_the_night_and_then_the_next_one() -> None:
    found = list(changes(night(), at("2026-11-20 12:00"), at("2026-11-28 12:00")))
    assert [said(each)[:16] for each in found] == [
        "2026-11-20T22:00", "2026-11-21T02:00", "2026-11-21T22:00", "2026-11-22T02:00", "2026-11-27T22:00",
        "2026-11-28T02:00",
    ]  # fmt: skip


def test_an_exception_has_hours_of_its_own_and_what_began_the_day_before_goes_on() -> None:
    hours = night(
        exceptions=(
            SpecialDay(date="2026-11-21"),
            SpecialDay(date="2026-11-24", windows=(Window(days=(), since=600, until=660),)),
        )
    )
    assert is_on(hours, at("2026-11-21 01:00"))  # Friday's night
    assert not is_on(hours, at("2026-11-21 23:00"))
    assert is_on(hours, at("2026-11-24 10:30"))  # a Tuesday
    assert said(next_change(hours, at("2026-11-21 02:00")))[:16] == "2026-11-24T10:00"


def test_flight_dates_are_the_first_and_the_last_day_on_which_a_window_begins() -> None:
    flight = Hours(timezone=BERLIN, since=date(2026, 12, 1), until=date(2026, 12, 3))
    assert [said(each)[:16] for each in changes(flight, at("2026-01-01 00:00"), at("2028-01-01 00:00"))] == [
        "2026-12-01T00:00", "2026-12-04T00:00",
    ]  # fmt: skip
    assert next_change(flight, at("2026-12-04 00:00")) is None


def test_an_exception_years_ahead_is_found_from_inside_endless_hours() -> None:
    open_always = Hours(timezone=BERLIN, exceptions=(SpecialDay(date="2031-12-25"),))
    assert said(next_change(open_always, at("2026-11-23 10:00")))[:16] == "2031-12-25T00:00"
    assert said(next_change(open_always, at("2031-12-25 00:00")))[:16] == "2031-12-26T00:00"
    assert next_change(open_always, at("2031-12-26 00:00")) is None
    only_then = Hours(
        timezone=BERLIN, windows=(), exceptions=(SpecialDay(date="2031-12-25", windows=(ALL_DAY,)),)
    )
    assert said(next_change(only_then, at("2026-11-23 10:00")))[:16] == "2031-12-25T00:00"


def test_without_windows_they_are_never_on_and_with_all_of_them_always() -> None:
    assert not is_on(Hours(timezone=BERLIN, windows=()), at("2026-11-23 10:00"))
    assert next_change(Hours(timezone=BERLIN, windows=()), at("2026-11-23 10:00")) is None
    halves = tuple(Window(days=EVERY_DAY, since=a, until=b) for a, b in ((720, 1440), (0, 720)))
    for windows in ((ALL_DAY,), halves):
        whole = Hours(timezone=BERLIN, windows=windows)
        assert is_on(whole, at("2026-03-29 03:00"))
        assert next_change(whole, at("2026-03-28 12:00")) is None


def test_without_a_trusted_clock_each_rule_says_what_holds() -> None:
    assert not is_on(night(), None)
    assert is_on(night(untrusted="on"), None)
    assert is_on(Hours(timezone=BERLIN), None)  # hours without an end need no clock


def test_a_zone_this_machine_does_not_know_is_no_better_than_no_clock() -> None:
    lost = Hours(timezone="Mars/Olympus", windows=(Window(days=EVERY_DAY, since=0, until=720),))
    assert not is_on(lost, at("2026-11-23 10:00"))
    assert next_change(lost, at("2026-11-23 10:00")) is None
    assert is_on(Hours(timezone="../etc/passwd", windows=lost.windows, untrusted="on"), 0)


def window(since: str, until: str) -> Window:
    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    return Window(days=EVERY_DAY, since=minutes(since), until=minutes(until))


@pytest.mark.parametrize(
    ("day", "begins", "ends", "expected"),
    [
        # 2026-03-29 the clock goes from 02:00 to 03:00: times between do not exist.
        ("2026-03-29", "01:30", "02:30", ("01:30+01:00", "03:30+02:00")),
        ("2026-03-29", "02:00", "02:30", ("03:00+02:00", "03:30+02:00")),
        (
            "2026-03-29",
            "02:00",
            "03:00",
            ("03:00+02:00", "04:00+02:00"),
        ),  # all of it left out: it comes after
        ("2026-03-29", "02:30", "03:15", ("03:30+02:00", "04:15+02:00")),
        ("2026-03-29", "01:00", "03:00", ("01:00+01:00", "03:00+02:00")),
        ("2026-03-29", "01:00", "02:00", ("01:00+01:00", "03:00+02:00")),  # the same moment
        # 2026-10-25 it goes from 03:00 back to 02:00: times between come twice, windows do not.
        ("2026-10-25", "02:00", "02:30", ("02:00+02:00", "02:30+01:00")),
        ("2026-10-25", "01:00", "02:00", ("01:00+02:00", "02:00+02:00")),
        ("2026-10-25", "01:00", "03:00", ("01:00+02:00", "03:00+01:00")),
        ("2026-10-25", "02:30", "03:30", ("02:30+02:00", "03:30+01:00")),
        ("2026-10-24", "23:00", "02:30", ("23:00+02:00", "02:30+01:00")),
    ],
)
def test_windows_on_the_days_the_clock_is_changed(
    day: str, begins: str, ends: str, expected: tuple[str, str]
) -> None:
    found = span(window(begins, ends), date.fromisoformat(day), ZoneInfo(BERLIN))
    assert tuple(said(each)[11:16] + said(each)[19:] for each in found) == expected


def test_a_daypart_observes_holidays_unless_a_date_has_hours_of_its_own() -> None:
    rush = Daypart(
        key="rush", windows=(window("06:00", "09:00"),), holidays="be",
        exceptions=(SpecialDay(date="2026-12-26", windows=(window("08:00", "10:00"),)),),
        on_holidays=(window("09:00", "11:00"),),
    )  # fmt: skip
    berlin = Holidays(key="be", names={}, dates=("2026-12-25", "2026-12-26", "2026-12-25"))
    hours = hours_of(rush, {"be": berlin}, BERLIN, until=date(2026, 12, 31))
    found = list(changes(hours, at("2026-12-24 12:00"), at("2026-12-27 12:00")))
    assert [said(each)[8:16] for each in found] == [
        "25T09:00", "25T11:00", "26T08:00", "26T10:00", "27T06:00", "27T09:00",
    ]  # fmt: skip
    with pytest.raises(KeyError):
        hours_of(rush, {}, BERLIN)


# --- laws ---------------------------------------------------------------------------------------------------------

# (zone, a day near a change of its clock): an hour, half an hour, at midnight, a whole day left out, none at all.
DAYS = [
    (BERLIN, date(2026, 3, 29)), (BERLIN, date(2026, 10, 25)), ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)), ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Havana", date(2026, 11, 1)), ("Africa/Cairo", date(2026, 4, 24)), ("America/Santiago", date(2026, 4, 5)),
    ("Asia/Beirut", date(2026, 3, 29)), ("America/St_Johns", date(2009, 11, 1)), ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kathmandu", date(2026, 6, 1)), ("UTC", date(2026, 2, 28)),
]  # fmt: skip
quarter = st.integers(0, 95).map(lambda n: n * 15)
some_days = st.lists(st.integers(0, 6), max_size=7, unique=True).map(lambda days: tuple(sorted(days)))
any_window = st.builds(
    lambda days, since, until: Window(days=days, since=since, until=until),
    some_days | st.just(EVERY_DAY), quarter | st.integers(0, 1439), quarter | st.integers(0, 1440),
)  # fmt: skip
any_windows = st.lists(any_window, max_size=3).map(tuple) | st.just((ALL_DAY,))


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Hours, date]:
    zone, day = draw(st.sampled_from(DAYS))
    near = st.integers(-3, 3).map(lambda n: day + timedelta(days=n))
    exceptions = draw(
        st.lists(st.builds(lambda d, w: SpecialDay(date=d.isoformat(), windows=w), near, any_windows), max_size=2,
                 unique_by=lambda each: each.date)
    )  # fmt: skip
    edge = st.none() | near
    return Hours(
        timezone=zone, windows=draw(any_windows), exceptions=tuple(exceptions), since=draw(edge), until=draw(edge)
    ), day  # fmt: skip


def midnight(day: date, days: int) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + days * 86_400


@settings(deadline=None, max_examples=50)
@given(schedules())
def test_the_next_change_is_the_first_moment_that_differs(drawn: tuple[Hours, date]) -> None:
    """Against every minute of four days around a change of the clock."""
    hours, day = drawn
    first, last = midnight(day, -2), midnight(day, 2)
    minutes = [is_on(hours, now) for now in range(first, last, MINUTE)]
    differs = [first + n * MINUTE for n, (was, now) in enumerate(pairwise(minutes), 1) if was != now]
    assert list(changes(hours, first, last)) == differs
    after = next_change(hours, last)
    assert after is None or (after > last and is_on(hours, after) != is_on(hours, last))


@example((Hours(timezone=BERLIN, until=date(2026, 3, 29), windows=(ALL_DAY,)), date(2026, 3, 29)), -1_645_201)
@settings(deadline=None)
@given(schedules(), st.integers(-400 * 86_400, 400 * 86_400))
def test_looking_again_moves_on_and_says_what_changed(drawn: tuple[Hours, date], off: int) -> None:
    hours, day = drawn
    now = midnight(day, 0) + off
    found = next_change(hours, now)
    if found is not None:
        assert found > now
        assert is_on(hours, found) != is_on(hours, found - 1) == is_on(hours, now)


@settings(deadline=None)
@given(st.sampled_from(DAYS), any_window.filter(lambda each: each.since != each.until % 1440))
def test_a_window_is_never_lost_and_never_comes_twice(place: tuple[str, date], drawn: Window) -> None:
    """Each day it begins on it begins once, and lasts."""
    zone, day = place
    daily = Window(days=EVERY_DAY, since=drawn.since, until=drawn.until)
    spans = [span(daily, day + timedelta(days=n), ZoneInfo(zone)) for n in range(-3, 4)]
    assert all(since < until for since, until in spans)
    assert [since for since, _ in spans] == sorted(since for since, _ in spans)
    hours = Hours(timezone=zone, windows=(daily,))
    assert all(is_on(hours, since) and is_on(hours, until - 1) for since, until in spans)


@settings(deadline=None)
@given(st.sampled_from(DAYS), st.lists(quarter, min_size=1, max_size=4, unique=True).map(sorted))
def test_dayparts_that_touch_leave_no_hole_on_any_day(place: tuple[str, date], cuts: list[int]) -> None:
    zone, day = place
    windows = tuple(
        Window(days=EVERY_DAY, since=since, until=until)
        for since, until in zip(cuts, [*cuts[1:], cuts[0]], strict=True)
    )
    hours = Hours(timezone=zone, windows=windows)
    assert is_on(hours, midnight(day, 0))
    assert next_change(hours, midnight(day, -3)) is None


@settings(deadline=None)
@given(st.integers(-(2**60), 2**60))
def test_no_moment_is_too_strange_to_ask_about(now: int) -> None:
    hours = night(since=date(1, 1, 1), until=date(9999, 12, 31))
    assert is_on(hours, now) in (True, False)
    next_change(hours, now)
