"""The demo shop looks like a shop: every product of the feed and every advert has a picture of its own."""

import csv
import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat

DEMO = Path(__file__).parents[2] / "content" / "demo"
PICTURES = DEMO / "pictures"
MOST_BYTES = 4_000_000  # all pictures together: every clone carries them


def rows() -> list[dict[str, str]]:
    with (DEMO / "feed.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def adverts() -> list[dict[str, Any]]:
    store = tomllib.loads((DEMO / "store.toml").read_text(encoding="utf-8"))
    return list(store["adverts"])


def test_every_product_has_a_square_picture_that_shows_something() -> None:
    faults = []
    for row in rows():
        path = PICTURES / row["image_link"]
        if not path.is_file():
            faults.append(f"{row['gtin']} {row['title']}: no picture {path.name}")
            continue
        with Image.open(path) as picture:
            kind, size, pixels = picture.format, picture.size, picture.convert("RGB")
        if (kind, size) != ("WEBP", (400, 400)):
            faults.append(
                f"{row['gtin']} {row['title']}: expected WEBP 400x400, found {kind} {size[0]}x{size[1]}"
            )
        if max(ImageStat.Stat(pixels).stddev) < 8:
            faults.append(f"{row['gtin']} {row['title']}: the picture is blank")
    assert not faults, "\n".join(faults)


def test_no_two_products_share_a_picture() -> None:
    seen: dict[str, str] = {}
    for row in rows():
        digest = hashlib.sha256((PICTURES / row["image_link"]).read_bytes()).hexdigest()
        assert digest not in seen, f"{row['title']} looks exactly like {seen[digest]}"
        seen[digest] = row["title"]


def test_the_pictures_stay_small_and_none_is_left_over() -> None:
    files = list(PICTURES.iterdir())
    wanted = {row["image_link"] for row in rows()} | {advert["picture"] for advert in adverts()}
    assert {path.name for path in files} == wanted
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES


@pytest.mark.parametrize("advert", adverts(), ids=lambda advert: advert["key"])
def test_an_advert_is_wide_light_and_calm_where_its_words_go(advert: dict[str, Any]) -> None:
    path = PICTURES / advert["picture"]
    assert path.stat().st_size <= 90_000
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("WEBP", (1080, 608))
        words = picture.convert("L").crop((0, 0, 430, 608))
    assert ImageStat.Stat(words).stddev[0] < 20, "the left two fifths must stay calm"
