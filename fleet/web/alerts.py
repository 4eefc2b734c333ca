"""Alerts: `/alerts` for people, with a button that ends them all; `/api/alerts` for the command line; `/alerts/cap` for authorities.

The pages are for this machine only, as all of staff. `/alerts/cap` takes documents of CAP 1.2 from whoever knows the
token, from anywhere; nothing there tells more than what became of the document.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content.alerts import SEVERITIES, SIGNS, Alert, BadAlerts, Wording, check_alert
from fleet.emergency.cap import MOST_BYTES, BadCap, read_cap
from fleet.emergency.desk import BadAlarm, Emergencies, Raised
from fleet.emergency.placing import NotForWalls
from fleet.services import Services
from fleet.web.commands import body_of, json_of
from fleet.web.operator import here_only
from fleet.web.pages import page
from fleet.web.staff import form_of, private, who_of

SHOWN: Final = 40  # walls of an alert in a table, those first that do not show it
LANGUAGES: Final = ("en", "de", "zh", "ar")

_WORDS: Final = tuple(f"{part}_{tag}" for tag in LANGUAGES for part in ("headline", "instruction"))
_FIELDS: Final = ("kiosk", "why", "severity", "sign", "minutes", "kind", "audible", "sure", *_WORDS)
_EMPTY: Final = dict.fromkeys(("who", *_FIELDS), "") | {"severity": "severe", "audible": "yes"}


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/alerts: raise an alert, or with the id of one that stands change it."""

    alert: Alert
    kiosk: str
    by: str
    why: str


