"""How an order stands: what a phone comes back to, and keeps."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from content.references import reference_of
from fleet.payments.book import PHONE
from fleet.web.shop.lane import Gone, Lane, is_order, say_of
from fleet.web.shop.order_view import order_page


def routes(lane: Lane) -> list[BaseRoute]:
    """`/o/{order}`."""

    async def order(request: Request) -> Response:
        name = request.path_params["order"].upper()
        if not is_order(name):
            raise Gone("order")
        entry = await run_in_threadpool(lane.desk("order").look, reference_of(name, 0))
        if entry is None or entry.channel != PHONE:
            raise Gone("order")
        say = say_of(request, entry.language)
        return lane.page(
            request, "phone_order.html", say,
            view=order_page(entry, say), store=lane.catalogue().store, kiosk=entry.kiosk.rpartition("/")[2],
        )  # fmt: skip

    return [Route("/o/{order}", lane.kindly(order), methods=["GET"])]
