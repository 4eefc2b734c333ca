"""A product's page: at a place of a wall, or at none.

The address at a wall is a GS1 Digital Link with a path stem, `/{kiosk}/{spot}/01/{gtin}`. It comes in upper case from
the wall's QR codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from content.model import Product
from content.store import AnyStore
from fleet.web.shop.cards import card, changes_ms
from fleet.web.shop.lane import Drawn, Gone, Lane, say_of
from fleet.web.shop.product_view import gtin_14, product_page, quantity_of
from fleet.web.shop.resolver import Resolver
from fleet.web.shop.walls import NOWHERE, Where
from fleet.web.shop.ways_view import in_short

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
        held = self._lane.held(request)
        shown = Shown(where, gtin, quantity_of(query.get("q", "1")), "facts" in query)
        rating = self._lane.services.ratings.of(gtin)
        key = ("product", where.stem, gtin, shown.quantity, shown.facts, rating, held.count)
        return await self._lane.kept(request, key, say, lambda: self._drawn(request, shown), where.kiosk)

    def _drawn(self, request: Request, shown: Shown) -> Drawn:
        """Raises Gone where we do not have the product."""
        store, now, say = self._lane.catalogue(shown.where.kiosk), self._lane.now(), say_of(request)
        product = store.product(shown.gtin)
        if product is None:
            raise Gone("product")
        edition, rating = self._lane.edition(), self._lane.services.ratings.of(shown.gtin)
        view = product_page(product, shown.quantity, say, now, rating, edition)
        near = similar(store, product)
        promise, true_until = in_short(store.store, [product], view.total, say, now)
        stem = shown.where.stem
        page = self._lane.page(
            request, "phone_product.html", say,
            view=view, store=store.store, kiosk=shown.where.name, stem=stem, spot=shown.where.spot,
            facts_open=shown.facts, promise=promise, asked=shown.quantity if shown.quantity > 1 else "", at=lambda n: f"?q={n}&lang={say.language}",
            cards=[card(other, stem, say, now, edition) for other in near],
            aisle=next((aisle for aisle in store.store.aisles if aisle.key == product.aisle), None),
        )  # fmt: skip
        changes = changes_ms([product, *near], now)
        return page, min(each for each in (changes, true_until) if each is not None)


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
