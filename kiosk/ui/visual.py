"""A window without depth and stencil buffers on X11, where SDL would always give Kivy both.

Nothing we draw needs them, and without them Mesa's software renderer draws axis-aligned rectangles row by row instead of
through its triangle shader. Measured, a full screen of shelves at 1080x1920 on llvmpipe: 26 ms of CPU a frame with the
buffers, 7 without (with BGRA textures that are copied as they are, see bake.py and sprites.py; none of the three
does it alone). Asking GLX costs 22 ms of CPU at start, on a thread that
also loads the driver while Python imports. On a GPU it only saves the buffers' memory.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, MutableMapping, Sequence
from typing import NamedTuple

HINT = "SDL_VIDEO_X11_WINDOW_VISUALID"  # read by SDL >= 2.0.17 when it makes a window

# glx.h: attributes of a visual. Every one of these must have exactly this value.
_WANTED = {
    1: 1,  # GLX_USE_GL
    4: 1,  # GLX_RGBA
    5: 1,  # GLX_DOUBLEBUFFER
    8: 8, 9: 8, 10: 8, 11: 8,  # GLX_RED_SIZE, GREEN, BLUE, ALPHA
    12: 0, 13: 0,  # GLX_DEPTH_SIZE, GLX_STENCIL_SIZE
    14: 0,  # GLX_ACCUM_RED_SIZE
    0x20: 0x8000,  # GLX_CONFIG_CAVEAT: GLX_NONE
    100001: 0,  # GLX_SAMPLES
}  # fmt: skip
_TRUE_COLOUR = 4  # X.h


class _VisualInfo(ctypes.Structure):
    """XVisualInfo of Xutil.h."""

    _fields_ = [
        ("visual", ctypes.c_void_p), ("visualid", ctypes.c_ulong), ("screen", ctypes.c_int), ("depth", ctypes.c_int),
        ("kind", ctypes.c_int), ("red", ctypes.c_ulong), ("green", ctypes.c_ulong), ("blue", ctypes.c_ulong),
        ("colours", ctypes.c_int), ("bits", ctypes.c_int),
    ]  # fmt: skip


class Visual(NamedTuple):
    """What an X server can make a window of."""

    number: int
    depth: int  # bits of a pixel that are shown
    kind: int
    attribute: Callable[[int], int | None]  # a GLX attribute's value; None where GLX does not know the visual


def choose(visuals: Sequence[Visual], depth: int) -> int | None:
    """The first visual as deep as the screen that can be drawn on by GL and has no buffer we do not use, or None."""
    fitting = (v for v in visuals if v.depth == depth and v.kind == _TRUE_COLOUR)
    plain = (v for v in fitting if all(v.attribute(name) == value for name, value in _WANTED.items()))
    return next((v.number for v in plain), None)


def ask(environ: MutableMapping[str, str] | None = None) -> Callable[[], None]:
    """Look for such a visual on a thread; the returned function waits for the answer and hints SDL at it.

    Call that before the window is made. Nothing happens where SDL will not draw on X11, or where no visual is like that.
    What is set already wins: an empty value leaves the choice to SDL.
    """
    env = os.environ if environ is None else environ
    if HINT in env or not env.get("DISPLAY") or env.get("SDL_VIDEODRIVER", "x11") != "x11":
        return lambda: None
    found: list[int | None] = []
    thread = threading.Thread(target=lambda: found.append(_plain(env["DISPLAY"])), name="ui-visual")
    thread.start()

    def hint() -> None:  # by the caller's thread: the environment is for one thread only
        thread.join()
        if found and found[0] is not None:
            env[HINT] = hex(found[0])

    return hint


def _plain(name: str) -> int | None:
    """Ask an X server's visuals of the GLX library SDL will use too."""
    try:
        x11, glx = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libGL.so.1")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XGetVisualInfo.restype = ctypes.POINTER(_VisualInfo)
    x11.XInitThreads()  # SDL does the same; it has to come before the first display
    opened = x11.XOpenDisplay(name.encode())
    if not opened:
        return None
    display = ctypes.c_void_p(opened)
    screen = x11.XDefaultScreen(display)
    count = ctypes.c_int()
    found = x11.XGetVisualInfo(
        display, ctypes.c_long(2), ctypes.byref(_VisualInfo(screen=screen)), ctypes.byref(count)
    )  # 2: VisualScreenMask

    def attribute_of(info: _VisualInfo) -> Callable[[int], int | None]:
        value = ctypes.c_int()
        return lambda key: (
            value.value
            if glx.glXGetConfig(display, ctypes.byref(info), key, ctypes.byref(value)) == 0
            else None
        )

    try:
        infos = [found[i] for i in range(count.value)]
        visuals = [Visual(i.visualid, i.depth, i.kind, attribute_of(i)) for i in infos]
        return choose(visuals, x11.XDefaultDepth(display, screen))
    finally:
        x11.XFree(found)
        x11.XCloseDisplay(display)
