"""Pictures come from anybody: what is hostile or broken is refused, what is good becomes small, upright and plain."""

from __future__ import annotations

import struct
import warnings
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from content.pictures import PictureError, read_picture, wall_picture
from content.store import OpenStore
from tests.content.feeds import run, table
from tests.content.shop import gtin


def encoded(size: tuple[int, int], kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    out = BytesIO()
    picture = Image.linear_gradient("L").resize(size).convert(mode)
    picture.save(out, kind, **options)
    return out.getvalue()


def decoded(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is enormous."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("JPEG", "L"),
        ("PNG", "RGB"),
        ("PNG", "P"),
        ("GIF", "P"),
        ("WEBP", "RGB"),
    ],
)
def test_every_format_becomes_a_small_webp(kind: str, mode: str) -> None:
    small = decoded(wall_picture(encoded((1600, 800), kind, mode)))
    assert (small.format, small.size, small.mode) == ("WEBP", (400, 200), "RGB")


def test_what_is_seen_through_stays_so() -> None:
    out = BytesIO()
    Image.new("RGBA", (500, 500), (255, 0, 0, 100)).save(out, "PNG")
    assert decoded(wall_picture(out.getvalue())).mode == "RGBA"


def test_a_small_picture_is_not_blown_up() -> None:
    assert decoded(wall_picture(encoded((30, 20), "PNG"))).size == (30, 20)


def test_a_very_thin_picture_keeps_a_pixel() -> None:
    assert decoded(wall_picture(encoded((4000, 2), "PNG"))).size == (400, 1)


def test_a_phones_picture_is_turned_upright_and_keeps_no_secret() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    exif[0x010F] = "Camera of Jane Doe"
    small = wall_picture(encoded((800, 400), exif=exif))
    assert decoded(small).size == (200, 400)
    assert b"Jane" not in small


def test_a_webp_of_the_right_size_keeps_its_bytes() -> None:
    data = encoded((400, 300), "WEBP")
    assert wall_picture(data) is data


@pytest.mark.parametrize("more", ["exif", "xmp", "behind"])
def test_a_webp_with_more_than_pixels_is_made_anew(more: str) -> None:
    secret = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0 secret"
    options: dict[str, Any] = {} if more == "behind" else {more: secret}
    data = encoded((400, 300), "WEBP", **options) + (b"secret" if more == "behind" else b"")
    small = wall_picture(data)
    assert b"secret" not in small
    assert decoded(small).size == (400, 300)


def test_a_moving_picture_stands_still() -> None:
    out = BytesIO()
    frames = [Image.new("P", (50, 50), colour) for colour in (1, 2, 3)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert getattr(decoded(wall_picture(out.getvalue())), "n_frames", 1) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "a whole JPEG, PNG, WebP or GIF picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a whole JPEG"),
        (encoded((50, 50), "TIFF"), "a whole JPEG"),
        (encoded((50, 50), "BMP"), "a whole JPEG"),
        (encoded((900, 900))[:-400], "a whole JPEG"),
        (encoded((900, 900), "PNG")[:-40], "a whole JPEG"),
        (encoded((900, 900), "WEBP")[:-40], "a whole JPEG"),
        (encoded((300, 300), "WEBP")[:-40], "a whole JPEG"),
        (png_bomb(8000, 8000), "at most 50 million pixels; these are 8000 x 8000"),
        (png_bomb(20_000, 20_000), "a whole JPEG"),
        (png_bomb(6000, 6000), "a whole JPEG"),  # says it is large, and is not
    ],
    ids=[
        "empty",
        "svg",
        "tiff",
        "bmp",
        "cut jpeg",
        "cut png",
        "cut webp",
        "cut small webp",
        "bomb",
        "huge",
        "lie",
    ],
)
def test_what_is_no_good_is_refused(data: bytes, reason: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with pytest.raises(PictureError, match=reason):
            wall_picture(data)


@given(st.data())
def test_damage_is_refused_or_harmless(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]))
    picture = bytearray(encoded((64, 48), kind))
    for _ in range(data.draw(st.integers(1, 5))):
        picture[data.draw(st.integers(0, len(picture) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with suppress(PictureError):
            assert max(decoded(wall_picture(bytes(picture))).size) <= 400


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    with pytest.raises(PictureError, match="at most 20 MB"):
        read_picture(path)


def test_a_feeds_pictures_are_brought_in_and_bad_ones_reported(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    (images / "apple pie.jpg").write_bytes(encoded((900, 900)))
    (images / "pear.png").write_bytes(encoded((500, 400)))  # a JPEG, whatever its name says
    (images / "bomb.png").write_bytes(png_bomb(9000, 9000))
    (images / "folder.png").mkdir()
    links = [
        "https://example.org/a/apple%20pie.jpg?v=2",
        "pear.png",
        "bomb.png",
        "folder.png",
        "pear.png",
        "",
    ]
    rows = [
        {
            "gtin": gtin(number), "title": "Fruit", "price": "1.00 EUR", "product_type": "fruit-veg",
            "image_link": link,
        }
        for number, link in enumerate(links, start=1)
    ]  # fmt: skip
    feed = tmp_path / "feed.tsv"
    feed.write_text(table(rows), encoding="utf-8")
    done, problems = run(feed, tmp_path / "store", images, store=None)
    assert (done.imported, done.pictures) == (6, 3)
    assert [(problem.line, problem.column, problem.severity) for problem in problems] == [
        (4, "image_link", "warning"),
        (5, "image_link", "warning"),
    ]
    with OpenStore(tmp_path / "store") as store:
        shelf = store.shelf("fruit-veg", 0, 9)
        paths = [store.picture(product) for product in shelf]
        assert [path is not None for path in paths] == [True, True, False, False, True, False]
        assert paths[1] == paths[4]
        for path in filter(None, paths):
            assert decoded(path.read_bytes()).format == "WEBP"
    assert len(list((tmp_path / "store/pictures").iterdir())) == 2
