"""The profiles of the EMV family: their published examples byte for byte, whose a payload is, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleet.payments.codecs import SCHEMES, BadPayload, decode, emv, khqr, profiles
from tests.oracles.record import DATA, load

# PayNet, "QR data object" 1.5: point of sale, with an integrity check, and a JomPAY bill.
DUITNOW = (
    "00020201021126410014A000000615000101065016640209123456789520499995303458540510.005802MY5909QRCSDNBHD6005BANGI6304343F",
    "00020201021126410014A000000615000101065016640209123456789520499995303458540510.005802MY5909QRCSDNBHD6005BANGI"
    "8264f879ac6266d8d6da081fc1c17160021119747b190615c21076b3fc0fce56c6eb6304B623",
    "00020201021126360014A00000061500010106898989020412345204111153034585802MY5903TNB6002KL610559200"
    "621790130124007552406823231d4db4506dc9852b1c21c74be148b8363045DFB",
)
# Banco Central do Brasil, Manual de Padrões para Iniciação do Pix: dynamic code.
PIX_DYNAMIC = (
    "00020101021226700014br.gov.bcb.pix2548pix.example.com/8b3da2f39a4140d1a91abd93113bd441"
    "5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***630464E4"
)
# Documentation of ts-khqr.
KHQR = (
    "00020101021229420013ishinvin@devb01090123456780208Dev Bank5204599953031165405100005802KH5909Ishin Vin6010Phnom Penh"
    "62680114INV-2022-12-250211855123456780310Ishin Shop07060123450807Payment64180002ZH0102文山0202金边"
    "99340013175507623233601131755076292336630416C4"
)
EMV_FAMILY = [
    "pix-static", "pix-dynamic", "promptpay-anyid", "promptpay-bill", "paynow-uen", "vietqr", "duitnow", "khqr", "emvco",
]  # fmt: skip


def example(key: str, **change: Any) -> dict[str, Any]:
    return {**SCHEMES[key].example, **change}


def written(key: str, **change: Any) -> str:
    scheme = SCHEMES[key]
    return scheme.build(scheme.from_json(json.loads(json.dumps(example(key, **change)))))


def read(payload: str) -> tuple[str, dict[str, Any]]:
    scheme, found = decode(payload)
    return scheme.key, found


def resealed(payload: str, old: str, new: str) -> str:
    assert old in payload
    return emv.seal(payload[:-8].replace(old, new))


def order(payload: str) -> str:
    return " ".join(emv.read(payload))


@pytest.mark.parametrize(
    ("payload", "key"),
    [*((one, "duitnow") for one in DUITNOW), (PIX_DYNAMIC, "pix-dynamic"), (KHQR, "khqr")],
)
def test_published_examples_are_read_and_written_byte_for_byte(payload: str, key: str) -> None:
    scheme, found = decode(payload)
    assert scheme.key == key
    assert scheme.build(scheme.from_json(found)) == payload
    assert scheme.tolerated(payload) == []


def test_the_objects_stand_in_each_profiles_order() -> None:
    assert order(written("pix-static")) == "00 26 52 53 54 58 59 60 62 63"
    assert order(written("pix-dynamic")) == "00 01 26 52 53 58 59 60 62 63"
    assert order(written("promptpay-anyid")) == "00 01 29 58 53 54 63"
    assert order(written("promptpay-bill", ref3="T1")) == "00 01 30 53 58 54 62 63"
    assert order(written("paynow-uen")) == "00 01 26 52 53 54 58 59 60 62 63"
    assert order(written("vietqr")) == "00 01 38 53 54 58 62 63"
    assert order(written("duitnow")) == "00 01 26 52 53 54 58 59 60 62 63"
    assert order(written("khqr")) == "00 01 30 52 53 54 58 59 60 62 99 63"


def test_whose_a_payload_is() -> None:
    for key in EMV_FAMILY:
        assert read(written(key))[0] == key
        assert profiles.of(written(key)) == key
    for file in DATA.glob("*.json"):
        recorded = load(file)
        if recorded["scheme"] in EMV_FAMILY and file.stem != "emvco":
            for case in recorded["cases"]:
                if "CRC" not in case.get("differs", ""):
                    assert read(case["output"])[0] == recorded["scheme"]


def test_an_account_of_another_kind_makes_a_generic_code() -> None:
    """The same identifier, and yet nothing the profile's fields could hold."""
    mobile = resealed(written("paynow-uen", uen="201403121"), "010120209201403121", "010100209+65812345")
    assert read(mobile)[0] == "emvco"
    card = resealed(written("vietqr"), "QRIBFTTA", "QRIBFTTC")
    assert read(card)[0] == "emvco"
    bank_account = resealed(written("promptpay-anyid"), "01130066801234567", "04130066801234567")
    assert read(bank_account)[0] == "emvco"
    recurring = resealed(PIX_DYNAMIC, "2548pix", "2648pix")
    assert read(recurring)[0] == "emvco"
    account_elsewhere = resealed(KHQR, "5802KH", "5802LA")
    assert read(account_elsewhere)[0] == "emvco"


