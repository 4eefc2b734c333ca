"""A short campaign of each kind: whoever dies, however the power goes and whatever the network does, nothing is lost and
nothing is counted twice; the usual design, under the same faults, loses.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.campaign import Campaign
from tests.faults.outcome import Plan
from tests.faults.plans import BRIEF, obstacle, possible

pytestmark = [pytest.mark.server, pytest.mark.faults]


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that PostgreSQL's user may enter, which pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="endcap-faults-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("wanted", BRIEF, ids=lambda plan: f"{plan.transport}-{plan.store}")
def test_everything_dies_and_every_event_is_there_once(wanted: Plan, folder: Path) -> None:
    if obstacle(wanted):
        pytest.skip(obstacle(wanted))
    plan, _ = possible(wanted)
    outcome = Campaign(plan, folder).run()
    assert outcome.verdict.problems == []
    assert outcome.kills >= plan.kiosk_kills + plan.broker_kills + plan.ingest_kills + plan.store_kills
    assert outcome.cuts == plan.kiosk_cuts + plan.fleet_cuts
    assert outcome.verdict.durable > 100
    if plan.straws:
        assert outcome.straw_lost > 0, "the control lost nothing, so this campaign proves nothing"
