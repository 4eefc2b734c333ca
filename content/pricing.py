"""What things cost: the one place where kiosk and fleet work out a price. Pure and exact, in minor units.

`now` is Unix seconds, or None where the clock cannot be trusted: a sale with an end is then not given (nobody knows
whether it is over), a sale without any date is. Whatever is combined, a buyer never pays more than the normal price.
"""

from __future__ import annotations

from collections.abc import Iterable

from content.model import Measure, MultiBuy, New, Product, Sale, TakeForLess
from content.money import Money

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


def running(sale: Sale | None, now: int | None) -> bool:
    """Whether a sale applies at `now`: from `since` on, until just before `until`."""
    if sale is None:
        return False
    if now is None:
        return sale.since is None and sale.until is None
    return (sale.since is None or sale.since <= now) and (sale.until is None or now < sale.until)


def price_at(product: Product, now: int | None) -> Money:
    """What one piece costs at `now`."""
    price = product.price
    for sale in (product.sale, product.drop):
        if sale is not None and running(sale, now):
            price = min(price, sale.price)
    return price


def price_before(product: Product, now: int | None) -> Money | None:
    """The normal price, where a sale lowers it at `now`; to be shown struck through."""
    return product.price if price_at(product, now) < product.price else None


def line_total(product: Product, quantity: int, now: int | None) -> Money:
    """What `quantity` pieces cost at `now`, with sale and offer; pieces beyond whole groups cost the piece price."""
    price = price_at(product, now)
    match product.offer:
        case MultiBuy(quantity=group, price=together) if group > 0:
            groups, rest = divmod(quantity, group)
            return min(together, price * group) * groups + price * rest
        case TakeForLess(take=take, pay=pay) if 0 <= pay <= take and take > 0:
            groups, rest = divmod(quantity, take)
            return price * (groups * pay + rest)
        case _:
            return price * quantity


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
    match product.offer:
        case MultiBuy(quantity=group, price=together) if together < price * group:
            return "multi-buy", (group, together.minor)
        case TakeForLess(take=take, pay=pay) if 0 <= pay < take:
            return "take-for-less", (take, pay)
        case _ if price < product.price:
            return "sale", ((product.price.minor - price.minor) * 100 // product.price.minor,)
        case New():
            return "new", ()
        case _:
            return "", ()


def next_change(product: Product, now: int) -> int | None:
    """The next moment after `now` at which the price of one piece changes by itself; None for never."""
    moments = (
        t for sale in (product.sale, product.drop) if sale is not None for t in (sale.since, sale.until)
    )
    return min((t for t in moments if t is not None and t > now), default=None)


__all__ = [
    "UNITS", "badge", "basket_total", "comparable", "line_saved", "line_total", "measure_text", "next_change", "price_at",
    "price_before", "running", "unit_price",
]  # fmt: skip
