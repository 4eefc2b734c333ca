"""Between two releases: cheaper and recalled at once, until a release says the same and the live word has done its work."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.cli.command import call
from tests.journeys.town import BREAD, SIGNED, Town, pays
from tests.waiting import wait_until

pytestmark = pytest.mark.server


def test_a_price_and_a_recall_hold_until_a_release_supersedes_them(tmp_path: Path) -> None:
    with Town(tmp_path) as town:
        town.publishes()
        town.opens()
        kiosk = town.kiosk("K1")
        ada = kiosk.start()
        kiosk.confirms("demo-000001")
        recalled = list(town.shelves.prices)[1]

        town.fleet("price", BREAD, "1.99", "--until-release", "demo-000002", *SIGNED)
        words = ("--reason", "safety", "--say", "en=It may hold glass.")
        number = town.fleet("recall", recalled, *words, *SIGNED).split()[0]
        wait_until(lambda: ada.price(BREAD) == 199, "the lower price on the glass")
        wait_until(lambda: ada.looks_at(recalled).badge == "recalled", "the recall on the glass")
        assert not ada.looks_at(recalled).available
        wait_until(
            lambda: all(one["obeys"] for one in call(town.url, "/api/live-changes")["kiosks"]),
            "the kiosk to obey",
        )
        assert "1 of 1 kiosks obey" in town.fleet("live-changes")  # which ends with 1 while one does not
        pay = ada.wants_to_pay(BREAD)
        assert pay.amount.minor == 398
        pays(pay.payload)
        ada.is_thanked()
        ada.goes()

        # The release has a price of its own, and no longer what was recalled.
        town.shelves.prices[BREAD] = 220
        town.shelves.gone.add(recalled)
        assert town.publishes("--current") == "demo-000002"
        kiosk.confirms("demo-000002")
        wait_until(lambda: ada.price(BREAD) == 220, "the release's own price")
        with pytest.raises(AssertionError, match="not on the shelf"):
            ada.looks_at(recalled)

        # Only a person ends a recall: until then the product does not come back with a release either.
        town.shelves.gone.clear()
        town.publishes("--current")
        kiosk.confirms("demo-000003")
        assert ada.looks_at(recalled).badge == "recalled"
        town.fleet("undo", number, *SIGNED)
        wait_until(lambda: ada.looks_at(recalled).available, "the recall to end")
