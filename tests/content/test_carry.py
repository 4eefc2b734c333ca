"""A basket as digits: what goes in comes out, and nothing that was misread comes out as something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.carry import MOST_LINES, BadCarry, pack, unpack
from content.gtin import check_digit

MILK, BREAD = "09521100800112", "09521100100113"


def gtin(number: int) -> str:
    body = f"{number:013}"
    return body + check_digit(body)


gtins = st.integers(1, 10**13 - 1).map(gtin)
baskets = st.lists(
    st.tuples(gtins, st.integers(1, 99)), min_size=1, max_size=MOST_LINES, unique_by=lambda line: line[0]
)


@given(baskets)
def test_what_is_packed_is_unpacked_in_its_order(lines: list[tuple[str, int]]) -> None:
    digits = pack(lines)
    assert digits.isdigit()
    assert len(digits) == 15 * len(lines) + 2
    assert unpack(digits) == lines


@given(baskets, st.data())
def test_one_digit_misread_is_noticed(lines: list[tuple[str, int]], data: st.DataObject) -> None:
    digits = pack(lines)
    at = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[at]]))
    with pytest.raises(BadCarry):
        unpack(digits[:at] + other + digits[at + 1 :])


@given(baskets, st.data())
def test_two_neighbours_swapped_are_noticed(lines: list[tuple[str, int]], data: st.DataObject) -> None:
    digits = pack(lines)
    at = data.draw(st.integers(0, len(digits) - 2))
    swapped = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    if swapped != digits:
        with pytest.raises(BadCarry):
            unpack(swapped)


@given(st.one_of(st.text(), st.text("0123456789", max_size=400)))
def test_anything_else_is_refused_with_one_error(text: str) -> None:
    try:
        lines = unpack(text)
    except BadCarry:
        return
    assert pack(lines) == text, "there is one way to write a basket"


def test_an_example_to_compare_others_with() -> None:
    assert pack([(MILK, 2), (BREAD, 1)]) == "09521100800110209521100100110173"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "0 lines: expected 1 to 20"),
        ([(gtin(number), 1) for number in range(1, 22)], "21 lines: expected 1 to 20"),
        ([(MILK, 0)], "line 1: 0 pieces: expected 1 to 99"),
        ([(MILK, 100)], "line 1: 100 pieces: expected 1 to 99"),
        ([(MILK, 1), (MILK, 2)], "line 2: 09521100800112 stands there twice"),
        ([("9521100800112", 1)], "expected the GTIN with 14 digits"),
        ([("09521100800113", 1)], "the check digit of 0952110080011 is 2"),
        ([("milk", 1)], "is no GTIN"),
    ],
)
def test_lines_that_cannot_be_carried_are_said(lines: list[tuple[str, int]], said: str) -> None:
    with pytest.raises(BadCarry, match=said):
        pack(lines)


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("", "digits alone"),
        ("０９", "digits alone"),
        ("0952110080011021", "16 digits: expected 15 for each of 1 to 20 lines, and 2 more"),
        ("09521100800110299", "check digits are wrong"),
    ],
)
def test_digits_that_are_no_basket_are_said(digits: str, said: str) -> None:
    with pytest.raises(BadCarry, match=said):
        unpack(digits)
