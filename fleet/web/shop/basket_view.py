"""What the basket's page shows, as plain values: lines at today's prices, what has changed since, and every way to get them."""

from __future__ import annotations

from msgspec import Struct

from content import pricing
from content.model import Availability, Product
from content.money import Money
from content.store import AnyStore
from fleet.web.shop.basket_cookie import MOST, Basket
from fleet.web.shop.product_view import most_of
from fleet.web.words import Words


class LinePage(Struct, frozen=True, kw_only=True):
    """One line of the basket."""

    gtin: str
    name: str
    size: str
    link: str  # "" where the product is not in the store any more
    picture: bool
    quantity: int
    fewer: int
    more: int | None  # None where there are MOST already
    total: str
    saved: str
    note: str  # what has changed since it was put in, "" where nothing
    out: bool  # cannot be had: not in the total


class BasketPage(Struct, frozen=True, kw_only=True):
    """The basket. `totals` (minor units by GTIN) is what its owner is being shown."""

    lines: tuple[LinePage, ...]
    goods: Money
    saved: str
    count: int
    age_min: int
    changed: bool
    totals: dict[str, int]


def bought(basket: Basket, store: AnyStore) -> list[tuple[Product, int]]:
    """The lines that can be had, in their order."""
    found = ((store.product(piece.gtin), piece.quantity) for piece in basket.pieces)
    return [(product, quantity) for product, quantity in found if product is not None and can_be_had(product)]


def can_be_had(product: Product) -> bool:
    """Whether a product can be bought now."""
    return product.availability is not Availability.OUT_OF_STOCK


def goods_total(basket: Basket, store: AnyStore, now: int) -> Money:
    """What all that can be had costs, with offers, as the wall works it out."""
    return pricing.basket_total(bought(basket, store), store.store.currency, now)


def basket_page(basket: Basket, store: AnyStore, say: Words, now: int) -> BasketPage:
    """The basket as its page shows it at `now` (Unix seconds)."""
    goods = bought(basket, store)
    totals = {product.gtin: pricing.line_total(product, quantity, now).minor for product, quantity in goods}
    total = pricing.basket_total(goods, store.store.currency, now)
    normal = sum(product.price.minor * quantity for product, quantity in goods)
    lines = tuple(
        _line(
            basket, place, store.product(piece.gtin), totals.get(piece.gtin), say, now, store.store.currency
        )
        for place, piece in enumerate(basket.pieces)
    )
    saved = normal - total.minor
    return BasketPage(
        lines=lines, goods=total, count=sum(quantity for _, quantity in goods), totals=totals,
        saved=say("product.saved", say.money(Money(saved, total.currency))) if saved > 0 else "",
        age_min=max((product.age_min for product, _ in goods), default=0),
        changed=any(line.note for line in lines),
    )  # fmt: skip


def _line(
    basket: Basket,
    place: int,
    product: Product | None,
    total: int | None,
    say: Words,
    now: int,
    currency: str,
) -> LinePage:
    piece = basket.pieces[place]
    note = ""
    if product is None:
        note = say("basket.gone")
    elif total is None:
        note = say("basket.recalled" if product.recall is not None else "basket.sold-out")
    elif total != piece.seen:
        was = say.money(Money(piece.seen, currency))
        note = say("basket.dearer" if total > piece.seen else "basket.cheaper", was)
    saved = pricing.line_saved(product, piece.quantity, now) if product and total is not None else None
    return LinePage(
        gtin=piece.gtin, name=say.text(product.names) if product else piece.gtin,
        size=say.measure(product.size) if product else "",
        link=_link(basket, piece.gtin) if product else "",
        picture=bool(product and product.picture), quantity=piece.quantity, fewer=piece.quantity - 1,
        more=piece.quantity + 1 if piece.quantity < (most_of(product, now) if product else MOST) else None,
        total="" if total is None else say.money(Money(total, currency)),
        saved=say("product.saved", say.money(saved)) if saved else "", note=note, out=total is None,
    )  # fmt: skip


def stem_of(basket: Basket) -> str:
    """What the addresses of pages at the place a basket was begun at begin with; "" for no wall."""
    return f"/{basket.kiosk}/{basket.spot}" if basket.kiosk else ""


def _link(basket: Basket, gtin: str) -> str:
    stem = stem_of(basket)
    return f"{stem}/01/{gtin}" if stem else f"/p/{gtin}"
