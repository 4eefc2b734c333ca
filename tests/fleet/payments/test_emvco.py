"""The generic EMV code: what is written, what is read, and what of it is tolerated; every trap others fell into."""

from __future__ import annotations

from dataclasses import replace

import pytest

from content.money import exponent
from fleet.payments.codecs import SCHEMES, BadPayload, decode, emv, emvco, iso4217, tolerance
from fleet.payments.codecs.emvco import Emvco

# EMV QRCPS Merchant-Presented Mode, sample with an alternate-language template.
SAMPLE = (
    "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT"
    "6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A0112233449988770708123456786304A13A"
)
SHOP = Emvco(
    guid="com.example.pay",
    sub={"01": "M0001"},
    mcc="5411",
    currency="978",
    amount="12.30",
    country="FI",
    name="Endcap Demo",
    city="HELSINKI",
    ref="K7Q2M4XZ01234567",
)
SHOP_CODE = (
    "00020101021226280015com.example.pay0105M00015204541153039785405"
    "12.305802FI5911Endcap Demo6008HELSINKI62200516K7Q2M4XZ01234567"
)


def resealed(payload: str, old: str, new: str) -> str:
    assert old in payload
    return emv.seal(payload[:-8].replace(old, new))


def refused(payload: str) -> tuple[str, int | None]:
    with pytest.raises(BadPayload) as caught:
        emvco.parse(payload)
    return caught.value.field, caught.value.position


def told(payload: str) -> list[str]:
    """The id paths of what is tolerated; the strict reader refuses the first of them, and reads what needs none."""
    found = tolerance.found(payload)
    if found:
        with pytest.raises(BadPayload) as caught:
            emvco.parse_strict(payload)
        assert (caught.value.field, caught.value.position) == (found[0].field, found[0].position)
    else:
        assert emvco.parse_strict(payload) == emvco.parse(payload)
    return [one.field for one in found]


def test_a_code_is_written_object_by_object() -> None:
    assert emvco.build(SHOP) == emv.seal(SHOP_CODE)
    assert emvco.parse(emvco.build(SHOP)) == SHOP


def test_every_value_of_the_published_sample_is_read() -> None:
    code = emvco.parse(SAMPLE)
    assert (code.mai_tag, code.guid, code.sub) == ("29", "D15600000000", {"05": "A93FO3230Q"})
    assert (code.mcc, code.currency, code.amount, code.country) == ("4111", "156", "23.72", "CN")
    assert (code.name, code.city, code.terminal) == ("BEST TRANSPORT", "BEIJING", "A6008667")
    assert code.more == {
        "31.00": "D15600000001", "31.03": "12345678", "64.00": "ZH", "64.01": "最佳运输", "64.02": "北京", "55": "01",
        "62.03": "1234", "62.06": "***", "62.09": "ME", "91.00": "A011223344998877", "91.07": "12345678",
    }  # fmt: skip
    assert emvco.parse(emvco.build(code)) == code
    assert told(SAMPLE) == []


def test_a_length_counts_characters_and_the_crc_bytes() -> None:
    chinese = emvco.build(replace(SHOP, name="最佳运输"))
    assert "5904最佳运输" in chinese
    assert emvco.parse(chinese).name == "最佳运输"
    assert SAMPLE.endswith("6304A13A")


def test_the_point_of_initiation_follows_the_amount_unless_it_is_said() -> None:
    assert emvco.build(replace(SHOP, amount=None)).startswith("000201010211")
    assert emvco.build(replace(SHOP, initiation="11")).startswith("000201010211")
    assert emvco.build(replace(SHOP, initiation="-")).startswith("00020126")
    for initiation in ("", "11", "-"):
        said = replace(SHOP, initiation=initiation)
        assert emvco.parse(emvco.build(said)) == said


def test_a_currency_may_be_given_by_its_letters() -> None:
    assert emvco.build(replace(SHOP, currency="EUR")) == emvco.build(SHOP)
    scheme = SCHEMES["emvco"]
    assert scheme.asks(emvco.parse(emvco.build(SHOP))) == ("12.30", "EUR")
    assert scheme.asks(replace(SHOP, currency="999")) == ("12.30", "999")


