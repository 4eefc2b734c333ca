"""The counter: staff type or scan a claim code, see the order, and hand it over. Exactly once, whoever else asks.

The code comes by POST, so no address and no history has it. The page reads the code again with each form; what was
looked at is named by its order.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from content.references import parse_claim
from fleet.claims.claims import HANDED, READY, Claim
from fleet.claims.handovers import UNDO_MS
from fleet.services import Services, sold_at
from fleet.web.operator import here_only
from fleet.web.pages import money, page
from fleet.web.staff import form_of, private, who_of

TITLES: Final = {
    "ready": "Paid, hand it over",
    "handed-over": "Already handed over",
    "paying": "Not paid yet",
    "unpaid": "Not paid",
    "refunding": "Do not hand over: the money is going back",
    "refunded": "Do not hand over: the money was given back",
}
FIELDS: Final = ("code", "order", "act", "why")


class CounterLine(Struct, frozen=True):
    """One product to put on the counter; `picture` says whether there is one."""

    gtin: str
    name: str
    quantity: int
    total: str
    picture: bool
    age_min: int
    recalled: bool  # it must not be handed over


class CounterView(Struct, frozen=True, kw_only=True):
    """What the counter shows of a claim. `said`: what the last button did, `tone`: good | bad."""

    claim: Claim
    title: str
    lines: tuple[CounterLine, ...]
    total: str
    age_min: int
    may_undo: bool
    seconds_left: int  # to undo


def routes(services: Services) -> list[BaseRoute]:
    """`/counter`: the field, and the forms (`act`: look | hand-over | undo | give-back)."""
    pages = CounterPages(services)
    return [
        Route("/counter", here_only(pages.show), methods=["GET"]),
        Route("/counter", here_only(pages.post), methods=["POST"]),
    ]


class CounterPages:
    """The page and what its buttons do."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def show(self, request: Request) -> Response:
        """The empty field."""
        return self._page(request, None, who_of(request))

    async def post(self, request: Request) -> Response:
        """A code, or a button."""
        form = await form_of(request, *FIELDS)
        claim, said, tone = await run_in_threadpool(self._do, form)
        view = await run_in_threadpool(self._view, claim) if claim else None
        return private(self._page(request, view, form["who"], said, tone), form["who"])

    def _do(self, form: dict[str, str]) -> tuple[Claim | None, str, str]:
        claims, code, order, who, why = (
            self._services.claims, form["code"], form["order"], form["who"], form["why"],
        )  # fmt: skip
        act = form["act"] or "look"
        if act == "look" or not parse_claim(code):
            claim = claims.look(code)
            return claim, "" if claim else "Nobody has such a code. Please type it again.", "bad"
        if not who:
            return claims.find(code), "Please say who you are first.", "bad"
        if act in ("undo", "give-back") and not why:
            return claims.find(code), "Please say why.", "bad"
        claim, done, good = None, False, ""
        match act:
            case "hand-over":
                (claim, done), good = claims.hand_over(code, order, who), "Handed over."
            case "undo":
                (claim, done), good = (
                    claims.undo(code, order, who, why),
                    "Taken back: the goods are here again.",
                )
            case "give-back":
                (claim, done), good = claims.give_back(code, order, who, why), "The money goes back."
        if done:
            self._services.live.tell("order", {"order": order, "what": act})
            return claim, good, "good"
        return claim or claims.find(code), "Nothing was done: see how the order stands.", "bad"

    def _view(self, claim: Claim) -> CounterView:
        lines = [self._line(claim, number) for number in range(len(claim.lines))]
        left_ms = 0
        if claim.state == HANDED and claim.handover is not None:
            left_ms = claim.handover.at_ms + UNDO_MS - self._services.clock()
        return CounterView(
            claim=claim, title=TITLES[claim.state], lines=tuple(lines),
            total=money(claim.total.minor, claim.total.currency),
            age_min=max((line.age_min for line in lines), default=0) if claim.state == READY else 0,
            may_undo=left_ms > 0, seconds_left=max(0, left_ms // 1000),
        )  # fmt: skip

    def _line(self, claim: Claim, number: int) -> CounterLine:
        line, catalogue = claim.lines[number], self._services.catalogue
        product = sold_at(self._services, claim.kiosk).product(line.gtin) if catalogue and line.gtin else None
        return CounterLine(
            line.gtin, catalogue.staff_name(line.gtin, line.name) if catalogue else line.name, line.quantity, money(line.total_minor, claim.total.currency),
            bool(product and product.picture), product.age_min if product else 0,
            self._recalled(claim, line.gtin),
        )  # fmt: skip

    def _recalled(self, claim: Claim, gtin: str) -> bool:
        desk = self._services.live_desk
        return desk is not None and desk.unsold(claim.kiosk, [gtin], "") == "recalled"

    def _page(
        self, request: Request, view: CounterView | None, who: str, said: str = "", tone: str = ""
    ) -> Response:
        return private(
            page(
                request, "counter.html", title="Counter", view=view, who=who, said=said, tone=tone,
                now_ms=self._services.clock(),
            )
        )  # fmt: skip
