"""EPC069-12: the document's examples byte for byte, every rule refused by name, an independent encoder agrees."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest
import segno.helpers
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fleet.payments.codecs import BadPayload, epc
from fleet.payments.codecs.bank_ids import make_rf, mod97
from fleet.payments.codecs.epc import Epc

RED_CROSS = Epc(
    version="001", bic="BPOTBEB1", name="Red Cross of Belgium", iban="BE72000000001616", amount="1.00",
    purpose="CHAR", text="Urgency fund", information="Sample EPC QR code",
)  # fmt: skip
FRANZ = Epc(
    version="001", bic="BHBLDEHHXXX", name="Franz Mustermänn", iban="DE71110220330123456789", amount="12.30",
    purpose="GDDS", reference="RF18539007547034",
)  # fmt: skip


def refused(payload: str) -> tuple[str, int | None]:
    with pytest.raises(BadPayload) as caught:
        epc.parse(payload)
    return caught.value.field, caught.value.position


def test_published_examples_byte_for_byte() -> None:
    payload = epc.build(RED_CROSS)
    assert payload == (
        "BCD\n001\n1\nSCT\nBPOTBEB1\nRed Cross of Belgium\nBE72000000001616\nEUR1\nCHAR\n\n"
        "Urgency fund\nSample EPC QR code"
    )
    assert len(payload.encode()) == 103
    assert epc.parse(payload) == RED_CROSS

    payload = epc.build(FRANZ)
    assert payload.endswith("\nEUR12.3\nGDDS\nRF18539007547034")
    assert len(payload.encode()) == 96
    assert epc.parse(payload) == FRANZ


@pytest.mark.parametrize("amount", ["0.01", "1.00", "12.30", "99.95", "999999999.99"])
def test_an_independent_encoder_writes_the_same(amount: str) -> None:
    code = segno.helpers.make_epc_qr(
        "Endcap Demo", "DE71110220330123456789", Decimal(amount), reference="RF18539007547034", encoding=1
    )
    picture = io.BytesIO()
    code.save(picture, kind="png", scale=4)
    (theirs,) = zxingcpp.read_barcodes(Image.open(picture).convert("L"))
    ours = epc.build(
        Epc(name="Endcap Demo", iban="DE71110220330123456789", amount=amount, reference="RF18539007547034")
    )
    assert ours == theirs.text.rstrip("\n")


def test_lines_may_end_in_cr_lf_and_amounts_in_zeros_when_read() -> None:
    payload = epc.build(FRANZ)
    assert epc.parse(payload.replace("\n", "\r\n")) == FRANZ
    assert epc.parse(payload.replace("EUR12.3\n", "EUR12.30\n")) == FRANZ


def test_empty_lines_at_the_end_are_read_and_never_written() -> None:
    payload = epc.build(FRANZ)
    assert payload.count("\n") == 9
    assert epc.parse(payload + "\n") == FRANZ
    assert epc.parse(payload + "\n\n") == FRANZ
    assert refused(payload + "\n\n\n")[0] == "service"


def test_people_write_spaces_into_ibans_and_references() -> None:
    spaced = replace(FRANZ, iban="DE71 1102 2033 0123 4567 89", reference="RF18 5390 0754 7034")
    assert epc.build(spaced) == epc.build(FRANZ)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 71}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"iban": "DE71110220330123456780"}, "iban"),
        ({"iban": "DE7111022033012345678"}, "iban"),
        ({"iban": "de71110220330123456789"}, "iban"),
        ({"bic": "BHBL"}, "bic"),
        ({"bic": ""}, "bic"),
        ({"amount": "0"}, "amount"),
        ({"amount": "1,50"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1000000000.00"}, "amount"),
        ({"amount": "１"}, "amount"),
        ({"purpose": "TOOLONG"}, "purpose"),
        ({"purpose": "gdds"}, "purpose"),
        ({"reference": "RF19539007547034"}, "reference"),
        ({"reference": "539007547034"}, "reference"),
        ({"text": "both"}, "text"),
        ({"reference": "", "text": "x" * 141}, "text"),
        ({"information": "x" * 71}, "information"),
        ({"version": "003"}, "version"),
        ({"encoding": 9}, "encoding"),
        ({"encoding": 2, "name": "Žižka"}, "encoding"),
        ({"name": "ä" * 70, "reference": "", "text": "ö" * 140}, "service"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(BadPayload) as caught:
        epc.build(replace(FRANZ, **change))  # type: ignore[arg-type]
    assert caught.value.field == field


def test_a_wrong_payload_is_refused_with_its_place() -> None:
    payload = epc.build(FRANZ)
    assert refused("") == ("service", 0)
    assert refused("BCE" + payload[3:]) == ("service", 0)
    assert refused(payload.replace("SCT", "SDD")) == ("identification", 10)
    assert refused(payload.replace("DE71", "DE72")) == ("iban", payload.index("DE71"))
    assert refused(payload.replace("EUR", "USD")) == ("amount", payload.index("EUR"))
    assert refused(payload + "\n\n\ninfo\nmore")[0] == "service"


def test_rf_references_follow_iso_11649() -> None:
    assert make_rf("539007547034") == "RF18539007547034"
    assert mod97(make_rf("K7Q2M4XZ01234567")) == 1
    with pytest.raises(BadPayload):
        make_rf("with space")


plain = st.text(st.characters(categories=("L", "N", "P")), max_size=20)


@given(
    name=plain.filter(bool),
    amount=st.integers(1, epc.MOST),
    text=plain,
    information=plain,
    version=st.sampled_from(["001", "002"]),
)
def test_what_is_written_is_read(name: str, amount: int, text: str, information: str, version: str) -> None:
    written = Epc(
        name=name, iban="BE72000000001616", bic="BPOTBEB1", amount=f"{amount // 100}.{amount % 100:02}", text=text,
        information=information, version=version,
    )  # fmt: skip
    assert epc.parse(epc.build(written)) == written
