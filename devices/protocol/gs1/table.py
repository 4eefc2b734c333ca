"""Application Identifiers: what each holds, and what must stand beside it. Read from the generated table.

A value is checked component by component: each takes its share from the front, optional ones only while something is
left (GS1 Syntax Dictionary; GS1 General Specifications 3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from devices.protocol.gs1.ai_table import ROWS
from devices.protocol.gs1.errors import BadGs1
from devices.protocol.gs1.linters import LINTERS, Linter

LONGEST_VALUE = 90  # characters of one AI
MOST_ELEMENTS = 64  # in one message; no carrier holds as many that mean something

_COMPONENT = re.compile(r"(\[?)([NXYZ])(\.\.)?([0-9]+)\]?((?:,[a-z0-9]+)*)")
_SETS = {
    "N": (re.compile(r"[0-9]*\Z"), "digits"),
    "X": (re.compile(r"[!-\"%-?A-Z_a-z]*\Z"), "characters of CSET 82"),
    "Y": (re.compile(r"[#\-/0-9A-Z]*\Z"), "characters of CSET 39"),
    "Z": (re.compile(r"[A-Za-z0-9_-]*={0,2}\Z"), "characters of base64url"),
}


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a value. `kind`: N digits, X CSET 82, Y CSET 39, Z base64url."""

    kind: str
    least: int
    most: int
    optional: bool
    linters: tuple[Linter, ...]

    def check(self, value: str, ai: str) -> None:
        """Raises BadGs1."""
        pattern, expected = _SETS[self.kind]
        if len(value) < self.least:
            raise BadGs1(f"expected {self._lengths()}, found {len(value)}", ai)
        if not pattern.match(value):
            raise BadGs1(f"expected {expected}", ai)
        # Padding fills up threes: so GS1's own syntax tests have it, where RFC 4648 fills up fours.
        if self.kind == "Z" and value[-1:] == "=" and (len(value) % 3 or len(value) < 3):
            raise BadGs1("expected base64url with its padding", ai)
        for linter in self.linters:
            if expected := linter(value):
                raise BadGs1(f"expected {expected}", ai)

    def _lengths(self) -> str:
        return (
            f"{self.most} characters"
            if self.least == self.most
            else f"{self.least} to {self.most} characters"
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """An AI. `fixed`: needs no separator behind it. `attribute`: may stand in a Digital Link's query.

    `key`: may begin a Digital Link; `qualifiers`: in which orders others may follow it there. `requires`: of each group
    one row of AIs must be there; `excludes`: none of these may be; n stands for any digit.
    """

    ai: str
    title: str
    components: tuple[Component, ...]
    fixed: bool = False
    attribute: bool = False
    key: bool = False
    qualifiers: tuple[tuple[str, ...], ...] = ()
    requires: tuple[tuple[tuple[str, ...], ...], ...] = ()
    excludes: tuple[str, ...] = ()
    known: bool = True
    length: int = field(init=False)  # most characters of a value

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", sum(component.most for component in self.components))

    def check(self, value: str) -> None:
        """Whether a value is one of this AI. Raises BadGs1."""
        if not value:
            raise BadGs1("expected a value", self.ai)
        if len(value) > self.length:
            raise BadGs1(f"expected at most {self.length} characters, found {len(value)}", self.ai)
        at = 0
        for component in self.components:
            if component.optional and at == len(value):
                return
            part = value[at : at + component.most]
            component.check(part, self.ai)
            at += len(part)


def _component(text: str) -> Component:
    found = _COMPONENT.fullmatch(text)
    assert found is not None, text
    optional, kind, varies, most, linters = found.groups()
    least = 1 if varies else int(most)
    names = linters.split(",")[1:]
    return Component(kind, least, int(most), bool(optional), tuple(LINTERS[name] for name in names))


def _read() -> dict[str, Entry]:
    found = {}
    for first, last, flags, components, attributes, title in ROWS:
        parts = tuple(map(_component, components.split()))
        words = [word.partition("=") for word in attributes.split()]
        qualifiers = next((value for name, _, value in words if name == "dlpkey"), "")
        for number in range(int(first), int(last) + 1):
            ai = str(number).zfill(len(first))
            found[ai] = Entry(
                ai, title, parts, fixed="*" in flags, attribute="?" in flags,
                key=any(name == "dlpkey" for name, _, _ in words),
                qualifiers=tuple(tuple(row.split(",")) for row in qualifiers.split("|") if row),
                requires=tuple(
                    tuple(tuple(row.split("+")) for row in value.split(","))
                    for name, _, value in words
                    if name == "req"
                ),
                excludes=tuple(ai for name, _, value in words if name == "ex" for ai in value.split(",")),
            )  # fmt: skip
    return found


ENTRIES = _read()
LENGTHS = {ai[:2]: len(ai) for ai in ENTRIES}  # of an AI, by its first two digits


def entry_of(ai: str, unknown: bool = False) -> Entry:
    """The entry of an AI. With `unknown` one that GS1 has not given out is taken to hold any text. Raises BadGs1."""
    found = ENTRIES.get(ai)
    if found is not None:
        return found
    right = LENGTHS.get(ai[:2], len(ai))
    if not unknown or not (ai.isascii() and ai.isdigit()) or not 2 <= len(ai) <= 4 or len(ai) != right:
        raise BadGs1(f"expected an Application Identifier, found {ai[:8]!r}")
    return Entry(ai, "", (Component("X", 1, LONGEST_VALUE, False, ()),), known=False)
