"""What an order's page shows, as plain values: no request, no database, no clock."""

from __future__ import annotations

from msgspec import Struct

from content.money import Money
from fleet.payments.book import Entry
from fleet.payments.port import OPEN, PAID, State
from fleet.web.words import Words


class OrderLine(Struct, frozen=True):
    """One line of a receipt."""

    name: str
    quantity: int
    total: str


class OrderPage(Struct, frozen=True, kw_only=True):
    """How an order stands. `key` names its words: paid, wait, failed, expired, refund."""

    key: str
    order: str
    claim_code: str
    lines: tuple[OrderLine, ...]
    total: str
    pay_link: str
    product: str


def order_key(entry: Entry) -> str:
    """Which words tell how an order of the phone lane stands."""
    if entry.state in PAID:
        return "paid" if entry.sale_seq else "refund"
    if entry.state in (State.REFUNDING, State.REFUNDED):
        return "refund"
    if entry.state in OPEN:
        return "wait"
    return "expired" if entry.state is State.EXPIRED else "failed"


def order_page(entry: Entry, say: Words) -> OrderPage:
    """An order of the phone lane as its page shows it."""
    key = order_key(entry)
    first = entry.lines[0]
    kiosk = entry.kiosk.rpartition("/")[2]
    return OrderPage(
        key=key,
        order=entry.order,
        claim_code=entry.claim_code if key == "paid" else "",
        lines=tuple(
            OrderLine(line.name, line.quantity, say.money(Money(line.total_minor, entry.currency)))
            for line in entry.lines
        ),
        total=say.money(entry.amount),
        pay_link=entry.payload if key == "wait" else "",
        product=f"/{kiosk}/{first.facing}/01/{first.gtin}",
    )
