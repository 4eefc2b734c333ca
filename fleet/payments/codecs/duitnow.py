"""DuitNow QR (PayNet, "QR data object", version 1.5): Malaysia's profile, whose format indicator is 02.

Both 02 (as documented, and written here) and 01 (as most codes in the shops say) are read. The account number is
assigned by the acquirer, who is told of the payment and tells the merchant; without one there is nothing to pay to.
Objects stand in ascending order, the integrity check 82 last, as in PayNet's examples, which are met byte for byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs import emv, fields, profiles, tolerance
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

# JSON name -> where it stands, the longest value, and the characters it may have where they are few
_PLACES = {
    "descriptor": ("{account}.03", 20), "mobile": ("{account}.04", 15), "name": ("59", 25), "city": ("60", 15),
    "bill": ("62.01", 25), "store": ("62.03", 25), "ref": ("62.05", 25), "customer": ("62.06", 25),
    "terminal": ("62.07", 25), "purpose": ("62.08", 25), "rrn": ("62.90", 20), "rrn2": ("62.91", 30),
    "integrity": ("82", 99),
}  # fmt: skip
_NUMBERS = {
    "acquirer": (re.compile(r"[0-9]{6}"), "6 digits"),
    "merchant_id": (re.compile(r"[0-9A-Za-z]{1,28}"), "1 to 28 of 0-9 A-Z a-z"),
    "mcc": (re.compile(r"[0-9]{4}"), "4 digits"),
    "postal": (re.compile(r"(?:[0-9]{5})?"), "5 digits"),
    "initiation": (re.compile(r"(?:11|12)?"), "11 (static) or 12 (dynamic)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DuitNow:
    """One DuitNow QR. `amount` is a decimal string in MYR or None for "let the payer fill it in"."""

    acquirer: str  # id of the bank or provider, 6 digits
    merchant_id: str  # as the acquirer assigned it
    name: str
    city: str = "MY"  # PayNet: MY where it does not apply
    amount: str | None = None
    mcc: str = "0000"  # ISO 18245; 0000 between persons
    postal: str = ""
    descriptor: str = ""
    mobile: str = ""
    bill: str = ""
    store: str = ""
    ref: str = ""
    customer: str = ""
    terminal: str = ""
    purpose: str = ""
    rrn: str = ""  # recipient's reference 1: JomPAY needs it
    rrn2: str = ""
    integrity: str = ""  # a hash some acquirers ask for
    initiation: str = ""  # 11 static, 12 dynamic; "": 12 with an amount, else 11


def build(duitnow: DuitNow) -> str:
    """The payload. Raises BadPayload."""
    _check(duitnow)
    amount = emv.amount(duitnow.amount, 2)
    account = emv.write(
        [
            ("00", profiles.DUITNOW), ("01", duitnow.acquirer), ("02", duitnow.merchant_id), ("03", duitnow.descriptor),
            ("04", duitnow.mobile),
        ]
    )  # fmt: skip
    additional = emv.write(
        (path[3:], getattr(duitnow, field)) for field, (path, _) in _PLACES.items() if path.startswith("62.")
    )
    return emv.seal(
        emv.write(
            [
                ("00", "02"), ("01", duitnow.initiation or _usual(amount)), ("26", account), ("52", duitnow.mcc),
                ("53", "458"), ("54", amount), ("58", "MY"), ("59", duitnow.name), ("60", duitnow.city),
                ("61", duitnow.postal), ("62", additional), ("82", duitnow.integrity),
            ]
        )
    )  # fmt: skip


def parse(payload: str) -> DuitNow:
    """The fields of a code. Objects without a name here are passed over. Raises BadPayload."""
    code = emv.Code(payload)
    code.expect("53", ("458",), "the currency is 458, MYR")
    code.expect("58", ("MY",), "the country is MY")
    tag = code.account(profiles.DUITNOW)
    places = {field: path.format(account=tag) for field, (path, _) in _PLACES.items()} | {
        "acquirer": f"{tag}.01", "merchant_id": f"{tag}.02", "mcc": "52", "postal": "61", "initiation": "01",
    }  # fmt: skip
    values = {field: code.get(path) for field, path in places.items()}
    amount = code.amount(2)
    duitnow = DuitNow(**values, amount=amount)
    _check(duitnow, {field: code.at(path) for field, path in places.items()})
    if duitnow.initiation != _usual(amount or ""):
        return duitnow
    return DuitNow(**(values | {"initiation": ""}), amount=amount)


def _usual(amount: str) -> str:
    return "12" if amount else "11"


def _check(duitnow: DuitNow, at: dict[str, int] | None = None) -> None:
    at = at or {}
    for field, (pattern, rule) in _NUMBERS.items():
        if pattern.fullmatch(getattr(duitnow, field)) is None:
            raise BadPayload(field, rule, at.get(field))
    for field, (_, longest) in _PLACES.items():
        needed = int(field in ("name", "city"))
        fields.text(field, getattr(duitnow, field), longest, shortest=needed, at=at.get(field))


SCHEMES = (
    Scheme(
        key="duitnow", title="DuitNow QR", begins=("00",), fields=DuitNow, build=build, parse=parse,
        recognises=profiles.recognises("duitnow"),
        rules={field: f"up to {longest} characters" for field, (_, longest) in _PLACES.items()}
        | {field: rule for field, (_, rule) in _NUMBERS.items()}
        | {
            "name": "the payee, 1 to 25 characters",
            "city": "of the payee, 1 to 15 characters; MY where it does not apply",
            "amount": "decimal string in MYR, 0.01 to 9999999999.99, or null: the payer fills it in",
        },
        example={
            "acquirer": "501664", "merchant_id": "123456789", "mcc": "5411", "name": "ENDCAP DEMO", "city": "KUALA LUMPUR",
            "amount": "10.00", "ref": "K7Q2M4XZ01234567",
        },
        currencies=("MYR",), amounts=(1, emv.MOST_CENTS), open_amount=True,
        reference=Reference(field="ref", rule="up to 25 characters", pattern=r"[ -~]{1,25}"),
        tolerated=tolerance.told, expires=False, confirmation="push", confirms="the acquirer who assigned the account, by webhook or when asked",
    ),
)  # fmt: skip
