"""The screenshots in the docs, and what a phone reads from a wall in landscape (a window of its own, so a process of its own)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest
import zxingcpp
from PIL import Image

from kiosk.scenes import EPC, LINK, ORDER
from kiosk.shots import SHOOTS, file_name, index
from kiosk.views import View

from .scenery import LANGUAGES, Scenery, demo_store
from .test_wall import as_a_phone_sees_it

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenery]:
    folder = tmp_path_factory.mktemp("store")
    with closing(demo_store(folder)) as store:
        yield Scenery(store, folder)


def test_every_kind_of_screen_is_photographed_in_every_language(scenery: Scenery) -> None:
    shown: dict[str, set[type]] = {}
    for what in SHOOTS.values():
        for scene, language in what.scenes:
            view = scenery.scenes(language)[scene]
            shown.setdefault(language, set()).add(type(view))
    assert shown["en"] == set(get_args(View))
    assert set(shown) == set(LANGUAGES)


def test_the_page_shows_every_picture() -> None:
    page = index()
    for panel, what in SHOOTS.items():
        for scene, language in what.scenes:
            assert f'src="{file_name(panel, scene, language)}.webp"' in page


@pytest.mark.ui
def test_a_phone_reads_a_landscape_panel_the_shelves_from_one_metre_the_payment_from_two(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "kiosk.shots", str(tmp_path), "--panel", "landscape", "--full"]
    done = subprocess.run(
        [*command, "--only", "wall", "pay-link-waiting", "pay-epc-waiting"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    panel = SHOOTS["landscape"].panel
    read, shown = {}, list[str]()
    for path in sorted(tmp_path.glob("*.png")):
        shelves = "wall" in path.stem
        with Image.open(path) as picture:
            whole = picture.convert("RGB")
        seen = as_a_phone_sees_it(whole, panel, 1000 if shelves else 2000, 7)
        read[path.stem] = [c.text for c in zxingcpp.read_barcodes(seen)]
        if shelves:
            shown = [c.text for c in zxingcpp.read_barcodes(whole)]
    assert len(shown) >= 4  # one whole row
    assert all("/01/0952" in text for text in shown)
    assert set(read["landscape-wall-en"]) == set(shown)
    assert read["landscape-pay-link-waiting-en"] == [LINK]
    (epc,) = read["landscape-pay-epc-waiting-ar"]
    assert epc.splitlines()[:6] == EPC.splitlines()[:6]
    assert ORDER in epc
