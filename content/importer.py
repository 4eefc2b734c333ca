"""From a feed to a store: read every row, bring every picture to wall size, exchange the store as the last step."""

from __future__ import annotations

import warnings
import zoneinfo
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from PIL import Image

from content.feed import cells, markup, table, text
from content.feed.problems import FeedError, Problem, Problems, Wrong, shown
from content.feed.rows import KNOWN, REQUIRED, Aisles, Reader, Shop
from content.model import Advert, Aisle, Language, Product, Store
from content.pictures import LONGEST, LONGEST_ADVERT, SUFFIX, PictureError, read_picture, wall_picture
from content.store_file import read_store_file
from content.store_writer import StoreWriter

MOST_ROWS: Final = 200_000
_WORKERS: Final = 2  # Pillow lets go of the interpreter while it decodes and encodes


class Refused(Exception):
    """Nothing was imported, though the feed could be read: too little in it is right."""


class Imported(Struct, frozen=True):
    """What an import did. `notes` are worth telling, but nothing is wrong."""

    store: Store
    imported: int
    left_out: int
    pictures: int
    notes: tuple[str, ...] = ()


class Source(Struct, frozen=True):
    """What to import: the feed, the folder with its pictures, and store.toml; the last two may be missing."""

    feed: Path
    images: Path | None = None
    store: Path | None = None


def import_feed(source: Source, into: Path, problems: Problems, strict: bool = False) -> Imported:
    """Import a feed into a store folder. Every problem goes to `problems`; rows with an error are left out.

    Raises FeedError, StoreFileError or StoreError where feed, store.toml or folder are of no use at all, and Refused
    where `strict` finds any problem or no row is right. Whatever is raised, the store that was there stands.
    """
    store = read_store_file(source.store) if source.store else None
    shop = Shop(
        Aisles(store.aisles if store else None, store.languages[0].tag if store else "en"),
        zoneinfo.ZoneInfo(store.timezone) if store else UTC,
        store.languages[0].tag if store else "en",
        store.currency if store else "",
    )
    notes: list[str] = []
    counted = Counted(problems)
    products = list(feed_products(source.feed, shop, counted, notes))
    if not products:
        raise Refused(f"{source.feed}: none of {counted.rows} rows is right")
    if store is None:
        store = _store_of(source.feed, shop, products)
        notes.append("no store.toml: aisles, currency and languages are taken from the feed")
    products = _on_shelves(store, products)
    with StoreWriter(into) as writer, warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        pictures = _Pictures(source, writer, problems)
        store = msgspec.structs.replace(store, adverts=pictures.adverts(store.adverts, source.store))
        products = pictures.products(products, counted.lines)
        if strict and problems.total:
            raise Refused(f"{problems.total} problems, and --strict wants none; nothing was changed")
        store = writer.commit(store, products)
    if source.images is None:
        notes.append("no --images: the products have no pictures")
    return Imported(store, len(products), counted.rows - len(products), pictures.used, tuple(notes))


