"""A small content folder, whole and right, to be changed by tests."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

STORE = """
key = "corner"
currency = "EUR"
timezone = "Europe/Berlin"
[names]
en = "Corner"
[[languages]]
tag = "en"
name = "English"
[[aisles]]
key = "bread"
names = { en = "Bread" }
[[aisles]]
key = "milk"
names = { en = "Milk" }
[[pickups]]
key = "counter"
kind = "counter"
windows = [{ from = "06:00", until = "22:00" }]
names = { en = "Counter" }
"""
ROLL, LOAF, MILK, CREAM, BOOK = (
    "09521100100113", "09521100100212", "09521100100311", "09521100100519", "09521100100618",
)  # fmt: skip
FEED = f"""id\tgtin\ttitle\tprice\tproduct_type\timage_link
M1\t{MILK}\tMilk\t1.20 EUR\tmilk\tmilk.png
B1\t{ROLL}\tRoll\t0.60 EUR\tbread\t
B2\t{LOAF}\tLoaf\t3.00 EUR\tbread\t
M2\t{CREAM}\tCream\t1.80 EUR\tmilk\t
"""
BOOKS = f"id\tgtin\ttitle\tprice\tproduct_type\nX1\t{BOOK}\tCookbook\t12.00 EUR\tbread\n"
GROUPS = """
[[lines]]
key = "line-2"
stations = ["line2-*"]
[[groups]]
key = "line-2"
lines = ["line-2"]
without = ["line2-depot/*"]
[[groups]]
key = "airport"
stations = ["airport"]
tags = ["air"]
[[groups]]
key = "wide"
orientation = "landscape"
"""
MERCHANTS = """
[[merchants]]
key = "books"
names = { en = "Station Books" }
feed = "feeds/books.tsv"
groups = ["airport"]
fulfilments = ["counter"]
"""
PRICES = """
[[lists]]
key = "airport"
file = "prices/airport.tsv"
groups = ["airport"]
"""
AIRPORT = f"""gtin\tprice\tsale_price\toffer\tavailability
{ROLL}\t0.90 EUR\t0.80 EUR\t\t
{MILK}\t\t\t\tout_of_stock
"""
WALLS = f"""
[[walls]]
key = "wide"
groups = ["wide"]
[[walls.shelves]]
aisle = "milk"
facings = ["{CREAM}"]
[[walls.shelves]]
aisle = "bread"
facings = ["{LOAF}"]
rest = false
"""
DAYPARTS = """
[[dayparts]]
key = "late"
windows = [{ from = "22:00", until = "02:00" }]
holidays = "berlin"
on_holidays = [{ from = "18:00", until = "02:00" }]
[[dayparts.special_days]]
date = 2026-12-24
[[holidays]]
key = "berlin"
dates = [2026-12-25]
"""
OFFERS = f"""
[[offers]]
key = "late-bread"
percent = 30
daypart = "late"
last_day = 2026-12-31
per_basket = 4
[offers.scope]
aisles = ["bread"]
merchants = ["store"]
[[offers]]
key = "airport-milk"
quantity = 2
price = "2.00"
per_order = 6
scope = {{ groups = ["airport"], gtins = ["{MILK}"] }}
[[offers]]
key = "new-books"
new = true
scope = {{ merchants = ["books"] }}
"""
THEMES = """
[[themes]]
key = "airport"
groups = ["airport"]
[themes.aisles]
bread = { background = "#ffffff", accent = "#000000" }
"""
ADVERTS = """
[[adverts]]
key = "spring"
picture = "milk.png"
headlines = { en = "Spring" }
link = "milk"
[[adverts]]
key = "flight"
picture = "milk.png"
headlines = { en = "Before your flight" }
[[playlists]]
key = "house"
[[playlists.entries]]
advert = "spring"
daypart = "late"
last_day = 2026-12-31
[[playlists]]
key = "airport"
groups = ["airport"]
contract_per_mille = 200
[[playlists.entries]]
advert = "flight"
plays_per_day = 40
[ticker]
[[ticker.lines]]
key = "gates"
groups = ["airport"]
texts = { en = "Gates close early." }
"""


def a_folder(folder: Path, **changed: str | None) -> Path:
    """The folder with files changed (or left out: None): `store`, `feed`, `groups`, ..., `books`, `airport`."""
    files = {
        "store": ("store.toml", STORE), "feed": ("feed.tsv", FEED), "groups": ("groups.toml", GROUPS),
        "merchants": ("merchants.toml", MERCHANTS), "prices": ("prices.toml", PRICES), "walls": ("walls.toml", WALLS),
        "books": ("feeds/books.tsv", BOOKS), "airport": ("prices/airport.tsv", AIRPORT), "dayparts": ("dayparts.toml", DAYPARTS),
        "offers": ("offers.toml", OFFERS), "themes": ("themes.toml", THEMES), "adverts": ("adverts.toml", ADVERTS),
    }  # fmt: skip
    for key, (name, text) in files.items():
        said = changed.get(key, text)
        if said is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(said, encoding="utf-8")
    (folder / "pictures").mkdir(exist_ok=True)
    image = BytesIO()
    Image.new("RGB", (600, 600), "#1456d9").save(image, "PNG")
    (folder / "pictures" / "milk.png").write_bytes(image.getvalue())
    return folder
