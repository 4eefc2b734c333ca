"""Stars: only of what was bought here, once per line, and never invented."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.shop.ratings import BadRating, Rating, Ratings
from fleet.store.store import Store
from mqtt.messages import Line
from tests.stores import store_url

pytestmark = pytest.mark.usefixtures("each_database")

MILK, TEA = "09521100100212", "09521100100410"
LINES = (Line(gtin=MILK, name="Milk", quantity=2, price_minor=100, total_minor=200),)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    kept = Store(store_url(tmp_path / "fleet.db"))
    yield kept
    kept.close()


def test_nobody_has_rated_it_until_somebody_has(store: Store) -> None:
    assert Ratings(store, lambda: 1).of(MILK) == Rating(0, 0)


def test_the_average_is_of_all_orders_and_outlives_a_restart(store: Store) -> None:
    ratings = Ratings(store, lambda: 1)
    for number, stars in enumerate((5, 4, 4)):
        assert ratings.add(f"ORDER{number:010}", LINES, MILK, stars)
    assert ratings.of(MILK) == Rating(3, 43)
    assert Ratings(store, lambda: 1).of(MILK) == Rating(3, 43)
    assert ratings.given("ORDER0000000000") == {MILK: 5}
    assert ratings.given("ORDER9999999999") == {}


def test_a_line_is_rated_once(store: Store) -> None:
    ratings = Ratings(store, lambda: 1)
    assert ratings.add("ORDER0000000000", LINES, MILK, 5)
    assert not ratings.add("ORDER0000000000", LINES, MILK, 1)
    assert ratings.of(MILK) == Rating(1, 50)


@pytest.mark.parametrize(("gtin", "stars"), [(MILK, 0), (MILK, 6), (TEA, 5)])
def test_what_was_not_bought_or_is_no_star_is_refused(store: Store, gtin: str, stars: int) -> None:
    ratings = Ratings(store, lambda: 1)
    with pytest.raises(BadRating, match="expected"):
        ratings.add("ORDER0000000000", LINES, gtin, stars)
    assert ratings.of(gtin) == Rating()
