"""Small fleets against a real broker and a real fleet: what was written is stored, each event once."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from fleet.broker import Broker
from fleet.serve import Fleet
from tests.servers import wait_until
from tests.simulate.swarms import all_acknowledged, is_all_stored, swarm_of

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
