"""Where new kiosks ask to be let in, and the page on which a person decides; also who is in, and who was put out."""

from __future__ import annotations

import logging
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fleet.identity.admission import Admission
from fleet.identity.certificates import BadAuthority, BadRequest
from fleet.services import Services
from fleet.web.gate import client_of, networks
from fleet.web.operator import here_only
from fleet.web.pages import page
from fleet.web.staff import form_of, private, who_of
from mqtt.enrolment import MAX_BYTES, PATH, Ask
from mqtt.messages import BadMessage, decode, encode
from mqtt.topics import Address, BadTopic

log = logging.getLogger(__name__)
SAID: Final = {
    "gone": "That kiosk is not waiting any more. Nothing was done.",
    "taken": "Another device has that address. Tick the box if this one is to replace it; nothing was done.",
    "unknown": "That kiosk has no certificate that is good. Nothing was done.",
}


def routes(services: Services) -> list[BaseRoute]:
    """`POST /enrol` for kiosks; `/enrolment` (`?part=list` its changing part alone) and its forms for a person."""
    trusted = networks(services.config.trusted_proxies)

    async def ask(request: Request) -> Response:
        admission = services.admission
        if admission is None:
            return Response("No kiosk is let in here.", 404, media_type="text/plain")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BYTES:
                return Response(f"At most {MAX_BYTES} bytes.", 413, media_type="text/plain")
        source = client_of(request.scope, trusted)
        try:
            told = await run_in_threadpool(admission.enrolments.ask, decode(bytes(body), Ask), source)
        except (BadMessage, BadRequest) as error:
            log.warning("a kiosk at %s was refused: %s", source, error)
            return Response(str(error), 400, media_type="text/plain")
        return Response(encode(told), media_type="application/json", headers={"cache-control": "no-store"})

    def listed(request: Request, said: str = "", status: int = 200) -> Response:
        admission, now = services.admission, services.clock()
        template = "enrolment_list.html" if request.query_params.get("part") == "list" else "enrolment.html"
        kept = admission.book.latest() if admission else []
        return private(
            page(
                request, template, status, title="Enrolment", on=admission is not None, said=said, who=who_of(request),
                pending=admission.enrolments.pending() if admission else [], now_ms=now,
                inside=[one for one in kept if not one.revoked_ms and one.not_after_ms > now],
                out=[one for one in kept if one.revoked_ms],
                found=services.watch.open() if services.watch else [],
            )
        )  # fmt: skip

    async def show(request: Request) -> Response:
        return await run_in_threadpool(listed, request)

    async def change(request: Request) -> Response:
        form = await form_of(
            request, "act", "key_id", "tenant", "site", "kiosk", "replace", "name", "since", "why"
        )
        if not form["who"] or not form["why"]:
            return await run_in_threadpool(
                listed, request, "Please say who you are, and why. Nothing was done.", 400
            )
        said, status = await run_in_threadpool(decide, services, form)
        if status != 200:
            return await run_in_threadpool(listed, request, said, status)
        services.live.tell("enrolment", {"what": form["act"]})
        return private(RedirectResponse("/enrolment", 303), form["who"])

    return [
        Route(PATH, ask, methods=["POST"]),
        Route("/enrolment", here_only(show), methods=["GET"]),
        Route("/enrolment", here_only(change), methods=["POST"]),
    ]


def decide(services: Services, form: dict[str, str]) -> tuple[str, int]:
    """Do what a person decided (`act`: clear | approve | reject | revoke); what to say, and the status: 200 where it was
    done.
    """
    if form["act"] == "clear":
        since = int(form["since"]) if form["since"].isdecimal() else 0
        done = services.watch is not None and services.watch.clear(
            form["name"], since, form["who"], form["why"]
        )
        return ("", 200) if done else (SAID["gone"], 409)
    if services.admission is None:
        return "", 404
    return _admit(services.admission, form)


def _admit(admission: Admission, form: dict[str, str]) -> tuple[str, int]:
    who, why, act = form["who"], form["why"], form["act"]
    if act == "reject":
        return ("", 200) if admission.enrolments.reject(form["key_id"], who, why) else (SAID["gone"], 409)
    try:
        address = Address(form["tenant"], form["site"], form["kiosk"])
    except BadTopic as error:
        return f"{error}. Nothing was done.", 400
    if act == "revoke":
        return ("", 200) if admission.revoke(str(address), who, why) else (SAID["unknown"], 409)
    if act != "approve":
        return "", 400
    try:
        left = admission.enrolments.approve(
            form["key_id"], address, who, why, replace=form["replace"] == "yes"
        )
    except (BadRequest, BadAuthority) as error:
        return f"{error}. Nothing was done.", 400
    if left:
        return SAID[left], 409
    admission.look()
    return "", 200
