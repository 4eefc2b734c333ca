"""Adapters of the PyPI libraries for payment links and the texts of banks. Imported by name: nobody's dependencies."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import Any

Fields = dict[str, Any]


def _qrbill(_scheme: str, given: Fields) -> str:
    bill = import_module("qrbill").QRBill
    return str(bill(**given).qr_data())


_CHARSETS = ("utf-8", *(f"iso8859-{part}" for part in (1, 2, 4, 5, 7, 10, 15)))  # 1 to 8 of EPC069-12


def _segno(_scheme: str, given: Fields) -> str:
    """The text segno puts into the symbol, in the charset it is asked for."""
    charset = given.get("encoding", 1)
    write = import_module("segno.helpers")._make_epc_qr_data
    fields = {name: given[name] for name in ("text", "reference", "bic", "purpose") if name in given}
    raw = write(given["name"], given["iban"], Decimal(given["amount"]), **fields, encoding=charset)
    return str(raw.decode(_CHARSETS[charset - 1]))


def _bolt11(_scheme: str, given: Fields) -> str:
    """Reads the invoice; where it reads what the input says, the invoice as a QR symbol shows it."""
    found = import_module("bolt11").decode(given["invoice"])
    amount = None if found.amount_msat is None else Decimal(found.amount_msat) / 10**11
    read = {
        "amount": None if amount is None else f"{amount.normalize():f}", "payment_hash": found.payment_hash,
        "description": found.description or "", "timestamp": found.date, "expiry": found.expiry or 3600,
    }  # fmt: skip
    for name, value in read.items():
        if given.get(name) != value:
            raise ValueError(f"{name} is {value!r}")
    return f"LIGHTNING:{given['invoice'].upper()}"


ORACLES = {"qrbill": _qrbill, "segno": _segno, "bolt11": _bolt11}
