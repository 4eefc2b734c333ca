"""The web application: modules that bring routes, and what stands before and behind every page.

A module adds pages by a function `routes(services) -> list[BaseRoute]` named in MODULES.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fleet.safety import frames_of
from fleet.services import Services
from fleet.web import (
    adverts,
    alerts,
    commands,
    counter,
    enrolment,
    errors,
    kiosk,
    live_changes,
    monitoring,
    operator,
    orders,
    releases,
    rollouts,
    roster,
    unresolved,
    visits,
    webhooks,
)
from fleet.web.gate import Gate, networks
from fleet.web.host import Named
from fleet.web.pages import ASSETS
from fleet.web.shop import table
from fleet.web.wire import Compression

Module = Callable[[Services], list[BaseRoute]]
MODULES: Final[tuple[Module, ...]] = (
    table.routes, operator.routes, roster.routes, kiosk.routes, adverts.routes, counter.routes, orders.routes, unresolved.routes, visits.routes, enrolment.routes, commands.routes, alerts.routes, live_changes.routes, rollouts.routes, releases.routes, webhooks.routes,
)  # fmt: skip
HSTS: Final = "max-age=31536000; includeSubDomains"  # RFC 6797


def security_headers(public_url: str) -> dict[str, str]:
    """What every answer forbids unless it says otherwise itself. `public_url`: how phones reach the pages."""
    parts = urlsplit(public_url)
    found = {
        "content-security-policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; object-src 'none';"
        f" form-action 'self'; frame-ancestors {' '.join(frames_of(public_url))}",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    if parts.scheme == "https":
        found["strict-transport-security"] = HSTS
    return found


class SecurityHeaders:
    """Adds the security headers to every answer that does not set its own."""

    def __init__(self, app: ASGIApp, *, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"], *(header for header in self._headers if header[0] not in there)
                ]  # fmt: skip
            await send(message)

        await self._app(scope, receive, send_with_headers)


def create_app(services: Services) -> Starlette:
    """The application over these services. Raises gate.BadNetwork."""
    own: list[BaseRoute] = [*monitoring.routes(services), *ASSETS.routes()]
    config = services.config
    return Starlette(
        routes=own + [route for module in MODULES for route in module(services)],
        middleware=[
            Middleware(SecurityHeaders, headers=security_headers(config.public_url)),
            Middleware(Named, public_url=config.public_url, refuse=errors.refuse),
            Middleware(Compression),
            Middleware(
                Gate, clock=services.clock, trusted=networks(config.trusted_proxies), refuse=errors.refuse
            ),
        ],
        exception_handlers={HTTPException: errors.handler, Exception: errors.handler},
    )
