"""The provider port: what a payment service provider must be able to do, and the one table of a charge's states.

A provider moves the money and confirms it. Adapters (one file each) subclass `Provider`; whether a webhook is
authentic is abstract on purpose: there is no way to take one on trust. Amounts are Money, times Unix milliseconds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from content.money import Money
from fleet.payments.codecs import Confirmation


class News(Enum):
    """What is heard about a charge: from the provider, or (WANT_REFUND) from whoever decides on the goods."""

    OPEN = "open"  # the provider has it and nobody has paid
    SCANNED = "scanned"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    WANT_REFUND = "want-refund"
    REFUNDED = "refunded"
    MORE = "more-came"  # after all had gone back: somebody paid the same code again


class State(Enum):
    """Where a charge stands."""

    ASKING = "asking"  # stored here; whether the provider has it is not known
    CREATED = "created"
    SCANNED = "scanned"
    PAID = "paid"
    LATE_PAID = "late-paid"  # paid after it had ended: becomes a sale if still possible, else a refund
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


_ENDS = {
    News.PAID: State.PAID,
    News.EXPIRED: State.EXPIRED,
    News.CANCELLED: State.CANCELLED,
    News.FAILED: State.FAILED,
    News.REFUNDED: State.REFUNDED,
}
# What was paid and given back while nobody looked has ended as well.
_AFTER_ALL = {News.PAID: State.LATE_PAID, News.REFUNDED: State.REFUNDED}
_GIVEN_BACK = {News.WANT_REFUND: State.REFUNDING, News.REFUNDED: State.REFUNDED}

# Everything that may happen to a charge. What is not in it changes nothing: repeated, late and out-of-order news are ordinary.
TRANSITIONS: dict[State, dict[News, State]] = {
    State.ASKING:    {News.OPEN: State.CREATED, News.SCANNED: State.SCANNED, **_ENDS},
    State.CREATED:   {News.SCANNED: State.SCANNED, **_ENDS},
    State.SCANNED:   _ENDS,
    State.PAID:      _GIVEN_BACK,
    State.LATE_PAID: _GIVEN_BACK,
    State.EXPIRED:   _AFTER_ALL,
    State.CANCELLED: _AFTER_ALL,
    State.FAILED:    _AFTER_ALL,
    State.REFUNDING: {News.REFUNDED: State.REFUNDED},
    State.REFUNDED:  {News.MORE: State.REFUNDING},
}  # fmt: skip

OPEN = frozenset({State.ASKING, State.CREATED, State.SCANNED})  # money may still come and is waited for
PAID = frozenset({State.PAID, State.LATE_PAID})
ENDED = frozenset({State.EXPIRED, State.CANCELLED, State.FAILED})  # money may still come and nobody waits


def advance(state: State, news: News) -> State:
    """The state after `news`; the same one where the news changes nothing."""
    return TRANSITIONS[state].get(news, state)


def diagram() -> str:
    """The table as a mermaid state diagram, for docs/payments.md."""
    lines = ["stateDiagram-v2", f"    [*] --> {_node(State.ASKING)}"]
    for state, row in TRANSITIONS.items():
        lines += [f"    {_node(state)} --> {_node(after)}: {news.value}" for news, after in row.items()]
    lines.append(f"    {_node(State.REFUNDED)} --> [*]")
    return "\n".join(lines) + "\n"


def _node(state: State) -> str:
    return state.value.replace("-", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What a provider can do. `promises`: per method, how it lets us know that money came; `in_currency`: the currencies
    of a method where they are not all of the provider's.
    """

    promises: Mapping[str, Confirmation]
    currencies: frozenset[str]
    in_currency: Mapping[str, frozenset[str]] = field(default_factory=dict)
    least_minor: int = 1
    most_minor: int = 10**9
    cancel: bool = True
    refund: bool = True
    partial_refund: bool = False
    reference: str = r"[0-9A-Z]{16}"  # regular expression a reference matches as a whole
    longest_ttl_s: int = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """One order's money, wanted by one method. `card` is a keyed token, `return_url` where a phone goes back to."""

    reference: str
    method: str
    amount: Money
    description: str
    ttl_s: int
    card: str = field(default="", repr=False)
    return_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A charge as the provider tells it. `paid` is all that ever came in for it, refunds not taken off: it may differ
    from what was asked for, and grow when a second phone pays the same code.
    """

    id: str
    reference: str
    news: News
    amount: Money
    paid: Money | None = None
    refunded_minor: int = 0
    payload: str = ""  # the provider's own link or code
    expires_ms: int = 0
    reason: str = ""  # key, where news is FAILED: declined, unknown-card, no-funds, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money given back; `done` False while the provider still works on it."""

    id: str
    charge_id: str
    minor: int
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeEvent:
    """One authentic webhook event. A hint: the desk asks `status` before it believes anything.

    A provider that names charges by our reference alone says so in both: `charge_id` is then the reference.
    """

    id: str
    charge_id: str
    reference: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider wants to hear when its webhook was taken; anything else and it sends it again."""

    status: int = 204
    text: str = ""


class ProviderError(Exception):
    """Base of what a provider call may raise. `reason` is a key for screens and counters."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class ProviderDown(ProviderError):
    """No answer, or none that says what happened: the outcome is unknown and must be asked for, never assumed."""

    def __init__(self, detail: str) -> None:
        super().__init__("provider-down", detail)


class ProviderRefused(ProviderError):
    """The provider said no, and nothing happened."""


class BadWebhook(ProviderError):
    """A webhook that is not authentic, too old, or unreadable. `reason`: forged, stale, malformed."""


class Provider(ABC):
    """A payment service provider. Every method may be called from any thread and repeated; only ProviderErrors escape."""

    key: str  # its name in payments.toml, of its webhooks' address and in the book
    caps: Caps
    pages: str = (
        ""  # the address phones reach its pages at, where that is not an https address of the provider's own
    )
    receipt: Receipt = Receipt()

    @abstractmethod
    def create(self, request: ChargeRequest, *, idem: str) -> Charge:
        """Create the charge; the same `idem` again answers the same charge. Raises ProviderDown, ProviderRefused."""

    @abstractmethod
    def status(self, charge_id: str) -> Charge:
        """The charge as it stands. Raises ProviderDown, ProviderRefused (unknown id)."""

    @abstractmethod
    def cancel(self, charge_id: str) -> Charge:
        """End an open charge and tell how it stands then: it may be PAID, which the caller must honour."""

    @abstractmethod
    def refund(self, charge_id: str, minor: int, *, idem: str) -> Refund:
        """Give back `minor` of what was paid; the same `idem` again answers the same refund. Never more than was paid."""

    @abstractmethod
    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[ChargeEvent]:
        """The events of a webhook, once it is known to be the provider's and fresh. Raises BadWebhook."""

    def close(self) -> None:
        """Let go of connections; MAY be implemented by a subclass."""
        return


def idempotency_key(kiosk: str, order: str, reference: str) -> str:
    """`kiosk:order:attempt`: one key per attempt at an order, never one from anything that lives shorter."""
    return f"{kiosk}:{order}:{reference.removeprefix(order)}"


def refund_key(reference: str, given_minor: int) -> str:
    """The key of the refund that follows after `given_minor` of a charge have gone back. A provider that cannot list the
    refunds of a charge finds them by these keys, one after the other.
    """
    return f"refund:{reference}:{given_minor}" if given_minor else f"refund:{reference}"
