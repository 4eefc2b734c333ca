"""The phone lane: what a phone opens when somebody scans a facing, from product to receipt, without script.

The address is a GS1 Digital Link with a path stem, `/{kiosk}/{facing}/01/{gtin}`: this product at this place of this
wall. It comes in upper case from the wall's QR codes. Nobody signs in and no cookie is set: the language travels in
the address, and an order's page is known to whoever knows its number (75 random bits).
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final
from urllib.parse import quote, urlsplit

from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content import pricing
from content.model import Availability, Product
from content.references import CROCKFORD, ORDER_LENGTH, reference_of
from content.store import AnyStore
from fleet import tables
from fleet.payments.book import PHONE, Entry
from fleet.payments.desk import PaymentDesk
from fleet.payments.port import OPEN
from fleet.safety import content_policy, posted_here
from fleet.services import Services
from fleet.web.pages import page
from fleet.web.phone_view import gtin_14, order_page, product_page, quantity_of
from fleet.web.words import LANGUAGES, Words, chosen
from mqtt.messages import Line

METHOD: Final = "link"  # a phone follows the provider's own link
TTL_S: Final = 900  # nobody waits behind a phone
Endpoint = Callable[[Request], Awaitable[Response]]


class Gone(Exception):
    """There is no such page; `key` names the words that say so kindly."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Spot:
    """A product at a place of a wall, in the store as it is now."""

    kiosk: str  # its address
    facing: int
    product: Product
    store: AnyStore


def routes(services: Services) -> list[BaseRoute]:
    """`/{kiosk}/{facing}/01/{gtin}`, `/o/{order}`, `/picture/{gtin}`."""
    lane = Lane(services)
    return [
        Route("/{kiosk}/{facing:int}/01/{gtin}", lane.kindly(lane.product), methods=["GET"]),
        Route("/{kiosk}/{facing:int}/01/{gtin}", lane.kindly(lane.buy), methods=["POST"]),
        Route("/o/{order}", lane.kindly(lane.order), methods=["GET"]),
        Route("/picture/{gtin}", lane.kindly(lane.picture), methods=["GET"]),
    ]


