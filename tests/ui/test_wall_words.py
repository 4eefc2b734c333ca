"""The wall's words in the demo store's four languages: none cut, none broken, wherever the wall hangs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.ui.facing import name_size
from kiosk.ui.screens.wall import layout, shelving
from kiosk.ui.screens.wall_art import AisleTab
from kiosk.ui.text import line_height, whole_words, wrap
from kiosk.ui.theme import Theme
from kiosk.ui.words import words
from kiosk.views import Frame, Panel, Wall

from .scenery import LANGUAGES, Scenery, demo_store


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenery]:
    """The demo store, once."""
    folder = tmp_path_factory.mktemp("store")
    store = demo_store(folder)
    yield Scenery(store, folder)
    store.close()


DEMO_PANELS = [(Panel(), False), (Panel(1920, 1080), False), (Panel(bottom_mm=850), True)]


@pytest.mark.parametrize(("panel", "reach"), DEMO_PANELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_of_an_aisle_is_cut_or_broken_inside_a_word(
    scenery: Scenery, panel: Panel, reach: bool, language: str
) -> None:
    shown = set()
    for page in range(2):
        view = Wall(Frame(language, reach=reach), "dairy")
        for node in layout(Theme(panel), words(language), scenery.shop, view, page):
            if not isinstance(node.art, AisleTab):
                continue
            tab, place = node.art, node.rect
            lines = tab.lines(place.w, place.h)
            said = ["".join(run.text for run in line.runs) for line in lines]
            assert whole_words(tab.name, lines[0].size, True, language, place.w - 16, len(lines)), said
            assert lines[0].size >= Theme(panel).text, f"{said} is too small to read"
            assert sum(len(text.replace(" ", "")) for text in said) == len(tab.name.replace(" ", ""))
            assert all(line.width <= place.w - 16 for line in lines)
            assert len(lines) * line_height(lines[0].size) < place.h
            shown.add(node.key)
    assert len(shown) == len(scenery.shop.aisles)


@pytest.mark.parametrize(("panel", "reach"), DEMO_PANELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_on_a_label_is_cut(scenery: Scenery, panel: Panel, reach: bool, language: str) -> None:
    view = Wall(Frame(language, reach=reach), "dairy")
    s = shelving(Theme(panel), words(language), scenery.shop, view).shape
    for product in scenery.all_products():
        name = product.names[language]
        size = name_size(name, s, language)
        assert whole_words(name, size, True, language, s.name.w, s.lines), name
        assert size >= Theme(panel).text * 0.85
        lines = wrap(name, size, True, language, s.name.w, s.lines)
        assert len(lines) * line_height(size) <= s.name.h
