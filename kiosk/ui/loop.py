"""The loop that sleeps: it draws when something changed and otherwise waits for a touch, a thread or the next timer.

Kivy's own loop polls 60 times a second for ever. This one sleeps in SDL where SDL can sleep (X11) and in select()
on the touch panel's event devices elsewhere (SDL polls every millisecond on KMSDRM and offscreen: 2 % of a core for
nothing). Measured on 2 shared cores: 0.0-0.1 % idle instead of 3 %, 1.2 ms from touch to flip instead of 21.
`stock=True` runs Kivy's loop instead; both give the same pictures.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import threading
import time
from pathlib import Path
from typing import Any, Protocol

IDLE_WAIT = 1.0  # seconds; the longest sleep, so that a watchdog sees a pass
IN_FLIGHT = 2  # frames a software renderer may owe. It queues without end: 100 MB in 200 frames of scrolling, none with this
PACE = (
    1 / 75
)  # seconds between a software renderer's frames: it knows no vsync, a panel shows 60, more would only heat
EVDEV_SETTLE = 0.002  # Kivy's mtdev thread reads the same event we woke for; give it time to queue it


class Waiter(Protocol):
    """Sleeps until something happens."""

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or earlier when there is input or wake() was called."""

    def wake(self) -> None:
        """End a wait. From any thread; a wake before the wait counts."""

    def close(self) -> None:
        """Give back what it holds."""


class PipeWaiter:
    """select() on a pipe and on the panel's event devices (opened a second time, read-only)."""

    def __init__(self, devices: list[str]) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._panels: list[int] = []
        for device in devices:
            with contextlib.suppress(OSError):  # unplugged meanwhile, or not ours to read: Kivy has logged it
                self._panels.append(os.open(device, os.O_RDONLY | os.O_NONBLOCK))

    def wait(self, seconds: float) -> None:
        """Sleep."""
        ready, _, _ = select.select([self._read, *self._panels], [], [], seconds)
        touched = False
        for fd in ready:
            try:
                while len(os.read(fd, 4096)) == 4096:
                    pass
            except BlockingIOError:
                pass
            except OSError:  # the panel was pulled out; udev and a restart bring it back
                self._panels.remove(fd)
                os.close(fd)
                continue
            touched = touched or fd != self._read
        if touched:
            time.sleep(EVDEV_SETTLE)

    def wake(self) -> None:
        """End the sleep."""
        with contextlib.suppress(BlockingIOError):  # full: it is awake anyway
            os.write(self._write, b"w")

    def close(self) -> None:
        """Close all descriptors."""
        for fd in (self._read, self._write, *self._panels):
            os.close(fd)
        self._panels.clear()


class SdlWaiter:
    """SDL_WaitEventTimeout, and SDL_PushEvent to end it. For X11, where SDL itself sleeps in select()."""

    _USER_EVENT = 0x8000

    def __init__(self, sdl: ctypes.CDLL) -> None:
        self._sdl = sdl
        self._event = ctypes.create_string_buffer(128)
        ctypes.memmove(self._event, ctypes.byref(ctypes.c_uint32(self._USER_EVENT)), 4)

    def wait(self, seconds: float) -> None:
        """Sleep; the event stays in SDL's queue."""
        self._sdl.SDL_WaitEventTimeout(None, max(1, int(seconds * 1000)))

    def wake(self) -> None:
        """End the sleep."""
        self._sdl.SDL_PushEvent(self._event)

    def close(self) -> None:
        """Nothing is held."""


