"""A price list's table (TSV or CSV, columns as in a feed): gtin, price, sale_price, sale_price_effective_date, offer,
availability. A row with a price says the whole of it; without one it says the availability alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import tzinfo
from pathlib import Path
from typing import Final

from content.authored.mistakes import Mistake
from content.authored.model import Price
from content.feed import cells, table, text
from content.feed.problems import FeedError, Wrong, shown
from content.model import Sale
from content.money import Money

COLUMNS: Final = frozenset(
    {"gtin", "price", "sale_price", "sale_price_effective_date", "offer", "availability", "title"}
)


def read_prices(
    path: Path, name: str, currency: str, zone: tzinfo, report: Callable[[Mistake], None]
) -> tuple[Price, ...]:
    """The rows that are right, sorted by GTIN; each mistake of the others is reported."""

    def broken(line: int, column: str, expected: str, found: str) -> None:
        report(Mistake(name, f"line {line}, {column or 'whole row'}", f"expected {expected}, found {found}"))

    prices: dict[str, Price] = {}
    try:
        with closing(text.lines(path, text.encoding_of(path).name)) as lines:
            heading = table.read(name, lines, COLUMNS, broken)
            for column in heading.columns:
                if column not in COLUMNS:
                    broken(heading.line, column, f"one of {', '.join(sorted(COLUMNS))}", shown(column))
            for row in heading.rows:
                price = _Row(row, currency, zone, broken).price()
                if price is not None and price.gtin in prices:
                    broken(row.line, "gtin", "each GTIN once", shown(price.gtin))
                elif price is not None:
                    prices[price.gtin] = price
    except FeedError as error:
        report(Mistake(name, "", str(error)))
    except (OSError, UnicodeError) as error:
        report(Mistake(name, "", f"cannot be read: {getattr(error, 'strerror', None) or error}"))
    return tuple(sorted(prices.values(), key=lambda price: price.gtin))


class _Row:
    def __init__(self, row: table.Row, currency: str, zone: tzinfo, broken: table.Report) -> None:
        self._said = {column: cell.strip() for column, cell in row.cells.items() if cell.strip()}
        self._line, self._broken = row.line, broken
        self._currency, self._zone = currency, zone

    def price(self) -> Price | None:
        said, column = self._said, "gtin"
        try:
            gtin = cells.gtin(said.get("gtin", ""))
            column = "availability"
            availability = cells.availability(said["availability"]) if column in said else None
            column = "price"
            if "price" not in said:
                if availability is None or said.keys() & {"sale_price", "offer"}:
                    raise Wrong("a price, or an availability alone")
                return Price(gtin=gtin, availability=availability)
            price = cells.price(said["price"], self._currency)
            column = "sale_price"
            sale = self._sale(price)
            column = "offer"
            offer = cells.offer(said["offer"], price) if "offer" in said else None
            return Price(gtin=gtin, price=price, sale=sale, offer=offer, availability=availability)
        except Wrong as wrong:
            self._broken(self._line, column, str(wrong), shown(said.get(column, "")))
            return None

    def _sale(self, price: Money) -> Sale | None:
        if "sale_price" not in self._said:
            return None
        lower = cells.price(self._said["sale_price"], price.currency, "the currency of the price")
        if not lower < price:
            raise Wrong(f"less than the price, {price.decimal()} {price.currency}")
        if "sale_price_effective_date" not in self._said:
            return Sale(lower)
        return Sale(lower, *cells.period(self._said["sale_price_effective_date"], self._zone))
