"""Pix, static code (Banco Central do Brasil, Manual de Padrões para Iniciação do Pix): a key, perhaps an amount and a txid.

Followed where libraries differ: lower-case GUI `br.gov.bcb.pix`, no object 01, `***` where there is no txid, as in the
manual's own examples. The wall always writes a txid: only with one does the receiving bank notify the payee.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs import emv, fields
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

GUI = "br.gov.bcb.pix"
MOST = 999_999_999_999  # centavos: 9 999 999 999.99 fills object 54's 13 characters
NO_TXID = "***"
_TXID = re.compile(r"[A-Za-z0-9]{1,25}")
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
    account = emv.write([("00", GUI), ("01", pix.key), ("02", pix.text)])
    if len(account) > 99:
        raise BadPayload("text", f"key and text share 99 characters, {len(account) - 99} too many")
    amount = "" if pix.amount is None else fields.decimal(_minor(pix.amount), 2)
    return emv.seal(
        emv.write(
            [
                ("00", "01"), ("26", account), ("52", "0000"), ("53", "986"), ("54", amount), ("58", "BR"),
                ("59", pix.name), ("60", pix.city), ("62", emv.write([("05", pix.txid or NO_TXID)])),
            ]
        )
    )  # fmt: skip


def parse(payload: str) -> PixStatic:
    """The fields of a static Pix code. Objects Pix does not name are passed over. Raises BadPayload."""
    objects = emv.unseal(payload)
    _expect(objects, "01", "11", "a static code has no object 01, or 11 in it", optional=True)
    _expect(objects, "53", "986", "the currency is 986, BRL")
    _expect(objects, "58", "BR", "the country is BR")
    account = _account(objects)
    amount = _value(objects, "54")
    txid = _txid(objects)
    pix = PixStatic(
        key=account["01"].value,
        name=_value(objects, "59"),
        city=_value(objects, "60"),
        amount=fields.decimal(_minor(amount, objects["54"].position), 2) if amount else None,
        txid=txid,
        text=_value(account, "02"),
    )
    _check(
        pix,
        {
            "key": account["01"].position, "text": _position(account, "02"), "name": _position(objects, "59"),
            "city": _position(objects, "60"), "txid": _position(objects, "62"),
        },
    )  # fmt: skip
    return pix


def _account(objects: dict[str, emv.Object]) -> dict[str, emv.Object]:
    """The objects of the merchant account template (26 to 51) that carries Pix' GUI."""
    for tag, template in objects.items():
        if not 26 <= int(tag) <= 51:
            continue
        inner = emv.read(template.value, tag, template.position)
        if "00" in inner and inner["00"].value.lower() == GUI:
            if "25" in inner:
                raise BadPayload(
                    f"{tag}.25", "a code with a location is dynamic, not static", inner["25"].position
                )
            if not _value(inner, "01"):
                raise BadPayload(f"{tag}.01", "a static code names the payee's key", template.position)
            return inner
    raise BadPayload("26", f"no merchant account of {GUI}", 0)


def _txid(objects: dict[str, emv.Object]) -> str:
    if "62" not in objects:
        return ""
    value = _value(emv.read(objects["62"].value, "62", objects["62"].position), "05")
    return "" if value == NO_TXID else value


def _check(pix: PixStatic, at: dict[str, int | None] | None = None) -> None:
    at = at or {}
    if not key_type(pix.key):
        rule = "a random key, e-mail, +phone, CPF or CNPJ with right check digits"
        raise BadPayload("key", rule, at.get("key"))
    fields.text("name", pix.name, 25, shortest=1, at=at.get("name"))
    fields.text("city", pix.city, 15, shortest=1, at=at.get("city"))
    fields.text("text", pix.text, 72, at=at.get("text"))
    if pix.txid and _TXID.fullmatch(pix.txid) is None:
        raise BadPayload("txid", "1 to 25 of A-Z a-z 0-9", at.get("txid"))


def _minor(amount: str, at: int | None = None) -> int:
    return fields.minor("amount", amount, 2, most=MOST, at=at)


def _value(objects: dict[str, emv.Object], tag: str) -> str:
    return objects[tag].value if tag in objects else ""


def _position(objects: dict[str, emv.Object], tag: str) -> int | None:
    return objects[tag].position if tag in objects else None


def _expect(
    objects: dict[str, emv.Object], tag: str, value: str, rule: str, *, optional: bool = False
) -> None:
    if tag not in objects and optional:
        return
    if _value(objects, tag) != value:
        raise BadPayload(tag, rule, _position(objects, tag))


SCHEMES = (
    Scheme(
        key="pix-static", title="Pix (static)", begins=("00",), fields=PixStatic, build=build, parse=parse,
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
        expires=False, confirmation="statement",
        confirms="the payee's bank, by webhook only where a txid is set; else the statement",
    ),
)  # fmt: skip
