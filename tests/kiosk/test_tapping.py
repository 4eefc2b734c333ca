"""A phone held to the reader opens what its camera would open, and is in nobody's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from content import links
from content.money import Money
from devices.models import Setting
from devices.sim import phones
from devices.sim.phones import Phone
from devices.sim.pn532_chip import SimPn532
from kiosk.core.offering import address_of, tapped
from kiosk.link.link import memory_pair
from kiosk.peripherals.hardware import Hardware
from kiosk.peripherals.peripherals import PhoneTapped
from kiosk.program import AgentProgram
from kiosk.views import (
    Add,
    Attract,
    Basket,
    CancelPay,
    Checkout,
    ChooseMethod,
    Closed,
    Frame,
    OpenBasket,
    OpenProduct,
    Pay,
    PayBy,
    ProductDetail,
    Shop,
    Start,
    View,
    Wall,
)
from mqtt.messages import Engaged, Terms
from tests.kiosk.kiosks import MILK, Kiosk, config, store
from tests.kiosk.memory_fleet import MemoryFleet
from tests.kiosk.until import until

FRONT = "https://shop.example/K1/0/shop"


class TestWhatIsOffered:
    def test_the_product_on_the_glass_and_the_shop_otherwise(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.sees(Attract)
            until(lambda: kiosk.devices.offered == FRONT)
            kiosk.do(Start())
            kiosk.sees(Wall)
            kiosk.do(OpenProduct(gtin=MILK, facing=2))
            product = kiosk.sees(ProductDetail)
            until(lambda: kiosk.devices.offered == tapped(product.facing.qr))
            assert kiosk.devices.offered == f"https://shop.example/K1/2/01/{MILK}"
            assert kiosk.devices.offered.upper() == product.facing.qr, "the code on the glass says the same"

    def test_the_basket_goes_along_and_nothing_is_offered_while_somebody_pays(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.buys()
            until(lambda: kiosk.devices.offered == "", "the reader to be the payment's")
            kiosk.do(CancelPay())
            kiosk.sees(ChooseMethod)
            assert kiosk.devices.offered == ""
            kiosk.do(OpenBasket())
            basket = kiosk.sees(Basket)
            until(lambda: kiosk.devices.offered == tapped(basket.carry) != "")

    def test_a_card_is_awaited_by_a_reader_that_offers_nothing(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.buys("card")
            until(lambda: kiosk.devices.armed)
            assert kiosk.devices.offered == ""

    def test_links_are_signed_as_soon_as_the_fleet_gives_the_key(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.fleet.say(
                Terms(methods=("epc",), domain="go.example", link_base="https://go.example/w", link_key="ab" * 32, link_kid=3)
            )  # fmt: skip
            until(lambda: kiosk.devices.offered.startswith("https://go.example/w/K1/0-"))
            spot = kiosk.devices.offered.split("/")[-2]
            read = links.read("K1", spot, lambda kid: bytes.fromhex("ab" * 32), links.day_of(0))
            assert read is not None
            assert read.counts, "the visit is the wall's merit"

    @pytest.mark.parametrize(
        "view",
        [Closed(Frame("en"), "closed"), Pay(Frame("en"), "link", "waiting", Money(1, "EUR"), "")],
    )
    def test_no_address_where_the_reader_is_not_the_shops(self, view: View) -> None:
        assert address_of(view, FRONT) == ""

    @pytest.mark.parametrize(
        ("address", "on_a_tag"),
        [
            ("HTTPS://SHOP.EXAMPLE/K1/2-ABC/01/09521100200110", "https://shop.example/K1/2-ABC/01/09521100200110"),
            ("HTTP://127.0.0.1:8481/K1/0/B/12", "http://127.0.0.1:8481/K1/0/B/12"),
            ("", ""),
        ],
    )  # fmt: skip
    def test_scheme_and_host_are_lower_case_on_a_tag(self, address: str, on_a_tag: str) -> None:
        assert tapped(address) == on_a_tag


class TestWhatIsToldOfIt:
    def test_a_tap_is_an_engagement_with_its_product(self, tmp_path: Path) -> None:
        with Kiosk(tmp_path) as kiosk:
            kiosk.devices.post(PhoneTapped(f"https://shop.example/K1/2/01/{MILK}", complete=True))
            kiosk.devices.post(PhoneTapped(FRONT, complete=True))
            kiosk.devices.post(PhoneTapped(FRONT, complete=False))
            until(lambda: len(taps(kiosk.fleet)) == 2, "two taps to arrive")
            assert [(tap.detail, tap.facing) for tap in taps(kiosk.fleet)] == [(MILK, 2), ("", 0)]
            counters = kiosk.program.runtime.counters
            until(lambda: (counters["taps"], counters["taps-cut-off"]) == (2, 1))
            assert isinstance(kiosk.view, Attract), "nobody touched the wall"


def taps(fleet: MemoryFleet) -> list[Engaged]:
    return [event for event in fleet.events(Engaged) if isinstance(event, Engaged) and event.what == "tap"]


def test_a_journey_from_the_glass_to_the_phone(tmp_path: Path) -> None:
    """The real agent, driver and wire; a simulated chip and phones: tap, look at the milk, tap, pay by card, tap."""
    chip, fleet = SimPn532(tmp_path / "reader"), MemoryFleet()
    agent_end, screen = memory_pair()
    hardware = Hardware([Setting("reader", "pn532", str(tmp_path / "reader"), bytes(32))])
    program = AgentProgram(
        config(tmp_path), agent_end, peripherals=hardware, store=store(), connect=fleet.connect
    )
    seen: list[tuple[Shop, View]] = []
    screen.listen(lambda shop, view: seen.append((shop, view)))
    program.start()

    def opens() -> str:
        phone = Phone(phones.iphone())
        chip.phone_taps(phone)
        assert phone.gone.wait(60)
        return phone.opened

    try:
        until(lambda: chip.plays, "the reader to wait for phones")
        assert opens() == FRONT
        screen.send(Start())
        screen.send(OpenProduct(gtin=MILK, facing=2))
        until(lambda: seen and isinstance(seen[-1][1], ProductDetail))
        view = seen[-1][1]
        assert isinstance(view, ProductDetail)
        until(lambda: opens() == tapped(view.facing.qr), "the phone to open what the code on the glass says")
        until(lambda: any(tap.detail == MILK for tap in taps(fleet)), "the fleet to hear of it")
        screen.send(Add(gtin=MILK, facing=2, quantity=1))
        screen.send(Checkout())
        screen.send(PayBy("card"))
        until(lambda: chip.looks > 0, "the reader to look for a card")
        assert not chip.plays, "the payment goes first"
        chip.tap(bytes.fromhex("04e1a5c0de0001"), polls=1000, held_s=60)
        until(lambda: fleet.wanted, "the charge")
        assert fleet.wanted[0].card
    finally:
        screen.close()
        program.stop()
        chip.close()
