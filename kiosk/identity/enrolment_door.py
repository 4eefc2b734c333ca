"""The fleet's door for devices that want to come in, as HTTP.

Who answers there is proved by HTTPS: the name in the configuration, by an authority this machine believes or the one that
is configured. A Raspberry Pi without a battery starts in the past, where no certificate is valid yet; while the clock is
`unsynced` dates are therefore not judged, everything else is (docs/identity.md says what that gives away).
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from mqtt.enrolment import MAX_BYTES, PATH, Ask, Told
from mqtt.messages import BadMessage, decode, encode
from mqtt.security import NO_CHECK_TIME

ANSWER_S: Final = 15.0


class DoorClosed(OSError):
    """The fleet did not answer, or not as expected; says how, in one line."""


def ask(fleet: str, ca: Path | None, question: Ask, *, clock_is_right: bool) -> Told:
    """Ask a fleet once. Raises DoorClosed."""
    request = urllib.request.Request(  # noqa: S310 - https, or http on this machine: kiosk.config
        fleet + PATH, encode(question), {"content-type": "application/json", "user-agent": "endcap-kiosk"}
    )
    try:
        context = _context(ca, clock_is_right) if fleet.startswith("https:") else None
        with urllib.request.urlopen(request, timeout=ANSWER_S, context=context) as answer:  # noqa: S310
            body = answer.read(MAX_BYTES + 1)
    except urllib.error.HTTPError as error:
        said = error.read(200).decode("utf-8", "replace").split("\n")[0]
        error.close()
        raise DoorClosed(f"{error.code} {said or error.reason}") from None
    except urllib.error.URLError as error:
        raise DoorClosed(str(error.reason)) from None
    except (OSError, http.client.HTTPException) as error:
        raise DoorClosed(str(error) or type(error).__name__) from None
    if len(body) > MAX_BYTES:
        raise DoorClosed(f"an answer of more than {MAX_BYTES} bytes")
    try:
        told: Told = decode(body, Told)
    except BadMessage as error:
        raise DoorClosed(f"no fleet's answer: {error}") from None
    return told


def _context(ca: Path | None, clock_is_right: bool) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=str(ca) if ca else None)
    except OSError as error:
        raise DoorClosed(f"{ca}: cannot be used: {error}") from None
    if not clock_is_right:
        made.verify_flags |= NO_CHECK_TIME
    return made
