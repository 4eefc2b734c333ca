"""Takes pictures of views: a screen program of its own, headless, that shows what it is handed.

    with Camera(shop, facings) as camera:
        camera.shoot(view).save("wall.png")

One camera per process (Kivy has one window), on the main thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from PIL import Image

from kiosk.link.link import Drawn, Show, TakePicture
from kiosk.ui.app import ScreenProgram
from kiosk.ui.screens.wall import WallScreen
from kiosk.views import Facing, FacingsPage, Intent, Panel, Shop, View

Facings = Callable[[str, str, int, int], Sequence[Facing]]  # aisle, language, start, stop


class Pose:
    """The screen's end of a link on which nobody answers but this list of facings."""

    def __init__(self, facings: Facings) -> None:
        self._facings = facings

    def obey(self, picture: TakePicture, leave: Callable[[], None]) -> None:
        """See ScreenEnd: nobody asks."""

    def listen(self, show: Show) -> None:
        """Views come from the camera, not from here."""

    def send(self, intent: Intent) -> None:
        """Nobody listens."""

    def drew(self, drawn: Drawn) -> None:
        """See ScreenEnd: nobody asks."""

    def facings(self, aisle: str, language: str, start: int, stop: int) -> FacingsPage:
        """A window of an aisle's facings."""
        return FacingsPage(aisle, start, tuple(self._facings(aisle, language, start, stop)))

    def close(self) -> None:
        """Nothing is held."""


class Camera:
    """See the module. Raises TimeoutError where a view does not settle within `patience` seconds."""

    def __init__(
        self, shop: Shop, facings: Facings, panel: Panel | None = None, patience: float = 30.0
    ) -> None:
        self._shop = shop
        self._patience = patience
        self._program = ScreenProgram(Pose(facings), panel, headless=True)

    def __enter__(self) -> Self:
        self._program.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._program.loop.finish()
        self._program.close()

    def shoot(
        self, view: View, shop: Shop | None = None, *, opened: str = "", offset: int | None = None
    ) -> Image.Image:
        """The picture of a view (RGB, as large as the panel), with the sheet that a tap `Do(opened)` opens; a wall scrolled
        by `offset` pixels.
        """
        program = self._program
        program.post(shop or self._shop, view)
        self._turn_until(lambda: program.stage.view is view and program.stage.settled)
        screen = program.stage.screen
        if offset is not None and isinstance(screen, WallScreen):
            screen.scroll_to(offset)
            self._turn_until(lambda: program.stage.settled)
        if opened and screen is not None:
            screen.done(opened)
            self._turn_until(lambda: program.stage.settled)
        request = program.ask_picture()
        self._turn_until(request.ready.is_set)
        if screen is not None:
            screen.leave()
        return request.image()

    def _turn_until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + self._patience
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"a view did not settle within {self._patience} s")
            self._program.loop.sleep()
            self._program.loop.turn()
