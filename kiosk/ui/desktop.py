"""A wall in a window: as large as the desktop allows, with everything on it in proportion."""

from __future__ import annotations

import ctypes

from msgspec import structs

from kiosk.views import Panel

ROOM = 0.93  # of the desktop's height: title bar and task bar want some


def desktop_size() -> tuple[int, int] | None:
    """Width and height of the X display in pixels; None where there is none to ask."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
    for ask in (x11.XDisplayWidth, x11.XDisplayHeight):
        ask.argtypes = [ctypes.c_void_p, ctypes.c_int]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    if not display:
        return None
    try:
        return int(x11.XDisplayWidth(display, 0)), int(x11.XDisplayHeight(display, 0))
    finally:
        x11.XCloseDisplay(display)


def fitted(panel: Panel, desktop: tuple[int, int] | None) -> Panel:
    """The panel with fewer pixels where the desktop is smaller: the same glass in millimetres, so the same layout."""
    if desktop is None:
        return panel
    scale = min(1.0, desktop[0] / panel.width, desktop[1] * ROOM / panel.height)
    if scale == 1.0:
        return panel
    return structs.replace(panel, width=round(panel.width * scale), height=round(panel.height * scale))
