"""The pure parts of the phone's trade: cookie, address, ways to pay, calendar file."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from content.carry import MOST_LINES
from content.fulfilment import Window
from content.gtin import check_digit
from content.money import Money
from content.references import CROCKFORD
from content.slots import Slot
from fleet.shop.orders import Placed
from fleet.web.shop import contact
from fleet.web.shop.basket_cookie import (
    MOST,
    Basket,
    Piece,
    place,
    read,
    seen_now,
    with_lines,
    with_piece,
    write,
)
from fleet.web.shop.calendar import event
from fleet.web.shop.methods import app_link, copied, led_to, phone_methods
from fleet.web.shop.ways_view import SHOWN, ways
from fleet.web.words import words
from tests.phone_shop import COUNTER, HOME, PRODUCTS, STORE


def gtin(number: int) -> str:
    body = f"{number:013}"
    return body + check_digit(body)


gtins = st.integers(1, 10**13 - 1).map(gtin)
pieces = st.builds(Piece, gtins, st.integers(1, MOST), st.integers(0, 999_999_999))
baskets = st.builds(
    Basket,
    pieces=st.lists(pieces, min_size=1, max_size=MOST_LINES, unique_by=lambda piece: piece.gtin).map(tuple),
    kiosk=st.sampled_from(["", "wall-1", "K_9"]),
    spot=st.sampled_from(["0", "17", "17-0123456789ABCDEF"]),
    order=st.text(CROCKFORD, min_size=15, max_size=15),
)


@given(baskets)
def test_a_cookie_is_read_as_it_was_written_and_fits(basket: Basket) -> None:
    text = write(basket)
    assert read(text) == basket
    assert len(text) < 700
    assert re.fullmatch(r"[0-9A-Za-z:._-]+", text), "no sign a cookie would have to quote"


@given(st.text(max_size=300))
def test_whatever_a_phone_brings_is_a_basket_or_none(text: str) -> None:
    basket = read(text)
    assert not basket or write(basket) == text


@given(baskets, gtins, st.integers(-3, 200), st.integers(0, 10**12))
def test_what_is_put_in_stays_within_bounds(basket: Basket, which: str, quantity: int, seen: int) -> None:
    changed = with_piece(basket, which, quantity, seen)
    assert len(changed.pieces) <= MOST_LINES
    assert changed.quantity_of(which) in (max(0, min(quantity, MOST)), basket.quantity_of(which))
    assert with_piece(changed, which, quantity, seen) == changed, "twice is once"
    assert read(write(changed)) == changed or not changed


@given(baskets, baskets)
def test_a_basket_put_into_another_twice_is_there_once(mine: Basket, other: Basket) -> None:
    lines = [(piece.gtin, piece.quantity, piece.seen) for piece in other.pieces]
    once = with_lines(mine, lines)
    assert with_lines(once, lines) == once
    assert with_lines(other, lines) == other


def test_what_can_be_had_no_more_leaves_when_it_was_seen() -> None:
    basket = Basket(pieces=(Piece(gtin(1), 1, 5), Piece(gtin(2), 1, 5)), order="0" * 15)
    assert seen_now(basket, {gtin(2): 7}).pieces == (Piece(gtin(2), 1, 7),)


@pytest.mark.parametrize(
    ("kiosk", "spot", "kept"),
    [
        ("wall-1", "17", ("wall-1", "17")),
        ("wall:1", "17", ("", "0")),
        ("", "17", ("", "0")),
        ("w", "x", ("", "0")),
    ],
)
def test_a_place_that_cannot_be_is_none(kiosk: str, spot: str, kept: tuple[str, str]) -> None:
    assert place(kiosk, spot) == kept


# --- where to -----------------------------------------------------------------------------------------------------

GOOD = {
    "name": "Ada  Lovelace ",
    "street": "Lindenstr. 1",
    "postcode": "10115",
    "city": "Berlin",
    "phone": "",
}


def test_an_address_is_read_kindly() -> None:
    found, wrong = contact.read(GOOD | {"postcode": "١٠١١٥", "phone": "+49 (0)30 123-45"}, HOME)
    assert not wrong
    assert (found.name, found.postcode, found.phone) == ("Ada Lovelace", "10115", "+49 (0)30 123-45")


@pytest.mark.parametrize(
    ("field", "typed", "rule"),
    [
        ("name", " ", "empty"),
        ("street", "", "empty"),
        ("city", "x" * 81, "long"),
        ("city", "Ber\u0000lin", "shape"),
        ("postcode", "?", "shape"),
        ("postcode", "20095", "reach"),
        ("phone", "call me", "shape"),
        ("phone", "1" * 26, "long"),
    ],
)
def test_each_field_says_what_is_wrong_with_it(field: str, typed: str, rule: str) -> None:
    assert contact.read(GOOD | {field: typed}, HOME)[1] == {field: rule}


@given(st.dictionaries(st.sampled_from(list(contact.FIELDS)), st.text(max_size=200)))
def test_no_address_breaks_anything(said: dict[str, str]) -> None:
    found, wrong = contact.read(said, COUNTER)
    assert wrong or all(len(getattr(found, name)) <= most for name, most in contact.FIELDS.items())


# --- paying and remembering ---------------------------------------------------------------------------------------


def test_a_phone_pays_by_what_works_on_itself() -> None:
    assert phone_methods(("epc", "link", "card", "upi", "promptpay", "pix")) == ("link", "upi", "pix")
    assert led_to("link", "https://pay.example/1") == "https://pay.example/1"
    assert led_to("link", "javascript:alert(1)") == "", "a provider's slip leads nowhere"
    assert led_to("upi", "upi://pay?pa=a@b") == ""
    assert app_link("upi", "upi://pay?pa=a@b") == "upi://pay?pa=a@b"
    assert app_link("lightning", "LNBC1") == "lightning:LNBC1"
    assert (app_link("pix", "000201"), copied("pix", "000201"), copied("link", "x")) == ("", "000201", "")


def test_a_calendar_file_is_folded_and_escaped() -> None:
    placed = Placed(
        order="0" * 15, way="home", kind="home", slot="s", starts_ms=1_700_000_000_000, until_ms=1_700_003_600_000,
        closes_ms=0,
    )  # fmt: skip
    body = event(placed, "商店, " * 30, "a;b\\c", "https://h/o/0", "h", 0)
    lines = body.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    unfolded = body.replace(b"\r\n ", b"").decode()
    assert "DTSTART:20231114T221320Z\r\n" in unfolded
    assert "SUMMARY:商店\\, 商店" in unfolded
    assert "LOCATION:a\\;b\\\\c\r\n" in unfolded


def test_a_way_whose_next_slots_are_full_shows_those_after_them() -> None:
    monday = 1_763_953_200  # 2025-11-24 04:00 in Berlin
    hourly = tuple(
        Window(days=tuple(range(7)), since=hour * 60, until=hour * 60 + 60, capacity=1)
        for hour in range(8, 20)
    )
    option = structs.replace(HOME, windows=hourly, days_ahead=0)
    store = structs.replace(STORE, fulfilments=(option,))

    def left(slot: Slot) -> int:
        return 0 if slot.key < "home:2025-11-24:6" else 1  # all until ten are taken

    (way,) = ways(store, PRODUCTS[:1], Money(1000, "EUR"), words("en"), monday, left)
    assert not way.problem
    assert [choice.full for choice in way.choices].count(False) == SHOWN
    assert way.choices[0].full or way.choices[0].left
    (none,) = ways(store, PRODUCTS[:1], Money(1000, "EUR"), words("en"), monday, lambda _slot: 0)
    assert none.problem == "Fully booked"
