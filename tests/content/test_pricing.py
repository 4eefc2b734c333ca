"""Prices are exact, offers never cost more than they save, and time decides by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.model import Measure, MultiBuy, New, Offer, Product, Sale, TakeForLess
from content.money import CurrencyMismatch, Money
from content.pricing import (
    badge,
    basket_total,
    line_saved,
    line_total,
    measure_text,
    next_change,
    price_at,
    price_before,
    unit_price,
)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def product(
    minor: int = 200,
    sale: Sale | None = None,
    offer: Offer | None = None,
    size: Measure | None = None,
    per: Measure | None = None,
) -> Product:
    return Product(
        gtin="09521100100113", names={"en": "Milk"}, aisle="dairy", facing=1, price=eur(minor),
        sale=sale, offer=offer, size=size, unit_base=per,
    )  # fmt: skip


def test_a_sale_begins_and_ends_by_itself() -> None:
    milk = product(200, sale=Sale(eur(150), since=1000, until=2000))
    assert [price_at(milk, now).minor for now in (999, 1000, 1999, 2000)] == [200, 150, 150, 200]
    assert price_before(milk, 1500) == eur(200)
    assert price_before(milk, 2000) is None
    assert [next_change(milk, now) for now in (0, 1000, 2000)] == [1000, 2000, None]
    assert next_change(product(), 0) is None


def test_without_a_trusted_clock_only_undated_sales_are_given() -> None:
    assert price_at(product(200, sale=Sale(eur(150), until=2000)), None) == eur(200)
    assert price_at(product(200, sale=Sale(eur(150))), None) == eur(150)


def test_a_sale_that_would_raise_the_price_does_not() -> None:
    dear = product(200, sale=Sale(eur(250)))
    assert price_at(dear, 0) == eur(200)
    assert price_before(dear, 0) is None


@pytest.mark.parametrize(
    ("offer", "totals"),
    [
        (None, [0, 200, 400, 600, 800, 1000]),
        (New(), [0, 200, 400, 600, 800, 1000]),
        (MultiBuy(2, eur(300)), [0, 200, 300, 500, 600, 800]),
        (MultiBuy(2, eur(900)), [0, 200, 400, 600, 800, 1000]),
        (TakeForLess(3, 2), [0, 200, 400, 400, 600, 800]),
    ],
)
def test_offers_group_pieces(offer: Offer | None, totals: list[int]) -> None:
    assert [line_total(product(offer=offer), n, 0).minor for n in range(6)] == totals


def test_what_was_saved_counts_sale_and_offer() -> None:
    milk = product(200, sale=Sale(eur(180)), offer=TakeForLess(3, 2))
    assert line_total(milk, 3, 0) == eur(360)
    assert line_saved(milk, 3, 0) == eur(240)
    assert line_saved(product(), 3, 0) is None


def test_a_basket_is_the_sum_of_its_lines_in_one_currency() -> None:
    assert basket_total([(product(offer=TakeForLess(3, 2)), 3), (product(99), 2)], "EUR", 0) == eur(598)
    assert basket_total([], "EUR", 0) == eur(0)
    with pytest.raises(CurrencyMismatch):
        basket_total([(product(), 1)], "USD", 0)


@pytest.mark.parametrize(
    ("minor", "size", "per", "expected"),
    [
        (149, Measure(1_500, "l"), Measure(1_000, "l"), 99),  # 99.33
        (199, Measure(400_000, "g"), Measure(1_000, "kg"), 498),  # 497.5: half goes up
        (99, Measure(330_000, "ml"), Measure(1_000, "l"), 300),
        (120, Measure(70_000, "cl"), Measure(100_000, "ml"), 17),  # 17.14
        (249, Measure(6_000, "ct"), Measure(1_000, "ct"), 42),  # 41.5
        (300, Measure(30_000, "m"), Measure(100_000, "cm"), 10),
    ],
)
def test_unit_prices_are_exact_and_round_half_up(
    minor: int, size: Measure, per: Measure, expected: int
) -> None:
    assert unit_price(product(minor, size=size, per=per), 0) == eur(expected)


@pytest.mark.parametrize(
    ("size", "per"),
    [
        (None, None),
        (Measure(1_000, "kg"), None),
        (Measure(1_000, "kg"), Measure(1_000, "l")),
        (Measure(0, "kg"), Measure(1_000, "kg")),
        (Measure(1_000, "spoon"), Measure(1_000, "spoon")),
        (Measure(1_000, "oz"), Measure(1_000, "g")),
    ],
)
def test_no_unit_price_where_sizes_cannot_be_compared(size: Measure | None, per: Measure | None) -> None:
    assert unit_price(product(size=size, per=per), 0) is None


def test_the_unit_price_follows_the_sale() -> None:
    milk = product(200, sale=Sale(eur(150)), size=Measure(500, "l"), per=Measure(1_000, "l"))
    assert unit_price(milk, 0) == eur(300)


@pytest.mark.parametrize(
    ("measure", "text"),
    [
        (None, ""),
        (Measure(1_500, "kg"), "1.5 kg"),
        (Measure(500_000, "g"), "500 g"),
        (Measure(6_000, "ct"), "6 ct"),
        (Measure(125, "l"), "0.125 l"),
    ],
)
def test_measures_read_as_on_a_label(measure: Measure | None, text: str) -> None:
    assert measure_text(measure) == text


@pytest.mark.parametrize(
    ("sale", "offer", "expected"),
    [
        (None, None, ("", ())),
        (None, New(), ("new", ())),
        (Sale(eur(133)), None, ("sale", (33,))),  # 33.5 %: promises no more than is given
        (Sale(eur(133)), New(), ("sale", (33,))),
        (Sale(eur(133)), TakeForLess(3, 2), ("take-for-less", (3, 2))),
        (None, MultiBuy(2, eur(300)), ("multi-buy", (2, 300))),
        (Sale(eur(100)), MultiBuy(2, eur(300)), ("sale", (50,))),  # the sale is better than the group
    ],
)
def test_a_badge_says_what_the_price_keeps(
    sale: Sale | None, offer: Offer | None, expected: tuple[str, tuple[int, ...]]
) -> None:
    assert badge(product(200, sale=sale, offer=offer), 0) == expected


amounts = st.integers(1, 10**7)
offers = st.one_of(
    st.none(),
    st.builds(MultiBuy, st.integers(1, 12), amounts.map(eur)),
    st.integers(1, 12).flatmap(lambda take: st.builds(TakeForLess, st.just(take), st.integers(1, take))),
)


@given(amounts, st.one_of(st.none(), amounts), offers, st.integers(0, 200))
def test_no_offer_ever_costs_more_than_the_normal_price(
    minor: int, sale: int | None, offer: Offer | None, quantity: int
) -> None:
    some = product(minor, sale=None if sale is None else Sale(eur(sale)), offer=offer)
    total, saved = line_total(some, quantity, 0), line_saved(some, quantity, 0)
    assert 0 <= total.minor <= minor * quantity
    assert total + (saved or eur(0)) == some.price * quantity
