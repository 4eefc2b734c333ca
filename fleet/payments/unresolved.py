"""Payments nobody has finished yet, for the operator's list: whatever is not in order, half a minute after it was not.

A payment ends in a sale or in a refund. Everything here has done neither, or both, or is nobody's; each says why, since
when, and what a person can do about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from content.money import Money
from fleet.payments.entry import CAME_BACK, ELSEWHERE, TOUCH, Entry, last_look_ms
from fleet.payments.port import ENDED, OPEN, PAID

GRACE_MS: Final = 30_000  # what resolves itself meanwhile is not shown: a list of false alarms is not read

# why -> what a person can do about it
WHAT_TO_DO: Final = {
    "refund-refused": "The provider refuses the refund. Give the money back by hand, then mark it as seen to.",
    "refund-came-back": "A refund was made and its money is with the provider again. Give it back by hand, then mark it.",
    "refund-waiting": "The refund is asked for again and again by itself. If it stays here, ask the provider.",
    "surplus-stuck": "More came than was sold and the provider gives back no parts: give the surplus back by hand.",
    "not-settled": "Paid, and the wall has not said whether it was sold. Look at the wall; its claim code works.",
    "provider-silent": "The provider does not answer for this payment. It is asked again by itself; look there.",
    "sale-not-stored": "Sold, and the sale could not be written down yet. Look at the fleet's disk.",
    "sold-and-refunded": "The provider gave money of a paid order back without us. Look whether it was meant.",
    "stranger": "The provider tells of money that belongs to no order of ours. Find out whose it is.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Money an authentic webhook told of that belongs to no charge of ours. `money`: None where the provider says none."""

    provider: str
    charge_id: str
    reference: str
    money: Money | None
    first_ms: int
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """One row of the list. `why` is a key of WHAT_TO_DO; just one of `entry` and `stranger` is there."""

    why: str
    since_ms: int
    what_to_do: str
    entry: Entry | None = None
    stranger: Stranger | None = None


def why(entry: Entry) -> str:
    """Why a payment is not in order, a key of WHAT_TO_DO; "" where it is, or a person has seen to it."""
    if entry.resolved_ms:
        return ""
    if entry.trouble in (ELSEWHERE, CAME_BACK):
        return "sold-and-refunded" if entry.trouble == ELSEWHERE else CAME_BACK
    if entry.trouble:
        return "refund-refused"
    if _less_is_left(entry):
        return "sold-and-refunded"
    if entry.silent_ms and entry.state in OPEN | ENDED:
        return "provider-silent"
    if entry.owed_back:
        return "refund-waiting"
    if entry.settled == "sale":
        return "sale-not-stored"
    if entry.surplus and entry.settled == "sold":
        return "surplus-stuck"
    if entry.channel == TOUCH and entry.state in PAID and not entry.settled:
        return "not-settled"
    return ""


def _less_is_left(entry: Entry) -> bool:
    """Whether somebody has given back a part of what the goods cost."""
    left = entry.paid_minor - entry.given_minor
    return entry.state in PAID and entry.settled in ("sale", "sold") and left < entry.minor


def shown_from_ms(entry: Entry) -> int:
    """When an entry that is not in order gets onto the list. One whose provider told that it had ended and is silent
    since is watched for late money only: it gets there when nobody watches any more and the last word is missing.
    """
    watched = entry.state in ENDED and entry.reason != "provider-down"
    return max(entry.unresolved_ms + GRACE_MS, last_look_ms(entry) if watched else 0)
