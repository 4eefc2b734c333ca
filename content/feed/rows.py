"""What one row says: a product for the shelf, or a problem in each cell that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Final

from msgspec import Struct

from content.feed import cells
from content.feed.problems import Problem, Wrong, shown
from content.feed.table import Row
from content.model import Aisle, Product, Sale
from content.money import Money

# Columns in several languages, and the field of Product they fill.
TEXTS: Final = {"title": "names", "description": "descriptions", "ingredients": "ingredients"}

# Columns that stand for themselves: the field they fill, and how to read them.
_VALUES: Final[dict[str, tuple[str, Callable[[str], object]]]] = {
    "gtin": ("gtin", cells.gtin),
    "brand": ("brand", lambda text: cells.words(text, cells.LONGEST["brand"])),
    "availability": ("availability", cells.availability),
    "unit_pricing_measure": ("size", cells.measure),
    "unit_pricing_base_measure": ("unit_base", cells.measure),
    "allergens": ("allergens", cells.allergens),
    "nutrition": ("nutrition", cells.nutrition),
    "origin": ("origin", cells.country),
    "storage": ("storage", cells.storage),
    "age_min": ("age_min", cells.age),
    "image_link": ("picture", cells.picture),
}
# Columns that need the store, or each other.
_TOGETHER: Final = ("price", "sale_price", "sale_price_effective_date", "offer", "aisle", "product_type")
KNOWN: Final = frozenset({*TEXTS, *_VALUES, *_TOGETHER, "id"})
REQUIRED: Final = ("gtin", "title", "price")

_TAGGED: Final = re.compile(r"([a-z_]+)\[([^\]]*)\]")


class Aisles:
    """The aisles a product can be put in: those of store.toml, or, where there is none, whatever the feed names."""

    def __init__(self, aisles: tuple[Aisle, ...] | None, language: str) -> None:
        self._open = aisles is None
        self._language = language
        self.found: dict[str, Aisle] = {aisle.key: aisle for aisle in aisles or ()}
        self._keys: dict[str, str] = {}
        for aisle in aisles or ():
            for name in (*aisle.names.values(), aisle.key):
                self._keys[name.casefold()] = aisle.key

    def key(self, text: str) -> str:
        """The aisle of a product type: its key or name, or a path such as "Food > Dairy" that leads to it."""
        found = self._keys.get(text.casefold())
        if found is None:
            found = self._keys[text.casefold()] = self._of_path([part.strip() for part in text.split(">")])
        return found

    def _of_path(self, path: list[str]) -> str:
        for part in reversed(path):
            if part.casefold() in self._keys:
                return self._keys[part.casefold()]
        if not self._open:
            raise Wrong(f"an aisle of store.toml: {', '.join(list(self.found)[:20])}")
        name = next((part for part in path if part), "")
        key = re.sub(r"\W+", "-", name.casefold()).strip("-") or "all"
        self.found.setdefault(key, Aisle(key=key, names={self._language: name or "All"}))
        return key


class Shop(Struct):
    """What rows are read against. `currency` "" is filled by the first good price."""

    aisles: Aisles
    zone: tzinfo
    language: str  # of columns without a tag
    currency: str = ""


class Reader:
    """Turns rows into products, and remembers which GTINs it has seen."""

    def __init__(self, file: str, shop: Shop, report: Callable[[Problem], None]) -> None:
        self._file, self._shop, self._report = file, shop, report
        self._tags: dict[str, tuple[str, str]] = {}
        self._first_line: dict[str, int] = {}
        self._row, self._id, self._wrong = Row(0, {}), "", False

    def product(self, row: Row, facing: int) -> Product | None:
        """The product of a row; None where the row is wrong, each reason having been reported.

        `picture` is the name of the file to look for, `facing` what the caller says.
        """
        self._row, self._wrong = row, False
        self._id = row.cells.get("id", "").strip()[:40] or row.cells.get("gtin", "").strip()[:40]
        said: dict[str, str] = {}  # cells of _TOGETHER
        fields: dict[str, Any] = {field: {} for field in TEXTS.values()}
        attributes: dict[str, str] = {}
        for column, text in row.cells.items():
            text = text.strip()
            if text:
                try:
                    self._cell(column, cells.plain(text), fields, said, attributes)
                except Wrong as wrong:
                    self._problem(column, str(wrong), text)
        self._whole(fields, said)
        if self._wrong:
            return None
        self._first_line[fields["gtin"]] = row.line
        return Product(facing=facing, attributes=attributes, **fields)

    def tags(self, columns: list[str], line: int) -> None:
        """Look at a heading once: a column in no known language is reported there, and left out of every row."""
        self._row, self._id = Row(line, {}), ""
        for column in columns:
            try:
                self._tag(column)
            except Wrong as wrong:
                self._warn_column(column, str(wrong))

    def _cell(
        self, column: str, text: str, fields: dict[str, Any], said: dict[str, str], attributes: dict[str, str]
    ) -> None:
        if column in _VALUES:
            field, read = _VALUES[column]
            fields[field] = read(text)
        elif column in _TOGETHER:
            said[column] = text
        else:
            base, language = self._tags.get(column) or self._tag_or_warn(column)
            if base in TEXTS:
                fields[TEXTS[base]][language] = cells.words(text, cells.LONGEST.get(base, cells.LONGEST_TEXT))
            elif base:
                attributes[column] = cells.words(text)

    def _tag(self, column: str) -> tuple[str, str]:
        """A column's base and language: title[zh] is (title, zh), title (title, the shop's), others stay themselves."""
        match = _TAGGED.fullmatch(column)
        if match and match[1] in TEXTS:
            tag = match[1], cells.language(match[2])
        else:
            tag = column, self._shop.language
        self._tags[column] = tag
        return tag

    def _tag_or_warn(self, column: str) -> tuple[str, str]:
        try:
            return self._tag(column)
        except Wrong as wrong:
            self._warn_column(column, str(wrong))
            return self._tags[column]

    def _warn_column(self, column: str, expected: str) -> None:
        self._tags[column] = ("", "")
        line = self._row.lines.get(column, self._row.line)
        self._report(
            Problem(
                file=self._file, line=line, column=column, expected=f"{expected}; the column is left out",
                found=shown(column), severity="warning",
            )
        )  # fmt: skip

    def _whole(self, fields: dict[str, Any], said: dict[str, str]) -> None:
        """What a row needs, and what its cells say only together."""
        self._needs("gtin", "gtin" in fields, "a GTIN")
        first = self._first_line.get(fields.get("gtin", ""))
        if first is not None:
            self._problem("gtin", f"a GTIN of its own; line {first} has this one already", None)
        tagged = f"title[{self._shop.language}]".lower()
        title = tagged if self._row.cells.get(tagged, "").strip() else "title"
        self._needs(title, self._shop.language in fields["names"], "a name")
        if "aisle" in said:
            self._try("aisle", said, lambda text: self._put(fields, "aisle", self._shop.aisles.key(text)))
        else:
            self._try(
                "product_type", said, lambda text: self._put(fields, "aisle", self._shop.aisles.key(text)), ""
            )
        self._money(fields, said)
        size, base = fields.get("size"), fields.get("unit_base")
        if size is not None and base is None:
            fields["unit_base"] = cells.usual_base(size)
        elif size is not None and base is not None:
            try:
                cells.same_kind(base, size)
            except Wrong as wrong:
                self._problem("unit_pricing_base_measure", str(wrong), None)

    def _money(self, fields: dict[str, Any], said: dict[str, str]) -> None:
        self._needs(
            "price", "price" in said, f"an amount and a currency: 2.49 {self._shop.currency or 'EUR'}"
        )
        self._try("price", said, lambda text: self._put(fields, "price", self._price(text)))
        price = fields.get("price")
        if price is None:
            return
        self._try("sale_price", said, lambda text: self._put(fields, "sale", self._sale(text, price, said)))
        self._try("offer", said, lambda text: self._put(fields, "offer", cells.offer(text, price)))

    def _price(self, text: str) -> Money:
        if not self._shop.currency:
            code = text.rpartition(" ")[2]
            money = cells.price(text, code if code in cells.currencies() else "EUR")
            self._shop.currency = money.currency
        return cells.price(text, self._shop.currency)

    def _sale(self, text: str, price: Money, said: dict[str, str]) -> Sale | None:
        lower = cells.price(text, price.currency, "the currency of the price")
        if not lower < price:
            raise Wrong(f"less than the price, {price.decimal()} {price.currency}")
        if "sale_price_effective_date" not in said:
            return Sale(lower)
        try:
            since, until = cells.period(said["sale_price_effective_date"], self._shop.zone)
        except Wrong as wrong:
            self._problem("sale_price_effective_date", str(wrong), said["sale_price_effective_date"])
            return None
        return Sale(lower, since, until)

    def _put(self, fields: dict[str, Any], field: str, value: object) -> None:
        fields[field] = value

    def _try(
        self, column: str, said: dict[str, str], read: Callable[[str], None], default: str | None = None
    ) -> None:
        text = said.get(column, default)
        if text is None:
            return
        try:
            read(text)
        except Wrong as wrong:
            self._problem(column, str(wrong), text)

    def _needs(self, column: str, there: bool, expected: str) -> None:
        """Report what is missing; a cell that is there but wrong has been reported already."""
        if not there and not self._row.cells.get(column, "").strip():
            self._problem(column, expected, "")

    def _problem(self, column: str, expected: str, found: str | None) -> None:
        self._wrong = True
        line = self._row.lines.get(column, self._row.line)
        text = self._row.cells.get(column, "").strip() if found is None else found
        self._report(
            Problem(
                file=self._file, line=line, column=column, expected=expected, found=shown(text), row=self._id
            )
        )
