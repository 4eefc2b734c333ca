"""Pictures for phones: no larger than they are shown, made once, kept within bounds."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from fleet.web.shop.pictures import WIDTHS, Small, width_of


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "apple.webp"
    Image.effect_noise((400, 300), 60).convert("RGB").save(path, "WEBP", quality=80)
    return path


def test_a_picture_is_made_smaller_once(picture: Path) -> None:
    small = Small()
    made = small.of(picture, 112)
    with Image.open(BytesIO(made)) as image:
        assert (image.format, image.size) == ("WEBP", (112, 84))
    assert small.of(picture, 112) is made
    assert len(made) < picture.stat().st_size / 4


def test_one_that_was_exchanged_is_made_anew(picture: Path) -> None:
    small = Small()
    before = small.of(picture, 112)
    Image.new("RGB", (300, 300), "red").save(picture, "WEBP")
    assert small.of(picture, 112) != before


def test_what_is_kept_has_a_bound(picture: Path) -> None:
    small = Small(most_bytes=1)
    assert small.of(picture, 112)
    assert small.of(picture, 112), "made again"


def test_what_is_no_picture_is_said(tmp_path: Path) -> None:
    path = tmp_path / "broken.webp"
    path.write_bytes(b"RIFF....WEBP")
    with pytest.raises(OSError, match="image"):
        Small().of(path, 112)


@pytest.mark.parametrize(
    "text", ["", "0", "113", "0112", "00112", "00112999999", "1_12", "+112", "١١٢", "112 ", "9" * 5000]
)
def test_only_the_widths_pages_show_are_made(text: str) -> None:
    assert width_of(text) is None
    assert [width_of(str(width)) for width in WIDTHS] == list(WIDTHS)
