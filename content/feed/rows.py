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
    "brand": ("brand", cells.brand),
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


# What a row says is gathered in dicts, one for each kind of column.
_FIELDS, _TOGETHER_CELLS, _ATTRIBUTES, _LEFT_OUT, _FIRST_TEXT = range(5)
_Plan = tuple[int, str, Callable[[str], object]]  # which dict, under which key, and how to read the cell


class Reader:
    """Turns rows into products, and remembers which GTINs it has seen."""

    def __init__(self, file: str, shop: Shop, report: Callable[[Problem], None]) -> None:
        self._file, self._shop, self._report = file, shop, report
        self._plans: dict[str, _Plan] = {}
        self._first_line: dict[str, int] = {}
        self._row, self._wrong = Row(0, {}), False
        self._tagged = f"title[{shop.language}]".lower()

    def tags(self, columns: list[str], line: int) -> None:
        """Look at a heading once: a column in no known language is reported there, and left out of every row."""
        self._row = Row(line, {})
        for column in columns:
            self._plan(column)

    def product(self, row: Row, facing: int) -> Product | None:
        """The product of a row; None where the row is wrong, each reason having been reported.

        `picture` is the name of the file to look for, `facing` what the caller says.
        """
        self._row, self._wrong = row, False
        said: list[dict[str, Any]] = [{} for _ in range(_FIRST_TEXT + len(TEXTS))]
        # Strange characters are rare: one look at the whole row is an eighth of the work of one at each cell.
        strange = cells.STRANGE.search("".join(row.cells.values())) is not None
        for column, text in row.cells.items():
            if text and (text := text.strip()):
                slot, key, read = self._plans.get(column) or self._plan(column)
                try:
                    said[slot][key] = read(cells.plain(text) if strange else text)
                except Wrong as wrong:
                    self._problem(column, str(wrong))
        fields = said[_FIELDS]
        for index, field in enumerate(TEXTS.values()):
            fields[field] = said[_FIRST_TEXT + index]
        self._whole(fields, said[_TOGETHER_CELLS])
        if self._wrong:
            return None
        self._first_line[fields["gtin"]] = row.line
        return Product(facing=facing, attributes=said[_ATTRIBUTES], **fields)

    def _plan(self, column: str) -> _Plan:
        """What to do with a column: title[zh] is a text in "zh", title one in the shop's language; it is looked up once."""
        tagged = _TAGGED.fullmatch(column)
        base = tagged[1] if tagged and tagged[1] in TEXTS else column
        plan: _Plan
        if base in TEXTS:
            slot = _FIRST_TEXT + list(TEXTS).index(base)
            read = cells.title if base == "title" else cells.words
            try:
                plan = slot, cells.language(tagged[2]) if tagged else self._shop.language, read
            except Wrong as wrong:
                self._warn_column(column, str(wrong))
                plan = _LEFT_OUT, column, str
        elif column in _VALUES:
            plan = _FIELDS, *_VALUES[column]
        elif column in _TOGETHER:
            plan = _TOGETHER_CELLS, column, str
        else:
            plan = (_ATTRIBUTES, column, cells.words) if column else (_LEFT_OUT, column, str)
        self._plans[column] = plan
        return plan

    def _warn_column(self, column: str, expected: str) -> None:
        line = self._row.lines.get(column, self._row.line)
        self._report(
            Problem(
                file=self._file, line=line, column=column, expected=f"{expected}; the column is left out",
                found=shown(column), severity="warning",
            )
        )  # fmt: skip

    def _whole(self, fields: dict[str, Any], said: dict[str, str]) -> None:
        """What a row needs, and what its cells say only together."""
        if "gtin" not in fields:
            self._missing("gtin", "a GTIN")
        elif (first := self._first_line.get(fields["gtin"])) is not None:
            self._problem("gtin", f"a GTIN of its own; line {first} has this one already")
        if self._shop.language not in fields["names"]:
            self._missing(self._tagged if self._row.cells.get(self._tagged) else "title", "a name")
        aisle = "aisle" if "aisle" in said else "product_type"
        try:
            fields["aisle"] = self._shop.aisles.key(said.get(aisle, ""))
        except Wrong as wrong:
            self._problem(aisle, str(wrong))
        self._money(fields, said)
        try:
            self._base(fields)
        except Wrong as wrong:
            self._problem("unit_pricing_base_measure", str(wrong))

    def _money(self, fields: dict[str, Any], said: dict[str, str]) -> None:
        column = "price"  # sale and offer mean nothing where the price is wrong
        try:
            fields["price"] = price = self._price(said)
            column = "sale_price"
            fields["sale"] = self._sale(price, said)
            column = "offer"
            fields["offer"] = cells.offer(said["offer"], price) if "offer" in said else None
        except Wrong as wrong:
            self._problem(column, str(wrong))

    def _base(self, fields: dict[str, Any]) -> None:
        size, base = fields.get("size"), fields.get("unit_base")
        if size is not None:
            fields["unit_base"] = cells.usual_base(size) if base is None else cells.same_kind(base, size)

    def _price(self, said: dict[str, str]) -> Money:
        currency = self._shop.currency
        text = said.get("price")
        if text is None:
            raise Wrong(f"an amount and a currency: 2.49 {currency or 'EUR'}")
        if not currency:
            code = text.rpartition(" ")[2]
            currency = code if code in cells.currencies() else "EUR"
        money = cells.price(text, currency)
        self._shop.currency = money.currency
        return money

    def _sale(self, price: Money, said: dict[str, str]) -> Sale | None:
        if "sale_price" not in said:
            return None  # dates alone are left over from a sale that was
        lower = cells.price(said["sale_price"], price.currency, "the currency of the price")
        if not lower < price:
            raise Wrong(f"less than the price, {price.decimal()} {price.currency}")
        if "sale_price_effective_date" not in said:
            return Sale(lower)
        try:
            return Sale(lower, *cells.period(said["sale_price_effective_date"], self._shop.zone))
        except Wrong as wrong:
            self._problem("sale_price_effective_date", str(wrong))
            return None

    def _missing(self, column: str, expected: str) -> None:
        """Report what is missing; a cell that is there but wrong has been reported already."""
        if not self._row.cells.get(column, "").strip():
            self._problem(column, expected)

    def _problem(self, column: str, expected: str) -> None:
        self._wrong = True
        row = self._row
        self._report(
            Problem(
                file=self._file,
                line=row.lines.get(column, row.line),
                column=column,
                expected=expected,
                found=shown(row.cells.get(column, "").strip()),
                row=(row.cells.get("id", "").strip() or row.cells.get("gtin", "").strip())[:40],
            )
        )
