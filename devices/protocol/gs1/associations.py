"""Which Application Identifiers may and must stand together (GS1 General Specifications 4.13 and 4.14).

Whether what must be there is there can only be said of all codes of one article together, so the parsers do not ask.
"""

from __future__ import annotations

from collections.abc import Sequence

from devices.protocol.gs1.elements import Element
from devices.protocol.gs1.table import Entry, entry_of

# Keys whose serial part is optional, and how long they are without it: a signature signs one thing, not a kind.
_SERIALISED = {"253": 13, "255": 13, "8003": 14}


def repeats(elements: Sequence[Element]) -> str:
    """An AI that is there twice says the same both times; "" or what is wrong."""
    said: dict[str, str] = {}
    for each in elements:
        if said.setdefault(each.ai, each.value) != each.value:
            return f"({each.ai}) is there with two values"
    return ""


def exclusions(elements: Sequence[Element]) -> str:
    """No two that exclude each other; "" or what is wrong."""
    for entry in _entries(elements):
        for pattern in entry.excludes:
            for other in elements:
                if other.ai != entry.ai and _fits(pattern, other.ai):
                    return f"({entry.ai}) and ({other.ai}) exclude each other"
    return ""


def requirements(elements: Sequence[Element]) -> str:
    """What each needs beside it is there; "" or what is missing."""
    for entry in _entries(elements):
        others = {each.ai for each in elements if each.ai != entry.ai}
        for group in entry.requires:
            if not any(all(_any_fits(pattern, others) for pattern in row) for row in group):
                return f"({entry.ai}) needs {' or '.join(_row(row) for row in group)} beside it"
    return ""


def serialised(elements: Sequence[Element]) -> str:
    """A digital signature (8030) signs a key with its serial part; "" or what is wrong."""
    if all(each.ai != "8030" for each in elements):
        return ""
    for each in elements:
        if len(each.value) <= _SERIALISED.get(each.ai, 0):
            return f"({each.ai}) needs its serial part beside (8030)"
    return ""


def problems(elements: Sequence[Element]) -> list[str]:
    """All that is wrong, the kinds in the order above."""
    return [said for check in (repeats, exclusions, requirements, serialised) if (said := check(elements))]


def _entries(elements: Sequence[Element]) -> list[Entry]:
    return [entry_of(ai, unknown=True) for ai in dict.fromkeys(each.ai for each in elements)]


def _fits(pattern: str, ai: str) -> bool:
    plain = pattern.rstrip("n")
    return len(ai) == len(pattern) and ai.startswith(plain)


def _any_fits(pattern: str, ais: set[str]) -> bool:
    return pattern in ais or any(_fits(pattern, ai) for ai in ais)


def _row(row: tuple[str, ...]) -> str:
    return " with ".join(f"({ai})" for ai in row)
