"""What stands before every page: how often, how much and how slowly somebody may ask.

Limits are per client address (an IPv6 customer's /64). Behind one address of a mobile network there may be thousands of
phones, so they are wide: they stop a machine that guesses or floods, not a busy platform. Opening a product is not
limited; it costs less than refusing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fleet.clock import Clock
from fleet.limits import Limits, Rule, client_key

MOST_BODY: Final = 64 * 1024  # bytes of a form; the longest has some 20 lines
BODY_S: Final = 15.0  # a form that takes longer is not coming
FORMS: Final = Rule(burst=120, per_minute=240)
SEARCHES: Final = Rule(burst=120, per_minute=600)
ORDERS: Final = Rule(burst=240, per_minute=1200)  # a page that waits for its payment asks every few seconds
_OWN_RULES: Final = ("/webhooks/",)  # machines that prove who they are and bring what they must
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_HOP: Final = re.compile(
    r"\[(?P<six>[^\]]+)\](?::\d+)?|(?P<four>[0-9.]+):\d+|(?P<bare>[0-9A-Za-z.:%]+)", re.ASCII
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Refuse = Callable[[Scope, HTTPException], ASGIApp]


class BadNetwork(ValueError):
    """A trusted proxy that is no address; says which."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks ("10.0.0.0/8", "::1"). Raises BadNetwork."""
    found: list[Network] = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise BadNetwork(f"trusted proxy {text!r}: expected an IP address or network") from None
    return tuple(found)


def client_of(scope: Scope, trusted: Sequence[Network]) -> str:
    """Who asks, for limits: the peer, or whom trusted proxies say they speak for (the last they did not add themselves)."""
    peer = scope.get("client")
    host = str(peer[0]) if peer else ""
    if not _within(host, trusted):
        return client_key(host)
    told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    for hop in reversed(told.decode("latin-1").split(",")):
        named = _address(hop)
        if named is None:
            break  # nothing before it is the proxy's word; and no text of a stranger's choice becomes a key
        if not _within(named, trusted):
            return client_key(named)
    return client_key(host)


def _address(hop: str) -> str | None:
    """The IP address of a hop; some proxies write the port behind it, which changes with every connection."""
    found = _HOP.fullmatch(hop.strip()[:80])
    if found is None:
        return None
    text = found["six"] or found["four"] or found["bare"]
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def _within(host: str, trusted: Sequence[Network]) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return any(address in network for network in trusted)


class Gate:
    """Middleware. `refuse(scope, error)` makes the page that says why not."""

    def __init__(self, app: ASGIApp, *, clock: Clock, trusted: Sequence[Network], refuse: Refuse) -> None:
        self._app, self._clock, self._trusted, self._refuse = app, clock, tuple(trusted), refuse
        self._forms, self._searches, self._orders = Limits(FORMS), Limits(SEARCHES), Limits(ORDERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"].startswith(_OWN_RULES):
            await self._app(scope, receive, send)
            return
        limits = self._limits(scope)
        wait_ms = limits.take(client_of(scope, self._trusted), self._clock()) if limits else 0
        error = None
        if wait_ms:
            error = HTTPException(429, headers={"retry-after": str(-(-wait_ms // 1000))})
        elif _announced(scope) > MOST_BODY:
            error = HTTPException(413)
        if error is not None:
            await self._refuse(scope, error)(scope, receive, send)
            return
        safe = scope["method"] in _SAFE
        await self._app(scope, receive if safe else _bounded(receive), send)

    def _limits(self, scope: Scope) -> Limits | None:
        path: str = scope["path"]
        if scope["method"] not in _SAFE:
            return self._forms
        if path.startswith("/o/"):
            return self._orders
        return self._searches if path == "/s" or path.endswith("/s") else None


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _bounded(receive: Receive) -> Receive:
    """A body that is neither too long nor too slow; raises HTTPException where a page reads one that is."""
    size, over, deadline = 0, False, asyncio.get_running_loop().time() + BODY_S

    async def piece() -> Message:
        nonlocal size, over
        if over:
            return await receive()  # waits for the client to go
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408) from None
        size += len(message.get("body", b""))
        if size > MOST_BODY:
            raise HTTPException(413)
        over = not message.get("more_body", False)
        return message

    return piece
