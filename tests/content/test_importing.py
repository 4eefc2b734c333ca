"""An operator's feed becomes a store, whatever format it comes in; what is wrong in it is said where it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from content.feed.problems import FeedError, Problem, Problems
from content.importer import Refused, Source, import_feed
from content.model import Availability, Measure, MultiBuy, New, Product, Sale, TakeForLess
from content.money import Money
from content.store import OpenStore, StoreError, write_store
from tests.content.feeds import ATOM, DEMO, GOOGLE, atom, everything, rows_of, rss, run, table
from tests.content.shop import STORE, gtin, products

# Where each row of bad-feed.tsv is wrong, and words of what is said to be expected there (content/demo/README.md).
BAD = {
    1: ("title[zz]", "a language of BCP 47"),
    3: ("gtin", "the check digit of 952199900002 is 0"),
    4: ("gtin", "8, 12, 13 or 14 digits"),
    5: ("gtin", "8, 12, 13 or 14 digits; these are 11"),
    6: ("gtin", "a GTIN"),
    8: ("gtin", "a GTIN of its own; line 7 has this one already"),
    9: ("title", "a name"),
    10: ("title", "text without control characters (U+0007 at position 4)"),
    11: ("price", "an amount and a currency: 2.49 EUR"),
    12: ("price", "an amount and a currency: 2.49 EUR"),
    13: ("price", "a point before the cents: 2.49 EUR"),
    14: ("price", "a currency of ISO 4217, and the store's: EUR"),
    15: ("price", "the store's currency, EUR"),
    16: ("price", "at most 2 decimals for EUR"),
    17: ("price", "more than zero"),
    18: ("price", "more than zero"),
    19: ("price", "an amount a shop can mean"),
    20: ("price", "an amount and a currency: 2.49 EUR"),
    21: ("sale_price", "less than the price, 2.49 EUR"),
    22: ("sale_price", "the currency of the price, EUR"),
    23: ("sale_price_effective_date", "a start before the end"),
    24: ("sale_price_effective_date", "two ISO 8601 moments with a / between them"),
    25: ("sale_price_effective_date", "a day that exists"),
    26: ("offer", "2-for:3.00, 3-for-2 or new"),
    27: ("offer", "less than 2 at the price, 4.98 EUR"),
    28: ("offer", "fewer to pay than to take"),
    29: ("availability", "in_stock, out_of_stock, preorder or backorder"),
    30: ("product_type", "an aisle of store.toml: fruit-veg, bakery"),
    31: ("unit_pricing_measure", "a number and one of mg, g, kg"),
    32: ("unit_pricing_measure", "more than zero"),
    33: ("unit_pricing_base_measure", "a unit of the same kind as 1 kg"),
    34: ("allergens", "kryptonite is none"),
    35: ("nutrition", "numbers per 100 g or 100 ml"),
    36: ("storage", "ambient, chilled or frozen"),
    37: ("age_min", "a number of years"),
    38: ("image_link", "a file inside the picture folder"),
    39: ("image_link", "a file in the picture folder"),
    40: ("", "34 columns"),
    41: ("", "34 columns"),
    43: ("description", "a closing quotation mark; the file ends inside the field"),
}


def write(folder: Path, text: str, name: str = "feed.tsv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def small(**cells: str) -> dict[str, str]:
    """A row that is right, but for what the test says."""
    usual = {"id": "1", "gtin": gtin(1), "title": "Apples", "price": "2.49 EUR", "product_type": "fruit-veg"}
    return usual | cells


def one(tmp_path: Path, **cells: str) -> Product:
    """The product of a feed with one row."""
    run(write(tmp_path, table([small(**cells)])), tmp_path / "store")
    (product,) = everything(tmp_path / "store")
    return product


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Problem]:
    """What is wrong with bad-feed.tsv, by line."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "images").mkdir()
    picture = folder / "images/9521100100113.webp"
    Image.new("RGB", (20, 20), "white").save(picture, "WEBP")
    with Problems() as found:
        # Its store has no adverts: this is about the feed.
        done = import_feed(Source(DEMO / "bad-feed.tsv", folder / "images", _plain(folder)), folder, found)
    assert (done.left_out, done.pictures) == (found.errors, done.imported - 1)
    names = {product.attributes["id"] for product in everything(folder)}
    assert names == {"GOOD-first", "GOOD-before-duplicate", "GOOD-last", "WARN-picture-missing"}
    assert len({problem.line for problem in found.kept}) == found.total
    return {problem.line: problem for problem in found.kept}


