"""The products' pictures."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from fleet.web.shop.lane import Gone, Lane
from fleet.web.shop.product_view import gtin_14


def routes(lane: Lane) -> list[BaseRoute]:
    """`/picture/{gtin}`."""

    async def picture(request: Request) -> Response:
        store = lane.catalogue()
        product = await run_in_threadpool(store.product, gtin_14(request.path_params["gtin"]) or "")
        path = store.picture(product) if product else None
        if path is None:
            raise Gone("product")
        return FileResponse(path, headers={"cache-control": "public, max-age=86400"})

    return [Route("/picture/{gtin}", lane.kindly(picture), methods=["GET"])]
