"""What the basket's and the order's pages share: the basket of a request, and what has become of the order it is for."""

from __future__ import annotations

from msgspec import structs
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from content.references import reference_of
from content.slots import Slot
from fleet.payments.book import Entry
from fleet.payments.port import OPEN, PAID
from fleet.shop.baskets import Baskets
from fleet.shop.orders import Orders
from fleet.shop.reports import Reports
from fleet.web.shop import basket_cookie
from fleet.web.shop.basket_cookie import COOKIE, LIFE_S, Basket
from fleet.web.shop.lane import Lane, new_order, order_of, say_of


class Trade:
    """Baskets and orders over the lane's services."""

    def __init__(self, lane: Lane) -> None:
        services = lane.services
        self.lane = lane
        self.orders = Orders(services.store, services.clock)
        self.baskets = Baskets(services.store, services.clock)
        self.reports = Reports(services.store, services.clock)

    def places_left(self, slot: Slot) -> int | None:
        """Free places of a slot, None where there is no end to them."""
        return max(0, slot.capacity - self.orders.taken(slot.key)) if slot.capacity else None

    # --- the order a basket becomes ---------------------------------------------------------------------------

    def entry_of(self, name: str) -> Entry | None:
        """The charge of the order whose page has that name, None where there is none (or nothing can be paid here)."""
        desk = self.lane.services.payments
        return desk.book.get(reference_of(order_of(name), 0)) if desk is not None and name else None

    def bought(self, basket: Basket) -> str:
        """The name of the page of the order a basket has become, "" while it has not. Where money is waited for the provider is asked:
        somebody whose signal went on the way back from paying must not pay for the same again.
        """
        entry = self.entry_of(basket.order)
        if entry is not None and entry.state in OPEN:
            entry = self.lane.asked(entry)
        return basket.order if entry is not None and entry.state in PAID else ""

    def receipt(self, request: Request, basket: Basket) -> Response | None:
        """On to the receipt of a basket that is bought, with an empty one; None where it is not."""
        order = self.bought(basket) if basket else ""
        if not order:
            return None
        language = say_of(request).language
        empty = Basket(kiosk=basket.kiosk, spot=basket.spot)
        return keep(RedirectResponse(f"/o/{order}?lang={language}", 303), empty, request)

    def withdrawn(self, basket: Basket) -> Basket:
        """The basket, changed by its owner: what is being paid for under its number is not this any more, so that is
        called off and the basket gets a new number. Lasts as long as the provider does.
        """
        entry = self.entry_of(basket.order)
        if entry is None:
            return basket if basket.order else structs.replace(basket, order=new_order())
        if entry.state in OPEN:
            self.lane.desk().cancel(entry)
        return structs.replace(basket, order=new_order())

    def fresh(self, basket: Basket) -> Basket:
        """The basket with a number that can still become an order: one whose charge has ended gets a new one."""
        entry = self.entry_of(basket.order)
        if basket.order and (entry is None or entry.state in OPEN):
            return basket
        return structs.replace(basket, order=new_order())


def basket_of(request: Request) -> Basket:
    """The basket a phone brings; an empty one where it brings none, or nonsense."""
    return basket_cookie.read(request.cookies.get(COOKIE, ""))


def keep(response: Response, basket: Basket, request: Request) -> Response:
    """Have the phone keep a basket; an empty one is forgotten."""
    value = basket_cookie.write(basket)
    if value:
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, value, max_age=LIFE_S, path="/", secure=secure, httponly=True, samesite="lax"
        )
    elif COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    return response


__all__ = ["Basket", "Trade", "basket_of", "keep"]
