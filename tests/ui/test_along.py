"""Taking the basket along: a sheet with a code, opened and closed by a finger, read by a phone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
import zxingcpp
from msgspec import structs

from content.carry import MOST_LINES, unpack
from content.links import parse
from kiosk.ui.nodes import Do, broken_laws
from kiosk.ui.screens import along, basket
from kiosk.ui.theme import Theme
from kiosk.ui.words import words
from kiosk.views import Attract, Basket, Checkout, Frame, Panel, SetQuantity

from .conftest import Glass
from .scenery import LANGUAGES, Scenery, demo_store
from .test_wall import as_a_phone_sees_it

PANELS = (Panel(), Panel(1920, 1080), Panel(1080, 1920, 546), Panel(360, 640), Panel(bottom_mm=850))


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenery]:
    folder = tmp_path_factory.mktemp("store")
    with closing(demo_store(folder)) as store:
        yield Scenery(store, folder)


def full(scenery: Scenery, language: str) -> Basket:
    """A basket of as many lines as one code holds."""
    view = scenery.views(language, count=MOST_LINES, longest=True)["basket"]
    assert isinstance(view, Basket)
    assert len(view.lines) == MOST_LINES
    return view


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: f"{p.width}x{p.height}-{p.diagonal_mm}-{p.bottom_mm}")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_keeps_the_laws_and_its_words_fit(
    scenery: Scenery, caplog: pytest.LogCaptureFixture, panel: Panel, language: str
) -> None:
    theme = Theme(panel)
    caplog.set_level(logging.DEBUG, "kiosk.ui.paint")
    nodes = along.sheet(theme, words(language), scenery.shop, full(scenery, language).carry)
    assert broken_laws(nodes, theme, reach=True) == []
    code = next(n for n in nodes if n.key == "along-code")
    assert not any(code.rect.meets(n.rect) for n in nodes if n.key in ("along-title", along.CLOSE_ALONG))
    for node in nodes:
        if node.art is not None and node.key != "along-code":
            node.art.paint(node.rect.w, node.rect.h)
    assert [r.getMessage() for r in caplog.records if "does not fit" in r.getMessage()] == []


@pytest.mark.parametrize("panel", [Panel(), Panel(1920, 1080)], ids=["portrait", "landscape"])
def test_without_a_code_there_is_no_button(scenery: Scenery, panel: Panel) -> None:
    theme, view = Theme(panel), scenery.views("en")["basket"]
    assert isinstance(view, Basket)
    taps = [n.tap for n in basket.layout(theme, words("en"), scenery.shop, view)]
    assert Do(along.ALONG) in taps
    bare = structs.replace(view, carry="")
    taps = [n.tap for n in basket.layout(theme, words("en"), scenery.shop, bare)]
    assert Do(along.ALONG) not in taps
    assert Checkout() in taps


@pytest.mark.ui
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_phone_takes_a_full_basket_from_a_metre(glass: Glass, scenery: Scenery, language: str) -> None:
    glass.room.shop = scenery.shop
    view = full(scenery, language)
    glass.put(view)
    glass.tap(along.ALONG)
    glass.turn_until(lambda: any(n.key == "along-code" for n in glass.program.stage.nodes), "the sheet")
    glass.settle()
    (code,) = zxingcpp.read_barcodes(as_a_phone_sees_it(glass.picture(), glass.program.panel, 1000, 3))
    assert code.text == view.carry
    link = parse(code.text)
    assert link is not None
    assert unpack(link.value) == [(line.gtin, line.quantity) for line in view.lines]
    glass.tap(f"more-{view.lines[0].gtin}")
    assert glass.sent(SetQuantity) == [], "what lies under the sheet cannot be touched"
    glass.tap(along.CLOSE_ALONG)
    glass.turn_until(lambda: all(n.key != "along-code" for n in glass.program.stage.nodes), "the basket")


@pytest.mark.ui
def test_the_next_one_finds_the_sheet_closed(glass: Glass, scenery: Scenery) -> None:
    glass.room.shop = scenery.shop
    view = scenery.views("en")["basket"]
    glass.put(view)
    glass.tap(along.ALONG)
    glass.turn_until(lambda: any(n.key == "along-code" for n in glass.program.stage.nodes), "the sheet")
    glass.put(Attract(Frame("en"), "how-it-works"))
    glass.put(view)
    assert all(n.key != "along-code" for n in glass.program.stage.nodes)
