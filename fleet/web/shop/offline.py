"""What a phone keeps for when there is no signal: the service worker, and the page it shows in a page's place."""

from __future__ import annotations

import hashlib
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fleet.web.pages import ASSETS, render
from fleet.web.shop.lane import Lane, say_of
from fleet.web.words import LANGUAGES

SHELL: Final = ("base.css", "phone.css", "trade.css", "trade.js", "icon.svg")


def routes(lane: Lane) -> list[BaseRoute]:
    """`/sw.js`, `/offline`."""
    files = [*(ASSETS.url(name) for name in SHELL), *(f"/offline?lang={tag}" for tag in LANGUAGES)]

    async def worker(_request: Request) -> Response:
        version = hashlib.sha256("".join(files).encode()).hexdigest()[:10]
        script = render("sw.js", files=files, version=version, language=next(iter(LANGUAGES)))
        return Response(
            script, media_type="text/javascript; charset=utf-8", headers={"cache-control": "no-cache"}
        )

    async def offline(request: Request) -> Response:
        return lane.page(request, "phone_offline.html", say_of(request))

    return [
        Route("/sw.js", worker, methods=["GET"]),
        Route("/offline", lane.kindly(offline), methods=["GET"]),
    ]
