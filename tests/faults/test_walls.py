"""The power goes at random moments while a kiosk fetches, hangs and keeps releases: what its card holds then is whole, and
as new as what the kiosk was told it keeps. A kiosk that does not wait for its disk forgets.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import disks
from tests.faults.walls import BRIEF, WallPlan, Walls, control

pytestmark = [
    pytest.mark.server,
    pytest.mark.faults,
    pytest.mark.skipif(bool(disks.missing()), reason=disks.missing() or "disks can be made here"),
]


@pytest.mark.parametrize("plan", BRIEF, ids=lambda plan: plan.options or "defaults")
def test_after_every_cut_a_whole_release_is_sold_and_the_next_one_is_kept(
    plan: WallPlan, tmp_path: Path
) -> None:
    outcome = Walls(plan, tmp_path).run()
    assert outcome.problems == []
    assert sum(outcome.found.values()) == plan.cuts
    assert outcome.kept > plan.cuts // 2


def test_a_kiosk_that_does_not_wait_for_its_disk_forgets_what_it_keeps(tmp_path: Path) -> None:
    assert control(1, tmp_path), "the control forgot nothing, so these cuts prove nothing"
