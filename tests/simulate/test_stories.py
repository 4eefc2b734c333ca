"""Small fleets against a real broker and a real fleet: what was written is stored, each event once."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from fleet.broker.broker import Broker
from fleet.serve import Fleet
from mqtt.client import Client
from mqtt.messages import Presence, decode
from tests.servers import wait_until
from tests.simulate.swarms import all_acknowledged, is_all_stored, stored, swarm_of

pytestmark = pytest.mark.server


@pytest.mark.parametrize("ledger", ["sqlite", "memory"])
def test_a_morning_with_an_outage_and_a_power_cut(
    ledger: Literal["sqlite", "memory"], broker: Broker, fleet: Fleet, tmp_path: Path
) -> None:
    folder = tmp_path / "kiosks"
    folder.mkdir()
    with swarm_of(6, broker.port, folder, ledger, tenant=f"story-{ledger}") as swarm:
        wait_until(lambda: sum(kiosk.ledger.bounds()[0] for kiosk in swarm.kiosks) > 100, "a busy morning")
        dark, struck = swarm.kiosks[0], swarm.kiosks[1]
        swarm.call(dark.unplug)
        swarm.call(struck.cut_power)
        wait_until(lambda: dark.ledger.bounds()[1] > dark.ledger.bounds()[0] + 60, "a backlog in the dark")
        swarm.call(dark.plug)
        wait_until(lambda: dark.ledger.bounds()[0] > 100, "the backlog to drain")
        all_acknowledged(swarm)
        database = fleet.services.config.database
        told = swarm.stop()
    assert swarm.failures == 0
    for one in told:
        assert one.written == one.acknowledged == sum(one.kinds.values()), one
        assert is_all_stored(database, one), one
    assert (told[0].outages, told[1].power_cuts) == (1, 1)
    assert sum(one.kinds.get("sale", 0) for one in told) > 0


def test_a_network_that_goes_away_is_said_by_the_broker(broker: Broker, tmp_path: Path) -> None:
    heard: list[str] = []
    watcher = Client(
        broker.host,
        broker.port,
        "watches-dark",
        on_message=lambda _, said: heard.append(decode(said, Presence).state),
    )
    watcher.subscribe("k1/dark/+/+/state")
    watcher.start()
    with swarm_of(1, broker.port, tmp_path, tenant="dark") as swarm:
        wait_until(lambda: watcher.connected and heard[-1:] == ["ready"], "the kiosk to appear")
        swarm.call(swarm.kiosks[0].unplug)
        wait_until(lambda: heard[-1] == "lost", "the last will")
        swarm.call(swarm.kiosks[0].plug)
        wait_until(lambda: heard[-1] == "ready", "the kiosk to come back")
    wait_until(lambda: heard[-1] == "closed", "the goodbye")
    assert watcher.stop()


def test_a_fresh_card_begins_a_new_stream(broker: Broker, fleet: Fleet, tmp_path: Path) -> None:
    with swarm_of(1, broker.port, tmp_path, tenant="swapped") as swarm:
        (kiosk,) = swarm.kiosks
        wait_until(lambda: kiosk.progress()[0] > 20, "something to be acknowledged")
        swarm.call(kiosk.swap_card)
        wait_until(lambda: len(kiosk.told().streams) == 2 and kiosk.ledger.bounds()[0] > 5, "the new stream")
        all_acknowledged(swarm)
        (told,) = swarm.stop()
    old, new = told.streams
    assert old.epoch != new.epoch
    assert stored(fleet.services.config.database, told.kiosk, new.epoch) == (new.written, 1, new.written)
    assert stored(fleet.services.config.database, told.kiosk, old.epoch)[0] >= old.acknowledged
