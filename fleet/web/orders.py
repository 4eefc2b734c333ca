"""The operator's list of phone orders to prepare, with where they go, and of what buyers say went wrong. For this machine only."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content.references import reference_of
from fleet.safety import posted_here
from fleet.services import Services
from fleet.shop.orders import STEPS, Orders
from fleet.shop.reports import Reports
from fleet.web.operator import here_only
from fleet.web.pages import page
from fleet.web.shop.lane import is_order

HEADERS: Final = {"cache-control": "no-store"}  # addresses: nothing of them stays in a browser


def routes(services: Services) -> list[BaseRoute]:
    """`/orders`: the list, and its forms (`order` and `step`, or `report` and `answer`)."""
    orders, reports = Orders(services.store, services.clock), Reports(services.store, services.clock)

    def listed(request: Request) -> Response:
        zone = services.catalogue.current().store.timezone if services.catalogue else "UTC"
        rows = []
        for placed, contact in orders.to_prepare():
            entry = services.payments.book.get(reference_of(placed.order, 0)) if services.payments else None
            starts, until = (
                datetime.fromtimestamp(ms // 1000, ZoneInfo(zone))
                for ms in (placed.starts_ms, placed.until_ms)
            )
            rows.append((placed, contact, entry, f"{starts:%a %d %b %H:%M}–{until:%H:%M}"))
        answer = page(
            request, "orders.html", title="Orders", rows=rows, reports=reports.open(), steps=STEPS[1:],
            now_ms=services.clock(),
        )  # fmt: skip
        answer.headers.update(HEADERS)
        return answer

    async def show(request: Request) -> Response:
        return await run_in_threadpool(listed, request)

    async def change(request: Request) -> Response:
        if not posted_here(request.headers):
            raise HTTPException(403)
        async with request.form(max_files=0, max_fields=4) as form:
            said = {name: str(form.get(name, "")) for name in ("order", "step", "report", "answer")}
        if is_order(said["order"]) and said["step"] in STEPS[1:]:
            await run_in_threadpool(orders.advance, said["order"], said["step"])
        elif is_order(said["report"]) and said["answer"].strip():
            await run_in_threadpool(reports.answer, said["report"], said["answer"])
        return RedirectResponse("/orders", 303)

    return [
        Route("/orders", here_only(show), methods=["GET"]),
        Route("/orders", here_only(change), methods=["POST"]),
    ]
