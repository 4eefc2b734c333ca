"""Two to nine ways to pay, in every language, on every glass: marks, names and reasons in their places."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
from msgspec import structs

from kiosk.scenes import MANY
from kiosk.ui import marks
from kiosk.ui.nodes import broken_laws
from kiosk.ui.screens import choose
from kiosk.ui.screens.methods import READER, method_words, scan_words
from kiosk.ui.theme import Theme
from kiosk.ui.words import words
from kiosk.views import ChooseMethod, Panel, PayBy

from .scenery import LANGUAGES, Scenery, demo_store

PANELS = (Panel(), Panel(1920, 1080), Panel(1080, 1920, 546), Panel(360, 640), Panel(bottom_mm=850))
LONG = (
    "swiss",
    "epc",
    "lightning",
    "duitnow",
    "promptpay",
    "wechat",
    "bitcoin",
    "tomorrow-pay",
    "card",
)


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenery]:
    folder = tmp_path_factory.mktemp("store")
    with closing(demo_store(folder)) as store:
        yield Scenery(store, folder)


def choosing(scenery: Scenery, language: str, methods: tuple[str, ...], *, reach: bool) -> ChooseMethod:
    view = scenery.views(language, reach=reach)["choose"]
    assert isinstance(view, ChooseMethod)
    return structs.replace(view, methods=methods, off=((methods[0], "offline"), (methods[-1], "no-reader")))


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: f"{p.width}x{p.height}-{p.diagonal_mm}-{p.bottom_mm}")
@pytest.mark.parametrize("reach", [False, True], ids=["tall", "reach"])
def test_any_number_of_methods_keeps_the_laws_and_stays_large(
    scenery: Scenery, panel: Panel, reach: bool
) -> None:
    theme = Theme(panel)
    for language in LANGUAGES:
        for count in range(2, 10):
            view = choosing(scenery, language, LONG[:count], reach=reach)
            nodes = choose.layout(theme, words(language), scenery.shop, view)
            assert broken_laws(nodes, theme, reach=reach) == [], (language, count)
            cards = [n for n in nodes if n.key.startswith("method-")]
            assert [n.key for n in cards] == [f"method-{m}" for m in LONG[:count]]
            assert [n.tap for n in cards[1:-1]] == [PayBy(m) for m in LONG[1 : count - 1]]
            assert cards[0].tap is cards[-1].tap is None
            if not reach:
                assert all(n.rect.h >= 1.25 * theme.target for n in cards), (language, count)


@pytest.mark.parametrize("panel", [Panel(), Panel(1920, 1080)], ids=["portrait", "landscape"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_and_no_reason_is_cut_short(
    scenery: Scenery, caplog: pytest.LogCaptureFixture, panel: Panel, language: str
) -> None:
    theme = Theme(panel)
    caplog.set_level(logging.DEBUG, "kiosk.ui.paint")
    for methods in (LONG, MANY):
        for count in range(2, 10):
            view = choosing(scenery, language, methods[:count], reach=False)
            for node in choose.layout(theme, words(language), scenery.shop, view):
                if node.art is not None and node.key.startswith("method-"):
                    node.art.paint(node.rect.w, node.rect.h)
            cut = [r.getMessage() for r in caplog.records if "does not fit" in r.getMessage()]
            assert cut == [], (count, methods[:count])


def test_all_names_on_a_screen_have_one_size(scenery: Scenery) -> None:
    view = choosing(scenery, "de", LONG, reach=False)
    nodes = choose.layout(Theme(Panel()), words("de"), scenery.shop, view)
    sizes = {n.art.name_size for n in nodes if isinstance(n.art, choose.MethodCard)}
    assert len(sizes) == 1


def test_where_nothing_can_be_paid_the_screen_says_so(scenery: Scenery) -> None:
    for language in LANGUAGES:
        view = scenery.views(language)["choose-none"]
        keys = [n.key for n in scenery.nodes(Theme(Panel()), view)]
        assert "none" in keys
        assert "back" in keys


def test_every_method_has_a_mark_of_its_own_colour_that_pales_where_it_cannot_be_used() -> None:
    seen = set()
    for method in (*READER, "card", "tomorrow-pay"):
        on, off = marks.plate(method, 150, 100), marks.plate(method, 150, 100, on=False)
        assert on.size == (150, 100)
        assert on.getpixel((0, 0))[3] < 40, "smooth corners"  # type: ignore[index]  # RGBA
        assert on != off
        colours = off.convert("RGB").getpixel((75, 4))
        assert isinstance(colours, tuple)
        assert max(colours) - min(colours) < 12, "grey"
        seen.add(marks.mark_of(method).fill)
    assert (
        len(seen) == len({marks.mark_of(m) for m in (*READER, "card", "x")}) - 1
    )  # UPI's and VietQR's are white


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_marks_people_read_in_their_own_language(language: str) -> None:
    w = words(language)
    assert method_words(w, "wechat")[0] == {"zh": "微信支付"}.get(language, "WeChat Pay")
    assert method_words(w, "alipay")[0] == {"zh": "支付宝"}.get(language, "Alipay")
    assert {"zh": "微信"}.get(language, "WeChat") in scan_words(w, "wechat")
    assert scan_words(w, "tomorrow-pay") == w("pay.scan.other")
    for method in READER:
        assert all(method_words(w, method))
