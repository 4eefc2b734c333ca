"""The fleet's roll-outs and a kiosk's own adopter, joined in memory: what one says is what the other counts by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from content.store import write_store
from fleet.rollouts.model import Member
from kiosk.adopting.talk import RunningChanged
from kiosk.fetching.fetcher import FetchFailed, FetchProgress
from mqtt.commands import Reported
from tests.content import shop
from tests.fleet.rollouts.office import Office
from tests.fleet.rollouts.world import NEW, OLD, ring
from tests.kiosk.adopting.releases import goods, release
from tests.kiosk.adopting.test_adopter import Wall
from tests.kiosk.until import until


class Telling(Wall):
    """Keeps each phase and percent it was to tell."""

    def __init__(self, folder: Path) -> None:
        self.told: list[tuple[str, int]] = []
        super().__init__(folder)

    def post(self, item: object) -> None:
        """See Wall."""
        if isinstance(item, RunningChanged):
            running = self.adopter.running()
            self.told.append((running.phase, running.percent))
        super().post(item)


class Joined:
    """One kiosk of a fleet of one. What the fleet sends it takes; what it says the fleet keeps."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(f"sqlite:///{folder / 'fleet.db'}", 1)
        (self.address,) = self.office.addresses
        write_store(folder / "store", shop.STORE, shop.products(4, 700))
        self.folder = folder
        self.wall = Telling(folder)
        self.version = 0

    def take(self) -> None:
        """The kiosk hears what is wanted, and says at once that it has taken it: before its adopter has."""
        said = self.office.heard[str(self.address)]
        if said.version > self.version:
            self.version = said.version
            before = self.wall.adopter.running()
            self.wall.adopter.want(said.content)
            self.office.desires.reported(
                self.address, Reported(version=said.version, wall_ms=1, content=before)
            )
            wanted = said.content.name if said.content else ""
            until(lambda: wanted in ("", self.wall.adopter.running().target), "it has taken the target")

    def report(self) -> None:
        """The kiosk says how it is."""
        running = self.wall.adopter.running()
        self.office.desires.reported(self.address, Reported(version=self.version, wall_ms=1, content=running))

    def fetched(self, name: str, *, current: bool = False) -> None:
        """The fetcher has brought a release."""
        number = int(name.rpartition("-")[2])
        root = release(self.wall.published, number, goods(minor=100 + number))
        self.wall.give(root, current=current)

    def begin(self) -> str:
        """It runs the old release; a roll-out of the new one has begun, and it has heard of it."""
        self.fetched(OLD, current=True)
        self.wall.reaches(OLD, "", True)
        self.report()
        one = self.office.scheduled(ring("all", errors=1))
        self.office.look(one)
        self.take()
        self.wall.told.clear()
        return one

    def judged(self, rollout: str) -> Member:
        """The kiosk's place in it, once it has said how it is."""
        self.report()
        self.office.look(rollout)
        (member,) = self.office.book.detail(rollout).members
        return member


@pytest.fixture
def joined(tmp_path: Path) -> Iterator[Joined]:
    made = Joined(tmp_path)
    yield made
    made.wall.stop()
    made.office.store.close()


def test_it_is_fetched_tried_confirmed_and_the_roll_out_ends(joined: Joined) -> None:
    one = joined.begin()
    assert joined.judged(one).verdict == "", "that it took the word proves nothing"
    joined.wall.adopter.window_ms = 10**9
    joined.fetched(NEW)
    joined.wall.reaches(NEW, "trying", False)
    assert joined.judged(one).verdict == "", "nor that it is on the glass"
    joined.wall.adopter.window_ms = 0
    joined.wall.reaches(NEW, "", True)
    assert joined.judged(one).verdict == "confirmed"
    joined.office.now += 60_000
    joined.office.look(one)
    assert joined.office.state(one) == "finished"


