"""The demo store's views for tests of what is drawn: real names, real prices, every kind of screen."""

from __future__ import annotations

from pathlib import Path

from msgspec import structs

from content.feed.problems import Problems
from content.importer import Source, import_feed
from content.model import Product
from content.store import OpenStore
from kiosk.core.settings import Place
from kiosk.scenes import MONO_MS, TERMS, picks_of, scenes
from kiosk.shop import shop_of
from kiosk.ui.nodes import Node
from kiosk.ui.screens import (
    basket,
    choose,
    closed,
    code_entry,
    code_result,
    device_test,
    ending,
    pay,
    product,
)
from kiosk.ui.theme import Theme
from kiosk.ui.words import words
from kiosk.views import (
    Basket,
    ChooseMethod,
    Closed,
    CodeEntry,
    CodeResult,
    CodeWait,
    DeviceTest,
    Pay,
    Problem,
    ProductDetail,
    Shop,
    Thanks,
    View,
)

DEMO = Path(__file__).parents[2] / "content" / "demo"
LANGUAGES = ("en", "zh", "ar", "de")
PURCHASE = (
    ProductDetail,
    Basket,
    ChooseMethod,
    Pay,
    Thanks,
    Problem,
    Closed,
    CodeEntry,
    CodeWait,
    CodeResult,
    DeviceTest,
)


def demo_store(folder: Path) -> OpenStore:
    """The demo's products, imported into `folder` (pictures stay out: no test here looks at them)."""
    with Problems() as problems:
        import_feed(Source(DEMO / "feed.tsv", None, DEMO / "store.toml"), folder, problems)
    return OpenStore(folder)


class Scenery:
    """Views of the demo store in any language."""

    def __init__(self, store: OpenStore, pictures: Path) -> None:
        self.place = Place(kiosk="WALL-1", host="https://id.pendelo.example", pictures=str(pictures))
        self.shop: Shop = shop_of(store.store, self.place, TERMS)
        self.store = store

    def all_products(self) -> list[Product]:
        return [p for aisle in self.store.store.aisles for p in self.store.shelf(aisle.key, 0, 100)]

    def longest(self, language: str, count: int) -> list[tuple[Product, int]]:
        """The products with the longest names, 19 pieces of each: the widest texts a basket can hold."""
        products = sorted(self.all_products(), key=lambda p: -len(p.names[language]))
        return [(p, 19) for p in products[:count]]

    def views(
        self, language: str, *, reach: bool = False, count: int = 4, longest: bool = False
    ) -> dict[str, View]:
        """The screens of a purchase by name."""
        picks = self.longest(language, count) if longest else picks_of(self.store, language, count)
        found = scenes(self.store, self.place, language, picks, reach=reach)
        found = {name: view for name, view in found.items() if isinstance(view, PURCHASE)}
        for name in ("basket", "thanks-no-paper"):  # with something in it that not everybody may buy
            found[f"{name}-aged"] = structs.replace(found[name], age_min=18)
        return found

    def scenes(self, language: str) -> dict[str, View]:
        """All screens by name."""
        return scenes(self.store, self.place, language, picks_of(self.store, language))

    def views_of(self, product: Product, language: str) -> View:
        """One product's page."""
        return scenes(self.store, self.place, language, [(product, 3)])["product"]

    def nodes(self, theme: Theme, view: View) -> list[Node]:
        """A view's layout at the moment of the scenes."""
        w, shop = words(view.frame.language), self.shop
        match view:
            case ProductDetail():
                return product.layout(theme, w, shop, view)
            case Basket():
                return basket.layout(theme, w, shop, view)
            case ChooseMethod():
                return choose.layout(theme, w, shop, view)
            case Pay():
                return pay.layout(theme, w, shop, view, pay.seconds_left(view, MONO_MS))
            case Thanks():
                return ending.thanks_layout(theme, w, shop, view)
            case Problem():
                return ending.problem_layout(theme, w, shop, view)
            case CodeEntry():
                return code_entry.layout(theme, w, shop, view, "K7Q29M")
            case CodeWait():
                return code_entry.wait_layout(theme, w, shop, view)
            case CodeResult():
                return code_result.layout(theme, w, shop, view)
            case DeviceTest():
                return device_test.layout(theme, w, shop, view)
            case Closed():
                return closed.layout(theme, w, shop, view)
            case _:
                raise AssertionError(f"{type(view).__name__} is no screen of a purchase")
