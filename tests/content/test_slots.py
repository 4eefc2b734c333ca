"""When goods can be had: by the store's own clock, over midnight and both changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.fulfilment import Fulfilment, Kind, SpecialDay, Window
from content.model import Merchant, Product
from content.money import Money
from content.slots import Slot, fee_for, missing_to, moment, promise, reaches, slot_of, slots, unfit

BERLIN = "Europe/Berlin"
EVERY_DAY = tuple(range(7))
HOME = Fulfilment(
    key="home", kind=Kind.HOME, names={"en": "Home"}, days_ahead=2, fee=Money(290, "EUR"),
    free_from=Money(2500, "EUR"), minimum=Money(1000, "EUR"), postcodes=("10", "SW1"),
    windows=(Window(days=EVERY_DAY, since=1080, until=1200, cut_off=780, capacity=2),),
)  # fmt: skip
COUNTER = Fulfilment(
    key="counter", kind=Kind.COUNTER, names={"en": "Counter"}, lead_minutes=20, days_ahead=1,
    windows=(Window(days=EVERY_DAY, since=360, until=1320),),
)  # fmt: skip


def at(text: str, zone: str = BERLIN, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp())


def said(slot: Slot, zone: str = BERLIN) -> tuple[str, str, str]:
    """Date, from and until, as the store's clock shows them."""
    start, end = (datetime.fromtimestamp(t, ZoneInfo(zone)) for t in (slot.starts, slot.until))
    return slot.date, f"{start:%H:%M}", f"{end:%H:%M}"


def test_ordered_before_one_it_is_at_home_tonight() -> None:
    now = at("2026-11-23 12:59:59")
    first, *_ = slots(HOME, BERLIN, now)
    assert said(first) == ("2026-11-23", "18:00", "20:00")
    assert first.closes == at("2026-11-23 13:00")
    assert promise(first, BERLIN, now) == promise(first, BERLIN, now)
    assert (promise(first, BERLIN, now).day, promise(first, BERLIN, now).closes) == ("tonight", "today")


def test_at_one_it_is_tomorrow() -> None:
    now = at("2026-11-23 13:00")
    found = slots(HOME, BERLIN, now)
    assert [said(slot)[0] for slot in found] == ["2026-11-24", "2026-11-25"]
    assert (promise(found[0], BERLIN, now).day, promise(found[1], BERLIN, now).day) == ("tomorrow", "date")


def test_a_counter_has_it_ready_twenty_minutes_later_in_steps_of_five() -> None:
    (today, tomorrow) = slots(COUNTER, BERLIN, at("2026-11-23 17:21:30"))
    assert said(today) == ("2026-11-23", "17:45", "22:00")
    assert today.closes == at("2026-11-23 21:40")
    assert said(tomorrow) == ("2026-11-24", "06:00", "22:00")
    assert [said(slot)[0] for slot in slots(COUNTER, BERLIN, at("2026-11-23 21:40"))] == ["2026-11-24"]


def test_a_cut_off_the_evening_before() -> None:
    early = Window(days=EVERY_DAY, since=480, until=600, cut_off=1200, cut_off_days=1)
    option = Fulfilment(key="home", kind=Kind.HOME, names={}, windows=(early,), days_ahead=2)
    assert [said(slot)[0] for slot in slots(option, BERLIN, at("2026-11-23 19:59"))] == [
        "2026-11-24", "2026-11-25",
    ]  # fmt: skip
    assert [said(slot)[0] for slot in slots(option, BERLIN, at("2026-11-23 20:00"))] == ["2026-11-25"]


def test_a_holiday_is_closed_and_a_special_day_has_hours_of_its_own() -> None:
    short = SpecialDay(date="2026-12-24", windows=(Window(days=EVERY_DAY, since=360, until=840),))
    option = Fulfilment(
        key="c", kind=Kind.COUNTER, names={}, windows=COUNTER.windows, days_ahead=3,
        special_days=(short, SpecialDay(date="2026-12-25")),
    )  # fmt: skip
    assert [said(slot) for slot in slots(option, BERLIN, at("2026-12-23 23:00"))] == [
        ("2026-12-24", "06:00", "14:00"), ("2026-12-26", "06:00", "22:00"),
    ]  # fmt: skip


def test_some_days_of_the_week() -> None:
    option = Fulfilment(
        key="c",
        kind=Kind.COUNTER,
        names={},
        days_ahead=6,
        windows=(Window(days=(0, 2), since=600, until=660),),
    )
    assert [said(slot)[0] for slot in slots(option, BERLIN, at("2026-11-22 10:00"))] == [
        "2026-11-23", "2026-11-25",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "minutes", "last", "expected"),
    [
        (date(2026, 3, 29), 120, False, "2026-03-29T01:00:00+00:00"),  # 02:00 does not exist: it is 03:00
        (date(2026, 3, 29), 150, True, "2026-03-29T01:30:00+00:00"),
        (date(2026, 10, 25), 150, False, "2026-10-25T00:30:00+00:00"),  # the first 02:30
        (date(2026, 10, 25), 150, True, "2026-10-25T01:30:00+00:00"),  # the second
        (date(2026, 10, 25), 1440, False, "2026-10-25T23:00:00+00:00"),
        (date(2026, 12, 31), 1440, True, "2026-12-31T23:00:00+00:00"),
    ],
)
def test_a_time_of_day_is_a_moment_also_when_the_clock_changes(
    day: date, minutes: int, last: bool, expected: str
) -> None:
    found = moment(day, minutes, ZoneInfo(BERLIN), last=last)
    assert datetime.fromtimestamp(found, UTC).isoformat() == expected


