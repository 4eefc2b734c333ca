"""An emergency while somebody pays: the wall is the alert's, the money is not lost, and no fleet is needed to say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.broker.broker import start_broker
from kiosk.views import Attract, Emergency, Pay
from tests.fleet.payments.sandbox_process import free_port
from tests.journeys.town import BREAD, SIGNED, Town, pays
from tests.waiting import wait_until

pytestmark = pytest.mark.server
SAY = ("--say", "en=Leave the station|Use the stairs")


def test_an_alert_covers_a_payment_and_gives_it_back(tmp_path: Path) -> None:
    with Town(tmp_path) as town:
        town.publishes()
        town.opens()
        nearby = start_broker(tmp_path / "nearby", port=free_port(), prefer="mosquitto")
        town.undo.callback(nearby.stop)
        kiosk = town.kiosk("K1", more=f'[alert_broker]\nhost = "127.0.0.1"\nport = {nearby.port}')
        ada = kiosk.start()
        kiosk.confirms("demo-000001")

        pay = ada.wants_to_pay(BREAD)
        town.fleet("alert", "send", "demo/s1", *SAY, "--severity", "extreme", *SIGNED)
        alert = ada.sees(Emergency)
        assert [words.headline for words in alert.words] == ["Leave the station"]
        wait_until(lambda: "shown" in town.fleet("alert", "list"), "the fleet to know that it is shown")
        town.fleet("alert", "clear", "*", *SIGNED)
        again = ada.sees(Pay)
        assert (again.reference, again.payload) == (pay.reference, pay.payload)
        pays(pay.payload)
        assert ada.is_thanked().total == pay.amount
        ada.goes()

        town.fleet("alert", "send", "demo/*", "--exercise", *SAY, *SIGNED)
        assert ada.sees(Emergency).exercise
        town.fleet("alert", "clear", "*", *SIGNED)
        ada.sees(Attract)

        # The fleet's broker is gone, and with it the fleet: who stands in the station says it over its own network.
        assert town.broker is not None
        town.broker.kill()
        local = ("--broker", f"127.0.0.1:{nearby.port}", "--key", str(town.keys / "demo.alert.pem"))
        town.operator("fleet", "alert", "local", kiosk.address, *local, *SAY)
        assert not ada.sees(Emergency).exercise
        town.operator("fleet", "alert", "local", kiosk.address, *local, "--clear")
        ada.sees(Attract)