def _sdl_library() -> ctypes.CDLL | None:
    """The very libSDL2 that Kivy has loaded."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        if "libSDL2-2" in line:
            return ctypes.CDLL(line.split(maxsplit=5)[5])
    return None


def make_waiter() -> Waiter:
    """The right waiter for the video driver in use."""
    from kivy.base import EventLoop

    sdl = _sdl_library()
    if sdl is not None:
        sdl.SDL_GetCurrentVideoDriver.restype = ctypes.c_char_p
        if sdl.SDL_GetCurrentVideoDriver() == b"x11":
            return SdlWaiter(sdl)
    found = [getattr(p, "input_fn", None) for p in EventLoop.input_providers]
    return PipeWaiter([name for name in found if isinstance(name, str)])


def _draws_in_software() -> bool:
    """Whether OpenGL runs on the processor (Mesa's llvmpipe, softpipe, swrast)."""
    from kivy.graphics.opengl import GL_RENDERER, glGetString

    name = glGetString(GL_RENDERER) or b""
    return any(word in bytes(name).lower() for word in (b"llvmpipe", b"softpipe", b"software"))


class Loop:
    """Runs Kivy for a root widget, on the thread that made the window. Leaves Kivy's clock as it was."""

    def __init__(self, *, stock: bool = False) -> None:
        self._stock = stock
        self._stopping = threading.Event()
        self._waiter: Waiter | None = None
        self._asleep = False
        self.software = False  # whether OpenGL runs on the processor; known from start() on
        self._flips = 0
        self._due = 0.0  # perf_counter() before which no frame is drawn
        self._frames_owed = 2  # on KMSDRM the first flip never becomes visible: draw twice

    def start(self, root: Any) -> None:
        """Put `root` into the window, without running."""
        from kivy.base import EventLoop, runTouchApp
        from kivy.clock import Clock

        runTouchApp(root, embedded=True)
        EventLoop.window.bind(on_flip=self._flipped)
        self.software = _draws_in_software()
        if not self._stock:
            self._waiter = make_waiter()
            Clock.on_schedule = self._scheduled  # called for everything scheduled, from whatever thread

    def run(self) -> None:
        """Run until stop() or until the window is closed."""
        from kivy.base import EventLoop

        try:
            while not self._stopping.is_set() and not EventLoop.quit:
                self.sleep()
                self.turn()
        finally:
            self.finish()

    def turn(self) -> None:
        """One pass: input first, then timers, then at most one frame. (The other order costs a touch a whole frame.)"""
        from kivy.base import EventLoop

        EventLoop.window.mainloop()
        EventLoop.idle()

    def sleep(self) -> None:
        """Wait until there is something to do."""
        from kivy.base import EventLoop
        from kivy.clock import Clock

        if self._stock or self._waiter is None:
            return
        if (early := self._due - time.perf_counter()) > 0:
            time.sleep(early)  # what comes meanwhile, several moves of a finger say, makes one frame
        if EventLoop.window.canvas.needs_redraw:
            return
        self._asleep = True  # from here on a thread that schedules also wakes
        seconds = min(IDLE_WAIT, Clock.get_min_timeout() - Clock.time())
        if seconds > 0.0005 and not self._stopping.is_set():
            self._waiter.wait(seconds)
        self._asleep = False

    def wake(self) -> None:
        """End a sleep. From any thread."""
        if self._waiter is not None:
            self._waiter.wake()

    def stop(self) -> None:
        """End run(). From any thread."""
        self._stopping.set()
        self.wake()

    def finish(self) -> None:
        """Undo start()."""
        from kivy.base import EventLoop, stopTouchApp
        from kivy.clock import Clock

        EventLoop.window.unbind(on_flip=self._flipped)
        if self._waiter is not None:
            del Clock.on_schedule
            self._waiter.close()
            self._waiter = None
        stopTouchApp()

    def _scheduled(self, _event: object) -> None:
        if self._asleep and self._waiter is not None:
            self._waiter.wake()

    def _flipped(self, window: Any) -> None:
        self._flips += 1
        if self.software:
            self._due = max(self._due + PACE, time.perf_counter())
            if self._flips % IN_FLIGHT == 0:
                from kivy.graphics.opengl import glFinish

                glFinish()
        if self._frames_owed:
            self._frames_owed -= 1
            if self._frames_owed:
                window.canvas.ask_update()
