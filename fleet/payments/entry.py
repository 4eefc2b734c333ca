"""What the book knows of one charge, and what follows from it: when to look again, what goes back, what a kiosk hears.

Pure: decisions only, on frozen entries.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from content.money import Money
from fleet.payments.port import ENDED, OPEN, PAID, State
from mqtt.messages import ChargeState, Line

PHONE: Final = "phone"  # channel of the phone lane, and the epoch of the sales the fleet itself makes
TOUCH: Final = "touch"
LINGER_MS: Final = 600_000  # an ended charge is watched for late money until so long after it expired
HOUR_MS: Final = 3_600_000
SWEEPS_MS: Final = (HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS)  # and then looked at once more each
ELSEWHERE: Final = "refunded-elsewhere"  # trouble: the provider gave back what nobody here wanted to
CAME_BACK: Final = "refund-came-back"  # trouble: what had gone back is with the provider again


class Entry(Struct, frozen=True, kw_only=True):
    """One charge. Times are Unix ms by the fleet's clock; `kiosk` is an address `tenant/site/kiosk`."""

    reference: str
    kiosk: str
    order: str
    channel: str
    method: str
    provider: str
    currency: str
    minor: int
    lines: tuple[Line, ...]
    version: str
    ttl_s: int
    asked_ms: int
    description: str = ""
    card: str = ""  # a token, kept only until the provider has answered
    return_url: str = ""
    language: str = ""
    charge_id: str = ""
    state: State = State.ASKING
    reason: str = ""
    payload: str = ""
    expires_ms: int = 0
    paid_minor: int = 0  # all that ever came in for it
    paid_currency: str = ""
    given_minor: int = 0  # of that, what has gone back
    giving_minor: int = 0  # a refund asked for whose outcome is not known; asked again as it was
    parts: int = 0  # 1: its provider gives back a part of what came
    trouble: str = (
        ""  # why a person has to see to it: the reason a refund was refused for, ELSEWHERE, CAME_BACK
    )
    silent_ms: int = 0  # since when its provider has not answered for it; 0: it has
    unresolved_ms: int = 0  # since when it is not in order (fleet.payments.unresolved.why); 0: it is
    resolved_ms: int = 0  # a person has seen to it
    changed_ms: int = 0
    checked_ms: int = 0
    due_ms: int | None = None
    settled: str = ""
    sale_seq: int = 0
    attribution: str = ""  # which wall's link led to it, of the phone lane (fleet.shop.visits)
    claim_code: str = ""  # hands the goods over: as the kiosk said, or made when a phone's order is paid

    def __repr__(self) -> str:
        """Without the card's token and the claim code: what is printed is logged."""
        return f"Entry({self.reference}, {self.state.value}, {self.amount}, paid {self.paid_minor}, given {self.given_minor})"

    @property
    def amount(self) -> Money:
        """What was asked for."""
        return Money(self.minor, self.currency)

    @property
    def paid(self) -> Money | None:
        """What came, all of it."""
        return Money(self.paid_minor, self.paid_currency) if self.paid_minor else None

    @property
    def surplus(self) -> int:
        """What came beyond what was asked for and has not gone back: somebody else paid the same code, or too much."""
        if self.state not in PAID or self.paid_currency != self.currency:
            return 0
        return max(0, self.paid_minor - self.given_minor - self.minor)

    @property
    def owed_back(self) -> int:
        """What has to go back now, in minor units of what came."""
        if self.state is State.REFUNDING:
            return max(0, self.paid_minor - self.given_minor)
        return self.surplus if self.parts else 0

    @property
    def buys(self) -> int:
        """What of the money may buy something, in minor units of what came: the surplus that goes back does not."""
        return self.paid_minor - self.owed_back if self.state in PAID else self.paid_minor

    def is_wish(self, other: Entry) -> bool:
        """Whether nothing differs that must not where the same reference is asked for again."""
        same = self._wish == other._wish
        if self.channel == PHONE:  # its claim code is ours to give
            return same
        return secrets.compare_digest(self.claim_code, other.claim_code) and same

    @property
    def _wish(self) -> tuple[object, ...]:
        return self.kiosk, self.order, self.channel, self.method, self.amount


_WIRE: Final = {
    State.ASKING: "created", State.CREATED: "created", State.SCANNED: "scanned", State.PAID: "paid",
    State.LATE_PAID: "paid", State.EXPIRED: "expired", State.CANCELLED: "cancelled", State.FAILED: "failed",
    State.REFUNDING: "paid", State.REFUNDED: "refunded",
}  # fmt: skip


def on_wire(entry: Entry) -> str:
    """The state a kiosk is told. Money on its way back is `paid` until the provider has taken the refund; what comes
    after the price has gone back whole goes back too, and is no kiosk's business.
    """
    if entry.state is State.REFUNDING and entry.given_minor >= entry.minor:
        return "refunded"
    return _WIRE[entry.state]


