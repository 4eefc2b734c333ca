"""A product at a place of a wall: its page, and buying it.

The address is a GS1 Digital Link with a path stem, `/{kiosk}/{facing}/01/{gtin}`. It comes in upper case from the
wall's QR codes.
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
from fleet.web.shop.lane import Gone, Lane, is_order, new_order, say_of
from fleet.web.shop.product_view import gtin_14, product_page, quantity_of
from fleet.web.words import Words
from mqtt.messages import Line

METHOD: Final = "link"  # a phone follows the provider's own link
TTL_S: Final = 900  # nobody waits behind a phone


@dataclass(frozen=True, slots=True)
class Spot:
    """A product at a place of a wall, in the store as it is now."""

    kiosk: str  # its address
    facing: int
    product: Product
    store: AnyStore


def routes(lane: Lane) -> list[BaseRoute]:
    """`/{kiosk}/{facing}/01/{gtin}`."""
    pages = ProductPages(lane)
    path = "/{kiosk}/{facing:int}/01/{gtin}"
    return [
        Route(path, lane.kindly(pages.show), methods=["GET"]),
        Route(path, lane.kindly(pages.buy), methods=["POST"]),
    ]


class ProductPages:
    """A product's page and its form."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def show(self, request: Request) -> Response:
        """The product, a quantity, and what they cost together."""
        spot = await run_in_threadpool(self._spot, request)
        return self._page(request, spot, quantity_of(request.query_params.get("q", "1")))

    def _page(
        self, request: Request, spot: Spot, quantity: int, problem: str = "", status: int = 200
    ) -> Response:
        say = say_of(request)
        view = product_page(spot.product, quantity, say, self._lane.now())
        return self._lane.page(
            request, "phone_product.html", say, status,
            view=view, store=spot.store.store, kiosk=spot.kiosk.rpartition("/")[2], problem=problem,
            order=new_order(), at=lambda n: f"?q={n}&lang={say.language}",
        )  # fmt: skip

    async def buy(self, request: Request) -> Response:
        """Make an order and a charge of it, and lead on to where it is paid."""
        async with request.form(max_files=0, max_fields=8) as form:
            wish = {name: str(form.get(name, "")) for name in ("q", "order", "minor")}
        spot = await run_in_threadpool(self._spot, request)
        say, quantity = say_of(request), quantity_of(wish["q"])
        total = pricing.line_total(spot.product, quantity, self._lane.now())
        if spot.product.availability is Availability.OUT_OF_STOCK:
            return self._page(request, spot, quantity, status=409)
        # a price that was shown is kept or said to have changed, never slipped in
        if wish["minor"] != str(total.minor):
            return self._page(request, spot, quantity, "price-changed", 409)
        if self._lane.services.payments is None:
            return self._page(request, spot, quantity, "no-payment", 503)
        entry = self._entry(request, spot, quantity, wish["order"], say)
        asked = await run_in_threadpool(self._lane.desk().start_on_phone, entry)
        if isinstance(asked, str) or not asked.payload:
            return self._page(request, spot, quantity, "no-payment", 503)
        if asked.state not in OPEN:  # the same form once more, after it was paid or declined
            return RedirectResponse(f"/o/{asked.order}?lang={say.language}", 303)
        return RedirectResponse(asked.payload, 303, headers={"content-security-policy": self._lane.policy})

    def _entry(self, request: Request, spot: Spot, quantity: int, order: str, say: Words) -> Entry:
        """The order as a charge. The form brings the order's number, so that sent twice it is one order."""
        order = order if is_order(order) else new_order()
        now = self._lane.now()
        product, store = spot.product, spot.store.store
        name = say.text(product.names)
        total = pricing.line_total(product, quantity, now)
        line = Line(
            gtin=product.gtin, name=name, quantity=quantity, price_minor=pricing.price_at(product, now).minor,
            total_minor=total.minor, facing=spot.facing,
        )  # fmt: skip
        return Entry(
            reference=reference_of(order, 0), kiosk=spot.kiosk, order=order, channel=PHONE, method=METHOD,
            provider=self._lane.desk().provider_of(METHOD), currency=total.currency, minor=total.minor, lines=(line,),
            version=store.version, ttl_s=TTL_S, asked_ms=self._lane.services.clock(), language=say.language,
            description=f"{say.text(store.names)}: {quantity} × {name}"[:200],
            return_url=f"{self._lane.public(request)}/o/{order}?lang={say.language}",
        )  # fmt: skip

    def _spot(self, request: Request) -> Spot:
        """Raises Gone, for the first part of the address that leads nowhere."""
        store = self._lane.catalogue()
        kiosk = self._lane.kiosk(request.path_params["kiosk"])
        gtin = gtin_14(request.path_params["gtin"])
        product = store.product(gtin) if gtin else None
        if kiosk is None:
            raise Gone("wall")
        if product is None:
            raise Gone("product")
        facing: int = request.path_params["facing"]
        return Spot(kiosk, facing if 0 < facing < 1 << 31 else 0, product, store)
