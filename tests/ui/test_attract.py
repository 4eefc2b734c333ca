"""Nobody is here: the attract loop."""

from __future__ import annotations

import logging

import pytest

from kiosk.ui.nodes import broken_laws
from kiosk.ui.screens.attract import goods_shape, layout
from kiosk.ui.theme import Theme
from kiosk.ui.words import words
from kiosk.views import AdvertCard, Attract, Frame, Panel, Start, StayHere

from .conftest import Glass
from .showroom import TAGS, make_facing, make_shop

ADVERT = AdvertCard("milk", "", {"en": "Fresh at six"}, {"en": "Order now"})


@pytest.mark.parametrize("panel", [Panel(), Panel(1920, 1080), Panel(360, 640), Panel(1080, 1920, 546)])
@pytest.mark.parametrize("language", TAGS)
@pytest.mark.parametrize("slide", ["milk", "how-it-works"])
def test_layout_keeps_the_laws(panel: Panel, language: str, slide: str) -> None:
    theme = Theme(panel)
    goods = [make_facing(i, language, []) for i in range(8)]
    columns, rows = goods_shape(theme)
    nodes = layout(
        theme, words(language), make_shop(adverts=(ADVERT,)), Attract(Frame(language), slide), goods, language
    )
    assert broken_laws([n for n in nodes if not n.key.startswith(("how-", "slide"))], theme) == []
    assert sum(n.key.startswith("goods-") for n in nodes) == columns * rows


@pytest.mark.parametrize("panel", [Panel(), Panel(1920, 1080)])
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("hint", TAGS)
def test_the_invitation_is_not_cut_and_nothing_touches_the_edge(
    caplog: pytest.LogCaptureFixture, panel: Panel, language: str, hint: str
) -> None:
    theme = Theme(panel)
    nodes = layout(theme, words(language), make_shop(), Attract(Frame(language), "how-it-works"), [], hint)
    with caplog.at_level(logging.DEBUG, logger="kiosk.ui.paint"):
        for node in nodes:
            if node.key not in {"foot", "code"} or node.art is None:
                continue
            picture = node.art.paint(node.rect.w, node.rect.h)
            if node.key == "code":  # its frame keeps away from the glass's edge
                outer = 0 if node.rect.x == 0 else picture.width - 1
                column = {picture.getpixel((outer, y)) for y in range(picture.height)}
                assert all(max(pixel) < 100 for pixel in column), "a frame at the edge"  # type: ignore[arg-type]
    assert not caplog.records


@pytest.mark.ui
def test_a_finger_anywhere_starts(glass: Glass) -> None:
    glass.put(Attract(Frame("en"), "how-it-works"))
    glass.tap("foot")
    assert glass.sent(Start) == [Start("")]


@pytest.mark.ui
def test_an_advert_starts_with_what_it_shows(glass: Glass) -> None:
    glass.room.shop = make_shop(adverts=(ADVERT,))
    glass.put(Attract(Frame("zh"), "milk"))
    glass.tap("slide")
    assert glass.sent(Start) == [Start("milk")]


@pytest.mark.ui
def test_the_idle_warning_covers_everything_and_can_be_answered(glass: Glass) -> None:
    glass.put(Attract(Frame("ar", idle_seconds=20), "how-it-works"))
    glass.tap("foot")
    assert glass.sent(Start) == []
    glass.tap("idle-stay")
    assert glass.sent(StayHere) == [StayHere()]
    glass.put(Attract(Frame("ar"), "how-it-works"))
    assert not any(n.key.startswith("idle") for n in glass.program.stage.nodes)