def test_an_evening_window_begins_at_six_before_and_after_the_clock_is_put_back() -> None:
    found = slots(HOME, BERLIN, at("2026-10-24 12:00"))
    assert [said(slot)[1:] for slot in found] == [("18:00", "20:00")] * 3
    assert found[1].starts - found[0].starts == 25 * 3600


windows = st.builds(
    lambda since, length, cut_off, before: Window(
        days=EVERY_DAY, since=since, until=min(1440, since + length), cut_off=cut_off, cut_off_days=before,
        capacity=1,
    ),
    st.integers(0, 1439), st.integers(1, 1440), st.none() | st.integers(0, 1440), st.integers(0, 2),
)  # fmt: skip
several = st.lists(windows, min_size=1, max_size=3, unique_by=lambda window: (window.since, window.until))
zones = st.sampled_from(
    [
        BERLIN,
        "America/New_York",
        "Asia/Shanghai",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Asia/Kathmandu",
        "UTC",
    ]
)
changes = st.sampled_from(
    [at(f"2026-{d} 00:00", "UTC") for d in ("03-08", "03-29", "04-05", "10-04", "10-25", "11-01")]
)
moments = changes.flatmap(lambda change: st.integers(change - 90_000, change + 180_000))


@given(several, zones, moments, st.integers(0, 600))
def test_whatever_is_offered_can_be_kept(given_windows: list[Window], zone: str, now: int, lead: int) -> None:
    option = Fulfilment(
        key="o", kind=Kind.HOME, names={}, windows=tuple(given_windows), lead_minutes=lead, days_ahead=3
    )
    found = slots(option, zone, now)
    for slot in found:
        assert now < slot.closes <= slot.until - lead * 60
        assert now + lead * 60 <= slot.starts < slot.until
        assert slot.until - slot.starts <= 26 * 3600
        assert slot_of(option, zone, now, slot.key) is not None
        assert slot_of(option, zone, slot.closes, slot.key) is None, "at the cut-off it is over"
    assert [slot.starts for slot in found] == sorted(slot.starts for slot in found)


@given(several, zones, moments, st.integers(1, 3600))
def test_what_was_closed_does_not_open_again(
    given_windows: list[Window], zone: str, now: int, later: int
) -> None:
    option = Fulfilment(key="o", kind=Kind.HOME, names={}, windows=tuple(given_windows), days_ahead=3)
    before = {slot.key: slot for slot in slots(option, zone, now)}
    last = (datetime.fromtimestamp(now, ZoneInfo(zone)).date() + timedelta(days=3)).isoformat()
    for slot in slots(option, zone, now + later):
        assert slot.key in before or slot.date > last, "only new days come"
        if slot.key in before:
            assert slot.closes == before[slot.key].closes
            assert slot.starts >= before[slot.key].starts, "it is never ready earlier than was said"


# --- cost and fit -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goods", "fee", "missing"), [(999, 290, 1), (1000, 290, None), (2499, 290, None), (2500, 0, None)]
)
def test_fee_and_minimum(goods: int, fee: int, missing: int | None) -> None:
    assert fee_for(HOME, Money(goods, "EUR")) == Money(fee, "EUR")
    assert missing_to(HOME, Money(goods, "EUR")) == (Money(missing, "EUR") if missing else None)
    assert fee_for(COUNTER, Money(goods, "EUR")) == Money(0, "EUR")


@pytest.mark.parametrize(
    ("postcode", "reached"),
    [("10115", True), (" 10 115", True), ("sw1a 1aa", True), ("20095", False), ("", False)],
)
def test_where_a_delivery_goes(postcode: str, reached: bool) -> None:
    assert reaches(HOME, postcode) is reached
    assert reaches(COUNTER, postcode)


def test_no_wine_and_no_ice_cream_in_a_locker() -> None:
    def product(**more: object) -> Product:
        return Product(
            gtin="09521100100113", names={}, aisle="a", facing=1, price=Money(1, "EUR"), **more,  # type: ignore[arg-type]
        )  # fmt: skip

    wine, ice, milk = product(age_min=16), product(storage="frozen"), product(storage="chilled")
    locker = Fulfilment(
        key="l", kind=Kind.LOCKER, names={}, windows=(), checks_age=False, storages=("ambient", "chilled")
    )
    assert unfit(locker, [milk, wine, ice]) == ("age", [wine])
    assert unfit(locker, [milk, ice]) == ("storage", [ice])
    assert unfit(locker, [milk]) == ("", [])
    assert unfit(COUNTER, [milk, wine, ice]) == ("", [])


def test_a_merchant_brings_its_goods_where_it_says() -> None:
    rose, milk = (
        Product(
            gtin="09521100100113", names={}, aisle="a", facing=1, price=Money(1, "EUR"), merchant=merchant
        )
        for merchant in ("flowers", "")
    )
    flowers = Merchant(key="flowers", names={}, fulfilments=("home",))
    assert unfit(COUNTER, [milk, rose], [flowers]) == ("merchant", [rose])
    assert unfit(COUNTER, [milk], [flowers]) == ("", [])
    assert unfit(COUNTER, [rose], [Merchant(key="flowers", names={})]) == ("", [])
