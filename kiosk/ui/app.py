"""The screen program: joins the link to the stage, and runs the loop.

    from kiosk.ui.app import ScreenProgram      # sets Kivy's environment; import kivy nowhere before
    program = ScreenProgram(link, Panel())
    program.run()                               # on the main thread, until program.stop()

A new screen is a module in kiosk/ui/screens and one line in SCREENS (docs/ui.md).
"""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from typing import Any, Literal

from PIL import Image

from kiosk.link.link import ScreenEnd
from kiosk.ui import env, visual
from kiosk.ui.loop import Loop
from kiosk.ui.pictures import Pictures
from kiosk.ui.screens.asleep import AsleepScreen
from kiosk.ui.screens.attract import AttractScreen
from kiosk.ui.screens.basket import BasketScreen
from kiosk.ui.screens.choose import ChooseScreen
from kiosk.ui.screens.closed import ClosedScreen
from kiosk.ui.screens.code_entry import CodeEntryScreen, CodeWaitScreen
from kiosk.ui.screens.code_result import CodeResultScreen
from kiosk.ui.screens.device_test import DeviceTestScreen
from kiosk.ui.screens.emergency import EmergencyScreen
from kiosk.ui.screens.ending import ProblemScreen, ThanksScreen
from kiosk.ui.screens.enrol import EnrolScreen
from kiosk.ui.screens.pay import PayScreen
from kiosk.ui.screens.product import ProductScreen
from kiosk.ui.screens.wall import WallScreen
from kiosk.ui.stage import Screens, Stage
from kiosk.ui.theme import Theme
from kiosk.ui.witness import Witness
from kiosk.views import (
    Asleep,
    Attract,
    Basket,
    ChooseMethod,
    Closed,
    CodeEntry,
    CodeResult,
    CodeWait,
    DeviceTest,
    Emergency,
    Enrol,
    Frame,
    Panel,
    Pay,
    Problem,
    ProductDetail,
    Shop,
    Thanks,
    View,
    Wall,
)

SCREENS: Screens = {
    Attract: AttractScreen,
    Wall: WallScreen,
    ProductDetail: ProductScreen,
    Basket: BasketScreen,
    ChooseMethod: ChooseScreen,
    Pay: PayScreen,
    Thanks: ThanksScreen,
    Problem: ProblemScreen,
    CodeEntry: CodeEntryScreen,
    CodeWait: CodeWaitScreen,
    CodeResult: CodeResultScreen,
    Closed: ClosedScreen,
    Asleep: AsleepScreen,
    DeviceTest: DeviceTestScreen,
    Enrol: EnrolScreen,
    Emergency: EmergencyScreen,
}
CACHE_BYTES = 22 * 2**20  # of textures: about 26 facings at 1080x1920, two rows more than are on the glass
SWITCH = 0.0005  # seconds the painting thread may keep the interpreter while a frame waits; Python's own 5 ms is a third of one
FAULT_CODE = "EC-91"  # a view the screen cannot draw
_log = logging.getLogger(__name__)
Phase = Literal["down", "move", "up"]


