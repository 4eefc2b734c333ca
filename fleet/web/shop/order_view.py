"""What an order's page shows, as plain values: no request, no database, no clock."""

from __future__ import annotations

from msgspec import Struct

from content.fulfilment import Fulfilment, Kind
from content.model import Store
from content.money import Money
from content.slots import Slot
from fleet.claims.handovers import GIVEN_BACK, Handover
from fleet.payments.book import HANDED_OVER, Entry
from fleet.payments.port import OPEN, PAID, State
from fleet.shop.orders import Contact, Placed
from fleet.web.shop import when
from fleet.web.shop.methods import app_link, copied, led_to
from fleet.web.shop.ways_view import slot_when
from fleet.web.words import Words

STEPS: tuple[str, ...] = ("paid", "preparing", "ready", "handed-over")


class OrderLine(Struct, frozen=True):
    """One line of a receipt."""

    name: str
    quantity: int  # 0 for what is no product: a delivery
    total: str


class Step(Struct, frozen=True):
    """One step of an order on its way."""

    words: str
    done: bool
    now: bool


class OrderPage(Struct, frozen=True, kw_only=True):
    """How an order stands. `key` names its words: paid, wait, failed, expired, refund, cancelled."""

    key: str
    order: str
    claim_code: str
    lines: tuple[OrderLine, ...]
    total: str
    paid_at: str
    pay_link: str
    app: str
    copied: str
    product: str
    steps: tuple[Step, ...] = ()
    way: str = ""
    place: str = ""
    when: str = ""
    to: tuple[str, ...] = ()
    arrived: str = ""  # what came in, where that is not the price or goes back
    returned: bool = False  # it has gone back
    moved: bool = False  # its money came too late, and it has another slot than the one that was chosen
    cancel_until: str = ""  # "" where it cannot be cancelled (any more)


def order_key(entry: Entry) -> str:
    """Which words tell how an order of the phone lane stands."""
    if entry.state in PAID:
        return "paid" if entry.sale_seq else "refund"
    if entry.state in (State.REFUNDING, State.REFUNDED):
        return "cancelled" if entry.reason == "cancelled" else "refund"
    if entry.state in OPEN:
        return "wait"
    return "expired" if entry.state is State.EXPIRED else "failed"


def order_page(
    entry: Entry, say: Words, store: Store, now: int,
    placed: Placed | None = None, contact: Contact | None = None, left: Handover | None = None, can_cancel: bool = False,
) -> OrderPage:  # fmt: skip
    """An order of the phone lane as its page shows it. `left`: how it left us, where it has."""
    key = order_key(entry)
    if key == "paid" and left is not None and left.outcome == GIVEN_BACK:
        key = "cancelled"
    first = next((line for line in entry.lines if line.gtin), entry.lines[0])
    kiosk = entry.kiosk.rpartition("/")[2]
    waits, paid = key == "wait", key == "paid"
    way = next((each for each in store.fulfilments if placed and each.key == placed.way), None)
    zone = store.timezone
    return OrderPage(
        key=key,
        order=entry.order,
        claim_code=entry.claim_code if key in ("paid", "refund") else "",
        lines=tuple(
            OrderLine(line.name, line.quantity if line.gtin else 0, say.money(Money(line.total_minor, entry.currency)))
            for line in entry.lines
        ),
        total=say.money(entry.amount),
        paid_at=when.moment(entry.changed_ms // 1000, zone, say) if paid else "",
        pay_link=led_to(entry.method, entry.payload) if waits else "",
        app=app_link(entry.method, entry.payload) if waits else "",
        copied=copied(entry.method, entry.payload) if waits else "",
        product=f"/{kiosk}/{first.facing}/01/{first.gtin}",
        steps=tuple(_steps(placed, left, say)) if paid and placed else (),
        way=say.text(way.names) if way else "",
        place=say.text(way.places) if way else "",
        when=_when(way, placed, zone, say, now) if way and placed else "",
        to=_to(contact) if contact and key in ("paid", "wait") else (),
        arrived=say.money(entry.paid) if key == "refund" and entry.paid else "",
        returned=entry.state is State.REFUNDED,
        moved=bool(paid and placed and placed.moved_ms),
        cancel_until=_until(placed, zone, say) if paid and placed and can_cancel and left is None else "",
    )  # fmt: skip


def _steps(placed: Placed, left: Handover | None, say: Words) -> list[Step]:
    reached = 0 if not placed.progress else STEPS.index(placed.progress) if placed.progress in STEPS else 0
    if left is not None and left.outcome == HANDED_OVER:
        reached = len(STEPS) - 1
    names = (f"ready-{placed.kind}" if step == "ready" else step for step in STEPS)
    return [
        Step(say(f"order.step.{name}"), place <= reached, place == reached)
        for place, name in enumerate(names)
    ]


def _when(way: Fulfilment, placed: Placed, zone: str, say: Words, now: int) -> str:
    slot = Slot(
        key=placed.slot, option=placed.way, date="", starts=placed.starts_ms // 1000, until=placed.until_ms // 1000,
        closes=placed.closes_ms // 1000, capacity=0,
    )  # fmt: skip
    return slot_when(slot, way.kind if way.kind is Kind.COUNTER else Kind.HOME, zone, say, now)


def _until(placed: Placed, zone: str, say: Words) -> str:
    return when.moment(placed.closes_ms // 1000, zone, say)


def _to(contact: Contact) -> tuple[str, ...]:
    return tuple(
        each
        for each in (contact.name, contact.street, f"{contact.postcode} {contact.city}", contact.phone)
        if each
    )
