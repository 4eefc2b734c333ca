"""Reading a content folder: every file, every mistake in one go. A folder of store.toml, feed.tsv and pictures/ is one."""

from __future__ import annotations

import hashlib
import zoneinfo
from datetime import tzinfo
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from content.authored import files
from content.authored.adverts import ADVERTS, AdvertsFile, with_adverts
from content.authored.checks import GROUPS, MERCHANTS, PRICES, STORE, WALLS, mistakes_in
from content.authored.dayparts import DAYPARTS, Dayparts, DaypartsFile, mistakes_in_dayparts
from content.authored.mistakes import ContentError, Mistake
from content.authored.model import Content, PriceList, Seller
from content.authored.offers import OFFERS, OffersFile, rules
from content.authored.picturing import Pictures
from content.authored.price_file import read_prices
from content.authored.tables import read_table
from content.authored.themes import THEMES, ThemesFile
from content.feed.problems import FeedError, Problem, Problems
from content.feed.rows import Aisles, Shop
from content.importer import Counted, feed_products
from content.model import Advert, Merchant, Product, Store
from content.pictures import LONGEST, LONGEST_ADVERT, PictureError
from content.store_file import StoreFileError, read_store_file

FEEDS: Final = ("feed.tsv", "feed.csv", "feed.xml", "feed.txt")


class Authored(Struct, frozen=True):
    """A folder that is right: its content, where the pictures lie that it names, and what is worth a look."""

    content: Content
    files: dict[str, Path]
    warnings: tuple[Mistake, ...] = ()


def read_content(folder: Path) -> Authored:
    """Read a content folder. Raises ContentError with all that is wrong in it.

    Pictures that are larger than a wall needs are made small and kept in its folder `.made`.
    """
    folder = Path(folder)
    return _Reading(folder).read()


