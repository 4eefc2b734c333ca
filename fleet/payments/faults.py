"""What can go wrong with a payment, by name: the script of the sandbox provider, of tests and of docs/payment-faults.md.

A fault is given to a charge before it is made (a rule of a script) or while it is open. Faults of answers may name the
call they strike, as in "5xx@refund"; without a name they strike every call about the charge but its creation. Each call
goes wrong once per charge, so that asking again helps.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from msgspec import Struct

CALLS: Final = ("create", "status", "cancel", "refund")


class Fault(Enum):
    """One thing that goes wrong."""

    LATE = "late-webhook"
    DUPLICATE = "duplicate-webhook"
    OUT_OF_ORDER = "webhooks-out-of-order"
    LOST = "lost-webhook"
    FORGED = "forged-signature"
    REPLAYED = "replayed-webhook"
    TOO_LITTLE = "too-little"
    TOO_MUCH = "too-much"
    WRONG_CURRENCY = "wrong-currency"
    AFTER_EXPIRY = "paid-after-expiry"
    PAID_TWICE = "paid-twice"
    REFUND_TWICE = "refund-twice"
    REFUND_LATER = "refund-later"
    REFUND_REFUSED = "refund-refused"
    WRONG_CODE = "wrong-code"
    SERVER_ERROR = "5xx"
    SLOW = "slow"
    CUT = "cut"


WORDS: Final[dict[Fault, str]] = {
    Fault.LATE: "The webhook comes late",
    Fault.DUPLICATE: "Every webhook comes twice",
    Fault.OUT_OF_ORDER: "The first webhook comes after those that follow it",
    Fault.LOST: "No webhook comes",
    Fault.FORGED: "Webhooks come with a stranger's signature",
    Fault.REPLAYED: "A webhook comes once more later, byte for byte",
    Fault.TOO_LITTLE: "The payer sends less than was asked for",
    Fault.TOO_MUCH: "The payer sends more than was asked for",
    Fault.WRONG_CURRENCY: "The payer sends another currency",
    Fault.AFTER_EXPIRY: "The money comes after the charge has expired",
    Fault.PAID_TWICE: "Two phones pay the same code",
    Fault.REFUND_TWICE: "The refund is done, the answer says it was not, and it is asked for again",
    Fault.REFUND_LATER: "The refund is taken and done only later",
    Fault.REFUND_REFUSED: "The refund is refused for good",
    Fault.WRONG_CODE: "The provider's code asks for another amount than was ordered, or is too long for a wall",
    Fault.SERVER_ERROR: "The provider answers 503 and does nothing",
    Fault.SLOW: "The provider does it, and answers after we have given up waiting",
    Fault.CUT: "The provider does it, and the connection is cut in mid-answer",
}
CALL_WORDS: Final = {
    "create": "when the payment is begun; at the second try it is sold, once",
    "status": "when asked how it stands",
    "cancel": "when it is called off",
    "refund": "when money is given back",
}
OF_ANSWERS: Final = (Fault.SERVER_ERROR, Fault.SLOW, Fault.CUT)


class BadFault(ValueError):
    """A name that is no fault's; says which there are."""


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of a script: the next `times` charges made by `method` ("" for any) get these faults."""

    faults: tuple[str, ...]
    times: int = 1
    method: str = ""


class Script(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules, of which the first that fits a new charge and has times left counts."""

    rules: tuple[Rule, ...]


def names() -> tuple[str, ...]:
    """Every name a script may use."""
    plain = [fault.value for fault in Fault]
    return (*plain, *(f"{fault.value}@{call}" for fault in OF_ANSWERS for call in CALLS))


def in_words(name: str) -> str:
    """A name a script may use, as people read it."""
    fault, _, call = name.partition("@")
    return WORDS[Fault(fault)] + (f", {CALL_WORDS[call]}" if call else "")


def choices() -> dict[str, str]:
    """What people can choose, and its words: each fault, and beside 5xx and slow the same for the creating call alone."""
    asked = {Fault.SERVER_ERROR, Fault.SLOW}
    found: dict[str, str] = {}
    for fault in Fault:
        found[fault.value] = in_words(fault.value)
        if fault in OF_ANSWERS:
            found[fault.value] += ", at every call but the one that begins it"
        if fault in asked:
            found[f"{fault.value}@create"] = in_words(f"{fault.value}@create")
    return found


def checked(faults: Iterable[str]) -> tuple[str, ...]:
    """The names as they came. Raises BadFault."""
    known = names()
    given = tuple(faults)
    for name in given:
        if name not in known:
            raise BadFault(f"{name!r}: a fault is one of {', '.join(known)}")
    return given


def of_answer(faults: Iterable[str], call: str) -> Fault | None:
    """What shall go wrong with a call about a charge that has these faults."""
    for name in faults:
        fault, _, struck = name.partition("@")
        if Fault(fault) in OF_ANSWERS and (call == struck or (not struck and call != "create")):
            return Fault(fault)
    return None
