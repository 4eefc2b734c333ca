"""A content folder is read whole, with every mistake in one go, and resolved for each kiosk."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from content.authored import ContentError, Where, groups_of, read_content, resolve
from content.authored.mistakes import Mistake
from content.model import Availability
from content.money import Money
from tests.authored import folders
from tests.authored.folders import BOOK, CREAM, LOAF, MILK, ROLL, a_folder

HERE = Where("op", "line2-park", "wall-1")
AIRPORT = Where("op", "airport", "wall-1")
DEMO = Path(__file__).parents[2] / "content" / "demo"


def mistakes(folder: Path) -> list[Mistake]:
    with pytest.raises(ContentError) as caught:
        read_content(folder)
    return list(caught.value.mistakes)


def test_the_demo_folder_is_content() -> None:
    authored = read_content(DEMO)
    store, products = resolve(authored.content, Where("pendelo", "line2-lindenpark", "wall-1"))
    assert products
    assert [product.facing for product in products] == list(range(1, len(products) + 1))
    assert all((product.picture in authored.files) for product in products if product.picture)
    assert {advert.picture for advert in store.adverts} <= authored.files.keys()


def test_three_files_are_content(tmp_path: Path) -> None:
    names = ("groups", "merchants", "prices", "walls", "dayparts", "offers", "themes", "adverts")
    folder = a_folder(tmp_path, **dict.fromkeys(names))
    authored = read_content(folder)
    _, products = resolve(authored.content, HERE)
    assert [product.gtin for product in products] == [ROLL, LOAF, MILK, CREAM]
    assert not authored.warnings


def test_a_large_picture_is_made_small_and_named_by_its_content(tmp_path: Path) -> None:
    authored = read_content(a_folder(tmp_path))
    (name,) = {product.picture for product in authored.content.products if product.picture}
    assert authored.files[name].parent.name == ".made"
    assert all(len(advert.sha256) == 64 for advert in authored.content.store.adverts)
    assert read_content(tmp_path).files == authored.files


def test_a_kiosk_is_in_the_groups_of_its_line_station_and_tags(tmp_path: Path) -> None:
    content = read_content(a_folder(tmp_path)).content
    assert groups_of(content, HERE) == {"all", "line-2"}
    assert groups_of(content, Where("op", "line2-depot", "wall-1")) == {"all"}
    assert groups_of(content, AIRPORT) == {"all", "airport"}
    assert groups_of(content, Where("op", "line2-park", "w", tags=("air",))) == {"all", "line-2", "airport"}
    assert groups_of(content, Where("op", "x", "w", "landscape")) == {"all", "wide"}


def test_the_airport_has_its_prices_its_merchant_and_what_it_has_run_out_of(tmp_path: Path) -> None:
    content = read_content(a_folder(tmp_path)).content
    here = {product.gtin: product for product in resolve(content, HERE)[1]}
    store, products = resolve(content, AIRPORT)
    there = {product.gtin: product for product in products}
    assert here[ROLL].price == Money(60, "EUR")
    assert there[ROLL].price == Money(90, "EUR")
    assert there[ROLL].sale is not None
    assert there[MILK].availability is Availability.OUT_OF_STOCK
    assert there[MILK].price == here[MILK].price
    assert BOOK not in here
    assert there[BOOK].merchant == "books"
    assert [merchant.key for merchant in store.merchants] == ["books"]


def test_a_wall_says_what_stands_where(tmp_path: Path) -> None:
    content = read_content(a_folder(tmp_path)).content
    store, products = resolve(content, Where("op", "line2-park", "wall-1", "landscape"))
    assert [product.gtin for product in products] == [CREAM, MILK, LOAF]
    assert [aisle.key for aisle in store.aisles] == ["milk", "bread"]


def test_all_mistakes_of_a_folder_come_in_one_go(tmp_path: Path) -> None:
    folder = a_folder(
        tmp_path,
        store=folders.STORE.replace('"EUR"', '"EURO"'),
        groups='[[groups]]\nkey = "A!"\nstations = 7\ncolour = "red"\n',
        merchants="[[merchants]]\nkey = 'm'\nfeed = '../up.tsv'\n",
        prices="lists = [",
        walls="[[walls]]\nkey = 'w'\n[[walls.shelves]]\naisle = 'milk'\nfacings = ['12']\n",
    )
    found = {(each.file, each.path) for each in mistakes(folder)}
    assert found == {
        ("store.toml", "currency"),
        ("groups.toml", "groups[0].key"),
        ("groups.toml", "groups[0].stations"),
        ("groups.toml", "groups[0].colour"),
        ("merchants.toml", "merchants[0].feed"),
        ("merchants.toml", "merchants[0].names"),
        ("prices.toml", ""),
        ("walls.toml", "walls[0].shelves[0].facings[0]"),
    }


def test_a_picture_is_looked_at_once_and_again_when_it_changes(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    before = read_content(folder).files
    (folder / ".made" / "known.json").write_text(
        "[not what it was"
    )  # whatever stands there is never believed blindly
    assert read_content(folder).files == before
    Image.new("RGB", (500, 500), "#aa0000").save(folder / "pictures" / "milk.png")
    after = read_content(folder).files
    assert before.keys().isdisjoint(after)
    for path in after.values():
        path.unlink()
    assert all(path.is_file() for path in read_content(folder).files.values())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b"groups = 3", "groups"),
        (b"[groups]\nkey = 1", "groups"),
        (b"groups = [1, 2]", "groups[1]"),
        (b'[[groups]]\nkey = "a"\nnames = { en = 1 }', "groups[0].names.en"),
        (b"\xff\xfe", ""),
        (b"[[groups]", ""),
        (b"x = " + b"[" * 5000, ""),
        (b"# " + b"x" * (8 << 20), ""),
    ],
)
def test_a_table_that_is_no_such_table_is_refused_where_it_is_wrong(
    tmp_path: Path, text: bytes, path: str
) -> None:
    folder = a_folder(tmp_path)
    (folder / "groups.toml").write_bytes(text)
    assert ("groups.toml", path) in {(each.file, each.path) for each in mistakes(folder)}


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, offers=None)
    (folder / "offers.toml").mkdir()
    assert [each.file for each in mistakes(folder)] == ["offers.toml"]


@pytest.mark.parametrize(
    ("changed", "file", "path"),
    [
        ({"feed": None}, "", ""),
        ({"feed": "gtin\ttitle\tprice\n"}, "feed.tsv", ""),
        ({"feed": folders.FEED.replace("0.60 EUR", "cheap")}, "feed.tsv", "line 3, price (B1)"),
        ({"feed": folders.FEED.replace("\tbread\t", "\tattic\t")}, "feed.tsv", "line 3, product_type (B1)"),
        ({"books": folders.BOOKS.replace(BOOK, ROLL)}, "feeds/books.tsv", "line 2, gtin"),
        ({"books": None}, "feeds/books.tsv", ""),
        ({"merchants": '[[merchants]]\nkey = "m"\nnames = { en = "M" }\n'}, "merchants.toml", "merchants[0].feed"),
        ({"merchants": '[[merchants]]\nkey = "m"\nnames = { en = "M" }\nbrands = ["No"]\n'}, "merchants.toml", "merchants[0].brands[0]"),
        ({"airport": None}, "prices/airport.tsv", ""),
        ({"airport": f"gtin\tprice\n{ROLL}\t1 USD\n"}, "prices/airport.tsv", "line 2, price"),
        ({"airport": f"gtin\tprice\n{ROLL}\t\n"}, "prices/airport.tsv", "line 2, price"),
        ({"airport": f"gtin\tprice\tcost\n{ROLL}\t1 EUR\t2\n"}, "prices/airport.tsv", "line 1, cost"),
        ({"airport": f"gtin\tprice\n{ROLL}\t1 EUR\n{ROLL}\t2 EUR\n"}, "prices/airport.tsv", "line 3, gtin"),
        (
            {"airport": f"gtin\tprice\tsale_price\n{ROLL}\t1 EUR\t2 EUR\n"},
            "prices/airport.tsv",
            "line 2, sale_price",
        ),
        ({"airport": "gtin\tprice\n09521999000020\t1 EUR\n"}, "prices.toml", "lists[0] (09521999000020)"),
        ({"prices": folders.PRICES.replace('"airport"]', '"moon"]')}, "prices.toml", "lists[0].groups[0]"),
        ({"prices": folders.PRICES.replace('key = "airport"', 'key = "feed"')}, "prices.toml", "lists[0].key"),
        ({"groups": folders.GROUPS.replace('lines = ["line-2"]', 'lines = ["9"]')}, "groups.toml", "groups[0].lines[0]"),
        ({"groups": folders.GROUPS.replace('key = "wide"', 'key = "airport"')}, "groups.toml", "groups[2].key"),
        ({"groups": folders.GROUPS + '[[groups]]\nkey = "all"\n'}, "groups.toml", "groups[3].key"),
        (
            {"merchants": folders.MERCHANTS.replace('["counter"]', '["drone"]')},
            "merchants.toml",
            "merchants[0].fulfilments[0]",
        ),
        ({"walls": folders.WALLS.replace(CREAM, "09521999000020")}, "walls.toml", "walls[0].shelves[0].facings[0]"),
        ({"walls": folders.WALLS.replace(CREAM, LOAF)}, "walls.toml", "walls[0].shelves[0].facings[0]"),
        ({"walls": folders.WALLS.replace(LOAF, BOOK)}, "walls.toml", "walls[0].shelves[1].facings[0]"),
        ({"walls": folders.WALLS.replace('"milk"', '"bread"')}, "walls.toml", "walls[0].shelves[1].aisle"),
        ({"walls": '[[walls]]\nkey = "none"\nshelves = []\n'}, "walls.toml", "walls[0].shelves"),
        ({"store": None}, "store.toml", ""),
        ({"store": folders.STORE + '[[adverts]]\nkey="a"\npicture="no.png"\nheadlines={en="A"}\n'}, "store.toml", "adverts[0].picture"),
    ],
)  # fmt: skip
def test_a_mistake_says_file_and_place(
    tmp_path: Path, changed: dict[str, str | None], file: str, path: str
) -> None:
    found = mistakes(a_folder(tmp_path, **changed))
    assert (file, path) in {(each.file, each.path) for each in found}
    assert all(each.rule for each in found)


def test_a_picture_that_is_missing_is_a_warning(tmp_path: Path) -> None:
    authored = read_content(a_folder(tmp_path, feed=folders.FEED.replace("milk.png", "cow.png")))
    assert [(each.file, each.path) for each in authored.warnings] == [("feed.tsv", "line 2, image_link")]
    assert not any(product.picture for product in authored.content.products)
