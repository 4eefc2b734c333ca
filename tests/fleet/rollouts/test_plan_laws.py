"""Whatever kiosks, people and restarts do, in whatever order: what a roll-out never does."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fleet.rollouts.deeds import possible
from mqtt.commands import Running
from tests.fleet.rollouts.world import NEW, Kiosk, World, ring, rollout, world

RINGS = st.lists(
    st.fixed_dictionaries(
        {
            "percent": st.sampled_from([10, 34, 50]), "success_percent": st.sampled_from([50, 80, 95, 100]),
            "errors": st.integers(1, 3), "error_percent": st.sampled_from([0, 20, 50]), "silent_is_error": st.booleans(),
        }
    ),
    min_size=1, max_size=3,
)  # fmt: skip


class AnyOrder(RuleBasedStateMachine):
    """Kiosks, people, time, restarts."""

    world: World

    @initialize(rings=RINGS, count=st.integers(8, 16))
    def begin(self, rings: list[dict[str, Any]], count: int) -> None:
        self.world = world(count, rollout(*(ring(f"ring {n}", **one) for n, one in enumerate(rings))))
        for kiosk in self.world.kiosks.values():
            kiosk.wanted = f"before-{kiosk.name[-1]}"
            kiosk.running = Running(name=kiosk.wanted, confirmed=True)
        self.before = {name: one.wanted for name, one in self.world.kiosks.items()}
        self.got: set[str] = set()
        self.back: dict[str, str] = {}
        self.taken_over: set[str] = set()

    def some(self, number: int) -> Kiosk:
        names = sorted(self.world.kiosks)
        return self.world.kiosks[names[number % len(names)]]

    @rule(which=st.integers(0, 99), what=st.sampled_from(["take", "start", "confirm", "confirm", "mute"]))
    def kiosk_does(self, which: int, what: str) -> None:
        kiosk = self.some(which)
        if what == "mute":
            kiosk.hears = False
        else:
            getattr(kiosk, what)()

    @rule()
    def most_are_well(self) -> None:
        for number, kiosk in enumerate(self.world.kiosks.values()):
            if number % 7 or not self.world.plan.ring:
                kiosk.take()
                kiosk.confirm()

    @rule()
    def a_good_hour(self) -> None:
        for _ in range(2):
            self.the_fleet_looks(250)
            self.most_are_well()
            self.the_fleet_looks(250)
            self.world.now += 61_000
        self.the_fleet_looks(250)

    @precondition(lambda self: bool(self.got))
    @rule(which=st.integers(0, 99))
    def something_else_is_wanted_of_one(self, which: int) -> None:
        name = sorted(self.got)[which % len(self.got)]
        self.world.kiosks[name].want("demo-000043", "another")
        self.taken_over.add(name)

    @rule(which=st.integers(0, 99), why=st.sampled_from(["no-source", "unhealthy", "bad-starts"]))
    def kiosk_fails(self, which: int, why: str) -> None:
        kiosk = self.some(which)
        if kiosk.running.target == kiosk.wanted:
            kiosk.fail(why)

    @precondition(lambda self: bool(self.world.members))
    @rule(which=st.integers(0, 99))
    def kiosk_is_put_out(self, which: int) -> None:
        self.some(which).gone = True

    @rule(which=st.integers(0, 99))
    def kiosk_is_pinned_or_let_go(self, which: int) -> None:
        kiosk = self.some(which)
        if kiosk.pinned:
            kiosk.pinned = False
        elif kiosk.wanted != NEW:
            kiosk.pinned = True

    @rule(seconds=st.sampled_from([1, 59, 61, 1800, 3601]))
    def time_passes(self, seconds: int) -> None:
        self.world.now += seconds * 1000

    @rule(most=st.sampled_from([1, 3, 250]))
    def the_fleet_looks(self, most: int) -> None:
        here = self.world
        state, waived = here.plan.state, here.plan.waived
        over = [number for number in range(here.plan.ring + 1) if self.errors(number) is True]
        owed = {
            one.kiosk: one.previous for one in here.members.values()
            if one.assigned_ms and not one.returned_ms and here.kiosks[one.kiosk].wanted_by == here.plan.id
            and not here.kiosks[one.kiosk].pinned
        }  # fmt: skip
        ring_before = here.plan.ring
        found = here.tick(most)
        if state not in ("scheduled", "running"):
            assert not found.give, "only what runs gives anybody anything"
        if over and state == "running" and here.plan.state not in ("aborted", "rolled-back"):
            assert here.plan.state == "stopped"
            assert not found.give
        assert here.plan.waived == waived
        assert here.plan.ring <= max(ring_before, 0) + 1
        if 0 <= ring_before < here.plan.ring:
            assert self.proved(ring_before), "a ring begins on what the one before has proved"
        for name in found.give:
            assert not self.world.kiosks[name].pinned
            assert not self.world.kiosks[name].gone
            assert here.members[name].ring <= here.plan.ring
            assert name not in self.got, "nobody is given it twice"
            self.got.add(name)
        for name in found.give_back:
            assert here.plan.state in ("aborted", "rolled-back")
            assert owed[name] == here.kiosks[name].wanted == self.before[name]
            self.back[name] = owed[name]
        if here.plan.state in ("aborted", "rolled-back") and not found.more:
            assert {name for name in owed if name not in self.back} == set()

    @rule(deed=st.sampled_from(["pause", "resume", "resume", "abort", "roll-back"]), sure=st.integers(0, 3))
    def a_person_decides(self, deed: str, sure: int) -> None:
        if deed in possible(self.world.plan.state) and (sure == 0 or deed in ("pause", "resume")):
            self.world.act(deed)

    @precondition(lambda self: bool(self.world.members))
    @rule()
    def the_fleet_starts_anew(self) -> None:
        before = (self.world.plan, dict(self.world.members))
        self.world.restart()
        assert (self.world.plan, self.world.members) == before

    def errors(self, number: int) -> bool:
        """Whether kiosks that say today that they failed are as many as a ring may have. Counted from the kiosks."""
        wanted = self.world.plan.rings[number]
        failed = 0
        for one in self.world.members.values():
            kiosk = self.world.kiosks[one.kiosk]
            says = kiosk.running.phase == "failed" and kiosk.running.rollout == self.world.plan.id
            heard = one.version > 0 and kiosk.taken >= one.version and kiosk.wanted_by == self.world.plan.id
            excused = kiosk.gone or kiosk.pinned or one.kiosk in self.world.plan.waived
            failed += one.ring == number and says and heard and not excused
        return failed >= wanted.errors

    def proved(self, number: int) -> bool:
        """Whether enough kiosks of a ring run the release and say that they are well, or a person let it pass."""
        if number in self.world.plan.waived_rings:
            return True
        wanted = self.world.plan.rings[number]
        mine = [one for one in self.world.members.values() if one.ring == number]
        out = ("gone", "pinned") if wanted.silent_is_error else ("gone", "pinned", "silent")
        electors = [
            one for one in mine
            if one.verdict not in out and not (one.kiosk in self.world.plan.waived and one.verdict in ("failed", "silent"))
        ]  # fmt: skip
        well = [
            one for one in electors
            if one.verdict == "confirmed" and self.world.kiosks[one.kiosk].taken >= one.version > 0
        ]  # fmt: skip
        return bool(well) and len(well) * 100 >= wanted.success_percent * len(electors)

    @invariant()
    def rings_are_what_they_were(self) -> None:
        if hasattr(self, "world") and self.world.members:
            assert set(self.world.members) <= set(self.world.kiosks)

    @invariant()
    def nobody_has_it_who_was_not_given_it(self) -> None:
        if hasattr(self, "world"):
            for name, kiosk in self.world.kiosks.items():
                assert (kiosk.wanted == NEW) == (name in self.got - set(self.back) - self.taken_over)


AnyOrder.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase
