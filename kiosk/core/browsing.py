"""Looking and choosing: the attract loop, the shelves, a product, the basket."""

from __future__ import annotations

from content.model import Product
from kiosk.core import basket, codes
from kiosk.core.effects import RecordEngagement, RecordScan
from kiosk.core.events import (
    AisleOpened,
    AnyEvent,
    BasketOpened,
    CheckoutAsked,
    CodeEntryAsked,
    CodeScanned,
    FacingsSeen,
    ProductAdded,
    ProductOpened,
    QuantitySet,
    Started,
    StartOverAsked,
    WentBack,
)
from kiosk.core.idling import reset
from kiosk.core.impressions import see
from kiosk.core.orders import MAX_ATTEMPTS, BadOrder, parse_claim, reference_of
from kiosk.core.state import Attracting, Browsing, Choosing, Reviewing, Turn, Viewing


def attracting(turn: Turn, event: AnyEvent) -> None:
    """Nobody was here until now."""
    match event:
        case Started(advert=advert, product=product):
            begin(turn, advert)
            turn.set(advert=advert)
            link = next((a.link for a in turn.session.store.adverts if a.key == advert), "")
            if product is not None:
                open_product(turn, product, product.facing)
            elif link:
                open_aisle(turn, link)
        case AisleOpened() | ProductOpened() | ProductAdded():
            begin(turn)
            browsing(turn, event)
        case CodeEntryAsked():
            begin(turn)
            codes.open_entry(turn)
        case CodeScanned():
            scanned(turn, event)
        case _:
            pass


def browsing(turn: Turn, event: AnyEvent) -> None:
    """At the shelves. The other shopping screens fall back to this."""
    match event:
        case FacingsSeen(facings=facings):
            see(turn, facings)
        case AisleOpened(aisle=aisle):
            open_aisle(turn, aisle)
        case ProductOpened(product=product, facing=facing):
            open_product(turn, product, facing)
        case ProductAdded(product=product, facing=facing, quantity=quantity):
            basket.add(turn, product, facing, quantity)
        case QuantitySet(gtin=gtin, quantity=quantity, product=product, facing=facing):
            basket.set_quantity(turn, gtin, quantity, product, facing)
        case BasketOpened():
            turn.go(Reviewing())
            turn.do(RecordEngagement("basket"))
        case CheckoutAsked(order=order, claim=claim):
            checkout(turn, order, claim)
        case CodeEntryAsked():
            codes.open_entry(turn)
        case CodeScanned():
            scanned(turn, event)
        case StartOverAsked():
            reset(turn, "start-over")
        case _:
            pass


def viewing(turn: Turn, event: AnyEvent) -> None:
    """At one product."""
    if isinstance(event, WentBack):
        turn.go(Browsing())
    else:
        browsing(turn, event)


def reviewing(turn: Turn, event: AnyEvent) -> None:
    """At the basket."""
    viewing(turn, event)


def begin(turn: Turn, detail: str = "") -> None:
    """Somebody is here."""
    aisles = turn.session.store.aisles
    turn.set(state=Browsing(), aisle=aisles[0].key if aisles else "")
    turn.do(RecordEngagement("start", detail))


def open_aisle(turn: Turn, aisle: str) -> None:
    """Show an aisle, if the store has it."""
    if any(known.key == aisle for known in turn.session.store.aisles):
        turn.set(state=Browsing(), aisle=aisle)
        turn.do(RecordEngagement("aisle", aisle))


def open_product(turn: Turn, product: Product, facing: int) -> None:
    """Show a product large."""
    turn.go(Viewing(product, facing))
    turn.do(RecordEngagement("product", product.gtin, facing))


def scanned(turn: Turn, event: CodeScanned) -> None:
    """A code: the product it stands for opens; scanned once more, a piece goes into the basket. Others are asked of the fleet."""
    if event.kind in codes.SCANNED:
        if isinstance(turn.session.state, Attracting):
            begin(turn, "scan")
        codes.scanned(turn, event)
        return
    product = event.product
    if product is None:
        turn.do(RecordScan(event.kind, "unknown"))
        turn.say(no_use(event.kind), tone="bad")
        return
    turn.do(RecordScan(event.kind, "product", product.gtin))
    state = turn.session.state
    if isinstance(state, Viewing) and state.product.gtin == product.gtin:
        if basket.add(turn, product, event.facing, 1) and not product.age_min:
            turn.say("added", tone="good")
        return
    if isinstance(state, Attracting):
        begin(turn, "scan")
    open_product(turn, product, event.facing)


def read_again(turn: Turn, event: CodeScanned) -> bool:
    """Whether it is the code of a moment ago, still held there, or seen by two scanners: a second piece nobody asked for.

    Every reading begins the moment anew, as scanners have it: a code must be out of sight for that long to be read again.
    """
    what = event.product.gtin if event.product is not None else f"{event.kind} {event.text}"
    before, when = turn.session.scanned
    turn.set(scanned=(what, turn.now))
    return what == before and turn.now - when < turn.session.settings.rescan_ms


def no_use(kind: str) -> str:
    """What is said of a code that leads nowhere here."""
    match kind:
        case "gtin" | "gs1" | "digital-link":
            return "not-sold-here"
        case "voucher":
            return "no-vouchers"
        case "member":
            return "no-members"
        case "badge":
            return "no-badges"
        case "url":
            return "foreign-address"
        case _:
            return "unknown-code"


def scan_refused(turn: Turn, event: CodeScanned) -> None:
    """A code while something more important is on the screen."""
    turn.do(RecordScan(event.kind, "refused"))
    turn.say("one-moment")


def checkout(turn: Turn, name: str, claim: str) -> None:
    """Make the basket an order. Raises BadOrder for a name or a claim code that is none.

    An unchanged basket keeps its order, and with it the claim code: late money for an earlier attempt then pays for it instead of for a twin.
    A new order holds no more of a product than an order may by then: what is too much goes, and the basket says so.
    """
    session = turn.session
    reference_of(name, 0)
    if parse_claim(claim) != claim:
        raise BadOrder(f"order {name}: its claim code is not written like K7Q2-9MXT")
    if basket.total(session).minor <= 0:
        turn.say("nothing-to-pay")
        return
    if session.order is None or session.attempts >= MAX_ATTEMPTS:
        if over := basket.over_cap(session):
            basket.cut(turn, over)
            turn.go(Reviewing())
            return
        turn.set(order=basket.order_of(session, name, claim), attempts=0)
    turn.go(Choosing())
    turn.do(RecordEngagement("checkout"))
