"""What the pages of staff share: only from this machine, only by our own forms, and the name of who decides."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fleet.safety import posted_here

WHO: Final = "endcap-who"  # the cookie that remembers a name on this machine
MOST: Final = 60  # characters of a name
MOST_WHY: Final = 200
WEEK_S: Final = 7 * 86_400


async def form_of(request: Request, *names: str, most: int = 12) -> dict[str, str]:
    """The fields of one of our own forms, cut to what they may hold. Raises HTTPException 403 for somebody else's."""
    if not posted_here(request.headers):
        raise HTTPException(403)
    async with request.form(max_files=0, max_fields=most) as form:
        said = {name: str(form.get(name, "")).strip()[:MOST_WHY] for name in ("who", *names)}
    said["who"] = said["who"][:MOST]
    return said


def who_of(request: Request) -> str:
    """The name used here last."""
    return unquote(request.cookies.get(WHO, ""))[:MOST]


def private(answer: Response, who: str = "") -> Response:
    """The answer, kept by no browser; it remembers the name."""
    answer.headers["cache-control"] = "no-store"
    if who:
        answer.set_cookie(WHO, quote(who), max_age=WEEK_S, httponly=True, samesite="strict")
    return answer
