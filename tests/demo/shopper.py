"""A shopper at the demo's wall: finds what to touch by the screens' own layouts, pays like a browser would."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from html import unescape
from typing import Any

from content.store import OpenStore
from kiosk.ui.geometry import Rect
from kiosk.ui.screens import wall
from kiosk.ui.theme import Theme
from kiosk.ui.words import words
from kiosk.views import Panel, Wall
from tests.demo.demos import Demo
from tests.ui.scenery import Scenery

START = (0.5, 0.91)  # the invitation of the attract loop, which the whole glass answers
PANEL = Panel()
THEME = Theme(PANEL)


class Shopper:
    """Somebody in front of the glass, with a phone in the other hand."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        with OpenStore(demo.folder / "store") as store:
            scenery = Scenery(store, demo.folder)
            self._scenes = scenery.scenes("en")
            self._places = {
                name: {node.key: node.rect for node in scenery.nodes(THEME, view)}
                for name, view in scenery.views("en").items()
            }
            shelves = self._scenes["wall"]
            assert isinstance(shelves, Wall)
            self._wall = {
                node.key: node.rect for node in wall.layout(THEME, words("en"), scenery.shop, shelves)
            }
            shelving = wall.shelving(THEME, words("en"), scenery.shop, shelves)
        tile, plus = shelving.place(0, 0), shelving.shape.add
        self._plus = Rect(tile.x + plus.x, tile.y + plus.y, plus.w, plus.h)

    # --- the glass ---

    @property
    def view(self) -> str:
        """What the kiosk says it shows."""
        shown = [item["view"] for item in self.demo.news() if item["kind"] == "presence"]
        return str(shown[-1]) if shown else ""

    def touch(self, place: Rect) -> None:
        """The middle of it."""
        self.demo.touch((place.x + place.w / 2) / PANEL.width, (place.y + place.h / 2) / PANEL.height)

    def does(self, act: Callable[[], object], there: Callable[[], object], what: str) -> None:
        """Do something until it has worked: a finger tries again when nothing has happened for a while."""
        tries = iter(range(100_000))

        def tried() -> bool:
            if next(tries) % 40 == 0:
                act()
            return bool(there())

        self.demo.until(tried, what)

    def touch_until(self, scene: str, key: str, view: str) -> None:
        """Touch a control of a scene (kiosk.scenes) until the kiosk shows another view."""
        place = self._wall[key] if scene == "wall" else self._places[scene][key]

        def touch() -> None:
            # Where the screen has changed already, something else lies at that place: a button that cancels.
            if self.view == scene.partition("-")[0]:
                self.touch(place)

        self.does(touch, lambda: self.view == view, f"{view} after touching {key}")

    def sees(self, view: str) -> None:
        """Wait for a view."""
        self.demo.until(lambda: self.view == view, f"the glass to show {view}; it shows {self.view}")

    def comes(self) -> list[str]:
        """Stand before the shelves of the first aisle; returns the links on them."""
        ways = {
            "thanks": ("thanks-printed", "done"),
            "code-result": ("code-handed-over", "done"),
            "problem": ("problem-declined", "back"),
            "choose": ("choose", "back"),
            "basket": ("basket", "back"),
            "product": ("product", "back"),
        }

        def leave() -> None:
            view = self.view
            if view in ways:
                scene, key = ways[view]
                self.touch(self._places[scene][key])
            elif view == "attract":
                self.demo.touch(*START)

        self.does(leave, lambda: self.view == "wall", "the shelves")
        self.demo.until(lambda: len(self.demo.codes()) >= 6, "links on the shelves")
        return self.demo.codes()

    @property
    def taken(self) -> int:
        """How often somebody has put something into a basket."""
        return sum(item["title"].startswith("Takes ") for item in self.demo.news())

    def wants_to_pay(self, method: str) -> None:
        """Take the first product of the shelf and choose how to pay."""
        self.comes()
        before = self.taken
        self.does(lambda: self.touch(self._plus), lambda: self.taken > before, "a product in the basket")
        self.touch_until("wall", "pay", "choose")
        self.touch_until("choose", f"method-{method}", "pay")

    def takes_along(self) -> str:
        """Take the first product of the shelf, open the sheet over the basket; returns the code on it."""
        self.comes()
        before = self.taken
        self.does(lambda: self.touch(self._plus), lambda: self.taken > before, "a product in the basket")
        places = {"wall": self._wall["basket"], "basket": self._places["basket"]["along"]}
        self.does(
            lambda: self.touch(places[self.view]) if self.view in places else None,
            lambda: any("/B/" in code for code in self.demo.codes()),
            "the basket's code",
        )
        (link,) = self.demo.codes()
        close = self._places["basket"]["pay"]  # the sheet's own button stands there
        self.does(lambda: self.touch(close), lambda: not self.demo.codes(), "the basket without its sheet")
        return link

    def pay_code(self) -> dict[str, str]:
        """The code of the payment on the glass, read and explained."""
        found: list[dict[str, str]] = []

        def read() -> bool:
            found[:] = json.loads(self.demo.get("/read"))
            return len(found) == 1 and "/01/" not in found[0]["text"]

        self.demo.until(read, "the payment's code")
        return found[0]

    # --- the phone ---

    def pays(self) -> str:
        """Open the link on the glass and press Pay; returns the page that says how it went."""
        return submit(self.pay_code()["href"], answer="pay")

    def buys_on_the_phone(self, link: str) -> str:
        """Open a facing's link, buy it there, pay; returns the receipt's page."""
        phone = Phone()
        phone.opens(link)
        phone.sends("buy", then="checkout")
        bank = phone.sends("pay")
        return submit(bank, answer="pay")

    # --- what came of it ---

    @property
    def sales(self) -> int:
        """How many sales the fleet has in its store; -1 while it does not answer."""
        try:
            return int(self.summary()["sales"])
        except OSError:
            return -1

    def summary(self) -> dict[str, Any]:
        """The fleet's."""
        _, page = fetch(f"http://127.0.0.1:{self.demo.port + 1}/api/summary")
        told: dict[str, Any] = json.loads(page)
        return told

    def sold(self, before: int, count: int = 1) -> None:
        """Wait until the fleet has exactly that many more sales."""
        self.demo.until(lambda: self.sales >= before + count, "the sale to reach the fleet's store")
        assert self.sales == before + count