class ScreenProgram:
    """One window on one panel. Made and run on the main thread; stop, touch and picture may be called from any.

    `fullscreen` covers the display and hides the pointer; `headless` draws into memory (None: where no display is).
    """

    def __init__(
        self,
        link: ScreenEnd,
        panel: Panel | None = None,
        *,
        fullscreen: bool = False,
        headless: bool | None = None,
        stock_loop: bool = False,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.panel = panel or Panel()
        env.prepare(headless=headless)
        hint_visual = visual.ask()
        env.configure(self.panel.width, self.panel.height, fullscreen=fullscreen)
        from kivy.clock import Clock
        from kivy.uix.widget import Widget

        hint_visual()  # the next import makes the window
        from kivy.core.window import Window

        if tuple(Window.system_size) != (self.panel.width, self.panel.height):
            Window.system_size = (self.panel.width, self.panel.height)
        Window.bind(on_request_close=self._closing)
        self._window = Window
        self._link = link
        self._inbox: deque[tuple[Shop, View]] = deque()
        self._touches: deque[tuple[Phase, float, float]] = deque()
        self._finger: Any = None
        self._picture: _Request | None = None
        self._read_inbox = Clock.create_trigger(self._drain, 0)
        self._read_touches = Clock.create_trigger(self._play_touches, 0)
        self._read_requests = Clock.create_trigger(lambda _dt: Window.canvas.ask_update(), 0)
        root = Widget(size=(self.panel.width, self.panel.height))
        self.stage = Stage(link, Theme(self.panel), root.canvas, SCREENS, cache_bytes)
        root.bind(
            on_touch_down=self.stage.touch_down,
            on_touch_move=self.stage.touch_move,
            on_touch_up=self.stage.touch_up,
        )
        Window.bind(on_flip=self._flipping)
        self.pictures = Pictures(self)
        self.frames = 0  # flips so far: unchanged means the picture is unchanged
        self._witness = Witness(link.drew, self.stage.facings, self.stage.later)
        self._root = root
        self.loop = Loop(stock=stock_loop)

    def run(self) -> None:
        """Show what the agent says until stop(), or until the window is closed."""
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        self.start()
        try:
            self.loop.run()
        finally:
            sys.setswitchinterval(before)
            self.close()

    def start(self) -> None:
        """Open the window and listen, without running: for who turns the loop himself (tests)."""
        self.loop.start(self._root)
        self._link.obey(self.pictures.take, self.stop)
        self._link.listen(self.post)

    def close(self) -> None:
        """Undo start(); the link stays its owner's."""
        self.stage.close()
        self._window.unbind(on_flip=self._flipping, on_request_close=self._closing)
        self._window.remove_widget(self._root)

    # --- from any thread ------------------------------------------------------------------------------------

    def post(self, shop: Shop, view: View) -> None:
        """Show a view (what the link calls)."""
        self.pictures.follow(view)
        self._inbox.append((shop, view))
        self._read_inbox()

    def stop(self) -> None:
        """End run()."""
        self.loop.stop()

    def touch(self, phase: Phase, x: float, y: float) -> None:
        """A finger on the glass at panel pixel x, y from the top left, as if the panel had felt it."""
        self._touches.append((phase, x, y))
        self._read_touches()

    def picture(self, timeout: float = 5.0) -> Image.Image:
        """What is on the glass, as the GPU has it. Raises TimeoutError where the loop does not run. Not from the main thread."""
        return self.snapshot(timeout)[1]

    def snapshot(self, timeout: float = 5.0) -> tuple[int, Image.Image]:
        """A picture as `picture` takes it, and the number of its frame: a later frame has a larger one."""
        request = self.ask_picture()
        if not request.ready.wait(timeout):
            raise TimeoutError(f"the screen drew nothing for {timeout} s")
        return request.frame, request.image()

    def ask_picture(self) -> _Request:
        """Ask for the next frame; the answer's `ready` is set when it was read."""
        request = self._picture or _Request()
        self._picture = request
        self._read_requests()
        return request

    # --- on the main thread ---------------------------------------------------------------------------------

    def _drain(self, _dt: float) -> None:
        while self._inbox:
            shop, view = self._inbox.popleft()
            if type(view) not in SCREENS:
                _log.error("no screen for a view of type %s: the last one stays", type(view).__name__)
                continue
            try:
                self.stage.show(shop, view)
            except Exception:  # noqa: BLE001 - logged; or it would die, start again and be sent the same view
                _log.exception(
                    "a view of type %s cannot be shown: out of service instead", type(view).__name__
                )
                fault = Closed(Frame(language=view.frame.language), "fault", FAULT_CODE)
                self.stage.show(shop, fault)

    def _play_touches(self, _dt: float) -> None:
        from kivy.base import EventLoop

        from kiosk.ui.finger import make_finger

        while self._touches:
            phase, x, y = self._touches.popleft()
            place = {"x": x / (self.panel.width - 1), "y": 1 - y / (self.panel.height - 1)}
            if phase == "down" and self._finger is None:
                self._finger = make_finger(place)
                EventLoop.post_dispatch_input("begin", self._finger)
            elif self._finger is not None:
                self._finger.move(place)
                EventLoop.post_dispatch_input("end" if phase == "up" else "update", self._finger)
                if phase == "up":
                    self._finger = None

    def _flipping(self, _window: Any) -> None:
        self.frames += 1
        self._witness.frame(self.stage.version, self.stage.slide)
        request, self._picture = self._picture, None
        if request is not None:
            from kivy.graphics.opengl import GL_RGBA, GL_UNSIGNED_BYTE, glReadPixels

            size = self.panel.width, self.panel.height
            request.answer(size, glReadPixels(0, 0, *size, GL_RGBA, GL_UNSIGNED_BYTE), self.frames)

    def _closing(self, *_args: object, **_kwargs: object) -> bool:
        self.stop()
        return True  # Kivy itself must not end first


class _Request:
    """A wish for a picture."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.frame = 0  # which flip it shows, counted as ScreenProgram.frames
        self._size = (0, 0)
        self._pixels = b""

    def answer(self, size: tuple[int, int], pixels: bytes, frame: int) -> None:
        """Hand over rows of RGBA from the bottom."""
        self._size, self._pixels, self.frame = size, pixels, frame
        self.ready.set()

    def image(self) -> Image.Image:
        """The picture (RGB)."""
        rows = Image.frombytes("RGBA", self._size, self._pixels)
        return rows.transpose(Image.Transpose.FLIP_TOP_BOTTOM).convert("RGB")


def run(
    link: ScreenEnd, panel: Panel | None = None, *, fullscreen: bool = False, stock_loop: bool = False
) -> None:
    """Run the screen program on this thread until it ends."""
    ScreenProgram(link, panel, fullscreen=fullscreen, stock_loop=stock_loop).run()
