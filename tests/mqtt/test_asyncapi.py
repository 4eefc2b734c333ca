"""docs/asyncapi.json is what the code says, is a sound document, and fits every golden message."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mqtt import asyncapi, channels
from mqtt.channels import CHANNELS
from mqtt.topics import Address
from tests.mqtt.samples import SAMPLES, golden

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT: dict[str, Any] = json.loads(asyncapi.FILE.read_text(encoding="utf-8"))
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}


def table(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": of, "minProperties": 1}


def shape(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object", "properties": required | optional, "required": list(required), "additionalProperties": False,
    }  # fmt: skip


def ref(to: str) -> dict[str, Any]:
    return shape({"$ref": {"type": "string", "pattern": f"^#/{to}$"}})


# The parts of the specification that are used, written from its text (asyncapi.com/docs/reference/specification/v3.0.0).
SPECIFICATION = shape(
    {
        "asyncapi": {"const": "3.0.0"},
        "info": shape({"title": TEXT, "version": TEXT}, description=TEXT),
        "channels": table(
            shape(
                {
                    "address": {"type": "string", "pattern": r"^k1/\{tenant\}/\{site\}/\{kiosk\}/[a-z/]+$"},
                    "messages": table(ref(r"components/messages/\w+")),
                },
                description=TEXT,
                parameters=table(ref(r"components/parameters/\w+")),
            )
        ),
        "operations": table(
            shape(
                {"action": {"enum": ["send", "receive"]}, "channel": ref(r"channels/\w+")},
                summary=TEXT,
                messages={"type": "array", "items": ref(r"channels/\w+/messages/\w+")},
                bindings=shape(
                    {
                        "mqtt": shape(
                            {
                                "qos": {"enum": [0, 1, 2]},
                                "retain": {"type": "boolean"},
                                "bindingVersion": TEXT,
                            },
                            messageExpiryInterval={"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
                        )
                    }
                ),
                reply=shape(
                    {
                        "channel": ref(r"channels/\w+"),
                        "messages": {"type": "array", "items": ref(r"channels/\w+/messages/\w+")},
                    }
                ),
            )
        ),
        "components": shape(
            {
                "schemas": table({"type": "object"}),
                "messages": table(
                    shape(
                        {"name": TEXT, "payload": ref(r"components/schemas/\w+"), "contentType": TEXT},
                        summary=TEXT,
                    )
                ),
                "parameters": table(shape({"description": TEXT})),
            }
        ),
    },
    defaultContentType=TEXT,
)


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for inner in node.values() for found in references(inner)]
    return [found for inner in node for found in references(inner)] if isinstance(node, list) else []


def test_it_is_what_the_code_says() -> None:
    assert asyncapi.FILE.read_text(encoding="utf-8") == asyncapi.text(), "run python -m mqtt.asyncapi"


def test_it_is_a_sound_document() -> None:
    jsonschema.validate(DOCUMENT, SPECIFICATION)
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft7Validator.check_schema(schema)
        assert schema["description"], name


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        node = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


def validator(kind: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(
        {"$ref": f"#/components/schemas/{kind}", "components": DOCUMENT["components"]}
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_a_golden_message_fits_its_schema(name: str) -> None:
    validator(type(SAMPLES[name]).__name__).validate(json.loads(golden(name)))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_message_with_a_wrong_field_does_not(name: str) -> None:
    """So that the schemas say something."""
    wrong = json.loads(golden(name))
    wrong[next(field for field in wrong if field != "type")] = None
    assert not validator(type(SAMPLES[name]).__name__).is_valid(wrong)


def test_every_message_goes_somewhere_and_every_topic_has_its_own() -> None:
    said = {kind for channel in CHANNELS for kind in channel.kinds}
    assert {type(sample) for sample in SAMPLES.values()} - said == {
        type(event) for event in SAMPLES.values() if hasattr(event, "seq")
    }, "events travel in batches"
    here = Address("tenant", "site", "kiosk")
    topics = {
        value for name in dir(Address)
        if isinstance(getattr(Address, name), property) and (value := getattr(here, name)).startswith("k1/")
    }  # fmt: skip
    assert {channel.topic for channel in CHANNELS} == topics - {here.down}
    assert all(channel.topic.split("/")[4] == "up" or channel.retain for channel in CHANNELS if channel.up)


def test_fields_have_units() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            if re.search("_(ms|s|minor)$", name):
                assert re.search("milliseconds|seconds|minor units", field["description"]), name


def test_the_pages_table_says_the_same() -> None:
    page = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
    for channel in CHANNELS:
        suffix = channel.topic.removeprefix("k1/tenant/site/kiosk/")
        names = ", ".join(f"`{kind.__name__}`" for kind in channel.kinds)
        kept = "yes" if channel.retain else "no"
        until = f"{channel.expires_s:,} s" if channel.expires_s else "never"
        if channel.name == "commands":
            until = "`valid_s`"
        assert f"| `{suffix}` | {names} | {kept} | {until} |" in page, channel.name
    assert channels.QOS == 1
