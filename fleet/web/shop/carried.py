"""Baskets that change hands: from a wall to this phone by a QR code, and from this phone to a wall by six characters."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content import pricing
from content.carry import BadCarry, unpack
from fleet.limits import Limits, Rule
from fleet.shop.baskets import NoRoom
from fleet.web.shop import basket_cookie, when
from fleet.web.shop.basket import BasketPages
from fleet.web.shop.basket_cookie import Basket, Piece, with_lines
from fleet.web.shop.basket_view import basket_page, can_be_had
from fleet.web.shop.lane import Gone, Lane, say_of
from fleet.web.shop.product_view import most_of
from fleet.web.shop.trade import Trade, basket_of, keep

WRONG: Final = Rule(
    burst=20, per_minute=12
)  # codes that are none, per client; one guess in 50,000 hits at worst
MADE: Final = Rule(
    burst=30, per_minute=20
)  # codes made, per client: nobody alone fills the room for 20,000 baskets


def routes(lane: Lane) -> list[BaseRoute]:
    """`/{kiosk}/{spot}/b/{digits}`, `/basket/code`, `/basket/code/{code}`."""
    pages = CarriedPages(lane)
    found: list[BaseRoute] = []
    for letter in "bB":  # a wall's QR codes are in upper case
        path = f"/{{kiosk}}/{{spot}}/{letter}/{{digits}}"
        found.append(Route(path, lane.kindly(pages.from_wall), methods=["GET"]))
        found.append(Route(path, lane.kindly(pages.take), methods=["POST"]))
    return [
        Route("/basket/code", lane.kindly(pages.make_code), methods=["POST"]),
        Route("/basket/code/{code}", lane.kindly(pages.code), methods=["GET"]),
        *found,
    ]


class CarriedPages:
    """Baskets from and to a wall."""

    def __init__(self, lane: Lane) -> None:
        self._lane, self._trade, self._basket = lane, Trade(lane), BasketPages(lane)
        self._wrong, self._made = Limits(WRONG), Limits(MADE)

    # --- wall -> phone ----------------------------------------------------------------------------------------

    async def from_wall(self, request: Request) -> Response:
        """A basket from a wall: at once this phone's where it has none, else asked for. The same again is the same."""
        self._lane.visited(request)
        return await run_in_threadpool(self._from_wall, request)

    def _from_wall(self, request: Request) -> Response:
        carried, mine, say = self._carried(request), basket_of(request), say_of(request)
        if not mine or with_lines(mine, _with_totals(carried)).lines == mine.lines:
            bought = self._trade.receipt(request, mine)
            if bought is not None:
                return bought
            kept = self._trade.fresh(mine or carried)
            return keep(self._basket.page(request, kept), kept, request)
        store = self._lane.catalogue_of(carried.kiosk)
        both = with_lines(mine, _with_totals(carried))
        now = self._lane.now()
        return self._lane.page(
            request, "phone_carried.html", say,
            view=basket_page(carried, store, say, now), mine=basket_page(mine, store, say, now),
            both=basket_page(both, store, say, now), store=store.store, kiosk=carried.kiosk,
        )  # fmt: skip

    async def take(self, request: Request) -> Response:
        """Take the wall's basket: put in beside what is here (`join`), or instead of it (`instead`)."""
        async with request.form(max_files=0, max_fields=4) as form:
            how = str(form.get("act", ""))
        return await run_in_threadpool(self._take, request, how)

    def _take(self, request: Request, how: str) -> Response:
        carried, mine = self._carried(request), basket_of(request)
        if how == "instead":
            taken = Basket(pieces=carried.pieces, kiosk=carried.kiosk, spot=carried.spot, order=mine.order)
        else:
            joined = with_lines(mine, _with_totals(carried))
            taken = Basket(pieces=joined.pieces, kiosk=carried.kiosk, spot=carried.spot, order=mine.order)
        if taken.pieces != mine.pieces:
            taken = self._trade.withdrawn(taken)
        answer = RedirectResponse(f"/basket?kept=1&lang={say_of(request).language}", 303)
        return keep(answer, taken, request)

    def _carried(self, request: Request) -> Basket:
        """The basket of an address, at today's totals. Raises Gone."""
        store, now = self._lane.catalogue_of(request.path_params["kiosk"]), self._lane.now()
        try:
            lines = unpack(request.path_params["digits"])
        except BadCarry:
            raise Gone("carried") from None
        name = request.path_params[
            "kiosk"
        ]  # a wall's QR codes are in upper case: say it as its owner writes it
        address = self._lane.kiosk(name)
        kiosk, spot = basket_cookie.place(
            address.rpartition("/")[2] if address else name.lower(), request.path_params["spot"]
        )
        pieces = []
        for gtin, quantity in lines:
            product = store.product(gtin)
            if product is not None:
                wanted = min(quantity, most_of(product, now))
                total = pricing.line_total(product, wanted, now).minor if can_be_had(product) else 0
                pieces.append(Piece(gtin, wanted, total))
        if not pieces:
            raise Gone("carried")
        return Basket(pieces=tuple(pieces), kiosk=kiosk, spot=spot)

    # --- phone -> wall ----------------------------------------------------------------------------------------

    async def make_code(self, request: Request) -> Response:
        """Make a code for this phone's basket."""
        _or_wait(self._made.take(self._lane.client(request), self._lane.services.clock()))
        return await run_in_threadpool(self._make_code, request)

    def _make_code(self, request: Request) -> Response:
        basket, language = basket_of(request), say_of(request).language
        if not basket:
            return RedirectResponse(f"/basket?lang={language}", 303)
        try:
            address = self._lane.kiosk(basket.kiosk) if basket.kiosk else None
            code = self._trade.baskets.put(basket.lines, language, address or "")
        except NoRoom:
            return self._basket.page(request, basket, "no-code", 503)
        return RedirectResponse(f"/basket/code/{code}?lang={language}", 303)

    async def code(self, request: Request) -> Response:
        """The code, large, and until when it is good."""
        return await run_in_threadpool(self._code, request)

    def _code(self, request: Request) -> Response:
        say, store, now = say_of(request), self._lane.catalogue(), self._lane.now()
        client, clock = self._lane.client(request), self._lane.services.clock
        _or_wait(self._wrong.take(client, clock()))
        found = self._trade.baskets.by_code(request.path_params["code"][:40])
        if found is None:
            raise Gone("basket-code")
        self._wrong.give_back(client, clock())
        lines = basket_page(
            Basket(pieces=tuple(Piece(gtin, quantity, 0) for gtin, quantity in found.lines)), store, say, now
        )
        zone = store.store.timezone
        return self._lane.page(
            request, "phone_code.html", say,
            code=found.code, lines=lines.lines, goods=lines.goods, store=store.store,
            until=say.apart(when.clock(found.expires_ms // 1000, zone)),
            minutes=max(1, (found.expires_ms // 1000 - now + 59) // 60),
        )  # fmt: skip


def _or_wait(wait_ms: int) -> None:
    if wait_ms:
        raise HTTPException(429, headers={"retry-after": str(-(-wait_ms // 1000))})


def _with_totals(basket: Basket) -> list[tuple[str, int, int]]:
    return [(piece.gtin, piece.quantity, piece.seen) for piece in basket.pieces]
