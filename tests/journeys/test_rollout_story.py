"""Forty prices and a wall, from the operator's folder to two walls, ring by ring; and a release that turns back by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from content.money import Money
from tests.journeys.town import BREAD, MILK, Town, pays
from tests.waiting import wait_until

pytestmark = pytest.mark.server
RINGS = ("pilot: kiosk=demo/s1/{} errors=1 soak=0s deadline=1h", "rest: errors=1 soak=0s deadline=1h")


def rings(pilot: str) -> tuple[str, ...]:
    return tuple(ring.format(pilot) for ring in RINGS)


def test_prices_reach_two_walls_and_what_is_bad_turns_back(tmp_path: Path) -> None:
    with Town(tmp_path) as town:
        town.publishes()
        town.opens()
        first, second = town.kiosk("K1"), town.kiosk("K2")
        ada, bea = first.start(), second.start()
        for kiosk in (first, second):
            kiosk.confirms("demo-000001")

        # The operator works, and looks at what commuters will notice.
        for code in list(town.shelves.prices)[:40]:
            town.shelves.prices[code] = 199
        town.shelves.first = town.shelves.first or (list(town.shelves.prices)[9],)
        assert town.publishes() == "demo-000002"
        where = ("--repository", str(town.repository))
        said = town.operator("content", "diff", "demo-000001", "demo-000002", *where)
        assert "Prices that go down (40)" in said
        assert "Moved on a wall" in said

        # Somebody is paying at the first wall as its ring is given the release: for them nothing changes.
        pay = ada.wants_to_pay(BREAD)
        rollout = town.rolls_out("demo-000002", *rings("K1"))
        wait_until(lambda: first.reported()["phase"] == "waiting", "the release to wait for who is buying")
        assert (pay.amount, ada.price(BREAD)) == (Money(500, "EUR"), 250)
        assert (second.reported()["name"], bea.price(BREAD)) == ("demo-000001", 250)
        pays(pay.payload)
        assert ada.is_thanked().total == Money(500, "EUR")
        ada.goes()

        # Then it is adopted, watched, kept; only then has the second wall its turn.
        first.confirms("demo-000002")
        second.confirms("demo-000002")
        wait_until(lambda: town.rollout(rollout)["state"] == "finished", "the roll-out to finish")
        for person in (ada, bea):
            assert (person.price(BREAD), person.price(MILK, "milk")) == (199, 250)
            assert person.first() == town.shelves.first[0]

        # A release the pilot's screen cannot draw goes back by itself, and no further.
        town.shelves.prices[BREAD] = 149
        bad = town.publishes()
        bea.blind = True
        stopped = town.rolls_out(bad, *rings("K2"))
        wait_until(lambda: town.rollout(stopped)["state"] == "stopped", "the roll-out to stop")
        said_by_kiosk = second.reported()
        assert (said_by_kiosk["name"], said_by_kiosk["confirmed"]) == ("demo-000002", True)
        assert (said_by_kiosk["phase"], said_by_kiosk["reason"]) == ("failed", "no-facings")
        page = town.page(f"/rollouts/{stopped}")
        assert "too many kiosks failed" in page
        assert "no-facings" in page
        assert first.reported()["name"] == "demo-000002"
        assert (ada.price(BREAD), bea.price(BREAD)) == (199, 199)
