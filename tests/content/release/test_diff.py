"""`endcap content diff`: what a commuter will notice is said in plain words, and nothing else."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import msgspec
import pytest

import content
from content.authored.cli import main as content_command
from content.authored.model import Content, Price, PriceList, Shelf, Wall
from content.authored.reading import read_content
from content.model import Availability, Language, MultiBuy, New, Sale, TakeForLess
from content.money import Money
from content.release.differences import differences, told
from tests.content.release.repositories import Operator

DEMO = Path(content.__file__).parent / "demo"


@pytest.fixture(scope="module")
def demo() -> Content:
    return read_content(DEMO).content


def changed(demo: Content, gtin: str, **facts: object) -> Content:
    products = tuple(
        msgspec.structs.replace(product, **facts) if product.gtin == gtin else product
        for product in demo.products
    )
    return msgspec.structs.replace(demo, products=products)


def lines(before: Content, after: Content) -> list[str]:
    return [f"{each.kind}: {told(each)}" for each in differences(before, after)]


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def test_nothing_changes(demo: Content) -> None:
    assert differences(demo, demo) == []


def test_prices_and_offers_are_told_as_they_are_paid(demo: Content) -> None:
    plain = next(each for each in demo.products if not each.sale and not each.offer)
    gtin, name = plain.gtin, f"{plain.brand} {plain.names['en']} ({plain.gtin})".lstrip()
    base = changed(demo, gtin, price=eur(199))

    assert lines(base, changed(base, gtin, price=eur(219))) == [f"price up: {name}: 1.99 EUR -> 2.19 EUR"]
    assert lines(base, changed(base, gtin, price=eur(149))) == [f"price down: {name}: 1.99 EUR -> 1.49 EUR"]
    offered = changed(base, gtin, offer=TakeForLess(3, 2))
    assert lines(base, offered) == [f"offer begins: {name}: take 3, pay 2"]
    assert lines(offered, base) == [f"offer ends: {name}: take 3, pay 2"]
    assert lines(offered, changed(base, gtin, offer=MultiBuy(2, eur(300)))) == [
        f"offer changes: {name}: take 3, pay 2 -> 2 for 3.00 EUR"
    ]
    assert lines(base, changed(base, gtin, offer=New())) == [f"offer begins: {name}: shown as new"]
    assert lines(base, changed(base, gtin, sale=Sale(eur(99), 1_800_000_000, 1_800_086_400))) == [
        f"offer begins: {name}: 0.99 EUR from 2027-01-15 09:00 until 2027-01-16 09:00"
    ]
    assert lines(base, changed(base, gtin, availability=Availability.OUT_OF_STOCK)) == [
        f"availability: {name}: in stock -> out of stock"
    ]
    assert lines(base, changed(base, gtin, origin="NZ", picture="pictures/x.webp")) == [
        f"product told: {name}: picture, origin"
    ]


def test_a_price_list_is_told_where_it_differs_from_what_was_paid_there(demo: Content) -> None:
    one, two = demo.products[0], demo.products[1]

    def listed(*prices: Price) -> Content:
        return msgspec.structs.replace(
            demo, lists=(PriceList(key="airport", groups=("line-1",), prices=prices),)
        )

    empty = listed()
    dear = listed(Price(gtin=one.gtin, price=one.price + eur(50), sale=one.sale, offer=one.offer))

    assert [(each.kind, each.key, each.scope) for each in differences(empty, dear)] == [
        ("price up", one.gtin, "airport")
    ]
    assert "[airport]" in lines(empty, dear)[0]
    assert [(each.kind, each.key) for each in differences(demo, dear)][:2] == [
        ("price up", one.gtin),
        ("price list", "airport"),
    ]
    assert (
        differences(empty, listed(Price(gtin=two.gtin, price=two.price, sale=two.sale, offer=two.offer)))
        == []
    )
    everywhere = msgspec.structs.replace(dear, lists=(msgspec.structs.replace(dear.lists[0], groups=()),))
    assert lines(dear, everywhere) == ["price list: airport: line-1 -> everywhere"]


def test_facings_are_told_wall_by_wall_and_not_for_all_that_stand_behind(demo: Content) -> None:
    aisle = demo.store.aisles[0].key
    gtins = [each.gtin for each in demo.products if each.aisle == aisle][:6]

    def hung(*facings: str) -> Content:
        wall = Wall(key="entrance", shelves=(Shelf(aisle=aisle, facings=facings, rest=False),))
        return msgspec.structs.replace(demo, walls=(wall,))

    before = hung(*gtins[:5])
    one_more = differences(before, hung(gtins[5], *gtins[:5]))
    moved = differences(before, hung(*gtins[1:5], gtins[0]))
    fewer = differences(before, hung(*gtins[1:5]))

    assert [(each.kind, each.key, each.scope, each.after) for each in one_more] == [
        ("facing new", gtins[5], "entrance", "facing 1")
    ]
    assert [(each.kind, each.key, each.before, each.after) for each in moved] == [
        ("facing moved", gtins[0], "facing 1", "facing 5")
    ]
    assert [(each.kind, each.key, each.before) for each in fewer] == [("facing gone", gtins[0], "facing 1")]
    assert [each.kind for each in differences(demo, before)] == ["wall"]


def test_products_adverts_languages_and_facts_of_the_store(demo: Content) -> None:
    store = demo.store
    gone = msgspec.structs.replace(demo, products=demo.products[1:])
    assert [each.kind for each in differences(demo, gone)] == ["product gone", "facing gone"]
    assert [each.kind for each in differences(gone, demo)] == ["product new", "facing new"]

    advert = msgspec.structs.replace(store.adverts[0], seconds=store.adverts[0].seconds + 1)
    other = msgspec.structs.replace(
        store,
        adverts=(advert, msgspec.structs.replace(advert, key="night"), *store.adverts[2:]),
        languages=(*store.languages, Language("fr", "Français")),
        support="+49 30 1",
    )
    assert lines(demo, msgspec.structs.replace(demo, store=other)) == [
        "advert new: night",
        f"advert changes: {advert.key}: seconds",
        f"advert gone: {store.adverts[1].key}",
        "language new: Français (fr)",
        "store: support: changes",
    ]


def test_the_command_compares_folders_and_releases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "content"
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("studio", "bad-feed.tsv"))
    operator = Operator(tmp_path, int(time.time()))
    assert operator.command("publish", str(folder), "--keys", str(operator.keys)) == 0
    feed = folder / "feed.tsv"
    rows = feed.read_text("utf-8").splitlines(keepends=True)
    cells, head = rows[1].split("\t"), rows[0].rstrip("\n").split("\t")
    price = head.index("price")
    cells[price] = "99.99 EUR"
    feed.write_text("".join([rows[0], "\t".join(cells), *rows[2:]]), "utf-8")
    assert operator.command("publish", str(folder), "--keys", str(operator.keys), "--note", "dear") == 0
    capsys.readouterr()

    assert operator.command("diff", "demo-000001", "demo-000002") == 0
    said = capsys.readouterr().out
    assert "Prices that go up (1)" in said
    assert "-> 99.99 EUR" in said
    assert operator.command("diff", "demo-000002", str(folder), "--json") == 0
    assert msgspec.json.decode(capsys.readouterr().out) == {"changes": [], "fetch_bytes": 0}
    assert operator.command("diff", "demo-000001", str(folder), "--json") == 0
    told_as_json = msgspec.json.decode(capsys.readouterr().out)
    assert told_as_json["changes"][0]["kind"] == "price up"
    assert 0 < told_as_json["fetch_bytes"] < 20_000

    assert content_command(["diff", "demo-000001", str(folder)]) == 2
    assert "give its --repository" in capsys.readouterr().err
    assert operator.command("diff", "demo-000001", "demo-000009") == 1
    assert "no release 'demo-000009'" in capsys.readouterr().err
