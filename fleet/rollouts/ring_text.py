"""Rings as people type them: `pilot: site=demo/line2 percent=10 success=95 errors=2 soak=30m deadline=4h silent=error`."""

from __future__ import annotations

import re
from typing import Any, Final

from fleet.rollouts.model import DAY, BadRollout, Ring

PICKS: Final = {"kiosk": "kiosks", "site": "sites", "group": "groups", "tag": "tags"}  # may be given again
NUMBERS: Final = {
    "percent": "percent", "success": "success_percent", "errors": "errors", "error-percent": "error_percent",
}  # fmt: skip
TIMES: Final = {"soak": "soak_s", "deadline": "deadline_s"}
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def ring_of(text: str) -> Ring:
    """A ring; what is not said is as Ring has it. Raises BadRollout."""
    name, colon, rest = text.partition(":")
    if not colon:
        raise BadRollout(
            f"ring {text[:60]!r}: expected a name, a colon and what it is, as in 'pilot: percent=5'"
        )
    values: dict[str, Any] = {}
    for word in rest.split():
        key, sign, value = word.partition("=")
        if not sign or not value:
            raise BadRollout(f"ring {name.strip()!r}: {word[:40]!r}: expected NAME=VALUE")
        if key in PICKS:
            values[PICKS[key]] = (*values.get(PICKS[key], ()), *value.split(","))
        elif key in NUMBERS:
            values[NUMBERS[key]] = _number(name, key, value.rstrip("%"))
        elif key in TIMES:
            values[TIMES[key]] = _seconds(name, key, value)
        elif word in ("silent=error", "silent=no-error"):
            values["silent_is_error"] = word == "silent=error"
        else:
            expected = ", ".join((*PICKS, *NUMBERS, *TIMES, "silent=error"))
            raise BadRollout(f"ring {name.strip()!r}: {word[:40]!r}: expected {expected}")
    if values.get("errors") and "error_percent" not in values:
        values["error_percent"] = 0  # who names a number means that number
    return Ring(name=name.strip(), **values)


def text_of(ring: Ring) -> str:
    """The same as text: what `ring_of` reads."""
    words = [f"{key}={value}" for key, field in PICKS.items() for value in getattr(ring, field)]
    words += [f"{key}={getattr(ring, field)}" for key, field in NUMBERS.items()]
    words += [f"{key}={_span(getattr(ring, field))}" for key, field in TIMES.items()]
    return f"{ring.name}: " + " ".join([*words, *["silent=error"] * ring.silent_is_error])


def window_of(text: str) -> tuple[int, int] | None:
    """ "22:00-05:00" as minutes of the day; None for nothing. Raises BadRollout."""
    if not text.strip():
        return None
    found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", text.strip(), re.ASCII)
    minutes = [int(part) for part in found.groups()] if found else []
    if not minutes or max(minutes[1::2]) > 59 or max(minutes[::2]) * 60 >= DAY:
        raise BadRollout(f"window {text[:20]!r}: expected hours such as 22:00-05:00")
    return minutes[0] * 60 + minutes[1], minutes[2] * 60 + minutes[3]


def _number(name: str, key: str, value: str) -> int:
    if not re.fullmatch(r"\d{1,6}", value, re.ASCII):
        raise BadRollout(f"ring {name.strip()!r}: {key} {value[:20]!r}: expected a whole number")
    return int(value)


def _seconds(name: str, key: str, value: str) -> int:
    found = re.fullmatch(r"(\d{1,6})([smhd])", value, re.ASCII)
    if found is None:
        raise BadRollout(f"ring {name.strip()!r}: {key} {value[:20]!r}: expected a time such as 30m or 4h")
    return int(found[1]) * _UNITS[found[2]]


def _span(seconds: int) -> str:
    unit = next(unit for unit in "dhms" if seconds % _UNITS[unit] == 0) if seconds else "s"
    return f"{seconds // _UNITS[unit]}{unit}"