class _Reading:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mistakes: list[Mistake] = []
        self._warnings: list[Mistake] = []
        self._pictures = Pictures(folder)
        self._lines: dict[str, tuple[str, int]] = {}  # GTIN -> file and line of its row

    def read(self) -> Authored:
        store = self._store()
        places = self._table(GROUPS, files.GroupsFile)
        merchants = self._table(MERCHANTS, files.MerchantsFile).merchants
        lists = self._table(PRICES, files.PricesFile).lists
        walls = self._table(WALLS, files.WallsFile).walls
        dayparts = self._table(DAYPARTS, DaypartsFile)
        offers = self._table(OFFERS, OffersFile)
        themes = self._table(THEMES, ThemesFile).themes
        adverts = self._table(ADVERTS, AdvertsFile)
        self._mistakes += mistakes_in_dayparts(dayparts)
        feed = self._feed()
        if store is None:
            raise ContentError(tuple(self._mistakes))
        zone = zoneinfo.ZoneInfo(store.timezone)
        products = self._products(store, zone, feed, merchants)
        named = self._dayparts(dayparts, store)
        own = len(store.adverts)
        if named is not None:
            store = with_adverts(adverts, store, named, self._mistakes)
        content = Content(
            store=msgspec.structs.replace(store, adverts=self._adverts(store, own)),
            products=self._with_pictures(products),
            lines=places.lines,
            groups=places.groups,
            sellers=tuple(_seller(each) for each in merchants),
            lists=tuple(
                PriceList(
                    key=each.key, groups=each.groups,
                    prices=read_prices(
                        self._folder / each.file, each.file, store.currency, zone, self._mistakes.append
                    ),
                )
                for each in lists
            ),
            walls=walls,
            offers=rules(offers, store.currency, named, self._mistakes) if named is not None else (),
            themes=themes,
        )  # fmt: skip
        self._pictures.remember()
        self._mistakes += mistakes_in(content)
        if self._mistakes:
            raise ContentError(tuple(dict.fromkeys(self._mistakes)))
        return Authored(content, self._pictures.files, tuple(self._warnings))

    def _dayparts(self, said: DaypartsFile, store: Store) -> Dayparts | None:
        """None where that file is to be put right first: its mistakes would be told again for each reference."""
        if any(mistake.file == DAYPARTS for mistake in self._mistakes):
            return None
        return Dayparts(said, store.timezone)

    def _store(self) -> Store | None:
        try:
            return read_store_file(self._folder / STORE)
        except StoreFileError as error:
            self._mistakes += [Mistake(STORE, key, rule) for key, rule in error.found]
            return None

    def _table(self, name: str, kind: type[files.AnyFile]) -> files.AnyFile:
        said, mistakes = read_table(self._folder / name, kind)
        self._mistakes += mistakes
        return kind() if said is None else said

    def _feed(self) -> str:
        there = [name for name in FEEDS if (self._folder / name).is_file()]
        if len(there) != 1:
            found = ", ".join(there) or "none"
            self._mistakes.append(Mistake("", "", f"expected one of {', '.join(FEEDS)}, found {found}"))
        return there[0] if there else ""

    def _products(
        self, store: Store, zone: tzinfo, feed: str, merchants: tuple[files.SaidMerchant, ...]
    ) -> list[Product]:
        """Aisle by aisle; in an aisle the store's own before its merchants', each in the feed's order."""
        found = self._by_brand(self._of_feed(feed, "", store, zone), merchants) if feed else []
        for index, each in enumerate(merchants):
            if each.feed is not None:
                found += self._of_feed(each.feed, each.key, store, zone)
            elif not each.brands:
                self._mistakes.append(
                    Mistake(MERCHANTS, f"merchants[{index}].feed", "expected a feed, or brands")
                )
        place = {aisle.key: index for index, aisle in enumerate(store.aisles)}
        return sorted(found, key=lambda product: place[product.aisle])

    def _by_brand(self, own: list[Product], merchants: tuple[files.SaidMerchant, ...]) -> list[Product]:
        """The store's own feed, with the brands that others sell given to them."""
        brands = {product.brand for product in own}
        sellers: dict[str, str] = {}
        for index, each in enumerate(merchants):
            for number, brand in enumerate(each.brands):
                if brand in sellers or brand not in brands:
                    rule = f"expected a brand of the store's feed that nobody else sells, found {brand!r}"
                    self._mistakes.append(Mistake(MERCHANTS, f"merchants[{index}].brands[{number}]", rule))
                sellers[brand] = each.key
        return [
            msgspec.structs.replace(product, merchant=sellers[product.brand])
            if product.brand in sellers
            else product
            for product in own
        ]

    def _of_feed(self, name: str, merchant: str, store: Store, zone: tzinfo) -> list[Product]:
        language = store.languages[0].tag
        shop = Shop(Aisles(store.aisles, language), zone, language, store.currency)
        problems = _Problems(name, self._mistakes, self._warnings)
        counted = Counted(problems)
        found = []
        try:
            for product in feed_products(self._folder / name, shop, counted, []):
                if (there := self._lines.get(product.gtin)) is not None:
                    path = f"line {counted.lines[product.gtin][0]}, gtin"
                    rule = (
                        f"expected a GTIN of its own; {there[0]} line {there[1]} has {product.gtin} already"
                    )
                    self._mistakes.append(Mistake(name, path, rule))
                    continue
                self._lines[product.gtin] = (name, counted.lines[product.gtin][0])
                found.append(msgspec.structs.replace(product, facing=0, merchant=merchant))
        except FeedError as error:
            self._mistakes.append(Mistake(name, "", str(error).removeprefix(f"{self._folder}/")))
            return found
        except OSError as error:
            self._mistakes.append(Mistake(name, "", f"cannot be read: {error.strerror or error}"))
            return found
        if not counted.rows:
            self._mistakes.append(Mistake(name, "", "expected one row at least, found none"))
        return found

    def _with_pictures(self, products: list[Product]) -> tuple[Product, ...]:
        made = self._pictures.bring({product.picture for product in products if product.picture}, LONGEST)
        return tuple(
            msgspec.structs.replace(product, picture=self._picture(product, made[product.picture]))
            if product.picture
            else product
            for product in products
        )

    def _picture(self, product: Product, made: str | PictureError) -> str:
        if isinstance(made, str):
            return made
        file, line = self._lines[product.gtin]
        rule = f"expected {made}, found {product.picture!r}; sold without a picture"
        self._warnings.append(Mistake(file, f"line {line}, image_link", rule))
        return ""

    def _adverts(self, store: Store, own: int) -> tuple[Advert, ...]:
        """With their pictures, and the whole hash that names them for good; the first `own` are store.toml's."""
        made = self._pictures.bring({advert.picture for advert in store.adverts}, LONGEST_ADVERT)
        found = []
        for index, advert in enumerate(store.adverts):
            name = made[advert.picture]
            if isinstance(name, PictureError):
                file, place = (STORE, index) if index < own else (ADVERTS, index - own)
                rule = f"expected {name}, found {advert.picture!r}"
                self._mistakes.append(Mistake(file, f"adverts[{place}].picture", rule))
                name = ""
            digest = hashlib.sha256(self._pictures.files[name].read_bytes()).hexdigest() if name else ""
            found.append(msgspec.structs.replace(advert, picture=name, sha256=digest))
        return tuple(found)


class _Problems(Problems):
    """A feed's problems as mistakes and warnings."""

    def __init__(self, name: str, mistakes: list[Mistake], warnings: list[Mistake]) -> None:
        super().__init__()
        self._name, self._errors, self._mild = name, mistakes, warnings

    def add(self, problem: Problem) -> None:
        """Take one in."""
        row = f" ({problem.row})" if problem.row else ""
        place = f"line {problem.line}, {problem.column or 'whole row'}{row}"
        mistake = Mistake(self._name, place, f"expected {problem.expected}, found {problem.found}")
        (self._errors if problem.severity == "error" else self._mild).append(mistake)


def _seller(said: files.SaidMerchant) -> Seller:
    merchant = Merchant(key=said.key, names=said.names, support=said.support, fulfilments=said.fulfilments)
    return Seller(merchant=merchant, groups=said.groups)
