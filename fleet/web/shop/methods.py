"""Ways to pay that a phone can use on itself: it cannot scan its own screen, but follow a link, open an app, copy a code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

LINKS: Final = ("link",)  # the provider's own page
APPS: Final = {
    "upi": "upi:",
    "bitcoin": "bitcoin:",
    "lightning": "lightning:",
}  # a link an app of the phone's opens
CODES: Final = ("pix", "pix-static")  # text that is copied into the bank's app


def phone_methods(offered: Iterable[str]) -> tuple[str, ...]:
    """Those of the methods offered that work on the phone one shops with, in their order."""
    return tuple(key for key in offered if key in LINKS or key in APPS or key in CODES)


def led_to(method: str, payload: str) -> str:
    """Where to send the browser to pay; "" where the order's page shows what to do."""
    return payload if method in LINKS and payload.startswith(("https://", "http://")) else ""


def app_link(method: str, payload: str) -> str:
    """The link that opens an app for it; "" where none does."""
    scheme = APPS.get(method)
    if scheme is None:
        return ""
    return payload if payload.lower().startswith(scheme) else scheme + payload


def copied(method: str, payload: str) -> str:
    """The code to copy into an app; "" where none is needed."""
    return payload if method in CODES else ""
