"""offers.toml, dayparts.toml and themes.toml: what they say at a kiosk, and what is wrong with them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from content.authored import ContentError, Where, read_content, resolve
from content.authored.themes import contrast
from content.model import MultiBuy, New, Product
from content.money import Money
from content.pricing import badge, limit_at, line_total, next_change, price_at
from tests.authored import folders
from tests.authored.folders import BOOK, LOAF, MILK, ROLL, a_folder

HERE = Where("op", "line2-park", "wall-1")
AIRPORT = Where("op", "airport", "wall-1")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


def products(folder: Path, where: Where) -> dict[str, Product]:
    return {product.gtin: product for product in resolve(read_content(folder).content, where)[1]}


def test_bread_is_cheaper_after_ten_and_on_holidays_from_six(tmp_path: Path) -> None:
    loaf = products(a_folder(tmp_path), HERE)[LOAF]
    prices = {
        moment: price_at(loaf, at(moment)).minor
        for moment in (
            "2026-11-23T21:59", "2026-11-23T22:00", "2026-11-24T01:59", "2026-11-24T02:00", "2026-12-24T23:00",
            "2026-12-25T18:00", "2026-12-31T23:30", "2027-01-01T23:30",
        )
    }  # fmt: skip
    assert list(prices.values()) == [300, 210, 210, 300, 300, 210, 210, 300]
    assert next_change(loaf, at("2026-11-23T12:00")) == at("2026-11-23T22:00")
    assert line_total(loaf, 5, at("2026-11-23T22:00")) == Money(4 * 210 + 300, "EUR")
    assert price_at(loaf, None) == Money(300, "EUR")


def test_a_percentage_is_of_the_price_a_kiosk_has(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, offers=folders.OFFERS.replace('daypart = "late"', 'untrusted = "on"'))
    assert price_at(products(folder, HERE)[ROLL], at("2026-11-23T12:00")) == Money(42, "EUR")
    assert price_at(products(folder, AIRPORT)[ROLL], at("2026-11-23T12:00")) == Money(63, "EUR")
    assert price_at(products(folder, HERE)[ROLL], None) == Money(42, "EUR")


def test_an_offer_stays_within_its_scope(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    here, there = products(folder, HERE), products(folder, AIRPORT)
    assert not here[MILK].further
    assert there[MILK].further == (MultiBuy(2, Money(200, "EUR"), limit=6, key="airport-milk"),)
    assert limit_at(there[MILK], 0) == 6
    assert there[BOOK].further == (New(key="new-books"),)
    assert badge(there[BOOK], 0) == ("new", ())


def test_an_offer_that_lowers_nothing_is_not_given(tmp_path: Path) -> None:
    dear = folders.OFFERS.replace('price = "2.00"', 'price = "9.00"').replace("percent = 30", 'off = "1.00"')
    folder = a_folder(tmp_path, offers=dear)
    assert not products(folder, AIRPORT)[MILK].further
    assert not products(folder, HERE)[ROLL].further
    assert price_at(products(folder, HERE)[LOAF], at("2026-11-23T22:00")) == Money(200, "EUR")


def test_a_theme_paints_the_aisles_of_its_kiosks(tmp_path: Path) -> None:
    content = read_content(a_folder(tmp_path)).content
    colours = {
        where.site: {aisle.key: aisle.accent for aisle in resolve(content, where)[0].aisles}
        for where in (HERE, AIRPORT)
    }
    assert colours["airport"] == {"bread": "#000000", "milk": "#1456d9"}
    assert colours["line2-park"]["bread"] == "#1456d9"
    assert round(contrast("#000000", "#ffffff"), 6) == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


def changed(name: str, text: str, new: str) -> dict[str, str | None]:
    whole: str = getattr(folders, name.upper())
    assert text in whole
    return {name: whole.replace(text, new)}


@pytest.mark.parametrize(
    ("change", "file", "path"),
    [
        (changed("offers", "percent = 30", "percent = 130"), "offers.toml", "offers[0].percent"),
        (changed("offers", "percent = 30", 'percent = 30\noff = "1"'), "offers.toml", "offers[0]"),
        (changed("offers", "percent = 30\n", ""), "offers.toml", "offers[0]"),
        (changed("offers", "percent = 30", "take = 3"), "offers.toml", "offers[0].pay"),
        (changed("offers", "percent = 30", "take = 3\npay = 3"), "offers.toml", "offers[0].pay"),
        (changed("offers", "percent = 30", 'off = "0.00"'), "offers.toml", "offers[0].off"),
        (changed("offers", "percent = 30", 'off = "1.999"'), "offers.toml", "offers[0].off"),
        (changed("offers", "percent = 30", 'off = "cheap"'), "offers.toml", "offers[0].off"),
        (changed("offers", "percent = 30", "percent = 30\nquantity = 2"), "offers.toml", "offers[0].quantity"),
        (changed("offers", "per_order = 6", "per_order = 1"), "offers.toml", "offers[1].per_order"),
        (changed("offers", "per_order = 6", "per_basket = 1"), "offers.toml", "offers[1].per_basket"),
        (changed("offers", 'daypart = "late"', 'daypart = "dawn"'), "offers.toml", "offers[0].daypart"),
        (changed("offers", "last_day = 2026-12-31", "last_day = 2026-12-31\nfirst_day = 2027-01-01"), "offers.toml", "offers[0].last_day"),
        (changed("offers", '["bread"]', '["attic"]'), "offers.toml", "offers[0].scope.aisles[0]"),
        (changed("offers", '["store"]', '["kiosk"]'), "offers.toml", "offers[0].scope.merchants[0]"),
        (changed("offers", f'["{MILK}"]', '["09521999000020"]'), "offers.toml", "offers[1].scope.gtins[0]"),
        (changed("offers", '["airport"]', '["moon"]'), "offers.toml", "offers[1].scope.groups[0]"),
        (changed("offers", 'key = "new-books"', 'key = "late-bread"'), "offers.toml", "offers[2].key"),
        (changed("offers", "new = true", "new = true\ncolour = 1"), "offers.toml", "offers[2].colour"),
        (changed("dayparts", '"22:00"', '"25:00"'), "dayparts.toml", "dayparts[0].windows[0].from"),
        (changed("dayparts", '"22:00"', '"24:00"'), "dayparts.toml", "dayparts[0].windows[0].from"),
        (changed("dayparts", 'holidays = "berlin"', 'holidays = "mars"'), "dayparts.toml", "dayparts[0].holidays"),
        (changed("dayparts", 'holidays = "berlin"\n', ""), "dayparts.toml", "dayparts[0].on_holidays"),
        (changed("dayparts", "date = 2026-12-24", 'date = "Christmas"'), "dayparts.toml", "dayparts[0].special_days[0].date"),
        (changed("dayparts", "date = 2026-12-24", "date = 2026-12-24\n[[dayparts.special_days]]\ndate = 2026-12-24"), "dayparts.toml", "dayparts[0].special_days[1].date"),
        (changed("dayparts", '"02:00" }]\nholidays', '"02:00", days = ["moonday"] }]\nholidays'), "dayparts.toml", "dayparts[0].windows[0].days[0]"),
        (changed("dayparts", 'key = "berlin"', 'key = "berlin"\n[[dayparts]]\nkey = "late"'), "dayparts.toml", "holidays[0].dates"),
        ({"dayparts": '[[dayparts]]\nkey = "late"\n[[dayparts]]\nkey = "late"\n'}, "dayparts.toml", "dayparts[1].key"),
        (changed("themes", "#000000", "black"), "themes.toml", "themes[0].aisles.bread.accent"),
        (changed("themes", "#000000", "#cccccc"), "themes.toml", "themes[0].aisles.bread.accent"),
        (changed("themes", "bread =", "attic ="), "themes.toml", "themes[0].aisles.attic"),
        (changed("themes", '["airport"]', '["moon"]'), "themes.toml", "themes[0].groups[0]"),
        (changed("store", 'key = "milk"', 'key = "milk"\naccent = "#f2f4f7"'), "store.toml", "aisles[1].accent"),
        (changed("merchants", 'key = "books"', 'key = "store"'), "merchants.toml", "merchants[0].key"),
    ],
)  # fmt: skip
def test_a_mistake_says_file_and_place(
    tmp_path: Path, change: dict[str, str | None], file: str, path: str
) -> None:
    with pytest.raises(ContentError) as caught:
        read_content(a_folder(tmp_path, **change))
    assert (file, path) in {(each.file, each.path) for each in caught.value.mistakes}