def test_what_failed_on_the_glass_stays_failed_though_it_is_well_the_second_time(joined: Joined) -> None:
    one = joined.begin()
    joined.wall.healthy = False
    joined.fetched(NEW)
    joined.wall.reaches(OLD, "failed", True)
    found = joined.judged(one)
    assert (found.verdict, found.reason) == ("failed", "no-facings")
    assert joined.office.state(one) == "stopped"
    joined.office.pins.pin([joined.address], "content", OLD, "cyd", "to look at it")
    joined.take()
    joined.office.pins.unpin([joined.address], "content", "cyd", "looked")
    joined.take()
    joined.wall.healthy = True
    joined.fetched(NEW)
    joined.wall.reaches(NEW, "", True)
    found = joined.judged(one)
    assert (found.verdict, found.reason) == ("failed", "no-facings")


def test_a_roll_back_reaches_a_kiosk_that_had_refused_what_it_goes_back_to(joined: Joined) -> None:
    joined.wall.healthy = False
    joined.fetched(OLD, current=True)
    until(lambda: joined.wall.adopter.running().phase == "failed", "it refuses the old one")
    joined.wall.healthy = True
    joined.report()
    joined.office.pins.pin([joined.address], "content", OLD, "cyd", "was wanted once")
    joined.office.pins.unpin([joined.address], "content", "cyd", "and is no more")
    one = joined.office.scheduled()
    joined.office.look(one)
    joined.take()
    joined.fetched(NEW)
    joined.wall.reaches(NEW, "", True)
    assert joined.judged(one).verdict == "confirmed"
    joined.office.book.act(one, "roll-back", "bo", "wrong prices")
    joined.office.look(one)
    joined.take()
    joined.fetched(OLD)
    joined.wall.reaches(OLD, "", True)


def test_a_kiosk_that_runs_the_release_already_is_confirmed_once_it_has_taken_the_word(
    joined: Joined,
) -> None:
    joined.fetched(NEW, current=True)
    joined.wall.reaches(NEW, "", True)
    joined.report()
    one = joined.office.scheduled()
    joined.office.look(one)
    assert joined.judged(one).verdict == ""
    joined.take()
    assert joined.judged(one).verdict == "confirmed"


def test_a_release_that_was_retired_ends_in_an_error(joined: Joined) -> None:
    one = joined.begin()
    joined.wall.adopter.heard(FetchFailed(NEW, "unknown", f"no releases {NEW!r} are signed"))
    until(lambda: joined.wall.adopter.running().phase == "failed", "it says so")
    found = joined.judged(one)
    assert (found.verdict, found.reason) == ("failed", "unknown")
    assert joined.office.state(one) == "stopped"


def test_what_went_wrong_with_another_release_is_not_held_against_this_one(joined: Joined) -> None:
    one = joined.begin()
    joined.wall.adopter.heard(FetchProgress(NEW, 20))
    joined.wall.adopter.heard(FetchFailed("", "no-source", "of the fetch that was under way"))
    joined.wall.adopter.heard(FetchFailed("demo-000007", "missing", "of one before"))
    joined.wall.adopter.heard(FetchProgress("demo-000007", 60))
    joined.wall.adopter.heard(FetchProgress(NEW, 40))
    until(lambda: joined.wall.adopter.running().percent == 40, "all was heard")
    assert {phase for phase, _ in joined.wall.told} == {"fetching"}
    assert {percent for _, percent in joined.wall.told} == {20, 40}
    assert joined.judged(one).verdict == ""


def test_a_kiosk_whose_hours_for_fetching_come_at_night_has_not_failed_by_day(joined: Joined) -> None:
    one = joined.begin()
    joined.wall.adopter.heard(FetchFailed(NEW, "not-now", "60 files are fetched when the hours allow it"))
    until(lambda: joined.wall.adopter.running().reason == "not-now", "it says so")
    assert joined.wall.adopter.running().phase == "fetching"
    found = joined.judged(one)
    assert (found.verdict, found.reason) == ("", "")
    joined.fetched(NEW)
    joined.wall.reaches(NEW, "", True)
    assert joined.judged(one).verdict == "confirmed"
