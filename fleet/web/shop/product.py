"""A product's page: at a place of a wall, or at none.

The address at a wall is a GS1 Digital Link with a path stem, `/{kiosk}/{spot}/01/{gtin}`. It comes in upper case from
the wall's QR codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content import pricing
from content.model import Availability, Product
from content.references import reference_of
from content.store import AnyStore
from fleet.payments.book import PHONE, Entry
from fleet.payments.port import OPEN
from fleet.web.shop.cards import card, changes_ms
from fleet.web.shop.lane import Drawn, Gone, Lane, is_order, new_order, say_of
from fleet.web.shop.product_view import gtin_14, product_page, quantity_of
from fleet.web.shop.resolver import Resolver
from fleet.web.shop.walls import NOWHERE, Where
from fleet.web.words import Words
from mqtt.messages import Line

METHOD: Final = "link"  # a phone follows the provider's own link
TTL_S: Final = 900  # nobody waits behind a phone
SIMILAR: Final = 4
_AROUND: Final = 12  # neighbours on the shelf that are looked at


@dataclass(frozen=True, slots=True)
class Shown:
    """What the address of a product's page asks for."""

    where: Where
    gtin: str
    quantity: int
    facts: bool  # whether the facts are open from the start


def routes(lane: Lane) -> list[BaseRoute]:
    """`/{kiosk}/{spot}/01/{gtin}`, `/p/{gtin}`."""
    pages = ProductPages(lane)
    return [
        Route("/{kiosk}/{spot:spot}/01/{rest:path}", lane.kindly(pages.at_wall), methods=["GET"]),
        Route("/{kiosk}/{spot:spot}/01/{gtin}", lane.kindly(pages.buy), methods=["POST"]),
        Route("/p/{gtin}", lane.kindly(pages.anywhere), methods=["GET"]),
    ]


