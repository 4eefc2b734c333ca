"""PromptPay AnyID (Bank of Thailand's Thai QR, credit transfer, object 29): to a phone number, tax id or e-wallet.

There is no field for a reference, so nobody can tell two equal payments apart: nothing for a kiosk to wait for.
Order 58, 53, 54 as promptpay-qr (npm) and promptpay (PyPI) write it, the ones banks' apps were tried with for years;
promptparse writes 53, 58, 54. A phone number stands in the code as 0066 and nine digits, here as 08... .
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs import emv, profiles, tolerance
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

_RULE = "a Thai phone number (08... or +668...), a tax id of 13 or an e-wallet of 15 digits"
_PHONE = re.compile(r"(?:0|66|\+66)([1-9][0-9]{8})")
_PHONE_IN_CODE = re.compile(r"0066([1-9][0-9]{8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPayAnyId:
    """One transfer. `target`: see the rule; spaces and hyphens in it are left out."""

    target: str
    amount: str | None = None  # decimal string in THB; None: the payer fills it in


def build(transfer: PromptPayAnyId) -> str:
    """The payload. Raises BadPayload."""
    amount = emv.amount(transfer.amount, 2)
    account = emv.write([("00", profiles.PROMPTPAY_ANYID), _target(transfer.target)])
    return emv.seal(
        emv.write(
            [("00", "01"), ("01", "12" if amount else "11"), ("29", account), ("58", "TH"), ("53", "764"), ("54", amount)]
        )
    )  # fmt: skip


def parse(payload: str) -> PromptPayAnyId:
    """The fields of a code, in whatever order its objects stand. Raises BadPayload."""
    code = emv.Code(payload)
    code.expect("01", ("11", "12", ""), "11 or 12")
    code.expect("53", ("764",), "the currency is 764, THB")
    code.expect("58", ("TH",), "the country is TH")
    tag = code.account(profiles.PROMPTPAY_ANYID)
    found = [kind for kind in ("01", "02", "03") if code.get(f"{tag}.{kind}")]
    if len(found) != 1:
        raise BadPayload(tag, "one of 01 (phone), 02 (tax id) and 03 (e-wallet)", code.at(tag))
    path = f"{tag}.{found[0]}"
    return PromptPayAnyId(target=_read(found[0], code.get(path), code.at(path)), amount=code.amount(2))


def _target(target: str) -> tuple[str, str]:
    """The object of the account template for a target as people write it."""
    digits = re.sub(r"[ -]", "", target)
    phone = _PHONE.fullmatch(digits)
    if phone:
        return "01", f"0066{phone[1]}"
    kind = {13: "02", 15: "03"}.get(len(digits))
    if kind is None or not (digits.isascii() and digits.isdigit()):
        raise BadPayload("target", _RULE)
    return kind, digits


def _read(kind: str, value: str, at: int) -> str:
    """The target as people write it, from an object of the account template."""
    phone = _PHONE_IN_CODE.fullmatch(value)
    if kind == "01" and phone:
        return f"0{phone[1]}"
    if kind != "01" and re.fullmatch({"02": "[0-9]{13}", "03": "[0-9]{15}"}[kind], value):
        return value
    raise BadPayload("target", _RULE, at)


SCHEMES = (
    Scheme(
        key="promptpay-anyid", title="PromptPay (AnyID)", begins=("00",), fields=PromptPayAnyId, build=build, parse=parse,
        recognises=profiles.recognises("promptpay-anyid"),
        rules={
            "target": f"{_RULE}; spaces and hyphens are left out",
            "amount": "decimal string in THB, 0.01 to 9999999999.99, or null: the payer fills it in",
        },
        example={"target": "0801234567", "amount": "20.00"},
        currencies=("THB",), amounts=(1, emv.MOST_CENTS), open_amount=True, reference=Reference(),
        tolerated=tolerance.told, expires=False, confirmation="statement", confirms="the payee's bank statement, without a reference",
    ),
)  # fmt: skip
