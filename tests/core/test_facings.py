"""A product as it is drawn: on the shelf and large."""

from __future__ import annotations

import pytest

from content.links import product_link
from content.model import Availability, Measure, Sale
from kiosk import views
from kiosk.core import events as ev
from kiosk.core.facings import LONGEST_MS, UNSURE_MS, facing_of, fresh_ms
from kiosk.core.settings import BadSettings, Place
from tests.core.journeys import MILK, RICE, TEA, WALL_MS, Journey, eur, product

ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")  # ISO/IEC 18004, table 5


@pytest.mark.parametrize(
    ("host", "link"),
    [
        ("https://shop.example", "HTTPS://SHOP.EXAMPLE/K1/42/01/09521100100113"),
        ("http://127.0.0.1:8080", "HTTP://127.0.0.1:8080/K1/42/01/09521100100113"),
    ],
)
def test_the_qr_names_kiosk_facing_and_product_in_characters_that_keep_it_small(host: str, link: str) -> None:
    place = Place(kiosk="k1", host=host)
    assert product_link(place.host, place.kiosk, 42, MILK.gtin) == link
    assert set(link) <= ALPHANUMERIC


@pytest.mark.parametrize(
    ("kiosk", "host", "what"),
    [
        ("k1", "shop.example", "host"),
        ("k1", "https://shop.example/path", "host"),
        ("k1", "ftp://shop.example", "host"),
        ("", "https://shop.example", "kiosk"),
        ("a/b", "https://shop.example", "kiosk"),
    ],
)
def test_a_place_that_cannot_work_says_what_was_expected(kiosk: str, host: str, what: str) -> None:
    with pytest.raises(BadSettings, match=f"{what}.*expected"):
        Place(kiosk=kiosk, host=host)


def test_a_facing_has_all_that_is_drawn() -> None:
    place = Place(kiosk="k1", pictures="/store/")
    flour = product(
        "09521100100717", "Flour", 200, 7,
        size=Measure(500_000, "g"), unit_base=Measure(1_000, "kg"), picture="p/flour.webp", sale=RICE.sale,
    )  # fmt: skip
    facing = facing_of(flour, "zh", WALL_MS // 1000, place)
    assert (facing.name, facing.price, facing.was) == ("Flour·中", eur(199), eur(200))
    assert (facing.size, facing.unit_price, facing.unit_base) == ("500 g", eur(398), "1 kg")
    assert (facing.badge, facing.badge_args, facing.picture) == ("sale", (0,), "/store/p/flour.webp")
    after = facing_of(flour, "zh", WALL_MS // 1000 + 600, place)
    assert (after.price, after.was, after.badge) == (eur(200), None, "")
    assert facing_of(TEA, "en", 0, place).badge == "multi-buy"
    gone = product("09521100100410", "Gone", 100, 4, availability=Availability.OUT_OF_STOCK)
    assert not facing_of(gone, "en", 0, place).available
    assert facing_of(gone, "en", 0, place).picture == ""


def test_the_facts_of_a_product_are_ready_to_be_read() -> None:
    cheese = product(
        "09521100100816", "Cheese", 349, 8,
        descriptions={"en": "Mild."}, ingredients={"en": "Milk, salt."}, allergens=("milk",),
        nutrition=(("energy-kj", 1_500_000), ("energy-kcal", 358_500), ("fat", 28_000), ("salt", 1_750)),
        origin="NL", storage="chilled", size=Measure(250_000, "g"),
    )  # fmt: skip
    j = Journey()
    j.happens(ev.ProductOpened, cheese, 8)
    detail = j.view(views.ProductDetail)
    assert [fact.value for fact in detail.nutrition] == ["1500 kJ", "358.5 kcal", "28 g", "1.75 g"]
    assert {fact.key: fact.value for fact in detail.facts} == {
        "size": "250 g", "origin": "NL", "storage": "chilled", "gtin": "09521100100816",
    }  # fmt: skip
    assert (detail.description, detail.ingredients, detail.allergens) == ("Mild.", "Milk, salt.", ("milk",))


def test_facings_are_true_until_the_first_sale_on_them_begins_or_ends() -> None:
    assert fresh_ms([MILK, TEA], WALL_MS, trusted=True) == 0
    assert fresh_ms([MILK, RICE], WALL_MS + 400, trusted=True) == 599_600
    assert fresh_ms([MILK, RICE], WALL_MS + 601_000, trusted=True) == 0
    assert fresh_ms([MILK, RICE], WALL_MS, trusted=False) == UNSURE_MS, "the clock may be set at any moment"
    far = product("09521100100618", "Jam", 300, 6, sale=Sale(eur(250), since=WALL_MS // 1000 + 10**7))
    assert fresh_ms([far], WALL_MS, trusted=True) == LONGEST_MS, "clocks are corrected meanwhile"
