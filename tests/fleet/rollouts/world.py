"""Kiosks that take what is wanted of them, or do not, without a fleet: what fleet.rollouts.plan is judged by."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from msgspec import structs

from fleet.rollouts.deeds import act
from fleet.rollouts.model import Fact, Known, Member, Ring, Rollout
from fleet.rollouts.plan import Decisions, begun, freeze, judge, may_begin
from mqtt.commands import Phase, Running

START = 1_800_000_000_000
NEW, OLD = "demo-000042", "demo-000041"


def ring(name: str, **more: object) -> Ring:
    """A ring with little patience."""
    return msgspec.convert({"soak_s": 60, "deadline_s": 3600, "name": name, **more}, Ring)


def rollout(*rings: Ring, **more: object) -> Rollout:
    """A roll-out that has been approved."""
    plain = Rollout(
        id="R" * 16, kind="content", target=NEW, rings=rings, made_by="ada", why="new prices", made_ms=START,
        state="scheduled", approved_by="bo",
    )  # fmt: skip
    return structs.replace(plain, **more)


@dataclass
class Kiosk:
    """One: what is wanted of it, and what it last said."""

    name: str
    wanted: str = OLD
    wanted_by: str = "earlier"
    version: int = 1  # of what is wanted
    taken: int = 1
    running: Running = field(default_factory=lambda: Running(name=OLD, confirmed=True))
    pinned: bool = False
    gone: bool = False
    hears: bool = True  # else it says nothing more

    def fact(self) -> Fact:
        """As the fleet knows it."""
        return Fact(
            kiosk=self.name, running=self.running, version=self.taken, wanted=self.wanted,
            wanted_by=self.wanted_by, pinned=self.pinned, gone=self.gone,
        )  # fmt: skip

    def want(self, name: str, by: str) -> None:
        """The fleet wants something else."""
        self.wanted, self.wanted_by, self.version = name, by, self.version + 1

    def take(self) -> None:
        """It hears what is wanted and begins."""
        if self.hears and self.taken != self.version:
            self.taken = self.version
            self.running = structs.replace(
                self.running, target=self.wanted, rollout=self.wanted_by, phase="fetching", reason=""
            )

    def confirm(self) -> None:
        """What it was to run is on its glass, and well."""
        if self.hears and self.taken == self.version:
            self.running = Running(
                name=self.wanted, confirmed=True, target=self.wanted, rollout=self.wanted_by
            )

    def start(self) -> None:
        """It shows it, and watches; nothing is proved."""
        if self.hears and self.taken == self.version and self.running.name != self.wanted:
            self.running = structs.replace(self.running, name=self.wanted, confirmed=False, phase="trying")

    def fail(self, reason: str, phase: Phase = "failed") -> None:
        """It goes on with what it had."""
        if self.hears and self.taken == self.version:
            self.running = Running(
                name=OLD,
                confirmed=True,
                target=self.wanted,
                rollout=self.wanted_by,
                phase=phase,
                reason=reason,
            )


@dataclass
class World:
    """A roll-out over kiosks, stored as the fleet stores it."""

    plan: Rollout
    kiosks: dict[str, Kiosk]
    members: dict[str, Member] = field(default_factory=dict)
    now: int = START
    steps: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, Fact]:
        """Of all kiosks."""
        return {name: kiosk.fact() for name, kiosk in self.kiosks.items()}

    def tick(self, most: int = 250) -> Decisions:
        """What the worker does once."""
        if may_begin(self.plan, self.now):
            known = [Known(kiosk=one.name) for one in self.kiosks.values() if not one.gone]
            self.members = {one.kiosk: one for one in freeze(self.plan, known)}
            self.plan, step = begun(self.plan, self.now)
            self.steps.append(step.what)
        found = judge(self.plan, list(self.members.values()), self.facts(), self.now, most)
        self.plan = found.rollout
        self.members |= {one.kiosk: one for one in found.members}
        for name in found.give:
            self.kiosks[name].want(self.plan.target, self.plan.id)
            self.members[name] = structs.replace(self.members[name], version=self.kiosks[name].version)
        for name in found.give_back:
            self.kiosks[name].want(self.members[name].previous, "")
        self.steps += [step.what for step in found.steps]
        return found

    def act(self, deed: str, who: str = "bo") -> None:
        """A person's."""
        self.plan, step = act(self.plan, self.members.values(), deed, who, "they said so", self.now)
        self.steps.append(step.what)

    def restart(self) -> None:
        """Everything is read anew from what is stored."""
        self.plan = msgspec.json.decode(msgspec.json.encode(self.plan), type=Rollout)
        stored = msgspec.json.encode(list(self.members.values()))
        self.members = {one.kiosk: one for one in msgspec.json.decode(stored, type=list[Member])}

    def ring_of(self, number: int) -> list[Kiosk]:
        """The kiosks of a ring."""
        return [self.kiosks[one.kiosk] for one in self.members.values() if one.ring == number]


def world(count: int, plan: Rollout) -> World:
    """Kiosks K0 to Kn of one station."""
    names = [f"demo/line2/K{number}" for number in range(count)]
    return World(plan, {name: Kiosk(name) for name in names})
