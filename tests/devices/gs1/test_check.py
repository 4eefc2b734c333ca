from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.protocol.gs1.check import (
    CSET82,
    check_digit,
    check_pair,
    expand_upce,
    gtin14,
    has_check_digit,
    has_check_pair,
)

DIGITS = st.text("0123456789", min_size=1, max_size=20)


@pytest.mark.parametrize(
    "number",
    [
        "96385074",  # GTIN-8
        "036000291452",  # GTIN-12
        "4006381333931",  # GTIN-13, a GLN alike
        "09506000134352",  # GTIN-14
        "340123450000000000",  # SSCC
        "95060001343520017",  # GSIN
    ],
)
def test_the_last_digit_checks_the_others(number: str) -> None:
    assert check_digit(number[:-1]) == number[-1]
    assert has_check_digit(number)
    assert not has_check_digit(number[:-1] + str((int(number[-1]) + 1) % 10))


@given(DIGITS, st.data())
def test_a_check_digit_finds_every_single_wrong_digit(body: str, data: st.DataObject) -> None:
    number = body + check_digit(body)
    at = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from([each for each in "0123456789" if each != number[at]]))
    assert has_check_digit(number)
    assert not has_check_digit(number[:at] + wrong + number[at + 1 :])


@given(st.text(CSET82, max_size=23), st.data())
def test_a_check_pair_finds_every_single_wrong_character(body: str, data: st.DataObject) -> None:
    text = body + check_pair(body)
    assert has_check_pair(text)
    at = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.sampled_from([each for each in CSET82 if each != text[at]]))
    assert not has_check_pair(text[:at] + wrong + text[at + 1 :])


def test_a_gtin_has_fourteen_digits_here() -> None:
    assert gtin14("4006381333931") == "04006381333931"
    assert gtin14("4006381333932") == ""
    assert gtin14("00000000") == ""
    assert gtin14("٤٠٠٦٣٨١٣٣٣٩٣١") == ""


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("04252614", "042100005264"),
        ("01234505", "012000003455"),
        ("01234531", "012300000451"),
        ("01234543", "012340000053"),
        ("14252614", ""),
        ("04252615", ""),
    ],
)
def test_upc_e_stands_for_twelve_digits(short: str, whole: str) -> None:
    assert expand_upce(short) == whole
