"""Lightning invoices: what the specification's own says, and every way one can be wrong though its checksum is right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.payments.codecs import SCHEMES, BadPayload, bech32, bolt11, decode
from fleet.payments.codecs.bolt11 import Bolt11

# BOLT 11, examples: $3 for a cup of coffee, within one minute
COFFEE = str(SCHEMES["bolt11"].example["invoice"])
HASH = "0001020304050607080900010203040506070809000102030405060708090102"
PREFIX, VALUES, _ = bech32.read("invoice", COFFEE)
SIGNATURE = VALUES[-104:]


def made(*fields: tuple[str, list[int]], prefix: str = PREFIX, end: list[int] = SIGNATURE) -> str:
    """An invoice of these fields with a right checksum."""
    body = [
        value
        for tag, data in fields
        for value in (bech32.CHARSET.index(tag), len(data) >> 5, len(data) & 31, *data)
    ]
    return bech32.write(prefix, [*VALUES[:7], *body, *end], bech32.BECH32)


def fives(raw: bytes) -> list[int]:
    """Bytes as 5-bit values, zeros behind."""
    spare = -len(raw) * 8 % 5
    total = int.from_bytes(raw, "big") << spare
    return [total >> shift & 31 for shift in range(len(raw) * 8 + spare - 5, -1, -5)]


PAID_BY = ("p", fives(bytes.fromhex(HASH)))
FOR = ("d", fives("最 cup".encode()))


def refused(payload: str) -> tuple[str, str]:
    with pytest.raises(BadPayload) as caught:
        bolt11.parse(payload)
    assert caught.value.position is not None
    return caught.value.field, caught.value.rule


def test_the_specification_s_invoice_is_read_and_written_in_capitals() -> None:
    found = bolt11.parse(COFFEE)
    assert found == Bolt11(
        invoice=COFFEE.upper(), amount="0.0025", payment_hash=HASH, description="1 cup coffee", timestamp=1496314658,
        expiry=60,
    )  # fmt: skip
    payload = bolt11.build(Bolt11(invoice=COFFEE))
    assert payload == "LIGHTNING:" + COFFEE.upper()
    assert decode(payload) == decode(COFFEE) == decode("lightning:" + COFFEE)
    assert bolt11.build(found) == payload


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "0.0024"}, "amount"),
        ({"payment_hash": "00" * 32}, "payment_hash"),
        ({"description": "2 cups"}, "description"),
        ({"timestamp": 1}, "timestamp"),
        ({"expiry": 61}, "expiry"),
        ({"invoice": COFFEE[:-1] + "q"}, "invoice"),
    ],
)
def test_an_invoice_that_says_something_else_is_not_written(change: dict[str, object], field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        bolt11.build(replace(bolt11.parse(COFFEE), **change))  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("prefix", "amount"),
    [
        ("lnbc", None), ("lnbc1", "1"), ("lnbc25m", "0.025"), ("lnbc2500u", "0.0025"), ("lnbc1n", "0.000000001"),
        ("lnbc10p", "0.00000000001"), ("lnbc9678785340p", "0.00967878534"),
    ],
)  # fmt: skip
def test_amounts_down_to_a_thousandth_satoshi(prefix: str, amount: str | None) -> None:
    assert bolt11.parse(made(PAID_BY, FOR, prefix=prefix)).amount == amount


def test_what_is_left_out_has_its_default_and_what_is_unknown_is_passed_over() -> None:
    found = bolt11.parse(made(("q", [1, 2]), ("p", [0] * 51), PAID_BY, ("p", [0] * 52), ("h", [3] * 52)))
    assert (found.payment_hash, found.description, found.expiry) == (HASH, "", 3600)
    assert bolt11.parse(made(PAID_BY, FOR)).description == "最 cup"


def test_a_wrong_invoice_is_refused() -> None:
    assert refused(made(FOR)) == ("payment_hash", "the invoice has none")
    assert refused(made(PAID_BY))[0] == "description"
    assert refused(made(PAID_BY, ("d", fives(b"\xff"))))[0] == "description"
    assert refused(made(PAID_BY, FOR, prefix="lntb"))[1].startswith("begins with lnbc")
    assert refused(made(PAID_BY, FOR, prefix="lnbc0m"))[1].startswith("begins with lnbc")
    assert refused(made(PAID_BY, FOR, prefix="lnbc1x"))[1].startswith("begins with lnbc")
    assert refused(made(PAID_BY, FOR, prefix="lnbc15p"))[0] == "amount"
    assert refused(made(PAID_BY, FOR, prefix="lnbc21000001"))[0] == "amount"
    assert refused(made(end=SIGNATURE[:50]))[1] == "a timestamp, fields and a signature"
    assert refused(bech32.write("lnbc", [*VALUES[:7], 1, 31, 31, *SIGNATURE], 1))[1].startswith(
        "a field of 1023"
    )
    assert (
        refused(bech32.write("lnbc", [*VALUES[:7], 1, 31, *SIGNATURE], 1))[1] == "a field's kind and length"
    )
    assert refused(bech32.write("lnbc", VALUES, bech32.BECH32M))[1] == "the checksum is wrong"
    assert refused(COFFEE[:-1] + "q")[1] == "the checksum is wrong"
    assert refused("LIGHTNING:" + COFFEE[:9].upper() + COFFEE[9:])[1] == "all upper or all lower case"
    assert refused("lnbc" + "q" * 5000)[1].startswith("at most")
    assert refused("lightning:")[0] == "invoice"
