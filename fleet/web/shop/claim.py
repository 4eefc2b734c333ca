"""A claim code on a phone: how the order stands, in the reader's language, and the code to scan at the counter.

The code may stand in the address (a link somebody kept) or be typed into the form, which posts it. Wrong codes are
limited: per client, and for all clients together, so that many addresses guess little faster than one. A day of guessing
at that pace (86,400 of 2**40 codes) finds one of 10,000 waiting orders with a probability of 1 in 1,300.
"""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from content.money import Money
from fleet.claims.claims import PAYING, READY, Claim
from fleet.limits import Limits, Rule
from fleet.web.gate import client_of, networks
from fleet.web.qr import qr
from fleet.web.shop.lane import Lane, say_of
from fleet.web.words import Words

WRONG: Final = Rule(burst=10, per_minute=6)  # per client; behind one address there may be many phones
WRONG_OF_ALL: Final = Rule(burst=300, per_minute=60)
SHOWN: Final = 6  # products named


def routes(lane: Lane) -> list[BaseRoute]:
    """`/c` (the form) and `/c/{code}`."""
    pages = ClaimPages(lane)
    return [
        Route("/c", lane.kindly(pages.form), methods=["GET"]),
        Route("/c", lane.kindly(pages.typed), methods=["POST"]),
        Route("/c/{code}", lane.kindly(pages.linked), methods=["GET"]),
    ]


class ClaimPages:
    """The form and the answer."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._trusted = networks(lane.services.config.trusted_proxies)
        self._each, self._all = Limits(WRONG), Limits(WRONG_OF_ALL)

    async def form(self, request: Request) -> Response:
        """An empty field."""
        return self._page(request, None, "")

    async def typed(self, request: Request) -> Response:
        """What was typed into it."""
        async with request.form(max_files=0, max_fields=4) as form:
            code = str(form.get("code", ""))[:40]
        return await self._answer(request, code)

    async def linked(self, request: Request) -> Response:
        """A link that was kept."""
        return await self._answer(request, request.path_params["code"][:40])

    async def _answer(self, request: Request, code: str) -> Response:
        wait_ms = self._held_back(request)
        if wait_ms:
            answer = self._page(request, None, "wait", 429)
            answer.headers["retry-after"] = str(-(-wait_ms // 1000))
            return answer
        claim = await run_in_threadpool(self._lane.services.claims.look, code)
        if claim is None:
            return self._page(request, None, "unknown", 404)
        self._let_off(request)
        return self._page(request, claim, claim.state)

    def _held_back(self, request: Request) -> int:
        """Take a guess from both buckets; the milliseconds to wait where one is empty."""
        client, now = client_of(request.scope, self._trusted), self._lane.services.clock()
        if wait_ms := self._each.take(client, now):
            return wait_ms
        if wait_ms := self._all.take("", now):
            self._each.give_back(client, now)
            return wait_ms
        return 0

    def _let_off(self, request: Request) -> None:
        """It was no guess."""
        now = self._lane.services.clock()
        self._each.give_back(client_of(request.scope, self._trusted), now)
        self._all.give_back("", now)

    def _page(self, request: Request, claim: Claim | None, key: str, status: int = 200) -> Response:
        say = say_of(request)
        store = self._lane.services.catalogue.current().store if self._lane.services.catalogue else None
        shop = {"store": store} if store is not None else {}
        waits = claim is not None and claim.state in (READY, PAYING)
        answer = self._lane.page(
            request, "phone_claim.html", say, status,
            claim=claim, key=key, code=qr(claim.code) if claim and claim.state == READY else "",
            total=say.money(claim.total) if claim else "", lines=_lines(claim, say) if claim and waits else (), more=max(0, len(claim.lines) - SHOWN) if claim and waits else 0, **shop,
        )  # fmt: skip
        answer.headers["x-robots-tag"] = "noindex, nofollow"
        return answer


def _lines(claim: Claim, say: Words) -> tuple[tuple[int, str, str], ...]:
    """(pieces, name, total) of the first products, while somebody waits for them."""
    return tuple(
        (line.quantity, line.name, say.money(Money(line.total_minor, claim.total.currency)))
        for line in claim.lines[:SHOWN]
    )
