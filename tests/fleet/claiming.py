"""A fleet's store with charges as they may stand, and a desk whose provider is not asked; for tests of claims."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path

from content.money import Money
from content.references import claim_of, reference_of
from fleet.claims.claims import Claims
from fleet.events.rows import Stored
from fleet.live import Hub
from fleet.payments.book import TOUCH, Entry
from fleet.payments.desk import PaymentDesk
from fleet.payments.port import Charge, News
from fleet.store.store import Store
from mqtt.messages import Line, Message, SaleMade, encode
from mqtt.topics import Address
from tests.stores import store_url

MILK = Line(gtin="09521100100113", name="Milk", quantity=2, price_minor=625, total_minor=1250, facing=7)
WALL = "demo/u8/K1"
_numbers = count(1)


class Clock:
    """The wall clock, which a test may put forward."""

    ahead_ms = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


class Till:
    """A store, a desk and the claims over both. No provider: nothing here asks one."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.told = Clock(), list[tuple[Address, Message]]()
        self.store = Store(store_url(folder / "fleet.db"))
        self.live = Hub()
        self.desk = PaymentDesk(self.store, {}, lambda *what: self.told.append(what), self.live, self.clock)
        self.claims = Claims(self.store, self.desk, self.clock)
        self.book = self.desk.book

    def close(self) -> None:
        self.desk.close()
        self.store.close()

    def order(self, *news: News, attempt: int = 0, like: Entry | None = None, paid: int = 1250) -> Entry:
        """A wall's charge of 12.50 EUR about which `news` was heard; `like`: another attempt at the same order."""
        number = next(_numbers)
        order = like.order if like else f"{number:015}"
        claim = like.claim_code if like else claim_of(number * 7_654_321)
        entry = Entry(
            reference=reference_of(order, attempt), kiosk=WALL, order=order, channel=TOUCH, method="link",
            provider="sandbox", currency="EUR", minor=1250, lines=(MILK,), version="v1", ttl_s=180,
            asked_ms=self.clock(), claim_code=claim,
        )  # fmt: skip
        entry = self.book.open(entry)
        for one in news:
            amount = Money(paid, "EUR")
            charge = Charge(
                id=f"c{entry.reference}", reference=entry.reference, news=one, amount=entry.amount,
                paid=amount if one is News.PAID else None,
            )  # fmt: skip
            if one in (News.WANT_REFUND, News.REFUNDED):
                entry = self.book.news(entry.reference, one, "ended").after
            else:
                entry = self.book.heard(entry.reference, charge).after
        return entry

    def wall_sells(self, entry: Entry, seq: int = 0) -> None:
        """The wall's ledger tells of its sale."""
        sale = SaleMade(
            epoch="e1", seq=seq or next(_numbers), wall_ms=self.clock(), mono_ms=1, boot="b", order=entry.order,
            reference=entry.reference, method=entry.method, currency=entry.currency, total_minor=entry.minor,
            lines=entry.lines, version="v1", claim_code=entry.claim_code,
        )  # fmt: skip
        self.store.commit(
            [
                Stored(
                    kiosk=entry.kiosk, epoch="e1", seq=sale.seq, body=encode(sale), event=sale,
                    received_ms=self.clock(),
                )
            ]
        )  # fmt: skip
