"""One HTTP exchange with a provider, bounded in time and size, for adapters that speak HTTP themselves.

httpx bounds the wait for each piece of an answer, not for the whole of it: a server that sends a byte now and then
could hold a thread for ever. So the body is read here piece by piece against one deadline. Connecting, sending and
waiting for the answer to begin have as much each.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from fleet.payments.port import ProviderDown

MOST_ANSWER: Final = 1024 * 1024  # bytes; a charge is a few kilobytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered. `headers` with lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def exchange(client: httpx.Client, verb: str, url: str, *, deadline_s: float, **parts: Any) -> Answer:
    """Send a request (`parts`: httpx's content, data, headers, auth) and read the whole answer.

    Raises ProviderDown where none came in time, or one longer than MOST_ANSWER: what happened is then unknown.
    """
    end = time.monotonic() + deadline_s
    body = bytearray()
    try:
        with client.stream(verb, url, timeout=deadline_s, **parts) as response:
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MOST_ANSWER:
                    raise ProviderDown(f"an answer longer than {MOST_ANSWER} bytes")
                if time.monotonic() > end:
                    raise ProviderDown(f"an answer not complete after {deadline_s:g} s")
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise ProviderDown(f"{type(error).__name__}: {error}") from None
    except RuntimeError as error:  # httpx: the client was closed meanwhile
        raise ProviderDown(str(error)) from None
    return Answer(
        response.status_code, {name.lower(): value for name, value in response.headers.items()}, bytes(body)
    )
