"""UPI link (NPCI, "Common URL specifications for deep linking and proximity integration", version 1.6).

Written in the order pa, pn, am, cu, tr, mc, tn. Followed where libraries differ: `@` stays as it is and a space is %20
as in NPCI's own samples (npm upiqr 1.3.22 writes %40 and +; others do not encode at all). Read are all of these, + for a
space too. A code made by a provider carries more (mode, sign, orgid): passed over. Such a code confirms by its provider,
never by itself. Longest reference and note are taken from the UPI message's fields, not from the link's specification.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs import fields, uris
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

MOST = 99_999_999_999  # paise; what a bank lets through is far less, and its own affair
_BEGINS = "upi://pay?"
_VPA = re.compile(r"[A-Za-z0-9._-]{1,200}@[A-Za-z][A-Za-z0-9.-]{1,54}")
_REF = re.compile(r"[A-Za-z0-9._-]{1,35}")
_MCC = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upi:
    """One link. `amount` is a decimal string in INR or None for "let the payer fill it in"."""

    vpa: str
    name: str
    amount: str | None = None
    ref: str = ""
    note: str = ""
    mcc: str = ""


def build(upi: Upi) -> str:
    """The link. Raises BadPayload."""
    upi = _checked(upi, {})
    pairs = [
        ("pa", upi.vpa), ("pn", upi.name), ("am", upi.amount or ""), ("cu", "INR"), ("tr", upi.ref), ("mc", upi.mcc),
        ("tn", upi.note),
    ]  # fmt: skip
    return _BEGINS + uris.query(pairs, literal="@")


def parse(payload: str) -> Upi:
    """The fields of a link. Raises BadPayload."""
    if payload[: len(_BEGINS)].lower() != _BEGINS:
        raise BadPayload("payload", f"begins with {_BEGINS}", 0)
    found = uris.read(payload[len(_BEGINS) :], len(_BEGINS), plus_is_space=True)
    nothing = ("", None)
    if found.get("cu", ("INR", 0))[0] != "INR":
        raise BadPayload("cu", "is INR", found["cu"][1])
    at = {
        field: found.get(name, nothing)[1]
        for name, field in (
            ("pa", "vpa"), ("pn", "name"), ("am", "amount"), ("tr", "ref"), ("tn", "note"), ("mc", "mcc"),
        )
    }  # fmt: skip
    return _checked(
        Upi(
            vpa=found.get("pa", nothing)[0], name=found.get("pn", nothing)[0],
            amount=found.get("am", nothing)[0] or None, ref=found.get("tr", nothing)[0],
            note=found.get("tn", nothing)[0], mcc=found.get("mc", nothing)[0],
        ),
        at,
    )  # fmt: skip


def _checked(upi: Upi, at: dict[str, int | None]) -> Upi:
    if _VPA.fullmatch(upi.vpa) is None:
        raise BadPayload("vpa", "a payment address such as shop@bank", at.get("vpa"))
    if upi.ref and _REF.fullmatch(upi.ref) is None:
        raise BadPayload("ref", "1 to 35 of A-Z a-z 0-9 . _ -", at.get("ref"))
    if upi.mcc and _MCC.fullmatch(upi.mcc) is None:
        raise BadPayload("mcc", "four digits (ISO 18245)", at.get("mcc"))
    amount = upi.amount
    if amount is not None:
        amount = fields.decimal(fields.minor("amount", amount, 2, most=MOST, at=at.get("amount")), 2)
    return Upi(
        vpa=upi.vpa, name=fields.text("name", upi.name, 99, shortest=1, at=at.get("name")), amount=amount, ref=upi.ref,
        note=fields.text("note", upi.note, 80, at=at.get("note")), mcc=upi.mcc,
    )  # fmt: skip


SCHEMES = (
    Scheme(
        key="upi", title="UPI link (NPCI)", begins=(_BEGINS,), fields=Upi, build=build, parse=parse,
        rules={
            "vpa": "payment address of the payee, name@bank",
            "name": "the payee, 1 to 99 characters",
            "amount": "decimal string in INR, 0.01 to 999999999.99, or null: the payer fills it in",
            "ref": "1 to 35 of A-Z a-z 0-9 . _ -",
            "note": "shown to the payer, up to 80 characters",
            "mcc": "merchant category, four digits (ISO 18245)",
        },
        example={
            "vpa": "endcap@examplebank", "name": "Endcap Demo", "amount": "125.50", "ref": "K7Q2M4XZ01234567",
            "note": "Order K7Q2", "mcc": "5411",
        },
        currencies=("INR",), amounts=(1, MOST), open_amount=True,
        reference=Reference(field="ref", rule="1 to 35 of A-Z a-z 0-9 . _ -", pattern=r"[A-Za-z0-9._-]{1,35}"),
        expires=False, confirmation="none",
        confirms="nobody: only a provider who made the code tells of the payment",
    ),
)  # fmt: skip
