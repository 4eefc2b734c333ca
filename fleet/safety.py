"""What every page we serve does against others' pages: headers, and no form posted from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SELF = "'self'"
FRAMES = (SELF, "http://127.0.0.1:*", "http://localhost:*")  # the demo's page shows a phone in a frame
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def frames_of(public_url: str) -> tuple[str, ...]:
    """Who may show our pages in a frame: only we, once they are on the web; `public_url` is how phones reach them."""
    here = (urlsplit(public_url).hostname or "localhost") in ("localhost", "127.0.0.1", "::1")
    return FRAMES if here else (SELF,)


def content_policy(form_targets: Iterable[str] = (), frames: Iterable[str] = FRAMES) -> str:
    """A Content-Security-Policy for pages that need no script: what comforts there are come from our own files.

    `form_targets`: where a form's answer may lead on to; `frames`: who may show the page in a frame.
    """
    return (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; script-src 'self'; "
        "connect-src 'self'; worker-src 'self'; base-uri 'none'; "
        f"frame-ancestors {' '.join(frames)}; form-action {' '.join((SELF, *form_targets))}"
    )


def posted_here(headers: Headers) -> bool:
    """Whether a browser says that one of our own pages sent this request.

    Sec-Fetch-Site where there is one (https and localhost only), else Origin against Host. Neither: no browser of the
    last ten years, so no.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc == headers.get("host")
    except ValueError:  # "http://[": no browser's
        return False


class Safety:
    """Middleware: refuses posts from elsewhere (403) and sets the headers of pages.

    `exempt`: path prefixes of machine interfaces, which prove who they are by key or signature instead.
    """

    def __init__(
        self, app: ASGIApp, *, form_targets: Iterable[str] = (), exempt: tuple[str, ...] = ()
    ) -> None:
        self._app = app
        self._exempt = exempt
        self._headers = {
            "content-security-policy": content_policy(form_targets),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",  # no-referrer would make browsers send "Origin: null"
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        forged = (
            scope["method"] not in _SAFE_METHODS
            and not scope["path"].startswith(self._exempt or ("\0",))
            and not posted_here(Headers(scope=scope))
        )
        answer: ASGIApp = (
            PlainTextResponse("This form was not sent from our own page.", 403) if forged else self._app
        )

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await answer(scope, receive, with_headers)