def _plain(folder: Path) -> Path:
    text = (DEMO / "store.toml").read_text(encoding="utf-8")
    path = folder / "store.toml"
    path.write_text(text[: text.index("[[adverts]]")] + text[text.index("[[aisles]]") :], encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> list[Product]:
    """The demo's products, from its own feed."""
    folder = tmp_path_factory.mktemp("demo")
    done, problems = run(DEMO / "feed.tsv", folder)
    assert problems == []
    assert (done.imported, done.left_out) == (250, 0)
    return everything(folder)


class TestBadFeed:
    @pytest.mark.parametrize("line", BAD)
    def test_says_where_and_what_was_expected(self, problems: dict[int, Problem], line: int) -> None:
        column, expected = BAD[line]
        problem = problems[line]
        assert problem.column == column
        assert problem.expected.startswith(expected) or problem.expected.endswith(expected)
        assert problem.severity == ("warning" if line in (1, 39) else "error")

    def test_says_nothing_else(self, problems: dict[int, Problem]) -> None:
        assert sorted(problems) == sorted(BAD)

    def test_reads_well(self, problems: dict[int, Problem]) -> None:
        assert str(problems[13]) == (
            "bad-feed.tsv line 13, price (BAD-price-comma): "
            "expected a point before the cents: 2.49 EUR, found '2,49 EUR'"
        )


class TestDemo:
    def test_stands_on_the_shelf_in_the_feeds_order(self, demo: list[Product]) -> None:
        feed = rows_of(DEMO / "feed.tsv")
        assert [product.gtin for product in demo] == [row["gtin"].rjust(14, "0") for row in feed]
        assert [product.facing for product in demo] == list(range(1, 251))

    def test_says_what_the_feed_says(self, demo: list[Product]) -> None:
        for product, row in zip(demo, rows_of(DEMO / "feed.tsv"), strict=True):
            assert product.names["en"] == row["title"]
            assert product.names["ar"] == row["title[ar]"]
            assert f"{product.price.decimal()} {product.price.currency}" == row["price"]
            assert (product.sale is not None) == bool(row["sale_price"])
            assert ",".join(product.allergens) == row["allergens"]
            assert product.attributes["pack"] == row["pack"]
            assert product.aisle == row["product_type"]


class TestFormats:
    @pytest.mark.parametrize(
        "name", ["rss.xml", "atom.xml", "comma.csv", "semicolon.csv", "quoted.csv", "bom.tsv", "utf16.txt"]
    )
    def test_give_the_same_products(self, tmp_path: Path, demo: list[Product], name: str) -> None:
        rows = rows_of(DEMO / "feed.tsv")
        text, encoding = {
            "rss.xml": (rss(rows), "utf-8"),
            "atom.xml": (atom(rows), "utf-8"),
            "comma.csv": (table(rows, ","), "utf-8"),
            "semicolon.csv": (table(rows, ";"), "utf-8"),
            "quoted.csv": (table(rows, ",", quote_all=True), "utf-8"),
            "bom.tsv": (table(rows), "utf-8-sig"),
            "utf16.txt": (table(rows), "utf-16"),
        }[name]
        _, problems = run(write(tmp_path, text, name, encoding), tmp_path / "store")
        assert problems == []
        assert everything(tmp_path / "store") == demo

    def test_xml_may_leave_out_the_namespace_but_google_goes_first(self, tmp_path: Path) -> None:
        text = (
            f'<rss xmlns:g="{GOOGLE}"><channel><item><title>For the web</title><g:title>Apples</g:title>'
            f"<title>Again</title><gtin>{gtin(1)}</gtin><price>2.49 EUR</price>"
            "<product_type>Food &gt; Dairy</product_type><g:shipping><g:country>DE</g:country></g:shipping>"
            "</item></channel></rss>"
        )
        run(write(tmp_path, text, "feed.xml"), tmp_path / "store")
        (product,) = everything(tmp_path / "store")
        assert product.names == {"en": "Apples"}
        assert product.attributes == {"shipping.country": "DE"}

    def test_xml_problems_name_the_line_of_the_element(self, tmp_path: Path) -> None:
        text = (
            f'<feed xmlns="{ATOM}" xmlns:g="{GOOGLE}">\n<entry>\n<g:gtin>{gtin(1)}</g:gtin>\n'
            "<title>Apples</title>\n<g:price>2,49 EUR</g:price>\n</entry>\n"
            f"<entry>\n<g:gtin>{gtin(2)}</g:gtin>\n<title>Pears</title><g:price>2.49 EUR</g:price>\n"
            "<g:product_type>fruit-veg</g:product_type>\n</entry>\n</feed>"
        )
        done, problems = run(write(tmp_path, text, "feed.xml"), tmp_path / "store")
        assert done.imported == 1
        assert [(problem.line, problem.column) for problem in problems] == [(2, "product_type"), (5, "price")]

    @pytest.mark.parametrize(
        ("encoding", "title", "note"),
        [
            ("cp1252", "Äpfel süß", "read as Windows-1252 (Latin-1)"),
            ("gb18030", "红富士苹果", "read as GB18030"),
        ],
    )
    def test_other_encodings_are_found_out_and_said(
        self, tmp_path: Path, encoding: str, title: str, note: str
    ) -> None:
        feed = write(tmp_path, table([small(title=title)]), encoding=encoding)
        done, _ = run(feed, tmp_path / "store")
        assert everything(tmp_path / "store")[0].names == {"en": title}
        assert note in done.notes[0]
        assert "in line 2" in done.notes[0]

    def test_without_store_toml_the_feed_says_it_all(self, tmp_path: Path) -> None:
        rows = [
            small(product_type="Fruit & Nuts > Apples") | {"title[de]": "Äpfel"},
            small(gtin=gtin(2), product_type="Dairy", price="1.10 EUR") | {"title[de]": ""},
        ]
        done, _ = run(write(tmp_path, table(rows)), tmp_path / "store", store=None)
        store = done.store
        assert store.currency == "EUR"
        assert [(aisle.key, aisle.names, aisle.count) for aisle in store.aisles] == [
            ("fruit-nuts", {"en": "Fruit & Nuts"}, 1),
            ("dairy", {"en": "Dairy"}, 1),
        ]
        assert [(each.tag, each.name) for each in store.languages] == [("en", "English"), ("de", "Deutsch")]


class TestCells:
    def test_prices_and_sales(self, tmp_path: Path) -> None:
        product = one(
            tmp_path,
            sale_price="1.99 EUR",
            sale_price_effective_date="2026-02-01/2026-02-14",
            price="2.5 EUR",
        )
        assert product.price == Money(250, "EUR")
        # Days of Europe/Berlin, the last one included: UTC+1 in February.
        assert product.sale == Sale(Money(199, "EUR"), 1769900400, 1771110000)

    def test_a_sale_between_two_moments(self, tmp_path: Path) -> None:
        dates = "2026-01-01T00:00+0100/2026-01-01T12:00Z"
        sale = one(tmp_path, sale_price="1 EUR", sale_price_effective_date=dates).sale
        assert sale == Sale(Money(100, "EUR"), 1767222000, 1767268800)

    @pytest.mark.parametrize(
        ("offer", "expected"),
        [
            ("2-for:3.00", MultiBuy(2, Money(300, "EUR"))),
            ("3-for-2", TakeForLess(3, 2)),
            ("new", New()),
        ],
    )
    def test_offers(self, tmp_path: Path, offer: str, expected: object) -> None:
        assert one(tmp_path, offer=offer).offer == expected

    @pytest.mark.parametrize("said", ["out of stock", "out_of_stock", "Out of Stock"])
    def test_availability_in_both_spellings(self, tmp_path: Path, said: str) -> None:
        assert one(tmp_path, availability=said).availability is Availability.OUT_OF_STOCK

    def test_measures_have_a_usual_base(self, tmp_path: Path) -> None:
        product = one(tmp_path, unit_pricing_measure="1.5 L")
        assert (product.size, product.unit_base) == (Measure(1500, "l"), Measure(1000, "l"))

    @pytest.mark.parametrize("digits", ["96385074", "036000291452", "4006381333931", "10614141000415"])
    def test_gtins_of_every_length(self, tmp_path: Path, digits: str) -> None:
        assert one(tmp_path, gtin=digits).gtin == digits.rjust(14, "0")

    def test_unknown_columns_are_kept(self, tmp_path: Path) -> None:
        product = one(tmp_path, colour="red", link="https://example.org/1")
        assert product.attributes == {"id": "1", "colour": "red", "link": "https://example.org/1"}

    def test_every_wrong_cell_of_a_row_is_said(self, tmp_path: Path) -> None:
        rows = [small(), small(gtin="1", price="cheap", origin="Narnia")]
        _, problems = run(write(tmp_path, table(rows)), tmp_path / "store")
        assert [problem.column for problem in problems] == ["gtin", "origin", "price"]
        assert {problem.line for problem in problems} == {3}

    def test_a_text_may_go_over_lines(self, tmp_path: Path) -> None:
        text = f'gtin\ttitle\tprice\tproduct_type\n{gtin(1)}\t"Red ""best""\n apples"\t1 EUR\tfruit-veg\n'
        run(write(tmp_path, text), tmp_path / "store")
        assert everything(tmp_path / "store")[0].names == {"en": 'Red "best" apples'}


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "found an empty file"),
            ("\n\n", "found an empty file"),
            ("Dear colleague,\nplease find attached\n", "expected a heading with columns such as gtin"),
            ("id\tgtin\tprice\n1\t2\t3\n", "missing: title"),
            ("gtin\ttitle\tprice\tprice\n", "expected each column once, found 'price' twice"),
            ("gtin\ttitle\tprice\n", "none of 0 rows is right"),
            ("gtin\ttitle\tprice\n1\t2\t3\n", "none of 1 rows is right"),
            ("<html><body>404</body></html>", "found neither"),
            ("<rss><channel><item></channel></rss>", "line 1 column 23: expected well-formed XML"),
            ('<!DOCTYPE rss [<!ENTITY a "b">]><rss/>', "without a document type"),
            ('<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x"><rss/>', "without a document type"),
            ('<?xml version="1.0" encoding="big5"?><rss/>', "expected"),
            ("<a>" * 40, "at most 16 deep"),
            (f"<rss><item><title>{'x' * 70_000}</title></item></rss>", "at most 65,536 characters in title"),
            (f'<rss><item a="{"x" * 3_000_000}"/></rss>', "expected a tag to end"),
            ("gtin" * 100_000, "a line of enormous length"),
        ],
    )
    def test_of_what_is_no_feed(self, tmp_path: Path, text: str, reason: str) -> None:
        before = write_store(tmp_path / "store", STORE, products(3))
        with pytest.raises((FeedError, Refused), match=re.escape(reason)):
            run(write(tmp_path, text), tmp_path / "store")
        with OpenStore(tmp_path / "store") as store:
            assert store.store == before

    def test_of_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FeedError, match="cannot be read: No such file"):
            run(tmp_path / "nothing.tsv", tmp_path / "store")

    def test_of_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "feed.tsv").write_bytes(b"gtin\ttitle\tprice\n\x81\xff\x8d\n")
        with pytest.raises(FeedError, match=r"expected UTF-8 text, found byte 0x81 in line 2"):
            run(tmp_path / "feed.tsv", tmp_path / "store")

    def test_strict_wants_everything_right(self, tmp_path: Path) -> None:
        feed = write(tmp_path, table([small(), small(gtin=gtin(2), price="cheap")]))
        with pytest.raises(Refused, match="1 problems"):
            run(feed, tmp_path / "store", strict=True)
        with pytest.raises(StoreError, match="no store here"):
            OpenStore(tmp_path / "store")

    def test_of_a_line_that_never_ends_costs_one_row(self, tmp_path: Path) -> None:
        good, endless = table([small()]), "x" * 3_000_000
        last = table([small(gtin=gtin(2))]).splitlines()[1]
        done, (problem,) = run(write(tmp_path, f"{good}{endless}\r\n{last}\r\n"), tmp_path / "store")
        assert (done.imported, done.left_out) == (2, 1)
        assert (problem.line, problem.expected) == (3, "a line of at most 262,144 characters")

    def test_of_a_quote_left_open_costs_one_row(self, tmp_path: Path) -> None:
        rows = [small(gtin=gtin(number)) for number in range(1, 1500)]
        lines = table(rows).splitlines()
        lines[5] = lines[5].replace("Apples", '"Apples')
        done, (problem,) = run(write(tmp_path, "\n".join(lines)), tmp_path / "store")
        assert (done.imported, done.left_out) == (1498, 1)
        assert (problem.line, problem.column) == (6, "title")

    def test_of_nul_bytes_and_turned_text(self, tmp_path: Path) -> None:
        rows = [small(), small(gtin=gtin(2), title="a\0b"), small(gtin=gtin(3), title="\u202e9.99")]
        _, problems = run(write(tmp_path, table(rows)), tmp_path / "store")
        assert ["U+0000" in problems[0].expected, "U+202E" in problems[1].expected] == [True, True]

    def test_many_problems_are_counted_but_not_all_kept(self, tmp_path: Path) -> None:
        rows = [small(), *(small(gtin=str(number)) for number in range(1500))]
        done, problems = run(write(tmp_path, table(rows)), tmp_path / "store")
        assert (done.left_out, len(problems)) == (1500, 1000)
