"""The operator's page: what is sold, shown, touched and scanned, and how every kiosk is, as it happens.

It is for this machine only: a request that came over the network is refused, because nobody has signed in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from fleet.events import gaps
from fleet.reports.glance import Glance
from fleet.services import Services
from fleet.web import feed
from fleet.web.live import HEADERS, stream
from fleet.web.pages import page
from fleet.web.unresolved_names import NAMES, open_payments

Endpoint = Callable[[Request], Awaitable[Response]]
_FORWARDED: Final = (
    "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via", "cf-connecting-ip",
    "true-client-ip",
)  # fmt: skip


def routes(services: Services) -> list[BaseRoute]:
    """`/`, `/overview` (its changing part alone), `/api/summary`, `/api/gaps` (`?kiosk=`), `/api/live`."""

    def timezone() -> str:
        return services.catalogue.current().store.timezone if services.catalogue else "UTC"

    glance = Glance(services.store, services.live, services.clock, timezone)

    async def overview(request: Request) -> Response:
        state = await run_in_threadpool(glance.now)
        now_ms = services.clock()
        template = "overview.html" if request.url.path == "/overview" else "operator.html"
        answer = page(
            request,
            template,
            title="Fleet",
            now_ms=now_ms,
            state=state,
            connected=services.line.connected,
            unresolved=await run_in_threadpool(open_payments, services),
            names=NAMES,
            feed=feed,
            shop=services.catalogue.current() if services.catalogue else None,
            called=services.catalogue.staff_name if services.catalogue else _as_sold,
        )
        answer.headers["cache-control"] = "no-store"  # nor does the shop's service worker keep it
        return answer

    async def as_json(_request: Request) -> Response:
        state = await run_in_threadpool(glance.now)
        return Response(
            msgspec.json.encode(state), media_type="application/json", headers={"cache-control": "no-store"}
        )

    async def gap_report(request: Request) -> Response:
        kiosk = request.query_params.get("kiosk")

        def asked() -> list[gaps.StreamReport]:
            with services.store.read() as connection:
                return gaps.report(connection, kiosk)

        body = msgspec.json.encode(await run_in_threadpool(asked))
        return Response(body, media_type="application/json", headers={"cache-control": "no-store"})

    async def live(_request: Request) -> Response:
        return StreamingResponse(stream(services.live), media_type="text/event-stream", headers=HEADERS)

    async def shop(_request: Request) -> Response:
        return RedirectResponse("/shop", 307)

    return [
        Route("/", here_only(overview, shop if services.catalogue else None)),
        Route("/overview", here_only(overview)),
        Route("/api/summary", here_only(as_json)),
        Route("/api/gaps", here_only(gap_report)),
        Route("/api/live", here_only(live)),
    ]


def _as_sold(_gtin: str, name: str) -> str:
    return name


def here_only(endpoint: Endpoint, otherwise: Endpoint | None = None) -> Endpoint:
    """An endpoint that is answered to this machine alone; others get what `otherwise` answers, or 403."""

    @wraps(endpoint)
    async def guarded(request: Request) -> Response:
        if not from_this_machine(request):
            if otherwise is not None:
                return await otherwise(request)
            return page(
                request,
                "problem.html",
                403,
                title="Not from here",
                text="The operator's page opens only on the machine the fleet runs on.",
            )
        return await endpoint(request)

    return guarded


def from_this_machine(request: Request) -> bool:
    """Whether nobody but this machine sent it: a loopback peer, no proxy in between, and a name of ours in Host (a
    page of somebody else's whose DNS name points here must not read along).

    nginx, unless told otherwise, says neither whom it speaks for nor the name that was asked for, but speaks HTTP/1.0,
    which no browser does.
    """
    if request.scope.get("http_version") == "1.0":
        return False
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    return _loopback(request.client.host) and _loopback(request.url.hostname or "")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
