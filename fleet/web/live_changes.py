"""What changes between two releases: `/live-changes`, and the interface of the command line. For this machine only."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from content.live_changes import KINDS, PRICE, REASONS, RECALL
from content.money import Money, exponent
from fleet.live_changes.checking import BadChange
from fleet.live_changes.composing import Given
from fleet.live_changes.desk import LiveDesk
from fleet.services import Services
from fleet.web.commands import body_of, json_of
from fleet.web.operator import here_only
from fleet.web.pages import page
from fleet.web.staff import form_of, private, who_of

LATEST: Final = 60
SHOWN: Final = 40  # kiosks that do not obey yet
HOUR_MS: Final = 3_600_000


class Ask(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /api/live-changes."""

    gtin: str
    kind: str
    by: str
    why: str
    at: str = "all"
    price: str = ""  # "1.99", in the currency of what is published
    reason: str = ""
    texts: dict[str, str] = {}
    hours: float = 0  # 0: until it is undone
    in_release: str = ""
    until_release: str = ""


class Undo(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/live-changes/NUMBER/undo."""

    by: str
    why: str


def routes(services: Services) -> list[BaseRoute]:
    """None where this fleet has no line to kiosks."""
    desk = services.live_desk
    if desk is None:
        return []
    pages = _Pages(services, desk)
    return [
        Route("/live-changes", here_only(pages.show), methods=["GET"]),
        Route("/live-changes", here_only(pages.give), methods=["POST"]),
        Route("/live-changes/{number:int}/undo", here_only(pages.undo), methods=["POST"]),
        Route("/api/live-changes", here_only(pages.state), methods=["GET"]),
        Route("/api/live-changes", here_only(pages.ask), methods=["POST"]),
        Route("/api/live-changes/{number:int}/undo", here_only(pages.ask_undo), methods=["POST"]),
    ]


class _Pages:
    def __init__(self, services: Services, desk: LiveDesk) -> None:
        self._services, self._desk = services, desk

    # --- for people -------------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        return await run_in_threadpool(self._draw, request)

    def _draw(self, request: Request, said: str = "", status: int = 200) -> Response:
        catalogue = self._services.catalogue
        late = [one for one in self._desk.book.obeying() if not one.obeys or one.faults]
        now = self._services.clock()
        return private(
            page(
                request, "live_changes.html", status, title="Live changes", said=said, who=who_of(request),
                changes=self._desk.book.latest(LATEST), kinds=KINDS, reasons=REASONS, can_give=self._desk.can_give,
                late=late[:SHOWN], more=max(0, len(late) - SHOWN), now_ms=now,
                called=catalogue.staff_name if catalogue else (lambda _gtin, otherwise: otherwise),
                connected=self._services.line.connected,
            )
        )  # fmt: skip

    async def give(self, request: Request) -> Response:
        form = await form_of(
            request, "gtin", "kind", "at", "price", "reason", "text", "hours", "why", "until_release"
        )
        texts = {"en": form["text"]} if form["text"] else {}
        try:
            if not form["at"]:  # nothing goes to every wall because a field was left empty
                raise BadChange("where? A kiosk, a site, a group, or all")
            ask = Ask(
                gtin=form["gtin"], kind=form["kind"], by=form["who"], why=form["why"], at=form["at"],
                price=form["price"] if form["kind"] == PRICE else "",
                reason=form["reason"] if form["kind"] == RECALL else "",
                texts=texts, hours=_hours(form["hours"]), until_release=form["until_release"],
            )  # fmt: skip
            await run_in_threadpool(self._given, ask)
        except BadChange as error:
            return await run_in_threadpool(self._draw, request, f"{error}. Nothing was changed.", 400)
        return private(RedirectResponse("/live-changes", 303), form["who"])

    async def undo(self, request: Request) -> Response:
        form = await form_of(request, "why")
        try:
            await run_in_threadpool(self._desk.undo, request.path_params["number"], form["who"], form["why"])
        except BadChange as error:
            return await run_in_threadpool(self._draw, request, f"{error}.", 400)
        return private(RedirectResponse("/live-changes", 303), form["who"])

    # --- for programs -----------------------------------------------------------------------------------------

    async def ask(self, request: Request) -> Response:
        ask = await body_of(request, Ask)
        try:
            given = await run_in_threadpool(self._given, ask)
        except BadChange as error:
            return json_of({"error": str(error)}, 400)
        return json_of(msgspec.to_builtins(given), 201)

    async def ask_undo(self, request: Request) -> Response:
        undo, number = await body_of(request, Undo), request.path_params["number"]
        try:
            await run_in_threadpool(self._desk.undo, number, undo.by, undo.why)
        except BadChange as error:
            return json_of({"error": str(error)}, 400)
        return json_of({"undone": number})

    async def state(self, _request: Request) -> Response:
        def look() -> dict[str, Any]:
            kiosks = self._desk.book.obeying()
            return {
                "changes": [msgspec.to_builtins(one) for one in self._desk.standing()],
                "kiosks": [msgspec.to_builtins(one) | {"obeys": one.obeys} for one in kiosks],
            }

        return json_of(await run_in_threadpool(look))

    def _given(self, ask: Ask) -> Given:
        now = self._services.clock()
        until = now + int(ask.hours * HOUR_MS) if ask.hours else 0
        return self._desk.give(
            Given(
                scope=ask.at, gtin=ask.gtin, kind=ask.kind, price=self._price(ask.price), reason=ask.reason,
                texts=ask.texts, until_ms=until, in_release=ask.in_release, until_release=ask.until_release,
                who=ask.by, why=ask.why,
            )
        )  # fmt: skip

    def _price(self, text: str) -> Money | None:
        if not text:
            return None
        catalogue = self._services.catalogue
        if catalogue is None:
            raise BadChange("this fleet has no catalogue: nothing says what a price is below")
        currency = catalogue.current().store.currency
        try:
            minor = Decimal(text.strip()).scaleb(exponent(currency))
        except InvalidOperation:
            minor = Decimal("NaN")
        if not minor.is_finite() or minor != minor.to_integral_value() or not 0 < minor < 10**12:
            raise BadChange(f"price {text[:20]!r}: expected an amount of {currency} such as 1.99")
        return Money(int(minor), currency)


def _hours(text: str) -> float:
    if not text:
        return 0
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= 24 * 366:
        raise BadChange(f"hours {text[:16]!r}: expected a number of hours")
    return hours
