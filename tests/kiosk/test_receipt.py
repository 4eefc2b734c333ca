"""The receipt: what was bought, what it cost, what it is claimed with; in the language of who bought it."""

from __future__ import annotations

import pytest
from msgspec import structs

from kiosk.peripherals.receipt import as_text, receipt_of, width
from tests.kiosk.kiosks import store
from tests.kiosk.orders import payment

NOON = 1_795_000_000_000


def text(language: str, columns: int = 42) -> str:
    return as_text(receipt_of(payment(), "K7Q2-9MXT", language, store().store, "K1", NOON), columns)


def test_a_receipt_says_what_was_bought_and_how_to_claim_it() -> None:
    assert text("en").splitlines() == [
        "                  Corner",
        "2026-11-18 11:06 UTC                    K1",
        "-" * 42,
        "Gala apples                          €4.98",
        "  2 × €2.49",
        "-" * 42,
        "Total paid                           €4.98",
        "Order                      0123456789ABCDE",
        "Reference                 0123456789ABCDE0",
        "Locker wall, exit B",
        "Thank you!",
        "Claim code",
        "                K7Q2-9MXT",
    ]


@pytest.mark.parametrize("language", ["en", "de", "zh", "zh-Hant", "ar", "xx", "not a language"])
@pytest.mark.parametrize("columns", [24, 32, 42, 48])
def test_no_line_is_wider_than_the_paper_in_any_language(language: str, columns: int) -> None:
    lines = text(language, columns).splitlines()
    assert all(width(line) <= columns for line in lines), lines
    assert any("K7Q2-9MXT" in line for line in lines)


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Berlin", "2026-11-18 12:06 CET"),
        ("America/Sao_Paulo", "2026-11-18 08:06 -03"),
        ("Asia/Shanghai", "2026-11-18 19:06 CST"),
        ("Nowhere/Never", "2026-11-18 11:06 UTC"),
        ("../../etc/passwd", "2026-11-18 11:06 UTC"),
    ],
)
def test_the_time_is_the_stores_own_and_says_which(zone: str, said: str) -> None:
    there = structs.replace(store().store, timezone=zone)
    receipt = receipt_of(payment(), "K7Q2-9MXT", "en", there, "K1", NOON)
    assert receipt.lines[1].left == said


@pytest.mark.parametrize("wall_ms", [10**18, -(10**18)])
def test_a_moment_no_calendar_has_costs_nobody_the_receipt(wall_ms: int) -> None:
    said = as_text(receipt_of(payment(), "K7Q2-9MXT", "en", store().store, "K1", wall_ms))
    assert "K7Q2-9MXT" in said


def test_wide_characters_take_two_columns() -> None:
    assert width("谢谢 ok") == 7
    assert "街角" in text("zh")