def test_of_several_accounts_currency_and_country_decide() -> None:
    """SGQR puts many into one code; one that could be either of two is neither."""
    pix, paynow = "26320014br.gov.bcb.pix0110+551234567", "27320009SG.PAYNOW010120210201403121W"
    tail = "5902NA6009Singapore"
    both = pix + paynow + "52040000"
    brazil = emv.seal(f"000201{both}53039865802BR{tail}")
    assert profiles.of(brazil) == "pix-static"
    singapore = emv.seal(f"000201{both}53037025802SG{tail}")
    assert profiles.of(singapore) == "paynow-uen"
    nowhere = emv.seal(f"000201{both}53039785802FI{tail}")
    assert read(nowhere)[0] == "emvco"
    others = emv.seal(f"000201{paynow}28120008com.cash52040000" + f"53037025802SG{tail}")
    assert read(others)[1]["uen"] == "201403121W"


def test_a_broken_payload_is_refused_for_the_reason_of_its_own_profile() -> None:
    broken = resealed(written("promptpay-bill"), "5303764", "5303840")
    with pytest.raises(BadPayload, match="the currency is 764"):
        decode(broken)
    with pytest.raises(BadPayload, match="the country is SG"):
        decode(resealed(written("paynow-uen"), "5802SG", "5802MY"))
    twice = written("vietqr").replace("5802VN", "5802VN5802VN")
    with pytest.raises(BadPayload, match="58: comes twice") as caught:
        decode(twice)
    assert caught.value.position == twice.index("5802VN") + 6


