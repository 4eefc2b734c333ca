"""EPC069-12 version 2.1: the "QR code: guidelines to enable data capture for the initiation of a SEPA credit transfer".

Up to twelve lines, of which the last filled one ends the payload; at most 331 bytes in the chosen charset, so that the
symbol stays within version 13 at level M. Nothing in it says that anybody paid: see `confirmation` in SCHEMES.
Followed where libraries differ: amounts are written without trailing zeros and nothing follows the last filled line, as
in the document's examples of 103 and 96 bytes (segno 1.6.6 writes so too, with a line end behind it; npm sepa-payment-qr-code
2.0.2 writes two decimals and all twelve lines). Read are amounts with or without zeros, and empty lines at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs import bank_ids, fields
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

MOST = 99_999_999_999  # cents: 999 999 999.99 EUR
BYTES = 331
CHARSETS = {
    1: "utf-8", 2: "iso8859-1", 3: "iso8859-2", 4: "iso8859-4", 5: "iso8859-5", 6: "iso8859-7", 7: "iso8859-10",
    8: "iso8859-15",
}  # fmt: skip
_PURPOSE = re.compile("[A-Z0-9]{0,4}")
_LINES = (
    "service", "version", "encoding", "identification", "bic", "name", "iban", "amount", "purpose", "reference",
    "text", "information",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Epc:
    """One credit transfer. `amount` is a decimal string in EUR or None; `reference` (RF) and `text` exclude each other."""

    name: str
    iban: str
    bic: str = ""  # must be there in version 001
    amount: str | None = None
    purpose: str = ""  # ISO 20022 external purpose code
    reference: str = ""
    text: str = ""
    information: str = ""  # to the one who pays
    version: str = "002"
    encoding: int = 1  # key of CHARSETS


def build(epc: Epc) -> str:
    """The payload; encode it in `CHARSETS[epc.encoding]`. Raises BadPayload."""
    checked = _checked(epc, [None] * len(_LINES))
    lines = [
        "BCD", checked.version, str(checked.encoding), "SCT", checked.bic, checked.name, checked.iban,
        _written_amount(checked.amount), checked.purpose, checked.reference, checked.text, checked.information,
    ]  # fmt: skip
    payload = "\n".join(lines).rstrip("\n")
    _check_size(payload, checked.encoding)
    return payload


def parse(payload: str) -> Epc:
    """The fields of a payload, whose lines end in LF or CR LF throughout. Raises BadPayload."""
    lines, found = fields.lines(payload)
    starts: list[int | None] = [*found]
    if lines[0] != "BCD":
        raise BadPayload("service", "the first line is BCD", 0)
    if not 7 <= len(lines) <= len(_LINES):
        raise BadPayload("service", f"7 to {len(_LINES)} lines, has {len(lines)}", len(payload))
    filled = len(_LINES) - len(lines)
    lines += [""] * filled
    starts += [None] * filled
    if lines[3] != "SCT":
        raise BadPayload("identification", "is SCT", starts[3])
    if not (len(lines[2]) == 1 and lines[2] in "12345678"):
        raise BadPayload("encoding", "1 to 8", starts[2])
    epc = Epc(
        version=lines[1], encoding=int(lines[2]), bic=lines[4], name=lines[5], iban=lines[6],
        amount=_read_amount(lines[7], starts[7]), purpose=lines[8], reference=lines[9], text=lines[10],
        information=lines[11],
    )  # fmt: skip
    _check_size(payload, epc.encoding)
    return _checked(epc, starts)


def _checked(epc: Epc, at: list[int | None]) -> Epc:
    """The same with every field checked and amount, IBAN and reference in canonical form. `at`: where each line starts."""
    if epc.version not in ("001", "002"):
        raise BadPayload("version", "001 or 002", at[1])
    if epc.encoding not in CHARSETS:
        raise BadPayload("encoding", "1 to 8", at[2])
    if epc.version == "001" and not epc.bic:
        raise BadPayload("bic", "version 001 needs it", at[4])
    if epc.reference and epc.text:
        raise BadPayload("text", "either reference or text, not both", at[10])
    if _PURPOSE.fullmatch(epc.purpose) is None:
        raise BadPayload("purpose", "1 to 4 of A-Z 0-9", at[8])
    return Epc(
        version=epc.version,
        encoding=epc.encoding,
        bic=bank_ids.bic("bic", epc.bic, at[4]) if epc.bic else "",
        name=fields.text("name", epc.name, 70, shortest=1, at=at[5]),
        iban=bank_ids.iban("iban", epc.iban, at[6]),
        amount=None if epc.amount is None else _canonical(epc.amount, at[7]),
        purpose=epc.purpose,
        reference=bank_ids.rf("reference", epc.reference, at[9]) if epc.reference else "",
        text=fields.text("text", epc.text, 140, at=at[10]),
        information=fields.text("information", epc.information, 70, at=at[11]),
    )


def _canonical(amount: str, at: int | None) -> str:
    return fields.decimal(fields.minor("amount", amount, 2, most=MOST, at=at), 2)


def _written_amount(amount: str | None) -> str:
    return "" if amount is None else "EUR" + fields.shortest(amount)


def _read_amount(line: str, at: int | None) -> str | None:
    if not line:
        return None
    if not line.startswith("EUR"):
        raise BadPayload("amount", "EUR and a decimal amount", at)
    return line[3:]


def _check_size(payload: str, encoding: int) -> None:
    charset = CHARSETS[encoding]
    try:
        size = len(payload.encode(charset))
    except UnicodeEncodeError as error:
        raise BadPayload("encoding", f"{payload[error.start]!r} is not in {charset}", error.start) from None
    if size > BYTES:
        raise BadPayload("service", f"at most {BYTES} bytes, has {size}")


SCHEMES = (
    Scheme(
        key="epc", title="SEPA credit transfer (EPC069-12)", begins=("BCD",), fields=Epc, build=build, parse=parse,
        rules={
            "name": "the payee, 1 to 70 characters",
            "iban": "IBAN of the payee; spaces are left out",
            "bic": "8 or 11 of A-Z 0-9; version 001 needs it",
            "amount": "decimal string in EUR, 0.01 to 999999999.99, or null: the payer fills it in",
            "purpose": "ISO 20022 purpose code, 1 to 4 of A-Z 0-9",
            "reference": "ISO 11649: RF, two check digits, 1 to 21 of A-Z 0-9; not beside text",
            "text": "to the payee, up to 140 characters; not beside reference",
            "information": "to the payer, up to 70 characters",
            "version": "001 or 002 (the default: BIC may be left out)",
            "encoding": "charset of the symbol: " + ", ".join(f"{key} {name}" for key, name in CHARSETS.items()),
        },
        example={
            "name": "Endcap Demo", "iban": "DE71110220330123456789", "amount": "12.30", "reference": "RF18539007547034",
        },
        currencies=("EUR",), amounts=(1, MOST), open_amount=True,
        reference=Reference(
            field="reference", rule="ISO 11649: RF and two check digits before 1 to 21 of A-Z 0-9",
            pattern=r"RF[0-9]{2}[A-Z0-9]{1,21}",
        ),
        expires=False, confirmation="statement", confirms="the payee's bank statement or its feed of instant credits",
        charset=lambda fields: CHARSETS[fields.encoding],
    ),
)  # fmt: skip