class Lane:
    """The pages over the fleet's services."""

    def __init__(self, services: Services) -> None:
        self._services = services
        provider = services.config.provider_pages or services.config.provider_url
        parts = urlsplit(provider)
        origin = [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
        self._policy = content_policy(["https:", *origin])

    def kindly(self, endpoint: Endpoint) -> Endpoint:
        """Answer what is not there with a page in the reader's language."""

        @wraps(endpoint)
        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Gone as gone:
                return self._page(request, "phone_gone.html", _say(request), 404, key=gone.key)

        return answer

    # --- the product ------------------------------------------------------------------------------------------

    async def product(self, request: Request) -> Response:
        """The product, a quantity, and what they cost together."""
        spot = await run_in_threadpool(self._spot, request)
        quantity = quantity_of(request.query_params.get("q", "1"))
        return self._product_page(request, spot, quantity)

    def _product_page(
        self, request: Request, spot: Spot, quantity: int, problem: str = "", status: int = 200
    ) -> Response:
        say = _say(request)
        view = product_page(spot.product, quantity, say, self._now())
        return self._page(
            request, "phone_product.html", say, status,
            view=view, store=spot.store.store, kiosk=spot.kiosk.rpartition("/")[2], problem=problem,
            order=_new_order(), at=lambda n: f"?q={n}&lang={say.language}",
        )  # fmt: skip

    async def buy(self, request: Request) -> Response:
        """Make an order and a charge of it, and lead on to where it is paid."""
        if not posted_here(request.headers):
            return Response("This form was not sent from our own page.", 403, media_type="text/plain")
        async with request.form(max_files=0, max_fields=8) as form:
            wish = {name: str(form.get(name, "")) for name in ("q", "order", "minor")}
        spot = await run_in_threadpool(self._spot, request)
        say, quantity = _say(request), quantity_of(wish["q"])
        total = pricing.line_total(spot.product, quantity, self._now())
        if spot.product.availability is Availability.OUT_OF_STOCK:
            return self._product_page(request, spot, quantity, status=409)
        if wish["minor"] != str(
            total.minor
        ):  # a price that was shown is kept or said to have changed, never slipped in
            return self._product_page(request, spot, quantity, "price-changed", 409)
        if self._services.payments is None:
            return self._product_page(request, spot, quantity, "no-payment", 503)
        entry = self._entry(request, spot, quantity, wish["order"], say)
        asked = await run_in_threadpool(self._desk().start_on_phone, entry)
        if isinstance(asked, str) or not asked.payload:
            return self._product_page(request, spot, quantity, "no-payment", 503)
        if (
            asked.state not in OPEN
        ):  # the same form once more, after it was paid or declined: the order's page knows
            return RedirectResponse(f"/o/{asked.order}?lang={say.language}", 303)
        return RedirectResponse(asked.payload, 303, headers={"content-security-policy": self._policy})

    def _entry(self, request: Request, spot: Spot, quantity: int, order: str, say: Words) -> Entry:
        """The order as a charge. The form brings the order's number, so that sent twice it is one order."""
        if len(order) != ORDER_LENGTH or not set(order) <= set(CROCKFORD):
            order = _new_order()
        now = self._now()
        product, store = spot.product, spot.store.store
        name = say.text(product.names)
        total = pricing.line_total(product, quantity, now)
        line = Line(
            gtin=product.gtin, name=name, quantity=quantity, price_minor=pricing.price_at(product, now).minor,
            total_minor=total.minor, facing=spot.facing,
        )  # fmt: skip
        return Entry(
            reference=reference_of(order, 0), kiosk=spot.kiosk, order=order, channel=PHONE, method=METHOD,
            provider=self._desk().provider_of(METHOD), currency=total.currency, minor=total.minor, lines=(line,),
            version=store.version, ttl_s=TTL_S, asked_ms=self._services.clock(), language=say.language,
            description=f"{say.text(store.names)}: {quantity} × {name}"[:200],
            return_url=f"{self._public(request)}/o/{order}?lang={say.language}",
        )  # fmt: skip

    # --- the order --------------------------------------------------------------------------------------------

    async def order(self, request: Request) -> Response:
        """How an order stands: what a phone comes back to, and keeps."""
        order = request.path_params["order"].upper()
        if len(order) != ORDER_LENGTH or not set(order) <= set(CROCKFORD):
            raise Gone("order")
        entry = await run_in_threadpool(self._desk("order").look, reference_of(order, 0))
        if entry is None or entry.channel != PHONE:
            raise Gone("order")
        say = _say(request, entry.language)
        store = self._catalogue().store
        view = order_page(entry, say)
        return self._page(
            request, "phone_order.html", say, 200,
            view=view, store=store, kiosk=entry.kiosk.rpartition("/")[2],
        )  # fmt: skip

    async def picture(self, request: Request) -> Response:
        """A product's picture."""
        store = self._catalogue()
        product = await run_in_threadpool(store.product, gtin_14(request.path_params["gtin"]) or "")
        path = store.picture(product) if product else None
        if path is None:
            raise Gone("product")
        return FileResponse(path, headers={"cache-control": "public, max-age=86400"})

    # --- inside -----------------------------------------------------------------------------------------------

    def _spot(self, request: Request) -> Spot:
        """Raises Gone, for the first part of the address that leads nowhere."""
        store = self._catalogue()
        kiosk = self._kiosk(request.path_params["kiosk"])
        gtin = gtin_14(request.path_params["gtin"])
        product = store.product(gtin) if gtin else None
        if kiosk is None:
            raise Gone("wall")
        if product is None:
            raise Gone("product")
        facing: int = request.path_params["facing"]
        return Spot(kiosk, facing if 0 < facing < 1 << 31 else 0, product, store)

    def _kiosk(self, name: str) -> str | None:
        """The address of the one kiosk of that name, in whatever case a QR code has it."""
        column = tables.kiosks.c.kiosk
        with self._services.store.read() as connection:
            found = connection.scalars(
                select(column)
                .where(func.lower(column).endswith(f"/{name.lower()}", autoescape=True))
                .limit(2)
            ).all()
        return str(found[0]) if len(found) == 1 else None

    def _catalogue(self) -> AnyStore:
        if self._services.catalogue is None:
            raise Gone("shop")
        return self._services.catalogue.current()

    def _desk(self, key: str = "shop") -> PaymentDesk:
        if self._services.payments is None:
            raise Gone(key)
        return self._services.payments

    def _now(self) -> int:
        return self._services.clock() // 1000

    def _public(self, request: Request) -> str:
        return self._services.config.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"

    def _page(self, request: Request, template: str, say: Words, status: int, **values: Any) -> Response:
        answer = page(
            request, template, status,
            say=say, language=say.language, direction=say.direction, languages=LANGUAGES,
            in_language=lambda tag: f"?{_query(request, tag)}", **values,
        )  # fmt: skip
        answer.headers["content-security-policy"] = self._policy
        answer.headers["cache-control"] = "private, no-cache"
        answer.headers["vary"] = "accept-language"
        answer.headers["content-language"] = say.language
        return answer


def _say(request: Request, otherwise: str = "") -> Words:
    wish = request.query_params.get("lang") or otherwise
    return chosen(wish, request.headers.get("accept-language", ""))


def _query(request: Request, language: str) -> str:
    quantity = request.query_params.get("q", "")
    return (f"q={quote(quantity, safe='')}&" if quantity else "") + f"lang={language}"


def _new_order() -> str:
    return "".join(secrets.choice(CROCKFORD) for _ in range(ORDER_LENGTH))
