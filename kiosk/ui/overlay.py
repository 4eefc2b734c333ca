"""What lies over any screen: a notice that leaves by itself, "are you still there?" with its countdown, which kiosk this
is for whoever looks for it, and darkness where the panel's own lamp cannot be turned down.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from kiosk.ui.art import Button, Fill, Label, Panel, Toast, Veil
from kiosk.ui.geometry import Rect, split_row
from kiosk.ui.nodes import Node, mirrored
from kiosk.ui.theme import BRAND, LOOKED_FOR, WHITE, Theme
from kiosk.ui.words import Words, words
from kiosk.views import Attract, Emergency, Identify, Notice, StartOver, StayHere, View, Wall

NOTICE_SECONDS = 4.0
DARKEST = 0.9  # what is taken away at most: a wall that sells can be read


def notice_layout(theme: Theme, w: Words, notice: Notice, *, over_header: bool = False) -> list[Node]:
    """A pill in the upper part of the screen, where no button is: below the header, or over one that is only a title.

    What stands below a title matters more than the title: an amount to pay, the first line of a basket.
    """
    width = min(theme.width - 2 * theme.pad, theme.px(900))
    rect = Rect((theme.width - width) // 2, theme.px(4 if over_header else 128), width, theme.px(112))
    text = w(f"notice.{notice.key}", *notice.args)
    return [Node("notice", rect, Toast(text, w.language, theme.body, notice.tone))]


def idle_layout(theme: Theme, w: Words, seconds: int) -> list[Node]:
    """The warning before a reset; both buttons lie low enough for reach mode."""
    width = min(theme.width - 2 * theme.pad, theme.px(860))
    height = theme.px(560)
    top = min(max(theme.reach_top, (theme.height - height) // 2), theme.height - height - theme.pad)
    sheet = Rect((theme.width - width) // 2, top, width, height)
    inner = sheet.inset(theme.px(48))
    row = Rect(inner.x, inner.bottom - theme.button, inner.w, theme.button)
    stay, over = split_row(row, 2, theme.gap * 2)
    title = Rect(inner.x, inner.y, inner.w, theme.px(84))
    count = Rect(inner.x, title.bottom, inner.w, theme.px(150))
    text = Rect(inner.x, count.bottom, inner.w, row.y - count.bottom - theme.gap)
    nodes = [
        Node("idle-veil", Rect(0, 0, theme.width, theme.height), Veil()),
        Node("idle-sheet", sheet, Panel(theme.radius * 2, WHITE, None)),
        Node("idle-title", title, Label(w("idle.title"), w.language, theme.title, ground=WHITE, bold=True,
             align="center", smallest=theme.text)),
        Node("idle-count", count, Label(str(max(0, seconds)), w.language, theme.px(128), BRAND, WHITE, bold=True,
             align="center")),
        Node("idle-text", text, Label(w("idle.text"), w.language, theme.body, ground=WHITE, align="center", lines=2,
             smallest=theme.text)),
    ]  # fmt: skip
    buttons = [
        Node("idle-over", over, Button(w("idle.over"), w.language, theme.heading, "secondary", radius=theme.radius,
             ground=WHITE, smallest=theme.text), StartOver(), theme.radius),
        Node("idle-stay", stay, Button(w("idle.stay"), w.language, theme.heading, "primary", radius=theme.radius,
             ground=WHITE, smallest=theme.text), StayHere(), theme.radius),
    ]  # fmt: skip
    return nodes + (mirrored(buttons, theme.width) if w.rtl else buttons)


def identify_layout(theme: Theme, w: Words, shown: Identify) -> list[Node]:
    """The kiosk's name as large as the panel takes it on one colour, its address below: read from across a hall."""
    ground = LOOKED_FOR.get(shown.colour, LOOKED_FOR["black"])
    name = shown.address.rpartition("/")[2]
    all_over = Rect(0, 0, theme.width, theme.height)
    middle = round(theme.height * 0.5)
    tall = min(round(theme.width * 0.3), round(theme.height * 0.4))
    room = Rect(theme.pad, middle - tall // 2, theme.width - 2 * theme.pad, tall)
    line = Rect(room.x, room.y - theme.px(120), room.w, theme.px(110))
    address = Rect(room.x, room.bottom + theme.px(10), room.w, theme.px(100))
    texts = (("identify-line", line, w("identify.this"), w.language, theme.px(64), theme.text, False),
             ("identify-name", room, name, "en", tall, theme.title, True),
             ("identify-address", address, shown.address, "en", theme.px(52), theme.text, False))  # fmt: skip
    return [
        Node("identify", all_over, Fill(ground)),
        *(
            Node(key, place, Label(text, tag, size, WHITE, ground, bold=bold, align="center", smallest=least))
            for key, place, text, tag, size, least, bold in texts
        ),
    ]


class Overlay:
    """Decides what lies over the screen now, and counts down."""

    def __init__(
        self,
        theme: Theme,
        put: Callable[[Sequence[Node]], None],
        later: Callable[[Callable[[float], None], float], Any],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.modal = False
        self._theme, self._put, self._later, self._now = theme, put, later, now
        self._view: View | None = None
        self._light = 100
        self._notice: tuple[Notice, float] | None = None
        self._resets_at: float | None = None
        self._timer: Any = None
        self._last: Sequence[Node] = ()

    def show(self, view: View, light: int = 100) -> None:
        """A view came: take over its notice and its warning. `light` is kiosk.views.Shop's."""
        self._light = 100 if isinstance(view, Emergency) else light  # it is read in every light
        frame, now = view.frame, self._now()
        if frame.notice is None:
            self._notice = None
        elif self._notice is None or self._notice[0] != frame.notice:
            self._notice = frame.notice, now + NOTICE_SECONDS
        before = self._view.frame if self._view is not None else None
        if frame.idle_seconds is None:
            self._resets_at = None
        elif before is None or before.idle_seconds != frame.idle_seconds or self._resets_at is None:
            self._resets_at = now + frame.idle_seconds
        self._view = view
        self._refresh(0.0)

    def close(self) -> None:
        """End the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refresh(self, _dt: float) -> None:
        self.close()
        assert self._view is not None
        now = self._now()
        w = words(self._view.frame.language)
        nodes: list[Node] = []
        wait: list[float] = []
        if self._notice is not None and self._notice[1] > now:
            titled = not isinstance(self._view, (Wall, Attract))
            nodes += notice_layout(self._theme, w, self._notice[0], over_header=titled)
            wait.append(self._notice[1] - now)
        identify = self._view.frame.identify
        self.modal = self._resets_at is not None or identify is not None
        if self._resets_at is not None:
            left = max(0.0, self._resets_at - now)
            nodes += idle_layout(self._theme, w, math.ceil(left))
            if left > 0:
                wait.append(left % 1.0 or 1.0)
        if identify is not None:
            nodes += identify_layout(self._theme, w, identify)
        if self._light < 100:
            whole = Rect(0, 0, self._theme.width, self._theme.height)
            nodes.append(Node("dim", whole, Veil(min(DARKEST, 1 - self._light / 100))))
        if nodes or self._last:
            self._put(nodes)
        self._last = nodes
        if wait:
            self._timer = self._later(self._refresh, min(wait) + 0.005)
