"""A small shop for tests: records as an operator would publish them, and nothing of it random."""

from __future__ import annotations

from content.model import Advert, Aisle, Language, Product, Store
from content.money import Money

STORE = Store(
    key="demo",
    names={"en": "Endcap Market", "zh": "易购超市"},
    currency="EUR",
    languages=(Language("en", "English"), Language("zh", "中文"), Language("ar", "العربية")),
    aisles=(
        Aisle(key="fruit", names={"en": "Fruit"}),
        Aisle(key="dairy", names={"en": "Dairy"}),
        Aisle(key="empty", names={"en": "Empty"}),
    ),
    adverts=(Advert(key="spring", picture="pictures/spring.webp", headlines={"en": "Spring"}),),
)


def gtin(number: int) -> str:
    """A GTIN-14 with a valid check digit from GS1's example range."""
    body = f"0952{number:09}"
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(body))
    return f"{body}{-total % 10}"


def product(number: int, aisle: str = "fruit", minor: int = 199) -> Product:
    return Product(
        gtin=gtin(number),
        names={"en": f"Thing {number}", "zh": f"东西{number}"},
        aisle=aisle,
        facing=number,
        price=Money(minor + number, "EUR"),
        picture=f"pictures/{number}.webp" if number == 1 else "",
    )


def products(count: int, minor: int = 199) -> list[Product]:
    """`count` products, by turns in fruit and dairy, with facings from 1."""
    return [product(number, ("fruit", "dairy")[number % 2], minor) for number in range(1, count + 1)]
