"""What Stripe's objects say, as far as we read them, and what they mean.

Sources: the types the SDK 16.1.0 generates from Stripe's OpenAPI (version 2026-10-28.endive): PaymentIntent and its
`next_action`, checkout.Session, Refund, Event; docs.stripe.com/currencies for units. Amounts are integers in the
smallest unit, times Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from content.money import Money
from fleet.payments.port import Charge, News, ProviderDown

Kind = TypeVar("Kind")
MOST: Final = 99_999_999  # "The amount value supports up to eight digits"
LANE_PAGE: Final = "page"  # metadata `lane` of the PaymentIntent behind a Checkout Session
_EXPIRED: Final = (
    "abandoned",
    "automatic",
    "expired",
)  # cancellation_reason; we give the first when time is up
ABANDONED: Final = _EXPIRED[0]
_REASONS: Final = {"insufficient_funds": "no-funds"}
REFUND_LIVE: Final = ("pending", "requires_action", "succeeded")

# Stripe counts ISK, UGX and MGA in other units than ISO 4217 and wants the last of three decimals to be zero: those
# currencies are left out rather than converted.
_PAGE: Final = frozenset({
    "AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "INR", "JPY", "KRW",
    "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "USD", "VND", "ZAR",
})  # fmt: skip
_WECHAT: Final = frozenset({
    "AUD", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP", "HKD", "JPY", "NOK", "SEK", "SGD", "USD",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """How one of our methods is called at Stripe: `type` of the payment method, "" for a page of Stripe's."""

    type: str
    currencies: frozenset[str]


WAYS: Final[Mapping[str, Way]] = {
    "promptpay": Way("promptpay", frozenset({"THB"})),
    "paynow": Way("paynow", frozenset({"SGD"})),
    "pix": Way("pix", frozenset({"BRL"})),
    "wechat": Way("wechat_pay", _WECHAT),
    "card": Way("card", _PAGE),
    "link": Way("", _PAGE),
}
CURRENCIES: Final = frozenset[str]().union(*(way.currencies for way in WAYS.values()))


class Trouble(Struct, frozen=True):
    """`last_payment_error`: why a payment did not succeed."""

    code: str | None = None
    decline_code: str | None = None

    @property
    def reason(self) -> str:
        """As a key for screens."""
        return _REASONS.get(self.decline_code or "", "declined")


class Intent(Struct, frozen=True):
    """PaymentIntent: one payment from beginning to end."""

    id: str
    amount: int
    currency: str
    status: str
    created: int
    amount_received: int | None = None
    metadata: dict[str, str] | None = None
    next_action: dict[str, Any] | None = None
    last_payment_error: Trouble | None = None
    cancellation_reason: str | None = None

    @property
    def reference(self) -> str:
        """Our name of it; "" where it is not ours."""
        return (self.metadata or {}).get("reference", "")

    @property
    def expires_s(self) -> int:
        """When we end it; where the code itself ends earlier, then."""
        ends = self.created + _ttl_s(self.metadata)
        code = self._code.get("expires_at")
        return min(ends, code) if isinstance(code, int) else ends

    @property
    def payload(self) -> str:
        """What the QR says; "" where nothing is to be scanned."""
        data = self._code.get("data")
        return data if isinstance(data, str) else ""

    @property
    def received(self) -> int:
        """What came. An intent that succeeded has taken all of its amount unless it says otherwise."""
        if self.status != "succeeded":
            return 0
        return self.amount if self.amount_received is None else self.amount_received

    @property
    def _code(self) -> dict[str, Any]:
        action = self.next_action or {}  # it says its type, and holds the rest under that name
        found = action.get(str(action.get("type")))
        return found if isinstance(found, dict) else {}


class Session(Struct, frozen=True):
    """checkout.Session: a page of Stripe's on which one order is paid."""

    id: str
    created: int
    status: str | None = None
    payment_status: str = "unpaid"
    amount_total: int | None = None
    currency: str | None = None
    url: str | None = None
    client_reference_id: str | None = None
    metadata: dict[str, str] | None = None
    payment_intent: Intent | str | None = None

    @property
    def expires_s(self) -> int:
        """When we end it."""
        return self.created + _ttl_s(self.metadata)

    @property
    def intent_id(self) -> str:
        """The PaymentIntent behind it; "" where there is none yet."""
        behind = self.payment_intent
        return behind.id if isinstance(behind, Intent) else behind or ""


