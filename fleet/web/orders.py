"""The operator's list of orders to prepare, from phones with where they go and from walls by station, and of what buyers
say went wrong. For this machine only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content.references import reference_of
from fleet.catalogue import STAFF, Catalogue
from fleet.payments.book import Entry
from fleet.safety import posted_here
from fleet.services import Services
from fleet.shop.orders import STEPS, Contact, Orders, Placed
from fleet.shop.packing import WallOrders
from fleet.shop.reports import Reports
from fleet.web.operator import here_only
from fleet.web.packing_words import goods, step_words, steps_left
from fleet.web.pages import page
from fleet.web.shop import when
from fleet.web.shop.lane import is_order
from fleet.web.wall_orders import packing_view

READY: Final = {"counter": "Ready at the counter", "locker": "In the locker", "home": "On its way"}
HEADERS: Final = {"cache-control": "no-store"}  # addresses: nothing of them stays in a browser


REASONS: Final = {
    "missing": "Something is missing",
    "wrong": "The wrong goods",
    "damaged": "Damaged or spoilt",
    "late": "Too late",
    "not-ready": "Not ready",
    "charged": "Charged wrongly",
    "other": "Something else",
}


class Job(Struct, frozen=True, kw_only=True):
    """An order as whoever packs it reads it, in the staff's language."""

    placed: Placed
    contact: Contact | None
    way: str
    when: str
    lines: tuple[tuple[int, str], ...]  # pieces, product
    now: str  # how far it is, "" at the beginning
    steps: tuple[tuple[str, str], ...]  # what can be said next: (step, the button's words)


def _job(placed: Placed, contact: Contact | None, entry: Entry | None, catalogue: Catalogue | None) -> Job:
    store = catalogue.current().store if catalogue else None
    zone = store.timezone if store else "UTC"
    starts, until = placed.starts_ms // 1000, placed.until_ms // 1000
    ways = {way.key: way.names.get(STAFF, way.key) for way in store.fulfilments} if store else {}
    words = step_words(READY.get(placed.kind, "Ready"))
    return Job(
        placed=placed,
        contact=contact,
        way=ways.get(placed.way, placed.way),
        when=f"{datetime.fromtimestamp(starts, ZoneInfo(zone)):%a %d %b %H:%M}–{when.until(until, zone)}",
        lines=goods(entry.lines if entry else (), catalogue),
        now=words.get(placed.progress, ""),
        steps=steps_left(placed.progress, words),
    )


def routes(services: Services) -> list[BaseRoute]:
    """`/orders`: the list, and its forms (`order`, `step` and, of a wall, `lane`; or `report` and `answer`)."""
    orders, reports = Orders(services.store, services.clock), Reports(services.store, services.clock)
    walls = WallOrders(services.store, services.clock)

    def listed(request: Request) -> Response:
        book = services.payments.book if services.payments else None
        jobs = [
            _job(
                placed, contact, book.get(reference_of(placed.order, 0)) if book else None, services.catalogue
            )
            for placed, contact in orders.to_prepare()
        ]
        answer = page(
            request, "orders.html", title="Orders", jobs=jobs, reports=reports.open(), reasons=REASONS,
            walls=packing_view(walls, services.catalogue, services.clock()), now_ms=services.clock(),
        )  # fmt: skip
        answer.headers.update(HEADERS)
        return answer

    async def show(request: Request) -> Response:
        return await run_in_threadpool(listed, request)

    async def change(request: Request) -> Response:
        if not posted_here(request.headers):
            raise HTTPException(403)
        async with request.form(max_files=0, max_fields=5) as form:
            said = {name: str(form.get(name, "")) for name in ("order", "lane", "step", "report", "answer")}
        if is_order(said["order"]) and said["step"] in STEPS[1:]:
            advance = walls.advance if said["lane"] == "wall" else orders.advance
            await run_in_threadpool(advance, said["order"], said["step"])
        elif is_order(said["report"]) and said["answer"].strip():
            await run_in_threadpool(reports.answer, said["report"], said["answer"])
        return RedirectResponse("/orders", 303)

    return [
        Route("/orders", here_only(show), methods=["GET"]),
        Route("/orders", here_only(change), methods=["POST"]),
    ]
