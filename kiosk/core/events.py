"""All that can happen. Each event says when; what the core cannot look up or dream up comes with it.

The agent makes them: from intents (adding the product a code stands for, and a fresh order name with its claim code), from the fleet's
charge states, from devices and from timers. An event that does not fit the moment changes nothing.
"""

from __future__ import annotations

from msgspec import Struct

from content.alerts import Alert
from content.model import Product, Store
from content.money import Money
from kiosk.core.orders import Payment
from kiosk.core.terms import Terms
from kiosk.guided import Step


class Stamp(Struct, frozen=True):
    """A moment on both clocks: durations are measured on `mono_ms`, dates are read from `wall_ms` (Unix).

    `trusted` says whether the wall clock may decide about dated offers (no before the first time sync).
    """

    mono_ms: int
    wall_ms: int
    trusted: bool = True

    @property
    def now(self) -> int | None:
        """Unix seconds for content.pricing; None where the clock is not trusted."""
        return self.wall_ms // 1000 if self.trusted else None


class Event(Struct, frozen=True, tag=True, tag_field="event"):
    """Something happened at `at`."""

    at: Stamp


class ByPerson(Event, frozen=True):
    """Somebody at the wall did something: nobody is idle."""


# --- a person, from kiosk.views' intents ----------------------------------------------------------------------


class Touched(ByPerson, frozen=True):
    """views.Touch: the glass was touched anywhere."""


class Started(ByPerson, frozen=True):
    """views.Start: left the attract loop; `advert` was touched, `product` is what it links to, if it does."""

    advert: str = ""
    product: Product | None = None


class AisleOpened(ByPerson, frozen=True):
    """views.OpenAisle."""

    aisle: str


class ProductOpened(ByPerson, frozen=True):
    """views.OpenProduct, with the product looked up."""

    product: Product
    facing: int = 0


class ProductAdded(ByPerson, frozen=True):
    """views.Add, with the product looked up."""

    product: Product
    facing: int = 0
    quantity: int = 1


class QuantitySet(ByPerson, frozen=True):
    """views.SetQuantity; `product` is looked up, so that 1 can also be set where 0 were."""

    gtin: str
    quantity: int
    product: Product | None = None
    facing: int = 0


class BasketOpened(ByPerson, frozen=True):
    """views.OpenBasket."""


class CheckoutAsked(ByPerson, frozen=True):
    """views.Checkout. `order` and `claim` are fresh, and neither tells anything of the other.

    `order`: 15 random characters of Crockford's base32 (75 bits). `claim`: content.references.claim_of 40 random bits.
    """

    order: str
    claim: str


class MethodChosen(ByPerson, frozen=True):
    """views.PayBy."""

    method: str


class CancelAsked(ByPerson, frozen=True):
    """views.CancelPay."""


class WentBack(ByPerson, frozen=True):
    """views.Back."""


class LanguageChosen(ByPerson, frozen=True):
    """views.SetLanguage."""

    language: str


class ReachChosen(ByPerson, frozen=True):
    """views.SetReach."""

    on: bool


class StayAsked(ByPerson, frozen=True):
    """views.StayHere."""


class StartOverAsked(ByPerson, frozen=True):
    """views.StartOver."""


class Dismissed(ByPerson, frozen=True):
    """views.Done."""


class RetryAsked(ByPerson, frozen=True):
    """views.Retry."""


class CodeEntryAsked(ByPerson, frozen=True):
    """views.EnterCode."""


class CodeEntered(ByPerson, frozen=True):
    """views.AskCode, read: `kind` claim | basket with `code` as it is written, "unknown" where it can be neither."""

    kind: str
    code: str = ""


class ReceiptAsked(ByPerson, frozen=True):
    """views.PrintReceipt."""


class AnswerGiven(ByPerson, frozen=True):
    """views.Answer."""

    yes: bool


class FacingsSeen(Event, frozen=True):
    """views.Seen: (facing, milliseconds) of facings that were wholly on the glass. Looking is not touching."""

    facings: tuple[tuple[int, int], ...]


# --- peripherals ----------------------------------------------------------------------------------------------


class CodeScanned(ByPerson, frozen=True):
    """A code was read. `kind`: gtin | gs1 | digital-link | voucher | pickup | basket | member | badge | url | unknown.

    `product` where the store has it; `text` is the claim or basket code as it is written, "" for all else.
    """

    kind: str
    text: str
    product: Product | None = None
    facing: int = 0


class CardTapped(ByPerson, frozen=True):
    """A card was held to the armed reader; `token` is keyed, never the card's number."""

    token: str


class PhoneTapped(Event, frozen=True):
    """A phone held to the reader has got an address: a product's (`gtin`, `facing`), or with "" the shop's or a basket's.

    Whoever it is has gone to the phone: the wall is as free as it was.
    """

    gtin: str = ""
    facing: int = 0


class DeviceChanged(Event, frozen=True):
    """`name`: reader | scanner | printer. `state`: absent | opening | ready | lost | failed. `detail`: a printer's no-paper, paper-low ..."""

    name: str
    state: str
    detail: str = ""


class ReceiptPrinted(Event, frozen=True):
    """The receipt of a reference came out."""

    reference: str


class ReceiptFailed(Event, frozen=True):
    """It did not. `why`: no-paper | no-printer."""

    reference: str
    why: str


class DeviceTestStepped(Event, frozen=True):
    """A technician's test of a peripheral shows a step."""

    shown: Step


class DeviceTestEnded(Event, frozen=True):
    """The technician's test is over."""


# --- the fleet: what became of a charge (mqtt.messages.ChargeState, one class per state) ----------------------


