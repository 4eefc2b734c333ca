"""Swiss QR-bill: the Swiss Payments Code, version 0200, of SIX' "Swiss Implementation Guidelines QR-bill" (version 2.3).

31 lines up to the trailer EPD, then perhaps billing information and up to two alternative procedures. Written with CR LF
as qrbill 1.2.0 does (swissqrbill 4.4.1 writes LF and is the same otherwise); read with either. Followed where libraries
differ: no line behind EPD where nothing stands there (both), spaces in IBAN and reference left out (both), a QR reference
always of 27 digits (swissqrbill; qrbill fills shorter ones up with zeros). Addresses are structured (S): combined ones
(K) ended on 21 November 2025, when the wider character set began. An amount of 0.00 is a notice and no bill: refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fleet.payments.codecs import bank_ids, fields
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

MOST = 99_999_999_999  # 999 999 999.99
LONGEST = 997  # characters of the whole payload
_TRAILER = 30  # the line of EPD, counted from 0
_CREDITOR, _ULTIMATE, _DEBTOR = 4, 11, 20  # where the addresses begin
_ACCOUNT = re.compile(r"(?:CH|LI)[0-9]{7}[0-9A-Z]{12}")
_QRR = re.compile(r"[0-9]{27}")
_OUTSIDE = re.compile(
    "[^ -~\u00a0-\u017f\u0218-\u021b\u20ac]"
)  # of the permitted characters (annex of version 2.3)
_CARRY = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)  # modulo 10, recursive


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A structured address. `country`: ISO 3166 alpha-2."""

    name: str
    street: str = ""
    house_num: str = ""
    pcode: str
    city: str
    country: str = "CH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swiss:
    """One bill. `amount` is a decimal string in `currency` (CHF, EUR) or None; what `reference_number` is (QRR, SCOR or
    nothing) shows in its form."""

    account: str  # IBAN of Switzerland or Liechtenstein; a QR-IBAN and a QR reference need each other
    creditor: Address
    amount: str | None = None
    currency: str = "CHF"
    reference_number: str = ""
    additional_information: str = ""
    debtor: Address | None = None
    billing_information: str = ""  # begins with // and shares 140 characters with additional_information
    alt_procs: tuple[str, ...] = ()


def build(bill: Swiss) -> str:
    """The payload in UTF-8, lines ending in CR LF. Raises BadPayload."""
    bill = _checked(bill)
    lines = [
        "SPC", "0200", "1", bill.account, *_address_lines(bill.creditor), *_address_lines(None), bill.amount or "",
        bill.currency, *_address_lines(bill.debtor), _kind(bill.reference_number), bill.reference_number,
        bill.additional_information, "EPD",
    ]  # fmt: skip
    if bill.billing_information or bill.alt_procs:
        lines.append(bill.billing_information)
    payload = "\r\n".join([*lines, *bill.alt_procs])
    _check_size(payload)
    return payload


def parse(payload: str) -> Swiss:
    """The fields of a payload, whose lines end in CR LF or LF throughout. Raises BadPayload."""
    _check_size(payload)
    lines, starts = fields.lines(payload)
    _check_frame(lines, starts)
    bill = Swiss(
        account=lines[3],
        creditor=_read_address("creditor", lines[_CREDITOR:], starts[_CREDITOR:]),
        amount=lines[18] or None,
        currency=lines[19],
        debtor=_read_address("debtor", lines[_DEBTOR:], starts[_DEBTOR:]) if lines[_DEBTOR] else None,
        reference_number=lines[28],
        additional_information=lines[29],
        billing_information=lines[31] if len(lines) > 31 else "",
        alt_procs=tuple(lines[32:]),
    )
    at = {
        "account": starts[3], "amount": starts[18], "currency": starts[19], "reference_number": starts[28],
        "additional_information": starts[29], **_starts("creditor", starts[_CREDITOR:]),
        **_starts("debtor", starts[_DEBTOR:]),
    }  # fmt: skip
    bill = _checked(bill, at)
    if lines[27] != _kind(bill.reference_number):
        rule = f"{_kind(bill.reference_number)} for this reference, not {lines[27][:4]!r}"
        raise BadPayload("reference_type", rule, starts[27])
    return bill


def qr_check_digit(digits: str) -> str:
    """The last digit of a QR reference (modulo 10, recursive) from those before it."""
    carry = 0
    for digit in digits:
        carry = _CARRY[(carry + int(digit)) % 10]
    return str(-carry % 10)


