"""GS1's own test vectors, read out of a checkout of their syntax engine; nothing of it is kept here.

    git clone https://github.com/gs1/gs1-syntax-engine      (Apache-2.0; read and compared at 1.4.1, commit 50657db)
    GS1_SYNTAX_ENGINE=gs1-syntax-engine python -m pytest tests/devices/gs1/test_engine.py
    GS1_SYNTAX_ENGINE=gs1-syntax-engine python -m benchmarks.gs1

The tests of their C library are calls of macros with literals, in the order in which they run, with switches set in
between. That is all that is read: names, literals and switches. Calls with computed arguments are left out and counted.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign>[(){},;=])|\S""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{1,2}|.)", re.DOTALL)
_SWITCHES = {
    "gs1_encoder_setPermitZeroSuppressedGTINinDLuris": "short_gtins",
    "gs1_encoder_setPermitUnknownAIs": "unknown",
    "permitConvenienceAlphas": "alphas",
    "gs1_encoder_vUNKNOWN_AI_NOT_DL_ATTR": "strict_attributes",
}
# Macro -> (file, names of its literal arguments in order; "ok" is true or false)
_MACROS: dict[str, tuple[str, tuple[str, ...]]] = {
    "test_parseAIdata": ("ai.c", ("ok", "input", "expect")),
    "test_processAIdata": ("ai.c", ("ok", "input")),
    "test_validateAIs": ("ai.c", ("ok", "rule", "input")),
    "test_parseDLuri": ("dl.c", ("ok", "input", "expect")),
    "test_URIunescape": ("dl.c", ("input", "expect", "expect_query")),
    "test_URIescape": ("dl.c", ("input", "expect", "expect_query")),
    "test_testGenerateDLuri": ("dl.c", ("ok", "stem", "input", "expect")),
    "test_testProcessScanData": ("scandata.c", ("ok", "input", "symbology", "expect")),
    "UNIT_TEST_PASS": ("syntax", ("rule", "input")),
    "UNIT_TEST_FAIL": ("syntax", ("rule", "input", "error", "markup")),
}


@dataclass(frozen=True)
class Vector:
    """`kind`: the macro, or `linters` for the table of real AIs. `switches`: what was permitted when it ran."""

    kind: str
    ok: bool
    input: str
    expect: str = ""
    expect_query: str = ""
    rule: str = ""
    stem: str | None = None
    symbology: str = ""
    switches: frozenset[str] = frozenset()


@dataclass
class Vectors:
    """All that was read; `left_out` counts calls by macro whose arguments are computed."""

    all: list[Vector] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def of(self, *kinds: str) -> list[Vector]:
        return [vector for vector in self.all if vector.kind in kinds]


def checkout() -> Path | None:
    """Where GS1_SYNTAX_ENGINE says the checkout is, None where it says nothing."""
    said = os.environ.get("GS1_SYNTAX_ENGINE", "")
    return Path(said) if said else None


def read(root: Path) -> Vectors:
    """The vectors of a checkout."""
    library = root / "src" / "c-lib"
    found = Vectors()
    for name in ("ai.c", "dl.c", "scandata.c"):
        source = (library / name).read_text(encoding="utf-8")
        _calls(source[source.index("#ifdef UNIT_TESTS") :], name, found)
        if name == "ai.c":
            _linter_table(source, found)
    for file in sorted((library / "syntax").glob("lint_*.c")):
        _calls(file.read_text(encoding="utf-8"), "syntax", found)
    return found


def _calls(source: str, file: str, found: Vectors) -> None:
    # Built with another company prefix look-up than theirs and ours, which is none.
    source = re.sub(r"^#ifdef GS1_LINTER_CUSTOM_GCP.*?^#endif", "", source, flags=re.MULTILINE | re.DOTALL)
    source = re.sub(r"^#define .*?[^\\]$", "", source, flags=re.MULTILINE | re.DOTALL)
    tokens = list(_TOKEN.finditer(source))
    switches: set[str] = {"strict_attributes"}
    for index, token in enumerate(tokens):
        name = token["name"]
        if name in _SWITCHES:
            on = next(
                (each["name"] for each in tokens[index + 1 : index + 6] if each["name"] in ("true", "false")),
                "",
            )
            (switches.add if on == "true" else switches.discard)(_SWITCHES[name])
        if name not in _MACROS or _MACROS[name][0] != file or tokens[index + 1][0] != "(":
            continue
        arguments = _arguments(tokens, index + 2)
        fields = _MACROS[name][1]
        if arguments is None or len(arguments) != len(fields):
            found.left_out[name] += 1
            continue
        said = dict(zip(fields, arguments, strict=True))
        ok = said.get("ok", "true") == "true" and name != "UNIT_TEST_FAIL"
        found.all.append(
            Vector(
                name,
                ok,
                said["input"] or "",
                said.get("expect") or "",
                said.get("expect_query") or "",
                said.get("rule") or "",
                said.get("stem"),
                said.get("symbology") or "",
                frozenset(switches),
            )
        )


def _arguments(tokens: list[re.Match[str]], at: int) -> list[str | None] | None:
    """Each argument as its literal or name, None for NULL; None for all where one is computed."""
    found: list[str | None] = []
    literal: list[str] = []
    name: str | None = None
    for token in tokens[at:]:
        if token[0].startswith(("//", "/*")):
            continue
        if token["text"]:
            literal.append(_plain(token[0]))
        elif token["name"] and name is None:
            name = token[0]
        elif token[0] in ",)":
            if literal:
                found.append("".join(literal))
            else:
                found.append(None if name == "NULL" else name)
            literal, name = [], None
            if token[0] == ")":
                computed = any(each in ("buf", "inbuf", "data", "expect", "scanbuf") for each in found)
                return None if computed else found
        else:
            return None
    return None


def _plain(literal: str) -> str:
    def one(found: re.Match[str]) -> str:
        return (
            chr(int(found[1][1:], 16))
            if found[1][0] == "x"
            else {"n": "\n", "0": "\0"}.get(found[1], found[1])
        )

    return _ESCAPE.sub(one, literal[1:-1])


def _linter_table(source: str, found: Vectors) -> None:
    """{ "(00)...", GS1_LINTER_OK }, rows of one table in ai.c."""
    table = source[source.index("struct linter_test_s tests[]") :]
    table = table[: table.index("};")]
    table = re.sub(r"//[^\n]*", "", table)
    for text, verdict in re.findall(r'\{\s*("(?:[^"\\]|\\.)*"),\s*(GS1_LINTER_\w+)\s*\}', table):
        found.all.append(Vector("linters", verdict == "GS1_LINTER_OK", _plain(text)))
