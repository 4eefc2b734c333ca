"""What of an EMV code that can be read breaks the specification all the same: banks print such codes, and phones pay them.

A wrong CRC, length or duplicate is not among it: such a code is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleet.payments.codecs import emv, profiles
from fleet.payments.codecs.errors import BadPayload

# The longest values, by id path.
LONGEST = {"59": 25, "60": 15, "61": 10, "62.09": 3, "64.00": 2, "64.01": 25, "64.02": 15} | {
    f"62.{tag:02}": 25 for tag in range(1, 9)
}
NEEDED = {"52": "category", "53": "currency", "58": "country", "59": "name", "60": "city"}


def found(payload: str) -> list[BadPayload]:
    """What a strict reader would refuse, in the order it stands. Raises BadPayload for what nobody can read."""
    code = emv.Code(payload)
    owner = profiles.of(payload)
    told = [*_indicators(code, owner), *_values(code, owner)]
    if owner == profiles.GENERIC:  # a profile says itself which of them it leaves out
        end = code.at("63") - 4
        told += [
            BadPayload(tag, f"the {what} is missing", end)
            for tag, what in NEEDED.items()
            if tag not in code.objects
        ]
    return sorted(told, key=lambda one: one.position or 0)


def told(payload: str) -> list[str]:
    """The same as sentences: "59: an empty object is left out (at character 120)"."""
    return [str(one) for one in found(payload)]


def _indicators(code: emv.Code, owner: str) -> Iterator[BadPayload]:
    if code.get("00") != "01" and owner != "duitnow":
        yield BadPayload("00", "the format indicator is 01", code.at("00"))
    if code.get("01") == "12" and owner == "pix-static":
        yield BadPayload("01", "a static code is not for one payment only", code.at("01"))
    if code.get("54") and not code.get("54").strip("0."):
        yield BadPayload("54", "an amount of zero is left out", code.at("54"))
    if code.get("63") != code.get("63").upper():
        yield BadPayload("63", "the CRC is written in capitals", code.at("63"))


def _values(code: emv.Code, owner: str) -> Iterator[BadPayload]:
    for path, leaf in code.leaves():
        if owner == "duitnow" and path[:2] == "82":
            continue  # PayNet keeps plain text there
        if not leaf.value:
            yield BadPayload(path, "an empty object is left out", leaf.position)
        elif len(leaf.value) > LONGEST.get(path, 99):
            yield BadPayload(path, f"at most {LONGEST[path]} characters", leaf.position)
        elif "." not in path and emv.is_template(path):
            yield BadPayload(path, "a template holds objects", leaf.position)
