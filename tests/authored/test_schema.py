"""docs/content.schema.json is what the program reads, and says yes and no where the program does."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from content.authored.schema import FILES, schema, text
from tests.authored import folders

ROOT = Path(__file__).parents[2]
TEXTS = {
    "store.toml": folders.STORE, "groups.toml": folders.GROUPS, "merchants.toml": folders.MERCHANTS,
    "prices.toml": folders.PRICES, "walls.toml": folders.WALLS, "dayparts.toml": folders.DAYPARTS,
    "offers.toml": folders.OFFERS, "themes.toml": folders.THEMES, "adverts.toml": folders.ADVERTS,
}  # fmt: skip


def validator(name: str) -> jsonschema.Draft202012Validator:
    whole = schema()
    return jsonschema.Draft202012Validator({"$defs": whole["$defs"], **whole["properties"][name]})


def as_json(toml: str) -> Any:
    """TOML as an editor's checker sees it: dates are texts."""
    return msgspec.json.decode(msgspec.json.encode(tomllib.loads(toml)))


def test_the_file_in_docs_is_up_to_date() -> None:
    said = (ROOT / "docs" / "content.schema.json").read_text(encoding="utf-8")
    assert said == text(), "run: python -m content.authored.schema > docs/content.schema.json"
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", FILES)
def test_what_is_right_passes(name: str) -> None:
    validator(name).validate(as_json(TEXTS[name]))
    demo = ROOT / "content" / "demo" / name
    if demo.is_file():
        validator(name).validate(as_json(demo.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("name", "text", "new"),
    [
        ("store.toml", 'currency = "EUR"', ""),
        ("groups.toml", 'orientation = "landscape"', 'orientation = "round"'),
        ("groups.toml", 'stations = ["line2-*"]', 'stations = ["line 2"]'),
        ("merchants.toml", '"feeds/books.tsv"', '"../books.tsv"'),
        ("prices.toml", 'file = "prices/airport.tsv"', ""),
        ("walls.toml", folders.CREAM, "12"),
        ("dayparts.toml", '"22:00"', '"25:00"'),
        ("offers.toml", "percent = 30", "percent = 0"),
        ("offers.toml", "new = true", "news = true"),
        ("themes.toml", "#000000", "black"),
        ("adverts.toml", "plays_per_day = 40", "plays_per_day = -1"),
    ],
)
def test_what_is_wrong_does_not(name: str, text: str, new: str) -> None:
    assert text in TEXTS[name]
    wrong = as_json(TEXTS[name].replace(text, new))
    assert not validator(name).is_valid(wrong)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, FILES[name])