class Clear(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/alerts/clear; "*" is every one."""

    id: str
    by: str
    why: str


class Cap(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/alerts/cap: a document from this machine. `kiosk` "": by its areas."""

    document: str
    by: str
    kiosk: str = ""


def routes(services: Services) -> list[BaseRoute]:
    """None where this fleet has no line to kiosks."""
    desk = services.emergency
    if desk is None:
        return []
    pages, machine = _Pages(services, desk), _Machine(desk)
    return [
        Route("/alerts", here_only(pages.show), methods=["GET"]),
        Route("/alerts", here_only(pages.send), methods=["POST"]),
        Route("/alerts/clear", here_only(pages.clear), methods=["POST"]),
        Route("/alerts/cap", machine.posted, methods=["POST"]),
        Route("/api/alerts", here_only(machine.list), methods=["GET"]),
        Route("/api/alerts", here_only(machine.send), methods=["POST"]),
        Route("/api/alerts/clear", here_only(machine.clear), methods=["POST"]),
        Route("/api/alerts/cap", here_only(machine.cap), methods=["POST"]),
    ]


class _Pages:
    def __init__(self, services: Services, desk: Emergencies) -> None:
        self._services, self._desk = services, desk

    async def show(self, request: Request) -> Response:
        return await run_in_threadpool(self._draw, request)

    def _draw(
        self, request: Request, said: str = "", status: int = 200, draft: dict[str, str] | None = None, walls: int = 0
    ) -> Response:  # fmt: skip
        """`draft`: what was typed; `walls`: it can be raised on so many, if somebody is sure."""
        now = self._services.clock()
        found = self._desk.latest()
        return private(
            page(
                request, "alerts.html", status, title="Alerts", said=said, who=who_of(request), now_ms=now,
                alerts=[(one, one.stands(now), _summary(one)) for one in found], shown=SHOWN,
                draft=draft or _EMPTY, walls=walls, standing=sum(one.stands(now) for one in found),
                severities=SEVERITIES, signs=SIGNS, languages=LANGUAGES, armed=self._desk.armed,
                connected=self._services.line.connected,
            )
        )  # fmt: skip

    async def send(self, request: Request) -> Response:
        form = await form_of(request, *_FIELDS, most=24)
        try:
            alert = _alert(form, self._services.clock())
            walls = await run_in_threadpool(self._send, alert, form)
        except (BadAlarm, BadAlerts) as error:
            return await run_in_threadpool(self._draw, request, f"{error}. Nothing was said.", 400, form)
        if walls:
            return await run_in_threadpool(self._draw, request, "", 200, form, walls)
        return private(RedirectResponse("/alerts", 303), form["who"])

    def _send(self, alert: Alert, form: dict[str, str]) -> int:
        """0 where it was raised; else on how many walls it would be, for nobody has said yet to be sure of so many."""
        addresses = self._desk.targets(form["kiosk"])
        self._desk.allows(form["who"], form["why"])
        if form["sure"] != f"{len(addresses)} {form['kind']}":
            return len(addresses)
        self._desk.send(alert, addresses, form["who"], form["why"])
        return 0

    async def clear(self, request: Request) -> Response:
        form = await form_of(request, "id", "why")
        try:
            await run_in_threadpool(self._desk.clear, form["id"], form["who"], form["why"])
        except BadAlarm as error:
            return await run_in_threadpool(self._draw, request, f"{error}. Nothing was cleared.", 400)
        return private(RedirectResponse("/alerts", 303), form["who"])


def _summary(one: Raised) -> dict[str, Any]:
    """How far it is: most walls need no row of their own, those that do not show it do."""
    shown = [at for at in one.reached if at.shown_ms]
    return {
        "shown": len(shown), "audible": sum(at.sound == "audible" for at in one.reached),
        "slowest_ms": max((at.shown_ms - at.sent_ms for at in shown), default=0),
        "rows": sorted(one.reached, key=lambda at: (bool(at.shown_ms), not at.refused, at.kiosk))[:SHOWN],
    }  # fmt: skip


def _alert(form: dict[str, str], now_ms: int) -> Alert:
    """What an operator typed. Raises BadAlarm, BadAlerts."""
    words = {
        tag: Wording(form[f"headline_{tag}"], "", form[f"instruction_{tag}"])
        for tag in LANGUAGES
        if form[f"headline_{tag}"]
    }
    if form["minutes"] and not form["minutes"].isdecimal():
        raise BadAlarm(
            f"minutes {form['minutes'][:16]!r}: expected a number, or nothing for until it is cleared"
        )
    if form["kind"] not in ("actual", "exercise"):
        raise BadAlarm("is it real, or an exercise? Say so")
    until = now_ms + int(form["minutes"]) * 60_000 if form["minutes"] else 0
    said = {
        "id": "new", "words": words, "severity": form["severity"], "urgency": "immediate", "certainty": "observed",
        "sign": form["sign"], "until_ms": until, "audible": form["audible"] == "yes", "exercise": form["kind"] == "exercise",
    }  # fmt: skip
    try:
        alert = msgspec.convert(said, Alert)
    except msgspec.ValidationError as error:
        raise BadAlarm(str(error)) from None
    check_alert(alert)
    return msgspec.structs.replace(alert, id="")


class _Machine:
    def __init__(self, desk: Emergencies) -> None:
        self._desk = desk

    async def list(self, _request: Request) -> Response:
        return json_of({"alerts": [_shown(one) for one in await run_in_threadpool(self._desk.latest)]})

    async def send(self, request: Request) -> Response:
        ask = await body_of(request, Ask)

        def work() -> dict[str, Any]:
            addresses = self._desk.targets(ask.kiosk)
            alert = self._desk.send(ask.alert, addresses, ask.by, ask.why)
            return {"id": alert.id, "kiosks": [str(one) for one in addresses]}

        return await _answered(work)

    async def clear(self, request: Request) -> Response:
        ask = await body_of(request, Clear)
        return await _answered(lambda: {"cleared": self._desk.clear(ask.id, ask.by, ask.why)})

    async def cap(self, request: Request) -> Response:
        ask = await body_of(request, Cap)
        return await _answered(
            lambda: {"alerts": self._desk.take(read_cap(ask.document.encode()), ask.by, ask.kiosk)}
        )

    async def posted(self, request: Request) -> Response:
        """From an authority: a document, and the token as RFC 6750's bearer."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._desk.admits(token.strip()):
            raise HTTPException(401, headers={"www-authenticate": "Bearer"})
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise HTTPException(413)
        return await _answered(lambda: {"alerts": self._desk.take(read_cap(bytes(body)), "CAP, posted")})


async def _answered(work: Any) -> Response:
    try:
        return json_of(await run_in_threadpool(work), 201)
    except (BadAlarm, BadAlerts, BadCap, NotForWalls) as error:
        return json_of({"error": str(error)}, 400)


def _shown(one: Raised) -> dict[str, Any]:
    return {
        "id": one.alert.id, "severity": one.alert.severity, "exercise": one.alert.exercise, "source": one.source,
        "headline": next(iter(one.alert.words.values())).headline, "who": one.who, "why": one.why, "at_ms": one.at_ms,
        "until_ms": one.alert.until_ms, "cleared_ms": one.cleared_ms, "cleared_by": one.cleared_by,
        "kiosks": [msgspec.to_builtins(at) for at in one.reached],
    }  # fmt: skip
