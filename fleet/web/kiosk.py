"""One kiosk: how it is, what it did, what is missing of it. `/fleet/TENANT/SITE/KIOSK`, and the same for programs. For staff."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fleet import tables
from fleet.events import gaps
from fleet.events.reading import understood
from fleet.events.rows import UNREADABLE
from fleet.reports import roster
from fleet.reports.charts import SPANS, Chart, charts, moment
from fleet.reports.reports import Told, timeline
from fleet.services import Services
from fleet.web import feed
from fleet.web.lately import Lately
from fleet.web.operator import here_only
from fleet.web.pages import money, page, span
from fleet.web.roster import CHARTS_KEPT_S, PRESENCE, as_json, timezone
from fleet.web.staff import private
from mqtt.cloudevents import BATCH_TYPE, to_cloudevent
from mqtt.messages import BadMessage
from mqtt.topics import Address, BadTopic

SHOWN: Final = 40
MOST: Final = 1_000  # events of one answer to a program
KINDS: Final = (*feed.KINDS,)
_CLOCKS: Final = {
    "synced": "its clock was set", "holdover": "its clock ran on by itself", "unsynced": "its clock was not set: when it came",
}  # fmt: skip
_PATH: Final = "{tenant}/{site}/{kiosk}"
Before = tuple[int, str, int]


class Line(Struct, frozen=True, kw_only=True):
    """An event of the timeline, as people read it. `bad`: why it is not as the others; "" where it is."""

    key: str
    kind: str
    named: str
    words: str
    at: str
    clock: str
    number: str
    bad: str


def routes(services: Services) -> list[BaseRoute]:
    """The page (`?part=live`: its changing part), its facts as JSON, its events as JSON or CloudEvents."""
    pages = _Pages(services)
    return [
        Route(f"/fleet/{_PATH}", here_only(pages.show), methods=["GET"]),
        Route(f"/api/fleet/{_PATH}", here_only(pages.facts), methods=["GET"]),
        Route(f"/api/fleet/{_PATH}/events", here_only(pages.events), methods=["GET"]),
    ]


class _Pages:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._charts: Lately[list[Chart]] = Lately(CHARTS_KEPT_S)

    async def show(self, request: Request) -> Response:
        kiosk, kind, before = _address(request), _kind(request), _before(request)
        width = request.query_params.get("span", "24h")
        if width not in SPANS:
            raise HTTPException(400, f"span: expected one of {', '.join(SPANS)}")
        return await run_in_threadpool(self._draw, request, kiosk, kind, before, width)

    def _draw(self, request: Request, kiosk: str, kind: str, before: Before | None, width: str) -> Response:
        services = self._services
        zone, now_ms = timezone(services), services.clock()
        with services.store.read() as connection:
            row = roster.one(connection, now_ms, kiosk, self._services.config.drift_minutes * 60_000)
            if row is None:
                raise HTTPException(404)
            told = timeline(connection, kiosk, before, SHOWN + 1, kind)
            lines = _lines(connection, told[:SHOWN], services, zone)
            streams = gaps.report(connection, kiosk)
        drawn = self._charts.get((kiosk, width), lambda: self._drawn(kiosk, width))
        shown = {"kind": kind, "span": "" if width == "24h" else width, "before": _text(before)}
        only_part = request.query_params.get("part") == "live"
        return private(
            page(
                request, "kiosk_live.html" if only_part else "kiosk.html", title=row.name, row=row, streams=streams,
                in_words=gaps.in_words, lines=lines, kinds=feed.KINDS, kind=kind, presence=PRESENCE, drawn=drawn, span=width,
                entries=services.commands.book.latest(5, kiosk) if services.commands else [], now_ms=now_ms, zone=zone,
                following=_text(_place(told[SHOWN - 1])) if len(told) > SHOWN else "", moment=moment, kiosk=kiosk,
                query=urlencode({name: value for name, value in shown.items() if value}), connected=services.line.connected,
            )
        )  # fmt: skip

    def _drawn(self, kiosk: str, width: str) -> list[Chart]:
        with self._services.store.read() as connection:
            return charts(connection, self._services.clock(), width, timezone(self._services), kiosk)

    async def facts(self, request: Request) -> Response:
        """What the list says of it, and its streams."""
        kiosk = _address(request)

        def look() -> dict[str, Any]:
            with self._services.store.read() as connection:
                row = roster.one(
                    connection, self._services.clock(), kiosk, self._services.config.drift_minutes * 60_000
                )
                if row is None:
                    raise HTTPException(404)
                return {"kiosk": row, "streams": gaps.report(connection, kiosk)}

        return as_json(await run_in_threadpool(look))

    async def events(self, request: Request) -> Response:
        """Its events, the latest first: JSON, or CloudEvents where they are asked for. `Link` says where it goes on."""
        kiosk, kind, before = _address(request), _kind(request), _before(request)
        text = request.query_params.get("limit", "100")
        if not (text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST):
            raise HTTPException(400, f"limit: expected 1 to {MOST}")
        limit = int(text)

        def look() -> list[Told]:
            with self._services.store.read() as connection:
                return timeline(connection, kiosk, before, limit + 1, kind)

        told = await run_in_threadpool(look)
        following = ""
        if len(told) > limit:
            more = {
                "before": _text(_place(told[limit - 1])),
                "kind": kind,
                "limit": limit if limit != 100 else "",
            }
            following = f"/api/fleet/{kiosk}/events?{urlencode({name: value for name, value in more.items() if value})}"
        if BATCH_TYPE in request.headers.get("accept", ""):
            return _cloudevents(kiosk, told[:limit], following)
        return as_json({"events": told[:limit], "next": following}, following)


def _cloudevents(kiosk: str, told: list[Told], following: str) -> Response:
    """Those that can be said so; how many cannot (unreadable, or of no time there is) stands in a header."""
    made = []
    for each in told:
        try:
            made.append(
                to_cloudevent(Address(*kiosk.split("/")), understood(msgspec.json.encode(each.event)))
            )
        except (BadMessage, ValueError):
            continue
    headers = {"cache-control": "no-store", "endcap-left-out": str(len(told) - len(made))}
    if following:
        headers["link"] = f'<{following}>; rel="next"'
    return Response(msgspec.json.encode(made), media_type=BATCH_TYPE, headers=headers)


def _lines(connection: Connection, told: list[Told], services: Services, zone: str) -> list[Line]:
    catalogue = services.catalogue
    store = catalogue.current() if catalogue else None
    called: feed.Called = catalogue.staff_name if catalogue else (lambda _gtin, name: name)
    aside = _aside(connection, told)
    return [
        Line(
            key=f"{each.epoch} {each.seq}", kind=each.type, named=feed.KINDS.get(each.type, each.type),
            words=feed.sentence(each.event, called, store, money, span) if each.type != UNREADABLE else "kept as it came",
            at=moment(each.happened_ms, zone), clock=_CLOCKS.get(each.clock, "no word of its clock"),
            number=f"{each.seq} of {each.epoch}",
            bad=aside.get(f"{each.kiosk} {each.epoch} {each.seq}", "could not be read" if each.type == UNREADABLE else ""),
        )
        for each in told
    ]  # fmt: skip


def _aside(connection: Connection, told: list[Told]) -> dict[str, str]:
    """Why some of them were kept aside, or what contradicted them."""
    names = [f"{each.kiosk} {each.epoch} {each.seq}" for each in told]
    row = tables.poison.c
    found = connection.execute(select(row.topic, row.reason).where(row.topic.in_(names)))
    return {str(topic): str(reason) for topic, reason in found}


def _address(request: Request) -> str:
    try:
        return str(Address(*(request.path_params[part] for part in ("tenant", "site", "kiosk"))))
    except BadTopic:
        raise HTTPException(404) from None


def _kind(request: Request) -> str:
    kind = request.query_params.get("kind", "")
    if kind and kind not in KINDS:
        raise HTTPException(400, f"kind: expected one of {', '.join(KINDS)}")
    return kind


def _before(request: Request) -> Before | None:
    """Where the page begins: RECEIVED.SEQ.EPOCH, as `next` said."""
    text = request.query_params.get("before", "")
    if not text:
        return None
    at, _, rest = text.partition(".")
    seq, dot, epoch = rest.partition(".")
    numbers = at.isdecimal() and seq.isdecimal() and len(at) < 19 and len(seq) < 20
    if not (numbers and dot and epoch and len(epoch) <= 64 and int(seq) < 2**63 and "\0" not in epoch):
        raise HTTPException(400, "before: expected what `next` said")
    return int(at), epoch, int(seq)


def _place(told: Told) -> Before:
    return told.received_ms, told.epoch, told.seq


def _text(before: Before | None) -> str:
    return "" if before is None else f"{before[0]}.{before[2]}.{before[1]}"
