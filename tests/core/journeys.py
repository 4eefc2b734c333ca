"""Journeys: what a person, the fleet and time do, step by step, and what the wall makes of it. No screen is needed.

A Journey plays events into the core and keeps its clock. Time passes only through `wait`, which rings the timers the
core has set, in their order, just as the runtime would.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from content.model import Advert, Aisle, Language, MultiBuy, Product, Sale, Store
from content.money import Money
from kiosk.core import events as ev
from kiosk.core.effects import AnyEffect, CancelTimer, Effect, RecordSale, SetTimer
from kiosk.core.events import AnyEvent, Stamp
from kiosk.core.present import present
from kiosk.core.session import step
from kiosk.core.settings import Place, Settings
from kiosk.core.state import Paying, Session, new_session
from kiosk.views import View

WALL_MS = 1_795_000_000_000  # November 2026
ORDER = "7Z5M2K9QW3RT8XA"
ORDER_2 = "7Z5M2K9QW3RT8XB"
CLAIM = "K7Q2-9MXT"  # as the agent dreams it up: nothing to do with the order
CLAIM_2 = "0D4T-H3RE"

E = TypeVar("E", bound=Effect)
V = TypeVar("V")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def product(gtin: str, name: str, minor: int, facing: int, **more: Any) -> Product:
    return Product(
        gtin=gtin,
        names={"en": name, "zh": name + "·中"},
        aisle="dairy",
        facing=facing,
        price=eur(minor),
        **more,
    )


MILK = product("09521100100113", "Milk", 129, 1, picture="milk.webp")
TEA = product("09521100100212", "Tea", 250, 2, offer=MultiBuy(2, eur(400)))
RICE = product("09521100100311", "Rice", 300, 3, sale=Sale(eur(199), until=WALL_MS // 1000 + 600))


def store(**more: Any) -> Store:
    fields: dict[str, Any] = {
        "key": "demo",
        "names": {"en": "Demo"},
        "currency": "EUR",
        "languages": (Language("en", "English"), Language("zh", "中文"), Language("ar", "العربية")),
        "aisles": (Aisle(key="dairy", names={"en": "Dairy"}), Aisle(key="bakery", names={"en": "Bakery"})),
        "adverts": (
            Advert(key="autumn", picture="a.webp", headlines={"en": "Autumn"}, link="bakery"),
            Advert(key="tea", picture="t.webp", headlines={"en": "Tea"}, link=TEA.gtin, seconds=5),
            Advert(key="rice", picture="r.webp", headlines={"en": "Rice"}),
        ),
        "methods": ("link", "card"),
        "pickup": {"en": "Exit B, from 17:00"},
        "version": "v1",
    }
    return Store(**(fields | more))


class Journey:
    """One kiosk's story. Every step checks that the view is whole and the session stays within its bounds."""

    def __init__(self, settings: Settings | None = None, online: bool = True, **more: Any) -> None:
        self.mono_ms = 1_000
        self.session: Session = new_session(
            store(**more), Place(kiosk="k1", pictures="/store"), self.stamp(), settings
        )
        self.effects: tuple[AnyEffect, ...] = ()
        self.story: list[AnyEffect] = []
        self.due: dict[str, int] = {}
        self.orders = 0
        self.happens(ev.TimerFired, "start")
        if online:
            self.happens(ev.FleetConnected)
            self.happens(ev.DeviceChanged, "reader", "ready")
            self.happens(ev.DeviceChanged, "printer", "ready")

    def stamp(self) -> Stamp:
        return Stamp(self.mono_ms, WALL_MS + self.mono_ms)

    def happens(self, event: type[AnyEvent], *args: Any, **more: Any) -> tuple[AnyEffect, ...]:
        """Something happens now."""
        return self.take(event(self.stamp(), *args, **more))

    def take(self, event: AnyEvent) -> tuple[AnyEffect, ...]:
        """Play one event; returns its effects other than timers."""
        self.session, effects = step(self.session, event)
        if isinstance(event, ev.TimerFired):
            self.due.pop(event.name, None)
        for effect in effects:
            match effect:
                case SetTimer(name=name, after_ms=after):
                    self.due[name] = self.mono_ms + after
                case CancelTimer(name=name):
                    del self.due[name]
        assert self.due == self.session.timers
        self.effects = tuple(e for e in effects if not isinstance(e, SetTimer | CancelTimer))
        self.story += self.effects
        whole(self.session)
        return self.effects

    def wait(self, ms: int) -> tuple[AnyEffect, ...]:
        """Let time pass; whatever is due meanwhile rings. Returns the effects of that time."""
        until, seen = self.mono_ms + ms, len(self.story)
        while self.due and min(self.due.values()) <= until:
            name = min(self.due, key=lambda one: self.due[one])
            self.mono_ms = max(self.mono_ms, self.due[name])
            self.happens(ev.TimerFired, name)
        self.mono_ms = until
        return tuple(self.story[seen:])

    def view(self, kind: type[V]) -> V:
        """What is on the screen, which must be of that kind."""
        view = present(self.session)
        assert isinstance(view, kind), f"{type(view).__name__} is on the screen: {view}"
        return view

    def did(self, kind: type[E]) -> list[E]:
        """All effects of a kind so far."""
        return [effect for effect in self.story if isinstance(effect, kind)]

    # --- chapters most stories begin with ---

    def shop(self, *products: Product) -> Journey:
        """Somebody comes and puts products into the basket."""
        self.happens(ev.Started)
        for one in products or (MILK,):
            self.happens(ev.ProductAdded, one, one.facing)
        return self

    def checkout(self, order: str = ORDER, claim: str = CLAIM) -> Journey:
        self.happens(ev.CheckoutAsked, order, claim)
        return self

    def pay_by_link(self, *products: Product) -> str:
        """Shop until the QR is on the screen; returns the reference."""
        self.shop(*products).checkout().happens(ev.MethodChosen, "link")
        return self.show_qr()

    def show_qr(self) -> str:
        state = self.session.state
        assert isinstance(state, Paying)
        self.happens(ev.ChargeCreated, state.reference, "HTTPS://PAY.EXAMPLE/1", 0, "Demo")
        return state.reference

    def paid(self, reference: str, minor: int = 129) -> tuple[AnyEffect, ...]:
        """The provider confirms; the ledger records whatever the core sells."""
        effects = self.happens(ev.ChargePaid, reference, eur(minor))
        for effect in effects:
            if isinstance(effect, RecordSale):
                effects += self.happens(ev.SaleRecorded, effect.payment.reference)
        return effects


def whole(session: Session) -> None:
    """What holds after every step: the view can be made and sent, and nothing grows without end."""
    view = present(session)
    assert msgspec.json.decode(msgspec.json.encode(view), type=View) == view
    settings = session.settings
    assert len(session.pending) <= settings.max_pending
    assert len(session.settled) <= settings.max_settled
    assert len(session.sold) <= settings.max_settled
    assert len(session.basket) <= settings.max_lines
    assert len(session.notices) <= 4
    assert len(session.timers) <= 8
