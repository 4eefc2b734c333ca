"""Kiosks that quietly stay where they are do not stay so quietly."""

from __future__ import annotations

from fleet.reports import roster
from fleet.reports.drift import DRIFT_MS, STAGED_MS
from fleet.reports.roster import Ask
from mqtt.commands import Reported, Running
from tests.fleet.rollouts.office import Office, sick, well
from tests.fleet.rollouts.world import NEW, OLD

HOUR = 3_600_000


def drifting(office: Office, drift_ms: int = DRIFT_MS) -> dict[str, str]:
    """Who drifts: what it runs instead."""
    with office.store.read() as connection:
        rows = roster.page(connection, office.now, Ask(state="drift"), drift_ms)
        assert roster.counts(connection, office.now, drift_ms=drift_ms).drift == len(rows)
    return {row.kiosk: row.runs for row in rows}


def test_what_is_wanted_and_not_run_for_an_hour_is_an_alarm(office: Office) -> None:
    one = office.scheduled()
    office.look(one)
    names = sorted(office.heard)
    office.answer(well, *names[:7])
    office.answer(sick("unhealthy"), *names[7:9])
    assert drifting(office) == {}, "an hour is given"
    office.now += HOUR
    assert drifting(office) == {names[7]: OLD, names[8]: OLD, names[9]: ""}
    assert drifting(office, 2 * HOUR) == {}
    with office.store.read() as connection:
        row = roster.one(connection, office.now, names[7])
    assert row is not None
    assert (row.runs, row.wants, row.confirmed, row.phase, row.reason) == (
        OLD,
        NEW,
        True,
        "failed",
        "unhealthy",
    )
    assert "drift" in row.trouble
    assert row.drift_ms == office.now - HOUR
    office.answer(well)
    assert drifting(office) == {}


def test_shown_and_not_confirmed_is_drift_and_so_is_falling_back_later(office: Office) -> None:
    one = office.scheduled()
    office.look(one)
    office.answer(well)
    office.now += 5 * HOUR
    name = min(office.heard)
    office.answer(lambda target: Running(name=target.name, target=target.name, phase="trying"), name)
    assert drifting(office) == {name: NEW}


def test_waiting_for_the_signed_moment_is_no_drift_for_a_day(office: Office) -> None:
    one = office.scheduled()
    office.look(one)
    office.answer(
        lambda target: Running(name=OLD, confirmed=True, target=target.name, rollout=one, phase="staged")
    )
    office.now += 20 * HOUR
    assert drifting(office) == {}
    office.now += STAGED_MS
    assert len(drifting(office)) == 10


def test_nobody_wanted_it_but_its_own_operator_does(office: Office) -> None:
    """The release for everybody: only the kiosk knows its name."""
    address = office.addresses[0]
    behind = Reported(
        version=0, wall_ms=1, content=Running(name=OLD, confirmed=True, target=NEW, phase="fetching")
    )
    office.desires.reported(address, behind)
    assert drifting(office) == {}
    office.now += HOUR
    office.desires.reported(address, behind)
    assert drifting(office) == {str(address): OLD}


def test_software_drifts_too(office: Office) -> None:
    one = office.scheduled(kind="software", target="endcap-0.2.0")
    office.look(one)
    office.now += HOUR
    assert len(drifting(office)) == 10


def test_pinned_kiosks_are_counted_and_found(office: Office) -> None:
    office.pins.pin(office.addresses[:2], "content", OLD, "cyd", "a show")
    with office.store.read() as connection:
        rows = roster.page(connection, office.now, Ask(state="pinned"))
        found = roster.counts(connection, office.now)
    assert found.pinned == 2
    assert [(row.pinned_by, row.pinned_why, row.wants) for row in rows] == [("cyd", "a show", OLD)] * 2
