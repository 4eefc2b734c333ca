"""The law of money and the law of recalls together: whatever is recalled when, nothing recalled is sold."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from msgspec import structs

from content.model import Availability, Product, Recall, Sale
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.state import Paying
from tests.core.journeys import MILK, RICE, TEA, eur
from tests.core.test_laws import PaymentStories

GOODS = (MILK, TEA, RICE)


class LiveStories(PaymentStories):
    """Person, provider and power supply do what they like, and so does the operator."""

    def __init__(self) -> None:
        self.now: dict[str, Product] = {one.gtin: one for one in GOODS}
        self.selling: set[str] = set()
        super().__init__()

    @property
    def recalled(self) -> frozenset[str]:
        return frozenset(gtin for gtin, one in self.now.items() if one.recall)

    def play(self, event: type[Any], *args: Any) -> None:
        if event is ev.ProductAdded:  # the agent looks it up
            args = (self.now[args[0].gtin], *args[1:])
        super().play(event, *args)

    def carry_out(self, effects: tuple[ef.AnyEffect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, ef.RecordSale) and effect.payment.reference not in self.selling:
                assert self.recalled.isdisjoint(line.gtin for line in effect.payment.order.lines)
                self.selling.add(effect.payment.reference)
            if isinstance(effect, ef.CreateCharge):
                assert self.recalled.isdisjoint(line.gtin for line in effect.payment.order.lines)
        super().carry_out(effects)

    @rule(
        one=st.sampled_from(GOODS),
        how=st.sampled_from(["recall", "sold-out", "lower", "higher", "undo", "undo"]),
    )
    def operator_says(self, one: Product, how: str) -> None:
        match how:
            case "recall":
                one = structs.replace(
                    one, availability=Availability.OUT_OF_STOCK, recall=Recall(reason="safety")
                )
            case "sold-out":
                one = structs.replace(one, availability=Availability.OUT_OF_STOCK)
            case "lower":
                one = structs.replace(one, drop=Sale(eur(50)))
            case "higher":
                one = structs.replace(one, price=eur(900))
        self.now[one.gtin] = one
        self.play(ev.LiveChanged, (one,), self.recalled)

    @rule()
    def power_cut(self) -> None:
        """The ledger is all that is left, and what was kept of the fleet's word."""
        known = self.now
        self.now = {}
        mono_ms, self.remembers = self.j.mono_ms, False
        self.j = type(self.j)(self.patience, online=False)
        self.j.mono_ms = mono_ms + 3_000
        self.now = known
        self.play(ev.LiveChanged, tuple(self.now.values()), self.recalled)
        self.selling &= set(self.ledger.sales)
        self.play(ev.PaymentsRecovered, tuple(self.ledger.open.values()), True, tuple(self.ledger.sold))
        self.play(ev.FleetConnected)
        self.play(ev.DeviceChanged, "reader", "ready")

    @invariant()
    def a_basket_can_be_had(self) -> None:
        session = self.j.session
        if isinstance(session.state, Paying):
            return
        for pick in session.basket:
            assert pick.product.availability is not Availability.OUT_OF_STOCK
            assert pick.product.gtin not in session.recalled


TestLive = LiveStories.TestCase
TestLive.settings = settings(
    max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
