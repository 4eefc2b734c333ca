"""The web application: modules that bring routes, and the headers every answer carries.

A module adds pages by a function `routes(services) -> list[BaseRoute]` named in MODULES.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fleet.services import Services
from fleet.web import operator, webhooks
from fleet.web.pages import STATIC, page
from fleet.web.shop import table

Module = Callable[[Services], list[BaseRoute]]
MODULES: Final[tuple[Module, ...]] = (operator.routes, webhooks.routes, table.routes)

# Everything from ourselves; loopback pages (the demo) may show ours in a frame.
_SECURITY: Final = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; object-src 'none';"
    " frame-ancestors 'self' http://127.0.0.1:* http://localhost:*",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


class SecurityHeaders:
    """Adds the security headers to every answer that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def create_app(services: Services) -> Starlette:
    """The application over these services."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "broker": services.line.connected})

    own: list[BaseRoute] = [
        Route("/healthz", healthz),
        Mount("/static", StaticFiles(directory=STATIC), name="static"),
    ]
    return Starlette(
        routes=own + [route for module in MODULES for route in module(services)],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers={HTTPException: _problem},
    )


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return page(
        request, "problem.html", error.status_code,
        title=f"{error.status_code}", text=error.detail,
    )  # fmt: skip