def test_the_table_of_currencies_agrees_with_our_money() -> None:
    assert len(iso4217.NUMBERS) == len(iso4217.LETTERS) > 150
    for letters, number in iso4217.NUMBERS.items():
        assert iso4217.decimals(letters) == iso4217.decimals(number) == exponent(letters)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"guid": ""}, "guid"),
        ({"guid": "x" * 33}, "26.00"),
        ({"guid": "", "sub": {}}, "guid"),
        ({"sub": {"1": "x"}}, "more.26.1"),
        ({"sub": {"00": "x"}}, "sub.00"),
        ({"sub": {"01": "x" * 50, "02": "y" * 50}}, "26"),
        ({"mai_tag": "25"}, "mai_tag"),
        ({"mai_tag": "²6"}, "mai_tag"),
        ({"mcc": "541"}, "mcc"),
        ({"mcc": ""}, "mcc"),
        ({"currency": "euro"}, "currency"),
        ({"currency": "XXXX"}, "currency"),
        ({"amount": "12,30"}, "amount"),
        ({"amount": "12.301"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "12345678901.23"}, "amount"),
        ({"amount": "12.3", "currency": "392"}, "amount"),
        ({"country": "fi"}, "country"),
        ({"name": ""}, "name"),
        ({"name": "x" * 26}, "name"),
        ({"name": "half \ud83d"}, "name"),
        ({"city": "x" * 16}, "city"),
        ({"postal": "x" * 11}, "postal"),
        ({"bill": "x" * 26}, "bill"),
        ({"initiation": "13"}, "initiation"),
        ({"more": {"59": "other"}}, "more.59"),
        ({"more": {"62.05": "other"}}, "more.62.05"),
        ({"more": {"26.00": "other"}}, "more.26.00"),
        ({"more": {"62": "0104once"}}, "more.62"),
        ({"more": {"²²": "x"}}, "more.²²"),
        ({"more": {"55.01": "x"}}, "more.55.01"),
        ({"more": {"62.03": "x" * 26}}, "more.62.03"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        emvco.build(replace(SHOP, **change))  # type: ignore[arg-type]
    assert caught.value.field == field


def test_a_broken_code_is_refused_with_its_place() -> None:
    good = emv.seal(SHOP_CODE)
    assert refused(good[:-1] + "0") == ("63", len(good) - 4)
    assert refused(good.replace("5802FI", "5802FI5802FI")) == ("58", good.index("5802FI") + 6)
    assert refused(good.replace("5802", "58 2")) == ("58", good.index("5802") + 2)
    assert refused(resealed(good, "0105M0001", "0107M0001")) == ("26.01", good.index("0105M0001") + 2)
    assert refused(resealed(good, "26280015", "26290015"))[0] == "objects"  # one too long: 5 is no id
    assert refused(resealed(good, "62200516", "62200599"))[0] == "62.05"
    assert refused(resealed(good, "540512.30", "540512,30"))[0] == "54"
    assert refused(resealed(good, "5802FI", "5802fi"))[0] == "58"
    assert refused(good[6:])[0] == "00"
    assert refused("00020163")[0] == "63"


def test_what_banks_print_is_read_and_told() -> None:
    good = emv.seal(SHOP_CODE)
    assert told(good) == []
    assert told(SAMPLE[:-4] + "a13a") == ["63"]
    assert told(resealed(good, "5911Endcap Demo", "5900")) == ["59"]
    assert emvco.parse(resealed(good, "5911Endcap Demo", "5900")).name == ""
    assert told(resealed(good, "6008HELSINKI", "")) == ["60"]
    assert told(resealed(good, "5911Endcap Demo", "5926" + "x" * 26)) == ["59"]
    assert told(resealed(good, "62200516K7Q2M4XZ01234567", "6204" + "0500")) == ["62.05"]
    assert told(resealed(good, "000201", "000202")) == ["00"]
    assert told(emv.seal(SHOP_CODE + "8108003C0061")) == ["81"]  # a wallet's greeting, no template
    assert emvco.parse(emv.seal(SHOP_CODE + "8108003C0061")).more == {"81": "003C0061"}
    zero = resealed(good, "540512.30", "54010")
    assert told(zero) == ["54"]
    assert emvco.parse(zero).amount is None
    assert emvco.parse(resealed(good, "540512.30", "540312.")).amount == "12"
    assert SCHEMES["emvco"].tolerated(zero) == [
        f"54: an amount of zero is left out (at character {zero.index('54010') + 4})"
    ]


def test_an_identifier_nobody_here_knows_makes_a_generic_code() -> None:
    scheme, found = decode(emv.seal(SHOP_CODE))
    assert (scheme.key, found["guid"], found["sub"]) == ("emvco", "com.example.pay", {"01": "M0001"})
    cards_only = emv.seal("000201021641111111111111115204541153039785802FI5911Endcap Demo6008HELSINKI")
    scheme, found = decode(cards_only)
    assert (scheme.key, found["guid"], found["more"]) == ("emvco", "", {"02": "4111111111111111"})
    assert scheme.build(scheme.from_json(found)) == cards_only
