"""The name a page was asked for under: one that can be, and https where that is how the world reaches us.

A Host no name can be is refused before anything makes an address of it. A proxy that ends TLS speaks plain HTTP to us: what
was asked for under our public name came by our public scheme, so its cookies are Secure and its addresses begin with https.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from fleet.web.gate import Refuse

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[([0-9A-Fa-f:.]{2,45})\])(?::[0-9]{1,5})?", re.ASCII)


def can_be(host: str) -> bool:
    """Whether a Host header is a name or an address, with or without a port (RFC 9110 7.2)."""
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    try:
        return found[1] is None or bool(ipaddress.IPv6Address(found[1]).packed)
    except ValueError:
        return False


class Named:
    """Middleware. `public_url`: how phones reach the pages, "" where nobody said."""

    def __init__(self, app: ASGIApp, *, public_url: str, refuse: Refuse) -> None:
        self._app, self._refuse = app, refuse
        parts = urlsplit(public_url)
        self._name, self._scheme = parts.netloc.lower(), parts.scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            if len(hosts) > 1 or not all(map(can_be, hosts)):
                bare = {**scope, "headers": [each for each in scope["headers"] if each[0] != b"host"]}
                await self._refuse(bare, HTTPException(400))(bare, receive, send)
                return
            if hosts and self._scheme and hosts[0].lower() == self._name:
                scope["scheme"] = self._scheme
        await self._app(scope, receive, send)
