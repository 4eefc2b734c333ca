"""Every fault on every lane, played through: the money adds up, and docs/payment-faults.md says what came out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.payments.fault_matrix import DOC, RIGS, ROWS, played, table
from tests.fleet.payments.fault_rig import LANES, Door, FaultRig, door

pytestmark = pytest.mark.server

_outcomes: dict[tuple[str, str, str], str] = {}


@pytest.fixture(scope="module")
def hooks() -> Iterator[Door]:
    with door() as here:
        yield here


@pytest.fixture(scope="module", params=list(RIGS))
def rig(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, hooks: Door
) -> Iterator[FaultRig]:
    with RIGS[request.param](tmp_path_factory.mktemp(request.param), hooks) as opened:
        yield opened


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("row", ROWS)
def test_every_payment_ends_in_one_sale_or_one_refund_or_is_seen(
    rig: FaultRig, hooks: Door, row: str, lane: str, tmp_path: Path
) -> None:
    if row not in rig.supports:
        pytest.skip(f"{rig.title} cannot be told to: {row}")
    purchase = played(rig, hooks, row, lane, tmp_path)
    purchase.close()
    _outcomes[rig.title, row, lane] = purchase.outcome
    assert "WRONG" not in purchase.outcome
    assert all(after_ms <= 60_000 for after_ms in purchase.listed.values()), purchase.listed


def test_the_docs_say_what_came_out(rig: FaultRig) -> None:
    outcomes = {(row, lane): text for (title, row, lane), text in _outcomes.items() if title == rig.title}
    if len(outcomes) < len(LANES) * len([row for row in ROWS if row in rig.supports]):
        pytest.skip("only some of it was played")
    assert table(rig, outcomes) in DOC.read_text(), "python -m tests.fleet.payments.fault_matrix"
