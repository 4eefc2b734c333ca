"""Paying: how the goods are had, where to where they are delivered, by which means, and what it all costs. One form.

The form brings everything an order is made of, its number too: sent again by a bad connection, from another tab or out
of a phone's cache it is the same order, and what has changed since it was shown is said before anything is charged.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content import pricing
from content.carry import BadCarry, unpack
from content.fulfilment import Fulfilment, Kind
from content.model import Product
from content.money import Money
from content.references import reference_of
from content.slots import Slot, fee_for, missing_to, slot_of, unfit
from content.store import AnyStore
from fleet.live_changes.composing import NO_WALL
from fleet.payments.book import PHONE, Entry
from fleet.payments.port import OPEN
from fleet.shop.holders import Holders
from fleet.shop.orders import Placed
from fleet.web.shop import basket_cookie, contact
from fleet.web.shop.basket import BasketPages
from fleet.web.shop.basket_cookie import Basket, Piece
from fleet.web.shop.basket_view import basket_page, bought
from fleet.web.shop.lane import Lane, is_order, order_of, say_of
from fleet.web.shop.methods import led_to, phone_methods
from fleet.web.shop.trade import Trade, basket_of, keep
from fleet.web.shop.ways_view import cost, slot_closes, slot_when, ways
from fleet.web.words import Words
from mqtt.messages import Line
from mqtt.topics import Address

TTL_S: Final = 900  # nobody waits behind a phone
FIELDS: Final = ("order", "b", "slot", "minor", "method", "kiosk", "spot")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be bought, at the prices of `now`. `way` and `slot` are None in a store that has no ways."""

    basket: Basket
    store: AnyStore
    goods: tuple[tuple[Product, int], ...]
    total_goods: Money
    way: Fulfilment | None
    slot: Slot | None
    now: int

    @property
    def fee(self) -> Money:
        """What the way adds."""
        return fee_for(self.way, self.total_goods) if self.way else Money(0, self.total_goods.currency)

    @property
    def total(self) -> Money:
        """What is paid."""
        return self.total_goods + self.fee


def routes(lane: Lane) -> list[BaseRoute]:
    """`/checkout`."""
    pages = CheckoutPages(lane)
    return [
        Route("/checkout", lane.kindly(pages.show), methods=["GET"]),
        Route("/checkout", lane.kindly(pages.pay), methods=["POST"]),
    ]


