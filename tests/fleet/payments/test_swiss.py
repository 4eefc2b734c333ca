"""Swiss QR-bill: the references' check digits, which reference goes with which account, every rule by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.payments.codecs import BadPayload, swiss
from fleet.payments.codecs.swiss import Address, Swiss

QR_IBAN, IBAN = "CH4431999123000889012", "CH5800791123000889012"
QRR, SCOR = "210000000003139471430009017", "RF18539007547034"
SHOP = Address(name="Robert Schneider AG", street="Rue du Lac", house_num="1268", pcode="2501", city="Biel")
PIA = Address(
    name="Pia-Maria Rutschmann", street="Grosse Marktgasse", house_num="28", pcode="9400", city="Rorschach"
)
BILL = Swiss(
    account=QR_IBAN, creditor=SHOP, amount="1949.75", reference_number=QRR, debtor=PIA,
    additional_information="Auftrag vom 15.06.2020",
)  # fmt: skip
WRITTEN = [
    "SPC", "0200", "1", QR_IBAN, "S", "Robert Schneider AG", "Rue du Lac", "1268", "2501", "Biel", "CH", *[""] * 7,
    "1949.75", "CHF", "S", "Pia-Maria Rutschmann", "Grosse Marktgasse", "28", "9400", "Rorschach", "CH", "QRR", QRR,
    "Auftrag vom 15.06.2020", "EPD",
]  # fmt: skip


def refused(lines: list[str]) -> tuple[str, int | None]:
    with pytest.raises(BadPayload) as caught:
        swiss.parse("\r\n".join(lines))
    return caught.value.field, caught.value.position


def changed(line: int, text: str) -> list[str]:
    return [*WRITTEN[: line - 1], text, *WRITTEN[line:]]


def place(line: int) -> int:
    return sum(len(text) + 2 for text in WRITTEN[: line - 1])


def test_every_line_in_its_place_and_cr_lf_between_them() -> None:
    payload = swiss.build(BILL)
    assert payload == "\r\n".join(WRITTEN)
    assert swiss.parse(payload) == BILL
    assert swiss.parse(payload.replace("\r\n", "\n")) == BILL
    assert swiss.parse(payload + "\r\n") == BILL


def test_billing_information_and_procedures_follow_the_trailer() -> None:
    bill = replace(BILL, billing_information="//S1/10/10201409", alt_procs=("eBill/B/shop@example.ch", "xy"))
    payload = swiss.build(bill)
    assert payload.endswith("EPD\r\n//S1/10/10201409\r\neBill/B/shop@example.ch\r\nxy")
    assert swiss.parse(payload) == bill
    assert swiss.build(replace(BILL, alt_procs=("xy",))).endswith("EPD\r\n\r\nxy")


def test_the_reference_says_what_it_is() -> None:
    assert "\r\nQRR\r\n" in swiss.build(BILL)
    assert f"\r\nSCOR\r\n{SCOR}\r\n" in swiss.build(
        replace(BILL, account=IBAN, reference_number="RF18 5390 0754 7034")
    )
    assert "\r\nNON\r\n\r\n" in swiss.build(replace(BILL, account=IBAN, reference_number=""))
    assert swiss.build(replace(BILL, reference_number="21 00000 00003 13947 14300 09017")) == swiss.build(
        BILL
    )
    assert swiss.make_qr("21000000000313947143000901") == QRR
    assert swiss.make_qr("1") == "000000000000000000000000011"[:26] + swiss.qr_check_digit("0" * 25 + "1")
    with pytest.raises(BadPayload):
        swiss.make_qr("K7Q2")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"account": "CH4431999123000889013"}, "account"),
        ({"account": "DE71110220330123456789"}, "account"),
        ({"account": IBAN}, "reference_number"),
        ({"reference_number": SCOR}, "reference_number"),
        ({"reference_number": ""}, "reference_number"),
        ({"account": IBAN, "reference_number": "RF19539007547034"}, "reference_number"),
        ({"reference_number": QRR[:-1] + "8"}, "reference_number"),
        ({"reference_number": QRR[1:]}, "reference_number"),
        ({"reference_number": "٢" * 27}, "reference_number"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "1'949.75"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "1000000000.00"}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"creditor": replace(SHOP, name="")}, "creditor.name"),
        ({"creditor": replace(SHOP, name="x" * 71)}, "creditor.name"),
        ({"creditor": replace(SHOP, street="Улица")}, "creditor.street"),
        ({"creditor": replace(SHOP, house_num="1" * 17)}, "creditor.house_num"),
        ({"creditor": replace(SHOP, pcode="")}, "creditor.pcode"),
        ({"creditor": replace(SHOP, country="Schweiz")}, "creditor.country"),
        ({"debtor": replace(PIA, city="")}, "debtor.city"),
        ({"additional_information": "x" * 141}, "additional_information"),
        ({"additional_information": "two\nlines"}, "additional_information"),
        ({"billing_information": "S1"}, "billing_information"),
        ({"billing_information": "//" + "x" * 130}, "billing_information"),
        ({"alt_procs": ("a", "b", "c")}, "alt_procs"),
        ({"alt_procs": ("x" * 101,)}, "alt_procs"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        swiss.build(replace(BILL, **change))  # type: ignore[arg-type]
    assert caught.value.field == field


def test_extended_latin_is_permitted_since_november_2025() -> None:
    bill = replace(BILL, creditor=replace(SHOP, name="Łódź Șerban & Œuvre €"))
    assert swiss.parse(swiss.build(bill)) == bill


def test_a_wrong_payload_is_refused_with_its_place() -> None:
    assert refused([""]) == ("header", 0)
    assert refused(["SPC"]) == ("version", 0)
    assert refused(changed(2, "0100")) == ("version", place(2))
    assert refused(changed(3, "2")) == ("coding", place(3))
    assert refused(changed(4, IBAN[:-1] + "3")) == ("account", place(4))
    assert refused(changed(5, "K")) == ("creditor.type", place(5))
    assert refused(changed(8, "\u0416")) == ("creditor.house_num", place(8))
    assert refused(changed(12, "S")) == ("ultimate_creditor", place(12))
    assert refused(changed(19, "1,5")) == ("amount", place(19))
    assert refused(changed(20, "")) == ("currency", place(20))
    assert refused(changed(21, "")) == ("debtor", place(22) - 1)
    assert refused(changed(28, "SCOR")) == ("reference_type", place(28))
    assert refused(changed(29, QRR[:-1] + "0")) == ("reference_number", place(29))
    assert refused(changed(31, "END")) == ("trailer", place(31))
    assert refused(WRITTEN[:30])[0] == "trailer"
    assert refused([*WRITTEN, "", "a", "b", "c"])[0] == "trailer"
    assert refused([*WRITTEN, "x" * 998])[0] == "payload"