def make_qr(reference: str) -> str:
    """The QR reference of up to 26 digits: zeros before, the check digit behind."""
    if re.fullmatch(r"[0-9]{1,26}", reference) is None:
        raise BadPayload("reference_number", f"1 to 26 digits, not {reference!r}")
    digits = reference.rjust(26, "0")
    return digits + qr_check_digit(digits)


def is_qr_iban(account: str) -> bool:
    """Whether the bank's number in an IBAN is one of 30000 to 31999, kept for QR references."""
    return account[4:9].isdigit() and 30000 <= int(account[4:9]) <= 31999


def _check_frame(lines: list[str], starts: list[int]) -> None:
    for index, (name, value) in enumerate((("header", "SPC"), ("version", "0200"), ("coding", "1"))):
        if len(lines) <= index or lines[index] != value:
            raise BadPayload(name, f"is {value}", starts[min(index, len(lines) - 1)])
    if not _TRAILER < len(lines) <= 34:
        raise BadPayload("trailer", f"31 to 34 lines, has {len(lines)}", starts[-1])
    if lines[_TRAILER] != "EPD":
        raise BadPayload("trailer", "line 31 is EPD", starts[_TRAILER])
    for index in range(_ULTIMATE, _ULTIMATE + 7):
        if lines[index]:
            raise BadPayload("ultimate_creditor", "is kept for later and empty", starts[index])
    if not lines[_DEBTOR]:
        for index in range(_DEBTOR, _DEBTOR + 7):
            if lines[index]:
                raise BadPayload("debtor", "is empty where its address type is", starts[index])


def _checked(bill: Swiss, at: dict[str, int] | None = None) -> Swiss:
    """The same with every field checked; account, amount and reference in canonical form."""
    at = at or {}
    account = bank_ids.iban("account", bill.account, at.get("account"))
    if _ACCOUNT.fullmatch(account) is None:
        raise BadPayload("account", "an IBAN of CH or LI", at.get("account"))
    if bill.currency not in ("CHF", "EUR"):
        raise BadPayload("currency", "CHF or EUR", at.get("currency"))
    _check_address("creditor", bill.creditor, at)
    if bill.debtor is not None:
        _check_address("debtor", bill.debtor, at)
    _permitted("additional_information", bill.additional_information, 140, at)
    _check_extras(bill)
    return Swiss(
        account=account, creditor=bill.creditor, currency=bill.currency, debtor=bill.debtor,
        amount=None if bill.amount is None else fields.decimal(
            fields.minor("amount", bill.amount, 2, most=MOST, at=at.get("amount")), 2
        ),
        reference_number=_reference(bill.reference_number, account, at.get("reference_number")),
        additional_information=bill.additional_information, billing_information=bill.billing_information,
        alt_procs=bill.alt_procs,
    )  # fmt: skip


def _reference(value: str, account: str, at: int | None) -> str:
    """The reference without spaces, if its check digits are right and it goes with the account."""
    value = value.replace(" ", "")
    if not value or value.startswith("RF"):
        if is_qr_iban(account):
            raise BadPayload("reference_number", "a QR-IBAN needs a QR reference (27 digits)", at)
        return bank_ids.rf("reference_number", value, at) if value else ""
    if not (_QRR.fullmatch(value) and value.isascii()):
        raise BadPayload("reference_number", "RF with check digits, or 27 digits, or nothing", at)
    if value[-1] != qr_check_digit(value[:-1]):
        raise BadPayload("reference_number", f"the check digit is {qr_check_digit(value[:-1])}", at)
    if not is_qr_iban(account):
        raise BadPayload("reference_number", "a QR reference needs a QR-IBAN", at)
    return value


def _kind(reference: str) -> str:
    return "NON" if not reference else "SCOR" if reference.startswith("RF") else "QRR"


def _check_extras(bill: Swiss) -> None:
    billing, said = bill.billing_information, bill.additional_information
    _permitted("billing_information", billing, 140, {})
    if billing and not billing.startswith("//"):
        raise BadPayload("billing_information", "begins with //")
    if len(billing) + len(said) > 140:
        raise BadPayload("billing_information", "shares 140 characters with additional_information")
    if len(bill.alt_procs) > 2:
        raise BadPayload("alt_procs", "at most two")
    for procedure in bill.alt_procs:
        _permitted("alt_procs", procedure, 100, {}, shortest=1)


