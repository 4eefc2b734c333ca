"""Reading one TOML file into a record with every mistake of its types, not only the first.

msgspec stops at the first field that is wrong. Where it does, what is inside is looked at piece by piece.
"""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from content.authored.mistakes import Mistake

MOST_BYTES: Final = 8 << 20  # a wall that names 200,000 facings has 4 MB
_T = TypeVar("_T", bound=Struct)


def read_table(path: Path, kind: type[_T]) -> tuple[_T | None, list[Mistake]]:
    """What a file says, and what is wrong with it; None where anything is. A file that is not there is empty."""
    name = path.name
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return kind(), []
    except OSError as error:
        return None, [Mistake(name, "", f"cannot be read: {error.strerror or error}")]
    if len(data) > MOST_BYTES:
        return None, [Mistake(name, "", f"expected at most {MOST_BYTES >> 20} MiB")]
    try:
        said = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        rule = f"expected UTF-8, found byte {data[error.start]:#04x} at {error.start}"
        return None, [Mistake(name, "", rule)]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return None, [Mistake(name, "", f"not TOML: {error}")]
    try:
        return msgspec.convert(said, kind), []
    except msgspec.ValidationError:
        return None, [Mistake(name, place, rule) for place, rule in type_mistakes(said, kind)]


def type_mistakes(said: object, kind: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Place and rule of everything in `said` that a type does not allow."""
    try:
        msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        inner = list(_inside(said, kind, place))
        if inner:
            yield from inner
        else:
            reason, _, where = str(error).partition(" - at `$")
            yield place + where.rstrip("`"), reason[:1].lower() + reason[1:]


def _inside(said: object, kind: Any, place: str) -> Iterator[tuple[str, str]]:
    kind = _bare(kind)
    if isinstance(said, dict) and isinstance(kind, type) and issubclass(kind, Struct):
        yield from _in_struct(said, kind, place)
    elif isinstance(said, list) and typing.get_origin(kind) in (list, tuple):
        for index, each in enumerate(said):
            yield from type_mistakes(each, typing.get_args(kind)[0], f"{place}[{index}]")
    elif isinstance(said, dict) and typing.get_origin(kind) is dict:
        for key, each in said.items():
            yield from type_mistakes(each, typing.get_args(kind)[1], f"{place}.{key}".lstrip("."))


def _in_struct(said: dict[str, object], kind: type[Struct], place: str) -> Iterator[tuple[str, str]]:
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, each in said.items():
        if key in fields:
            yield from type_mistakes(each, hints[fields[key].name], f"{place}.{key}".lstrip("."))
        else:
            yield f"{place}.{key}".lstrip("."), f"expected one of {', '.join(fields)}"
    for key, field in fields.items():
        if field.required and key not in said:
            yield f"{place}.{key}".lstrip("."), "expected this key, found none"


def _bare(kind: Any) -> Any:
    """The one type inside of `X | None` and of Annotated."""
    if typing.get_origin(kind) is typing.Annotated:
        return _bare(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (typing.Union, UnionType):
        inner = [each for each in typing.get_args(kind) if each is not NoneType]
        return _bare(inner[0]) if len(inner) == 1 else kind
    return kind
