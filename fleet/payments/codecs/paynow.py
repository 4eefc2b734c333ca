"""PayNow to a UEN (Association of Banks in Singapore; in an SGQR code the account of SG.PAYNOW, proxy type 2).

Order 00 01 26 52 53 54 58 59 60 62. 01 is 12 where the amount is fixed, else 11; paynowqr (npm) writes 12 always. The
amount has two decimals; paynowqr writes "3.2" for 3.20 and "0" for none. No expiry is made up: paynowqr adds five years.
A merchant's name must be there in any EMV code: NA is written where none is given, as Singapore's banks do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from fleet.payments.codecs import emv, fields, profiles, tolerance
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

CITY = "Singapore"
NO_NAME = "NA"
_UEN = re.compile(
    r"[0-9A-Z]{9,13}"
)  # 9 or 10, and up to three of a suffix that tells a company's accounts apart
_EXPIRY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PayNowUen:
    """One PayNow code. `amount` is a decimal string in SGD or None; without one the payer always fills it in."""

    uen: str
    amount: str | None = None
    editable: bool = False  # may the payer change the amount?
    expiry: str = ""  # YYYYMMDD or YYYYMMDDHHMMSS in Singapore
    reference: str = ""  # at most 25 characters
    company: str = ""  # shown to the payer, at most 25 characters


def build(paynow: PayNowUen) -> str:
    """The payload. Raises BadPayload."""
    _check(paynow)
    amount = emv.amount(paynow.amount, 2)
    fixed = bool(amount) and not paynow.editable
    account = [
        ("00", profiles.PAYNOW), ("01", "2"), ("02", paynow.uen), ("03", "0" if fixed else "1"), ("04", paynow.expiry),
    ]  # fmt: skip
    return emv.seal(
        emv.write(
            [
                ("00", "01"), ("01", "12" if fixed else "11"), ("26", emv.write(account)), ("52", "0000"), ("53", "702"),
                ("54", amount), ("58", "SG"), ("59", paynow.company or NO_NAME), ("60", CITY),
                ("62", emv.write([("01", paynow.reference)])),
            ]
        )
    )  # fmt: skip


def parse(payload: str) -> PayNowUen:
    """The fields of a code. Accounts of other schemes, as an SGQR code has, are passed over. Raises BadPayload."""
    code = emv.Code(payload)
    code.expect("01", ("11", "12", ""), "11 or 12")
    code.expect("53", ("702",), "the currency is 702, SGD")
    code.expect("58", ("SG",), "the country is SG")
    tag = code.account(profiles.PAYNOW)
    code.expect(f"{tag}.01", ("2",), "the proxy type is 2, UEN")
    code.expect(f"{tag}.03", ("0", "1", ""), "0 (the amount is fixed) or 1 (editable)")
    amount = code.amount(2)
    company = code.get("59")
    paynow = PayNowUen(
        uen=code.get(f"{tag}.02"),
        amount=amount,
        editable=amount is not None and code.get(f"{tag}.03") == "1",
        expiry=code.get(f"{tag}.04"),
        reference=code.get("62.01"),
        company="" if company == NO_NAME else company,
    )
    places = {"uen": f"{tag}.02", "expiry": f"{tag}.04", "reference": "62.01", "company": "59"}
    _check(paynow, {field: code.at(path) for field, path in places.items()})
    return paynow


def _check(paynow: PayNowUen, at: dict[str, int] | None = None) -> None:
    at = at or {}
    if _UEN.fullmatch(paynow.uen) is None:
        raise BadPayload("uen", "9 to 13 of 0-9 A-Z", at.get("uen"))
    if paynow.expiry:
        _check_expiry(paynow.expiry, at.get("expiry"))
    fields.text("reference", paynow.reference, 25, at=at.get("reference"))
    fields.text("company", paynow.company, 25, at=at.get("company"))


def _check_expiry(expiry: str, at: int | None) -> None:
    match = _EXPIRY.fullmatch(expiry)
    rule = "a date YYYYMMDD, or a date and time YYYYMMDDHHMMSS"
    if match is None:
        raise BadPayload("expiry", rule, at)
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise BadPayload("expiry", f"{rule}: {error}", at) from None


SCHEMES = (
    Scheme(
        key="paynow-uen", title="PayNow (UEN)", begins=("00",), fields=PayNowUen, build=build, parse=parse,
        recognises=profiles.recognises("paynow-uen"),
        rules={
            "uen": "of the payee, 9 to 13 of 0-9 A-Z",
            "amount": "decimal string in SGD, 0.01 to 9999999999.99, or null: the payer fills it in",
            "editable": "true: the payer may change the amount",
            "expiry": "YYYYMMDD or YYYYMMDDHHMMSS, Singapore time",
            "reference": "up to 25 characters",
            "company": f"shown to the payer, up to 25 characters; {NO_NAME} is written without",
        },
        example={
            "uen": "201403121W", "amount": "3.20", "expiry": "20301231", "reference": "K7Q2M4XZ01234567",
            "company": "Endcap Demo",
        },
        currencies=("SGD",), amounts=(1, emv.MOST_CENTS), open_amount=True,
        reference=Reference(field="reference", rule="up to 25 characters", pattern=r"[ -~]{1,25}"),
        tolerated=tolerance.told, expires=True, confirmation="statement",
        confirms="the payee's statement; a bank's or provider's own interface may tell at once",
    ),
)  # fmt: skip