_ADDRESS = (("name", 70, 1), ("street", 70, 0), ("house_num", 16, 0), ("pcode", 16, 1), ("city", 35, 1))


def _check_address(who: str, address: Address, at: dict[str, int]) -> None:
    for name, longest, shortest in _ADDRESS:
        _permitted(f"{who}.{name}", getattr(address, name), longest, at, shortest=shortest)
    if re.fullmatch("[A-Z]{2}", address.country) is None:
        raise BadPayload(f"{who}.country", "two of A-Z (ISO 3166)", at.get(f"{who}.country"))


def _address_lines(address: Address | None) -> list[str]:
    if address is None:
        return [""] * 7
    return [
        "S", address.name, address.street, address.house_num, address.pcode, address.city, address.country,
    ]  # fmt: skip


def _read_address(who: str, lines: Sequence[str], starts: Sequence[int]) -> Address:
    if lines[0] != "S":
        raise BadPayload(f"{who}.type", "S, a structured address (K ended in November 2025)", starts[0])
    return Address(
        name=lines[1], street=lines[2], house_num=lines[3], pcode=lines[4], city=lines[5], country=lines[6]
    )


def _starts(who: str, starts: Sequence[int]) -> dict[str, int]:
    names = ("name", "street", "house_num", "pcode", "city", "country")
    return {f"{who}.{name}": start for name, start in zip(names, starts[1:], strict=False)}


def _permitted(field: str, value: str, longest: int, at: dict[str, int], *, shortest: int = 0) -> None:
    start = at.get(field)
    if not shortest <= len(value) <= longest:
        raise BadPayload(field, f"{shortest} to {longest} characters, has {len(value)}", start)
    outside = _OUTSIDE.search(value)
    if outside is not None:
        rule = f"extended Latin characters only, not {outside[0]!r}"
        raise BadPayload(field, rule, None if start is None else start + outside.start())


def _check_size(payload: str) -> None:
    if len(payload) > LONGEST:
        raise BadPayload("payload", f"at most {LONGEST} characters, has {len(payload)}", LONGEST)


_ADDRESS_RULES = {
    "name": "1 to 70 characters", "street": "up to 70 characters", "house_num": "up to 16 characters",
    "pcode": "postal code, 1 to 16 characters", "city": "1 to 35 characters",
    "country": "two letters of ISO 3166; CH where it is left out",
}  # fmt: skip

SCHEMES = (
    Scheme(
        key="swiss", title="Swiss QR-bill (SPC 0200)", begins=("SPC",), fields=Swiss, build=build, parse=parse,
        rules={
            "account": "IBAN of CH or LI; a QR-IBAN (bank 30000 to 31999) needs a QR reference",
            "creditor": "who is paid, a structured address",
            **{f"creditor.{name}": rule for name, rule in _ADDRESS_RULES.items()},
            "amount": "decimal string, 0.01 to 999999999.99, or null: the payer fills it in",
            "currency": "CHF (where it is left out) or EUR",
            "reference_number": "RF (ISO 11649), or 27 digits with a QR-IBAN, or nothing",
            "additional_information": "to the payer, up to 140 characters",
            "debtor": "who pays, a structured address, or null",
            **{f"debtor.{name}": rule for name, rule in _ADDRESS_RULES.items()},
            "billing_information": "for machines, begins with //; shares the 140 characters",
            "alt_procs": "up to two alternative procedures of 1 to 100 characters",
        },
        example={
            "account": "CH4431999123000889012",
            "creditor": {
                "name": "Endcap Demo AG", "street": "Bahnhofstrasse", "house_num": "1", "pcode": "8001", "city": "Zürich",
            },
            "amount": "12.30", "reference_number": "210000000003139471430009017",
            "additional_information": "Order K7Q2",
        },
        currencies=("CHF", "EUR"), amounts=(1, MOST), open_amount=True,
        reference=Reference(
            field="reference_number",
            rule="SCOR: RF, two check digits, 1 to 21 of A-Z 0-9; QRR: 27 digits, the last a check digit, with a QR-IBAN",
            pattern=r"RF[0-9]{2}[A-Z0-9]{1,21}|[0-9]{27}",
        ),
        expires=False, confirmation="statement", confirms="the payee's bank statement (camt.054)",
    ),
)  # fmt: skip