class CheckoutPages:
    """The page to pay at, and its form."""

    def __init__(self, lane: Lane) -> None:
        self._lane, self._trade, self._basket = lane, Trade(lane), BasketPages(lane)
        self._holders = Holders(self._trade.orders)
        self._turns = tuple(threading.Lock() for _ in range(64))

    # --- the page ---------------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        """What is bought, how it is had, what it costs."""
        return await run_in_threadpool(self._show, request)

    def _show(self, request: Request) -> Response:
        basket = basket_of(request)
        if not basket:
            return self._basket.page(request, basket)
        bought = self._trade.receipt(request, basket)
        if bought is not None:
            return bought
        asked = request.query_params.get("slot", "")
        wish = self._wish(basket, asked, say_of(request))
        if not wish.goods or (wish.way is None and wish.store.store.fulfilments):
            return self._basket.page(request, basket, "slot-gone" if asked else "", 200, asked)
        fresh = self._trade.fresh(basket)
        return keep(self._page(request, wish, fresh), fresh, request)

    def _page(
        self, request: Request, wish: Wish, basket: Basket, problem: str = "", status: int = 200,
        said: Mapping[str, str] | None = None, wrong: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        say, way, slot, store = say_of(request), wish.way, wish.slot, wish.store.store
        view = basket_page(basket, wish.store, say, wish.now)
        return self._lane.page(
            request, "phone_checkout.html", say, status,
            view=view, basket=basket, digits=basket.digits, total=wish.total, store=store, kiosk=basket.kiosk,
            way_name=say.text(way.names) if way else "", way_place=say.text(way.places) if way else say.text(store.pickup),
            way_cost=cost(way, wish.total_goods, say) if way else "", home=way is not None and way.kind is Kind.HOME,
            slot_when=slot_when(slot, way.kind, store.timezone, say, wish.now) if way and slot else "",
            slot_closes=slot_closes(slot, store.timezone, say, wish.now) if slot else "",
            slot=slot.key if slot else "", methods=self._methods(basket.kiosk), problem=problem, said=said or {},
            wrong=wrong or {}, held=basket.count, fields=contact.FIELDS, method=(said or {}).get("method", ""),
        )  # fmt: skip

    def _wish(self, basket: Basket, key: str, say: Words) -> Wish:
        """The basket with the slot of that key, or the first there is where none is named."""
        store, now = self._lane.catalogue_of(basket.kiosk), self._lane.now()
        goods = tuple(bought(basket, store))
        total = pricing.basket_total(goods, store.store.currency, now)
        products = [product for product, _ in goods]
        if not key and goods:
            left = self._trade.places_left
            offered = ways(store.store, products, total, say, now, left)
            free = (
                choice.slot for way in offered if not way.problem for choice in way.choices if not choice.full
            )
            key = next(free, "")
        way = next((each for each in store.store.fulfilments if each.key == key.split(":")[0]), None)
        slot = slot_of(way, store.store.timezone, now, key) if way else None
        sellers = store.store.merchants
        if way is None or slot is None or unfit(way, products, sellers)[0] or missing_to(way, total):
            way = slot = None
        return Wish(basket, store, goods, total, way, slot, now)

    def _methods(self, kiosk: str) -> tuple[str, ...]:
        desk = self._lane.services.payments
        return phone_methods(desk.methods_at(Address(*self._address(kiosk).split("/")))) if desk else ()

    def _address(self, kiosk: str) -> str:
        return (self._lane.kiosk(kiosk) if kiosk else None) or NO_WALL

    # --- paying -----------------------------------------------------------------------------------------------

    async def pay(self, request: Request) -> Response:
        """Make an order of it and lead on to where it is paid."""
        async with request.form(max_files=0, max_fields=24) as form:
            said = {name: str(form.get(name, ""))[:400] for name in (*FIELDS, *contact.FIELDS)}
        return await run_in_threadpool(self._pay, request, said)

    def _pay(self, request: Request, said: dict[str, str]) -> Response:
        basket = self._brought(request, said)
        if not basket:
            return RedirectResponse(f"/basket?lang={say_of(request).language}", 303)
        desk = self._lane.services.payments
        provider = desk.provider_of(self._method(basket, said)) if desk else ""
        with self._lane.asking.enter(provider) as room:  # one that hangs is not asked by ever more pages
            # The same number twice at once, with another slot or address: the second finds the first one's charge.
            with self._turns[hash(basket.order) % len(self._turns)]:
                known = self._trade.entry_of(basket.order)
                opened = known or self._opened(request, basket, said, provider if room else "")
            if known is not None:
                return self._again(request, known, basket, said)
            if isinstance(opened, Response):
                return opened
            entry = self._lane.desk().start_on_phone(opened)
        if isinstance(entry, str) or not entry.payload:
            return self._unpayable(request, self._wish(basket, said["slot"], say_of(request)), said)
        return keep(self._led(entry, basket, say_of(request)), basket, request)

    def _opened(
        self, request: Request, basket: Basket, said: dict[str, str], provider: str
    ) -> Entry | Response:
        """The charge of a basket, written down and not asked for yet, with its place and address; or what is said instead."""
        say = say_of(request)
        wish = self._wish(basket, said["slot"], say)
        refused = self._refused(request, wish, said)
        if refused is not None:
            return refused
        home = wish.way if wish.way and wish.way.kind is Kind.HOME else None
        where, wrong = contact.read(said, home) if home else (None, {})
        if wrong:
            return self._page(request, wish, basket, "contact", 422, said, wrong)
        if not provider:
            return self._page(request, wish, basket, "no-payment", 503, said)
        if wish.way and wish.slot and not self._held(request, wish, wish.slot):
            return self._basket.page(request, basket, "slot-full", 409)
        if where is not None and wish.slot:
            self._trade.orders.send_to(order_of(basket.order), where, wish.slot.until * 1000)
        entry = self._lane.desk().open(self._entry(request, wish, said, say))
        return entry if isinstance(entry, Entry) else self._unpayable(request, wish, said)

    def _held(self, request: Request, wish: Wish, slot: Slot) -> bool:
        """Take a place of a slot, where there is one and its client does not hold too many unpaid."""
        order, client = order_of(wish.basket.order), self._lane.client(request)
        return self._holders.may(client, slot.key, slot.capacity, order) and self._trade.orders.hold(
            _placed(wish), slot.capacity
        )

    def _unpayable(self, request: Request, wish: Wish, said: Mapping[str, str]) -> Response:
        """Nothing can be paid just now: the place is given up, and the basket stays, under a number of its own."""
        self._trade.orders.release(order_of(wish.basket.order))
        fresh = self._trade.fresh(wish.basket)
        return keep(self._page(request, wish, fresh, "no-payment", 503, said), fresh, request)

    def _brought(self, request: Request, said: Mapping[str, str]) -> Basket:
        """The basket of the form: what its page showed, whatever other tabs have done to the cookie since."""
        kept = basket_of(request)
        try:
            lines = unpack(said["b"])
        except BadCarry:
            return kept
        if not is_order(said["order"]):
            return kept
        seen = {piece.gtin: piece.seen for piece in kept.pieces}
        kiosk, spot = basket_cookie.place(said["kiosk"], said["spot"] or "0")
        pieces = tuple(Piece(gtin, min(n, basket_cookie.MOST), seen.get(gtin, 0)) for gtin, n in lines)
        return Basket(pieces=pieces, kiosk=kiosk, spot=spot, order=said["order"])

    def _again(self, request: Request, known: Entry, basket: Basket, said: Mapping[str, str]) -> Response:
        """The order is known: the same form once more leads to where the first one led; another one takes its place,
        under a number of its own and with a look at it first.
        """
        say, placed = say_of(request), self._trade.orders.get(known.order)
        same = [(line.gtin, line.quantity) for line in known.lines if line.gtin] == basket.lines
        if same and (placed is None or placed.slot == said["slot"]):
            self._corrected(known, placed, said)
            return self._led(self._lane.asked(known), basket, say)
        fresh = self._trade.withdrawn(basket)
        wish = self._wish(fresh, said["slot"], say)
        if not wish.goods:
            return keep(self._basket.page(request, fresh, status=409), fresh, request)
        return keep(self._page(request, wish, fresh, "changed-order", 409, said), fresh, request)

    def _corrected(self, known: Entry, placed: Placed | None, said: Mapping[str, str]) -> None:
        """Who went back and mended their address before paying is believed; afterwards it stays as it was."""
        ways = self._lane.catalogue().store.fulfilments
        home = next((way for way in ways if placed and way.key == placed.way and way.kind is Kind.HOME), None)
        if home is None or placed is None or known.state not in OPEN:
            return
        where, wrong = contact.read(said, home)
        if not wrong:
            self._trade.orders.send_to(known.order, where, placed.until_ms)

    def _refused(self, request: Request, wish: Wish, said: Mapping[str, str]) -> Response | None:
        """What is said instead of charging, None where nothing stands in the way."""
        if len(wish.goods) != len(wish.basket.pieces):
            return self._basket.page(request, wish.basket, "sold-out", 409, said["slot"])
        if wish.store.store.fulfilments and wish.slot is None:
            return self._basket.page(request, wish.basket, "slot-gone", 409)
        if said["minor"] != str(wish.total.minor):
            return self._page(request, wish, wish.basket, "price-changed", 409, said)
        return None

    def _led(self, entry: Entry, basket: Basket, say: Words) -> Response:
        """On to where an open charge is paid, else to the order's page, which knows how it stands."""
        leads = led_to(entry.method, entry.payload) if entry.state in OPEN else ""
        if not leads:
            return RedirectResponse(f"/o/{basket.order}?lang={say.language}", 303)
        return RedirectResponse(leads, 303, headers={"content-security-policy": self._lane.policy})

    def _method(self, basket: Basket, said: Mapping[str, str]) -> str:
        methods = self._methods(basket.kiosk)
        return said["method"] if said["method"] in methods else next(iter(methods), "link")

    def _entry(self, request: Request, wish: Wish, said: Mapping[str, str], say: Words) -> Entry:
        basket, store, order = wish.basket, wish.store.store, order_of(wish.basket.order)
        method = self._method(basket, said)
        lines = [_line(product, quantity, say, wish.now) for product, quantity in wish.goods]
        if wish.fee.minor and wish.way:
            fee = wish.fee.minor
            lines.append(
                Line(gtin="", name=say.text(wish.way.names), quantity=1, price_minor=fee, total_minor=fee)
            )
        what = ", ".join(f"{line.quantity} × {line.name}" for line in lines)
        return Entry(
            reference=reference_of(order, 0), kiosk=self._address(basket.kiosk), order=order,
            channel=PHONE, method=method, provider=self._lane.desk().provider_of(method),
            currency=wish.total.currency, minor=wish.total.minor, lines=tuple(lines), version=store.version,
            ttl_s=TTL_S, asked_ms=self._lane.services.clock(), language=say.language,
            attribution=self._lane.mark(basket.kiosk, basket.spot),
            description=f"{say.text(store.names)}: {what}"[:200],
            return_url=f"{self._lane.public(request)}/o/{basket.order}?lang={say.language}",
        )  # fmt: skip


def _line(product: Product, quantity: int, say: Words, now: int) -> Line:
    return Line(
        gtin=product.gtin, name=say.text(product.names), quantity=quantity,
        price_minor=pricing.price_at(product, now).minor,
        total_minor=pricing.line_total(product, quantity, now).minor, facing=product.facing,
    )  # fmt: skip


def _placed(wish: Wish) -> Placed:
    assert wish.way is not None
    assert wish.slot is not None
    return Placed(
        order=order_of(wish.basket.order), way=wish.way.key, kind=wish.way.kind.value, slot=wish.slot.key,
        starts_ms=wish.slot.starts * 1000, until_ms=wish.slot.until * 1000, closes_ms=wish.slot.closes * 1000,
        fee_minor=wish.fee.minor,
    )  # fmt: skip
