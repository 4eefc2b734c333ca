"""What a wall shows of a content folder at a moment, as the screen program is told it. Pure but for `linked`.

The core's own functions make the views, from a store that was resolved as every kiosk's is. Links are signed with a
key of nobody's, so that codes are as large as they will be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct, structs

from content import pricing
from content.authored.model import Content, Where
from content.authored.resolving import resolve
from content.model import Product
from content.playlist import HOW, next_play, played
from content.store_format import PICTURES, stocked
from kiosk.core.events import Stamp
from kiosk.core.facings import facing_of
from kiosk.core.present import present
from kiosk.core.settings import Place
from kiosk.core.state import Attracting, Browsing, Session, Viewing, new_session, plan_for
from kiosk.core.terms import Links, Terms, links_of
from kiosk.shop import shop_of
from kiosk.ui.screens.wall import shelving
from kiosk.ui.shelf_view import Shelving
from kiosk.ui.theme import Theme
from kiosk.ui.words import words
from kiosk.views import Facing, Panel, Shop, View, Wall

HOST: Final = "https://shop.example"
PANELS: Final = {"portrait": Panel(), "landscape": Panel(1920, 1080), "reach": Panel(bottom_mm=850)}
WINDOW: Final = 48  # facings the screen asks for at a time
_MONO_MS: Final = 60_000
_KEY: Final = "5e" * 32  # nobody's
_SCHEME: Final = re.compile(r"^https?://")


class Page(Struct, frozen=True):
    """One glassful of an aisle: how far it is scrolled, and which facings of the aisle are whole on it."""

    number: int  # from 1
    of: int
    offset: int  # pixels
    whole: range


class Slide(Struct, frozen=True):
    """One slide of the loop: its key, when it comes up (Unix seconds), how long it stays."""

    key: str
    at: int
    seconds: int


class Glass:
    """One kiosk's wall. `pictures` is the folder its pictures' names start from."""

    def __init__(self, content: Content, where: Where, panel: str, pictures: Path, host: str = HOST) -> None:
        store, products = resolve(content, where)
        self.where, self.panel_name, self.panel = where, panel, PANELS[panel]
        self.theme = Theme(self.panel)
        self.reach = panel == "reach"
        self.store, found, _ = stocked(store, products)
        self.products: list[Product] = found
        self.place = Place(kiosk=where.kiosk, host=host, pictures=str(pictures))
        self.terms = Terms(
            methods=store.methods,
            domain=_SCHEME.sub("", host).partition(":")[0],
            link_base=host,
            link_key=_KEY,
        )
        self.shop: Shop = shop_of(self.store, self.place, self.terms)
        self._shelves: dict[str, list[Product]] = {aisle.key: [] for aisle in self.store.aisles}
        for product in self.products:
            self._shelves[product.aisle].append(product)

    @property
    def name(self) -> str:
        """The kiosk's address."""
        return f"{self.where.tenant}/{self.where.site}/{self.where.kiosk}"

    @property
    def languages(self) -> list[str]:
        """The tags it speaks, in order."""
        return [language.tag for language in self.store.languages]

    @property
    def aisles(self) -> list[str]:
        """The aisles that have something on them."""
        return [aisle.key for aisle in self.shop.aisles]

    def shelf(self, aisle: str) -> list[Product]:
        """The products of an aisle, as they stand."""
        return self._shelves[aisle]

    def session(self, at: int, language: str) -> Session:
        """Nobody bought anything yet, everything is connected. `at` is Unix seconds."""
        fresh = new_session(self.store, self.place, Stamp(_MONO_MS, at * 1000))
        return structs.replace(
            fresh, language=language, reach=self.reach, terms=self.terms, online=True,
            devices={"reader": ("ready", ""), "printer": ("ready", "")},
        )  # fmt: skip

    def wall(self, at: int, language: str, aisle: str) -> View:
        """The shelves of an aisle."""
        return present(structs.replace(self.session(at, language), state=Browsing(), aisle=aisle))

    def product(self, at: int, language: str, product: Product) -> View:
        """A product large."""
        return present(
            structs.replace(
                self.session(at, language), state=Viewing(product, product.facing), aisle=product.aisle
            )
        )

    def slide(self, at: int, language: str, key: str) -> View:
        """A slide of the loop while nobody is here."""
        session = self.session(at, language)
        state = session.state
        assert isinstance(state, Attracting), "a session begins with nobody there"
        assert state.choice is not None, "the loop always has a slide"
        choice = structs.replace(state.choice, slide=key)
        return present(structs.replace(session, state=structs.replace(state, choice=choice)))

    def loop(self, at: int, count: int) -> Iterator[Slide]:
        """The first slides of a loop that begins at `at`, in the order the kiosk would choose."""
        session = self.session(at, self.languages[0])
        plan, history, mono = plan_for(self.store, session.settings), session.history, _MONO_MS
        for _ in range(count):
            now = at + (mono - _MONO_MS) // 1000
            choice = next_play(plan, history, now, mono)
            yield Slide(choice.slide, now, choice.ms // 1000)
            history = played(history, plan, choice.slot, choice.kind, choice.owed, mono, choice.ms)
            mono += choice.ms

    def first_advert(self, at: int) -> Slide:
        """The first advert that comes up at `at`; how it works where there is none."""
        turns = list(self.loop(at, 2 * len(self.store.adverts) + 2))
        return next((slide for slide in turns if slide.key != HOW), turns[0])

    def facing(self, product: Product, at: int, language: str) -> Facing:
        """A product as it stands on the shelf at `at`."""
        return facing_of(product, language, at, self.place, self.links)

    def facings(self, aisle: str, span: range, at: int, language: str) -> dict[int, list[Facing]]:
        """The facings of the windows a span of an aisle lies in, by where each begins."""
        shelf = self.shelf(aisle)
        first, last = span.start // WINDOW, max(span.start, span.stop - 1) // WINDOW
        return {
            start: [self.facing(p, at, language) for p in shelf[start : start + WINDOW]]
            for start in range(first * WINDOW, (last + 1) * WINDOW, WINDOW)
        }

    @property
    def links(self) -> Links:
        """How its codes are written."""
        return links_of(self.place.host, self.place.kiosk, self.terms, self.store.version)

    def shelving(self, view: View) -> Shelving:
        """Where the facings of a wall's view are on the glass."""
        assert isinstance(view, Wall), "only walls have shelves"
        return shelving(self.theme, words(view.frame.language), self.shop, view)

    def pages(self, view: View) -> list[Page]:
        """The aisle of a wall's view, glassful by glassful."""
        s = self.shelving(view)
        rows = max(1, s.viewport.h // s.shape.h)
        count = max(1, -(-s.rows // rows))
        found = []
        for index in range(count):
            offset = min(index * rows * s.shape.h, s.limit)
            whole = s.whole(offset)
            found.append(
                Page(index + 1, count, offset, range(whole[0], whole[-1] + 1) if whole else range(0))
            )
        return found


def linked(files: Mapping[str, Path], folder: Path) -> Path:
    """A folder in which every picture lies under the name content gives it."""
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    for name, path in files.items():
        (folder / name).symlink_to(path.resolve())
    return folder


def on_offer(product: Product, at: int) -> str:
    """What a product is offered at, in words; "" for nothing."""
    badge, args = pricing.badge(product, at)
    if not badge:
        return ""
    price, was = pricing.price_at(product, at), pricing.price_before(product, at)
    told = f"{price.decimal()} {price.currency}" + (f" instead of {was.decimal()}" if was else "")
    return f"{badge}{' ' + ' '.join(map(str, args)) if args else ''}, {told}"


__all__ = ["HOST", "PANELS", "Glass", "Page", "Slide", "linked", "on_offer"]
