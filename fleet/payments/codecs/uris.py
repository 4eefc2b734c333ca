"""Payment links: parameters behind a question mark, percent-encoded UTF-8 (RFC 3986)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from fleet.payments.codecs.errors import BadPayload

_BROKEN = re.compile("%(?![0-9A-Fa-f]{2})")


def query(pairs: Iterable[tuple[str, str]], literal: str = "") -> str:
    """`name=value&...` without the pairs that have no value; a space is %20, `literal` stays as it is."""
    return "&".join(f"{name}={quote(value, safe=literal)}" for name, value in pairs if value)


def read(text: str, at: int, *, plus_is_space: bool) -> dict[str, tuple[str, int]]:
    """Value and place of each parameter of a query that begins at `at` of its payload.

    Raises BadPayload for a name that comes twice, a broken escape, bytes that are not UTF-8.
    """
    found: dict[str, tuple[str, int]] = {}
    for pair in text.split("&") if text else ():
        name, equals, value = pair.partition("=")
        place = at + len(name) + len(equals)
        if not name or not equals:
            raise BadPayload("parameters", f"name=value, not {pair[:20]!r}", at)
        if name in found:
            raise BadPayload(_field(name), "comes twice", at)
        found[name] = (_unquoted(name, value.replace("+", " ") if plus_is_space else value, place), place)
        at += len(pair) + 1
    return found


def _unquoted(name: str, value: str, at: int) -> str:
    broken = _BROKEN.search(value)
    if broken is not None:
        raise BadPayload(_field(name), "% and two hexadecimal digits", at + broken.start())
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise BadPayload(_field(name), "percent-encoded UTF-8", at) from None


def _field(name: str) -> str:
    return name[:20]
