"""The basket: what was picked, at the price it had when it was picked, and the order that comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from content import pricing
from content.model import Availability, Product, text_in
from content.money import Money
from content.slots import at_counter
from kiosk.core import reading
from kiosk.core.effects import RecordEngagement
from kiosk.core.orders import Line, Order
from kiosk.core.state import Pick, Session, Turn


def price_of(pick: Pick) -> Money:
    """What one piece costs in this basket."""
    return pricing.price_at(pick.product, pick.priced_at)


def total_of(pick: Pick) -> Money:
    """What the line costs, offer included."""
    return pricing.line_total(pick.product, pick.quantity, pick.priced_at)


def saved_of(pick: Pick) -> Money | None:
    """How much less than the normal price the line costs; None for nothing."""
    return pricing.line_saved(pick.product, pick.quantity, pick.priced_at)


def name_of(session: Session, product: Product) -> str:
    """What the product is called here."""
    return text_in(product.names, session.language)


def total(session: Session) -> Money:
    """What the basket costs, exactly."""
    amount = Money(0, session.store.currency)
    for pick in session.basket:
        amount += total_of(pick)
    return amount


def saved(session: Session) -> Money | None:
    """What all lines save together; None for nothing."""
    amount = sum(one.minor for pick in session.basket if (one := saved_of(pick)) is not None)
    return Money(amount, session.store.currency) if amount else None


def quantity_of(session: Session, gtin: str) -> int:
    """Pieces of a product in the basket."""
    return sum(pick.quantity for pick in session.basket if pick.product.gtin == gtin)


def count(session: Session) -> int:
    """Pieces in the basket."""
    return sum(pick.quantity for pick in session.basket)


def age_min(session: Session) -> int:
    """Years one must have for everything in the basket; 0 for no limit."""
    return max((pick.product.age_min for pick in session.basket), default=0)


def best_moment(session: Session, product: Product, quantity: int) -> int | None:
    """Of the moments whose prices may have stood on the glass of late the one where so many were cheapest; now, where none was.

    Not a moment at which an order could not hold so many: no more pieces have an offer's price than it lets one have.
    """
    seen = reading.seen(session)
    moments = [moment for moment in seen if allows(product, quantity, moment)] or seen[:1]
    return min(moments, key=lambda moment: pricing.line_total(product, quantity, moment).minor)


def allows(product: Product, quantity: int, moment: int | None) -> bool:
    """Whether an order could hold so many at a moment."""
    limit = pricing.limit_at(product, moment)
    return limit is None or quantity <= limit


def most_of(session: Session, product: Product) -> int:
    """How many pieces of a product an order may hold now: a line that has an offer's price keeps the offer's cap with it."""
    pick = next((pick for pick in session.basket if pick.product.gtin == product.gtin), None)
    limits = [pricing.limit_at(product, session.at.now)]
    if pick is not None:
        limits.append(pricing.limit_at(pick.product, pick.priced_at))
    return min([session.settings.max_quantity, *(limit for limit in limits if limit is not None)])


def over_cap(session: Session) -> tuple[Pick, ...]:
    """Lines with more pieces than an order may hold by now: a capped offer began after they were picked."""
    return tuple(pick for pick in session.basket if pick.quantity > most_of(session, pick.product))


def cut(turn: Turn, picks: Sequence[Pick]) -> None:
    """Leave of lines what an order may hold, at the best of the price they had and today's; say so."""
    for pick in picks:
        most = most_of(turn.session, pick.product)
        line = repriced(turn.session, structs.replace(pick, quantity=most), pick.product)
        turn.set(basket=tuple(line if one is pick else one for one in turn.session.basket), order=None)
        turn.do(RecordEngagement("remove", pick.product.gtin, pick.facing))
    turn.say("line-full", tone="bad")


def repriced(session: Session, pick: Pick, product: Product) -> Pick:
    """A line of `product` as it is now, at the lower one of the price it has and today's, as far as a cap lets it."""
    moment = best_moment(session, product, pick.quantity)
    new = structs.replace(pick, product=product, priced_at=moment)
    cheaper = allows(product, pick.quantity, moment) and total_of(new) < total_of(pick)
    return new if cheaper else pick


def add(turn: Turn, product: Product, facing: int, quantity: int) -> bool:
    """Put pieces into the basket, or say why not."""
    if quantity < 1:
        return False
    return put(turn, product, facing, quantity_of(turn.session, product.gtin) + quantity)


def carry(turn: Turn, product: Product, quantity: int) -> bool:
    """Have as many pieces of a product that came along from a phone as one may have; False where it is not sold here now."""
    quantity = min(quantity, most_of(turn.session, product))
    return not _refusal(turn.session, product, quantity) and put(turn, product, product.facing, quantity)


def put(turn: Turn, product: Product, facing: int, quantity: int) -> bool:
    """Have exactly `quantity` pieces of a product in the basket, or say why not."""
    refused = _refusal(turn.session, product, quantity)
    if refused:
        turn.say(refused, tone="bad")
        return False
    picks = {pick.product.gtin: pick for pick in turn.session.basket}
    before = picks.get(product.gtin)
    if before is None:
        pick = Pick(product, facing, quantity, best_moment(turn.session, product, quantity))
    else:
        pick = repriced(turn.session, structs.replace(before, quantity=quantity), product)
    picks[product.gtin] = pick
    turn.set(basket=tuple(picks.values()), order=None)
    turn.do(RecordEngagement("add", product.gtin, facing))
    if product.age_min:
        turn.say("age-check", str(product.age_min))
    return True


def _refusal(session: Session, product: Product, quantity: int) -> str:
    known = quantity_of(session, product.gtin)
    if product.recall is not None:
        return "recalled"
    if product.availability is Availability.OUT_OF_STOCK and quantity > known:
        return "sold-out"
    if product.price.currency != session.store.currency or product.price.minor < 0:
        return "not-sold-here"
    store = session.store
    if not at_counter(product, store.fulfilments, store.merchants):
        return "phone-only"
    if quantity > max(most_of(session, product), min(known, session.settings.max_quantity)):
        return "line-full"
    if not known and len(session.basket) >= session.settings.max_lines:
        return "basket-full"
    return ""


def set_quantity(turn: Turn, gtin: str, quantity: int, product: Product | None, facing: int) -> None:
    """Have exactly that many pieces; 0 takes the line out. Unknown products and negative numbers change nothing."""
    known = next((pick for pick in turn.session.basket if pick.product.gtin == gtin), None)
    if quantity == 0 and known is not None:
        turn.set(basket=tuple(p for p in turn.session.basket if p is not known), order=None)
        turn.do(RecordEngagement("remove", gtin, known.facing))
    elif quantity > 0 and known is not None:
        put(turn, known.product, known.facing, quantity)
    elif quantity > 0 and product is not None:
        put(turn, product, facing, quantity)


def order_of(session: Session, name: str, claim: str) -> Order:
    """The basket as an order. The same basket keeps the order it has: then money for both can never be taken twice."""
    lines = tuple(
        Line(
            pick.product.gtin,
            text_in(pick.product.names, session.language),
            pick.quantity,
            price_of(pick),
            total_of(pick),
            pick.facing,
        )
        for pick in session.basket
    )
    return Order(name, lines, total(session), session.store.version, claim, age_min(session))
