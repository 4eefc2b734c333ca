"""How an order stands: what a phone comes back to and keeps; cancelling it, and saying that something is wrong."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content.references import reference_of
from fleet.claims.handovers import GIVEN_BACK, Handover
from fleet.payments.book import PHONE, Entry
from fleet.payments.port import PAID, State
from fleet.shop.late import Late
from fleet.shop.ratings import STARS, BadRating
from fleet.shop.reports import REASONS
from fleet.web.shop.basket_cookie import Basket
from fleet.web.shop.calendar import event
from fleet.web.shop.lane import Gone, Lane, is_order, new_order, order_of, say_of
from fleet.web.shop.order_view import OrderPage, order_page
from fleet.web.shop.trade import Trade, basket_of, keep


def routes(lane: Lane) -> list[BaseRoute]:
    """`/o/{order}`, and under it `/cancel`, `/rate`, `/report`, `/slot.ics`."""
    pages = OrderPages(lane)
    return [
        Route("/o/{order}", lane.kindly(pages.show), methods=["GET"]),
        Route("/o/{order}/slot.ics", lane.kindly(pages.calendar), methods=["GET"]),
        Route("/o/{order}/cancel", lane.kindly(pages.cancel), methods=["POST"]),
        Route("/o/{order}/rate", lane.kindly(pages.rate), methods=["POST"]),
        Route("/o/{order}/report", lane.kindly(pages.report), methods=["POST"]),
    ]


class OrderPages:
    """An order's page and its forms."""

    def __init__(self, lane: Lane) -> None:
        self._lane, self._trade = lane, Trade(lane)
        self._late = Late(self._trade.orders, lane.services.catalogue)

    async def show(self, request: Request) -> Response:
        """How it stands."""
        return await run_in_threadpool(self._show, request)

    def _show(self, request: Request) -> Response:
        entry = self._entry(request)
        answer = self._page(request, entry)
        basket = basket_of(request)
        if basket.order == _name(request) and entry.state in PAID:  # what is in it is bought
            return keep(answer, Basket(kiosk=basket.kiosk, spot=basket.spot), request)
        return answer

    def _page(self, request: Request, entry: Entry, problem: str = "", status: int = 200) -> Response:
        say = say_of(request, entry.language)
        name, mine, given = _name(request), basket_of(request), self._lane.services.ratings.given(entry.order)
        return self._lane.page(
            request, "phone_order.html", say, status,
            view=self._view(request, entry), store=self._lane.catalogue().store, problem=problem,
            kiosk=entry.kiosk.rpartition("/")[2], reports=self._trade.reports.of(entry.order), reasons=REASONS,
            report=new_order(), basket=mine.count if mine.order == name else 0,
            held=0 if mine.order == name and entry.state in PAID else mine.count, name=name,
            ratings=[(line, given.get(line.gtin, 0)) for line in entry.lines if line.gtin], stars=STARS,
        )  # fmt: skip

    def _view(self, request: Request, entry: Entry) -> OrderPage:
        orders, store = self._trade.orders, self._lane.catalogue().store
        if entry.state is State.LATE_PAID:
            self._late.see_to(entry.order)
        placed = orders.get(entry.order)
        return order_page(
            entry, say_of(request, entry.language), store, self._lane.now(), placed, orders.contact(entry.order),
            self._left(entry), placed is not None and orders.can_cancel(placed),
        )  # fmt: skip

    def _entry(self, request: Request) -> Entry:
        """The order of an address, after asking its provider where that may know more. Raises Gone."""
        name = _name(request)
        if not is_order(name):
            raise Gone("order")
        entry = self._lane.looked_at(reference_of(order_of(name), 0)) or self._early(name)
        if entry is None or entry.channel != PHONE:
            raise Gone("order")
        return entry

    def _early(self, name: str) -> Entry | None:
        """An order of before pages had names of their own: somebody has paid and kept the address with its number."""
        reference = reference_of(name, 0)
        known = self._lane.desk("order").book.get(reference)
        by_number = known is not None and urlsplit(known.return_url).path == f"/o/{name}"
        return self._lane.looked_at(reference) if by_number else None

    def _left(self, entry: Entry) -> Handover | None:
        return self._lane.services.claims.handovers.of(entry.order)

    # --- cancelling -------------------------------------------------------------------------------------------

    async def cancel(self, request: Request) -> Response:
        """Give the money back, once, while nobody has begun with the order and its cut-off is not over."""
        return await run_in_threadpool(self._cancel, request)

    def _cancel(self, request: Request) -> Response:
        entry = self._entry(request)
        placed, left = self._trade.orders.get(entry.order), self._left(entry)
        if left is None:
            if entry.state not in PAID or placed is None or not self._trade.orders.can_cancel(placed):
                return self._page(request, entry, "too-late", 409)
            left = self._give_back(entry)
        if left.outcome != GIVEN_BACK:
            return self._page(request, entry, "too-late", 409)
        return RedirectResponse(f"/o/{_name(request)}?lang={say_of(request, entry.language).language}", 303)

    def _give_back(self, entry: Entry) -> Handover:
        """Say in the one register of what leaves us that this order's money does, unless its goods were faster."""
        left, new = self._lane.services.claims.handovers.enter(
            Handover(
                order=entry.order, outcome=GIVEN_BACK, reference=entry.reference, kiosk=entry.kiosk,
                currency=entry.currency, minor=entry.minor, at_ms=self._lane.services.clock(), who="buyer",
                why="cancelled",
            )
        )  # fmt: skip
        if new:
            self._trade.orders.cancelled(entry.order)
            self._lane.desk().refund(entry, "cancelled")
        return left

    # --- something is wrong -----------------------------------------------------------------------------------

    async def report(self, request: Request) -> Response:
        """Keep what is wrong with an order."""
        async with request.form(max_files=0, max_fields=6) as form:
            said = {name: str(form.get(name, "")) for name in ("id", "reason", "text")}
        return await run_in_threadpool(self._report, request, said)

    def _report(self, request: Request, said: dict[str, str]) -> Response:
        entry = self._entry(request)
        reason = said["reason"] if said["reason"] in REASONS else "other"
        number = said["id"] if is_order(said["id"]) else new_order()
        if not self._trade.reports.file(number, entry.order, reason, said["text"]):
            return self._page(request, entry, "reports-full", 409)
        self._lane.services.live.tell(
            "report", {"order": entry.order, "reason": reason, "kiosk": entry.kiosk}
        )
        language = say_of(request, entry.language).language
        return RedirectResponse(f"/o/{_name(request)}?lang={language}#reports", 303)

    # --- ratings ----------------------------------------------------------------------------------------------

    async def rate(self, request: Request) -> Response:
        """Keep how many stars a product of a paid order is given, the first time."""
        async with request.form(max_files=0, max_fields=4) as form:
            gtin, stars = str(form.get("gtin", "")), str(form.get("stars", ""))
        return await run_in_threadpool(
            self._rate, request, gtin, int(stars) if stars in "12345" and stars else 0
        )

    def _rate(self, request: Request, gtin: str, stars: int) -> Response:
        entry = self._entry(request)
        goods = tuple(line for line in entry.lines if line.gtin)
        if entry.state in PAID:
            try:
                self._lane.services.ratings.add(entry.order, goods, gtin, stars)
            except BadRating:
                raise HTTPException(400) from None
        language = say_of(request, entry.language).language
        return RedirectResponse(f"/o/{_name(request)}?lang={language}#rate", 303)

    async def calendar(self, request: Request) -> Response:
        """The order's slot as a calendar file."""
        return await run_in_threadpool(self._calendar, request)

    def _calendar(self, request: Request) -> Response:
        entry = self._entry(request)
        placed, say = self._trade.orders.get(entry.order), say_of(request, entry.language)
        if placed is None:
            raise Gone("order")
        view, public = self._view(request, entry), self._lane.public(request)
        store = self._lane.catalogue().store
        body = event(
            placed, f"{say.text(store.names)}: {say('order.ics', entry.order[:4])}",
            f"{view.way}, {view.place}" if placed.kind != "home" else ", ".join(view.to),
            f"{public}/o/{_name(request)}", request.url.hostname or "endcap", self._lane.services.clock(),
        )  # fmt: skip
        return Response(
            body, media_type="text/calendar; charset=utf-8", headers={"cache-control": "private, no-cache"}
        )


def _name(request: Request) -> str:
    """The page's name, which is known to the buyer alone."""
    return str(request.path_params["order"]).upper()