class Counted:
    """Counts the rows of a feed, those that could not even be taken apart included, and where each product stood."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.rows = 0
        self.lines: dict[str, tuple[int, str]] = {}  # GTIN -> line, the feed's id

    def one(self, file: str) -> None:
        """Count a row. Raises FeedError where they are too many."""
        self.rows += 1
        if self.rows > MOST_ROWS:
            raise FeedError(f"{file}: expected at most {MOST_ROWS:,} rows, found more")

    def broken(self, file: str) -> table.Report:
        """What takes a row that could not be taken apart."""

        def report(line: int, column: str, expected: str, found: str) -> None:
            self.one(file)
            self._problems.add(Problem(file=file, line=line, column=column, expected=expected, found=found))

        return report

    def add(self, problem: Problem) -> None:
        """Pass a problem on."""
        self._problems.add(problem)


def feed_products(feed: Path, shop: Shop, counted: Counted, notes: list[str]) -> Iterator[Product]:
    """The products of a feed in its order; `facing` counts them, `picture` is the file the row names.

    Raises FeedError where the feed as a whole cannot be read.
    """
    reader = Reader(feed.name, shop, counted.add)
    for row in _rows(feed, reader, counted, notes):
        counted.one(feed.name)
        product = reader.product(row, facing=counted.rows)
        if product is not None:
            counted.lines[product.gtin] = row.lines.get("image_link", row.line), row.cells.get("id", "")[:40]
            yield product


def _rows(feed: Path, reader: Reader, counted: Counted, notes: list[str]) -> Iterator[table.Row]:
    if markup.is_markup(feed):
        yield from markup.rows(feed)
        return
    encoding = text.encoding_of(feed)
    if encoding.note:
        notes.append(encoding.note)
    try:
        # The generator holds the file: closed here, it does not wait for the garbage collector.
        with closing(text.lines(feed, encoding.name)) as lines:
            heading = table.read(feed.name, lines, KNOWN, counted.broken(feed.name))
            _has_required(feed.name, heading)
            reader.tags(heading.columns, heading.line)
            yield from heading.rows
    except (OSError, UnicodeError) as error:
        raise FeedError(f"{feed}: cannot be read: {error}") from error


def _has_required(name: str, heading: table.Table) -> None:
    bases = {column.partition("[")[0] for column in heading.columns}
    if missing := [column for column in REQUIRED if column not in bases]:
        raise FeedError(
            f"{name} line {heading.line}: expected the columns {', '.join(REQUIRED)}; "
            f"missing: {', '.join(missing)}; found: {shown(', '.join(heading.columns))}"
        )


def _store_of(feed: Path, shop: Shop, products: list[Product]) -> Store:
    """A plain store for a feed that came without store.toml."""
    tags = dict.fromkeys([shop.language, *(tag for product in products for tag in product.names)])
    return Store(
        key="store",
        names={shop.language: feed.stem},
        currency=shop.currency,
        languages=tuple(Language(tag, cells.own_name(tag)) for tag in tags),
        aisles=tuple(shop.aisles.found.values()),
    )


def _on_shelves(store: Store, products: list[Product]) -> list[Product]:
    """The products aisle by aisle, each in the feed's order, with their facings from 1 through the store."""
    place = {aisle.key: index for index, aisle in enumerate(store.aisles)}
    shelf = sorted(products, key=lambda product: (place[product.aisle], product.facing))
    return [msgspec.structs.replace(product, facing=index) for index, product in enumerate(shelf, start=1)]


class _Pictures:
    """Brings pictures into the store being written; each file once, however many products name it."""

    def __init__(self, source: Source, writer: StoreWriter, problems: Problems) -> None:
        self._images, self._feed = source.images, source.feed.name
        self._writer, self._problems = writer, problems
        self.used = 0  # products and adverts that have one

    def products(self, products: list[Product], lines: dict[str, tuple[int, str]]) -> list[Product]:
        """The products with `picture` naming a file of the store, or "" where there is none to be had."""
        if self._images is None:
            return [msgspec.structs.replace(product, picture="") for product in products]
        made = self._made({product.picture for product in products if product.picture}, LONGEST)
        shelf = []
        for product in products:
            name = ""
            if product.picture:
                line, row = lines[product.gtin]
                name = self._name(made[product.picture], self._feed, line, "image_link", row, product.picture)
            shelf.append(msgspec.structs.replace(product, picture=name))
        return shelf

    def adverts(self, adverts: tuple[Advert, ...], file: Path | None) -> tuple[Advert, ...]:
        """The adverts with their pictures in the store; one whose picture is of no use goes without."""
        if self._images is None or file is None:
            return tuple(msgspec.structs.replace(advert, picture="") for advert in adverts)
        found = []
        for index, advert in enumerate(adverts):
            place, name = f"adverts[{index}].picture", ""
            try:
                picture = cells.picture(advert.picture)
                made = self._made({picture}, LONGEST_ADVERT)[picture]
                name = self._name(made, file.name, 0, place, advert.key, advert.picture)
            except Wrong as wrong:
                self._warn(file.name, 0, place, advert.key, str(wrong), advert.picture)
            found.append(self._writer.creative(advert, name))
        return tuple(found)

    def _made(self, files: set[str], longest: int) -> dict[str, str | PictureError]:
        """The store's name of each picture, or what was expected of it."""
        assert self._images is not None
        names = sorted(files)
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="picture") as pool:
            return dict(zip(names, pool.map(self._bring(self._images, longest), names), strict=True))

    def _bring(self, images: Path, longest: int) -> Callable[[str], str | PictureError]:
        def bring(name: str) -> str | PictureError:
            try:
                data = wall_picture(read_picture(images / name), longest)
            except PictureError as error:
                return error
            return self._writer.add_picture(data, SUFFIX)

        return bring

    def _name(self, made: str | PictureError, file: str, line: int, column: str, row: str, found: str) -> str:
        if isinstance(made, PictureError):
            self._warn(file, line, column, row, str(made), found)
            return ""
        self.used += 1
        return made

    def _warn(self, file: str, line: int, column: str, row: str, expected: str, found: str) -> None:
        self._problems.add(
            Problem(
                file=file, line=line, column=column, expected=expected, found=shown(found), row=row,
                severity="warning",
            )
        )  # fmt: skip


__all__ = ["Aisle", "Counted", "Imported", "Refused", "Source", "feed_products", "import_feed"]
