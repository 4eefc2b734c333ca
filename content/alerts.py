"""Alerts that go before everything on a wall: what is said to kiosks, for how long, and which of several comes first.

A set is whole: all that is in force at one kiosk. It is signed as bytes (content.signing, purpose "alert") and takes the
place of the set before, so clearing an alert is a newer set without it. Severity, urgency and certainty are those of the
Common Alerting Protocol (OASIS CAP 1.2, section 3.2.2), in lower case. Times are Unix milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from msgspec import Struct, field

Severity = Literal["extreme", "severe", "moderate", "unknown", "minor"]
Urgency = Literal["immediate", "expected", "unknown", "future", "past"]
Certainty = Literal["observed", "likely", "possible", "unknown", "unlikely"]
Sign = Literal[
    "warning",
    "fire",
    "flood",
    "storm",
    "health",
    "security",
    "transport",
    "hazard",
    "exit",
    "shelter",
    "info",
]

# The gravest first. What nobody knows stands between what is grave and what is not.
SEVERITIES: Final[tuple[Severity, ...]] = ("extreme", "severe", "moderate", "unknown", "minor")
URGENCIES: Final[tuple[Urgency, ...]] = ("immediate", "expected", "unknown", "future", "past")
CERTAINTIES: Final[tuple[Certainty, ...]] = ("observed", "likely", "possible", "unknown", "unlikely")
SIGNS: Final[tuple[Sign, ...]] = (
    "warning", "fire", "flood", "storm", "health", "security", "transport", "hazard", "exit", "shelter", "info",
)  # fmt: skip

FORMAT: Final = 1
MOST_ALERTS: Final = 8  # in force at one kiosk
MOST_LANGUAGES: Final = 12
MOST_HEADLINE: Final = 160  # characters, as CAP advises
MOST_TEXT: Final = 1_200  # of a description, and of an instruction
MOST_SENDER: Final = 120
MOST_BYTES: Final = 160 * 1024  # of a set: base64 makes a third more of it, brokers take 256 KiB
LAST_VERSION: Final = 2**53
LONGEST_MS: Final = 48 * 3_600_000  # an alert with an end is shown so long at most where no clock is trusted
_ID: Final = re.compile(r"[0-9A-Za-z_.:-]{1,64}\Z")
_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}\Z")


class BadAlerts(ValueError):
    """Alerts that cannot be shown; says where and what was expected."""


class Wording(Struct, frozen=True, omit_defaults=True):
    """What is said in one language."""

    headline: str
    description: str = ""
    instruction: str = ""


class Alert(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert. `words` by BCP 47 tag; a wall shows those of its languages, and where there is none all there are."""

    id: str  # 1 to 64 of A-Z a-z 0-9 _ . : -
    words: dict[str, Wording]
    sender: str = ""  # who says it, as people read it
    severity: Severity = "unknown"
    urgency: Urgency = "unknown"
    certainty: Certainty = "unknown"
    sign: Sign = "warning"
    onset_ms: int = 0  # from then on; 0: at once
    until_ms: int = 0  # until then; 0: until it is cleared
    audible: bool = False
    exercise: bool = False  # said so on the glass, in every language

    @property
    def gravity(self) -> tuple[bool, int, int, int]:
        """Sorts alerts, the gravest first; an exercise comes after all that is real."""
        return (
            self.exercise,
            SEVERITIES.index(self.severity),
            URGENCIES.index(self.urgency),
            CERTAINTIES.index(self.certainty),
        )


class AlertSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is in force at one kiosk."""

    format: int = field(default=FORMAT)
    kiosk: str = ""  # tenant/site/kiosk: a set of another kiosk's is refused
    version: int = 0  # grows; an older one than that in force is ignored
    at_ms: int = 0  # the sender's wall clock
    alerts: tuple[Alert, ...] = ()


def fitting(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """The gravest first, as many as a set may hold and as its bytes have room for: at least one of those that pass `check_alert`."""
    found: list[Alert] = []
    room = MOST_BYTES - 1024  # what stands around them
    for alert in sorted(alerts, key=lambda one: one.gravity)[:MOST_ALERTS]:
        room -= len(msgspec.json.encode(alert)) + 1
        if room < 0 and found:
            break
        found.append(alert)
    return tuple(found)


def write_alerts(said: AlertSet) -> bytes:
    """The set as bytes to be signed. Raises BadAlerts."""
    check_alerts(said)
    body = msgspec.json.encode(said)
    if len(body) > MOST_BYTES:
        raise BadAlerts(f"{len(body)} bytes, expected at most {MOST_BYTES}")
    return body


def read_alerts(body: bytes) -> AlertSet:
    """The set in bytes whose signature was verified. Raises BadAlerts."""
    if len(body) > MOST_BYTES:
        raise BadAlerts(f"{len(body)} bytes, expected at most {MOST_BYTES}")
    try:
        said = msgspec.json.decode(body, type=AlertSet)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadAlerts(str(error)) from None
    check_alerts(said)
    return said


def check_alerts(said: AlertSet) -> None:
    """Raises BadAlerts for a set no kiosk can take."""
    if said.format != FORMAT:
        raise BadAlerts(f"format {said.format}, this program reads {FORMAT}")
    if not 0 < said.version < LAST_VERSION:
        raise BadAlerts(f"version {said.version}: expected a number from 1")
    if len(said.alerts) > MOST_ALERTS:
        raise BadAlerts(f"{len(said.alerts)} alerts, expected at most {MOST_ALERTS}")
    if len({one.id for one in said.alerts}) < len(said.alerts):
        raise BadAlerts("two alerts of one id")
    for number, alert in enumerate(said.alerts):
        check_alert(alert, f"alerts[{number}]")


def check_alert(alert: Alert, where: str = "alert") -> None:
    """Raises BadAlerts for one that cannot be shown."""
    if not _ID.match(alert.id):
        raise BadAlerts(f"{where}: id {alert.id[:70]!r}: expected 1 to 64 of A-Z a-z 0-9 _ . : -")
    if not 1 <= len(alert.words) <= MOST_LANGUAGES:
        raise BadAlerts(f"{where}: {len(alert.words)} languages, expected 1 to {MOST_LANGUAGES}")
    if len(alert.sender) > MOST_SENDER:
        raise BadAlerts(f"{where}: sender: {len(alert.sender)} characters, expected at most {MOST_SENDER}")
    if alert.until_ms and alert.until_ms <= alert.onset_ms:
        raise BadAlerts(f"{where}: ends before it begins")
    if alert.onset_ms < 0 or alert.until_ms < 0:
        raise BadAlerts(f"{where}: a time before 1970")
    for tag, words in alert.words.items():
        if not _TAG.match(tag):
            raise BadAlerts(f"{where}: language {tag[:40]!r}: expected a tag such as de or zh-Hant")
        for name, text, most in (
            ("headline", words.headline, MOST_HEADLINE),
            ("description", words.description, MOST_TEXT),
            ("instruction", words.instruction, MOST_TEXT),
        ):
            if len(text) > most:
                raise BadAlerts(f"{where}: {name} ({tag}): {len(text)} characters, expected at most {most}")
        if not words.headline.strip():
            raise BadAlerts(f"{where}: headline ({tag}): expected words")