class Back(Struct, frozen=True):
    """Refund: money on its way back, or back, or not."""

    id: str
    amount: int
    status: str | None = None
    metadata: dict[str, str] | None = None

    @property
    def idem(self) -> str:
        """The key it was asked for with."""
        return (self.metadata or {}).get("idem", "")


class Backs(Struct, frozen=True):
    """A list of refunds."""

    data: tuple[Back, ...]
    has_more: bool = False


def read(body: str | bytes, kind: type[Kind]) -> Kind:
    """An answer as its type. Raises ProviderDown: one that cannot be read does not tell what happened."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProviderDown(f"an unreadable answer: {error}") from None


def _ttl_s(metadata: Mapping[str, str] | None) -> int:
    """How long we wanted it to last; 0 for what is not ours."""
    text = (metadata or {}).get("ttl_s", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0


def charge_of_intent(intent: Intent, backs: tuple[Back, ...] = ()) -> Charge:
    """The port's charge of a PaymentIntent. Raises ProviderDown for a status nobody knows."""
    currency, trouble = intent.currency.upper(), intent.last_payment_error
    news = _news(intent)
    back = sum(each.amount for each in backs if each.status == "succeeded")
    if news is News.PAID and back >= intent.received:
        news = News.REFUNDED
    return Charge(
        id=intent.id, reference=intent.reference, news=news, amount=Money(intent.amount, currency),
        paid=Money(intent.received, currency) if intent.received else None, refunded_minor=back,
        payload=intent.payload, expires_ms=intent.expires_s * 1000,
        reason=trouble.reason if trouble and news is News.FAILED else "",
    )  # fmt: skip


def _news(intent: Intent) -> News:
    match intent.status:
        case "succeeded":
            return News.PAID
        case "processing" | "requires_capture":  # the payer has done their part
            return News.SCANNED
        case "requires_action" | "requires_confirmation":
            return News.OPEN
        case "requires_payment_method":  # the attempt is over, and there is never a second one
            trouble = intent.last_payment_error
            timed_out = trouble is not None and trouble.code == "payment_intent_payment_attempt_expired"
            return News.EXPIRED if timed_out else News.FAILED
        case "canceled":
            return News.EXPIRED if intent.cancellation_reason in _EXPIRED else News.CANCELLED
    raise ProviderDown(f"unknown status {intent.status[:40]!r}")


def charge_of_session(session: Session, backs: tuple[Back, ...], now_s: int) -> Charge:
    """The port's charge of a Checkout Session at `now_s`. Raises ProviderDown where it cannot be told how it stands."""
    if session.amount_total is None or session.currency is None:
        raise ProviderDown("a page without an amount")
    currency, behind = session.currency.upper(), session.payment_intent
    came_in = behind.currency.upper() if isinstance(behind, Intent) and behind.received else currency
    paid = behind.received if isinstance(behind, Intent) else 0
    paid = paid or (session.amount_total if session.payment_status == "paid" else 0)
    back = sum(each.amount for each in backs if each.status == "succeeded")
    if paid:
        news = News.REFUNDED if back >= paid else News.PAID
    elif session.status == "complete":  # by a method that takes its time
        failed = isinstance(behind, Intent) and behind.status in ("requires_payment_method", "canceled")
        news = News.FAILED if failed else News.SCANNED
    elif session.status == "expired":  # it does not say whether we have ended it
        news = News.EXPIRED if now_s >= session.expires_s else News.CANCELLED
    elif session.status == "open":
        news = News.OPEN
    else:
        raise ProviderDown(f"unknown status {str(session.status)[:40]!r}")
    return Charge(
        id=session.id, reference=session.client_reference_id or "", news=news,
        amount=Money(session.amount_total, currency), paid=Money(paid, came_in) if paid else None,
        refunded_minor=back, payload=session.url or "", expires_ms=session.expires_s * 1000,
        reason="declined" if news is News.FAILED else "",
    )  # fmt: skip
