"""The station operator's line: it covers nothing that is touched or scanned, and is whole in every language."""

from __future__ import annotations

import logging

import pytest

from kiosk.scenes import TICKER
from kiosk.ui.nodes import Node, broken_laws
from kiosk.ui.screens import attract, wall
from kiosk.ui.theme import Theme
from kiosk.ui.words import words
from kiosk.views import Attract, Frame, Panel, Ticker, Wall

from .showroom import TAGS, make_facing, make_shop

PANELS = [Panel(), Panel(1920, 1080), Panel(360, 640), Panel(bottom_mm=850)]


def told(language: str) -> Ticker:
    return Ticker(TICKER.lines[0].texts[language], language)


def attract_nodes(panel: Panel, language: str, slide: str = "how-it-works") -> list[Node]:
    goods = [make_facing(i, language, []) for i in range(8)]
    view = Attract(Frame(language, ticker=told(language)), slide)
    return attract.layout(Theme(panel), words(language), make_shop(), view, goods, language)


def wall_nodes(panel: Panel, language: str, reach: bool = False) -> list[Node]:
    view = Wall(Frame(language, reach=reach, ticker=told(language)), "dairy")
    return wall.layout(Theme(panel), words(language), make_shop(), view)


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("language", TAGS)
def test_on_the_attract_loop_it_has_its_fifth_of_the_glass_and_meets_nothing(
    panel: Panel, language: str
) -> None:
    theme = Theme(panel)
    nodes = attract_nodes(panel, language)
    assert broken_laws([n for n in nodes if not n.key.startswith(("how-", "slide"))], theme) == []
    [band] = [n for n in nodes if n.key == "ticker"]
    assert band.rect.w == theme.width
    assert band.rect.h * 1000 // theme.height in (199, 200)
    assert not [n.key for n in nodes if n is not band and n.rect.meets(band.rect)]


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("language", TAGS)
@pytest.mark.parametrize("reach", [False, True])
def test_on_the_wall_it_meets_neither_codes_nor_the_pay_bar(panel: Panel, language: str, reach: bool) -> None:
    theme = Theme(panel)
    nodes = wall_nodes(panel, language, reach)
    assert broken_laws(nodes, theme, reach=reach and theme.reach_top > 0) == []
    [band] = [n for n in nodes if n.key == "ticker"]
    view = Wall(Frame(language, reach=reach, ticker=told(language)), "dairy")
    shelves = wall.shelving(theme, words(language), make_shop(), view).viewport
    assert not shelves.meets(band.rect)
    assert not [n.key for n in nodes if n is not band and n.rect.meets(band.rect)]


@pytest.mark.parametrize("panel", PANELS[:2])
@pytest.mark.parametrize("language", TAGS)
def test_it_is_not_cut(caplog: pytest.LogCaptureFixture, panel: Panel, language: str) -> None:
    with caplog.at_level(logging.DEBUG, logger="kiosk.ui.paint"):
        for nodes in (attract_nodes(panel, language), wall_nodes(panel, language)):
            [band] = [n for n in nodes if n.key == "ticker"]
            assert band.art is not None
            band.art.paint(band.rect.w, band.rect.h)
    assert not caplog.records
