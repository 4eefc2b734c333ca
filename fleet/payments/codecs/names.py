"""JSON objects as the frozen dataclasses of the codecs and back: the dataclass is the description, its names are JSON's.

Understood are str, int, bool, `X | None`, `tuple[str, ...]`, a dataclass (an object inside) and `Mapping[str, str]`. Null stands for the
default of a field that has one. An int may also come as a string of digits, an amount never as a number: 0.1 + 0.2.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from fleet.payments.codecs.errors import BadPayload


def read(kind: type[Any], value: object, rules: Mapping[str, str], within: str = "") -> Any:
    """`value` (parsed JSON) as a `kind`. `within`: the path of the object it stands in, "creditor.". Raises BadPayload
    with the name and its rule for one that is missing, unknown or of a wrong type."""
    if not isinstance(value, dict):
        raise BadPayload(within.rstrip(".") or "payload", f"a JSON object, not {_called(value)}")
    known = _named(kind)
    for name in value:
        if name not in known:
            raise BadPayload(
                f"{within}{name}"[:80] or repr(name), f"no such name; there are {', '.join(known)}"
            )
    found: dict[str, Any] = {}
    for name, (field, hint) in known.items():
        path = f"{within}{name}"
        if value.get(name) is not None:
            found[name] = _one(hint, value[name], rules, path)
        elif needed(field):
            raise BadPayload(path, f"is needed: {rules.get(path, 'see --help')}")
    return kind(**found)


def write(value: Any) -> dict[str, Any]:
    """The fields by JSON name, as plain dicts, strings, numbers and None."""
    found: dict[str, Any] = asdict(value)
    return found


def each(kind: type[Any], within: str = "") -> list[tuple[str, str, bool]]:
    """(path, type in words, needed) of every JSON name, inner ones after the one they stand in."""
    rows: list[tuple[str, str, bool]] = []
    for name, (field, hint) in _named(kind).items():
        rows.append((within + name, _words(_bare(hint)), needed(field)))
        if is_dataclass(_bare(hint)):
            rows += each(_bare(hint), f"{within}{name}.")
    return rows


def needed(field: Field[Any]) -> bool:
    """Has it no default?"""
    return field.default is MISSING and field.default_factory is MISSING


_Named = dict[str, tuple[Field[Any], Any]]
_known: dict[type[Any], _Named] = {}  # working out the types takes longer than reading an object


def _named(kind: type[Any]) -> _Named:
    if kind not in _known:
        hints = get_type_hints(kind)
        _known[kind] = {field.name: (field, hints[field.name]) for field in fields(kind)}
    return _known[kind]


def _bare(hint: Any) -> type[Any]:
    """The type without `| None`."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    found: type[Any] = hint
    return found


def _one(hint: Any, value: object, rules: Mapping[str, str], path: str) -> Any:
    kind = _bare(hint)
    if is_dataclass(kind):
        return read(kind, value, rules, f"{path}.")
    if get_origin(kind) is tuple:
        return _array(value, path)
    if get_origin(kind) is not None:
        return _texts(value, path)
    if kind is int and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        return int(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        rule = f"; {rules[path]}" if path in rules else ""
        raise BadPayload(path, f"{_words(kind)}, not {_called(value)}{rule}")
    return value


def _array(value: object, path: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(inner, str) for inner in value):
        raise BadPayload(path, "an array of strings")
    return tuple(value)


def _texts(value: object, path: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadPayload(path, f"an object of strings, not {_called(value)}")
    for name, inner in value.items():
        if not isinstance(inner, str):
            raise BadPayload(f"{path}.{name}"[:80], f"a string, not {_called(inner)}")
    return value


def _words(kind: type[Any]) -> str:
    if is_dataclass(kind):
        return "an object"
    if get_origin(kind) is not None:
        return "an array of strings" if get_origin(kind) is tuple else "an object of strings"
    return "a string" if kind is str else "true or false" if kind is bool else "a whole number"


def _called(value: object) -> str:
    """What JSON calls a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value!r:.20}"
    return "a string" if isinstance(value, str) else "an array" if isinstance(value, list) else "an object"
