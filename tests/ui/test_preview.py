"""Pictures of a content folder at a moment, drawn by the wall's own program in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

import content
from content.authored.model import Where
from content.authored.reading import read_content
from kiosk.preview.cli import main, moment
from kiosk.preview.walls import HOST, Glass, on_offer

DEMO = Path(content.__file__).parent / "demo"
CROISSANT = "09521101500127"


def glass(tmp_path: Path, panel: str = "portrait", site: str = "anywhere") -> Glass:
    where = Where("demo", site, "K1", "landscape" if panel == "landscape" else "portrait")
    return Glass(read_content(DEMO).content, where, panel, tmp_path)


def at(local: str) -> int:
    return moment(local, "Europe/Berlin")


def test_an_offer_is_previewed_as_it_is_at_that_local_time(tmp_path: Path) -> None:
    shown = glass(tmp_path)
    croissant = next(product for product in shown.products if product.gtin == CROISSANT)

    assert shown.facing(croissant, at("2026-12-23T14:00"), "en").price.minor == 129
    assert shown.facing(croissant, at("2026-12-23T22:30"), "en").price.minor == 90
    assert "0.90 EUR instead of 1.29" in on_offer(croissant, at("2026-12-23T22:30"))


@pytest.mark.parametrize("panel", ["portrait", "landscape", "reach"])
def test_the_pages_of_an_aisle_show_each_of_its_facings_whole(tmp_path: Path, panel: str) -> None:
    shown = glass(tmp_path, panel)
    for aisle in shown.aisles:
        pages = shown.pages(shown.wall(at("2026-12-23T14:00"), "ar", aisle))
        seen = {index for page in pages for index in page.whole}
        assert seen == set(range(len(shown.shelf(aisle))))
        assert [page.number for page in pages] == list(range(1, pages[0].of + 1))


def test_the_loop_is_chosen_as_the_kiosk_chooses(tmp_path: Path) -> None:
    loop = list(glass(tmp_path).loop(at("2026-12-23T14:00"), 4))

    assert [slide.key for slide in loop][:3] == ["breakfast", "dinner", "how-it-works"]
    assert loop[1].at == loop[0].at + loop[0].seconds


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--at", "tonight"], "--at: expected a time such as 2026-12-24T22:30, found 'tonight'"),
        (["--at", "2027-03-28T02:30"], "clocks in Europe/Berlin skip 2027-03-28T02:30"),
        (["--at", "2026-12-24T22:30", "--aisle", "sea"], "--aisle: expected one of fruit-veg, bakery"),
        (["--at", "2026-12-24T22:30", "--language", "fr"], "--language: expected one of en, zh, ar, de"),
    ],
)
def test_wrong_words_are_told(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(DEMO), "--out", str(tmp_path), *words]) == 2
    assert said in capsys.readouterr().err


def test_a_kiosk_is_an_address_or_a_panel(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([str(DEMO), "--at", "2026-12-24T22:30", "--kiosk", "demo/K1"])
    assert left.value.code == 2
    assert "TENANT/SITE/KIOSK such as demo/line2/K1, or one of portrait, landscape, reach" in (
        capsys.readouterr().err
    )


def test_a_folder_that_is_wrong_is_not_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--at", "2026-12-24T22:30", "--out", str(tmp_path / "out")]) == 1
    assert "store.toml" in capsys.readouterr().err


@pytest.mark.ui
def test_a_folder_becomes_pictures_of_one_kiosk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--kiosk", "demo/airport/K1", "--orientation", "landscape", "--at", "2026-12-23T22:30"]

    assert main([str(DEMO), *words, "--aisle", "drinks", "--language", "ar", "--out", str(tmp_path)]) == 0

    told = capsys.readouterr().out
    drawn = sorted(tmp_path.glob("*.png"))
    assert all(str(path) in told for path in drawn)
    assert {path.name.split("-")[1] for path in drawn} == {"attract", "wall", "offer"}
    shown = glass(tmp_path, "landscape", "airport")
    read: list[str] = []
    for page in sorted(tmp_path.glob("landscape-wall-drinks-*-ar.png")):
        with Image.open(page) as picture:
            assert picture.size == (1920, 1080)
            read += [code.text for code in zxingcpp.read_barcodes(picture.convert("L"))]
    wanted = [f"/01/{product.gtin}" for product in shown.shelf("drinks")]
    assert {link[link.index("/01/") :] for link in read} == set(wanted)
    assert all(link.startswith(f"{HOST.upper()}/K1/") for link in read)
