"""A folder is looked at before it is signed: one that is good passes, and each rule has a folder that breaks it."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from PIL import Image

from content.authored.model import Content, Where
from content.authored.reading import read_content
from content.model import MultiBuy
from content.money import Money
from content.release.cli_publish import UNSEEN
from content.release.cli_publish import main as publish
from kiosk.preview import codes, images, leads, prices, texts
from kiosk.preview.cli_preflight import main
from kiosk.preview.findings import Finding, confirmed
from kiosk.preview.kiosks import glasses
from kiosk.preview.walls import Glass
from kiosk.qr import encode
from tests.content.release.repositories import Operator

from .preflight_folders import DEMO, change, small_folder

AT = 1_798_000_000
CROISSANT = "09521101500127"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_folder(tmp_path / "content")


@pytest.fixture
def small(folder: Path) -> Content:
    return read_content(folder).content


def wall(content: Content, host: str = "https://shop.example") -> Glass:
    return Glass(content, Where("demo", "anywhere", "wall-1"), "portrait", Path("/"), host)


def rules(found: list[Finding]) -> list[tuple[str, str]]:
    return [(each.rule, each.level) for each in found]


def repriced(content: Content, minor: int) -> Content:
    """With another price for the croissant."""
    products = tuple(
        structs.replace(p, price=Money(minor, "EUR")) if p.gtin == CROISSANT else p for p in content.products
    )
    return structs.replace(content, products=products)


# --- prices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "now", "rule"),
    [
        (100, 200, ""), (100, 201, "price.up"), (100, 50, ""), (100, 49, "price.down"), (129, 1290, "price.slip"),
        (129, 12900, "price.slip"), (1290, 129, "price.slip"), (100, 0, "price.zero"),
    ],
)  # fmt: skip
def test_a_price_far_from_the_last_release_is_an_outlier(
    small: Content, was: int, now: int, rule: str
) -> None:
    found = list(prices.of_prices(repriced(small, was), repriced(small, now)))

    assert [each.rule for each in found] == ([rule] if rule else [])
    if found and rule != "price.zero":
        assert found[0].key == f"price:{CROISSANT}"
        assert found[0].path == f"{CROISSANT}.price"


def test_prices_of_a_list_are_compared_with_what_was_paid_there(small: Content) -> None:
    demo = read_content(DEMO).content
    airport = next(each for each in demo.lists if each.key == "airport")
    dear = tuple(structs.replace(p, price=p.price * 3 if p.price else None) for p in airport.prices)
    after = structs.replace(
        demo, lists=tuple(structs.replace(x, prices=dear) if x.key == "airport" else x for x in demo.lists)
    )

    found = list(prices.of_prices(demo, after))

    assert {each.rule for each in found} == {"price.up"}
    assert {each.key.rpartition(":")[0] for each in found} == {"price:airport"}
    assert not list(prices.of_prices(demo, demo))


def test_a_person_confirms_an_outlier_by_its_key(small: Content) -> None:
    found = list(prices.of_prices(small, repriced(small, 1290)))

    assert [each.level for each in confirmed(found, ())] == ["error"]
    assert [each.level for each in confirmed(found, [f"price:{CROISSANT}"])] == ["warning"]
    assert [each.level for each in confirmed(found, ["all"])] == ["warning"]
    assert rules(confirmed(found, ["price:1"])) == [("price.slip", "error"), ("confirm.unknown", "warning")]


def offered(content: Content, quantity: int, minor: int) -> Content:
    """With so many croissants together at that price."""
    offer = MultiBuy(quantity, Money(minor, "EUR"))
    products = tuple(structs.replace(p, offer=offer) if p.gtin == CROISSANT else p for p in content.products)
    return structs.replace(content, products=products)


def test_an_offer_lowers_a_price_and_does_not_give_all_away(small: Content) -> None:
    above = offered(small, 2, 300)
    assert rules(list(prices.of_offers(None, above, wall(above).products))) == [("offer.above", "error")]

    deep = offered(small, 3, 60)
    found = list(prices.of_offers(None, deep, wall(deep).products))
    assert rules(found) == [("offer.deep", "error")]
    assert found[0].key == f"offer:{CROISSANT}"
    assert not list(prices.of_offers(deep, deep, wall(deep).products))  # it was in the last release


def test_a_unit_price_of_another_order_than_its_aisle_is_looked_at() -> None:
    demo = read_content(DEMO).content
    assert not list(prices.of_units(demo.products))
    slipped = tuple(
        structs.replace(p, size=structs.replace(p.size, milli=p.size.milli // 1000))
        if p.size is not None and p.size.unit == "kg" and p.aisle == "fruit-veg"
        else p
        for p in demo.products[:1]
    )
    found = list(prices.of_units((*slipped, *demo.products[1:])))
    assert rules(found) == [("unit.odd", "warning")]


# --- where codes and adverts lead -----------------------------------------------------------------------------------


def test_codes_lead_to_their_facings_and_fit(small: Content) -> None:
    assert not list(leads.all_links([wall(small)], AT))

    long = wall(small, "https://groceries.a-very-long-name-of-an-operator.example")
    assert rules(list(leads.of_links(long, AT))) == [("link.long", "error")]


def test_an_advert_leads_to_what_is_sold_where_it_plays(folder: Path) -> None:
    change(folder, 'link = "bakery"', 'link = "frozen"', "store.toml")
    found = list(leads.of_adverts(wall(read_content(folder).content)))
    assert rules(found) == [("advert.nowhere", "error")]
    assert "breakfast" in found[0].path

    change(folder, 'link = "frozen"', f'link = "{CROISSANT}"', "store.toml")
    change(folder, "3-for-2\tin_stock", "3-for-2\tout_of_stock")
    assert rules(list(leads.of_adverts(wall(read_content(folder).content)))) == [
        ("advert.sold-out", "warning")
    ]


# --- pictures -------------------------------------------------------------------------------------------------------


def test_pictures_are_there_and_large_enough(folder: Path) -> None:
    Image.new("RGB", (20, 20), "red").save(folder / "pictures" / "9521101500127.webp")
    Image.new("RGB", (400, 40), "red").save(folder / "pictures" / "9521101500226.webp")
    (folder / "pictures" / "9521110600146.webp").unlink()
    authored = read_content(folder)

    found = [
        *images.missing(authored.warnings),
        *images.of_pictures([wall(authored.content)], authored.files),
    ]

    assert sorted(rules(found)) == [
        ("picture.missing", "warning"), ("picture.shape", "warning"), ("picture.small", "error"),
    ]  # fmt: skip


# --- texts and colours ----------------------------------------------------------------------------------------------


def spoken(content: Content, *tags: str) -> Content:
    languages = tuple(each for each in content.store.languages if each.tag in tags)
    return structs.replace(content, store=structs.replace(content.store, languages=languages))


def test_texts_fit_their_boxes(small: Content) -> None:
    assert not list(texts.of_texts([wall(spoken(small, "de"))], AT))


def test_a_text_that_is_cut_is_told_with_screen_and_language(folder: Path) -> None:
    change(folder, "Breakfast before your train", "Breakfast before your train " * 8, "store.toml")
    change(
        folder,
        "Butter croissant",
        "Croissant of butter, flour, yeast, salt, sugar, eggs, milk and a little love, baked by all of us this very morning in town",
    )
    found = list(texts.of_texts([wall(spoken(read_content(folder).content, "en"))], AT))

    assert ("text.cut", "error") in rules(found)
    assert any("advert breakfast, slide on a portrait wall, en" in each.path for each in found)
    assert any(each.path == f"{CROISSANT}.title[en] on a portrait wall" for each in found)


def test_words_stand_out_from_what_is_behind_them(small: Content) -> None:
    dark = tuple(structs.replace(aisle, background="#2a3440") for aisle in small.store.aisles)
    content = structs.replace(
        spoken(small, "en"), store=structs.replace(spoken(small, "en").store, aisles=dark)
    )

    found = list(texts.of_texts([wall(content)], AT))

    assert {each.rule for each in found} == {"contrast"}
    assert "4.5:1 is needed" in found[0].found or "3.0:1 is needed" in found[0].found


# --- the walls that stand for all -----------------------------------------------------------------------------------


def test_walls_that_differ_are_found_in_the_groups(tmp_path: Path) -> None:
    found, left_out = glasses(read_content(DEMO).content, tmp_path)

    assert left_out == 0
    shown = {(glass.panel_name, glass.where.site, *glass.where.tags) for glass in found}
    assert {("portrait", "anywhere"), ("landscape", "airport"), ("portrait", "university")} <= shown


def test_a_sample_of_many_pages_begins_with_every_aisle(tmp_path: Path) -> None:
    found, _ = glasses(read_content(DEMO).content, tmp_path)
    every = codes.sheets(found, AT)

    chosen = codes.sample(every, 60)

    assert len(chosen) == 60 < len(every)
    assert {(s.glass.panel_name, s.aisle) for s in chosen} == {(s.glass.panel_name, s.aisle) for s in every}


# --- whole commands -------------------------------------------------------------------------------------------------


@pytest.mark.ui
def test_a_good_folder_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([str(folder), "--json", "--at", "2026-12-23T14:00"])

    report = msgspec.json.decode(capsys.readouterr().out)
    assert (code, report["findings"]) == (0, [])
    assert "codes read from 6 of 6 pages" in report["looked"]


@pytest.mark.ui
def test_a_picture_with_a_code_of_its_own_is_found_on_the_glass(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, size = encode("HTTPS://ELSEWHERE.EXAMPLE").luminance(4)
    code = Image.frombytes("L", (size, size), data).resize((size * 9, size * 9), Image.Resampling.NEAREST)
    code.convert("RGB").save(folder / "pictures" / "9521101500226.webp", lossless=True)

    assert main([str(folder), "--at", "2026-12-23T14:00"]) == 1

    assert "code.foreign: a code in the picture says 'HTTPS://ELSEWHERE.EXAMPLE'" in capsys.readouterr().err


def test_mistakes_of_the_folder_are_findings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(folder, "1.29 EUR", "1.29 XXX")

    assert main([str(folder), "--json"]) == 1

    report = msgspec.json.decode(capsys.readouterr().out)
    assert report["findings"][0]["file"] == "feed.tsv"


def test_a_time_that_is_none_is_refused_as_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder), "--at", "noon"]) == 2

    assert "expected a time such as 2026-12-24T22:30, found 'noon'" in capsys.readouterr().err


@pytest.mark.ui
def test_publishing_looks_first_and_says_what_to_confirm(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = Operator(tmp_path / "operator", int(time.time()))
    words = [str(folder), "--repository", str(operator.folder), "--keys", str(operator.keys)]
    assert publish(words) == 0
    change(folder, "1.29 EUR", "12.90 EUR")

    assert publish(words) == 1
    told = capsys.readouterr().err
    assert "price.slip: Butter croissant from 1.29 EUR to 12.90 EUR" in told
    assert f"--confirm price:{CROISSANT}" in told
    assert len(operator.repository.releases()) == 1

    assert publish([*words, "--confirm", f"price:{CROISSANT}"]) == 0
    assert len(operator.repository.releases()) == 2


def test_publishing_without_looking_is_told_to_all(folder: Path, tmp_path: Path) -> None:
    operator = Operator(tmp_path / "operator", int(time.time()))
    words = [str(folder), "--repository", str(operator.folder), "--keys", str(operator.keys)]

    assert publish([*words, "--no-preflight", "the recall cannot wait", "--note", "Eggs"]) == 0

    (release,) = operator.repository.releases()
    assert release.header.note == f"Eggs · {UNSEEN}: the recall cannot wait"