class Phone:
    """A browser that keeps cookies and sends the forms of the page it shows."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        self._where, self._page = "", ""

    def opens(self, url: str) -> None:
        """Follow a link."""
        self._where, self._page = browse(self._opener, url)

    def sends(self, form: str, **more: str) -> str:
        """Send the form of that id as it stands, and `more`; returns where it led."""
        found = re.search(rf'<form[^>]* action="([^"]*)"[^>]* id="{form}".*?</form>', self._page, re.DOTALL)
        assert found, f"no form {form!r} at {self._where}"
        action = urllib.parse.urljoin(self._where, unescape(found[1]))
        self._where, self._page = browse(self._opener, action, **fields(found[0]), **more)
        return self._where


def fetch(url: str, **form: str) -> tuple[str, str]:
    """A page as a browser without cookies gets it; as `browse`."""
    return browse(urllib.request.build_opener(), url, **form)


def browse(opener: urllib.request.OpenerDirector, url: str, **form: str) -> tuple[str, str]:
    """A page as a browser gets it, by POST where there is a form; returns where it led and what it said."""
    parts = urllib.parse.urlsplit(url)
    data = urllib.parse.urlencode(form).encode() if form else None
    origin = f"{parts.scheme.lower()}://{parts.netloc.lower()}"
    request = urllib.request.Request(url, data, {"Origin": origin} if form else {})
    with opener.open(request, timeout=20) as answer:
        return str(answer.url), answer.read().decode()


def submit(url: str, **form: str) -> str:
    """What the page says after its form was sent; the page is opened first, as people do."""
    fetch(url)
    return fetch(url, **form)[1]


def fields(page: str) -> dict[str, str]:
    """The named values of a page's forms."""
    return {
        name: unescape(value)
        for name, value in re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', page)
    }
