"""The demo store's source data keeps what its README promises: it is what every newcomer sees first."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from content.model import Store

DEMO = Path(__file__).parents[2] / "content" / "demo"
LANGUAGES = ("en", "zh", "ar", "de")
ALLERGENS = {
    "gluten", "crustaceans", "eggs", "fish", "peanuts", "soybeans", "milk", "nuts", "celery", "mustard",
    "sesame", "sulphites", "lupin", "molluscs",
}  # fmt: skip
NUTRIENTS = ["energy_kj", "energy_kcal", "fat", "saturates", "carbohydrate", "sugars", "protein", "salt"]
TRACES = {  # words of an ingredient list that mean an allergen
    "gluten": "wheat|rye|barley|oats|wholegrain spelt|breadcrumbs",
    "crustaceans": "prawns",
    "eggs": "eggs?\\b",
    "fish": "fish|salmon|tuna|anchovy|pollock",
    "peanuts": "peanut",
    "soybeans": "soya|soybeans|edamame|tofu",
    "milk": "milk|butter|cream|cheese|whey|yogurt|mozzarella|ricotta|gouda|skyr",
    "nuts": "almonds|hazelnuts|cashew|pistachios",
    "celery": "celery|celeriac",
    "mustard": "mustard",
    "sesame": "sesame",
    "sulphites": "sulphites",
}
KINDS = {"g": "mass", "kg": "mass", "ml": "volume", "l": "volume", "ct": "count", "m": "length"}
SCRIPTS = {"zh": r"[\u4e00-\u9fff]", "ar": r"[\u0600-\u06ff]"}

Row = dict[str, str]


def read(name: str) -> list[Row]:
    lines = (DEMO / name).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    heading, *rows = (line.split("\t") for line in lines)
    return [dict(zip(heading, row, strict=False)) | {"columns": str(len(row))} for row in rows]


def text(row: Row, field: str, language: str) -> str:
    return row[field if language == "en" else f"{field}[{language}]"]


def amount(price: str) -> Decimal:
    assert re.fullmatch(r"\d+\.\d\d EUR", price), price
    return Decimal(price.removesuffix(" EUR"))


def has_check_digit(gtin: str) -> bool:
    weighted = (int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(gtin)))
    return sum(weighted) % 10 == 0


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two "#rrggbb"."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def feed() -> list[Row]:
    return read("feed.tsv")


@pytest.fixture(scope="module")
def store() -> Store:
    return msgspec.convert(tomllib.loads((DEMO / "store.toml").read_text(encoding="utf-8")), Store)


def test_the_feed_is_a_whole_store(feed: list[Row]) -> None:
    assert len({row["columns"] for row in feed}) == 1
    for field in ("id", "gtin", "image_link", *(f"title[{tag}]" for tag in LANGUAGES[1:]), "title"):
        assert not [value for value, times in Counter(row[field] for row in feed).items() if times > 1], field
    aisles = Counter(row["product_type"] for row in feed)
    assert len(feed) >= 216
    assert len(aisles) == 12
    assert min(aisles.values()) >= 18


def test_every_gtin_is_one_of_gs1s_examples(feed: list[Row]) -> None:
    for row in feed:
        assert re.fullmatch(r"952\d{10}", row["gtin"]), row["id"]
        assert has_check_digit(row["gtin"]), row["id"]
        assert row["image_link"] == f"{row['gtin']}.webp"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_product_has_its_words_in(language: str, feed: list[Row]) -> None:
    longest = 16 if language == "zh" else 36
    for row in feed:
        title, description = text(row, "title", language), text(row, "description", language)
        assert 0 < len(title) <= longest, row["id"]
        assert 0 < len(description) <= (32 if language == "zh" else 64), row["id"]
        assert description.endswith((".", "。")), row["id"]
        for words in (title, description):
            assert words == words.strip(), row["id"]
            assert words.isprintable(), row["id"]
            assert re.search(SCRIPTS.get(language, "[A-Za-z]"), words), row["id"]


def test_prices_and_offers_are_gains(feed: list[Row]) -> None:
    for row in feed:
        price = amount(row["price"])
        assert Decimal("0.5") < price < 50, row["id"]
        assert not (row["sale_price"] and row["offer"]), row["id"]
        assert bool(row["sale_price"]) == bool(row["sale_price_effective_date"]), row["id"]
        if row["sale_price"]:
            assert price / 2 <= amount(row["sale_price"]) < price, row["id"]
            since, until = row["sale_price_effective_date"].split("/")
            assert since < until, row["id"]
        if together := re.fullmatch(r"(\d)-for:(\d+\.\d\d)", row["offer"]):
            assert price < Decimal(together[2]) < int(together[1]) * price, row["id"]
        elif less := re.fullmatch(r"(\d)-for-(\d)", row["offer"]):
            assert 0 < int(less[2]) < int(less[1]), row["id"]
        else:
            assert row["offer"] in ("", "new"), row["id"]
    assert len(feed) * 0.10 <= sum(bool(row["sale_price"]) for row in feed) <= len(feed) * 0.15


def test_every_unit_price_can_be_worked_out(feed: list[Row]) -> None:
    for row in feed:
        size, unit = row["unit_pricing_measure"].split()
        base, base_unit = row["unit_pricing_base_measure"].split()
        assert Decimal(size) > 0, row["id"]
        assert int(base) in (1, 100), row["id"]
        assert KINDS[unit] == KINDS[base_unit], row["id"]


def test_facts_of_the_products_hold_together(feed: list[Row]) -> None:
    for row in feed:
        assert row["availability"] in ("in_stock", "out_of_stock", "preorder", "backorder"), row["id"]
        assert row["storage"] in ("ambient", "chilled", "frozen"), row["id"]
        assert (row["product_type"] == "frozen") == (row["storage"] == "frozen"), row["id"]
        assert re.fullmatch("[A-Z]{2}", row["origin"]), row["id"]
        assert row["age_min"] in ("", "16", "18"), row["id"]
        assert set(filter(None, row["allergens"].split(","))) <= ALLERGENS, row["id"]
        assert len({bool(text(row, "ingredients", tag)) for tag in LANGUAGES}) == 1, row["id"]


def test_nutrition_adds_up(feed: list[Row]) -> None:
    for row in filter(lambda row: row["nutrition"], feed):
        pairs = [pair.split("=") for pair in row["nutrition"].split(";")]
        assert [key for key, _ in pairs] == NUTRIENTS, row["id"]
        kj, kcal, fat, saturates, carbohydrate, sugars, protein, salt = (float(value) for _, value in pairs)
        assert abs(kj - 4.184 * kcal) <= 3, row["id"]
        assert saturates <= fat, row["id"]
        assert sugars <= carbohydrate, row["id"]
        assert fat + carbohydrate + protein + salt <= 100, row["id"]
        if not row["age_min"]:  # alcohol is energy the table does not list; fibre is the slack of 15 kcal
            assert abs(9 * fat + 4 * carbohydrate + 4 * protein - kcal) <= max(15, 0.12 * kcal), row["id"]


def test_the_picture_studio_knows_what_to_draw(feed: list[Row]) -> None:
    assert len({row["pack"] for row in feed}) <= 60
    for row in feed:
        assert re.fullmatch(r"#[0-9a-f]{6}( #[0-9a-f]{6}){1,2}", row["palette"]), row["id"]
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row["pack"]), row["id"]
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row["motif"]), row["id"]
        assert 1 <= len(row["label"].split()) <= 4, row["id"]


def test_the_store_knows_every_aisle_in_shelf_order(store: Store, feed: list[Row]) -> None:
    assert [aisle.key for aisle in store.aisles] == list(dict.fromkeys(row["product_type"] for row in feed))


def test_the_store_speaks_all_its_languages(store: Store) -> None:
    assert tuple(language.tag for language in store.languages) == LANGUAGES
    said = [store.names, store.pickup, *store.how_it_works, *(aisle.names for aisle in store.aisles)]
    said += [texts for advert in store.adverts for texts in (advert.headlines, advert.lines)]
    for texts in said:
        assert tuple(texts) == LANGUAGES
        for tag, words in texts.items():
            assert re.search(SCRIPTS.get(tag, "[A-Za-z]"), words), words
    assert len(store.how_it_works) == 3


def test_aisle_colours_can_be_read(store: Store) -> None:
    for aisle in store.aisles:
        assert contrast(aisle.accent, "#ffffff") >= 4.5, aisle.key
        assert contrast(aisle.accent, aisle.background) >= 4.5, aisle.key


def test_adverts_lead_somewhere(store: Store, feed: list[Row]) -> None:
    places = {aisle.key for aisle in store.aisles} | {"0" + row["gtin"] for row in feed}
    assert len(store.adverts) == 3
    for advert in store.adverts:
        assert advert.link in places
        assert 5 <= advert.seconds <= 15


def test_the_bad_feed_is_described_line_by_line() -> None:
    """The importer's tests read the README's table: it must name the very rows of the file."""
    readme = (DEMO / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\d+) \| ([A-Z]+-[a-z-]+) \|", readme, re.MULTILINE)
    rows = [(str(line), row["id"]) for line, row in enumerate(read("bad-feed.tsv"), start=2)]
    assert told == [(line, id_) for line, id_ in rows if not id_.startswith("GOOD-")]
    assert sum(id_.startswith("GOOD-") for _, id_ in rows) == 3


def test_no_allergen_hides_in_the_ingredients(feed: list[Row]) -> None:
    for row in feed:
        words = re.sub("cocoa butter|coconut milk", "", row["ingredients"].lower())
        found = {key for key, pattern in TRACES.items() if re.search(rf"\b({pattern})", words)}
        assert found == set(filter(None, row["allergens"].split(","))), row["id"]
