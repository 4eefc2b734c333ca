"""A whole shop for phones on loopback: store, fleet, provider and a wall, for tests of pages and of browsers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from msgspec import structs

from content.fulfilment import Fulfilment, Kind, Window
from content.model import Aisle, Availability, Language, Measure, MultiBuy, Product, Sale, Station, Store
from content.money import Money
from content.store import write_store
from fleet.broker.broker import Broker
from fleet.config import Config
from fleet.merchant import Merchant
from fleet.reports.summary import summary
from fleet.serve import Fleet
from mqtt.messages import Presence, encode
from tests.fleet.kiosk import Kiosk, kiosk
from tests.fleet.payments.sandbox_process import Sandbox, free_port, sandbox
from tests.servers import wait_until

APPLES, WINE, ICE, MILK, GONE = (
    "09521100100113", "09521100100212", "09521100100410", "09521100100519", "09521100100311",
)  # fmt: skip
ALL_DAY = tuple(range(7))
COUNTER = Fulfilment(
    key="counter", kind=Kind.COUNTER, days_ahead=1, windows=(Window(days=ALL_DAY, since=0, until=1440),),
    names={"en": "Counter by exit B", "de": "Tresen", "zh": "B出口柜台", "ar": "المنضدة"}, places={"en": "Upper level, by exit B."},
)  # fmt: skip
LOCKER = Fulfilment(
    key="lockers", kind=Kind.LOCKER, days_ahead=2, checks_age=False, storages=("ambient", "chilled"),
    windows=(Window(days=ALL_DAY, since=0, until=1440, capacity=2),), fee=Money(90, "EUR"), free_from=Money(2000, "EUR"),
    names={"en": "Lockers at Mill Bridge", "de": "Fächer", "zh": "自提柜", "ar": "الخزائن"}, places={"en": "Platform level."},
)  # fmt: skip
HOME = Fulfilment(
    key="home", kind=Kind.HOME, days_ahead=2, postcodes=("10",), fee=Money(290, "EUR"), minimum=Money(300, "EUR"),
    windows=(Window(days=ALL_DAY, since=0, until=1440, capacity=5),),
    names={"en": "Home delivery", "de": "Nach Hause", "zh": "送货到家", "ar": "التوصيل إلى المنزل"}, places={"en": "To your door."},
)  # fmt: skip
PRODUCTS = (
    Product(
        gtin=APPLES, names={"en": "Gala apples", "zh": "嘎啦苹果", "ar": "تفاح غالا", "de": "Äpfel Gala"}, aisle="fruit",
        facing=17, price=Money(249, "EUR"), brand="Grünholt", sale=Sale(Money(199, "EUR")),
        offer=MultiBuy(2, Money(300, "EUR")), size=Measure(1_000, "kg"), storage="ambient",
    ),
    Product(gtin=WINE, names={"en": "Riesling"}, aisle="fruit", facing=18, price=Money(799, "EUR"), age_min=16),
    Product(gtin=ICE, names={"en": "Ice cream"}, aisle="fruit", facing=20, price=Money(399, "EUR"), storage="frozen"),
    Product(gtin=MILK, names={"en": "Milk", "ar": "حليب", "zh": "牛奶", "de": "Milch"}, aisle="fruit", facing=21, price=Money(129, "EUR"), storage="chilled"),
    Product(
        gtin=GONE, names={"en": "Bananas"}, aisle="fruit", facing=19, price=Money(199, "EUR"),
        availability=Availability.OUT_OF_STOCK,
    ),
)  # fmt: skip
STORE = Store(
    key="shop", names={"en": "Corner shop", "de": "Eckladen"}, currency="EUR", languages=(Language("en", "English"),),
    aisles=(Aisle(key="fruit", names={"en": "Fruit"}),), pickup={"en": "At the counter by exit B."},
    support="+49 30 23125 020", timezone="Europe/Berlin", fulfilments=(COUNTER, LOCKER, HOME),
    station=Station(names={"en": "Mill Bridge", "de": "Mühlbrücke"}, kiosks=("Trade-1",)),
)  # fmt: skip


def publish(folder: Path, **changes: Product | None) -> None:
    """Write the store anew; `changes` by GTIN ("g" before it) put another product in a place, None takes it away."""
    products = [changes.get(f"g{product.gtin}", product) for product in PRODUCTS]
    write_store(folder, STORE, [product for product in products if product is not None])


@contextmanager
def restocked(shop: Shop, **changes: Product | None) -> Iterator[None]:
    """The shop with other products, as `publish` takes them, until the block ends."""
    _restock(shop, changes)
    try:
        yield
    finally:
        _restock(shop, {})


def _restock(shop: Shop, changes: dict[str, Product | None]) -> None:
    before = shop.version
    publish(shop.catalogue, **changes)
    wait_until(lambda: shop.version != before, "the fleet to open the new store")


def dearer(gtin: str, minor: int) -> Product:
    """A product at another price and without its offers."""
    product = next(each for each in PRODUCTS if each.gtin == gtin)
    return structs.replace(product, price=Money(minor, "EUR"), sale=None, offer=None)


@dataclass(frozen=True)
class Shop:
    """A running shop."""

    fleet: Fleet
    provider: Sandbox
    wall: Kiosk
    catalogue: Path

    @property
    def url(self) -> str:
        return self.fleet.url

    @property
    def version(self) -> str:
        """The store as the fleet has it open."""
        assert self.fleet.catalogue is not None
        return self.fleet.catalogue.current().store.version


@contextmanager
def phone_shop(
    folder: Path,
    broker: Broker,
    wall: str = "wall-1",
    port: int = 0,
    public_url: str = "",
    catalogue: Path | None = None,
    live_key: Path | None = None,
) -> Iterator[Shop]:
    """The shop, until the block ends. `wall`: its name, which must be a test's own on a shared broker; `catalogue`: a store
    folder to sell from instead of these tests' own.
    """
    port, pay = port or free_port(), free_port()
    if catalogue is None:
        catalogue = folder / "store"
        publish(catalogue)
    config = Config(
        data=folder / "fleet", broker_host=broker.host, broker_port=broker.port, port=port, name=f"fleet-{wall}",
        catalogue=catalogue, provider_url=f"http://127.0.0.1:{pay}", provider_keys=folder / "bank",
        merchant=Merchant(name="Corner shop"), public_url=public_url, live_key=live_key,
    )  # fmt: skip
    hook = f"http://127.0.0.1:{port}/webhooks/sandbox"
    with sandbox(folder / "bank", hook, pay) as provider, Fleet(config) as fleet:
        wait_until(lambda: fleet.connected, "the fleet's connections")
        with kiosk(broker.port, wall) as here:
            assert here.client.publish(
                here.address.state, encode(Presence(state="ready", boot="b", since_ms=0))
            )
            wait_until(lambda: summary(fleet.store, 0).kiosks, "the fleet to know the wall")
            yield Shop(fleet, provider, here, catalogue)


def form_of(page: str, action: str) -> dict[str, str]:
    """Hidden fields, chosen radio buttons and filled-in fields of the form that posts to `action`."""
    start = page.index(f'action="{action}')
    form = page[page.rindex("<form", 0, start) : page.index("</form>", start)]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
    fields |= dict(re.findall(r'<input type="radio" name="(\w+)" value="([^"]*)" checked>', form))
    return fields


def pay(bank: str, provider: Sandbox, answer: str = "pay") -> httpx.Response:
    """Answer at the provider's page."""
    return httpx.post(bank, data={"answer": answer}, headers={"origin": provider.url}, trust_env=False)
