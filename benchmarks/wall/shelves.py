"""What both walls show: the demo store's products, repeated to any number, as the very facings the kiosk draws."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from content.model import text_in
from content.store import OpenStore
from kiosk.core.facings import facing_of
from kiosk.core.settings import Place
from kiosk.core.terms import Links
from kiosk.link.link import Drawn, Show, TakePicture
from kiosk.views import AisleLabel, Facing, FacingsPage, Frame, Intent, Shop, View, Wall

AISLE = "all"
NOW = 1_795_000_000  # a moment in 2026: prices of that day, and links that are signed until a week later
_ROOT = Path(__file__).resolve().parents[2]


def make_store(folder: Path) -> Path:
    """Import the demo store with the command everybody uses."""
    demo = _ROOT / "content" / "demo"
    store = folder / "store"
    subprocess.run(
        [
            sys.executable, "-m", "endcap", "import", str(demo / "feed.tsv"), "--images", str(demo / "pictures"),
            "--into", str(store), "--store", str(demo / "store.toml"),
        ],
        check=True, cwd=_ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return store


class Shelves:
    """`count` facings made from a store's products, one after the other, over and over."""

    def __init__(self, store: Path, count: int) -> None:
        self._open = OpenStore(store)
        self._products = [
            product
            for aisle in self._open.store.aisles
            for product in self._open.shelf(aisle.key, 0, aisle.count)
        ]
        self.count = count
        self._place = Place(kiosk="K1", host="http://127.0.0.1:8481", pictures=str(store))
        self._links = Links(
            base=self._place.host, kiosk="K1", key="00" * 16, kid=1
        )  # signed: codes of version 4

    @property
    def shop(self) -> Shop:
        """The shop with one long aisle."""
        store = self._open.store
        label = AisleLabel(AISLE, {"en": "Everything"}, self.count, "#f2f4f7", "#1456d9")
        others = tuple(
            AisleLabel(aisle.key, aisle.names, aisle.count, aisle.background, aisle.accent)
            for aisle in store.aisles
        )
        return Shop(
            names=store.names, version=store.version, currency=store.currency, languages=store.languages,
            aisles=(label, *others), adverts=(), how_it_works=store.how_it_works, methods=store.methods,
            support=store.support, kiosk="K1",
        )  # fmt: skip

    @property
    def title(self) -> str:
        """The shop's name in English."""
        return text_in(self._open.store.names, "en")

    def facings(self, start: int, stop: int) -> list[Facing]:
        """Facings `start` up to, without, `stop`."""
        products, place = self._products, self._place
        return [
            facing_of(products[index % len(products)], "en", NOW, place, self._links)
            for index in range(start, min(stop, self.count))
        ]


class BenchLink:
    """The agent's part, as little of it as a wall needs: one view, shelves, and ears that hear nothing."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def obey(self, picture: TakePicture, leave: Callable[[], None]) -> None:
        """See ScreenEnd: nobody asks."""

    def listen(self, show: Show) -> None:
        """Show the wall."""
        view: View = Wall(Frame("en"), AISLE)
        show(self._shelves.shop, view)

    def send(self, intent: Intent) -> None:
        """Whatever is touched, the wall stays."""

    def drew(self, drawn: Drawn) -> None:
        """See ScreenEnd: nobody asks."""

    def facings(self, aisle: str, language: str, start: int, stop: int) -> FacingsPage:
        """A piece of shelf."""
        return FacingsPage(aisle, start, tuple(self._shelves.facings(start, stop)))

    def close(self) -> None:
        """Nothing to end."""
