"""PromptPay bill payment (Bank of Thailand's Thai QR, object 30): to a biller, with up to three references.

Order 53, 58, 54 as promptparse writes it, the only independent library there is for it. References are written in
capitals and digits, as the banks' biller agreements ask for; read as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs import emv, fields, profiles, tolerance
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

_BILLER = re.compile(r"[0-9]{15}")
_REF = re.compile(r"[A-Z0-9]{1,20}")
_REF_READ = re.compile(r"[A-Za-z0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPayBill:
    """One bill. `amount` is a decimal string in THB or None for "let the payer fill it in"."""

    biller_id: str  # tax id and a suffix of two digits
    ref1: str
    ref2: str = ""
    ref3: str = ""  # of the terminal: object 62.07, at most 25 characters
    amount: str | None = None


def build(bill: PromptPayBill) -> str:
    """The payload. Raises BadPayload."""
    _check(bill, _REF)
    amount = emv.amount(bill.amount, 2)
    account = [("00", profiles.PROMPTPAY_BILL), ("01", bill.biller_id), ("02", bill.ref1), ("03", bill.ref2)]
    return emv.seal(
        emv.write(
            [
                ("00", "01"), ("01", "12" if amount else "11"), ("30", emv.write(account)), ("53", "764"), ("58", "TH"),
                ("54", amount), ("62", emv.write([("07", bill.ref3)])),
            ]
        )
    )  # fmt: skip


def parse(payload: str) -> PromptPayBill:
    """The fields of a code, in whatever order its objects stand. Raises BadPayload."""
    code = emv.Code(payload)
    code.expect("01", ("11", "12", ""), "11 or 12")
    code.expect("53", ("764",), "the currency is 764, THB")
    code.expect("58", ("TH",), "the country is TH")
    tag = code.account(profiles.PROMPTPAY_BILL)
    places = {"biller_id": f"{tag}.01", "ref1": f"{tag}.02", "ref2": f"{tag}.03", "ref3": "62.07"}
    bill = PromptPayBill(**{field: code.get(path) for field, path in places.items()}, amount=code.amount(2))
    _check(bill, _REF_READ, {field: code.at(path) for field, path in places.items()})
    return bill


def _check(bill: PromptPayBill, ref: re.Pattern[str], at: dict[str, int] | None = None) -> None:
    at = at or {}
    if _BILLER.fullmatch(bill.biller_id) is None:
        raise BadPayload("biller_id", "15 digits: the tax id and a suffix of two", at.get("biller_id"))
    if ref.fullmatch(bill.ref1) is None:
        raise BadPayload("ref1", "1 to 20 of A-Z 0-9", at.get("ref1"))
    if bill.ref2 and ref.fullmatch(bill.ref2) is None:
        raise BadPayload("ref2", "up to 20 of A-Z 0-9", at.get("ref2"))
    fields.text("ref3", bill.ref3, 25, at=at.get("ref3"))


SCHEMES = (
    Scheme(
        key="promptpay-bill", title="PromptPay (bill payment)", begins=("00",), fields=PromptPayBill, build=build,
        parse=parse, recognises=profiles.recognises("promptpay-bill"),
        rules={
            "biller_id": "15 digits: the tax id and a suffix of two",
            "ref1": "1 to 20 of A-Z 0-9",
            "ref2": "up to 20 of A-Z 0-9",
            "ref3": "of the terminal, up to 25 characters",
            "amount": "decimal string in THB, 0.01 to 9999999999.99, or null: the payer fills it in",
        },
        example={"biller_id": "099999999999990", "ref1": "K7Q2M4XZ01234567", "ref2": "WALL3", "amount": "20.00"},
        currencies=("THB",), amounts=(1, emv.MOST_CENTS), open_amount=True,
        reference=Reference(field="ref1", rule="1 to 20 of A-Z 0-9", pattern=r"[A-Z0-9]{1,20}"),
        tolerated=tolerance.told, expires=False, confirmation="statement",
        confirms="the biller's statement; a bank's or provider's own interface may tell at once",
    ),
)  # fmt: skip
