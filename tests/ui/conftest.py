"""One window for the whole session: Kivy allows one per process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from kiosk.ui.app import ScreenProgram
from kiosk.ui.nodes import Node
from kiosk.views import Attract, Frame, Intent, Panel, View

from .showroom import Showroom, draw_pictures, make_shop

DEADLINE = 20.0


class Glass:
    """The screen program in a test's hands: views in, fingers on, pictures and intents out."""

    def __init__(self, program: ScreenProgram, room: Showroom) -> None:
        self.program = program
        self.room = room

    def turn_until(self, true: Callable[[], object], what: str = "") -> None:
        """Run the loop until something is so."""
        end = time.monotonic() + DEADLINE
        while not true():
            assert time.monotonic() < end, f"waited {DEADLINE} s for {what or true}"
            self.program.loop.sleep()
            self.program.loop.turn()

    def put(self, view: View) -> None:
        """Show a view and wait until all of it is on the glass."""
        self.room.put(view)
        self.settle(view)

    def settle(self, view: View | None = None) -> None:
        stage = self.program.stage
        self.turn_until(
            lambda: (view is None or stage.view is view) and stage.settled, "the screen to settle"
        )

    def node(self, key: str) -> Node:
        return next(n for n in self.program.stage.nodes if n.key == key)

    def tap(self, key: str) -> None:
        """Touch the middle of a node."""
        r = self.node(key).rect
        self.tap_at(r.x + r.w / 2, r.y + r.h / 2)

    def tap_at(self, x: float, y: float) -> None:
        self.finger("down", x, y)
        self.finger("up", x, y)

    def finger(self, phase: str, x: float, y: float) -> None:
        assert phase in {"down", "move", "up"}
        self.program.touch(phase, x, y)  # type: ignore[arg-type]  # one of the three
        self.program.loop.turn()

    def sent(self, kind: type[Intent]) -> list[Intent]:
        return [i for i in self.room.sent if isinstance(i, kind)]

    def picture(self) -> Image.Image:
        """What is on the glass."""
        request = self.program.ask_picture()
        self.turn_until(request.ready.is_set, "a frame")
        return request.image()


@pytest.fixture(scope="session")
def _program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ScreenProgram, Showroom]]:
    room = Showroom(make_shop(), draw_pictures(tmp_path_factory.mktemp("pictures")))
    program = ScreenProgram(room, Panel(), headless=True)
    program.start()
    yield program, room
    program.loop.finish()
    program.close()


@pytest.fixture
def glass(_program: tuple[ScreenProgram, Showroom]) -> Iterator[Glass]:
    program, room = _program
    shop = room.shop
    glass = Glass(program, room)
    glass.put(Attract(Frame("en"), "how-it-works"))  # as between two people: screens forget
    room.sent.clear()
    room.asked.clear()
    yield glass
    room.shop, room.away = shop, False
