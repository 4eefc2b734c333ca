"""VietQR to an account (NAPAS, object 38, service QRIBFTTA): whole dong, and a purpose the payee's statement shows.

Written as vietnam-qr-pay (npm and PyPI), napas-qr-python and vnqr do, which agree byte for byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs import emv, fields, profiles, tolerance
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

MOST = 9_999_999_999_999  # dong: object 54's 13 characters
_SERVICE = "QRIBFTTA"
_BIN = re.compile(r"[0-9]{6}")
_ACCOUNT = re.compile(r"[0-9A-Za-z]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class VietQr:
    """One transfer. `amount` is a decimal string in VND without decimals, or None for "let the payer fill it in"."""

    bin: str  # of the bank, 6 digits
    account: str
    amount: str | None = None
    purpose: str = ""  # at most 25 characters


def build(transfer: VietQr) -> str:
    """The payload. Raises BadPayload."""
    _check(transfer)
    amount = emv.amount(transfer.amount, 0, MOST)
    beneficiary = emv.write([("00", transfer.bin), ("01", transfer.account)])
    account = emv.write([("00", profiles.VIETQR), ("01", beneficiary), ("02", _SERVICE)])
    return emv.seal(
        emv.write(
            [
                ("00", "01"), ("01", "12" if amount else "11"), ("38", account), ("53", "704"), ("54", amount),
                ("58", "VN"), ("62", emv.write([("08", transfer.purpose)])),
            ]
        )
    )  # fmt: skip


def parse(payload: str) -> VietQr:
    """The fields of a code. Raises BadPayload."""
    code = emv.Code(payload)
    code.expect("01", ("11", "12", ""), "11 or 12")
    code.expect("53", ("704",), "the currency is 704, VND")
    code.expect("58", ("VN",), "the country is VN")
    tag = code.account(profiles.VIETQR)
    code.expect(f"{tag}.02", (_SERVICE,), f"the service is {_SERVICE}: to an account")
    at = code.at(f"{tag}.01")
    beneficiary = emv.read(code.get(f"{tag}.01"), f"{tag}.01", at)
    values = {key: beneficiary[key].value if key in beneficiary else "" for key in ("00", "01")}
    places = {key: beneficiary[key].position if key in beneficiary else at for key in ("00", "01")}
    transfer = VietQr(
        bin=values["00"], account=values["01"], amount=code.amount(0, MOST), purpose=code.get("62.08")
    )
    _check(transfer, {"bin": places["00"], "account": places["01"], "purpose": code.at("62.08")})
    return transfer


def _check(transfer: VietQr, at: dict[str, int] | None = None) -> None:
    at = at or {}
    if _BIN.fullmatch(transfer.bin) is None:
        raise BadPayload("bin", "6 digits", at.get("bin"))
    if _ACCOUNT.fullmatch(transfer.account) is None:
        raise BadPayload("account", "1 to 19 of 0-9 A-Z a-z", at.get("account"))
    fields.text("purpose", transfer.purpose, 25, at=at.get("purpose"))


SCHEMES = (
    Scheme(
        key="vietqr", title="VietQR (NAPAS)", begins=("00",), fields=VietQr, build=build, parse=parse,
        recognises=profiles.recognises("vietqr"),
        rules={
            "bin": "of the payee's bank, 6 digits",
            "account": "1 to 19 of 0-9 A-Z a-z",
            "amount": f"decimal string in VND without decimals, 1 to {MOST}, or null: the payer fills it in",
            "purpose": "up to 25 characters",
        },
        example={"bin": "970436", "account": "0123456789", "amount": "79000", "purpose": "K7Q2M4XZ01234567"},
        currencies=("VND",), amounts=(1, MOST), decimals=0, open_amount=True,
        reference=Reference(field="purpose", rule="up to 25 characters", pattern=r"[ -~]{1,25}"),
        tolerated=tolerance.told, expires=False, confirmation="statement",
        confirms="the payee's statement; a provider that reads the account's feed may tell at once",
    ),
)  # fmt: skip
