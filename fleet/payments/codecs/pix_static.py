"""Pix, static code (Banco Central do Brasil, Manual de Padrões para Iniciação do Pix): a key, perhaps an amount and a txid.

Followed where libraries differ: lower-case GUI `br.gov.bcb.pix`, no object 01, `***` where there is no txid, as in the
manual's own examples. The wall always writes a txid: only with one does the receiving bank notify the payee.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs import emv, fields, profiles, tolerance
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

MOST = emv.MOST_CENTS
NO_TXID = "***"
TXID = re.compile(r"[A-Za-z0-9]{1,25}")
_PHONE = re.compile(r"\+[1-9][0-9]{2,14}")
_EMAIL = re.compile(r"[a-z0-9.!#$&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_EVP = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CPF = re.compile(r"[0-9]{11}")
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")  # letters since July 2026 (Receita Federal, IN RFB 2.229/2024)


@dataclass(frozen=True, slots=True, kw_only=True)
class PixStatic:
    """One static Pix code. `amount` is a decimal string in BRL or None for "let the payer fill it in"."""

    key: str
    name: str  # of the payee, at most 25 characters
    city: str  # at most 15
    amount: str | None = None
    txid: str = ""  # at most 25 of A-Z a-z 0-9
    text: str = ""  # shown to the payer; shares the 99 characters of object 26 with the key


def key_type(key: str) -> str:
    """What a Pix key is: evp, email, phone, cpf or cnpj; "" for none of them (form and check digits)."""
    if _EVP.fullmatch(key):
        return "evp"
    if len(key) <= 77 and _EMAIL.fullmatch(key):
        return "email"
    if _PHONE.fullmatch(key):
        return "phone"
    if _CPF.fullmatch(key) and _digits_right(key, longest_weight=11):
        return "cpf"
    if _CNPJ.fullmatch(key) and _digits_right(key, longest_weight=9):
        return "cnpj"
    return ""


def _digits_right(key: str, longest_weight: int) -> bool:
    """Two modulo-11 check digits, weights 2, 3, ... from the right and from 2 again after `longest_weight`."""
    values = [ord(char) - 48 for char in key]
    if len(set(values)) == 1:
        return False  # 000.000.000-00 and the like pass the sum but are never issued
    for place in (len(values) - 2, len(values) - 1):
        weighted = sum(
            value * (2 + index % (longest_weight - 1)) for index, value in enumerate(reversed(values[:place]))
        )
        rest = weighted % 11
        if values[place] != (0 if rest < 2 else 11 - rest):
            return False
    return True


def build(pix: PixStatic) -> str:
    """The payload ("Pix copia e cola"). Raises BadPayload."""
    _check(pix)
    account = emv.write([("00", profiles.PIX), ("01", pix.key), ("02", pix.text)])
    if len(account) > 99:
        raise BadPayload("text", f"key and text share 99 characters, {len(account) - 99} too many")
    return emv.seal(
        emv.write(
            [
                ("00", "01"), ("26", account), ("52", "0000"), ("53", "986"), ("54", emv.amount(pix.amount, 2)), ("58", "BR"),
                ("59", pix.name), ("60", pix.city), ("62", emv.write([("05", pix.txid or NO_TXID)])),
            ]
        )
    )  # fmt: skip


def parse(payload: str) -> PixStatic:
    """The fields of a static Pix code. Objects Pix does not name are passed over. Raises BadPayload."""
    code = emv.Code(payload)
    code.expect("01", ("", "11", "12"), "a static code has no object 01, or 11 in it")  # 12 is tolerated
    code.expect("53", ("986",), "the currency is 986, BRL")
    code.expect("58", ("BR",), "the country is BR")
    tag = code.account(profiles.PIX)
    if code.find(f"{tag}.25"):
        raise BadPayload(f"{tag}.25", "a code with a location is dynamic, not static", code.at(f"{tag}.25"))
    if not code.get(f"{tag}.01"):
        raise BadPayload(f"{tag}.01", "a static code names the payee's key", code.at(f"{tag}.01"))
    txid = code.get("62.05")
    pix = PixStatic(
        key=code.get(f"{tag}.01"),
        name=code.get("59"),
        city=code.get("60"),
        amount=code.amount(2),
        txid="" if txid == NO_TXID else txid,
        text=code.get(f"{tag}.02"),
    )
    places = {"key": f"{tag}.01", "text": f"{tag}.02", "name": "59", "city": "60", "txid": "62.05"}
    _check(pix, {field: code.at(path) for field, path in places.items()})
    return pix


def _check(pix: PixStatic, at: dict[str, int] | None = None) -> None:
    at = at or {}
    if not key_type(pix.key):
        rule = "a random key, e-mail, +phone, CPF or CNPJ with right check digits"
        raise BadPayload("key", rule, at.get("key"))
    fields.text("name", pix.name, 25, shortest=1, at=at.get("name"))
    fields.text("city", pix.city, 15, shortest=1, at=at.get("city"))
    fields.text("text", pix.text, 72, at=at.get("text"))
    if pix.txid and TXID.fullmatch(pix.txid) is None:
        raise BadPayload("txid", "1 to 25 of A-Z a-z 0-9", at.get("txid"))


SCHEMES = (
    Scheme(
        key="pix-static", title="Pix (static)", begins=("00",), fields=PixStatic, build=build, parse=parse,
        recognises=profiles.recognises("pix-static"),
        rules={
            "key": "Pix key of the payee: random key (UUID), e-mail, +phone, CPF or CNPJ",
            "name": "the payee, 1 to 25 characters",
            "city": "of the payee, 1 to 15 characters",
            "amount": "decimal string in BRL, 0.01 to 9999999999.99, or null: the payer fills it in",
            "txid": "1 to 25 of A-Z a-z 0-9; without it nobody is told of the payment",
            "text": "to the payer; shares 99 characters with the key",
        },
        example={
            "key": "123e4567-e12b-12d1-a456-426655440000", "name": "Fulano de Tal", "city": "BRASILIA",
            "amount": "3.50", "txid": "K7Q2M4XZ01234567",
        },
        currencies=("BRL",), amounts=(1, MOST), open_amount=True,
        reference=Reference(field="txid", rule="1 to 25 of A-Z a-z 0-9", pattern=r"[A-Za-z0-9]{1,25}"),
        tolerated=tolerance.told, expires=False, confirmation="statement",
        confirms="the payee's bank, by webhook only where a txid is set; else the statement",
    ),
)  # fmt: skip
