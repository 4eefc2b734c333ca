"""Every kiosk on one page, and by the hour what they sold and showed: `/fleet`, `/fleet/hours`, `/api/fleet`. For staff."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import structs
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fleet.reports import roster
from fleet.reports.charts import SPANS, Chart, charts
from fleet.reports.roster import Ask, BadAsk, Counts, Row
from fleet.services import Services
from fleet.web.lately import Lately
from fleet.web.operator import here_only
from fleet.web.pages import page
from fleet.web.staff import private

KEPT_S: Final = 1.0
CHARTS_KEPT_S: Final = 30.0
# Shapes and words for a state: colour is never alone.
PRESENCE: Final = {
    "selling": ("●", "selling"), "silent": ("◌", "silent"), "lost": ("▲", "lost"), "closed": ("■", "closed"),
    "unknown": ("?", "unknown"), "never": ("○", "never heard"),
}  # fmt: skip
TILES: Final = (
    ("lost", "▲", "lost"), ("suspect", "◆", "suspicious"), ("faults", "✖", "with faults"), ("missing", "…", "miss events"),
    ("drift", "≠", "not on their release"), ("behind", "↧", "behind"), ("clock", "◷", "with a wrong clock"),
    ("never", "○", "never heard"),
)  # fmt: skip
COLUMNS: Final = (
    ("kiosk", "Kiosk"), ("state", "State"), ("trouble", "What is wrong"), ("backlog", "Backlog"), ("clock", "Clock"),
    ("sale", "Last sale"), ("version", "Software"), ("heard", "Heard"),
)  # fmt: skip


def routes(services: Services) -> list[BaseRoute]:
    """The list, its changing part alone (`?part=live`), the charts, and the list for programs."""
    pages = Pages(services)
    return [
        Route("/fleet", here_only(pages.show), methods=["GET"]),
        Route("/fleet/hours", here_only(pages.hours), methods=["GET"]),
        Route("/api/fleet", here_only(pages.as_json), methods=["GET"]),
    ]


def timezone(services: Services) -> str:
    """Where the operator is: the published store's."""
    return services.catalogue.current().store.timezone if services.catalogue else "UTC"


def ask_of(params: QueryParams) -> Ask:
    """The question in an address. Raises HTTPException 400, which says what was expected."""
    numbers = {}
    for name in ("page", "size"):
        text = params.get(name, "")
        if text:
            if not (text.isdecimal() and len(text) < 8):
                raise HTTPException(400, f"{name} {text[:20]!r}: expected a number")
            numbers[name] = int(text)
    ask = Ask(
        site=params.get("site", "").strip()[: roster.MOST_TEXT], state=params.get("state", ""),
        text=params.get("text", "").strip()[: roster.MOST_TEXT], sort=params.get("sort", "") or "trouble",
        down=params.get("down", "") == "1", **numbers,
    )  # fmt: skip
    try:
        ask.check()
    except BadAsk as error:
        raise HTTPException(400, str(error)) from None
    return ask


def query(ask: Ask, **changed: Any) -> str:
    """A question as it stands in an address, without what goes without saying."""
    told = structs.replace(ask, **changed)
    plain = Ask()
    named = {name: getattr(told, name) for name in Ask.__struct_fields__}
    return urlencode(
        {name: int(value) if name == "down" else value for name, value in named.items() if value != getattr(plain, name)}
    )  # fmt: skip


class Pages:
    """The list and the charts."""

    def __init__(self, services: Services) -> None:
        self._services, self._drift_ms = services, services.config.drift_minutes * 60_000
        self._found: Lately[tuple[Counts, list[Row]]] = Lately(KEPT_S)
        self._charts: Lately[list[Chart]] = Lately(CHARTS_KEPT_S)

    def _look(self, ask: Ask) -> tuple[Counts, list[Row]]:
        def find_out() -> tuple[Counts, list[Row]]:
            now_ms = self._services.clock()
            with self._services.store.read() as connection:
                found = roster.counts(connection, now_ms, ask, self._drift_ms)
                return found, roster.page(connection, now_ms, ask, self._drift_ms)

        return self._found.get(ask, find_out)

    async def show(self, request: Request) -> Response:
        """`/fleet`."""
        ask = ask_of(request.query_params)
        return await run_in_threadpool(self._draw, request, ask)

    def _draw(self, request: Request, ask: Ask) -> Response:
        found, rows = self._look(ask)
        only_part = request.query_params.get("part") == "live"
        pages = max(1, -(-found.matching // ask.size))
        return private(
            page(
                request, "roster_live.html" if only_part else "roster.html", title="Kiosks", ask=ask, counts=found, rows=rows,
                pages=pages, presence=PRESENCE, tiles=TILES, columns=COLUMNS, query=query, now_ms=self._services.clock(),
                connected=self._services.line.connected, most_first=roster.MOST_FIRST,
            )
        )  # fmt: skip

    async def as_json(self, request: Request) -> Response:
        """`/api/fleet`: the same as JSON; `next` is the address of the page that follows, "" after the last."""
        ask = ask_of(request.query_params)
        found, rows = await run_in_threadpool(self._look, ask)
        more = ask.page * ask.size < found.matching
        following = f"/api/fleet?{query(ask, page=ask.page + 1)}" if more else ""
        return as_json({"counts": found, "kiosks": rows, "next": following}, following)

    async def hours(self, request: Request) -> Response:
        """`/fleet/hours`: all kiosks together."""
        return await run_in_threadpool(self._draw_hours, request)

    def _draw_hours(self, request: Request) -> Response:
        span = request.query_params.get("span", "24h")
        if span not in SPANS:
            raise HTTPException(400, f"span: expected one of {', '.join(SPANS)}")

        def find_out() -> list[Chart]:
            with self._services.store.read() as connection:
                return charts(connection, self._services.clock(), span, timezone(self._services))

        drawn = self._charts.get(span, find_out)
        return private(page(request, "hours.html", title="By the hour", drawn=drawn, span=span, kiosk=""))


def as_json(data: Any, following: str = "") -> Response:
    """An answer for a program; `following`: where it goes on (RFC 8288)."""
    headers = {"cache-control": "no-store"} | ({"link": f'<{following}>; rel="next"'} if following else {})
    return Response(msgspec.json.encode(data), media_type="application/json", headers=headers)
