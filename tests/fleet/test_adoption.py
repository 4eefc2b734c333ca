"""Databases of before there were migrations are taken over with all that is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select

from content.references import parse_claim
from fleet.payments.book import PHONE, Book
from fleet.shop.packing import WallOrders
from fleet.store.migrations import first
from fleet.store.store import Store
from tests.fleet.old_database import OldDatabase

CHARGE: dict[str, Any] = {
    "kiosk": "t/s/k1", "channel": "touch", "method": "link", "provider": "sandbox", "currency": "EUR", "minor": 258,
    "lines": b"[]", "version": "v1", "ttl_s": 600, "asked_ms": 1, "changed_ms": 7, "state": "asking",
}  # fmt: skip


def charge(number: int, **more: Any) -> dict[str, Any]:
    return CHARGE | {"reference": f"{number:015}0", "order": f"{number:015}"} | more


def sale(
    old: OldDatabase, order: str, *, kiosk: str = "t/s/k1", epoch: str = "e1", seq: int = 1, **more: Any
) -> None:
    """A sale and its event."""
    place = {"kiosk": kiosk, "epoch": epoch, "seq": seq}
    heard = {name: more.pop(name) for name in ("clock", "received_ms") if name in more}
    old.put(first.events, **place, type="sale", **heard)
    old.put(first.sales, **place, order=order, reference=f"{order}0", currency="EUR", **more)


def test_of_before_claim_codes_were_kept(tmp_path: Path) -> None:
    old = OldDatabase(tmp_path / "fleet.db", lacks=["charges.claim_code"])
    for number, sale_seq in ((1, 1), (2, 2), (3, 0)):
        old.put(first.charges, **charge(number, channel=PHONE, sale_seq=sale_seq))
    sale(old, f"{1:015}", epoch=PHONE, claim_code="K7Q2-9MXT", channel=PHONE)
    old.close()
    store = Store(old.url)
    found = [Book(store, lambda: 1).get(f"{number:015}0") for number in (1, 2, 3)]
    codes = [entry.claim_code for entry in found if entry]
    store.close()
    assert codes[0] == "K7Q2-9MXT", "the one that was shown"
    assert parse_claim(codes[1]) == codes[1] != codes[0], "sold, and its event was still to be written"
    assert codes[2] == "", "not sold: it gets one when it is"


def test_of_before_the_operators_list(tmp_path: Path) -> None:
    old = OldDatabase(tmp_path / "fleet.db", lacks=["charges.unresolved_ms", "charges.given_minor"])
    for number, state, paid, settled in (
        (1, "paid", 258, "sold"), (2, "paid", 258, ""), (3, "refunded", 258, ""), (4, "expired", 0, ""),
    ):  # fmt: skip
        old.put(
            first.charges,
            **charge(number, state=state, paid_minor=paid, paid_currency="EUR", settled=settled),
        )
    old.close()
    store = Store(old.url)
    book = Book(store, lambda: 100_000)
    listed = [each.entry.reference for each in book.unresolved() if each.entry]
    refunded = book.get(f"{3:015}0")
    indexes = {index["name"] for index in inspect(store.engine).get_indexes("charges")}
    store.close()
    assert listed == [f"{2:015}0"], "paid, and nobody ever said how it ended"
    assert refunded is not None
    assert refunded.given_minor == 258
    assert "ix_charges_unresolved_ms" in indexes


def test_of_before_the_packing_list(tmp_path: Path) -> None:
    """What walls sold and nobody has fetched is listed, each order once, with the time that can be believed."""
    now, day = 1_700_000_000_000, 86_400_000
    old = OldDatabase(tmp_path / "fleet.db", lacks=["packing"])
    for seq, (clock, wall_ms) in enumerate(
        (("unsynced", 5), ("synced", now - day), ("holdover", now + 9)), 1
    ):
        sale(old, f"{seq:015}", seq=seq, clock=clock, wall_ms=wall_ms, received_ms=now)
    sale(old, f"{3:015}", kiosk="t/s/k2", received_ms=now + 5)  # told of by another wall as well
    sale(old, f"{4:015}", seq=4, received_ms=now)
    old.put(first.handovers, order=f"{4:015}", outcome="handed-over")
    sale(old, f"{5:015}", epoch=PHONE, channel=PHONE)
    old.close()
    for _ in range(2):
        store = Store(old.url)
        with store.read() as connection:
            packing = first.packing.c
            waits = [
                (row.order[-1], row.sold_ms - now, row.kiosk)
                for row in connection.execute(select(first.packing).order_by(packing.order))
            ]
        listed = WallOrders(store, lambda: now).to_prepare(0)
        store.close()
        assert waits == [("1", 0, "t/s/k1"), ("2", -day, "t/s/k1"), ("3", 0, "t/s/k1")]
        assert len(listed.today) + len(listed.earlier) == 3


def test_a_database_that_lacked_nothing_is_taken_over_as_it_is(tmp_path: Path) -> None:
    old = OldDatabase(tmp_path / "fleet.db")
    sale(old, f"{1:015}", total_minor=258)
    old.put(first.streams, kiosk="t/s/k1", epoch="e1", upto=1)
    old.close()
    store = Store(old.url)
    with store.read() as connection:
        assert connection.execute(select(first.sales.c.total_minor)).scalars().all() == [258]
    assert store.upto("t/s/k1", "e1") == 1
    store.close()
