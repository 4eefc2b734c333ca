"""Searching the shop: four languages, parts of words, slips of the finger, and numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.memory import MemoryStore
from content.model import Aisle, Language, MultiBuy, New, Offer, Product, Sale, Store
from content.money import Money
from fleet.shop.folding import nearly, without_umlaut_e
from fleet.shop.search import Index

APPLES, MILK, RICE, TEA = "09521100100113", "09521100100212", "09521100100311", "09521100100410"


def product(
    gtin: str,
    facing: int,
    names: dict[str, str],
    brand: str = "",
    sale: Sale | None = None,
    offer: Offer | None = None,
) -> Product:
    return Product(
        gtin=gtin, names=names, aisle="all", facing=facing, price=Money(199, "EUR"), brand=brand, sale=sale,
        offer=offer,
    )  # fmt: skip


@pytest.fixture(scope="module")
def index() -> Index:
    store = Store(
        key="s", names={"en": "S"}, currency="EUR", languages=(Language("en", "English"),),
        aisles=(Aisle(key="all", names={"en": "All"}),),
    )  # fmt: skip
    return Index(
        MemoryStore(
            store,
            [
                product(
                    APPLES, 1, {"en": "Gala apples", "de": "Äpfel Gala", "zh": "嘎啦苹果", "ar": "تفّاح غالا"},
                    "Grünholt", sale=Sale(Money(99, "EUR")),
                ),
                product(MILK, 2, {"en": "Whole milk", "de": "Vollmilch", "zh": "全脂牛奶", "ar": "حليب كامل الدسم"}),
                product(RICE, 3, {"en": "Rice", "de": "Reis", "zh": "大米", "ar": "أرز"}, offer=MultiBuy(2, Money(300, "EUR"))),
                product(TEA, 4, {"en": "Milk tea", "de": "Milchtee", "zh": "奶茶", "ar": "شاي بالحليب"}, offer=New()),
            ],
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "gtins"),
    [
        ("apples", [APPLES]),
        ("APPLES gala", [APPLES]),
        ("äpfel", [APPLES]),
        ("apfel", [APPLES]),
        ("aepfel", [APPLES]),
        ("grunholt", [APPLES]),
        ("苹果", [APPLES]),
        ("奶", [TEA, MILK]),
        ("牛奶", [MILK]),
        ("تفاح", [APPLES]),
        ("ارز", [RICE]),
        ("أرز", [RICE]),
        ("milk", [TEA, MILK]),
        ("ilch", [MILK, TEA]),
        ("milk tea", [TEA]),
        ("9521100100113", [APPLES]),
        ("09521100100212", [MILK]),
        ("100410", [TEA]),
        ("", []),
        ("  ", []),
        ("milk shoes", []),
        ("x", []),
    ],
)
def test_what_people_type_is_found(index: Index, query: str, gtins: list[str]) -> None:
    found = index.find(query)
    assert list(found.gtins) == gtins
    assert not found.slips


@pytest.mark.parametrize(
    ("query", "gtin"),
    [("appels", APPLES), ("aples", APPLES), ("applles", APPLES), ("vollmlich", MILK), ("whole mikl", MILK)],
)
def test_one_slip_of_the_finger_is_forgiven_and_said(index: Index, query: str, gtin: str) -> None:
    found = index.find(query)
    assert gtin in found.gtins
    assert found.slips


@given(st.text(max_size=80))
def test_anything_may_be_typed(index: Index, query: str) -> None:
    found = index.find(query)
    assert len(set(found.gtins)) == len(found.gtins)


def test_offers_are_those_that_cost_less(index: Index) -> None:
    assert index.offers == [APPLES, RICE], "new is no offer"


def test_slips_meet() -> None:
    assert nearly("mikl") & nearly("milk")
    assert not nearly("milk") & nearly("bread")
    assert without_umlaut_e("aepfel") == "apfel"
