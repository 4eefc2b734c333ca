"""What Endcap and biip make of a vector of GS1's syntax engine, in the engine's own notation (^ is FNC1)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, quote_plus

from devices.protocol.gs1 import associations, digital_link, elements, scan_data
from devices.protocol.gs1.elements import GS, Elements
from devices.protocol.gs1.errors import BadGs1
from devices.protocol.gs1.linters import LINTERS, Linter
from devices.protocol.gs1.table import Component
from tests.oracles.gs1_engine import Vector

_RULES = {
    "validateAIrepeats": associations.repeats,
    "validateAImutex": associations.exclusions,
    "validateAIrequisites": associations.requirements,
    "validateDigSigRequiresSerialisedKey": associations.serialised,
}
_CARRIERS = {
    "QR": "]Q1 ]Q3", "DM": "]d1 ]d2", "DotCode": "]J0 ]J1", "DataBarExpanded": "]e0", "GS1_128_CCA": "]C1",
    "EAN13": "]E0", "EAN8": "]E4",
}  # fmt: skip
_SETS = {"cset39": "Y", "cset64": "Z", "cset82": "X", "csetnumeric": "N"}


def ours(vector: Vector) -> tuple[bool, bool]:
    """(the same verdict, the same verdict and result)."""
    try:
        result = _ANSWER[vector.kind](vector)
    except BadGs1:
        return not vector.ok, not vector.ok
    return vector.ok, vector.ok and result


def _carried(parts: Elements) -> str:
    return "^" + elements.write(parts).replace(GS, "^")


def _bracketed(vector: Vector) -> bool:
    unknown = "unknown" in vector.switches
    return _carried(elements.parse_bracketed(vector.input, unknown)) == vector.expect


def _linter_of_ai(vector: Vector) -> bool:
    elements.parse_bracketed(vector.input)
    return True


def _element_string(vector: Vector) -> bool:
    if vector.input[:1] != "^":
        raise BadGs1("expected FNC1")
    elements.parse(vector.input[1:].replace("^", GS))
    return True


def _association(vector: Vector) -> bool:
    parts = elements.parse_bracketed(vector.input, unknown=True)
    if wrong := _RULES[vector.rule](parts):
        raise BadGs1(wrong)
    return True


def _link(vector: Vector) -> bool:
    if "unknown" in vector.switches and "strict_attributes" in vector.switches:
        permitted = vector.switches - {"unknown"}
    else:
        permitted = vector.switches
    link = digital_link.parse(
        vector.input, alphas="alphas" in permitted, short_gtins="short_gtins" in permitted,
        unknown="unknown" in permitted,
    )  # fmt: skip
    return _carried(link.elements) == vector.expect


def _made_link(vector: Vector) -> bool:
    unknown = "unknown" in vector.switches and "strict_attributes" not in vector.switches
    parts = elements.parse_bracketed(vector.input, unknown)
    link = digital_link.of(parts, digital_link.CANONICAL if vector.stem is None else vector.stem)
    return digital_link.write(link) == vector.expect


def _unescaped(vector: Vector) -> bool:
    path, query = (digital_link.unescape(vector.input, plus) for plus in (False, True))
    return (path, query) == (vector.expect, vector.expect_query)


def _escaped(vector: Vector) -> bool:
    # The engine escapes % alike in both; its query differs by the plus sign alone.
    return quote(vector.input, safe="") == vector.expect and quote_plus(vector.input) in (
        vector.expect_query, vector.expect_query.replace("%20", "+"),
    )  # fmt: skip


def _scanned(vector: Vector) -> bool:
    found = scan_data.parse(vector.input)
    if found.aim not in _CARRIERS[vector.symbology].split():
        return False
    if found.aim in ("]E0", "]E4"):
        text = found.text.replace("|]e0", "|^").replace(GS, "^")
    elif found.elements and found.link is None:
        text = "^" + found.text.replace(GS, "^")
    else:  # in the engine's notation a ^ of the data, with any backslashes before it, has one more before it
        plain = found.text.lstrip("\\")
        text = "\\" + found.text if plain.startswith("^") else found.text
    return text == vector.expect


def _linted(vector: Vector) -> bool:
    name = vector.rule.removeprefix("gs1_lint_")
    if name in _SETS:
        Component(_SETS[name], 0, 1000, False, ()).check(vector.input, "")
        return True
    linter: Linter = LINTERS[name]
    if wrong := linter(vector.input):
        raise BadGs1(wrong)
    return True


_ANSWER: dict[str, Callable[[Vector], bool]] = {
    "test_parseAIdata": _bracketed,
    "linters": _linter_of_ai,
    "test_processAIdata": _element_string,
    "test_validateAIs": _association,
    "test_parseDLuri": _link,
    "test_testGenerateDLuri": _made_link,
    "test_URIunescape": _unescaped,
    "test_URIescape": _escaped,
    "test_testProcessScanData": _scanned,
    "UNIT_TEST_PASS": _linted,
    "UNIT_TEST_FAIL": _linted,
}