class ProductPages:
    """A product's page and its form."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._resolver = Resolver(lane)

    async def anywhere(self, request: Request) -> Response:
        """The page of a product that was not opened from a wall."""
        gtin = gtin_14(request.path_params["gtin"])
        if gtin is None:
            raise Gone("code", 400)
        return await self._show(request, NOWHERE, gtin)

    async def at_wall(self, request: Request) -> Response:
        """The page of a product at a place of a wall, or what else its Digital Link was asked for."""
        where, key = await self._lane.where(request), self._resolver.key(request)
        if not key.canonical:
            return self._resolver.canonical(request, key, f"{where.stem}/01/")
        if _asks_more(request):
            product = await run_in_threadpool(self._resolver.product, key)
            other = await self._resolver.other(request, key, product, f"{where.stem}/01/{key.gtin}")
            if other is not None:
                return other
        answer = await self._show(request, where, key.gtin)
        if request.method == "GET":
            self._lane.services.visits.opened(where.kiosk, where.mark)
        return answer

    async def _show(self, request: Request, where: Where, gtin: str) -> Response:
        say = say_of(request)
        query = request.query_params
        shown = Shown(where, gtin, quantity_of(query.get("q", "1")), "facts" in query)
        rating, held = self._lane.services.ratings.of(gtin), self._lane.held(request)
        if where.kiosk:
            return (await run_in_threadpool(self._drawn, request, shown, new_order()))[0]
        key = ("product", where.stem, gtin, shown.quantity, shown.facts, rating, held)
        return await self._lane.kept(request, key, say, lambda: self._drawn(request, shown))

    def _drawn(
        self, request: Request, shown: Shown, order: str = "", problem: str = "", status: int = 200
    ) -> Drawn:
        """Raises Gone where we do not have the product."""
        store, now, say = self._lane.catalogue(), self._lane.now(), say_of(request)
        product = store.product(shown.gtin)
        if product is None:
            raise Gone("product")
        edition, rating = self._lane.edition(), self._lane.services.ratings.of(shown.gtin)
        view = product_page(product, shown.quantity, say, now, rating, edition)
        near = similar(store, product)
        stem = shown.where.stem
        page = self._lane.page(
            request, "phone_product.html", say, status, order=order, problem=problem,
            view=view, store=store.store, kiosk=shown.where.name, stem=stem, spot=shown.where.spot,
            facts_open=shown.facts, at=lambda n: f"?q={n}&lang={say.language}",
            cards=[card(other, stem, say, now, edition) for other in near],
            aisle=next((aisle for aisle in store.store.aisles if aisle.key == product.aisle), None),
        )  # fmt: skip
        return page, changes_ms([product, *near], now)

    async def buy(self, request: Request) -> Response:
        """Make an order and a charge of it, and lead on to where it is paid."""
        async with request.form(max_files=0, max_fields=8) as form:
            wish = {name: str(form.get(name, "")) for name in ("q", "order", "minor")}
        where, say, quantity = await self._lane.where(request), say_of(request), quantity_of(wish["q"])
        product = self._lane.catalogue().product(gtin_14(request.path_params["gtin"]) or "")
        if product is None:
            raise Gone("product")
        shown = Shown(where, product.gtin, quantity, facts=False)

        async def again(problem: str, status: int) -> Response:
            return (await run_in_threadpool(self._drawn, request, shown, new_order(), problem, status))[0]

        total = pricing.line_total(product, quantity, self._lane.now())
        if product.availability is Availability.OUT_OF_STOCK:
            return await again("", 409)
        # a price that was shown is kept or said to have changed, never slipped in
        if wish["minor"] != str(total.minor):
            return await again("price-changed", 409)
        if self._lane.services.payments is None:
            return await again("no-payment", 503)
        entry = self._entry(request, shown, product, wish["order"], say)
        asked = await run_in_threadpool(self._lane.desk().start_on_phone, entry)
        if isinstance(asked, str) or not asked.payload:
            return await again("no-payment", 503)
        if asked.state not in OPEN:  # the same form once more, after it was paid or declined
            return RedirectResponse(f"/o/{asked.order}?lang={say.language}", 303)
        return RedirectResponse(asked.payload, 303, headers={"content-security-policy": self._lane.policy})

    def _entry(self, request: Request, shown: Shown, product: Product, order: str, say: Words) -> Entry:
        """The order as a charge. The form brings the order's number, so that sent twice it is one order."""
        order = order if is_order(order) else new_order()
        now, store, where = self._lane.now(), self._lane.catalogue().store, shown.where
        name = say.text(product.names)
        total = pricing.line_total(product, shown.quantity, now)
        line = Line(
            gtin=product.gtin, name=name, quantity=shown.quantity, price_minor=pricing.price_at(product, now).minor,
            total_minor=total.minor, facing=where.facing,
        )  # fmt: skip
        return Entry(
            reference=reference_of(order, 0), kiosk=where.kiosk, order=order, channel=PHONE, method=METHOD,
            provider=self._lane.desk().provider_of(METHOD), currency=total.currency, minor=total.minor, lines=(line,),
            version=store.version, ttl_s=TTL_S, asked_ms=self._lane.services.clock(), language=say.language,
            description=f"{say.text(store.names)}: {shown.quantity} × {name}"[:200], attribution=where.mark,
            return_url=f"{self._lane.public(request)}/o/{order}?lang={say.language}",
        )  # fmt: skip


def similar(store: AnyStore, product: Product) -> list[Product]:
    """What stands beside it and can be had, nearest first."""
    found = []
    for step in range(1, _AROUND):
        for facing in (product.facing + step, product.facing - step):
            other = store.by_facing(facing) if facing > 0 else None
            if other is not None and other.aisle == product.aisle and other.availability.value == "in_stock":
                found.append(other)
        if len(found) >= SIMILAR:
            break
    return found[:SIMILAR]


def _asks_more(request: Request) -> bool:
    """Whether it may be about something else than the page: nearly never, and then only is the path looked at closely."""
    accept = request.headers.get("accept", "")
    return "json" in accept or b"inktype" in request.scope["query_string"].lower()
