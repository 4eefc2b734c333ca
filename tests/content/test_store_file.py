"""store.toml says everything that is wrong with it at once, by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.fulfilment import Kind, Window
from content.money import Money
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


# --- how goods are got --------------------------------------------------------------------------------------------

WAYS = (
    GOOD
    + """
[[pickups]]
key = "locker"
kind = "locker"
names = { en = "Locker" }
windows = [{ from = "16:30", until = "24:00", cut_off = "13:00", capacity = 48, days = ["mon"] }]
fee = "0.90"
free_from = "20"
closed = [2026-12-25]
special_days = [{ date = 2026-12-24, windows = [{ from = "10:00", until = "12:00" }] }]

[[deliveries]]
key = "home"
names = { en = "Home" }
windows = [{ from = "18:00", until = "20:00", cut_off = "20:00", cut_off_days = 1 }]
postcodes = ["10"]
"""
)


def test_pickups_and_deliveries_become_records(tmp_path: Path) -> None:
    path = tmp_path / "store.toml"
    path.write_text(WAYS, encoding="utf-8")
    locker, home = read_store_file(path).fulfilments
    assert (locker.kind, locker.fee, locker.free_from) == (Kind.LOCKER, Money(90, "EUR"), Money(2000, "EUR"))
    assert locker.windows == (Window(days=(0,), since=990, until=1440, cut_off=780, capacity=48),)
    assert [day.date for day in locker.special_days] == ["2026-12-25", "2026-12-24"]
    assert (home.kind, home.fee, home.postcodes) == (Kind.HOME, None, ("10",))
    assert home.windows[0].cut_off_days == 1


def test_the_demos_ways_to_get_goods() -> None:
    ways = read_store_file(DEMO / "store.toml").fulfilments
    assert [way.kind for way in ways] == [Kind.COUNTER, Kind.LOCKER, Kind.HOME]
    for way in ways:
        assert set(way.names) == set(way.places) == {"en", "zh", "ar", "de"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('kind = "locker"', "", "pickups[0].kind: expected one of counter, locker, found ''"),
        ('kind = "locker"', 'kind = "home"', "pickups[0].kind: expected one of counter, locker, found"),
        ('key = "home"', 'key = "home"\nkind = "home"', "deliveries[0].kind: expected nothing"),
        ('key = "home"', 'key = "locker"', "deliveries[0].key: expected each pickup and delivery once"),
        ('key = "home"', 'key = "H:1"', "deliveries[0].key: expected small letters, digits"),
        ('"0.90"', '"0.905"', "pickups[0].fee: expected an amount in EUR such as"),
        ('"0.90"', '"free"', "pickups[0].fee: expected an amount in EUR such as"),
        ('fee = "0.90"', "", "pickups[0].free_from: expected a fee that it lifts"),
        ('"16:30"', '"4:30 pm"', "pickups[0].windows[0].from: expected a time of day such as"),
        ('"24:00"', '"24:30"', "pickups[0].windows[0].until: expected a time of day such as"),
        ('"24:00"', '"02:00"', "pickups[0].windows[0].until: expected later than 16:30 on the same day"),
        ('cut_off = "13:00"', 'cut_off = "noon"', "pickups[0].windows[0].cut_off: expected a time of day"),
        (
            'cut_off_days = 1 }]', 'cut_off_days = 1 }, { from = "18:00", until = "20:00" }]',
            "deliveries[0].windows[1]: expected hours of its own",
        ),
        ('["mon"]', '["Mo"]', "pickups[0].windows[0].days[0]: expected one of mon, tue"),
        ("capacity = 48", "capacity = -1", "pickups[0].windows[0].capacity: expected 0 (any number) to"),
        ("2026-12-24", "2026-12-25", "pickups[0].special_days[0].date: expected each date once"),
        ('"12:00" }', '"09:00" }', "pickups[0].special_days[0].windows[0].until: expected later than"),
        ("[2026-12-25]", '["Christmas"]', "pickups[0].closed[0]: "),
        ('["10"]', '["1o"]', "deliveries[0].postcodes[0]: expected the beginning of a postal code"),
        ('fee = "0.90"', 'fee = "0.90"\nstorages = ["warm"]', "pickups[0].storages[0]: expected one of"),
        ('fee = "0.90"', 'fee = "0.90"\ndays_ahead = 99', "pickups[0].days_ahead: expected 0 to 30"),
        ('names = { en = "Home" }', 'names = { de = "Haus" }', "deliveries[0].names: expected a text in"),
        (', cut_off = "20:00", cut_off_days', ", cut_off_days", "deliveries[0].windows[0].cut_off_days: expected a"),
    ],
)  # fmt: skip
def test_each_mistake_about_them_names_its_key(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in WAYS
    found = mistakes(tmp_path, WAYS.replace(old, new, 1))
    assert any(mistake.startswith(expected) for mistake in found), found
