"""A whole kiosk without screen and hardware: the real agent, ledger, core and link; a fleet and devices in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from content.memory import MemoryStore
from content.model import Advert, Aisle, Language, Product, Store
from content.money import Money
from kiosk.clock.clock import Clock
from kiosk.config import Config, parse_config
from kiosk.link.link import memory_pair
from kiosk.peripherals.peripherals import DeviceState, PeripheralEvent, Printed
from kiosk.peripherals.receipt import Receipt
from kiosk.program import AgentProgram
from kiosk.views import Add, Checkout, Intent, Pay, PayBy, Shop, Start, View
from tests.kiosk.memory_fleet import MemoryFleet
from tests.kiosk.until import until

APPLES, MILK = "09521100100113", "09521100200110"
AnyView = TypeVar("AnyView", bound=View)


def product(gtin: str, name: str, minor: int, facing: int, aisle: str) -> Product:
    return Product(gtin=gtin, names={"en": name}, aisle=aisle, facing=facing, price=Money(minor, "EUR"))


def store(minor: int = 249) -> MemoryStore:
    return MemoryStore(
        Store(
            key="corner",
            names={"en": "Corner", "zh": "街角"},
            currency="EUR",
            languages=(Language("en", "English"), Language("zh", "中文")),
            aisles=(Aisle(key="fruit", names={"en": "Fruit"}), Aisle(key="dairy", names={"en": "Dairy"})),
            adverts=(Advert(key="milk", picture="", headlines={"en": "Milk!"}, link=MILK),),
            methods=("link", "epc", "card"),
            pickup={"en": "Locker wall, exit B"},
        ),
        [product(APPLES, "Gala apples", minor, 1, "fruit"), product(MILK, "Milk", 119, 2, "dairy")],
    )


def config(folder: Path, more: str = "") -> Config:
    return parse_config(
        f"""
        public_host = "https://shop.example"
        trust_clock = true
        {more}
        [address]
        tenant = "demo"
        site = "s1"
        kiosk = "K1"
        [paths]
        store = "store"
        state = "{folder}"
        """,
        folder,
    )


class MemoryPeripherals:
    """Devices that do at once what they are asked, as long as they are plugged in and have paper."""

    def __init__(self) -> None:
        self.post: Callable[[PeripheralEvent], None] = lambda event: None
        self.armed = False
        self.offered = ""
        self.paper = True
        self.printed: list[Receipt] = []
        self.closed = False
        self.answers: list[str] = []

    def start(self, post: Callable[[PeripheralEvent], None]) -> None:
        self.post = post
        for name in ("scanner", "reader", "printer"):
            post(DeviceState(name, "ready"))

    def arm(self, on: bool) -> None:
        self.armed = on

    def offer(self, uri: str) -> None:
        self.offered = uri

    def print(self, receipt: Receipt) -> None:
        if self.paper:
            self.printed.append(receipt)
        self.post(Printed(receipt.reference, "" if self.paper else "no-paper"))

    def answered(self, answer: str) -> None:
        self.answers.append(answer)

    def close(self) -> None:
        self.closed = True


class Kiosk:
    """A running kiosk and somebody who stands before it."""

    def __init__(
        self,
        folder: Path,
        fleet: MemoryFleet | None = None,
        more: str = "",
        *,
        stocked: bool = True,
        wired: bool = False,
        clock: Clock | None = None,
        leave: Callable[[], None] | None = None,
    ) -> None:
        """`stocked`: sells from memory; else from the imported store in `folder`/store. `wired`: with the devices of its configuration."""
        self.fleet = fleet or MemoryFleet()
        self.devices = MemoryPeripherals()
        agent_end, self.screen = memory_pair()
        self.config = config(folder, more)
        self.program = AgentProgram(
            self.config,
            agent_end,
            peripherals=None if wired else self.devices,
            store=store() if stocked else None,
            clock=clock,
            connect=self.fleet.connect,
            leave=leave,
        )
        self.seen: list[tuple[Shop, View]] = []

    def __enter__(self) -> Self:
        self.screen.listen(lambda shop, view: self.seen.append((shop, view)))
        self.program.start()
        until(lambda: self.seen)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.screen.close()
        self.program.stop()
        left = [t.name for t in threading.enumerate() if t.name in ("owner", "ledger-writer", "link-screen")]
        assert not left, left

    @property
    def view(self) -> View:
        return self.seen[-1][1]

    def do(self, *intents: Intent) -> None:
        for intent in intents:
            self.screen.send(intent)

    def sees(self, kind: type[AnyView], *, where: Callable[[AnyView], bool] = lambda view: True) -> AnyView:
        """Wait until the screen shows such a view."""
        until(
            lambda: isinstance(self.view, kind) and where(self.view), f"{kind.__name__}; there is {self.view}"
        )
        assert isinstance(self.view, kind)
        return self.view

    def buys(self, method: str = "epc") -> Pay:
        """Two pieces of apples, up to the QR."""
        self.do(Start(), Add(gtin=APPLES, facing=1, quantity=2), Checkout(), PayBy(method))
        return self.sees(Pay, where=lambda pay: pay.stage == "waiting")