def told(entry: Entry, merchant: str = "", request_id: str = "") -> ChargeState:
    """The charge as a kiosk hears of it."""
    paid = entry.buys - entry.given_minor if entry.state in PAID else entry.paid_minor
    return ChargeState(
        id=request_id, reference=entry.reference, state=on_wire(entry), reason=entry.reason, payload=entry.payload,
        expires_ms=entry.expires_ms, paid_minor=paid, currency=entry.paid_currency or entry.currency,
        merchant=merchant, domain=host_of(entry.payload),
    )  # fmt: skip


def host_of(payload: str) -> str:
    """The host a phone shows once it has opened a payload; "" where that is no web address."""
    if not payload.isascii() or not payload.lower().startswith(("https://", "http://")):
        return ""
    try:
        return urlsplit(payload).hostname or ""
    except ValueError:
        return ""


def settle(entry: Entry) -> str:
    """What a paid charge becomes where the fleet decides: a sale where just what was asked for came, or that is kept and
    the surplus goes back; else a refund.
    """
    return "sale" if entry.paid_currency == entry.currency and _kept(entry) == entry.minor else "refund"


def _kept(entry: Entry) -> int:
    return entry.buys - entry.given_minor


def next_look(entry: Entry, now_ms: int) -> int | None:
    """When to ask the provider again without being told to: a webhook is only a hint, and hints get lost.

    Open: every 2 s for a minute, then ever more slowly, at most every 30 s for a day. Ended: every 30 s until LINGER_MS after the
    expiry, for late money; ever more slowly for ever where the provider has not answered for it. A refund that was not
    taken: until it is, ever more slowly; one refused for good every hour, for what the merchant's account lacked may
    have come. Paid at a wall: until the wall has told how it ended, after a minute, then ever more slowly, at most every
    hour. Paid and ended: a few more times, for the same code may be paid twice. All that may still be paid by a code
    somebody has photographed: once more after an hour, six hours, a day and three days. Else never.
    """
    if entry.owed_back and entry.trouble:
        return None if entry.resolved_ms else now_ms + HOUR_MS
    if entry.owed_back:
        return now_ms + _slower(now_ms - entry.changed_ms, HOUR_MS)
    if entry.state in OPEN:
        age = now_ms - entry.asked_ms
        return now_ms + _slower(age, 30_000 if age < 24 * HOUR_MS else HOUR_MS)
    if entry.channel == TOUCH and entry.state in PAID and not entry.settled:
        return now_ms + min(HOUR_MS, max(60_000, now_ms - entry.changed_ms))
    if entry.state in ENDED:
        return _ended_look(entry, now_ms)
    if entry.silent_ms:
        return now_ms + _slower(now_ms - entry.silent_ms, HOUR_MS)
    last = last_look_ms(entry)
    looks = (entry.changed_ms + 60_000, last - LINGER_MS + 30_000, last)
    return None if entry.method == "card" else _first_after(now_ms, (*looks, *_sweeps(entry)))


def last_look_ms(entry: Entry) -> int:
    """Until when a charge that has ended is watched for late money."""
    return (entry.expires_ms or entry.asked_ms + entry.ttl_s * 1000) + LINGER_MS


def _ended_look(entry: Entry, now_ms: int) -> int | None:
    if not entry.charge_id and entry.reason != "provider-down":
        return None  # a refused charge does not exist
    if now_ms < last_look_ms(entry):
        return now_ms + 30_000
    if entry.silent_ms and not entry.resolved_ms:
        return now_ms + _slower(now_ms - entry.silent_ms, HOUR_MS)
    return None if entry.method == "card" else _first_after(now_ms, _sweeps(entry))


def _sweeps(entry: Entry) -> tuple[int, ...]:
    return tuple(last_look_ms(entry) + after_ms for after_ms in SWEEPS_MS)


def _first_after(now_ms: int, times: Iterable[int]) -> int | None:
    return min((at for at in times if at > now_ms), default=None)


def _slower(age_ms: int, most_ms: int) -> int:
    return 2_000 if age_ms < 60_000 else min(most_ms, age_ms // 30)


@dataclass(frozen=True, slots=True)
class Change:
    """What a piece of news did."""

    before: Entry
    after: Entry

    @property
    def moved(self) -> bool:
        """Whether the charge stands elsewhere now, so that others must hear of it."""
        return self.before.state is not self.after.state

    @property
    def is_news(self) -> bool:
        """Whether a kiosk that knew how it stood has to hear of it; that it was created is the answer to its request."""
        return on_wire(self.after) not in ("created", on_wire(self.before))
