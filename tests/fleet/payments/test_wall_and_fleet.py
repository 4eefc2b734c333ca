"""What a wall asks for is what the fleet's check finds right, to the cent, whatever begins, ends or is set meanwhile."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from content.memory import MemoryStore
from content.model import MultiBuy, Reduction, Sale
from fleet.payments.prices import differs
from kiosk.core import events as ev
from kiosk.core.basket import order_of, over_cap
from kiosk.core.events import Stamp
from kiosk.core.settings import Settings
from mqtt.messages import Line
from tests.core.journeys import CLAIM, ORDER, WALL_MS, Journey, eur, product, store

BEGAN = WALL_MS // 1000
MOMENTS = st.none() | st.integers(-300, 900).map(lambda shift: BEGAN + shift)
CAPS = st.integers(0, 6)
SALES = st.builds(Sale, st.integers(40, 199).map(eur), MOMENTS, MOMENTS, most=CAPS, limit=CAPS)
BUNDLES = st.builds(MultiBuy, st.integers(2, 4), st.integers(100, 300).map(eur), most=CAPS, limit=CAPS)
OFFERS: st.SearchStrategy[list[Reduction]] = st.lists(SALES | BUNDLES, max_size=3)
ACTS = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 9), st.booleans()), min_size=1, max_size=6)


class Station(Journey):
    """A kiosk whose clock is trusted, or not."""

    trusted = True

    def stamp(self) -> Stamp:
        return Stamp(self.mono_ms, WALL_MS + self.mono_ms, self.trusted)


@settings(max_examples=40, deadline=None)
@given(OFFERS, ACTS)
def test_the_fleet_finds_every_price_right_that_a_wall_has_shown(
    offers: list[Reduction], acts: list[tuple[int, int, bool]]
) -> None:
    one = product("09521100100618", "Roll", 200, 6, further=tuple(offers))
    sold = MemoryStore(store(version=""), [one])
    patience = Settings(wall_idle_ms=10**7, basket_idle_ms=10**7, choose_idle_ms=10**7)
    j = Station(patience)
    j.happens(ev.Started)
    for wait_s, quantity, trusted in acts:
        j.wait(wait_s * 1000)
        j.trusted = trusted
        j.happens(ev.ProductAdded, one, one.facing, quantity)
    for _ in range(2):  # the first may show the basket again, with what a cap lets it hold
        j.checkout()
    if not j.session.basket:
        return
    assert not over_cap(j.session)
    assert j.session.order == order_of(j.session, ORDER, CLAIM)
    lines = [
        Line(
            gtin=line.gtin, name=line.name, quantity=line.quantity, price_minor=line.price.minor,
            total_minor=line.total.minor,
        )
        for line in j.session.order.lines
    ]  # fmt: skip
    assert differs(lines, "EUR", sold.store.version, sold, (WALL_MS + j.mono_ms) // 1000) == ""
