"""`python -m mqtt.asyncapi`: the contract as an AsyncAPI 3.0.0 document, from the message types and the table of topics.

Written to docs/asyncapi.json; a test makes it again and compares. Descriptions come from docstrings and from the comments
beside fields, units from the endings of their names.
"""

from __future__ import annotations

import inspect
import io
import json
import re
import tokenize
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from mqtt.channels import BATCH, BY_NAME, CHANNELS, JSON, QOS, Channel
from mqtt.messages import Batch, Message
from mqtt.topics import ROOT

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "asyncapi.json"
_UNITS: Final = {
    "_ms": "milliseconds",
    "_s": "seconds",
    "_minor": "minor units of the currency",
}
_MOMENTS: Final = (
    "wall_ms",
    "at_ms",
    "since_ms",
    "expires_ms",
    "oldest_ms",
    "acked_ms",
    "from_ms",
    "until_ms",
)
_FIELD: Final = re.compile(r"\s+(\w+):")
_PARAMETERS: Final = {
    "tenant": "The operator.",
    "site": "The place: a station, a hall.",
    "kiosk": "The kiosk.",
}
_LEVEL: Final = "1 to 32 of A-Z a-z 0-9 _ -"


def document() -> dict[str, Any]:
    """The whole of it, ready to be written as JSON."""
    kinds = tuple(dict.fromkeys(kind for channel in CHANNELS for kind in channel.kinds))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Endcap: what kiosk and fleet say to each other",
            "version": f"{ROOT.removeprefix('k')}.0.0",
            "description": "Seen from the kiosk: it sends what goes up and receives what comes down. Fields are only ever"
            f" added, with a default; a change that an old end cannot read gets a new root in place of `{ROOT}`."
            " Unknown fields are ignored, an unknown `type` is refused and kept aside.",
        },
        "defaultContentType": JSON,
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": {_operation_name(channel): _operation(channel) for channel in CHANNELS},
        "components": {
            "schemas": _schemas(kinds),
            "messages": {kind.__name__: _message(kind) for kind in kinds},
            "parameters": {name: {"description": f"{what} {_LEVEL}."} for name, what in _PARAMETERS.items()},
        },
    }


def text() -> str:
    """The document as it is kept."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "address": channel.address,
        "description": channel.what,
        "messages": {
            kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in channel.kinds
        },
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in _PARAMETERS},
    }


def _operation_name(channel: Channel) -> str:
    return f"{'send' if channel.up else 'receive'}{channel.name[0].upper()}{channel.name[1:]}"


def _operation(channel: Channel) -> dict[str, Any]:
    mqtt: dict[str, Any] = {"qos": QOS, "retain": channel.retain, "bindingVersion": "0.2.0"}
    if channel.expires_s is not None:
        mqtt["messageExpiryInterval"] = channel.expires_s
    operation: dict[str, Any] = {
        "action": "send" if channel.up else "receive",
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": channel.what,
        "messages": _refs(channel),
        "bindings": {"mqtt": mqtt},
    }
    if channel.answered_on:
        answers = BY_NAME[channel.answered_on]
        operation["reply"] = {"channel": {"$ref": f"#/channels/{answers.name}"}, "messages": _refs(answers)}
    return operation


def _refs(channel: Channel) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/{channel.name}/messages/{kind.__name__}"} for kind in channel.kinds]


def _message(kind: type[Message]) -> dict[str, Any]:
    return {
        "name": kind.__name__,
        "summary": _doc(kind).split("\n")[0],
        "contentType": BATCH if kind is Batch else JSON,
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
    }


# --- schemas ----------------------------------------------------------------------------------------------------


def _schemas(kinds: tuple[type[Message], ...]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    for kind in _structs(kinds):
        schema = cast("dict[str, Any]", schemas[kind.__name__])
        schema["description"] = _doc(kind)
        comments = _comments(kind)
        for name, shape in schema.get("properties", {}).items():
            told = dict.fromkeys(part for part in (_unit(name), comments.get(name, "")) if part)
            if told:
                shape["description"] = "; ".join(told)
    return cast("dict[str, Any]", _draft_7(dict(sorted(schemas.items()))))


def _draft_7(node: Any) -> Any:
    """AsyncAPI's own schemas are of JSON Schema draft 7: arrays of fixed places and discriminators look different there."""
    if isinstance(node, list):
        return [_draft_7(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    node = {name: _draft_7(inner) for name, inner in node.items()}
    if "prefixItems" in node:
        node["items"] = node.pop("prefixItems")
        node["additionalItems"] = False
    if "discriminator" in node:
        node["discriminator"] = node["discriminator"]["propertyName"]
    return node


def _structs(kinds: tuple[type[Message], ...]) -> list[type[msgspec.Struct]]:
    """These and every struct within them."""
    found: dict[type[msgspec.Struct], None] = {}
    waiting: list[Any] = [msgspec.inspect.type_info(kind) for kind in kinds]
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in found:
                continue
            found[info.cls] = None
            waiting += [field.type for field in info.fields]
        for name in ("types", "item_types"):
            waiting += getattr(info, name, ())
        for name in ("item_type", "value_type"):
            waiting += [inner] if (inner := getattr(info, name, None)) is not None else []
    return list(found)


def _doc(kind: type) -> str:
    return inspect.cleandoc(kind.__doc__ or "")


def _unit(name: str) -> str:
    if name in _MOMENTS:
        return "Unix time in milliseconds"
    if name == "mono_ms":
        return "milliseconds of the kiosk's monotonic clock"
    return next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")


def _comments(kind: type) -> dict[str, str]:
    """The comments beside or behind its fields and those it inherits, by field."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if not issubclass(base, msgspec.Struct) or base is msgspec.Struct or base.__module__ == "msgspec":
            continue
        field = ""
        for token in tokenize.generate_tokens(io.StringIO(inspect.getsource(base)).readline):
            if (said := _FIELD.match(token.line)) and token.type == tokenize.NAME:
                field = said[1]
            if token.type == tokenize.COMMENT and field and not token.string.startswith("# type:"):
                found[field] = " ".join(filter(None, (found.get(field, ""), token.string.lstrip("# "))))
    return found


def main() -> None:
    """Write it."""
    FILE.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
