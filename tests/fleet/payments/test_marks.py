"""What may be shown under a mark: a code of its scheme, for this amount, that a wall can show."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from content.money import Money, exponent
from fleet.payments.codecs import SCHEMES, BadPayload, Scheme, emv, epc
from fleet.payments.marks import MARKS, MOST_BYTES, check
from kiosk import qr

pytestmark = pytest.mark.usefixtures("each_database")

AMOUNT = Money(1250, "EUR")
CODE = epc.Epc(name="Shop", iban="DE71110220330123456789", amount="12.5", reference="RF18539007547034")


def test_every_scheme_of_a_mark_has_a_codec_or_the_mark_is_not_offered() -> None:
    for key, mark in MARKS.items():
        assert [scheme.key for scheme in mark.known()] == [
            name for name in mark.schemes if name in SCHEMES
        ], key


def test_a_providers_own_code_is_shown_if_it_is_what_was_ordered() -> None:
    check("epc", ("epc",), AMOUNT, epc.build(CODE))
    check("link", (), AMOUNT, "https://pay.example/1")


@pytest.mark.parametrize(
    ("payload", "amount", "says"),
    [
        (epc.build(replace(CODE, amount="12.51")), AMOUNT, "amount: 12.50 was ordered, the code says 12.51"),
        (epc.build(CODE), Money(1250, "CHF"), "currency: CHF was ordered, the code says EUR"),
        (epc.build(replace(CODE, amount=None)), AMOUNT, "amount: the code leaves it to the payer"),
        ("https://pay.example/1", AMOUNT, "payload: a code of epc expected"),
        ("", AMOUNT, "payload: a code of epc expected"),
        (epc.build(CODE)[:-4], AMOUNT, "reference"),
        ("BCD\n" + "x" * MOST_BYTES, AMOUNT, "payload: at most 412 bytes can be read off a wall, are 416"),
    ],
)
def test_another_code_is_not_shown(payload: str, amount: Money, says: str) -> None:
    with pytest.raises(BadPayload, match=says):
        check("epc", ("epc",), amount, payload)


def money(decimal: str, currency: str) -> Money:
    """An amount in units, as money."""
    return Money(int(Decimal(decimal).scaleb(exponent(currency))), currency)


def _code(scheme: str, **fields: object) -> tuple[str, Money]:
    """The scheme's own example with `fields` changed, and the amount it asked for before that."""
    found = SCHEMES[scheme]
    example = found.from_json(dict(found.example))
    asked = found.asks(example)
    assert asked is not None
    return found.build(replace(example, **fields)), money(*asked)


OPEN = [scheme for scheme in SCHEMES.values() if scheme.amount_in_code and scheme.open_amount]


@pytest.mark.parametrize("scheme", OPEN, ids=lambda scheme: scheme.key)
def test_no_code_leaves_it_to_the_payer_how_much_to_pay(scheme: Scheme) -> None:
    mark = next((key for key, mark in MARKS.items() if scheme.key in mark.schemes), None)
    if mark is None or scheme.key == "bolt11":  # read, not written
        return
    example = scheme.from_json(dict(scheme.example))
    asked = scheme.asks(example)
    assert asked is not None
    amount = Money(1250, "EUR") if MARKS[mark].own_unit else money(*asked)
    check(mark, (scheme.key,), amount, scheme.build(example))
    with pytest.raises(BadPayload, match="amount: the code leaves it to the payer"):
        check(mark, (scheme.key,), amount, scheme.build(replace(example, amount=None)))


def test_the_provider_alone_knows_the_amount_of_some() -> None:
    for mark, key in (("pix", "pix-dynamic"), ("wechat", "wechat"), ("alipay", "alipay")):
        scheme = SCHEMES[key]
        check(mark, (key,), AMOUNT, scheme.build(scheme.from_json(dict(scheme.example))))


def test_a_paynow_the_payer_may_edit_is_not_shown() -> None:
    payload, amount = _code("paynow-uen", editable=True)
    with pytest.raises(BadPayload, match="editable: the payer may change the amount"):
        check("paynow", ("paynow-uen",), amount, payload)


@pytest.mark.parametrize("tag", ["55", "56", "57"])
@pytest.mark.parametrize("key", ["paynow-uen", "promptpay-bill", "vietqr", "duitnow", "khqr", "pix-static"])
def test_a_code_that_adds_a_tip_is_not_shown(key: str, tag: str) -> None:
    mark = next(name for name, mark in MARKS.items() if key in mark.schemes)
    payload, amount = _code(key)
    with pytest.raises(BadPayload, match=f"{tag}: the payer's app would add a tip or a fee"):
        check(mark, (key,), amount, emv.seal(payload[:-8] + f"{tag}0201"))


def test_a_upi_link_with_a_least_amount_is_not_shown() -> None:
    payload, amount = _code("upi")
    for fixed in ("", "&mam=null", f"&mam={amount.decimal()}"):
        check("upi", ("upi",), amount, payload + fixed)
    with pytest.raises(BadPayload, match="mam: the payer may change the amount"):
        check("upi", ("upi",), amount, payload + "&mam=1.00")


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
