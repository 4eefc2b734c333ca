"""The screens of a purchase, held against the laws of a public screen without drawing them, and their texts against their boxes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
from msgspec import structs

from kiosk.scenes import MONO_MS
from kiosk.ui.nodes import Do, broken_laws
from kiosk.ui.paint import code_side
from kiosk.ui.screens import basket, chrome, pay, product
from kiosk.ui.theme import Theme
from kiosk.ui.words import words
from kiosk.views import Back, Basket, CancelPay, Checkout, Done, Panel, Pay, ProductDetail, SetQuantity

from .scenery import LANGUAGES, Scenery, demo_store

PORTRAIT, LANDSCAPE = Panel(), Panel(1920, 1080)
PANELS = (
    PORTRAIT,
    LANDSCAPE,
    Panel(360, 640),
    Panel(1080, 1920, 546),  # 21.5 inches
    Panel(1080, 1920, 1092),  # 43 inches
    Panel(2160, 3840, 1397),  # 55 inches
    Panel(bottom_mm=800),
    Panel(1920, 1080, bottom_mm=1000),
)


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenery]:
    folder = tmp_path_factory.mktemp("store")
    with closing(demo_store(folder)) as store:
        yield Scenery(store, folder)


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: f"{p.width}x{p.height}-{p.diagonal_mm}-{p.bottom_mm}")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reach", [False, True], ids=["tall", "reach"])
def test_every_screen_keeps_the_laws(scenery: Scenery, panel: Panel, language: str, reach: bool) -> None:
    theme = Theme(panel)
    for name, view in scenery.views(language, reach=reach, count=12).items():
        assert broken_laws(scenery.nodes(theme, view), theme, reach=reach) == [], name


@pytest.mark.parametrize("panel", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_cut_short_however_long_its_words(
    scenery: Scenery, caplog: pytest.LogCaptureFixture, panel: Panel, language: str
) -> None:
    theme = Theme(panel)
    caplog.set_level(logging.DEBUG, "kiosk.ui.paint")
    painted = set()  # equal arts of equal size are one picture
    for name, view in scenery.views(language, count=12, longest=True).items():
        for node in scenery.nodes(theme, view):
            if node.art is not None and (node.art, node.rect[2:]) not in painted:
                painted.add((node.art, node.rect[2:]))
                node.art.paint(node.rect.w, node.rect.h)
        cut = [r.getMessage() for r in caplog.records if "does not fit" in r.getMessage()]
        assert cut == [], name


@pytest.mark.parametrize("panel", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_product_fits_its_page(
    scenery: Scenery, caplog: pytest.LogCaptureFixture, panel: Panel, language: str
) -> None:
    """The facts of the products that have the most to say, and those with an age limit or without nutrition."""
    theme = Theme(panel)
    caplog.set_level(logging.DEBUG, "kiosk.ui.paint")
    view = scenery.views(language)["product"]
    assert isinstance(view, ProductDetail)
    known = scenery.all_products()
    most = sorted(known, key=lambda p: -len(p.ingredients.get(language, "")))[:6]
    marked = sorted(known, key=lambda p: -len(p.allergens))[:3]
    for picked in (
        *most,
        *marked,
        *[p for p in known if p.age_min][:2],
        *[p for p in known if not p.nutrition][:2],
    ):
        scenes = scenery.views_of(picked, language)
        for node in scenery.nodes(theme, scenes):
            if node.art is not None and node.key in ("facts", "name"):
                node.art.paint(node.rect.w, node.rect.h)
        assert [r.getMessage() for r in caplog.records if "does not fit" in r.getMessage()] == [], (
            picked.names["en"]
        )


@pytest.mark.parametrize("panel", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
def test_the_pay_code_has_the_module_a_phone_needs_at_two_metres(scenery: Scenery, panel: Panel) -> None:
    theme = Theme(panel)
    needed = theme.module(pay.CODE_DISTANCE)
    assert needed == 12
    views = scenery.views("en")
    for name in ("pay-link-waiting", "pay-epc-waiting"):
        view = views[name]
        assert isinstance(view, Pay)
        node = next(n for n in scenery.nodes(theme, view) if n.key == "code")
        module = pay.module_for(theme, view.payload, node.rect)
        assert module >= needed
        assert code_side(view.payload, module) <= min(node.rect.w, node.rect.h)


@pytest.mark.parametrize("panel", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
def test_even_the_longest_national_code_reads_at_two_metres(scenery: Scenery, panel: Panel) -> None:
    """263 bytes: DuitNow and KHQR, the longest codes shops are known to show."""
    theme = Theme(panel)
    view = scenery.views("en")["pay-link-waiting"]
    assert isinstance(view, Pay)
    long = structs.replace(view, payload="0" + "a1B2" * 65 + "zz")
    node = next(n for n in scenery.nodes(theme, long) if n.key == "code")
    assert pay.module_for(theme, long.payload, node.rect) >= 12


def test_a_second_changes_nothing_but_the_countdown(scenery: Scenery) -> None:
    theme, view = Theme(PORTRAIT), scenery.views("en")["pay-link-waiting"]
    assert isinstance(view, Pay)
    one = pay.layout(theme, words("en"), scenery.shop, view, 154, 0)
    two = pay.layout(theme, words("en"), scenery.shop, view, 153, 1)
    assert [a.key for a, b in zip(one, two, strict=True) if a != b] == ["time"]


def test_the_countdown_ends_at_zero_and_knows_what_it_does_not_know(scenery: Scenery) -> None:
    view = scenery.views("en")["pay-link-waiting"]
    assert isinstance(view, Pay)
    assert pay.seconds_left(view, view.until_ms - 1) == 1
    assert pay.seconds_left(view, view.until_ms - 1000) == 1
    assert pay.seconds_left(view, view.until_ms + 5000) == 0
    assert pay.seconds_left(structs.replace(view, until_ms=0), MONO_MS) is None


def test_a_payment_can_be_given_up_in_every_stage_but_while_that_is_being_done(scenery: Scenery) -> None:
    theme = Theme(PORTRAIT)
    for name, view in scenery.views("en").items():
        if isinstance(view, Pay):
            taps = [n.tap for n in scenery.nodes(theme, view)]
            assert (CancelPay() in taps) == (view.stage != "cancelling"), name
            assert not any(isinstance(tap, Back | Done) for tap in taps), name


def test_a_long_basket_turns_its_pages(scenery: Scenery) -> None:
    theme = Theme(PORTRAIT)
    view = scenery.views("en", count=12)["basket"]
    assert isinstance(view, Basket)
    many = structs.replace(view, lines=tuple(structs.replace(line, gtin=f"{i:014}") for i in range(40) for line in view.lines[:1]))  # fmt: skip
    count = basket.pages(theme, many)
    shown: list[str] = []
    for page in range(count):
        nodes = basket.layout(theme, words("en"), scenery.shop, many, page)
        assert broken_laws(nodes, theme) == []
        shown += [n.key.removeprefix("line-") for n in nodes if n.key.startswith("line-")]
        assert (Do(basket.PREVIOUS) in [n.tap for n in nodes]) == (page > 0)
        assert (Do(basket.NEXT) in [n.tap for n in nodes]) == (page + 1 < count)
    assert shown == [line.gtin for line in many.lines]


def test_the_last_piece_is_put_back_by_the_same_step(scenery: Scenery) -> None:
    theme = Theme(PORTRAIT)
    view = scenery.views("en")["basket"]
    assert isinstance(view, Basket)
    line = view.lines[0]
    assert line.quantity == 1
    taps = [n.tap for n in scenery.nodes(theme, view)]
    assert SetQuantity(line.gtin, 0) in taps
    assert SetQuantity(line.gtin, 2) in taps
    assert Checkout() in taps


def test_a_sold_out_product_cannot_be_added(scenery: Scenery) -> None:
    theme = Theme(PORTRAIT)
    view = scenery.views("en")["product-new"]
    assert isinstance(view, ProductDetail)
    gone = structs.replace(view, facing=structs.replace(view.facing, available=False))
    nodes = product.layout(theme, words("en"), scenery.shop, gone)
    assert next(n for n in nodes if n.key == "add").tap is None
    assert not any(n.key == "code-sheet" for n in nodes)


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: f"{p.width}x{p.height}-{p.diagonal_mm}-{p.bottom_mm}")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_menu_keeps_the_laws_too(scenery: Scenery, panel: Panel, language: str) -> None:
    theme = Theme(panel)
    nodes = chrome.language_menu(theme, words(language), scenery.shop)
    assert broken_laws(nodes, theme) == []
    assert sum(n.key.startswith("language-") for n in nodes) == 4
