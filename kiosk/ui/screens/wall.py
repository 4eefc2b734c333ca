"""The wall: shelves of one aisle, the aisles, the languages and the basket.

All that is touched lies in the lower part of a portrait panel anyway; reach mode brings the languages and the uppermost
shelf down too, and the header becomes a sign.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from content.model import text_in
from kiosk.ui.art import Button, Fill
from kiosk.ui.facing import tile_shape
from kiosk.ui.geometry import Rect
from kiosk.ui.nodes import Do, Node, mirrored
from kiosk.ui.screens.base import Host, Screen
from kiosk.ui.screens.ticker_art import TickerBand
from kiosk.ui.screens.wall_art import HEADER_GROUND, AisleTab, BasketBar, Header, LanguageTab, MoreTab
from kiosk.ui.screens.wall_plan import MOST_LANGUAGES, WallPlan, plan
from kiosk.ui.scroll import Scroller
from kiosk.ui.shelf_view import ShelfView, Shelving
from kiosk.ui.shelves import Shelf
from kiosk.ui.theme import PAPER, Colour, Theme, colour
from kiosk.ui.words import Words
from kiosk.views import (
    Add,
    AisleLabel,
    Checkout,
    EnterCode,
    OpenAisle,
    OpenBasket,
    OpenProduct,
    Seen,
    SetLanguage,
    SetReach,
    Shop,
    Touch,
    Wall,
)

SEEN_MS = 300  # shorter looks are not worth a message
STILL_THERE = 1.0  # seconds between Touch intents during a long drag


def layout(theme: Theme, w: Words, shop: Shop, view: Wall, page: int = 0) -> list[Node]:
    """All nodes around the shelves. `page` turns the aisles where they are more than there is room for."""
    reach = view.frame.reach and theme.reach_top > 0
    p = _plan(theme, shop, view)
    lang, frame = w.language, view.frame
    header = Header(text_in(shop.names, lang), w("wall.scan-hint"), shop.kiosk, lang,
                    theme.px(72) if reach else theme.px(44), theme.text, reach, shop.adverts[0].picture if reach and shop.adverts else "")  # fmt: skip
    free = p.header
    above = bool(p.languages) and p.languages[0].inside(p.header)
    if above:  # the header's picture ends where the languages begin
        free = Rect(0, 0, p.languages[0].x - theme.gap, p.header.h)
        end = Rect(free.right, 0, p.header.right - free.right, free.h)
        nodes = [Node("header-end", end, Fill(HEADER_GROUND))]
    else:
        nodes = []
    nodes.append(
        Node("header", free, header)
    )  # behind the controls is the window's own colour: nothing to draw
    ground: Colour = HEADER_GROUND if above else PAPER
    for rect, language in zip(p.languages, _languages(shop, lang), strict=False):
        art = LanguageTab(language.name, language.tag, theme.text, language.tag == lang, ground)
        nodes.append(Node(f"language-{language.tag}", rect, art, SetLanguage(language.tag), rect.h // 3))
    nodes += _aisles(theme, w, shop, view, p.aisles, page)
    total = w.money(frame.basket_total) if frame.basket_total is not None and frame.basket_count else ""
    said = w.count("wall.items", frame.basket_count) if total else w("wall.empty-basket")
    bar = BasketBar(frame.basket_count, total, said, lang, theme.px(46), theme.text)
    nodes.append(Node("basket", p.basket, bar, OpenBasket(), p.basket.h // 5))
    if total:
        pay = Button(
            w("wall.pay"), lang, theme.px(52), "action", "", radius=theme.radius, smallest=theme.text
        )
        nodes.append(Node("pay", p.pay, pay, Checkout(), theme.radius))
    else:  # nothing to pay: the place is free for who comes with a code
        code = Button(w("code.have"), lang, theme.px(36), "secondary", "receipt", radius=theme.radius,
                      smallest=theme.text)  # fmt: skip
        nodes.append(Node("code", p.pay, code, EnterCode(), theme.radius))
    if p.toggle is not None:
        look = Button("", lang, theme.text, "primary" if reach else "secondary", "reach", radius=theme.radius)
        nodes.append(Node("reach", p.toggle, look, SetReach(not frame.reach), theme.radius))
    if p.ticker is not None and frame.ticker is not None:
        line = TickerBand(
            frame.ticker.text, frame.ticker.language, theme.px(34), theme.text, 2 if theme.portrait else 5
        )
        nodes.append(Node("ticker", p.ticker, line))
    return mirrored(nodes, theme.width) if w.rtl else nodes


def _plan(theme: Theme, shop: Shop, view: Wall) -> WallPlan:
    frame = view.frame
    return plan(
        theme, len(shop.languages), len(shop.aisles), reach=frame.reach, ticker=frame.ticker is not None
    )


def _languages(shop: Shop, spoken: str) -> list[Any]:
    """The languages there is room for: the spoken one is always among them."""
    tags = list(shop.languages)
    if len(tags) <= MOST_LANGUAGES:
        return tags
    first = tags[: MOST_LANGUAGES - 1]
    rest = tags[MOST_LANGUAGES - 1 :]
    return [*first, next((x for x in rest if x.tag == spoken), rest[0])]


def _aisles(theme: Theme, w: Words, shop: Shop, view: Wall, cells: Sequence[Rect], page: int) -> list[Node]:
    shown: Sequence[AisleLabel] = shop.aisles
    more = len(shop.aisles) > len(cells)
    if more:
        room = len(cells) - 1
        pages = -(-len(shop.aisles) // room)
        start = page % pages * room
        shown = shop.aisles[start : start + room]
    nodes: list[Node] = []
    for rect, aisle in zip(cells, shown, strict=False):
        art = AisleTab(text_in(aisle.names, w.language), w.language, theme.px(30), theme.text,
                       colour(aisle.background), colour(aisle.accent), aisle.key == view.aisle)  # fmt: skip
        nodes.append(Node(f"aisle-{aisle.key}", rect, art, OpenAisle(aisle.key), rect.h // 5))
    if more:
        nodes.append(Node("aisles-more", cells[-1], MoreTab(w.language), Do("more"), cells[-1].h // 5))
    return nodes


def shelving(theme: Theme, w: Words, shop: Shop, view: Wall) -> Shelving:
    """The shelves of the view's aisle."""
    p = _plan(theme, shop, view)
    aisle = next((a for a in shop.aisles if a.key == view.aisle), None)
    count = aisle.count if aisle is not None else 0
    background = colour(aisle.background) if aisle is not None else PAPER
    viewport = p.shelves.mirrored(theme.width) if w.rtl else p.shelves
    shape = tile_shape(theme, viewport.w // p.columns, w.rtl)
    shelf = Shelf(view.aisle, w.language, shop.version)
    return Shelving(shelf, count, p.columns, shape, viewport, background)


class WallScreen(Screen):
    """Scrolls, and turns touches on the shelves into intents."""

    def __init__(self, host: Host, canvas: Any) -> None:
        super().__init__(host, canvas)
        self.shelf = ShelfView(canvas, host.theme.height, host.cache, host.baker, host.shelves)
        self.scroller = Scroller(host.theme.px(16))
        self._page = 0
        self._gliding: Any = None
        self._pressed: tuple[int, bool] | None = None  # index, on its button
        self._offsets: dict[str, float] = {}
        self._since: float | None = None
        self._told = 0.0

    def nodes(self) -> Sequence[Node]:
        """Everything around the shelves."""
        assert self.shop is not None
        return layout(self.theme, self.words, self.shop, self.view, self._page)

    def show(self, shop: Shop, view: Wall) -> None:  # type: ignore[override]  # the stage hands over its own views only
        """An aisle, or the same with another basket or language."""
        self.shop, self.view = shop, view
        wanted = shelving(self.theme, self.words, shop, view)
        now = self.shelf.now
        same_aisle = now is not None and now.shelf.aisle == view.aisle
        offset = float(self.shelf.offset) if same_aisle else self._offsets.get(view.aisle, 0.0)
        self.shelf.prepare(wanted, offset)
        self.refresh()

    @property
    def ready(self) -> bool:
        """Whether the facings to be shown are painted."""
        return self.shelf.ready

    @property
    def moving(self) -> bool:
        """Whether the shelves follow a finger or glide."""
        return self.scroller.moving or self.scroller.dragging

    def committed(self) -> None:
        """The nodes are on the glass: the shelf comes with them."""
        self._look_away()
        if self.shelf.next is not None:
            self._remember()
        if self.shelf.switch():
            self._stop()
            assert self.shelf.now is not None
            self.scroller.place(self.shelf.offset, self.shelf.now.limit)
        self._look()

    def arrived(self) -> None:
        """Tiles or facings came."""
        self.shelf.arrived()

    def leave(self) -> None:
        """Another screen takes over."""
        self._look_away()
        self._stop()
        self._remember()

    def reset(self) -> None:
        """The next person begins at the top."""
        self._offsets.clear()
        self._page = 0
        if self.shelf.now is not None:
            self.scroller.place(0, self.shelf.now.limit)
            self.shelf.scroll(0)

    def done(self, name: str) -> None:
        """More aisles."""
        if name == "more":
            self._page += 1
            self.refresh()

    def scroll_to(self, offset: int) -> None:
        """Stand still with the shelf's pixel row `offset` uppermost."""
        if self.shelf.now is not None:
            self._stop()
            self.scroller.place(offset, self.shelf.now.limit)
            self.shelf.scroll(self.scroller.offset)

    # --- fingers -------------------------------------------------------------------------------------------

    def down(self, x: float, y: float) -> bool:
        """On the shelves: mark what it rests on at once."""
        s = self.shelf.now
        if s is None or not s.viewport.holds(x, y):
            return False
        stopped = self.scroller.press(time.monotonic(), y)
        self._stop()
        self._pressed = None
        index = s.index_at(x, y, self.shelf.offset)
        if not stopped and index is not None and (facing := self.shelf.facing(index)) is not None:
            tile = s.place(index, self.shelf.offset)
            add = s.shape.add.moved(tile.x, tile.y)
            on_button = facing.available and add.inset(-self.theme.px(10)).holds(x, y)
            self._pressed = index, on_button
            self._mark(add if on_button else tile, s.viewport)
        return True

    def move(self, x: float, y: float) -> None:
        """The shelf follows."""
        now = time.monotonic()
        if self.scroller.drag(now, y):
            if self._pressed is not None:
                self._pressed = None
                self.host.highlight(None)
            self._look_away()
            self.shelf.scroll(self.scroller.offset)
            if now - self._told > STILL_THERE:
                self._told = now
                self.host.send(Touch(x / self.theme.width, y / self.theme.height))
        elif self.scroller.dragging:
            self._pressed = None
            self.host.highlight(None)

    def up(self, x: float, y: float) -> None:
        """A tap, or the shelf glides on."""
        was_dragged = self.scroller.dragging
        if self.scroller.release(time.monotonic()):
            self._glide()
            return
        pressed, self._pressed = self._pressed, None
        if pressed is not None and not was_dragged:
            index, on_button = pressed
            facing = self.shelf.facing(index)
            if facing is not None:
                tap = (
                    Add(facing.gtin, facing.facing) if on_button else OpenProduct(facing.gtin, facing.facing)
                )
                self.host.send(tap)
        self._look()

    def let_go(self) -> None:
        """Neither a tap nor a fling."""
        self._pressed = None
        self.scroller.release(time.monotonic())
        self.scroller.speed = 0.0
        self._look()

    def wheel(self, rows: float) -> None:
        """A third of a row per click."""
        if self.shelf.now is not None:
            self.scroller.push(rows * self.shelf.now.shape.h / 3)
            self._look_away()
            self._glide()

    def _mark(self, rect: Rect, viewport: Rect) -> None:
        top, bottom = max(rect.y, viewport.y), min(rect.bottom, viewport.bottom)
        if bottom > top:
            self.host.highlight(Rect(rect.x, top, rect.w, bottom - top), self.theme.px(8))

    def _glide(self) -> None:
        self._look_away()
        if self._gliding is None:
            self._gliding = self.host.every_frame(self._step)

    def _step(self, dt: float) -> bool:
        more = self.scroller.step(min(dt, 0.05))
        self.shelf.scroll(self.scroller.offset)
        if not more:
            self._gliding = None
            self._look()
        return more

    def _stop(self) -> None:
        if self._gliding is not None:
            self._gliding.cancel()
            self._gliding = None
        self.scroller.speed = 0.0

    def _remember(self) -> None:
        if self.shelf.now is not None:
            self._offsets[self.shelf.now.shelf.aisle] = self.shelf.offset

    # --- what was seen -------------------------------------------------------------------------------------

    def _look(self) -> None:
        """The shelves stand still: from now on what is wholly on the glass is being seen."""
        if self._since is None:
            self._since = time.monotonic()

    @property
    def facings(self) -> int:
        """See Screen."""
        if self.shelf.now is None:
            return 0
        return sum(self.shelf.facing(i) is not None for i in self.shelf.now.whole(self.shelf.offset))

    def _look_away(self) -> None:
        """They move, or leave: say what was seen, and for how long."""
        since, self._since = self._since, None
        if since is None or self.shelf.now is None:
            return
        shown = round((time.monotonic() - since) * 1000)
        if shown < SEEN_MS:
            return
        facings = [self.shelf.facing(i) for i in self.shelf.now.whole(self.shelf.offset)]
        seen = tuple((f.facing, shown) for f in facings if f is not None)
        if seen:
            self.host.send(Seen(seen))
