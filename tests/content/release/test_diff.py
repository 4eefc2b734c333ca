"""`endcap content diff`: what a commuter will notice is said in plain words, and nothing else."""

from __future__ import annotations

import shutil
import time
from datetime import date
from pathlib import Path

import msgspec
import pytest

import content
from content.authored.cli import main as content_command
from content.authored.model import (
    Colours,
    Content,
    Less,
    OfferRule,
    Percent,
    Price,
    PriceList,
    Scope,
    Shelf,
    Theme,
    Wall,
)
from content.authored.reading import read_content
from content.model import Availability, Language, MultiBuy, New, Sale, TakeForLess
from content.money import Money
from content.playlist.records import Playlist, PlaylistEntry, Ticker, TickerLine
from content.release.differences import differences, told
from content.release.offer_words import hours
from content.schedule.records import Hours, SpecialDay, Window
from tests.content.release.repositories import Operator

DEMO = Path(content.__file__).parent / "demo"


@pytest.fixture(scope="module")
def demo() -> Content:
    """Its products and store; walls, lists and offers are each test's own."""
    whole = read_content(DEMO).content
    return msgspec.structs.replace(whole, lists=(), walls=(), offers=(), themes=())


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


def test_offers_of_many_products_are_told_with_all_their_conditions(demo: Content) -> None:
    evening = Hours(timezone="Europe/Berlin", windows=(Window(days=(0, 1, 2, 3, 4), since=1320, until=60),))
    last = OfferRule(key="last", gives=Percent(30), names={"en": "Last hour"}, hours=evening, per_basket=2)
    offers = (
        last,
        OfferRule(
            key="less",
            gives=Less(eur(50)),
            scope=Scope(groups=("line-2",), aisles=("bakery",), merchants=("m",)),
        ),
        OfferRule(key="many", gives=TakeForLess(3, 2), scope=Scope(gtins=("1", "2", "3", "4")), per_order=6),
    )
    base = msgspec.structs.replace(demo, offers=())
    with_them = msgspec.structs.replace(demo, offers=offers)

    assert lines(base, with_them) == [
        "offer begins: Last hour: 30 % less, Mon-Fri 22:00-01:00, 2 of a product in a basket at most",
        "offer begins: less: 0.50 EUR less, in bakery, of m, at line-2",
        "offer begins: many: take 3, pay 2, on 1, 2, 3 and 1 more, 6 of a product in an order at most",
    ]
    assert [each.kind for each in differences(with_them, base)] == ["offer ends"] * 3
    more = msgspec.structs.replace(
        with_them, offers=(msgspec.structs.replace(last, gives=Percent(50)), *offers[1:])
    )
    assert [(each.kind, each.key) for each in differences(with_them, more)] == [("offer changes", "last")]
    named = msgspec.structs.replace(with_them, offers=(msgspec.structs.replace(last, names={}), *offers[1:]))
    assert lines(with_them, named) == ["offer changes: last: its names"]


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (Hours(timezone="UTC", windows=(Window(days=(5, 6), since=0, until=1440),)), "Sat, Sun"),
        (
            Hours(timezone="UTC", windows=(Window(days=tuple(range(7)), since=360, until=540),)),
            "every day 06:00-09:00",
        ),
        (Hours(timezone="UTC", windows=(Window(days=(0, 2, 4), since=0, until=1440),)), "Mon, Wed, Fri"),
        (Hours(timezone="UTC", windows=()), "never but on special days"),
        (
            Hours(timezone="UTC", since=date(2026, 12, 1), until=date(2026, 12, 24)),
            "from 2026-12-01 to 2026-12-24",
        ),
        (Hours(timezone="UTC", until=date(2026, 12, 24)), "to 2026-12-24"),
        (Hours(timezone="UTC", exceptions=(SpecialDay(date="2026-12-24"),)), "every day, 1 special days"),
    ],
)
def test_hours_are_told_in_words(when: Hours, words: str) -> None:
    assert hours(when) == words


def test_playlists_the_ticker_and_themes(demo: Content) -> None:
    store = msgspec.structs.replace(demo.store, playlists=(), ticker=None)
    base = msgspec.structs.replace(demo, store=store, themes=())
    shown = msgspec.structs.replace(
        store,
        playlists=(Playlist(key="day", entries=(PlaylistEntry(creative="x"),)),),
        ticker=Ticker(lines=(TickerLine(key="works", texts={"en": "Works"}),)),
    )
    theme = Theme(key="winter", aisles={"bakery": Colours("#ffffff", "#000000")})
    after = msgspec.structs.replace(demo, store=shown, themes=(theme,))
    assert shown.ticker is not None
    lower = msgspec.structs.replace(
        after, store=msgspec.structs.replace(shown, ticker=msgspec.structs.replace(shown.ticker, seconds=20))
    )

    assert lines(base, after) == ["playlist: day: new", "ticker: works: new", "theme: winter: new"]
    assert lines(after, lower) == ["ticker: its place on the glass: changes"]
    assert lines(after, base) == ["playlist: day: gone", "ticker: works: gone", "theme: winter: gone"]


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
