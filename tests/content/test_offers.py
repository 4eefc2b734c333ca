"""Offers with hours and caps: the best that runs counts, comes and goes by itself, and is given so often and no more."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from content.model import MultiBuy, New, Product, Reduction, Sale, TakeForLess
from content.money import Money
from content.pricing import (
    badge,
    limit_at,
    line_saved,
    line_total,
    next_change,
    price_at,
    price_before,
    timed,
)
from content.schedule import Hours, Window

BERLIN = ZoneInfo("Europe/Berlin")
LATE = Hours(timezone="Europe/Berlin", windows=(Window(days=(0, 1, 2, 3, 4, 5, 6), since=1320, until=120),))
LATE_ALWAYS = Hours(timezone="Europe/Berlin", windows=LATE.windows, untrusted="on")


def at(clock: str) -> int:
    return int(datetime.fromisoformat(f"2026-11-23T{clock}").replace(tzinfo=BERLIN).timestamp())


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def roll(*further: Reduction, sale: Sale | None = None, minor: int = 100) -> Product:
    return Product(
        gtin="09521100100113", names={"en": "Roll"}, aisle="bread", facing=1, price=eur(minor), sale=sale,
        further=further,
    )  # fmt: skip


def test_an_offer_after_ten_comes_at_ten_and_goes_at_two() -> None:
    product = roll(Sale(eur(70), hours=LATE))
    shown = {
        clock: price_at(product, at(clock)).minor for clock in ("21:59", "22:00", "23:59", "01:59", "02:00")
    }
    assert shown == {"21:59": 100, "22:00": 70, "23:59": 70, "01:59": 70, "02:00": 100}
    assert next_change(product, at("12:00")) == at("22:00")
    assert next_change(product, at("22:00")) == at("22:00") + 4 * 3600
    assert badge(product, at("22:00")) == ("sale", (30,))
    assert badge(product, at("12:00")) == ("", ())
    assert price_before(product, at("22:00")) == eur(100)
    assert timed(product)


def test_without_a_trusted_clock_hours_say_what_holds() -> None:
    assert price_at(roll(Sale(eur(70), hours=LATE)), None) == eur(100)
    assert price_at(roll(Sale(eur(70), hours=LATE_ALWAYS)), None) == eur(70)


def test_the_best_of_all_that_run_counts() -> None:
    product = roll(Sale(eur(70), hours=LATE), TakeForLess(3, 2), MultiBuy(4, eur(250)), sale=Sale(eur(90)))
    assert [line_total(product, count, at("12:00")).minor for count in (1, 2, 3, 4)] == [90, 180, 180, 250]
    assert [line_total(product, count, at("23:00")).minor for count in (1, 3, 4)] == [70, 140, 210]
    assert badge(product, at("12:00")) == ("take-for-less", (3, 2))


def test_so_many_pieces_get_it_and_the_others_cost_what_they_cost() -> None:
    product = roll(Sale(eur(50), most=2), sale=Sale(eur(90)))
    assert [line_total(product, count, 0).minor for count in (1, 2, 3)] == [50, 100, 190]
    bundle = roll(MultiBuy(2, eur(150), most=2))
    assert [line_total(bundle, count, 0).minor for count in (2, 3, 4)] == [150, 250, 350]
    assert line_saved(bundle, 4, 0) == eur(50)
    mixed = roll(MultiBuy(3, eur(160)), Sale(eur(10), most=2))
    assert line_total(mixed, 3, 0) == eur(120)  # two cheap ones and a dear one go before a bundle


def test_an_order_holds_so_many_while_an_offer_limits_it() -> None:
    product = roll(Sale(eur(50), hours=LATE, limit=4), New(limit=6))
    assert limit_at(product, at("12:00")) == 6
    assert limit_at(product, at("23:00")) == 4
    assert limit_at(roll(), 0) is None


def test_what_is_always_on_changes_nothing_by_itself() -> None:
    product = roll(Sale(eur(50)), New(hours=Hours(timezone="UTC")))
    assert not timed(product)
    assert next_change(product, 0) is None
    assert badge(roll(New()), 0) == ("new", ())


caps = st.integers(0, 6)
hours = st.sampled_from([None, LATE, LATE_ALWAYS])
reductions: st.SearchStrategy[Reduction] = st.one_of(
    st.builds(Sale, price=st.integers(1, 200).map(eur), hours=hours, most=caps),
    st.builds(
        MultiBuy, quantity=st.integers(1, 5), price=st.integers(1, 500).map(eur), hours=hours, most=caps
    ),
    st.builds(TakeForLess, take=st.integers(1, 5), pay=st.integers(0, 5), hours=hours, most=caps),
    st.builds(New, hours=hours),
)


@given(
    st.lists(reductions, max_size=4),
    st.integers(1, 200),
    st.integers(0, 20),
    st.none() | st.integers(at("00:00"), at("23:59")),
)
def test_nobody_pays_more_than_normal_and_more_offers_never_cost_more(
    offers: list[Reduction], minor: int, quantity: int, now: int | None
) -> None:
    product = roll(*offers, minor=minor)
    total = line_total(product, quantity, now)
    assert 0 <= total.minor <= minor * quantity
    assert line_total(roll(*offers, Sale(eur(30)), minor=minor), quantity, now) <= total
    assert line_total(roll(*reversed(offers), minor=minor), quantity, now) == total
    assert price_at(product, now) <= product.price


@given(st.lists(reductions, max_size=3), st.integers(at("00:00"), at("23:59")))
def test_between_two_changes_a_price_stays(offers: list[Reduction], now: int) -> None:
    product = roll(*offers)
    change = next_change(product, now)
    last = change - 1 if change is not None else now + 86_400
    for count in (1, 4):
        assert line_total(product, count, now) == line_total(product, count, last)
