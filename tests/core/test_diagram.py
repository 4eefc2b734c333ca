"""What the walk over all screens shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.core import diagram
from kiosk.core import events as ev
from kiosk.core.session import due, step
from kiosk.core.state import Attracting, Closed, Paying, Session, Sleeping
from tests.core.journeys import whole

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def walked() -> tuple[diagram.Edges, list[Session]]:
    return diagram.walk()


def test_the_page_shows_the_code_as_it_is() -> None:
    page = (ROOT / "docs/states.md").read_text(encoding="utf-8")
    assert page == diagram.page(), "stale: python -m kiosk.core.diagram > docs/states.md"


def test_every_place_has_a_view_that_can_be_sent(walked: tuple[diagram.Edges, list[Session]]) -> None:
    for session in walked[1]:
        whole(session)


def test_from_everywhere_time_alone_leads_back_to_the_attract_loop(
    walked: tuple[diagram.Edges, list[Session]],
) -> None:
    """Nobody touches, no provider and no ledger answers: within ten minutes the wall is free, unless it is closed or asleep."""
    for session in walked[1]:
        started = session.at.mono_ms
        while not isinstance(session.state, Attracting | Closed | Sleeping):
            name, when = min(due(session).items(), key=lambda item: item[1])
            assert when - started < 600_000, diagram.label(session)
            passed = max(0, when - session.at.mono_ms)
            at = ev.Stamp(session.at.mono_ms + passed, session.at.wall_ms + passed)
            session, _ = step(session, ev.TimerFired(at, name))


def test_whoever_wants_to_leave_can(walked: tuple[diagram.Edges, list[Session]]) -> None:
    """From every screen but those on which money is in flight, "start over" leads out at once."""
    for session in walked[1]:
        after, _ = step(session, ev.StartOverAsked(session.at))
        if isinstance(session.state, Paying):
            assert isinstance(after.state, Paying)
        else:
            assert isinstance(after.state, Attracting | Closed)


def test_money_in_flight_is_left_only_by_an_answer_or_with_a_claim_code(
    walked: tuple[diagram.Edges, list[Session]],
) -> None:
    answers = {
        "ChargeCancelled", "ChargeExpired", "ChargeFailed", "ChargeRefused", "ChargeUnknown", "SaleRecorded",
        "ChargePaid wrong amount",
    }  # fmt: skip
    for (source, target), names in walked[0].items():
        if source.startswith("Paying") and not target.startswith("Paying"):
            by_time = set(names) - answers
            assert not by_time or (by_time == {"time (stage)"} and target == "Troubled: claim code")


def test_every_screen_is_reached(walked: tuple[diagram.Edges, list[Session]]) -> None:
    stages = {"asking", "waiting", "scanned", "confirming", "cancelling", "late"}
    names = {screen for pair in walked[0] for screen in pair}
    assert {f"Paying: {stage}" for stage in stages} <= names
    assert len(names) == len(stages) + 15
