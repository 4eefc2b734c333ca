"""A basket goes from a phone to a kiosk by six characters, for half an hour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from content.carry import BadCarry
from content.references import basket_code_of, parse_basket_code
from fleet.shop.baskets import LIFE_MS, Baskets, NoRoom
from fleet.store.store import Store
from tests.stores import store_url

pytestmark = pytest.mark.usefixtures("each_database")

LINES = [("09521100800112", 2), ("09521100100113", 1)]
START = 1_700_000_000_000


class Shop:
    """A fleet's baskets with a clock and chances of the test's own."""

    def __init__(self, store: Store) -> None:
        self.now, self.store = START, store
        self.chances: list[int] = list(range(1000))
        self.baskets = Baskets(store, lambda: self.now, lambda _bits: self.chances.pop(0))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    store = Store(store_url(tmp_path / "fleet.db"))
    yield Shop(store)
    store.close()


def test_what_was_put_is_found_however_the_code_is_typed(shop: Shop) -> None:
    shop.chances = [0b10011_00111_10111_00010_10100_01001]
    code = shop.baskets.put(LINES, "de", "t/s/wall-1")
    assert code == "K7Q-2M9"
    for typed in (code, "k7q2m9", " K7Q 2M9 ", "k7q\u20112m9"):
        found = shop.baskets.by_code(typed)
        assert found is not None
        assert (found.lines, found.language, found.kiosk) == (tuple(LINES), "de", "t/s/wall-1")
        assert found.expires_ms == START + LIFE_MS


def test_it_stays_when_asked_for_twice_and_goes_after_half_an_hour(shop: Shop) -> None:
    code = shop.baskets.put(LINES, "en", "")
    shop.now += LIFE_MS - 1
    assert shop.baskets.by_code(code) == shop.baskets.by_code(code) is not None
    shop.now += 1
    assert shop.baskets.by_code(code) is None, "expired"
    assert shop.baskets.sweep() == 1
    assert shop.baskets.sweep() == 0


def test_a_code_that_is_taken_is_drawn_again(shop: Shop) -> None:
    shop.chances = [7, 7, 8]
    assert shop.baskets.put(LINES, "en", "") != shop.baskets.put(LINES[:1], "en", "")
    shop.now += LIFE_MS
    shop.chances = [7]
    assert shop.baskets.put(LINES, "en", "") == basket_code_of(7), "an expired one is free again"


@pytest.mark.parametrize("typed", ["", "K7Q-2M9X", "K7Q-2M", "K7Q-2MU", "k" * 1000, "Ｋ7Q2M9", "K7Q-2M9"])
def test_what_is_no_basket_finds_none(shop: Shop, typed: str) -> None:
    assert shop.baskets.by_code(typed) is None


def test_lines_that_are_none_are_refused_and_nothing_is_kept(shop: Shop) -> None:
    with pytest.raises(BadCarry):
        shop.baskets.put([("09521100800112", 0)], "en", "")
    assert shop.baskets.by_code(basket_code_of(0)) is None


def test_there_is_an_end_to_the_room(shop: Shop) -> None:
    small = Baskets(shop.store, lambda: shop.now, most=2)
    small.put(LINES, "en", "")
    small.put(LINES, "en", "")
    with pytest.raises(NoRoom, match="2 baskets are on their way"):
        small.put(LINES, "en", "")
    shop.now += LIFE_MS
    assert small.put(LINES, "en", ""), "what has expired makes room"


@pytest.mark.parametrize("chance", [0, 1, (1 << 30) - 1])
def test_codes_are_read_as_they_are_written(chance: int) -> None:
    code = basket_code_of(chance)
    assert parse_basket_code(code) == code


@pytest.mark.parametrize("chance", [-1, 1 << 30])
def test_a_code_is_made_of_thirty_bits(chance: int) -> None:
    with pytest.raises(ValueError, match="30 bits"):
        basket_code_of(chance)
