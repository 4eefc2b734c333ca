"""The shop's front, its aisles and its search: from a place of a wall, or from none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from content import pricing
from content.model import Product
from content.store import AnyStore
from fleet.web.shop.cards import Card, card, changes_ms
from fleet.web.shop.lane import Drawn, Gone, Lane, say_of
from fleet.web.shop.walls import Where
from fleet.web.words import Words

OFFERS: Final = 8
PER_PAGE: Final = 24
MOST_PAGES: Final = 1_000


def routes(lane: Lane) -> list[BaseRoute]:
    """`/shop`, `/shop/{aisle}`, `/s`, each also behind `/{kiosk}/{spot}`."""
    front = Front(lane)
    pages = (("/shop", front.show), ("/shop/{aisle}", front.aisle), ("/s", front.search))
    return [
        Route(f"{stem}{path}", lane.kindly(page), methods=["GET"])
        for stem in ("", "/{kiosk}/{spot:spot}")
        for path, page in pages
    ]


class Front:
    """Lists of products."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def show(self, request: Request) -> Response:
        """Search, offers, aisles."""
        where, say = await self._lane.where(request), say_of(request)
        index = await self._lane.index(where.kiosk)

        def draw() -> Drawn:
            store, now = self._lane.catalogue(where.kiosk), self._lane.now()
            offers = self._offers(store, index.offers, now)
            aisles = [
                (aisle, f"{where.stem}/shop/{quote(aisle.key, safe='')}?lang={say.language}")
                for aisle in store.store.aisles
                if store.count(aisle.key)
            ]
            page = self._page(
                request, "phone_front.html", say, where, store,
                aisles=aisles, cards=self._cards(offers, where, say, now), query="",
            )  # fmt: skip
            changing = (product for gtin in index.offers[:200] if (product := store.product(gtin)))
            return page, changes_ms(changing, now)

        return await self._lane.kept(
            request, ("front", where.stem, self._lane.held(request).count), say, draw, where.kiosk
        )

    async def aisle(self, request: Request) -> Response:
        """An aisle, a page at a time."""
        where, say = await self._lane.where(request), say_of(request)
        key, number = request.path_params["aisle"], _number(request)

        def draw() -> Drawn:
            store, now = self._lane.catalogue(where.kiosk), self._lane.now()
            aisle = next((aisle for aisle in store.store.aisles if aisle.key == key), None)
            if aisle is None:
                raise Gone("aisle")
            products = store.shelf(key, (number - 1) * PER_PAGE, number * PER_PAGE)
            here = f"{where.stem}/shop/{quote(key, safe='')}?lang={say.language}"
            page = self._page(
                request, "phone_list.html", say, where, store,
                title=say.text(aisle.names), said=say("shop.products", store.count(key)), query="",
                cards=self._cards(products, where, say, now), next=_next(here, number, store.count(key)),
            )  # fmt: skip
            return page, changes_ms(products, now)

        held = self._lane.held(request).count
        return await self._lane.kept(
            request, ("aisle", where.stem, key, number, held), say, draw, where.kiosk
        )

    async def search(self, request: Request) -> Response:
        """What is found, best first."""
        where, say = await self._lane.where(request), say_of(request)
        query, number = request.query_params.get("q", "").strip()[:60], _number(request)
        index = await self._lane.index(where.kiosk)

        def draw() -> Drawn:
            store, now = self._lane.catalogue(where.kiosk), self._lane.now()
            found = index.find(query)
            gtins = found.gtins[(number - 1) * PER_PAGE : number * PER_PAGE]
            products = [product for gtin in gtins if (product := store.product(gtin))]
            here = f"{where.stem}/s?q={quote(query, safe='')}&lang={say.language}"
            page = self._page(
                request, "phone_list.html", say, where, store,
                title=say("shop.search"), said=_said(say, query, len(found.gtins), slips=found.slips), query=query, asked=query,
                cards=self._cards(products, where, say, now), next=_next(here, number, len(found.gtins)),
            )  # fmt: skip
            return page, changes_ms(products, now)

        held = self._lane.held(request).count
        return await self._lane.kept(
            request, ("search", where.stem, query, number, held), say, draw, where.kiosk
        )

    def _page(
        self, request: Request, template: str, say: Words, where: Where, store: AnyStore, **values: Any
    ) -> Response:
        return self._lane.page(
            request, template, say, store=store.store, kiosk=where.name, stem=where.stem, **values
        )

    def _cards(self, products: Iterable[Product], where: Where, say: Words, now: int) -> list[Card]:
        edition = self._lane.edition()
        return [card(product, where.stem, say, now, edition) for product in products]

    @staticmethod
    def _offers(store: AnyStore, gtins: Sequence[str], now: int) -> list[Product]:
        found: list[Product] = []
        for gtin in gtins:
            product = store.product(gtin)
            if product is not None and pricing.badge(product, now)[0]:
                found.append(product)
                if len(found) == OFFERS:
                    break
        return found


def _number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return min(MOST_PAGES, max(1, int(text))) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _next(here: str, number: int, count: int) -> str:
    return f"{here}&page={number + 1}" if count > number * PER_PAGE else ""


def _said(say: Words, query: str, count: int, *, slips: bool) -> str:
    if not query:
        return ""
    if not count:
        return say("shop.nothing", query)
    return say("shop.meant", query) if slips else say("shop.results", query, count)
