"""What must hold for any text whatever: the one function that is fuzzed, and the valid payloads it begins with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fleet.payments.codecs import SCHEMES, BadPayload, Scheme, decode, tolerance

RECORDED = Path(__file__).parents[1] / "data" / "payments"
_SCHEMES = list(SCHEMES.values())


def seeds() -> list[str]:
    """A valid payload of every scheme, and whatever other libraries were recorded to write."""
    found = [scheme.build(scheme.from_json(dict(scheme.example))) for scheme in _SCHEMES]
    for file in sorted(RECORDED.glob("*.json")):
        outputs = [case["output"] for case in json.loads(file.read_text())["cases"]]
        found += [output for output in outputs if any(scheme.owns(output) for scheme in _SCHEMES)]
    return list(dict.fromkeys(found))


def check(text: str) -> bool:
    """Read `text` as whose it is and as another scheme's. Whether it was read.

    Raises whatever a decoder raises beside BadPayload; AssertionError where an error says nothing or points outside,
    or where what was read is written as something else.
    """
    _read(_SCHEMES[len(text) % len(_SCHEMES)], text)
    try:
        scheme, _ = _refusable(decode, text)
    except _Refused:
        return False
    if text.startswith("00") and _read(SCHEMES["emvco"], text):
        tolerance.told(text)
    return _read(scheme, text)


class _Refused(Exception):
    """As it should be."""


def _read(scheme: Scheme, text: str) -> bool:
    try:
        found = _refusable(scheme.parse, text)
    except _Refused:
        return False
    value = json.loads(json.dumps(scheme.to_json(found)))
    assert scheme.from_json(value) == found
    try:
        payload = scheme.build(found)
    except BadPayload:
        return True  # read more tolerantly than written
    again = scheme.parse(payload)
    assert again == found, f"{found} became {again}"
    return True


def _refusable(read: Any, text: str) -> Any:
    try:
        return read(text)
    except BadPayload as caught:
        error = caught
    assert error.field
    assert error.rule
    assert 0 <= (error.position or 0) <= len(text), f"{error} of {len(text)}"
    raise _Refused
