"""References: what an order's name decides; and records that travel."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.money import Money
from kiosk.core import effects, events
from kiosk.core.orders import CROCKFORD, BadOrder, Order, Payment, reference_of

orders = st.text(alphabet=CROCKFORD, min_size=15, max_size=15)


@given(orders, st.integers(0, 31))
def test_a_reference_is_sixteen_characters_and_gives_its_order_back(order: str, attempt: int) -> None:
    reference = reference_of(order, attempt)
    assert len(reference) == 16
    assert set(reference) <= set(CROCKFORD)
    assert reference[:15] == order


@pytest.mark.parametrize(("order", "attempt"), [("SHORT", 0), ("I" * 15, 0), ("0" * 15, 32), ("0" * 15, -1)])
def test_what_is_no_order_is_refused_with_what_was_expected(order: str, attempt: int) -> None:
    with pytest.raises(BadOrder, match=r"15 characters|at most 32"):
        reference_of(order, attempt)


def test_events_and_effects_survive_json() -> None:
    money = Money(250, "EUR")
    payment = Payment("0" * 16, Order("0" * 15, (), money, "7", "K7Q2-9MXT"), "link", 1, 2)
    paid = events.ChargePaid(events.Stamp(1, 2), "0" * 16, money)
    asked = effects.CreateCharge(payment)
    assert msgspec.json.decode(msgspec.json.encode(paid), type=events.AnyEvent) == paid
    assert msgspec.json.decode(msgspec.json.encode(asked), type=effects.AnyEffect) == asked
