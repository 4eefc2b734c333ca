"""store.toml says everything that is wrong with it at once, by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.store_file import StoreFileError, read_store_file
from tests.content.feeds import DEMO

GOOD = """
key = "shop"
currency = "EUR"
names = { en = "Shop", zh = "店" }
languages = [{ tag = "en", name = "English" }]
methods = ["link"]
aisles = [{ key = "fruit", names = { en = "Fruit" } }]
adverts = [{ key = "a", picture = "a.webp", headlines = { en = "Buy" }, link = "fruit" }]
"""


def mistakes(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "store.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StoreFileError) as caught:
        read_store_file(path)
    assert all(mistake.startswith(f"{path}: ") for mistake in caught.value.mistakes)
    return [mistake.removeprefix(f"{path}: ") for mistake in caught.value.mistakes]


def test_the_demos_says_what_the_wall_needs() -> None:
    store = read_store_file(DEMO / "store.toml")
    assert [each.tag for each in store.languages] == ["en", "zh", "ar", "de"]
    assert len(store.aisles) == 12
    assert len(store.adverts) == 3
    assert store.adverts[0].picture == "advert-1.webp"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"EUR"', '"XQZ"', "currency: expected a code of ISO 4217, such as EUR, found 'XQZ'"),
        ('key = "shop"', "key = 5", "key: expected `str`, got `int`"),
        ('key = "shop"', "", "top level: object missing required field `key`"),
        ("methods", "metods", "top level: object contains unknown field `metods`"),
        ('"link"]', '"cash"]', "methods[0]: expected one of link, epc, pix-static, card, found 'cash'"),
        ('tag = "en"', 'tag = "zz"', "languages[0].tag: expected a language of BCP 47"),
        ('tag = "en"', 'tag = "EN"', "languages[0].tag: expected 'en', found 'EN'"),
        ('names = { en = "Fruit" }', 'names = { de = "Obst" }', "aisles[0].names: expected a text in 'en'"),
        (', names = { en = "Fruit" }', "", "aisles[0]: object missing required field `names`"),
        ('link = "fruit"', 'link = "toys"', "adverts[0].link: expected an aisle's key or a GTIN"),
        ('link = "fruit"', "seconds = 0", "adverts[0].seconds: expected 1 to 600, found 0"),
        ('key = "fruit"', 'key = "fruit", accent = "red"', "aisles[0].accent: expected a colour such as"),
        ('key = "shop"', 'key = "shop"\ntimezone = "Mars"', "timezone: expected a name of the IANA database"),
        ('key = "shop"', 'key = "shop"\nkey = "again"', "not TOML: "),
    ],
)  # fmt: skip
def test_each_mistake_names_its_key_and_rule(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert any(mistake.startswith(expected) for mistake in mistakes(tmp_path, GOOD.replace(old, new, 1)))


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    text = (
        GOOD.replace('"EUR"', '"EURO"')
        .replace('"link"', '"cash"')
        .replace('key = "fruit"', 'key = "Früchte"')
    )
    assert len(mistakes(tmp_path, text)) == 4  # and the advert leads nowhere


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(StoreFileError, match="cannot be read"):
        read_store_file(tmp_path / "store.toml")
    (tmp_path / "store.toml").write_bytes(b"key = '\xff'")
    with pytest.raises(StoreFileError, match="expected UTF-8, found byte 0xff"):
        read_store_file(tmp_path / "store.toml")
