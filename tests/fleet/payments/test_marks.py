"""What may be shown under a mark: a code of its scheme, for this amount, that a wall can show."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from content.money import Money
from fleet.payments.codecs import SCHEMES, BadPayload, epc
from fleet.payments.marks import MARKS, MOST_BYTES, check
from kiosk import qr

AMOUNT = Money(1250, "EUR")
CODE = epc.Epc(name="Shop", iban="DE71110220330123456789", amount="12.5", reference="RF18539007547034")


def test_every_scheme_of_a_mark_has_a_codec_or_the_mark_is_not_offered() -> None:
    for key, mark in MARKS.items():
        assert [scheme.key for scheme in mark.known()] == [
            name for name in mark.schemes if name in SCHEMES
        ], key


def test_a_providers_own_code_is_shown_if_it_is_what_was_ordered() -> None:
    check("epc", ("epc",), AMOUNT, epc.build(CODE))
    check("epc", ("epc",), AMOUNT, epc.build(replace(CODE, amount=None)))  # the payer fills it in
    check("link", (), AMOUNT, "https://pay.example/1")


@pytest.mark.parametrize(
    ("payload", "amount", "says"),
    [
        (epc.build(replace(CODE, amount="12.51")), AMOUNT, "amount: 12.50 was ordered, the code says 12.51"),
        (epc.build(CODE), Money(1250, "CHF"), "currency: CHF was ordered, the code says EUR"),
        ("https://pay.example/1", AMOUNT, "payload: a code of epc expected"),
        ("", AMOUNT, "payload: a code of epc expected"),
        (epc.build(CODE)[:-4], AMOUNT, "reference"),
        ("BCD\n" + "x" * MOST_BYTES, AMOUNT, "payload: at most 412 bytes can be read off a wall, are 416"),
    ],
)
def test_another_code_is_not_shown(payload: str, amount: Money, says: str) -> None:
    with pytest.raises(BadPayload, match=says):
        check("epc", ("epc",), amount, payload)


@pytest.mark.parametrize("payload", ["", "javascript:alert(1)", "https://pay.example/a b", "BCD\n002"])
def test_a_link_is_an_address(payload: str) -> None:
    with pytest.raises(BadPayload, match="a web address expected"):
        check("link", (), AMOUNT, payload)


def test_a_link_nobody_scans_may_be_long() -> None:
    long = "https://pay.example/" + "x" * 3000
    assert urlsplit(long).hostname == "pay.example"
    check("link", (), AMOUNT, long, scanned=False)
    with pytest.raises(BadPayload, match="read off a wall"):
        check("link", (), AMOUNT, long)


def test_the_longest_code_fits_a_wall_at_two_metres() -> None:
    modules = len(qr.encode("a" * MOST_BYTES).rows())
    assert modules == 77
    assert (modules + 8) * 12 <= 1080  # 12 px per module: docs/payments.md