class ChargeCreated(Event, frozen=True):
    """State `created`: show `payload`. `expires_ms` and `said_ms` (when it said so) are read from the fleet's wall
    clock, which need not agree with ours; 0 where it does not say. `showable`: a phone could read it from this glass.
    """

    reference: str
    payload: str = ""
    expires_ms: int = 0
    merchant: str = ""
    domain: str = ""
    said_ms: int = 0
    showable: bool = True


class ChargeRefused(Event, frozen=True):
    """The request never led to a charge: the fleet refused it, or it could not be sent at all. Not: no answer came."""

    reference: str
    reason: str = "provider-down"


class ChargeScanned(Event, frozen=True):
    """State `scanned`: somebody's phone has opened the payment."""

    reference: str


class ChargePaid(Event, frozen=True):
    """State `paid`: `amount` came. However often, late or out of order the fleet says so.

    The agent drops it where the ledger has the reference settled. Where the ledger has the payment open and the core
    let it go, PaymentsRecovered comes first. What neither knows goes back to whoever paid.
    """

    reference: str
    amount: Money


class ChargeExpired(Event, frozen=True):
    """State `expired`: nobody paid in time, and nobody can any more."""

    reference: str


class ChargeCancelled(Event, frozen=True):
    """State `cancelled`: confirmed by the provider."""

    reference: str


class ChargeFailed(Event, frozen=True):
    """State `failed`. `reason`: declined | unknown-card | provider-down | bad-request | ..."""

    reference: str
    reason: str = ""


class ChargeUnknown(Event, frozen=True):
    """State `unknown`: the fleet has no such charge."""

    reference: str


class RefundDone(Event, frozen=True):
    """State `refunded`: the money is on its way back."""

    reference: str


class TermsArrived(Event, frozen=True):
    """What may be offered from now on; also what was remembered, when the kiosk starts."""

    terms: Terms


class CodeTold(Event, frozen=True):
    """What the fleet says of a code (mqtt.messages.CodeState, `kind` and `state` as there).

    `payment`: a claim's order as a receipt needs it. `basket`: products the store has, with quantities; `unknown`: GTINs of
    those it has not.
    """

    code: str
    kind: str
    state: str = ""
    payment: Payment | None = None
    since_ms: int = 0
    basket: tuple[tuple[Product, int], ...] = ()
    unknown: tuple[str, ...] = ()
    wait_s: int = 0


class FleetConnected(Event, frozen=True):
    """The fleet can be asked again."""


class FleetLost(Event, frozen=True):
    """The fleet cannot be asked now."""


class PhoneSale(Event, frozen=True):
    """Somebody bought from this wall with a phone."""

    order: str
    claim_code: str


# --- the kiosk itself -----------------------------------------------------------------------------------------


class SaleRecorded(Event, frozen=True):
    """The ledger has committed RecordSale."""

    reference: str


class SaleRefused(Event, frozen=True):
    """It has not. `reason`: settled (this reference), order-sold (by another reference), storage (try again)."""

    reference: str
    reason: str


class PaymentsRecovered(Event, frozen=True):
    """Payments the ledger holds open: all after a restart; with `restarted` off, one the core had let go (ChargePaid).

    `sold`: those of their orders that another payment has already bought.
    """

    payments: tuple[Payment, ...]
    restarted: bool = True
    sold: tuple[str, ...] = ()


class TimerFired(Event, frozen=True):
    """A timer set by SetTimer has run out."""

    name: str


class LiveChanged(Event, frozen=True):
    """Between two releases something changed: `products` are as they are now, `recalled` all that must not be sold."""

    products: tuple[Product, ...]
    recalled: frozenset[str]


class StoreArrived(Event, frozen=True):
    """A verified store is ready. It is adopted when nobody is buying: AdoptStore says when."""

    store: Store
    pictures: str = ""  # absolute folder its pictures lie in; "": where they lay


class ServiceClosed(Event, frozen=True):
    """Stop selling, when what is being paid is done. `reason` is a key of the screen's words."""

    reason: str
    code: str = ""


class ServiceOpened(Event, frozen=True):
    """Sell again."""


class IdentifyAsked(Event, frozen=True):
    """Say over everything which kiosk this is, for so long; over a payment only where it is forced. `id` is the command's."""

    id: str
    address: str
    colour: str
    seconds: int
    force: bool = False


class NightChanged(Event, frozen=True):
    """From now on the panel is dark while nobody is here, or is not any more."""

    dark: bool


class AlertsArrived(Event, frozen=True):
    """What goes before everything from now on: all that is in force, or will be. `said_ms`: when, by the sender's wall clock."""

    alerts: tuple[Alert, ...]
    said_ms: int = 0


AnyEvent = (
    Touched | Started | AisleOpened | ProductOpened | ProductAdded | QuantitySet | BasketOpened | CheckoutAsked
    | MethodChosen | CancelAsked | WentBack | LanguageChosen | ReachChosen | StayAsked | StartOverAsked | Dismissed
    | RetryAsked | CodeEntryAsked | CodeEntered | CodeTold | ReceiptAsked | AnswerGiven | FacingsSeen | CodeScanned | CardTapped
    | PhoneTapped | DeviceChanged | ReceiptPrinted | ReceiptFailed
    | ChargeCreated | ChargeRefused | ChargeScanned | ChargePaid | ChargeExpired | ChargeCancelled | ChargeFailed
    | ChargeUnknown | RefundDone | FleetConnected | FleetLost | PhoneSale | SaleRecorded | SaleRefused
    | PaymentsRecovered | TermsArrived | TimerFired | StoreArrived | ServiceClosed | ServiceOpened
    | LiveChanged | IdentifyAsked | NightChanged | DeviceTestStepped | DeviceTestEnded | AlertsArrived
)  # fmt: skip
