"""A fleet with roll-outs in every state people look at: one that is on its way, one that stopped, a draft, pins."""

from __future__ import annotations

from pathlib import Path

import content
from content.authored import read_content, to_parts
from content.release.manifest import Activation
from content.software import cli as software_cli
from fleet.clock import now_ms
from fleet.rollouts.book import Wish
from fleet.rollouts.model import Rollout
from fleet.rollouts.ring_text import ring_of
from fleet.serve import Fleet
from mqtt.commands import Phase, Reported, Running
from mqtt.topics import Address
from tests.content.release.repositories import Operator
from tests.content.software.made import wheel
from tests.fleet.pages.fleets import many
from tests.waiting import wait_until

SITES = ("airport", "oldtown", "riverside")
RINGS = (
    "pilot: percent=10 errors=2 soak=0s deadline=4h",
    "rest: success=95 error-percent=5 soak=0s deadline=1d",
)
SICK: dict[int, tuple[Phase, str]] = {
    3: ("failed", "no-facings"), 7: ("failed", "no-space"), 5: ("fetching", ""),
}  # fmt: skip


NOTES = ("autumn prices", "fewer sweets at eye level", "winter prices", "Advent walls, forty new prices")


def published(folder: Path) -> Path:
    """A repository with a release for each of NOTES: metro-000001 to metro-000004."""
    operator = Operator(folder, now_ms() // 1000 - 8 * 86_400, tenants=("metro",))
    parts = to_parts(read_content(Path(content.__file__).parent / "demo").content)
    for number, note in enumerate(NOTES):
        moment = Activation(at=operator.now)  # else the same content would be the same release
        operator.repository.publish(
            operator.ring(), operator.now, "metro", parts, {}, note=note, current=number == 0, activate=moment
        )
        operator.now += 2 * 86_400
    made = wheel(folder / "wheels", "0.2.0", {"endcap.py": "VERSION = '0.2.0'\n"})
    where = ["--repository", str(operator.folder), "--keys", str(operator.keys)]
    assert software_cli.main([str(made), "--version", "0.2.0", "--note", "smoother scrolling", *where]) == 0
    return operator.folder


def seed(fleet: Fleet) -> str:
    """Make them; the id of the one that stopped."""
    kiosks = [f"metro/{site}/{site[:2].upper()}{number:02}" for site in SITES for number in range(1, 41)]
    many(fleet.store, kiosks, now_ms())
    pinned = [Address(*kiosk.split("/")) for kiosk in kiosks[:3]]
    fleet.rollouts.pins.pin(
        pinned, "content", "metro-000002", "cyd", "photographs for the press until Friday"
    )
    first = planned(fleet, "metro-000003", "winter prices", ("all: errors=9 soak=0s deadline=1d",))
    # They are given it some at a time, so whoever was asked meanwhile answers, too.
    wait_until(
        lambda: report(fleet, first, {}) < 0 or state(fleet, first) == "finished", "the first to finish"
    )
    second = planned(fleet, "metro-000004", "Advent walls, forty new prices", RINGS)
    wait_until(
        lambda: report(fleet, second, SICK) > 20 or state(fleet, second) == "stopped", "the second", 60
    )
    wait_until(lambda: state(fleet, second) == "stopped", "the second to stop", 60)
    wish = Wish(kind="software", target="endcap-0.2.0", rings=tuple(ring_of(text) for text in RINGS))
    draft = fleet.rollouts.make(wish, "ada", "smoother scrolling")
    fleet.rollouts.act(draft.id, "submit", "ada", "please look at the two failing readers first")
    return second


def planned(fleet: Fleet, target: str, why: str, rings: tuple[str, ...]) -> str:
    """Approved, and begun."""
    wish = Wish(kind="content", target=target, rings=tuple(ring_of(text) for text in rings))
    made: Rollout = fleet.rollouts.make(wish, "ada", why)
    fleet.rollouts.act(made.id, "submit", "ada", "ready")
    fleet.rollouts.act(made.id, "approve", "bo", "looked at it on three walls")
    wait_until(lambda: asked(fleet, made.id), "the first to be asked", 60)
    return made.id


def asked(fleet: Fleet, rollout: str) -> list[str]:
    """Who has been given it."""
    return [one.kiosk for one in fleet.rollouts.book.detail(rollout).members if one.assigned_ms]


def state(fleet: Fleet, rollout: str) -> str:
    """How it is."""
    return fleet.rollouts.book.detail(rollout).rollout.state


def report(fleet: Fleet, rollout: str, how: dict[int, tuple[Phase, str]]) -> int:
    """Those that were asked say how it went, `how` those at some places do. How many were."""
    names = asked(fleet, rollout)
    for place, name in enumerate(names):
        wanted = fleet.commands.desires.latest(name)
        if wanted is None or wanted.content is None:
            continue
        phase, reason = how.get(place, ("", ""))
        running = Running(
            name=wanted.content.name if not phase else "metro-000003", confirmed=True, target=wanted.content.name,
            rollout=wanted.content.rollout, phase=phase, reason=reason, percent=40 if phase == "fetching" else 100,
            since_ms=now_ms() - 3_600_000,
        )  # fmt: skip
        said = Reported(version=wanted.version, wall_ms=now_ms(), content=running, software="0.1.0")
        fleet.commands.desires.reported(Address(*name.split("/")), said)
    return len(names)
