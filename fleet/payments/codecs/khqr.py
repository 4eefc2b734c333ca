"""KHQR (National Bank of Cambodia, Bakong): to an account name@bank, in riel or dollars, with times in the code.

Object 29 is a person's account (01: account information), 30 a merchant's (01: merchant id). Object 99 says when the
code was made and when it expires, in milliseconds since 1970; a code with an amount must have it. Bakong is asked by the
MD5 of the payload whether it was paid. Followed is the National Bank's bakong-khqr, with which ts-khqr agrees: riel have no
decimals, dollars two or none ("10", "10.50"), and 99 stands behind 64.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from fleet.payments.codecs import emv, fields, profiles, tolerance
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

CURRENCIES = {
    "KHR": ("116", 0, 9_999_999_999_999),
    "USD": ("840", 2, emv.MOST_CENTS),
}  # number, decimals, most
# JSON name -> where it stands, and the longest value
_PLACES = {
    "account_info": ("{account}.01", 32), "bank": ("{account}.02", 32), "name": ("59", 25), "city": ("60", 15),
    "bill": ("62.01", 25), "mobile": ("62.02", 25), "store": ("62.03", 25), "terminal": ("62.07", 25),
    "purpose": ("62.08", 25), "language": ("64.00", 2), "name_local": ("64.01", 25), "city_local": ("64.02", 15),
}  # fmt: skip
_ACCOUNT = re.compile(r"(?=.{3,32}\Z)[!-?A-~]+@[!-?A-~]+")
_MCC = re.compile(r"[0-9]{4}")
_MILLISECONDS = re.compile(r"[0-9]{13}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Khqr:
    """One KHQR code. `amount` is a decimal string in `currency` or None for "let the payer fill it in"."""

    account: str  # name@bank
    name: str
    city: str = "Phnom Penh"
    merchant: bool = False  # object 30 rather than 29
    account_info: str = ""  # a person's account information, a merchant's id
    bank: str = ""  # the acquirer's name
    currency: str = "KHR"
    amount: str | None = None
    mcc: str = "5999"
    bill: str = ""
    mobile: str = ""
    store: str = ""
    terminal: str = ""
    purpose: str = ""
    language: str = ""  # of the two that follow
    name_local: str = ""
    city_local: str = ""
    created: str = ""  # milliseconds since 1970
    expires: str = ""


def md5(payload: str) -> str:
    """By what Bakong is asked for a payment: the MD5 of the payload in hexadecimal."""
    return hashlib.md5(payload.encode(), usedforsecurity=False).hexdigest()


def build(khqr: Khqr) -> str:
    """The payload. Raises BadPayload."""
    _check(khqr)
    number, places, most = CURRENCIES[khqr.currency]
    amount = emv.amount(khqr.amount, places, most).removesuffix(".00")
    if amount and not khqr.expires:
        raise BadPayload("expires", "a code with an amount says when it expires")
    account = [("00", khqr.account), ("01", khqr.account_info), ("02", khqr.bank)]
    return emv.seal(
        emv.write(
            [
                ("00", "01"), ("01", "12" if amount else "11"), ("30" if khqr.merchant else "29", emv.write(account)),
                ("52", khqr.mcc), ("53", number), ("54", amount), ("58", "KH"), ("59", khqr.name), ("60", khqr.city),
                ("62", _template(khqr, "62.")), ("64", _template(khqr, "64.")),
                ("99", emv.write([("00", khqr.created), ("01", khqr.expires)])),
            ]
        )
    )  # fmt: skip


def parse(payload: str) -> Khqr:
    """The fields of a code. Objects without a name here are passed over. Raises BadPayload."""
    code = emv.Code(payload)
    code.expect("01", ("11", "12", ""), "11 or 12")
    code.expect("58", ("KH",), "the country is KH")
    tag = next((tag for tag in ("29", "30") if "@" in code.get(f"{tag}.00")), "")
    if not tag:
        raise BadPayload("29", "29 or 30 names an account, name@bank", 0)
    numbers = {number: currency for currency, (number, _, _) in CURRENCIES.items()}
    code.expect("53", tuple(numbers), "the currency is 116, KHR, or 840, USD")
    currency = numbers[code.get("53")]
    places = {field: path.format(account=tag) for field, (path, _) in _PLACES.items()} | {
        "account": f"{tag}.00", "mcc": "52", "created": "99.00", "expires": "99.01",
    }  # fmt: skip
    values = {field: code.get(path) for field, path in places.items()}
    _, decimals, most = CURRENCIES[currency]
    amount = code.amount(decimals, most)
    khqr = Khqr(merchant=tag == "30", currency=currency, amount=amount, **values)
    _check(khqr, {field: code.at(path) for field, path in places.items()})
    return khqr


def _template(khqr: Khqr, template: str) -> str:
    inside = {path[3:]: field for field, (path, _) in _PLACES.items() if path.startswith(template)}
    return emv.write((tag, getattr(khqr, field)) for tag, field in inside.items())


def _check(khqr: Khqr, at: dict[str, int] | None = None) -> None:
    at = at or {}
    if _ACCOUNT.fullmatch(khqr.account) is None:
        raise BadPayload("account", "name@bank, at most 32 characters", at.get("account"))
    if khqr.currency not in CURRENCIES:
        raise BadPayload("currency", "KHR or USD")
    if _MCC.fullmatch(khqr.mcc) is None:
        raise BadPayload("mcc", "4 digits", at.get("mcc"))
    for field, (_, longest) in _PLACES.items():
        needed = int(field in ("name", "city"))
        fields.text(field, getattr(khqr, field), longest, shortest=needed, at=at.get(field))
    for field in ("created", "expires"):
        if getattr(khqr, field) and _MILLISECONDS.fullmatch(getattr(khqr, field)) is None:
            raise BadPayload(field, "13 digits: milliseconds since 1970", at.get(field))
    if khqr.expires and khqr.expires < khqr.created:
        raise BadPayload("expires", "not before it was made", at.get("expires"))


SCHEMES = (
    Scheme(
        key="khqr", title="KHQR (Bakong)", begins=("00",), fields=Khqr, build=build, parse=parse,
        recognises=profiles.recognises("khqr"),
        rules={field: f"up to {longest} characters" for field, (_, longest) in _PLACES.items()}
        | {
            "account": "name@bank, at most 32 characters",
            "name": "the payee, 1 to 25 characters",
            "city": "of the payee, 1 to 15 characters",
            "merchant": "true: a merchant's account (object 30), else a person's (29)",
            "account_info": "a person's account information, a merchant's id, up to 32 characters",
            "currency": "KHR or USD",
            "amount": "decimal string, KHR without decimals, USD with up to two, or null: the payer fills it in",
            "mcc": "4 digits",
            "created": "milliseconds since 1970, 13 digits",
            "expires": "milliseconds since 1970, 13 digits",
        },
        example={
            "account": "endcap@devb", "name": "Endcap Demo", "merchant": True, "account_info": "M0001", "bank": "Dev Bank",
            "amount": "10000", "bill": "K7Q2M4XZ01234567", "created": "1755076232336", "expires": "1755076292336",
        },
        currencies=("KHR", "USD"), amounts=(1, emv.MOST_CENTS), open_amount=True,
        reference=Reference(field="bill", rule="up to 25 characters", pattern=r"[ -~]{1,25}"),
        tolerated=tolerance.told, expires=True, confirmation="poll", confirms="Bakong, asked by the MD5 of the payload",
    ),
)  # fmt: skip
