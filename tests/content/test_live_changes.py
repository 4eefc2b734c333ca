"""What changes between two releases: as bytes, in force, and over a store."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from content import live_changes, pricing
from content.gtin import check_digit, gtin14
from content.live_changes import BadLive, Change, Effect, LiveSet, LiveStore, changed, in_force
from content.memory import MemoryStore
from content.model import Aisle, Availability, Language, Product, Sale, Store
from content.money import Money

MILK, BREAD, TEA = "04006381333931", "00012345678905", "04012345678901"
NOW = 1_795_348_800


def product(gtin: str = MILK, price: int = 200, **more: object) -> Product:
    return Product(gtin=gtin, names={"en": "Milk"}, aisle="all", facing=1, price=Money(price, "EUR"), **more)  # type: ignore[arg-type]


def live(*changes: Change, **more: object) -> LiveSet:
    return LiveSet(**{"format": 1, "kiosk": "demo/s/K1", "version": 1, "at_ms": 1, "changes": changes} | more)  # type: ignore[arg-type]


def change(kind: str, gtin: str = MILK, **more: object) -> Change:
    return Change(gtin=gtin, kind=kind, **more)  # type: ignore[arg-type]


def lowered(minor: int, gtin: str = MILK, **more: object) -> Change:
    return change("price", gtin, price=Money(minor, "EUR"), **more)


def opened(*products: Product) -> LiveStore:
    store = Store(
        key="s", names={"en": "Shop"}, currency="EUR", languages=(Language("en", "English"),),
        aisles=(Aisle(key="all", names={"en": "All"}),),
    )  # fmt: skip
    return LiveStore(MemoryStore(store, products))


def test_a_set_survives_its_bytes() -> None:
    said = live(
        change("sold-out", until_ms=5), lowered(150, gtin=BREAD, until_release="demo-000043"),
        change("recall", TEA, reason="allergen", note="1"), notes={"1": {"en": "May contain nuts."}},
    )  # fmt: skip
    assert live_changes.read_set(live_changes.write_set(said)) == said


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"format":1}', "missing required field"),
        (b'{"format":2,"kiosk":"a/b/c","version":1,"at_ms":1}', "format 2"),
        (b'{"format":1,"kiosk":"a/b/c","version":0,"at_ms":1}', "version 0"),
        (b'{"format":1,"kiosk":"a/b/c","version":9007199254740992,"at_ms":1}', "version"),
        (b"[" * 100_000, "recursion|JSON|depth|Expected"),
        (b" " * (live_changes.MOST_BYTES + 1), "bytes, expected at most"),
    ],
)
def test_bytes_that_are_no_set_are_refused(body: bytes, why: str) -> None:
    with pytest.raises(BadLive, match=why):
        live_changes.read_set(body)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (change("sold-out", gtin="4006381333931"), "14 digits"),
        (change("sold-out", gtin="04006381333932"), "check digit"),
        (change("sold-out", gtin="milk"), "digits"),
        (change("price"), "price without one"),
        (lowered(0), "more than 0"),
        (lowered(-5), "more than 0"),
        (change("sold-out", price=Money(1, "EUR")), "with a price"),
        (change("recall", until_ms=5), "stands until it is undone"),
        (change("recall", until_release="demo-000002"), "stands until it is undone"),
    ],
)
def test_changes_that_cannot_hold_are_refused_with_their_place(bad: Change, why: str) -> None:
    with pytest.raises(BadLive, match=rf"changes\[1\].*{why}|{why}"):
        live_changes.write_set(live(change("sold-out"), bad))


def test_there_are_at_most_so_many_changes_and_so_many_recalls() -> None:
    many = tuple(change("sold-out") for _ in range(live_changes.MOST_CHANGES + 1))
    with pytest.raises(BadLive, match="501 changes beside recalls, expected at most 500"):
        live_changes.write_set(live(*many))
    gtins = [gtin14(f"{n}{digit_of(n)}") for n in range(1_000_000, 1_001_001)]
    with pytest.raises(BadLive, match="1001 recalled"):
        live_changes.write_set(live(*(change("recall", gtin) for gtin in gtins)))


def digit_of(number: int) -> str:
    return check_digit(str(number))


def test_as_many_recalls_as_may_be_fit_beside_all_other_changes_and_the_latest_keep_their_words() -> None:
    gtins = [gtin14(f"{n}{digit_of(n)}") for n in range(1_000_000, 1_001_000)]
    others = [
        lowered(10**9, until_ms=10**13, in_release="demo-000042", until_release="demo-000043")
        for _ in range(live_changes.MOST_CHANGES)
    ]
    notes = {str(n): {"en": "x" * 300, "zh": "牛" * 100} for n in range(1_000)}
    recalls = [change("recall", gtin, reason="authority", note=str(n)) for n, gtin in enumerate(gtins)]
    body = live_changes.write_set(live(*others, *recalls, notes=notes))
    said = live_changes.read_set(body)
    assert [one.gtin for one in said.changes if one.kind == "recall"] == gtins
    assert "999" in said.notes
    assert "0" not in said.notes
    assert {one.note for one in said.changes} == {"", *said.notes}


def test_what_is_recalled_cannot_be_had_whatever_else_is_said_before_or_after() -> None:
    said = live(change("recall", reason="safety"), change("available"), lowered(100))
    effect = in_force(said, "r", NOW * 1000)[MILK]
    assert changed(product(), effect).availability is Availability.OUT_OF_STOCK
    recall = changed(product(), effect).recall
    assert recall is not None
    assert recall.reason == "safety"


def test_the_later_word_on_availability_and_price_counts() -> None:
    said = live(change("sold-out"), lowered(150), change("available"), lowered(180))
    now = changed(product(availability=Availability.OUT_OF_STOCK), in_force(said, "r", NOW * 1000)[MILK])
    assert now.availability is Availability.IN_STOCK
    assert pricing.price_at(now, NOW) == Money(180, "EUR")
    assert pricing.price_before(now, NOW) == Money(200, "EUR")


def test_a_change_ends_with_its_hour_or_its_release() -> None:
    for one in (
        change("sold-out", until_ms=NOW * 1000), change("sold-out", in_release="demo-000041"),
        change("sold-out", until_release="demo-000042"), change("sold-out", until_release="demo-000007"),
    ):  # fmt: skip
        assert not in_force(live(one), "demo-000042", NOW * 1000)
    for one in (
        change("sold-out", until_ms=NOW * 1000 + 1), change("sold-out", in_release="demo-000042"),
        change("sold-out", until_release="demo-000043"), change("sold-out", until_release="other-000001"),
    ):  # fmt: skip
        assert in_force(live(one), "demo-000042", NOW * 1000)
    assert live_changes.next_end_ms(live(change("sold-out", until_ms=5), lowered(1, until_ms=9)), 5) == 9
    assert live_changes.next_end_ms(live(change("sold-out")), 5) is None


def test_without_a_trusted_clock_nothing_is_promised_that_may_be_over() -> None:
    said = live(change("sold-out", until_ms=1), lowered(100, until_ms=10**15))
    now = changed(product(), in_force(said, "r", None)[MILK])
    assert now.availability is Availability.OUT_OF_STOCK
    assert pricing.price_at(now, None) == Money(200, "EUR")
    assert pricing.price_at(now, NOW) == Money(100, "EUR")


def test_a_kind_of_tomorrow_and_a_foreign_currency_change_nothing() -> None:
    said = live(change("hologram"), change("price", price=Money(1, "USD")))
    assert changed(product(), in_force(said, "r", NOW * 1000).get(MILK)) == product()


@given(
    price=st.integers(1, 1000), sale=st.none() | st.integers(1, 1500), drop=st.integers(1, 1500),
    until=st.none() | st.integers(NOW - 5, NOW + 5), now=st.none() | st.integers(NOW - 6, NOW + 6), quantity=st.integers(1, 9),
)  # fmt: skip
def test_no_change_makes_anything_dearer(
    price: int, sale: int | None, drop: int, until: int | None, now: int | None, quantity: int
) -> None:
    before = product(price=price, sale=Sale(Money(sale, "EUR"), until=until) if sale else None)
    after = changed(before, Effect(drop=Sale(Money(drop, "EUR"))))
    assert pricing.price_at(after, now) == min(pricing.price_at(before, now), Money(drop, "EUR"))
    assert pricing.line_total(after, quantity, now) <= pricing.line_total(before, quantity, now)


def test_a_store_says_what_is_otherwise_than_before_and_keeps_every_place(tmp_path: Path) -> None:
    store = opened(product(), structs.replace(product(BREAD, 300), facing=2))
    told = store.use(
        in_force(live(change("recall", BREAD, reason="quality"), change("sold-out", TEA)), "r", NOW * 1000)
    )
    assert [one.gtin for one in told] == [BREAD]  # tea is not sold here
    assert [one.gtin for one in store.shelf("all", 0, 9)] == [MILK, BREAD]
    assert store.count("all") == 2
    bread = store.by_facing(2)
    assert bread is not None
    assert bread.recall is not None
    assert store.product(BREAD) == bread
    assert store.product(TEA) is None
    assert store.use({})[0] == store.product(BREAD) == structs.replace(product(BREAD, 300), facing=2)
    assert store.use({}) == []
    assert store.picture(bread) is None
    assert store.file("nothing") is None
    store.close()
