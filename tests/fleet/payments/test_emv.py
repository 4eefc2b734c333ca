"""EMV merchant-presented codes and static Pix: published samples, known traps, and nothing but one error."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.payments.codecs import SCHEMES, BadPayload, decode, emv, emvco, epc, pix_static
from fleet.payments.codecs.pix_static import PixStatic, key_type

# Banco Central do Brasil, Manual de Padrões para Iniciação do Pix: static code without amount and txid.
FULANO = PixStatic(key="123e4567-e12b-12d1-a456-426655440000", name="Fulano de Tal", city="BRASILIA")
FULANO_CODE = (
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal"
    "6008BRASILIA62070503***63041D3D"
)
# EMV QRCPS Merchant-Presented Mode, sample with an alternate-language template.
EMVCO_SAMPLE = (
    "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT"
    "6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A0112233449988770708123456786304A13A"
)


def refused(payload: str) -> tuple[str, int | None]:
    with pytest.raises(BadPayload) as caught:
        pix_static.parse(payload)
    return caught.value.field, caught.value.position


def resealed(payload: str, old: str, new: str) -> str:
    return emv.seal(payload[:-8].replace(old, new))


def test_the_check_value_of_the_crc() -> None:
    assert emv.crc("123456789") == "29B1"


def test_the_published_pix_example_byte_for_byte() -> None:
    assert pix_static.build(FULANO) == FULANO_CODE
    assert pix_static.parse(FULANO_CODE) == FULANO


def test_length_counts_characters_while_the_crc_runs_over_bytes() -> None:
    objects = emv.unseal(EMVCO_SAMPLE)
    assert objects["59"].value == "BEST TRANSPORT"
    assert emv.read(objects["64"].value)["01"].value == "最佳运输"
    assert emv.seal(EMVCO_SAMPLE[:-8]) == EMVCO_SAMPLE


def test_the_crc_is_padded_with_zeros_and_upper_case() -> None:
    short = next(sealed for n in range(10_000) if (sealed := emv.seal(f"{n:04}"))[-4] == "0")
    assert short[-8:-4] == "6304"
    assert len(short) == 12
    assert short[-4:] == short[-4:].upper()


def test_a_lower_case_crc_an_empty_object_and_format_02_are_read() -> None:
    objects = emv.unseal(FULANO_CODE[:-4] + "1d3d")
    assert objects["63"].value == "1d3d"
    assert emv.unseal(emv.seal("0002015900"))["59"].value == ""
    assert emv.unseal(emv.seal("0002025802MY"))["58"].value == "MY"


def test_no_empty_object_is_written() -> None:
    assert emv.write([("00", "01"), ("02", ""), ("58", "BR")]) == "0002015802BR"


def test_amount_and_txid() -> None:
    payload = pix_static.build(replace(FULANO, amount="3.2", txid="K7Q2M4XZ01234567"))
    assert "54043.20" in payload
    assert "62200516K7Q2M4XZ01234567" in payload
    assert pix_static.parse(payload) == replace(FULANO, amount="3.20", txid="K7Q2M4XZ01234567")


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("123e4567-e12b-12d1-a456-426655440000", "evp"),
        ("pix@loja.example", "email"),
        ("+5511987654321", "phone"),
        ("52998224725", "cpf"),
        ("11444777000161", "cnpj"),
        ("12ABC34501DE35", "cnpj"),  # Receita Federal's example of the alphanumeric CNPJ
        ("52998224726", ""),
        ("11111111111", ""),
        ("11444777000162", ""),
        ("11987654321", ""),
        ("Pix@Loja.example", ""),
        ("", ""),
    ],
)
def test_what_a_pix_key_is(key: str, kind: str) -> None:
    assert key_type(key) == kind


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "nobody"}, "key"),
        ({"name": ""}, "name"),
        ({"name": "x" * 26}, "name"),
        ({"city": "x" * 16}, "city"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "10000000000.00"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"txid": "with space"}, "txid"),
        ({"txid": "x" * 26}, "txid"),
        ({"text": "x" * 60}, "text"),
        ({"name": "half \ud83d"}, "name"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, str], field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        pix_static.build(replace(FULANO, **change))
    assert caught.value.field == field


def test_a_wrong_payload_is_refused_with_its_place() -> None:
    assert refused(FULANO_CODE[:-1] + "E") == ("63", len(FULANO_CODE) - 4)
    assert refused(FULANO_CODE[:-1])[0] == "63"
    assert refused(FULANO_CODE.replace("5802BR", "5802BR5802BR")) == ("58", FULANO_CODE.index("5802BR") + 6)
    assert refused(FULANO_CODE.replace("5802", "58X2")) == ("58", FULANO_CODE.index("5802") + 2)
    assert refused(resealed(FULANO_CODE, "53039865802BR", "53038405802BR"))[0] == "53"
    assert refused(resealed(FULANO_CODE, "5802BR", "5802PT"))[0] == "58"
    assert refused(resealed(FULANO_CODE, "000201", "0002010102" + "13"))[0] == "01"
    assert refused(resealed(FULANO_CODE, "br.gov.bcb.pix", "br.gov.bcb.pox"))[0] == "26"
    assert refused(resealed(FULANO_CODE, "0136123e", "2536123e"))[0] == "26.25"
    assert refused("")[0] == "00"


def test_objects_others_add_are_passed_over() -> None:
    other = resealed(FULANO_CODE, "6008BRASILIA", "6008BRASILIA610870074900")
    assert pix_static.parse(other) == FULANO
    once = resealed(FULANO_CODE, "000201", "000201010212")  # as pybrcode does
    assert pix_static.parse(once) == FULANO
    assert SCHEMES["pix-static"].tolerated(once) == [
        "01: a static code is not for one payment only (at character 10)"
    ]
    upper = resealed(FULANO_CODE, "br.gov.bcb.pix", "BR.GOV.BCB.PIX")
    assert pix_static.parse(upper) == FULANO


plain = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=15)
txids = st.text("ABCDEFGHJKMNPQRSTVWXYZ0123456789abc", max_size=25)


@given(name=plain, city=plain, amount=st.none() | st.integers(1, pix_static.MOST), txid=txids)
def test_what_is_written_is_read(name: str, city: str, amount: int | None, txid: str) -> None:
    text = None if amount is None else f"{amount // 100}.{amount % 100:02}"
    written = PixStatic(key="pix@loja.example", name=name, city=city, amount=text, txid=txid)
    assert pix_static.parse(pix_static.build(written)) == written


GOOD_CODES = [
    scheme.build(scheme.from_json(dict(scheme.example)))
    for scheme in SCHEMES.values()
    if scheme.begins == ("00",)
]
EPC_CODE = epc.build(epc.Epc(name="Endcap", iban="BE72000000001616", amount="1"))


def sealed_again(payload: str) -> str:
    try:
        return emv.seal(payload[:-8])
    except BadPayload:
        return payload


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A good payload with a piece replaced, half of them with a CRC that is right again."""
    good = draw(st.sampled_from([FULANO_CODE, EMVCO_SAMPLE, EPC_CODE, *GOOD_CODES]))
    start = draw(st.integers(0, len(good)))
    end = draw(st.integers(start, min(len(good), start + 6)))
    bad = good[:start] + draw(st.text(max_size=6) | st.text("0123456789", max_size=6)) + good[end:]
    return sealed_again(bad) if draw(st.booleans()) else bad


@given(st.text() | st.text(st.characters(categories=("Cs", "Nd", "L"))) | damaged())
def test_no_reader_raises_anything_but_its_one_error(text: str) -> None:
    tolerated = SCHEMES["emvco"].tolerated
    for read in (*(scheme.parse for scheme in SCHEMES.values()), decode, tolerated, emvco.parse_strict):
        reason = None
        try:
            read(text)
        except BadPayload as error:
            reason = error
        if reason is not None and reason.position is not None:
            assert 0 <= reason.position <= len(text)


def test_any_known_payload_finds_its_scheme() -> None:
    scheme, found = decode(FULANO_CODE)
    assert (scheme.key, found["key"]) == ("pix-static", FULANO.key)
    scheme, found = decode(EPC_CODE)
    assert (scheme.key, found["amount"]) == ("epc", "1.00")
    with pytest.raises(BadPayload, match=r"belongs to none of .*pix-static"):
        decode("https://shop.example/01/09521100100113")


def test_the_table_knows_every_scheme_by_its_own_name() -> None:
    assert [scheme.key for scheme in SCHEMES.values()] == list(SCHEMES)
    assert all(scheme.confirmation in ("push", "poll", "statement", "none") for scheme in SCHEMES.values())
