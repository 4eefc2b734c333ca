"""Pix, dynamic code (Banco Central do Brasil, Manual de Padrões para Iniciação do Pix): where the charge is described.

The payer's bank fetches amount, txid and expiry of the charge ("cob") from the location, signed by the payee's bank;
an amount in the code would be for show. So the code says `***` for txid unless told otherwise, and 01 is 12, "once".
Read are also codes without 01 or with 11: banks print such for charges that are paid again and again.
starkbank-brcode is followed (lower-case GUI, as in the manual); npm:pix-utils writes 01 only where it is asked to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs import emv, fields, pix_static, profiles, tolerance
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

URL_LONGEST = 77
_URL = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+(?::[0-9]{1,5})?/[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PixDynamic:
    """One dynamic Pix code. `url` is the charge's location without https:// (which is taken away where given)."""

    url: str
    name: str  # of the payee, at most 25 characters
    city: str  # at most 15
    txid: str = ""  # of the charge; the location knows it anyway


def build(pix: PixDynamic) -> str:
    """The payload ("Pix copia e cola"). Raises BadPayload."""
    url = pix.url[8:] if pix.url[:8].lower() == "https://" else pix.url
    _check(url, pix.name, pix.city, pix.txid)
    account = emv.write([("00", profiles.PIX), ("25", url)])
    return emv.seal(
        emv.write(
            [
                ("00", "01"), ("01", "12"), ("26", account), ("52", "0000"), ("53", "986"), ("58", "BR"),
                ("59", pix.name), ("60", pix.city), ("62", emv.write([("05", pix.txid or pix_static.NO_TXID)])),
            ]
        )
    )  # fmt: skip


def parse(payload: str) -> PixDynamic:
    """The fields of a dynamic Pix code. Objects Pix does not name are passed over. Raises BadPayload."""
    code = emv.Code(payload)
    code.expect("01", ("12", "11", ""), "a dynamic code has 12 in object 01, or 11, or none")
    code.expect("53", ("986",), "the currency is 986, BRL")
    code.expect("58", ("BR",), "the country is BR")
    tag = code.account(profiles.PIX)
    if code.get(f"{tag}.01"):
        raise BadPayload(f"{tag}.01", "a code with a location names no key", code.at(f"{tag}.01"))
    txid = code.get("62.05")
    pix = PixDynamic(
        url=code.get(f"{tag}.25"),
        name=code.get("59"),
        city=code.get("60"),
        txid="" if txid == pix_static.NO_TXID else txid,
    )
    places = {"url": f"{tag}.25", "name": "59", "city": "60", "txid": "62.05"}
    _check(pix.url, pix.name, pix.city, pix.txid, {field: code.at(path) for field, path in places.items()})
    return pix


def _check(url: str, name: str, city: str, txid: str, at: dict[str, int] | None = None) -> None:
    at = at or {}
    if len(url) > URL_LONGEST or _URL.fullmatch(url) is None:
        raise BadPayload(
            "url", f"host/path without https://, at most {URL_LONGEST} characters", at.get("url")
        )
    fields.text("name", name, 25, shortest=1, at=at.get("name"))
    fields.text("city", city, 15, shortest=1, at=at.get("city"))
    if txid and pix_static.TXID.fullmatch(txid) is None:
        raise BadPayload("txid", "1 to 25 of A-Z a-z 0-9", at.get("txid"))


SCHEMES = (
    Scheme(
        key="pix-dynamic", title="Pix (dynamic)", begins=("00",), fields=PixDynamic, build=build, parse=parse,
        recognises=profiles.recognises("pix-dynamic"),
        rules={
            "url": f"the charge's location, host/path; at most {URL_LONGEST} characters without https://",
            "name": "the payee, 1 to 25 characters",
            "city": "of the payee, 1 to 15 characters",
            "txid": "1 to 25 of A-Z a-z 0-9; *** is written without",
        },
        example={
            "url": "pix.example.com/qr/v2/9d36b84fc70b478fb95c12729b90ca25", "name": "Fulano de Tal", "city": "BRASILIA",
        },
        currencies=("BRL",), amounts=(1, emv.MOST_CENTS), open_amount=False, amount_in_code=False,
        reference=Reference(rule="the charge's txid, 26 to 35 of A-Z a-z 0-9, is known behind the location"),
        tolerated=tolerance.told, expires=False, confirmation="push",
        confirms="the payee's bank, by webhook; the charge's status can be asked for by its txid",
    ),
)  # fmt: skip
