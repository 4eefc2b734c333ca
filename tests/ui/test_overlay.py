"""Over any screen: notices that leave by themselves, and the countdown to a reset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kiosk.ui.art import Label, Toast
from kiosk.ui.nodes import Node, broken_laws
from kiosk.ui.overlay import NOTICE_SECONDS, Overlay, idle_layout
from kiosk.ui.theme import Theme
from kiosk.ui.words import words
from kiosk.views import Frame, Notice, Panel, View, Wall

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
