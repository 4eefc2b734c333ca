"""Element strings: Application Identifiers and their values, as carriers hold them and as people read them.

As carried (GS1 General Specifications 7.8): values follow one another; those whose AI has no pre-defined length end at
a separator (FNC1, transmitted as GS, 0x1D) or at the end. As printed: (01)09506000134352(10)ABC, where a ( inside a
value is written \\(.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from devices.protocol.gs1.errors import BadGs1
from devices.protocol.gs1.table import ENTRIES, LENGTHS, MOST_ELEMENTS, Entry, entry_of

GS = "\x1d"
_HEAD = re.compile(r"\(([0-9]{2,4})\)")
_VALUE = re.compile(r"(?:[^(\\]|\\\(?)*")


@dataclass(frozen=True, slots=True)
class Element:
    """One Application Identifier and its value."""

    ai: str
    value: str

    @property
    def title(self) -> str:
        """GS1's data title, e.g. BATCH/LOT."""
        known = ENTRIES.get(self.ai)
        return known.title if known else ""


Elements = tuple[Element, ...]


def element(ai: str, value: str, unknown: bool = False) -> Element:
    """A checked element. Raises BadGs1."""
    entry_of(ai, unknown).check(value)
    return Element(ai, value)


def parse(text: str) -> Elements:
    """The elements of an unbracketed string as a scanner sends it, GS as separator. Raises BadGs1.

    A separator behind a value of pre-defined length is not needed and tolerated, as one at the end is.
    """
    if not text:
        raise BadGs1("expected element strings, found nothing")
    found: list[Element] = []
    at = 0
    while at < len(text):
        if len(found) == MOST_ELEMENTS:
            raise BadGs1(f"expected at most {MOST_ELEMENTS} elements")
        entry = _entry_at(text, at)
        at += len(entry.ai)
        end = at + entry.length if entry.fixed else text.find(GS, at)
        if end < 0 or end > len(text):
            end = len(text)
        value = text[at:end]
        entry.check(value)
        found.append(Element(entry.ai, value))
        at = end + 1 if text[end : end + 1] == GS else end
    return tuple(found)


def _entry_at(text: str, at: int) -> Entry:
    ai = text[at : at + LENGTHS.get(text[at : at + 2], 4)]
    return entry_of(ai)


def parse_bracketed(text: str, unknown: bool = False) -> Elements:
    """The elements of (01)09506000134352(10)ABC. `unknown`: AIs that GS1 has not given out may hold any text. Raises BadGs1."""
    found: list[Element] = []
    at = 0
    while at < len(text) or not found:
        head = _HEAD.match(text, at)
        if head is None:
            raise BadGs1(f"expected an AI in brackets at character {at + 1}")
        if len(found) == MOST_ELEMENTS:
            raise BadGs1(f"expected at most {MOST_ELEMENTS} elements")
        body = _VALUE.match(text, head.end())
        assert body is not None, "it matches nothing too"
        found.append(element(head[1], body[0].replace("\\(", "("), unknown))
        at = body.end()
    return tuple(found)


def write(elements: Iterable[Element]) -> str:
    """As a carrier holds them: a separator where one is needed, none at the end."""
    text, separator = "", ""
    for each in elements:
        text += separator + each.ai + each.value
        known = ENTRIES.get(each.ai)
        separator = "" if known and known.fixed else GS
    return text


def write_bracketed(elements: Iterable[Element]) -> str:
    """As people read them."""
    return "".join(f"({each.ai}){each.value.replace('(', chr(92) + '(')}" for each in elements)


def value_of(elements: Iterable[Element], *ais: str) -> str:
    """The value of the first of `ais` that is there, "" where none is."""
    values = {each.ai: each.value for each in reversed(tuple(elements))}
    return next((values[ai] for ai in ais if ai in values), "")
