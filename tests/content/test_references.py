"""Claim codes: made of chance, and read however people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.references import CROCKFORD, check_of, claim_of, parse_claim, reference_of

numbers = st.integers(0, 2**40 - 1)


def test_the_check_code_is_the_same_for_every_attempt_at_an_order() -> None:
    order = "K7Q2M4XZ0123456"
    assert {check_of(reference_of(order, attempt)) for attempt in range(4)} == {"K7Q2"}


@given(numbers)
def test_a_claim_code_is_read_aloud_in_two_halves(number: int) -> None:
    code = claim_of(number)
    assert (len(code), code[4]) == (9, "-")
    assert set(code.replace("-", "")) <= set(CROCKFORD)


@given(numbers, numbers)
def test_all_forty_bits_are_in_it(one: int, other: int) -> None:
    assert (claim_of(one) == claim_of(other)) == (one == other)
    digits = claim_of(one).replace("-", "")
    assert sum(CROCKFORD.index(c) << 5 * place for place, c in enumerate(reversed(digits))) == one


@given(st.binary(min_size=5, max_size=5))
def test_bytes_count_as_a_number(chance: bytes) -> None:
    assert claim_of(chance) == claim_of(int.from_bytes(chance, "big"))


def test_it_is_known_when_seen() -> None:
    assert claim_of(0) == "0000-0000"
    assert claim_of(b"\xff" * 5) == "ZZZZ-ZZZZ"
    assert claim_of(bytes.fromhex("99ee24d3b9")) == "K7Q2-9MXS"


@pytest.mark.parametrize("chance", [b"", b"1234", b"123456", -1, 2**40])
def test_too_little_or_too_much_chance_is_refused(chance: bytes | int) -> None:
    with pytest.raises(ValueError, match=r"made of (5|40 bits)"):
        claim_of(chance)


@given(numbers, st.data())
def test_it_is_read_however_people_write_it(number: int, data: st.DataObject) -> None:
    code = claim_of(number)
    look_alikes = {"0": "0Oo", "1": "1IiLl"}
    typed = "".join(data.draw(st.sampled_from(look_alikes.get(c, c + c.lower()))) for c in code if c != "-")
    for between in ("", "-", " ", " - ", "\u2013"):
        assert parse_claim(f" {typed[:4]}{between}{typed[4:]}\n") == code


@given(st.text())
def test_whatever_is_read_is_written_one_way(text: str) -> None:
    code = parse_claim(text)
    assert code is None or parse_claim(code) == code


@pytest.mark.parametrize(
    "text",
    [
        "", "-", "K7Q2", "K7Q2-9MX", "K7Q2-9MXTT", "K7Q2-9MXU", "K7Q2-9MX!", "K7Q2_9MXT", "K7Q2\n9MXT",
        "\u212a7Q2-9MXT", "K7Q2-9MX\u0664", "\u01310000000", "\uff2b7Q2-9MXT", "K7Q29MXT" + " " * 40,
    ],
)  # fmt: skip
def test_what_is_no_claim_code_is_none(text: str) -> None:
    assert parse_claim(text) is None
