"""Adverts measured: `/adverts`, and the same for programs: `/api/adverts/plays | facings | grades | share`. For staff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from fleet.measuring import export, grades, proof, share
from fleet.measuring.asked import DAY_MS, LONGEST_DAYS, LONGEST_SHARE_DAYS, Asked, BadAsk, asked, check_names
from fleet.measuring.contract import Promises
from fleet.reports.charts import HEIGHT, STEP
from fleet.rollouts.repository import Releases
from fleet.services import Services
from fleet.web.operator import Endpoint, here_only
from fleet.web.pages import page
from fleet.web.roster import as_json, timezone
from fleet.web.staff import private

MOST_ROWS: Final = 300
LINES: Final = (200, 400, 600, 1000)  # per mille that the top of the chart may stand for
KINDS: Final = {
    "contract": "the operator’s contract",
    "share": "share",
    "pace": "plays wanted",
    "none": "in no playlist now",
}
REPORTS: Final = ("plays", "facings", "grades", "share")


class Bar(Struct, frozen=True, kw_only=True):
    """An hour of the contract; heights are per mille of the loop, in the units of charts."""

    x: int
    label: str
    owed: int  # per mille
    delivered: int
    height: int
    line: int  # how high what is owed is


def routes(services: Services) -> list[BaseRoute]:
    """The page, and the reports as JSON or CSV (`?from=&to=&kiosk=&booking=&format=`)."""
    pages = _Pages(services)
    return [
        Route("/adverts", here_only(_or_why(pages.show)), methods=["GET"]),
        Route("/api/adverts/{what}", here_only(_or_why(pages.report)), methods=["GET"]),
    ]


class _Pages:
    def __init__(self, services: Services) -> None:
        self._services = services

    def _ask(self, request: Request, most: int) -> Asked:
        said = request.query_params
        return asked(
            said.get("from", ""), said.get("to", ""), self._services.clock(), kiosk=said.get("kiosk", "").strip(),
            booking=said.get("booking", "").strip(), timezone=said.get("timezone", "") or timezone(self._services), most=most,
        )  # fmt: skip

    def _promises(self) -> Promises:
        rollouts, catalogue = self._services.rollouts, self._services.catalogue
        releases = rollouts.releases if rollouts is not None else Releases(None)
        return Promises(releases, catalogue.current().store if catalogue is not None else None)

    async def show(self, request: Request) -> Response:
        ask = self._ask(request, LONGEST_SHARE_DAYS)
        return await run_in_threadpool(self._draw, request, ask)

    def _draw(self, request: Request, ask: Asked) -> Response:
        with self._services.store.read() as connection:
            check_names(connection, ask)
            told = share.share(connection, ask, self._promises(), self._services.clock())
            graded = grades.grades(connection, ask)
        said = request.query_params
        return private(
            page(
                request, "adverts.html", title="Adverts", ask=ask, told=told, rows=told.rows[:MOST_ROWS],
                more=len(told.rows) - MOST_ROWS, graded=graded, bars=(drawn := bars(told.hours, ask))[0], most=drawn[1], kinds=KINDS, unknown=grades.UNKNOWN,
                since=said.get("from", "") or _local(ask.from_ms, ask), until=said.get("to", "") or _local(ask.to_ms, ask),
                reports=REPORTS, query=request.url.query, days=(ask.to_ms - ask.from_ms) // DAY_MS, step=STEP,
            )
        )  # fmt: skip

    async def report(self, request: Request) -> Response:
        what, form = request.path_params["what"], request.query_params.get("format", "json")
        if what not in REPORTS:
            raise HTTPException(404)
        if form not in export.FORMATS:
            raise BadAsk(f"format {form[:20]!r}: expected one of {', '.join(export.FORMATS)}")
        ask = self._ask(request, LONGEST_SHARE_DAYS if what == "share" else LONGEST_DAYS)
        if what in {"grades", "share"}:
            return await run_in_threadpool(self._whole, what, form, ask)
        await run_in_threadpool(self._look, ask)
        return StreamingResponse(
            self._stream(what, form, ask), headers=_headers(what, form), media_type=export.FORMATS[form]
        )

    def _look(self, ask: Asked) -> None:
        with self._services.store.read() as connection:
            check_names(connection, ask)

    def _stream(self, what: str, form: str, ask: Asked) -> Iterator[bytes]:
        with self._services.store.read() as connection:
            if what == "plays":
                yield from export.told(proof.plays(connection, ask), proof.PlayRow, form)
            else:
                yield from export.told(proof.facings(connection, ask), proof.FacingRow, form)

    def _whole(self, what: str, form: str, ask: Asked) -> Response:
        with self._services.store.read() as connection:
            check_names(connection, ask)
            if what == "grades":
                found = grades.grades(connection, ask)
                return as_json(found) if form == "json" else _csv(found, grades.Grade, what)
            told = share.share(connection, ask, self._promises(), self._services.clock())
        return as_json(told) if form == "json" else _csv(told.rows, share.Row, what)


def bars(hours: Iterable[share.HourRow], ask: Asked) -> tuple[list[Bar], int]:
    """The last week of hours, as per mille of each hour's loop; and what the highest line stands for."""
    figures = [
        (
            hour.at_ms,
            *(
                part * 1000 // hour.loop_ms if hour.loop_ms else 0
                for part in (hour.owed_ms, hour.delivered_ms)
            ),
        )
        for hour in list(hours)[-168:]
    ]
    highest = max((figure for _, *parts in figures for figure in parts), default=0)
    most = next((line for line in LINES if line >= highest), LINES[-1])
    found = [
        Bar(
            x=place * STEP, label=_local(at_ms, ask).replace("T", " "), owed=owed, delivered=delivered,
            height=min(most, delivered) * HEIGHT // most, line=min(most, owed) * HEIGHT // most,
        )
        for place, (at_ms, owed, delivered) in enumerate(figures)
    ]  # fmt: skip
    return found, most


def _or_why(endpoint: Endpoint) -> Endpoint:
    """An endpoint that says why it cannot answer a question: a page to people, JSON to programs."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except BadAsk as error:
            if request.url.path.startswith("/api/"):
                body = msgspec.json.encode({"error": str(error)})
                return Response(body, 400, {"cache-control": "no-store"}, "application/json")
            return page(request, "problem.html", 400, title="Adverts", text=f"{error}.")

    return answered


def _local(at_ms: int, ask: Asked) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, ask.zone):%Y-%m-%dT%H:%M}"


def _csv(rows: Iterable[Struct], kind: type[Struct], what: str) -> Response:
    return Response(
        b"".join(export.told(rows, kind, "csv")),
        headers=_headers(what, "csv"),
        media_type=export.FORMATS["csv"],
    )


def _headers(what: str, form: str) -> dict[str, str]:
    headers = {"cache-control": "no-store"}
    return headers | ({"content-disposition": f'attachment; filename="{what}.csv"'} if form == "csv" else {})
