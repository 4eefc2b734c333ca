"""The stage: shows one screen at a time, with notices and the idle warning over it, and turns touches into intents.

A new view is laid out at once, painted by the worker, and put on the glass in one go when all its pictures are there:
the old screen stays until then, so nothing is ever blank or half. Main thread only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kiosk.link.link import ScreenEnd
from kiosk.ui.bake import Baker, Key, TextureCache
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Do, Node
from kiosk.ui.overlay import Overlay
from kiosk.ui.screens.base import Screen
from kiosk.ui.shelves import Shelves
from kiosk.ui.sprites import Highlight, Layer, Sprite
from kiosk.ui.theme import Theme
from kiosk.views import Attract, Intent, Shop, Touch, View

PATIENCE = 0.4  # seconds a new screen waits for its last pictures before it is shown without them
UPLOADS = 1  # textures per frame while something moves: each takes 1-2 ms of the main thread. Twelve while nothing does
REST = 2.0  # seconds a finger may rest before another one takes over: a leaning hand, or one whose leaving was lost
SLOP = 24  # pixels a finger may wander and still tap; scaled with the panel
Screens = Mapping[type, Callable[..., Screen]]


class Composition:
    """Nodes on a layer: the old ones stay until the new ones are painted."""

    def __init__(self, lane: str, canvas: Any, stage: Stage) -> None:
        self.lane = lane
        self.ready: Callable[[], bool] = lambda: True  # may hold a commit back, as long as PATIENCE lasts
        self.committed: Callable[[], None] = lambda: None
        self.nodes: Sequence[Node] = ()  # what is on the glass
        self._layer = Layer(canvas, stage.theme.height)
        self._stage = stage
        self._next: Sequence[Node] | None = None
        self._late: Any = None
        self._holes = False

    @property
    def settled(self) -> bool:
        """Whether all that was asked for is on the glass."""
        return self._next is None and not self._holes

    def set(self, nodes: Sequence[Node]) -> None:
        """Show these as soon as they are painted, at the latest after PATIENCE."""
        self._next = nodes
        wanted = self._keys(nodes)
        self._stage.cache.pin(self.lane, [*self._keys(self.nodes), *wanted])
        missing = [key for key in dict.fromkeys(wanted) if self._stage.cache.get(key) is None]
        self._stage.baker.want(self.lane, missing)
        if missing or not self.ready():
            if self._late is None:
                self._late = self._stage.later(self._patience_ends, PATIENCE)
        else:
            self._commit()

    def arrived(self) -> None:
        """New textures were uploaded."""
        if self._holes:
            self._draw()
        elif (
            self._next is not None
            and all(self._stage.cache.get(k) for k in self._keys(self._next))
            and self.ready()
        ):
            self._commit()

    def hit(self, x: float, y: float) -> Node | None:
        """The topmost node with a tap at a point."""
        return next((n for n in reversed(self.nodes) if n.tap is not None and n.rect.holds(x, y)), None)

    def _patience_ends(self, _dt: float) -> None:
        self._late = None
        if self._next is not None:
            self._commit()

    def _commit(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
        assert self._next is not None
        self.nodes, self._next = self._next, None
        self._draw()
        self._stage.cache.pin(self.lane, self._keys(self.nodes))
        self.committed()

    def _draw(self) -> None:
        before = {(s.key, s.rect): s for s in self._layer.shown}
        sprites: list[Sprite] = []
        self._holes = False
        for node in self.nodes:
            if node.art is None:
                continue
            tile = self._stage.cache.get(Key(node.art, node.rect.w, node.rect.h))
            if tile is None:
                self._holes = True
                old = before.get((node.key, node.rect))
                if old is not None:
                    sprites.append(old)
                continue
            sprites.append(Sprite(node.key, node.rect, tile))
        self._layer.show(sprites)

    @staticmethod
    def _keys(nodes: Sequence[Node]) -> list[Key]:
        return [Key(n.art, n.rect.w, n.rect.h) for n in nodes if n.art is not None]


class Stage:
    """See the module. `canvas` is the root widget's; `screens` maps a view's type to its screen's class."""

    def __init__(
        self, link: ScreenEnd, theme: Theme, canvas: Any, screens: Screens, cache_bytes: int
    ) -> None:
        from kivy.clock import Clock
        from kivy.graphics import InstructionGroup

        self.theme = theme
        self.cache = TextureCache(cache_bytes)
        self._clock = Clock
        self._pump = Clock.create_trigger(self._upload, 0)
        self.baker = Baker(self._pump)
        self._stocked = Clock.create_trigger(self._facings_came, 0)
        self.shelves = Shelves(link, self._stocked)
        self.link = link
        self.screen: Screen | None = None
        self.view: View | None = None
        self._shop: Shop | None = None
        self._kinds = screens
        self._made: dict[type, Screen] = {}
        self._ticks: Any = None
        self._finger: Any = None  # the touch being followed; others are ignored
        self._anchor = (0.0, 0.0, 0.0)  # where the finger last was, and since when it rests there (monotonic)
        self.rest = REST
        self._taken = False
        self._pressed: tuple[Composition, Node] | None = None
        self._under = InstructionGroup()
        canvas.add(self._under)
        self._body = Composition("0-screen", canvas, self)
        self._over = Composition("1-overlay", canvas, self)
        self._mark = Highlight(canvas, theme.height)
        self._overlay = Overlay(theme, self._over.set, self.later)

    # --- for the program ----------------------------------------------------------------------------------

    def show(self, shop: Shop, view: View) -> None:
        """Show a view, on the screen of its type."""
        from kivy.core.window import Window

        screen = self._screen(type(view))
        if screen is not self.screen:
            if self.screen is not None:
                self.screen.leave()
                self._under.remove(self.screen.canvas)
            self._let_go()
            self._under.add(screen.canvas)
            self.screen = screen
            self._body.ready, self._body.committed = lambda: screen.ready, screen.committed
            if isinstance(view, Attract):
                for made in self._made.values():
                    made.reset()
            Window.clearcolor = (*(c / 255 for c in screen.ground), 1.0)
            if self._ticks is not None:
                self._ticks.cancel()
                self._ticks = None
            if screen.period:
                self._ticks = self._clock.schedule_interval(lambda _dt: screen.tick(), screen.period)
        self._shop, self.view = shop, view
        screen.show(shop, view)
        self._overlay.show(view, shop.light)

    @property
    def settled(self) -> bool:
        """Whether the glass shows all of the current view."""
        return self.screen is not None and self._body.settled and self._over.settled and self.screen.ready

    @property
    def version(self) -> str:
        """Of the shop's content that is shown; "" before the first view."""
        return self._shop.version if self._shop is not None else ""

    @property
    def slide(self) -> str:
        """Of the attract loop, where it is on the glass with all that belongs to it; "" otherwise."""
        view, screen = self.view, self.screen
        return view.slide if isinstance(view, Attract) and screen is not None and screen.ready else ""

    def facings(self) -> int:
        """How many products are on the glass; 0 as long as something of the view is missing there."""
        return self.screen.facings if self.screen is not None and self.settled else 0

    @property
    def nodes(self) -> Sequence[Node]:
        """What is on the glass now, from back to front."""
        return (*self._body.nodes, *self._over.nodes)

    def close(self) -> None:
        """End the worker and the timers."""
        if self._ticks is not None:
            self._ticks.cancel()
        if self.screen is not None:
            self.screen.leave()
        self._overlay.close()
        self.shelves.close()
        self.baker.close()
        self._pump.cancel()
        self._stocked.cancel()

    # --- for screens (kiosk.ui.screens.base.Host) ----------------------------------------------------------

    def compose(self, nodes: Sequence[Node]) -> None:
        """Show these nodes."""
        self._body.set(nodes)

    def send(self, intent: Intent) -> None:
        """Tell the agent."""
        self.link.send(intent)

    def highlight(self, rect: Rect | None, radius: int = 0) -> None:
        """Mark what a finger rests on."""
        if rect is None:
            self._mark.hide()
        else:
            self._mark.show(rect, radius)

    def later(self, call: Any, seconds: float) -> Any:
        """Call once, after `seconds`."""
        return self._clock.schedule_once(call, seconds)

    def every_frame(self, call: Any) -> Any:
        """Call before each frame."""
        return self._clock.schedule_interval(call, 0)

    # --- touches --------------------------------------------------------------------------------------------

    def touch_down(self, _root: Any, touch: Any) -> bool:
        """A finger, or a mouse button, went down."""
        x, y = touch.x, self.theme.height - 1 - touch.y
        button = getattr(touch, "button", None) or "left"
        if button.startswith("scroll") and self.screen is not None:
            if not self._overlay.modal:
                self.screen.wheel({"scrollup": 1.0, "scrolldown": -1.0}.get(button, 0.0))
            return True
        if button != "left" or self.screen is None:
            return True
        if self._finger is not None:
            if time.monotonic() - self._anchor[2] < self.rest:
                return True
            self._let_go()
        self._finger, self._anchor = touch, (x, y, time.monotonic())
        self.send(Touch(x / self.theme.width, y / self.theme.height))
        node = self._over.hit(x, y)
        if node is not None:
            self._press(self._over, node)
        elif not self._overlay.modal:
            node = self._body.hit(x, y)
            if self.screen.down(x, y):
                self._taken = True
            elif node is not None:
                self._press(self._body, node)
        return True

    def touch_move(self, _root: Any, touch: Any) -> bool:
        """It moved."""
        if touch is not self._finger:
            return True
        x, y = touch.x, self.theme.height - 1 - touch.y
        if math.dist((x, y), self._anchor[:2]) > self.theme.px(SLOP):
            self._anchor = x, y, time.monotonic()
        if self._taken and self.screen is not None:
            self.screen.move(x, y)
        elif self._pressed is not None and not self._near(self._pressed[1].rect, x, y):
            self._release()
            self._finger = touch
        return True

    def touch_up(self, _root: Any, touch: Any) -> bool:
        """It left: the node it rests on is tapped."""
        if touch is not self._finger:
            return True
        x, y = touch.x, self.theme.height - 1 - touch.y
        taken, pressed, screen = self._taken, self._pressed, self.screen
        self._release()
        if screen is None:
            return True
        if taken:
            screen.up(x, y)
        elif pressed is not None and self._near(pressed[1].rect, x, y):
            composition, node = pressed
            if isinstance(node.tap, Do):
                if composition is self._body:
                    screen.done(node.tap.name)
            elif node.tap is not None:
                self.send(node.tap)
        return True

    def _press(self, composition: Composition, node: Node) -> None:
        self._pressed = composition, node
        self._mark.show(node.rect, node.radius)

    def _let_go(self) -> None:
        """Follow the finger no further; it has tapped nothing."""
        if self._taken and self.screen is not None:
            self.screen.let_go()
        self._release()

    def _release(self) -> None:
        self._finger, self._taken, self._pressed = None, False, None
        self._mark.hide()

    def _near(self, rect: Rect, x: float, y: float) -> bool:
        return rect.inset(-self.theme.px(SLOP)).holds(x, y)

    # --- pictures -------------------------------------------------------------------------------------------

    def _upload(self, _dt: float) -> None:
        """Take a few finished pictures; if there are more, come again next frame."""
        moving = self.screen is not None and self.screen.moving
        for _ in range(UPLOADS if moving else 12 * UPLOADS):
            baked = self.baker.take()
            if baked is None:
                break
            self.cache.put(baked)
        else:
            self._pump()
        self._arrivals()

    def _facings_came(self, _dt: float) -> None:
        self._arrivals()

    def _arrivals(self) -> None:
        """Pictures or facings came: whoever waits for them looks."""
        if self.screen is not None:
            self.screen.arrived()
        self._body.arrived()
        self._over.arrived()

    def _screen(self, kind: type) -> Screen:
        from kivy.graphics import InstructionGroup

        if kind not in self._made:
            self._made[kind] = self._kinds[kind](self, InstructionGroup())
        return self._made[kind]
