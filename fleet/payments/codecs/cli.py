"""The command `endcap payload`: write a payment code from JSON, read one back. Needs the standard library only.

What comes out is the payload in the bytes of its QR symbol and one line feed: UTF-8, for an EPC code the charset it
names. Standard input is read the same way. 0: done; 1: the output could not be written; 2: bad input, one line says why.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from fleet.payments.codecs import SCHEMES, BadPayload, Scheme, decode, epc, fields, names, table

DONE, UNWRITTEN, BAD = 0, 1, 2
_LONGEST = 1 << 16  # bytes of standard input; the largest QR symbol holds 2953
_EPC_CHARSET = re.compile(rb"BCD\r?\n[0-9]{3}\r?\n([1-8])\r?\n")
_USAGE = """\
usage: endcap payload SCHEME '{json}'    print the payload of a payment code
       endcap payload --decode TEXT      print scheme and fields of a payload as JSON
       endcap payload SCHEME --help      the JSON names of a scheme

For JSON or TEXT, - means standard input."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _say(_answer(words))
    except BadPayload as error:
        print(f"endcap payload: {_one_line(str(error))}", file=sys.stderr)
        return BAD


def _answer(words: list[str]) -> bytes:
    match words:
        case ["-h" | "--help"]:
            return listing().encode()
        case ["--decode", text]:
            return _decoded(_payload_in(text))
        case [word] if word.startswith("--decode="):
            return _decoded(_payload_in(word.removeprefix("--decode=")))
        case [key, "-h" | "--help"] | ["-h" | "--help", key]:
            return describe(_scheme(key)).encode()
        case [key, text] if not key.startswith("-"):
            return _written(_scheme(key), _json_in(text))
        case [key] if not key.startswith("-"):
            return _written(_scheme(key), _json_in("-"))
    raise BadPayload("arguments", "SCHEME '{json}', --decode TEXT or --help")


def _scheme(key: str) -> Scheme:
    if key not in SCHEMES:
        raise BadPayload("scheme", f"no {key!r}; there are {', '.join(SCHEMES)}")
    return SCHEMES[key]


def _written(scheme: Scheme, value: object) -> bytes:
    written = scheme.from_json(value)
    return scheme.build(written).encode(scheme.charset(written))


def _decoded(payload: str) -> bytes:
    scheme, found = decode(payload)
    answer: dict[str, Any] = {"scheme": scheme.key, "fields": found}
    if tolerated := scheme.tolerated(payload):
        answer["tolerated"] = list(tolerated)
    return json.dumps(answer, ensure_ascii=False, indent=2).encode()


def _payload_in(text: str) -> str:
    return payload_of(_standard_input()) if text == "-" else _whole(text)


def payload_of(raw: bytes) -> str:
    """A payload as it was printed: its bytes in the charset it names, without the line end printing put behind it.

    Raises BadPayload for bytes that are not of that charset.
    """
    raw = raw[: -2 if raw.endswith(b"\r\n") else -1] if raw.endswith(b"\n") else raw
    charset = _EPC_CHARSET.match(raw)
    return _text(raw, epc.CHARSETS[int(charset[1])] if charset else "utf-8")


def _json_in(text: str) -> object:
    source = _text(_standard_input(), "utf-8") if text == "-" else _whole(text)
    if source.startswith("\ufeff"):
        raise BadPayload("json", "begins with a byte order mark: UTF-8 without one expected", 0)
    try:
        return json.loads(source, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise BadPayload("json", error.msg, error.pos) from None
    except RecursionError:
        raise BadPayload("json", "objects nested too deeply") from None
    except BadPayload:
        raise
    except ValueError:
        raise BadPayload("json", "a number of more digits than anybody counts") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen = [name for name, _ in pairs]
        raise BadPayload(next(name for name in found if seen.count(name) > 1), "comes twice")
    return found


def _no_number(text: str) -> object:
    raise BadPayload("json", f"{text} is no JSON")


def _whole(text: str) -> str:
    """An argument, if the shell handed over UTF-8 (what is not arrives as halves of surrogate pairs)."""
    fields.utf8("argument", text)
    return text


def _standard_input() -> bytes:
    raw = sys.stdin.buffer.read(_LONGEST + 1) if sys.stdin else b""
    if len(raw) > _LONGEST:
        raise BadPayload("standard input", f"at most {_LONGEST} bytes")
    return raw


def _text(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset)
    except UnicodeDecodeError as error:
        raise BadPayload("standard input", f"{charset} text, byte {error.start} is not") from None


def _say(answer: bytes) -> int:
    try:
        sys.stdout.buffer.write(answer + b"\n")
        sys.stdout.buffer.flush()
    except OSError as error:
        print(f"endcap payload: the output cannot be written: {error.strerror or error}", file=sys.stderr)
        return UNWRITTEN
    return DONE


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def listing() -> str:
    """Usage and every scheme, a line each."""
    rows = [f"  {key:<17} {scheme.title}; {_currencies(scheme)}" for key, scheme in SCHEMES.items()]
    return "\n".join([_USAGE, "", "Schemes:", *rows])


def describe(scheme: Scheme) -> str:
    """One scheme: its JSON names, its facts, an example that works."""
    facts = [
        ("currencies", _currencies(scheme)),
        ("amount", table.amounts(scheme)),
        ("reference", f"{scheme.reference.field}: {scheme.reference.rule}".removeprefix(": ")),
        ("expiry", "in the code" if scheme.expires else "not in the code"),
        ("confirmation", f"{scheme.confirmation}: {scheme.confirms}"),
    ]
    example = shlex.quote(json.dumps(dict(scheme.example), ensure_ascii=False))
    return "\n".join(
        [
            f"usage: endcap payload {scheme.key} '{{json}}'", "", scheme.title, "",
            "JSON names, strings unless something else is said; * must be there:", *_names(scheme), "",
            *(_folded(f"{label}: {text}", "  ") for label, text in facts), "",
            f"example: endcap payload {scheme.key} {example}",
        ]
    )  # fmt: skip


def _names(scheme: Scheme) -> list[str]:
    rows = names.each(scheme.fields)
    width = max(len(path) for path, _, _ in rows) + 4
    return [
        _folded(f"  {path + '*' * needed:<{width}}{_said_of(kind)}{scheme.rules[path]}", " " * (width + 2))
        for path, kind, needed in rows
    ]


def _said_of(kind: str) -> str:
    return "" if kind == "a string" else f"{kind}: "


def _folded(text: str, indent: str) -> str:
    return "\n".join(textwrap.wrap(text, 110, subsequent_indent=indent, break_on_hyphens=False))


def _currencies(scheme: Scheme) -> str:
    return ", ".join(scheme.currencies) or "any"
