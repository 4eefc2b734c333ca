"""Content is cut into parts and put together again; a small change changes little."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.authored import (
    Content,
    ContentError,
    Where,
    from_parts,
    groups_of,
    read_content,
    resolve,
    to_parts,
)
from content.authored.model import (
    Colours,
    Group,
    Less,
    Line,
    OfferRule,
    Percent,
    Price,
    PriceList,
    Scope,
    Seller,
    Shelf,
    Theme,
    Wall,
)  # fmt: skip
from content.authored.resolving import wall_for
from content.model import (
    Aisle,
    Availability,
    Language,
    Merchant,
    MultiBuy,
    New,
    Product,
    Sale,
    Store,
    TakeForLess,
)  # fmt: skip
from content.money import Money
from content.pricing import line_total
from content.schedule import Hours, Window
from content.store_format import stocked
from tests.authored.folders import a_folder

AISLES = ("bread", "milk", "tea")
GROUPS = ("north", "south")
STORE = Store(
    key="corner", names={"en": "Corner"}, currency="EUR", languages=(Language("en", "English"),),
    aisles=tuple(Aisle(key=key, names={"en": key}) for key in AISLES),
)  # fmt: skip
LATE = Hours(timezone="Europe/Berlin", windows=(Window(days=(0, 6), since=1320, until=120),))
GIVES: tuple[Percent | Less | Sale | MultiBuy | TakeForLess | New, ...] = (
    Percent(30),
    Less(Money(50, "EUR")),
    Sale(Money(99, "EUR")),
    MultiBuy(2, Money(90, "EUR")),
    TakeForLess(3, 2),
    New(),
)
some_groups = st.lists(st.sampled_from(GROUPS), unique=True).map(tuple)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@st.composite
def contents(draw: st.DrawFn) -> Content:
    numbers = draw(st.lists(st.integers(1, 9999), unique=True, max_size=12))
    gtins = [f"{number:014}" for number in numbers]
    products = [
        Product(
            gtin=gtin, names={"en": draw(st.text(max_size=4)), "de": "x"}, aisle=draw(st.sampled_from(AISLES)), facing=0,
            price=eur(draw(st.integers(2, 500))), merchant=draw(st.sampled_from(["", "books"])),
            offer=draw(st.sampled_from([None, New(), MultiBuy(2, eur(3))])),
            sale=draw(st.sampled_from([None, Sale(eur(1)), Sale(eur(1), 5, 9)])),
            availability=draw(st.sampled_from(list(Availability))),
        )
        for gtin in gtins
    ]  # fmt: skip
    listed = draw(st.lists(st.sampled_from(gtins), unique=True)) if gtins else []
    prices = tuple(Price(gtin=gtin, price=eur(draw(st.integers(1, 500)))) for gtin in sorted(listed))
    sold_at = draw(some_groups)

    def a_wall(number: int) -> Wall:
        """Facings of what is sold wherever it hangs."""
        groups = draw(some_groups)
        everywhere = not sold_at or (groups and set(groups) <= set(sold_at))
        there = {
            aisle: [p.gtin for p in products if p.aisle == aisle and (everywhere or not p.merchant)]
            for aisle in AISLES
        }
        shelves = tuple(
            Shelf(
                aisle=aisle, facings=tuple(draw(st.permutations(there[aisle]))[:3]), rest=draw(st.booleans())
            )
            for aisle in draw(st.permutations(AISLES))[:2]
        )
        return Wall(key=f"wall-{number}", groups=groups, shelves=shelves)

    return Content(
        store=STORE,
        products=tuple(sorted(products, key=lambda product: AISLES.index(product.aisle))),
        lines=(Line(key="one", stations=("north-*",)),),
        groups=(Group(key="north", lines=("one",)), Group(key="south", stations=("south-*",))),
        sellers=(Seller(merchant=Merchant(key="books", names={"en": "Books"}), groups=sold_at),),
        lists=(PriceList(key="dear", groups=draw(some_groups), prices=prices),),
        walls=tuple(a_wall(number) for number in range(draw(st.integers(0, 2)))),
        offers=tuple(
            OfferRule(
                key=f"offer-{number}", gives=draw(st.sampled_from(GIVES)), hours=draw(st.sampled_from([None, LATE])),
                scope=Scope(
                    groups=draw(some_groups), aisles=tuple(draw(st.sets(st.sampled_from(AISLES)))),
                    merchants=tuple(draw(st.sets(st.sampled_from(["store", "books"])))),
                ),
                per_basket=draw(st.integers(0, 3)), per_order=draw(st.integers(0, 3)),
            )
            for number in range(draw(st.integers(0, 3)))
        ),
        themes=(Theme(key="dark", aisles={"tea": Colours("#ffffff", "#000000")}, groups=draw(some_groups)),),
    )  # fmt: skip


wheres = st.builds(
    Where,
    tenant=st.just("op"),
    site=st.sampled_from(["north-1", "south-1", "east"]),
    kiosk=st.just("K1"),
    orientation=st.sampled_from(["portrait", "landscape"]),
)


@given(contents())
@settings(deadline=None)
def test_parts_hold_everything(content: Content) -> None:
    parts = to_parts(content)
    assert from_parts(parts) == content
    assert to_parts(from_parts(parts)) == parts


@given(contents(), wheres)
@settings(deadline=None)
def test_every_kiosk_gets_a_store_that_can_be_written(content: Content, where: Where) -> None:
    before = to_parts(content)
    store, products = resolve(content, where)
    stocked(store, products)  # raises where facings, GTINs or aisles are wrong
    assert resolve(content, where) == (store, products)
    assert to_parts(content) == before
    sold = {"", *(merchant.key for merchant in store.merchants)}
    assert {product.merchant for product in products} <= sold
    assert resolve(from_parts(before), where) == (store, products)
    wall = wall_for(content, where, groups_of(content, where))
    facings = {gtin for shelf in wall.shelves for gtin in shelf.facings} if wall else set()
    assert facings <= {product.gtin for product in products}
    for product in products:
        assert line_total(product, 3, None) <= product.price * 3


@given(contents(), st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_one_changed_price_changes_one_part(content: Content, data: st.DataObject) -> None:
    if not content.products:
        return
    index = data.draw(st.integers(0, len(content.products) - 1))
    products = list(content.products)
    products[index] = msgspec.structs.replace(products[index], price=products[index].price + eur(1))
    before, after = to_parts(content), to_parts(msgspec.structs.replace(content, products=tuple(products)))
    assert before.keys() == after.keys()
    (changed,) = [name for name in before if before[name] != after[name]]
    assert changed.startswith("prices/feed/")


@given(contents(), st.data())
@settings(deadline=None)
def test_damaged_parts_are_refused_with_the_reason(content: Content, data: st.DataObject) -> None:
    parts = to_parts(content)
    name = data.draw(st.sampled_from(sorted(parts)))
    match data.draw(st.sampled_from(["gone", "cut", "flipped", "strange"])):
        case "gone":
            del parts[name]
        case "cut":
            parts[name] = parts[name][: len(parts[name]) // 2]
        case "flipped":
            place = data.draw(st.integers(0, len(parts[name]) - 1))
            flipped = parts[name][place] ^ data.draw(st.integers(1, 255))
            parts[name] = parts[name][:place] + bytes([flipped]) + parts[name][place + 1 :]
        case _:
            parts[f"{name}/more"] = b"\x90"
    with contextlib.suppress(ContentError):  # a flipped bit may still be a price; nothing else may come of it
        assert isinstance(from_parts(parts), Content)


def test_a_part_of_a_later_format_is_refused(tmp_path: Path) -> None:
    parts = to_parts(read_content(a_folder(tmp_path)).content)
    parts["menus"] = b"\x90"
    with pytest.raises(ContentError, match="another version of Endcap"):
        from_parts(parts)
