"""Over any screen: notices that leave by themselves, and the countdown to a reset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kiosk.ui.art import Label, Toast, Veil
from kiosk.ui.nodes import Node, broken_laws
from kiosk.ui.overlay import DARKEST, NOTICE_SECONDS, Overlay, identify_layout, idle_layout
from kiosk.ui.theme import Theme, contrast
from kiosk.ui.words import words
from kiosk.views import COLOURS, Frame, Identify, Notice, Panel, View, Wall

from .showroom import TAGS


class Times:
    """A clock that is turned by hand, with one alarm."""

    def __init__(self) -> None:
        self.now = 100.0
        self.alarm: tuple[float, Callable[[float], None]] | None = None
        self.shown: Sequence[Node] = ()

    def later(self, call: Callable[[float], None], seconds: float) -> Any:
        self.alarm = self.now + seconds, call
        return self

    def cancel(self) -> None:
        self.alarm = None

    def put(self, nodes: Sequence[Node]) -> None:
        self.shown = nodes

    def pass_seconds(self, seconds: float) -> None:
        end = self.now + seconds
        while self.alarm is not None and self.alarm[0] <= end:
            self.now, call = self.alarm
            self.alarm = None
            call(0.0)
        self.now = end

    def count(self) -> str:
        art = next(n.art for n in self.shown if n.key == "idle-count")
        assert isinstance(art, Label)
        return art.text


def overlay() -> tuple[Overlay, Times]:
    times = Times()
    return Overlay(Theme(Panel()), times.put, times.later, lambda: times.now), times


def wall(**frame: Any) -> View:
    return Wall(Frame("en", **frame), "dairy")


def test_a_notice_leaves_by_itself_and_comes_again_only_with_a_new_serial() -> None:
    over, times = overlay()
    over.show(wall(notice=Notice("wall.sold-out", tone="bad", serial=1)))
    assert isinstance(times.shown[0].art, Toast)
    times.pass_seconds(NOTICE_SECONDS + 0.1)
    assert not times.shown
    over.show(wall(notice=Notice("wall.sold-out", tone="bad", serial=1), basket_count=1))
    assert not times.shown
    over.show(wall(notice=Notice("wall.sold-out", tone="bad", serial=2)))
    assert times.shown
    over.show(wall())
    assert not times.shown


def test_the_countdown_counts_and_asks_for_nothing_when_it_is_over() -> None:
    over, times = overlay()
    over.show(wall(idle_seconds=3))
    said = [times.count()]
    times.pass_seconds(0.01)
    for _ in range(4):
        times.pass_seconds(1.0)
        said.append(times.count())
    assert said == ["3", "2", "1", "0", "0"]
    assert times.alarm is None
    assert over.modal
    over.show(wall())
    assert not times.shown


@pytest.mark.parametrize("panel", [Panel(), Panel(1920, 1080), Panel(360, 640), Panel(1080, 1920, 1397, 400)])
@pytest.mark.parametrize("language", TAGS)
def test_the_warning_keeps_the_laws_in_reach_mode(panel: Panel, language: str) -> None:
    theme = Theme(panel)
    assert broken_laws(idle_layout(theme, words(language), 9), theme, reach=True) == []


@pytest.mark.parametrize("colour", [*COLOURS, "puce"])
def test_whoever_looks_for_the_kiosk_reads_its_name_over_everything(colour: str) -> None:
    over, times = overlay()
    over.show(wall(idle_seconds=3, identify=Identify("demo/central/WALL-12", colour)))
    assert over.modal
    assert [n.key for n in times.shown][-4:] == [
        "identify",
        "identify-line",
        "identify-name",
        "identify-address",
    ]
    art = next(n.art for n in times.shown if n.key == "identify-name")
    assert isinstance(art, Label)
    assert art.text == "WALL-12"
    assert contrast(art.colour, art.ground) >= 4.5
    over.show(wall())
    assert not times.shown


@pytest.mark.parametrize("panel", [Panel(), Panel(1920, 1080)])
@pytest.mark.parametrize("tag", TAGS)
def test_the_kiosks_name_stays_on_the_panel(panel: Panel, tag: str) -> None:
    nodes = identify_layout(Theme(panel), words(tag), Identify("demo/central/WALL-1", "red"))
    assert not broken_laws(nodes, Theme(panel))


def test_a_panel_without_a_lamp_of_its_own_is_darkened_and_stays_legible() -> None:
    over, times = overlay()
    over.show(wall(), 40)
    (veil,) = times.shown
    assert isinstance(veil.art, Veil)
    assert veil.art.strength == pytest.approx(0.6)
    assert veil.tap is None
    over.show(wall(), 0)
    assert isinstance(times.shown[0].art, Veil)
    assert times.shown[0].art.strength == DARKEST
    over.show(wall(), 100)
    assert not times.shown
