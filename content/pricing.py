"""What things cost: the one place where kiosk and fleet work out a price. Pure and exact, in minor units.

`now` is Unix seconds, or None where the clock cannot be trusted: a sale with an end is then not given (nobody knows
whether it is over), a sale without any date is, and an offer with hours as they say themselves (`Hours.untrusted`).
Offers do not add up: of those that run the best for the buyer counts, and nobody ever pays more than the normal price.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from content import schedule
from content.model import Measure, MultiBuy, New, Product, Reduction, Sale, TakeForLess
from content.money import Money
from content.schedule import Hours, is_on

# Units that measure the same thing, in multiples of the smallest (Google Merchant, unit_pricing_measure). US customary
# units stand apart: they are no whole multiple of a metric one, and no shop gives a pack in one and its price in the other.
_UNITS = {
    "mg": ("mass", 1), "g": ("mass", 1000), "kg": ("mass", 1_000_000),
    "ml": ("volume", 1), "cl": ("volume", 10), "l": ("volume", 1000), "cbm": ("volume", 1_000_000),
    "cm": ("length", 1), "m": ("length", 100),
    "sqm": ("area", 1), "ct": ("count", 1),
    "oz": ("us mass", 1), "lb": ("us mass", 16),
    "floz": ("us volume", 1), "pt": ("us volume", 16), "qt": ("us volume", 32), "gal": ("us volume", 128),
    "in": ("us length", 1), "ft": ("us length", 12), "yd": ("us length", 36),
    "sqft": ("us area", 1),
}  # fmt: skip
UNITS = tuple(_UNITS)


def comparable(unit: str, other: str) -> bool:
    """Whether two units measure the same thing, so that a unit price can be given: "g" and "kg" do."""
    return unit in _UNITS and other in _UNITS and _UNITS[unit][0] == _UNITS[other][0]


def offers_at(product: Product, now: int | None) -> list[Reduction]:
    """All offers of a product that run at `now`: the feed's own first, then the operator's in their order."""
    return [offer for offer in _all_offers(product) if running(offer, now)]


def _all_offers(product: Product) -> list[Reduction]:
    own = (product.sale, product.offer, product.drop)
    return [offer for offer in own if offer is not None] + list(product.further)


def running(offer: Reduction | None, now: int | None) -> bool:
    """Whether an offer runs at `now`: from `since` on, until just before `until`, and in its hours."""
    if offer is None or (offer.hours is not None and not _is_on(offer.hours, now)):
        return False
    if not isinstance(offer, Sale):
        return True
    if now is None:
        return offer.since is None and offer.until is None
    return (offer.since is None or offer.since <= now) and (offer.until is None or now < offer.until)


def price_at(product: Product, now: int | None) -> Money:
    """What one piece costs at `now`."""
    if product.sale is None and product.drop is None and not product.further:
        return product.price
    sales = [offer.price for offer in offers_at(product, now) if isinstance(offer, Sale)]
    return min(product.price, *sales) if sales else product.price


def price_before(product: Product, now: int | None) -> Money | None:
    """The normal price, where a sale lowers it at `now`; to be shown struck through."""
    return product.price if price_at(product, now) < product.price else None


def line_total(product: Product, quantity: int, now: int | None) -> Money:
    """What `quantity` pieces cost at `now`: with whatever offers run, and at the buyer's best.

    Pieces beyond an offer's `most` and beyond whole groups cost what a piece costs without it.
    """
    offers = offers_at(product, now)
    steps = sorted(
        (offer.price.minor, offer.most)
        for offer in offers
        if isinstance(offer, Sale) and offer.price <= product.price
    )
    steps.append((product.price.minor, 0))
    totals = [_filled(steps, quantity)]
    totals += [total for offer in offers for total in _grouped(offer, steps, quantity)]
    return Money(min(totals), product.price.currency)


def _filled(steps: list[tuple[int, int]], quantity: int) -> int:
    """What pieces cost one by one, in minor units: the cheapest first, of each step as many as there are (0: any number)."""
    total = 0
    for price, most in steps:
        taken = min(quantity, most) if most else quantity
        total += price * taken
        quantity -= taken
    return total


def _grouped(offer: Reduction, steps: list[tuple[int, int]], quantity: int) -> list[int]:
    """What pieces cost with whole groups of an offer."""
    match offer:
        case MultiBuy(quantity=size, price=together) if size > 0:
            paid, cost = 0, together.minor
        case TakeForLess(take=size, pay=pay) if 0 <= pay <= size and size > 0:
            paid, cost = pay, 0
        case _:
            return []
    groups = (min(quantity, offer.most) if offer.most else quantity) // size
    # Each further group saves as much as the one before it, but where some pieces are cheaper than others.
    tried = range(1, groups + 1) if len(steps) > 1 else range(groups, groups + 1)
    return [_filled(steps, quantity - count * (size - paid)) + count * cost for count in tried]


def limit_at(product: Product, now: int | None) -> int | None:
    """How many pieces of a product one order may hold at `now`; None where no offer limits it."""
    return min((offer.limit for offer in offers_at(product, now) if offer.limit), default=None)


def line_saved(product: Product, quantity: int, now: int | None) -> Money | None:
    """How much less than the normal price `quantity` pieces cost, None where nothing is saved."""
    saved = product.price * quantity - line_total(product, quantity, now)
    return saved if saved.minor > 0 else None


def basket_total(lines: Iterable[tuple[Product, int]], currency: str, now: int | None) -> Money:
    """The sum over (product, quantity). Raises CurrencyMismatch where a product is not sold in `currency`."""
    total = Money(0, currency)
    for product, quantity in lines:
        total += line_total(product, quantity, now)
    return total


def unit_price(product: Product, now: int | None) -> Money | None:
    """The price per `unit_base` at `now`, rounded half up to the minor unit; None where sizes are not comparable."""
    price = price_at(product, now)
    size, base = _smallest(product.size), _smallest(product.unit_base)
    if size is None or base is None or size[0] != base[0]:
        return None
    over, under = price.minor * base[1], size[1]
    return Money((2 * over + under) // (2 * under), price.currency)


def _smallest(measure: Measure | None) -> tuple[str, int] | None:
    """What is measured, and how much of it in thousandths of the smallest unit; None for nothing or an unknown unit."""
    if measure is None or measure.milli <= 0 or measure.unit not in _UNITS:
        return None
    kind, factor = _UNITS[measure.unit]
    return kind, measure.milli * factor


def measure_text(measure: Measure | None) -> str:
    """A measure as it stands on a label, without needless zeros: "1.5 kg", "500 g", "6 ct", "" for None."""
    if measure is None:
        return ""
    whole, milli = divmod(measure.milli, 1000)
    fraction = f".{milli:03}".rstrip("0") if milli else ""
    return f"{whole}{fraction} {measure.unit}"


def badge(product: Product, now: int | None) -> tuple[str, tuple[int, ...]]:
    """The badge to hang on a facing: its key and arguments as in kiosk.views.Facing; ("", ()) for none.

    An offer goes before a sale price. A percentage is rounded down: a badge promises no more than is given.
    """
    price = price_at(product, now)
    offers = offers_at(product, now)
    for offer in offers:
        match offer:
            case MultiBuy(quantity=group, price=together) if together < price * group:
                return "multi-buy", (group, together.minor)
            case TakeForLess(take=take, pay=pay) if 0 <= pay < take:
                return "take-for-less", (take, pay)
            case _:
                pass
    if price < product.price:
        return "sale", ((product.price.minor - price.minor) * 100 // product.price.minor,)
    return ("new", ()) if any(isinstance(offer, New) for offer in offers) else ("", ())


def timed(product: Product) -> bool:
    """Whether anything of what a product costs begins or ends by itself."""
    return any(
        (offer.hours is not None and not offer.hours.always)
        or (isinstance(offer, Sale) and (offer.since is not None or offer.until is not None))
        for offer in _all_offers(product)
    )


def next_change(product: Product, now: int) -> int | None:
    """The next moment after `now` at which an offer of it begins or ends by itself; None for never."""
    changes: list[int | None] = []
    for offer in _all_offers(product):
        if isinstance(offer, Sale):
            changes += [at for at in (offer.since, offer.until) if at is not None and at > now]
        if offer.hours is not None:
            changes.append(_next_change(offer.hours, now))
    return min((at for at in changes if at is not None), default=None)


@lru_cache(maxsize=512)  # a wall asks about the same few hours for each of its facings
def _is_on(hours: Hours, now: int | None) -> bool:
    return is_on(hours, now)


@lru_cache(maxsize=512)
def _next_change(hours: Hours, now: int) -> int | None:
    return schedule.next_change(hours, now)


__all__ = [
    "UNITS", "badge", "basket_total", "comparable", "limit_at", "line_saved", "line_total", "measure_text", "next_change",
    "offers_at", "price_at", "price_before", "running", "timed", "unit_price",
]  # fmt: skip
