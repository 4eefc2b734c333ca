"""A sale as the lines of its receipt: pure. How a line gets onto paper is the printer's business."""

from __future__ import annotations

import logging
import unicodedata
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency
from msgspec import Struct

from content.model import Store, text_in
from content.money import Money
from kiosk.core.orders import Payment

log = logging.getLogger(__name__)

NARROW: Final = 12  # columns a text needs beside its amount; with fewer the amount gets a line of its own

# The few words that are the receipt's own. A language that is not here gets English.
_WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {"order": "Order", "total": "Total paid", "code": "Claim code", "thanks": "Thank you!", "ref": "Reference"},
    "de": {"order": "Bestellung", "total": "Bezahlt", "code": "Abholcode", "thanks": "Vielen Dank!", "ref": "Referenz"},
    "zh": {"order": "订单", "total": "已付", "code": "取货码", "thanks": "谢谢惠顾！", "ref": "付款编号"},
    "ar": {"order": "الطلب", "total": "المبلغ المدفوع", "code": "رمز الاستلام", "thanks": "شكراً لكم!", "ref": "المرجع"},
}  # fmt: skip


class ReceiptLine(Struct, frozen=True):
    """One line. `style`: title (centred) | rule | row (left and right) | detail (indented) | total (a row, bold) | text
    | code (large, centred).
    """

    style: str
    left: str = ""
    right: str = ""


class Receipt(Struct, frozen=True):
    """What is printed for a reference, in one language (BCP 47)."""

    reference: str
    language: str
    lines: tuple[ReceiptLine, ...]


def receipt_of(
    payment: Payment, claim_code: str, language: str, store: Store, kiosk: str, wall_ms: int
) -> Receipt:
    """The receipt of a paid order; `wall_ms` is when it was paid (Unix milliseconds), shown in the store's time."""
    words = _WORDS.get(language) or _WORDS.get(language.split("-")[0]) or _WORDS["en"]
    order = payment.order
    when = _date(wall_ms, zone_of(store))
    lines = [ReceiptLine("title", text_in(store.names, language)), ReceiptLine("row", when, kiosk), _RULE]
    for line in order.lines:
        lines.append(ReceiptLine("row", line.name, _money(line.total, language)))
        if line.quantity > 1:
            lines.append(ReceiptLine("detail", f"{line.quantity} × {_money(line.price, language)}"))
    lines += [
        _RULE,
        ReceiptLine("total", words["total"], _money(order.total, language)),
        ReceiptLine("row", words["order"], order.order),
        ReceiptLine("row", words["ref"], payment.reference),
    ]
    extra = (text_in(store.pickup, language), store.support, words["thanks"])
    lines += [ReceiptLine("text", text) for text in extra if text]
    # The code comes last: what is cut short before it is worth nothing (kiosk.peripherals.paper).
    return Receipt(
        payment.reference,
        language,
        (*lines, ReceiptLine("text", words["code"]), ReceiptLine("code", claim_code)),
    )


def zone_of(store: Store) -> tzinfo:
    """The store's time zone; UTC where this machine's database (package tzdata) does not have it."""
    try:
        return ZoneInfo(store.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        log.warning("time zone %r is not known here: receipts are in UTC", store.timezone)
        return UTC


_RULE: Final = ReceiptLine("rule")


def _date(wall_ms: int, zone: tzinfo) -> str:
    """To the minute; "" for a moment no calendar has: what the fleet says must not cost anybody the receipt."""
    try:
        return datetime.fromtimestamp(wall_ms / 1000, zone).strftime("%Y-%m-%d %H:%M %Z")
    except (ValueError, OverflowError, OSError):
        return ""


def _money(amount: Money, language: str) -> str:
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return str(
        format_currency(Decimal(amount.decimal()), amount.currency, locale=locale, numbering_system="latn")
    )


def as_text(receipt: Receipt, columns: int = 42) -> str:
    """The receipt in a fixed number of columns, wide characters (UAX #11) counted as two."""
    return "\n".join(text for line in receipt.lines for text in laid_out(line, columns)) + "\n"


def laid_out(line: ReceiptLine, columns: int) -> list[str]:
    """One receipt line as lines of at most so many columns."""
    if line.style == "rule":
        return ["-" * columns]
    if line.style in ("title", "code"):
        return [" " * max(0, (columns - width(line.left)) // 2) + line.left]
    if line.style == "detail":
        return ["  " + text for text in _wrapped(line.left, columns - 2)]
    room = columns - width(line.right) - 1
    if not line.right or (room < NARROW and width(line.left) > room):
        right = [" " * (columns - width(line.right)) + line.right] if line.right else []
        return [*_wrapped(line.left, columns), *right]
    first, *rest = _wrapped(line.left, room)
    return [first + " " * (columns - width(first) - width(line.right)) + line.right, *rest]


def _wrapped(text: str, columns: int) -> list[str]:
    """Broken at spaces where there are any; between characters where a word is too long, as in Chinese."""
    lines, line = list[str](), ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if width(joined) <= columns:
            line = joined
            continue
        if line:
            lines.append(line)
        line = ""
        for character in word:
            if width(line + character) > columns:
                lines.append(line)
                line = ""
            line += character
    return [*lines, line]


def width(text: str) -> int:
    """Columns a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
