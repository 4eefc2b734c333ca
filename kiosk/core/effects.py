"""All the core may ask for. The runtime carries effects out in order and stamps records with the event's time.

Order matters where money does: RememberPayment is committed before its CreateCharge is sent, RecordRefund before its
RefundCharge. Every charge effect is safe to repeat; none is answered but by a later event.
"""

from __future__ import annotations

from msgspec import Struct

from content.alerts import Alert
from content.money import Money
from kiosk.core.orders import Payment


class Effect(Struct, frozen=True, tag=True, tag_field="effect"):
    """Something the agent shall do."""


# --- money ----------------------------------------------------------------------------------------------------


class RememberPayment(Effect, frozen=True):
    """Write the payment down, open, before any money can move; the same reference again replaces it."""

    payment: Payment


class CreateCharge(Effect, frozen=True):
    """Ask the fleet for a charge of `payment.amount` that lives `payment.ttl_ms`. `card` is the tapped card's token."""

    payment: Payment
    card: str = ""


class CancelCharge(Effect, frozen=True):
    """Ask the fleet to cancel; the answer may be ChargePaid."""

    reference: str


class QueryCharge(Effect, frozen=True):
    """Ask the fleet what became of it."""

    reference: str


class RefundCharge(Effect, frozen=True):
    """Ask the fleet to give `amount` back. Only where the RecordRefund before it was committed."""

    reference: str
    amount: Money
    reason: str


class RecordSale(Effect, frozen=True):
    """Commit a sale: answered by SaleRecorded or SaleRefused. Idempotent by reference; an order is sold once."""

    payment: Payment
    claim_code: str
    channel: str = "touch"


class RecordRefund(Effect, frozen=True):
    """Commit that a reference ends in a refund. The ledger ignores it where the reference is settled already."""

    reference: str
    order: str  # its first 15 characters where the order is not known
    amount: Money  # what came
    reason: str  # amount-mismatch | already-sold | ended | unknown-reference


class ClosePayment(Effect, frozen=True):
    """The core stops watching an open payment. `outcome`: ended (no money came) | unanswered. Late money reopens it."""

    reference: str
    outcome: str


class PrintReceipt(Effect, frozen=True):
    """Print a receipt; answered by ReceiptPrinted or ReceiptFailed."""

    payment: Payment
    claim_code: str
    language: str
    paid_ms: int = 0  # wall clock, Unix milliseconds; 0: now


class AskCode(Effect, frozen=True):
    """Ask the fleet what a code stands for; answered by CodeTold, or by nothing."""

    code: str


class ArmReader(Effect, frozen=True):
    """Let the card reader wait for a card, or not."""

    on: bool


class TellDeviceTest(Effect, frozen=True):
    """Tell whoever runs a device test: shown | yes | no | stopped (by a touch, or because nothing happened) | busy (somebody is buying)."""

    answer: str


class TellIdentified(Effect, frozen=True):
    """The kiosk does not say any more which one it is, as command `id` asked. `why`: time | touched | money | another."""

    id: str
    why: str


class TellAlerts(Effect, frozen=True):
    """These alerts have the glass now, the gravest first; none: it is the shop's again. Whatever was told before is over."""

    alerts: tuple[Alert, ...]


# --- time -----------------------------------------------------------------------------------------------------


class SetTimer(Effect, frozen=True):
    """Post TimerFired(name) after so many milliseconds; a timer of that name starts anew."""

    name: str
    after_ms: int


class CancelTimer(Effect, frozen=True):
    """Forget a timer."""

    name: str


# --- what is told to the fleet's store (mqtt.messages.KioskEvent) ---------------------------------------------


class RecordPlay(Effect, frozen=True):
    """An advert was on the glass for `shown_ms` of monotonic time. Fields as in mqtt.messages.AdvertPlayed."""

    advert: str
    shown_ms: int
    version: str = ""
    creative: str = ""
    name: str = ""
    playlist: str = ""
    booking: str = ""
    kind: str = ""
    began_ms: int = 0
    began_mono_ms: int = 0
    ended: str = ""
    drawn: bool = False  # the agent's to say, which hears the screen
    touched: bool = False
    how_ms: int = 0


class RecordImpressions(Effect, frozen=True):
    """Facings seen within one Unix minute: (facing, times, milliseconds)."""

    aisle: str
    minute: int
    seen: tuple[tuple[int, int, int], ...]
    version: str = ""


class RecordEngagement(Effect, frozen=True):
    """Somebody did something: start, aisle, product, add, basket, checkout, pay, cancel, code, code-told,
    language, reach, reset, taken-out (of a basket, because it is sold out or recalled), tap (a phone held to the reader has the address; `detail` is its product's GTIN or "").
    """

    what: str
    detail: str = ""
    facing: int = 0


class RecordScan(Effect, frozen=True):
    """A code was read. `outcome`: product | code | unknown | refused."""

    kind: str
    outcome: str
    gtin: str = ""


class AdoptStore(Effect, frozen=True):
    """The session now sells from the store of that version: shelves and Shop may be exchanged."""

    version: str


AnyEffect = (
    RememberPayment | CreateCharge | CancelCharge | QueryCharge | RefundCharge | RecordSale | RecordRefund
    | ClosePayment | PrintReceipt | AskCode | ArmReader | TellDeviceTest | TellIdentified | TellAlerts | SetTimer | CancelTimer | RecordPlay | RecordImpressions
    | RecordEngagement | RecordScan | AdoptStore
)  # fmt: skip
