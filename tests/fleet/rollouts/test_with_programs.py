"""The fleet's roll-outs and a kiosk's own updater, from the wheel to the ring that is done: what one says the other counts by."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from fleet.rollouts.model import Member
from fleet.rollouts.repository import Releases
from kiosk.software import launch
from mqtt.commands import ON_THE_GLASS, Reported
from tests.fleet.rollouts.office import Office
from tests.fleet.rollouts.world import ring
from tests.kiosk.software.shop import NOTHING, Builder, Kiosk
from tests.kiosk.until import until

WAIT_S = 60.0
CRASHES = "VERSION = '1.5.0'\nraise SystemExit('the screen is not there')\n"


class Joined:
    """A builder, a fleet of one kiosk, and that kiosk with its launcher. What the fleet sends it takes."""

    def __init__(self, folder: Path) -> None:
        self.builder = Builder(folder)
        self.releases = Releases(self.builder.repository.folder)
        self.office = Office(f"sqlite:///{folder / 'fleet.db'}", 1)
        (self.address,) = self.office.addresses
        self.kiosk = Kiosk(folder / "software", self.builder)
        self.version = 0

    def stop(self) -> None:
        self.kiosk.stop()
        self.office.store.close()

    def start(self, *, window_ms: int = 0) -> str:
        """The launcher starts the agent; from which side. The line says again what is wanted."""
        self.kiosk.window_ms = window_ms
        side = self.kiosk.start()
        self.take()
        return side

    def take(self) -> None:
        """The kiosk hears what is wanted, where anything is."""
        said = self.office.heard.get(str(self.address))
        if said is not None and said.software is not None and self.kiosk.updater is not None:
            wanted = said.software
            self.kiosk.updater.want(wanted)
            until(lambda: self.kiosk.running().target == wanted.name, "it has taken the target")
            self.version = said.version

    def rolled_out(self, name: str) -> str:
        """A roll-out of it, looked up as the fleet does, has begun and the kiosk has heard of it."""
        self.releases.check("software", name)
        one = self.office.scheduled(ring("all", errors=1), kind="software", target=name)
        self.office.look(one)
        self.take()
        return one

    def judged(self, rollout: str) -> Member:
        """The kiosk's place in it, once it has said how it is."""
        told = self.kiosk.running()
        report = Reported(version=self.version, wall_ms=1, software_state=told)
        self.office.desires.reported(self.address, report)
        self.office.look(rollout)
        (member,) = self.office.book.detail(rollout).members
        return member

    def brought(self, name: str) -> None:
        """A roll-out of it ends well."""
        one = self.rolled_out(name)
        self.kiosk.until_left()
        self.start()
        until(lambda: self.kiosk.running().confirmed, f"{name} is kept")
        assert self.judged(one).verdict == "confirmed"
        self.office.now += 60_000
        self.office.look(one)
        assert self.office.state(one) == "finished"


@pytest.fixture
def joined(tmp_path: Path) -> Iterator[Joined]:
    made = Joined(tmp_path)
    yield made
    made.stop()


def test_programs_are_fetched_started_watched_and_kept_and_the_roll_out_ends(joined: Joined) -> None:
    name = joined.builder.publish("1.4.0")
    assert joined.start() == ""
    joined.kiosk.buying = True

    one = joined.rolled_out(name)

    assert joined.kiosk.until_phase("waiting").rollout == one
    assert joined.judged(one).verdict == "", "a side that waits proves nothing"
    joined.kiosk.buying = False
    joined.kiosk.until_left()
    assert joined.start(window_ms=10**9) == "a"
    joined.kiosk.until_phase("trying")
    assert joined.judged(one).verdict == "", "nor does one that runs and is watched"
    joined.kiosk.stop()
    assert joined.start() == "a"
    until(lambda: joined.kiosk.running().confirmed, "it is kept")
    assert joined.judged(one).verdict == "confirmed"
    joined.office.now += 60_000
    joined.office.look(one)
    assert joined.office.state(one) == "finished"


def test_programs_that_crash_are_left_after_three_starts_and_the_roll_out_stops(joined: Joined) -> None:
    """A real launcher and a real interpreter start them; what was before runs again."""
    good, bad = joined.builder.publish("1.4.0"), joined.builder.publish("1.5.0", {"endcap.py": CRASHES})
    joined.start()
    joined.brought(good)
    one = joined.rolled_out(bad)
    joined.kiosk.until_left()

    for _ in range(3):
        assert "starting from b" in started(joined.kiosk.folder)

    assert joined.start() == "a"
    told = joined.kiosk.running()
    assert (told.name, told.confirmed, told.phase, told.reason) == (good, True, "failed", "bad-starts")
    member = joined.judged(one)
    assert (member.verdict, member.reason) == ("failed", "bad-starts")
    assert joined.office.state(one) == "stopped"


@pytest.mark.parametrize("reason", ["bad-starts", "faults"])
def test_what_failed_while_it_ran_stays_failed_whatever_is_said_later(joined: Joined, reason: str) -> None:
    name = joined.builder.publish("1.4.0")
    joined.start()
    one = joined.rolled_out(name)
    joined.kiosk.until_left()
    if reason == "bad-starts":
        for now in range(3):
            launch.begin(joined.kiosk.folder, now)
    else:
        joined.kiosk.facts = structs.replace(joined.kiosk.facts, faults=1)
        joined.start()
        joined.kiosk.until_left()
        joined.kiosk.facts = structs.replace(joined.kiosk.facts, faults=0)
    assert joined.start() == ""

    assert joined.judged(one).reason == reason

    assert reason in ON_THE_GLASS
    well = structs.replace(joined.kiosk.running(), name=name, confirmed=True, phase="", reason="")
    report = Reported(version=joined.version, wall_ms=2, software_state=well)
    joined.office.desires.reported(joined.address, report)
    joined.office.look(one)
    (member,) = joined.office.book.detail(one).members
    assert (member.verdict, member.reason) == ("failed", reason)


@pytest.mark.parametrize(
    ("check", "more", "reason"),
    [
        ((sys.executable, "-c", "import a_package_nobody_has"), (), "does-not-start"),
        (NOTHING, ("--from-min", "9.0"), "needs-version"),
    ],
)
def test_programs_that_no_wall_ever_ran_stop_the_roll_out_too(
    tmp_path: Path, joined: Joined, check: tuple[str, ...], more: tuple[str, ...], reason: str
) -> None:
    joined.kiosk = Kiosk(tmp_path / "software", joined.builder, check)
    name = joined.builder.publish("1.4.0", None, *more)
    joined.start()
    one = joined.rolled_out(name)

    joined.kiosk.until_phase("failed")

    found = joined.judged(one)
    assert (found.verdict, found.reason) == ("failed", reason)
    assert joined.office.state(one) == "stopped"
    assert not joined.kiosk.left


def started(folder: Path) -> str:
    """One start by the launcher that does not come up; what it said."""
    command = [sys.executable, "-P", launch.__file__, str(folder), "kiosk", "agent"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False, cwd="/")
    assert done.returncode == 1
    assert "the screen is not there" in done.stderr
    return done.stderr
