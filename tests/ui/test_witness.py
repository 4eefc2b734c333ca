"""What the screen tells the agent of what it has drawn."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import structs

from kiosk.link.link import Drawn
from kiosk.ui.witness import OFTEN_S, SOON_S, Witness
from kiosk.views import Attract, Frame, Wall
from tests.ui.conftest import Glass
from tests.ui.showroom import make_shop


def test_it_tells_at_once_then_seldom_and_anew_for_new_content() -> None:
    told: list[Drawn] = []
    waiting: list[Callable[[float], None]] = []
    seen, now = 0, 0.0
    witness = Witness(told.append, lambda: seen, lambda call, _seconds: waiting.append(call), lambda: now)
    witness.frame("v1")
    assert told == [Drawn("v1", 1, 0)]
    witness.frame("v1")
    witness.frame("v1")
    assert len(told) == len(waiting) == 1
    seen, now = 4, SOON_S
    waiting.pop()(0)
    assert told[-1] == Drawn("v1", 3, 4), "without another frame"
    seen, now = 0, SOON_S + OFTEN_S
    witness.frame("v1")
    assert told[-1] == Drawn("v1", 4, 4), "the most there were"
    witness.frame("v2")
    assert told[-1] == Drawn("v2", 1, 0)
    witness.frame("v2", "autumn")
    assert told[-1] == Drawn("v2", 2, 0, "autumn"), "a slide is told at once"
    witness.frame("v2", "autumn")
    witness.frame("v2")
    assert told[-1] == Drawn("v2", 4, 0), "and that it is no more"


@pytest.mark.ui
def test_the_agent_hears_of_products_on_the_glass(glass: Glass) -> None:
    glass.put(Attract(Frame("en"), "how-it-works"))
    glass.turn_until(lambda: glass.room.drawn is not None and glass.room.drawn.facings >= 4, "the strip")
    glass.room.shop = structs.replace(make_shop(), version="v2")
    glass.put(Wall(Frame("en"), aisle="dairy"))
    glass.turn_until(
        lambda: (
            glass.room.drawn is not None and glass.room.drawn.version == "v2" and glass.room.drawn.facings > 4
        ),
        "the shelf",
    )


@pytest.mark.ui
def test_a_wall_nobody_answers_for_shows_no_product(glass: Glass) -> None:
    glass.room.away = True
    glass.room.shop = structs.replace(make_shop(), version="v3")
    glass.put(Attract(Frame("en"), "how-it-works"))
    glass.turn_until(lambda: glass.room.drawn is not None and glass.room.drawn.version == "v3", "a frame")
    assert glass.room.drawn is not None
    assert glass.room.drawn.facings == 0
