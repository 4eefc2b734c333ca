"""What changes under people's hands: products sold out, lowered or taken down while they stand in a basket.

A recall stops the sale wherever it is: it takes the product out of the basket, leads back from choosing how to pay, and
has a charge under way cancelled. Money that comes all the same goes back whole (kiosk.core.settling): a reference ends
in one sale or one refund, and no sale is made of what was recalled. What is merely sold out leaves the basket too, but a
payment under way is kept. Of the price that was seen and the new one the lower counts.
"""

from __future__ import annotations

from msgspec import structs

from content.model import Availability, Product
from kiosk.core import basket
from kiosk.core.effects import RecordEngagement
from kiosk.core.events import LiveChanged
from kiosk.core.paying import RECALLED, give_up
from kiosk.core.state import (
    Browsing,
    Choosing,
    Paying,
    Pending,
    Pick,
    Reviewing,
    Session,
    Tapping,
    Troubled,
    Turn,
    Viewing,
)

BUYING = Browsing | Viewing | Reviewing | Choosing | Tapping


def live_changed(turn: Turn, event: LiveChanged) -> None:
    """Products are otherwise than a moment ago; what follows is `keep_current`'s."""
    now = {product.gtin: product for product in event.products}
    picks = tuple(_current(turn.session, pick, now.get(pick.product.gtin)) for pick in turn.session.basket)
    turn.set(recalled=event.recalled, basket=picks)
    state = turn.session.state
    if isinstance(state, Viewing) and state.product.gtin in now:
        turn.go(structs.replace(state, product=now[state.product.gtin]))


def is_recalled(session: Session, pending: Pending) -> bool:
    """Whether something in an order was recalled."""
    return any(line.gtin in session.recalled for line in pending.payment.order.lines)


def keep_current(turn: Turn, before: Session) -> None:
    """After every event: nothing that cannot be had stands in a basket, and no order costs more than its basket."""
    state = turn.session.state
    if isinstance(state, Paying):
        _stop_payment(turn, state)
        return
    gone = [pick for pick in turn.session.basket if pick.product.availability is Availability.OUT_OF_STOCK]
    if gone:
        _take_out(turn, gone, paid_for=isinstance(before.state, Paying))
    order = turn.session.order
    if order is not None and turn.session.basket and basket.total(turn.session) != order.total:
        _price_anew(turn)


def _current(session: Session, pick: Pick, product: Product | None) -> Pick:
    """A line at the lower one of its price and the product's new one, with the word whether it can be had."""
    if product is None:
        return pick
    new = basket.repriced(session, pick, product)
    if new is not pick:
        return new
    said = structs.replace(pick.product, availability=product.availability, recall=product.recall)
    return structs.replace(pick, product=said)


def _take_out(turn: Turn, gone: list[Pick], *, paid_for: bool) -> None:
    turn.set(basket=tuple(pick for pick in turn.session.basket if pick not in gone), order=None)
    for pick in gone:
        turn.do(RecordEngagement("taken-out", pick.product.gtin, pick.facing))
    worst = next((pick for pick in gone if pick.product.recall is not None), gone[0])
    name, recalled = basket.name_of(turn.session, worst.product), worst.product.recall is not None
    state = turn.session.state
    if isinstance(state, Troubled):
        return  # it says what became of the money
    if recalled and isinstance(state, BUYING):
        turn.go(Viewing(worst.product, worst.facing))
    elif isinstance(state, Choosing | Tapping):
        turn.go(Reviewing() if turn.session.basket else Browsing())
    turn.set(touched_ms=turn.now, warned_ms=None)  # there is something to read
    if recalled and paid_for:
        turn.say("recall-stopped", name, tone="bad")
    elif recalled:
        turn.say("recalled-basket", name, tone="bad")
    else:
        turn.say("sold-out-basket", name, tone="bad")


def _price_anew(turn: Turn) -> None:
    """An order nobody has asked a charge for is written anew; another one is left: the next has a name of its own."""
    session, state = turn.session, turn.session.state
    assert session.order is not None, "looked at before"
    if session.attempts == 0 and isinstance(state, Choosing | Tapping):
        turn.set(order=basket.order_of(session, session.order.order, session.order.claim))
    else:
        turn.set(order=None)
        if isinstance(state, Choosing | Tapping):
            turn.go(Reviewing())
    turn.say("price-lower", tone="good")


def _stop_payment(turn: Turn, state: Paying) -> None:
    pending = turn.session.pending.get(state.reference)
    if pending is None or pending.outcome != "open" or state.wish or not is_recalled(turn.session, pending):
        return
    lines = pending.payment.order.lines
    turn.say(
        "recalled-paying", next(line.name for line in lines if line.gtin in turn.session.recalled), tone="bad"
    )
    give_up(turn, RECALLED)
