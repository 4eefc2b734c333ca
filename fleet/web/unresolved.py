"""What needs a person: payments nobody has finished, what can be done about each, and the proof that money is goods.

Every decision is written down with who took it and why (tables.decisions).
"""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fleet.claims.handovers import GIVEN_BACK, Decision, Handover
from fleet.payments.desk import PaymentDesk
from fleet.payments.entry import Entry
from fleet.payments.port import PAID
from fleet.payments.unresolved import why
from fleet.reports.proof import Prover
from fleet.services import Services
from fleet.web.operator import here_only
from fleet.web.pages import page
from fleet.web.staff import form_of, private, who_of
from fleet.web.unresolved_names import NAMES, open_payments

ACTS: Final = {"ask": "asked", "sell": "sold", "refund": "given-back", "settle": "settled"}


def routes(services: Services) -> list[BaseRoute]:
    """`/unresolved` (`?part=list` its changing part alone) and its forms (`act`: ask | refund | settle)."""

    prover = Prover(services.store)

    def listed(request: Request, said: str = "", status: int = 200) -> Response:
        proof = prover.now()
        template = "unresolved_list.html" if request.query_params.get("part") == "list" else "unresolved.html"
        return private(
            page(
                request, template, status, title="Needs a person", rows=open_payments(services), names=NAMES,
                proof=proof, decisions=services.claims.handovers.decisions(20), who=who_of(request), said=said,
                now_ms=services.clock(), connected=services.line.connected,
            )
        )  # fmt: skip

    async def show(request: Request) -> Response:
        return await run_in_threadpool(listed, request)

    async def change(request: Request) -> Response:
        form = await form_of(request, "act", "reference", "provider", "charge_id", "why")
        if form["act"] not in ACTS:
            return await run_in_threadpool(listed, request, "", 400)
        if not form["who"] or (not form["why"] and form["act"] != "ask"):
            return await run_in_threadpool(
                listed, request, "Please say who you are, and why. Nothing was done.", 400
            )
        known = await run_in_threadpool(decide, services, form)
        if not known:
            return await run_in_threadpool(
                listed, request, "That payment is not on the list any more. Nothing was done.", 409
            )
        return private(RedirectResponse("/unresolved", 303), form["who"])

    return [
        Route("/unresolved", here_only(show), methods=["GET"]),
        Route("/unresolved", here_only(change), methods=["POST"]),
    ]


def decide(services: Services, form: dict[str, str]) -> bool:
    """Do what a person decided about a payment that is on the list, and write it down; False where it is not on it."""
    desk, act = services.payments, form["act"]
    if desk is None:
        return False
    order = ""
    if form["charge_id"]:
        if act != "settle" or not desk.book.resolve_stranger(form["provider"], form["charge_id"]):
            return False
    else:
        row = next(
            (one.entry for one in open_payments(services) if one.entry and one.entry.reference == form["reference"]),
            None,
        )  # fmt: skip
        if row is None:
            return False
        order = row.order
        if not _done(services, desk, row, act, form):
            return False
    services.claims.handovers.note(
        Decision(
            at_ms=services.clock(), what=ACTS[act], reference=form["reference"] or form["charge_id"][:64], order=order,
            who=form["who"], why=form["why"],
        )
    )  # fmt: skip
    services.live.tell("order", {"what": act})
    return True


def _done(services: Services, desk: PaymentDesk, row: Entry, act: str, form: dict[str, str]) -> bool:
    match act:
        case "ask":
            desk.ask_again(row)
        case "sell":  # as its claim code would, and the goods wait for who holds it
            desk.claim(row)
        case "refund" if row.state not in PAID:
            return False  # there is nothing to give back, and its goods must not be locked away for money that may come
        case "refund":
            left, _ = services.claims.handovers.enter(
                Handover(
                    order=row.order, outcome=GIVEN_BACK, reference=row.reference, kiosk=row.kiosk, currency=row.currency,
                    minor=row.minor, at_ms=services.clock(), who=form["who"], why=form["why"],
                )
            )  # fmt: skip
            if left.outcome != GIVEN_BACK:
                return False
            desk.refund(row, "operator")
        case "settle" if why(row) == "not-settled":
            return False  # its claim code would still hand over goods somebody has been paid back for
        case _:
            desk.book.resolve(row.reference)
    return True
