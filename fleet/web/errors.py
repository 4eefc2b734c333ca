"""What went wrong, said in the reader's language, with the status that belongs to it."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from fleet.web.pages import page
from fleet.web.words import LANGUAGES, chosen

KNOWN: Final = frozenset({403, 404, 405, 408, 413, 429, 500, 503})  # statuses that have words of their own


def error_page(request: Request, error: Exception) -> Response:
    """The page of an error; anything but an HTTPException is our own failure."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    say = chosen(request.query_params.get("lang", ""), request.headers.get("accept-language", ""))
    answer = page(
        request, "phone_problem.html", status,
        say=say, language=say.language, direction=say.direction, languages=LANGUAGES,
        in_language=lambda tag: f"?lang={tag}", key=str(status) if status in KNOWN else "other",
        store=None, kiosk="", station="", stem="", held=0,
    )  # fmt: skip
    answer.headers["cache-control"] = "no-store"
    answer.headers["content-language"] = say.language
    for name, value in (getattr(error, "headers", None) or {}).items():
        answer.headers[name] = value  # allow, retry-after
    return answer


def refuse(scope: Scope, error: HTTPException) -> ASGIApp:
    """The same before any page was looked for."""
    return error_page(Request(scope), error)


async def handler(request: Request, error: Exception) -> Response:
    """For Starlette."""
    return error_page(request, error)
