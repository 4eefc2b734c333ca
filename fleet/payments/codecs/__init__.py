"""Payment QR codes as pure functions: fields in, payload out, and back. No I/O, standard library only.

`SCHEMES` is the whole list. A scheme's `confirmation` says how the payee can learn of the payment from the *code alone*:

- push: the network or its provider tells the payee; poll: it can be asked about this very payment
- statement: the reference shows up in the bank's feed or statement; none: not even that

A payment method (fleet.payments.methods) may rest on a provider that promises more than its code does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fleet.payments.codecs import epc, pix_static
from fleet.payments.codecs.errors import BadPayload

Confirmation = Literal["push", "poll", "statement", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """What a scheme can carry, and its two functions. `amounts`: least and most minor units."""

    key: str
    title: str
    begins: str  # every payload of the scheme begins like this
    fields: type[Any]  # a frozen dataclass; its field names are the scheme's JSON names
    build: Callable[[Any], str]
    parse: Callable[[str], Any]
    currencies: tuple[str, ...]
    amounts: tuple[int, int]
    open_amount: bool  # may the payer fill in the amount?
    reference: str  # which field carries the reference, and what it may be
    expires: bool  # does the payload carry an expiry?
    confirmation: Confirmation


_ALL = (
    Scheme(
        key="epc", title="SEPA credit transfer (EPC069-12)", begins="BCD", fields=epc.Epc, build=epc.build, parse=epc.parse,
        currencies=("EUR",), amounts=(1, epc.MOST), open_amount=True,
        reference="reference: ISO 11649, RF and two check digits before 1 to 21 of A-Z 0-9",
        expires=False, confirmation="statement",
    ),
    Scheme(
        key="pix-static", title="Pix (static)", begins="00", fields=pix_static.PixStatic, build=pix_static.build,
        parse=pix_static.parse, currencies=("BRL",), amounts=(1, pix_static.MOST), open_amount=True,
        reference="txid: 1 to 25 of A-Z a-z 0-9", expires=False, confirmation="statement",
    ),
)  # fmt: skip

SCHEMES: dict[str, Scheme] = {scheme.key: scheme for scheme in _ALL}


def decode(payload: str) -> tuple[Scheme, dict[str, Any]]:
    """The scheme a payload belongs to and its fields by JSON name. Raises BadPayload: where several schemes begin
    alike, with the reason of the one that read furthest."""
    reasons: list[BadPayload] = []
    for scheme in SCHEMES.values():
        if payload.startswith(scheme.begins):
            try:
                return scheme, asdict(scheme.parse(payload))
            except BadPayload as error:
                reasons.append(error)
    if reasons:
        raise max(reasons, key=lambda error: error.position or 0)
    raise BadPayload("payload", f"belongs to none of {', '.join(SCHEMES)}", 0)


__all__ = ["SCHEMES", "BadPayload", "Confirmation", "Scheme", "decode"]