@pytest.mark.parametrize(
    ("key", "change", "field"),
    [
        ("pix-dynamic", {"url": "http://pix.example.com/x"}, "url"),
        ("pix-dynamic", {"url": "pix.example.com"}, "url"),
        ("pix-dynamic", {"url": "pix.example.com/with space"}, "url"),
        ("pix-dynamic", {"url": "pix.example.com/" + "x" * 62}, "url"),
        ("pix-dynamic", {"txid": "with space"}, "txid"),
        ("pix-dynamic", {"name": "x" * 26}, "name"),
        ("promptpay-anyid", {"target": "12345"}, "target"),
        ("promptpay-anyid", {"target": "08012345678"}, "target"),
        ("promptpay-anyid", {"target": "٠٨٠١٢٣٤٥٦٧٨٩١"}, "target"),
        ("promptpay-anyid", {"amount": "1.234"}, "amount"),
        ("promptpay-bill", {"biller_id": "1234567890123"}, "biller_id"),
        ("promptpay-bill", {"ref1": ""}, "ref1"),
        ("promptpay-bill", {"ref1": "lower"}, "ref1"),
        ("promptpay-bill", {"ref1": "X" * 21}, "ref1"),
        ("promptpay-bill", {"ref2": "A-1"}, "ref2"),
        ("promptpay-bill", {"ref3": "x" * 26}, "ref3"),
        ("paynow-uen", {"uen": "20140312"}, "uen"),
        ("paynow-uen", {"uen": "201403121w"}, "uen"),
        ("paynow-uen", {"expiry": "20250229"}, "expiry"),
        ("paynow-uen", {"expiry": "20250228240000"}, "expiry"),
        ("paynow-uen", {"expiry": "2025-02-28"}, "expiry"),
        ("paynow-uen", {"reference": "x" * 26}, "reference"),
        ("paynow-uen", {"company": "x" * 26}, "company"),
        ("paynow-uen", {"amount": "0.00"}, "amount"),
        ("vietqr", {"bin": "97043"}, "bin"),
        ("vietqr", {"account": "1" * 20}, "account"),
        ("vietqr", {"amount": "79000.50"}, "amount"),
        ("vietqr", {"purpose": "x" * 26}, "purpose"),
        ("duitnow", {"acquirer": "50166"}, "acquirer"),
        ("duitnow", {"merchant_id": "x" * 29}, "merchant_id"),
        ("duitnow", {"postal": "5920"}, "postal"),
        ("duitnow", {"mcc": "41"}, "mcc"),
        ("duitnow", {"city": ""}, "city"),
        ("duitnow", {"rrn": "x" * 21}, "rrn"),
        ("khqr", {"account": "nobody"}, "account"),
        ("khqr", {"currency": "THB"}, "currency"),
        ("khqr", {"amount": "10000.50"}, "amount"),
        ("khqr", {"expires": ""}, "expires"),
        ("khqr", {"expires": "1755076232335"}, "expires"),
        ("khqr", {"created": "1755076232"}, "created"),
    ],
)
def test_a_wrong_field_is_named(key: str, change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        written(key, **change)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("key", "old", "new", "field"),
    [
        ("pix-dynamic", "010212", "010213", "01"),
        ("pix-dynamic", "5303986", "5303840", "53"),
        ("promptpay-anyid", "0066801234567", "0166801234567", "target"),
        ("promptpay-bill", "0115099999999999990", "0115O99999999999990", "biller_id"),
        ("paynow-uen", "03010", "03012", "26.03"),
        ("paynow-uen", "20301231", "20301331", "expiry"),
        ("vietqr", "0006970436", "000697O436", "bin"),
        ("vietqr", "01100123456789", "01990123456789", "38.01.01"),
        ("vietqr", "540579000", "5405790.5", "amount"),
        ("duitnow", "0106501664", "010650166X", "acquirer"),
        ("khqr", "5303116", "5303764", "53"),
        ("khqr", "00131755076232336", "0013175507623233X", "created"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(key: str, old: str, new: str, field: str) -> None:
    payload = resealed(written(key), old, new)
    with pytest.raises(BadPayload) as caught:
        SCHEMES[key].parse(payload)
    assert caught.value.field == field
    start = payload.index(new)
    assert caught.value.position is not None
    assert start <= caught.value.position <= start + len(new)


def test_a_location_may_be_given_as_a_link() -> None:
    assert written("pix-dynamic", url="https://pix.example.com/x") == written(
        "pix-dynamic", url="pix.example.com/x"
    )
    assert len(written("pix-dynamic", url="https://pix.example.com/" + "x" * 61)) > 0


def test_a_promptpay_target_as_people_write_it() -> None:
    as_written = read(written("promptpay-anyid", target="0801234567"))
    for same in ("080-123-4567", "+66 80 123 4567", "66801234567"):
        assert read(written("promptpay-anyid", target=same)) == as_written
    assert as_written[1]["target"] == "0801234567"
    assert read(written("promptpay-anyid", target="1-2345-67890-12-3"))[1]["target"] == "1234567890123"


def test_paynow_is_dynamic_only_where_the_amount_is_fixed() -> None:
    fixed, editable = written("paynow-uen"), written("paynow-uen", editable=True)
    openly = written("paynow-uen", amount=None, company="")
    assert ("010212" in fixed, "03010" in fixed, "54043.20" in fixed) == (True, True, True)
    assert ("010211" in editable, "03011" in editable, "54043.20" in editable) == (True, True, True)
    assert ("010211" in openly, "03011" in openly, emv.read(openly).get("54")) == (True, True, None)
    assert "5902NA" in openly
    assert read(resealed(openly, "5802SG", "540105802SG"))[1]["amount"] is None  # paynowqr's way


def test_the_crc_is_padded_with_zeros() -> None:
    """vietqr-generator writes X283 here, emv-qrcps three digits."""
    assert written("vietqr", amount="47086").endswith("63040283")


def test_duitnow_says_02_and_is_read_with_01() -> None:
    payload = written("duitnow")
    assert payload.startswith("000202")
    common = emv.seal("000201" + payload[6:-8])
    assert read(common)[1] == read(payload)[1]
    assert SCHEMES["duitnow"].tolerated(common) == []


def test_khqr_tells_times_and_by_what_bakong_is_asked() -> None:
    found = read(KHQR)[1]
    assert (found["created"], found["expires"]) == ("1755076232336", "1755076292336")
    assert (found["currency"], found["amount"], found["merchant"]) == ("KHR", "10000", False)
    assert khqr.md5(KHQR) == "922a409e0f8784858f644bf912c132b0"
    dollars = written("khqr", currency="USD", amount="10.5")
    assert "540510.50" in dollars
    assert read(dollars)[1]["amount"] == "10.50"
    assert "540210" in written("khqr", currency="USD", amount="10.00")
    assert written("khqr", amount="10000.00") == written("khqr")


def test_decimals_of_a_currency_that_has_none_may_be_zero() -> None:
    assert written("vietqr", amount="79000.00") == written("vietqr")
    assert read(resealed(written("vietqr"), "540579000", "540879000.00"))[1]["amount"] == "79000"


def test_lower_case_crc_and_empty_objects_are_read_and_told() -> None:
    payload = resealed(written("vietqr"), "5802VN", "5802VN5900")
    assert read(payload)[0] == "vietqr"
    place = payload.index("5900") + 4
    assert SCHEMES["vietqr"].tolerated(payload) == [f"59: an empty object is left out (at character {place})"]
