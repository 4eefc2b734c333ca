"""The basket on the phone: its page, and what its forms do. Every form says what shall be so, never "one more", so that
sent twice by a bad connection it does the same.
"""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content import pricing
from content.store import AnyStore
from fleet.web.shop import basket_cookie
from fleet.web.shop.basket_cookie import Basket, with_piece
from fleet.web.shop.basket_view import basket_page, bought, can_be_had, stem_of
from fleet.web.shop.came_from import back_to_shelf
from fleet.web.shop.lane import Lane, say_of
from fleet.web.shop.product_view import gtin_14, most_of, quantity_of
from fleet.web.shop.trade import Trade, basket_of, keep
from fleet.web.shop.ways_view import Way, ways

FIELDS: Final = ("act", "gtin", "q", "kiosk", "spot", "minor", "then", "slot")


def routes(lane: Lane) -> list[BaseRoute]:
    """`/basket`."""
    pages = BasketPages(lane)
    return [
        Route("/basket", lane.kindly(pages.show), methods=["GET"]),
        Route("/basket", lane.kindly(pages.change), methods=["POST"]),
    ]


class BasketPages:
    """The basket's page and its forms."""

    def __init__(self, lane: Lane) -> None:
        self._lane, self._trade = lane, Trade(lane)

    async def show(self, request: Request) -> Response:
        """What is in it, what it costs, and how it can be had."""
        return await run_in_threadpool(self._show, request)

    def _show(self, request: Request) -> Response:
        basket = basket_of(request)
        return self._trade.receipt(request, basket) or self.page(request, basket)

    def page(
        self, request: Request, basket: Basket, problem: str = "", status: int = 200, slot: str = ""
    ) -> Response:
        """The page of a basket; `problem` names the words of what is to be said first."""
        say, now, store = say_of(request), self._lane.now(), self._lane.catalogue_of(basket.kiosk)
        view = basket_page(basket, store, say, now)
        goods = [product for product, _ in bought(basket, store)]
        choices = ways(store.store, goods, view.goods, say, now, self._trade.places_left) if goods else ()
        slot = _wished(choices, slot or request.query_params.get("slot", ""))
        return self._lane.page(
            request, "phone_basket.html", say, status,
            view=view, ways=choices, wished=slot, store=store.store, kiosk=basket.kiosk,
            spot=basket.spot, total=_total(choices, slot) or say.money(view.goods), problem=problem, held=basket.count, stem=stem_of(basket), back=back_to_shelf(request.headers, basket, store),
            edition=self._lane.edition(), lost=not basket and request.query_params.get("kept") == "1",
        )  # fmt: skip

    async def change(self, request: Request) -> Response:
        """Do what a form says: put (a product's page), set, clear, go (to pay)."""
        async with request.form(max_files=0, max_fields=16) as form:
            said = {name: str(form.get(name, ""))[:120] for name in FIELDS}
        return await run_in_threadpool(self._changed, request, said)

    def _changed(self, request: Request, said: dict[str, str]) -> Response:
        basket, language = basket_of(request), say_of(request).language
        store = self._lane.catalogue_of(basket_cookie.place(said["kiosk"], said["spot"])[0] or basket.kiosk)
        match said["act"]:
            case "go":
                return self._go(request, basket, store, said)
            case "clear":
                changed = Basket(kiosk=basket.kiosk, spot=basket.spot)
            case "set":
                changed = self._set(basket, store, said)
            case _:
                return self._put(request, basket, store, said)
        if changed.pieces != basket.pieces:
            changed = self._trade.withdrawn(changed)
        return keep(RedirectResponse(f"/basket?lang={language}", 303), changed, request)

    def _set(self, basket: Basket, store: AnyStore, said: dict[str, str]) -> Basket:
        """Exactly so many of a product that is in it already."""
        gtin = gtin_14(said["gtin"]) or ""
        product = store.product(gtin)
        quantity = (
            int(said["q"]) if said["q"].isascii() and said["q"].isdigit() and len(said["q"]) < 4 else -1
        )
        if quantity < 0 or not basket.quantity_of(gtin):
            return basket
        if product is None:
            return with_piece(basket, gtin, 0, 0)
        now = self._lane.now()
        quantity = min(quantity, most_of(product, now))
        return with_piece(basket, gtin, quantity, pricing.line_total(product, quantity, now).minor)

    def _put(self, request: Request, basket: Basket, store: AnyStore, said: dict[str, str]) -> Response:
        """Put a product in beside what there is of it. Sent again because the answer was lost, it comes with the basket of
        before, and does the same.
        """
        say = say_of(request)
        product = store.product(gtin_14(said["gtin"]) or "")
        if product is None or not can_be_had(product):
            return self.page(request, basket, "sold-out", 409)
        asked = quantity_of(said["q"])
        kiosk, spot = basket_cookie.place(said["kiosk"], said["spot"])
        if kiosk or not basket.kiosk:
            basket = Basket(pieces=basket.pieces, kiosk=kiosk, spot=spot, order=basket.order)
        now = self._lane.now()
        quantity = min(basket.quantity_of(product.gtin) + asked, most_of(product, now))
        shown = pricing.line_total(product, asked, now).minor
        changed = with_piece(basket, product.gtin, quantity, pricing.line_total(product, quantity, now).minor)
        if changed.quantity_of(product.gtin) != quantity:
            return self.page(request, basket, "full", 409)
        if changed.pieces != basket.pieces or not basket.order:
            changed = self._trade.withdrawn(changed)
        if said["minor"] and said["minor"] != str(shown):
            return keep(self.page(request, changed, "price-changed", 409), changed, request)
        path = "/checkout?" if said["then"] == "checkout" else "/basket?kept=1&"
        return keep(RedirectResponse(f"{path}lang={say.language}", 303), changed, request)

    def _go(self, request: Request, basket: Basket, store: AnyStore, said: dict[str, str]) -> Response:
        """Go on and pay, if the total is still the one that was shown; what cannot be had stays behind."""
        say = say_of(request)
        view = basket_page(basket, store, say, self._lane.now())
        if not view.totals:
            return self.page(request, basket, status=409)
        told = basket_cookie.seen_now(basket, view.totals)
        if said["minor"] != str(view.goods.minor):
            return keep(self.page(request, basket, "price-changed", 409, said["slot"]), told, request)
        if told.lines != basket.lines:
            told = self._trade.withdrawn(told)
        answer = RedirectResponse(f"/checkout?slot={_plain(said['slot'])}&lang={say.language}", 303)
        return keep(answer, self._trade.fresh(told), request)


def _wished(choices: tuple[Way, ...], wished: str) -> str:
    """The slot to have chosen already: the one that was wished, else the first there is."""
    free = [choice.slot for way in choices if not way.problem for choice in way.choices if not choice.full]
    return wished if wished in free else next(iter(free), "")


def _total(choices: tuple[Way, ...], slot: str) -> str:
    """What goods and way cost together with that slot; "" for none of theirs."""
    return next((way.total for way in choices if any(slot == choice.slot for choice in way.choices)), "")


def _plain(slot: str) -> str:
    """A slot's key as it may stand in an address; "" for anything else."""
    return (
        slot if slot.replace(":", "").replace("-", "").replace("_", "").isalnum() and slot.isascii() else ""
    )
