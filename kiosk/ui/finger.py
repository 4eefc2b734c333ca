"""A finger that is not on the glass but does what one would: Kivy motion events made by program."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _kind() -> Any:
    from kivy.input.motionevent import MotionEvent

    def depack(self: Any, args: dict[str, float]) -> None:
        self.sx, self.sy = args["x"], args["y"]
        self.profile = ["pos"]
        MotionEvent.depack(self, args)

    return type("Finger", (MotionEvent,), {"depack": depack})


def make_finger(place: dict[str, float]) -> Any:
    """A touch at {"x", "y"} in 0..1 of the window from the bottom left, ready for EventLoop.post_dispatch_input."""
    return _kind()("finger", 1, place, is_touch=True, type_id="touch")
