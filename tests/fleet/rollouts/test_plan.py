"""A roll-out's story, as operators have lived it with others' software and do not want to again."""

from __future__ import annotations

import pytest
from msgspec import structs

from fleet.rollouts.deeds import act
from fleet.rollouts.model import BadRollout, Known, Rollout, check
from fleet.rollouts.plan import freeze, may_begin
from fleet.rollouts.score import score
from tests.fleet.rollouts.world import NEW, OLD, START, World, ring, rollout, world

HOUR = 3_600_000


def two_rings(**more: object) -> World:
    """Two kiosks first, then eight."""
    return world(
        10, rollout(ring("first", percent=20, error_percent=50, **more), ring("rest", error_percent=20))
    )


def given(here: World) -> set[str]:
    return {name for name, kiosk in here.kiosks.items() if kiosk.wanted == NEW}


def state(here: World) -> str:
    return here.plan.state


def test_a_ring_waits_for_the_one_before_it() -> None:
    here = two_rings()
    here.tick()
    assert len(given(here)) == 2
    for kiosk in here.ring_of(0):
        kiosk.take()
        kiosk.start()
    for _ in range(3):
        here.now += 600_000
        here.tick()
    assert len(given(here)) == 2, "shown and watched is not confirmed"  # hawkBit 3185
    for kiosk in here.ring_of(0):
        kiosk.confirm()
    here.tick()
    assert len(given(here)) == 2, "success has to last"
    here.now += 60_000
    here.tick()
    assert len(given(here)) == 10
    for kiosk in here.ring_of(1):
        kiosk.take()
        kiosk.confirm()
    here.tick()
    here.now += 60_000
    here.tick()
    assert here.plan.state == "finished"
    assert here.steps == ["begin", "ring", "finish"]


def test_what_was_confirmed_before_it_was_asked_for_proves_nothing() -> None:
    here = two_rings()
    for kiosk in here.kiosks.values():
        kiosk.running = structs.replace(kiosk.running, name=NEW)
    here.tick()
    here.tick()
    assert score(here.plan, here.members.values()).confirmed == 0
    here.ring_of(0)[0].taken += 1
    here.tick()
    assert score(here.plan, here.members.values()).confirmed == 1


def test_a_kiosk_that_falls_back_after_it_had_confirmed_is_an_error_for_good() -> None:
    here = two_rings()
    here.tick()
    first, second = here.ring_of(0)
    for kiosk in (first, second):
        kiosk.take()
        kiosk.confirm()
    here.tick()
    first.running = structs.replace(first.running, name=OLD)
    here.tick()
    assert (here.plan.state, here.plan.reason) == ("stopped", "errors")
    assert here.members[first.name].reason == "fell-back"
    first.confirm()
    here.tick()
    assert here.members[first.name].verdict == "failed"


def test_an_early_ring_that_falls_back_late_stops_the_later_ones() -> None:
    here = two_rings()
    here.tick()
    for kiosk in here.ring_of(0):
        kiosk.take()
        kiosk.confirm()
    here.tick()
    here.now += 60_000
    assert len(here.tick(most=3).give) == 3
    here.ring_of(0)[0].fail("bad-starts")
    assert here.tick().give == ()
    assert state(here) == "stopped"
    assert here.steps[-1] == "stop"


def test_what_failed_before_it_was_shown_gives_way_to_success() -> None:
    here = two_rings(errors=2, success_percent=100)
    here.plan = structs.replace(
        here.plan, rings=(structs.replace(here.plan.rings[0], error_percent=0), *here.plan.rings[1:])
    )
    here.tick()
    for kiosk in here.ring_of(0):
        kiosk.take()
    here.ring_of(0)[0].fail("no-source")
    here.tick()
    assert here.members[here.ring_of(0)[0].name].verdict == "failed"
    here.ring_of(0)[0].confirm()
    here.tick()
    assert here.members[here.ring_of(0)[0].name].verdict == "confirmed"


def test_an_old_failure_of_the_same_release_is_not_this_roll_outs() -> None:
    here = two_rings()
    here.tick()
    kiosk = here.ring_of(0)[0]
    kiosk.take()
    kiosk.fail("unhealthy")
    kiosk.running = structs.replace(kiosk.running, rollout="an earlier one")
    here.tick()
    assert here.members[kiosk.name].verdict == ""


def test_who_says_nothing_holds_nobody_up_for_ever() -> None:  # hawkBit 693
    here = two_rings()
    here.tick()
    first, second = here.ring_of(0)
    first.take()
    first.confirm()
    second.hears = False
    here.tick()
    assert here.plan.state == "running"
    here.now += HOUR
    here.tick()
    assert (here.members[second.name].verdict, here.members[second.name].reason) == ("silent", "not-heard")
    here.now += 60_000
    here.tick()
    here.tick()
    assert here.plan.ring == 1
    assert len(given(here)) == 10


def test_silence_may_be_an_error() -> None:
    here = two_rings(silent_is_error=True)
    here.tick()
    here.now += HOUR
    here.tick()
    assert (here.plan.state, here.plan.reason) == ("stopped", "errors")


def test_a_ring_of_silence_proves_nothing_until_a_person_says_so() -> None:
    here = two_rings()
    here.tick()
    here.now += HOUR
    here.tick()
    assert (here.plan.state, here.plan.reason) == ("stopped", "no-evidence")
    here.act("resume")
    here.tick()
    here.now += 60_000
    here.tick()
    here.tick()
    assert here.plan.ring == 1


def test_deadlines_count_from_the_signed_moment() -> None:
    here = two_rings()
    here.plan = structs.replace(here.plan, activates_ms=START + 10 * HOUR)
    here.tick()
    here.now += 10 * HOUR
    here.tick()
    assert state(here) == "running"
    here.now += HOUR
    here.tick()
    assert state(here) == "stopped"


def test_kiosks_that_are_put_out_skew_no_threshold() -> None:  # hawkBit 328
    here = world(10, rollout(ring("all", success_percent=100, errors=3, error_percent=0)))
    here.tick()
    for number, kiosk in enumerate(here.kiosks.values()):
        kiosk.gone = number >= 5
        kiosk.take()
        kiosk.confirm() if number < 5 else None
    here.tick()
    here.now += 60_000
    here.tick()
    assert here.plan.state == "finished"
    assert score(here.plan, here.members.values()).gone == 5
    del here.kiosks["demo/line2/K9"]
    assert here.tick().members == ()


def test_membership_is_settled_when_it_begins() -> None:
    here = two_rings()
    here.tick()
    before = set(here.members)
    here.kiosks |= world(20, here.plan).kiosks
    here.tick()
    assert set(here.members) == before


def test_whoever_resumes_accepts_what_stopped_it_and_nothing_more() -> None:
    here = world(10, rollout(ring("all", success_percent=50, errors=2, error_percent=0)))
    here.tick()
    kiosks = list(here.kiosks.values())
    for kiosk in kiosks:
        kiosk.take()
    for kiosk in kiosks[:2]:
        kiosk.fail("unhealthy")
    here.tick()
    assert state(here) == "stopped"
    here.act("resume")
    here.tick()
    assert state(here) == "running"
    assert set(here.plan.waived) == {kiosk.name for kiosk in kiosks[:2]}
    kiosks[2].fail("no-space")
    here.tick()
    assert state(here) == "running"
    kiosks[3].fail("no-space")
    here.tick()
    assert state(here) == "stopped"


def test_a_threshold_out_of_reach_stops_it_too() -> None:
    here = world(10, rollout(ring("all", success_percent=100, errors=5, error_percent=0)))
    here.tick()
    for number, kiosk in enumerate(here.kiosks.values()):
        kiosk.take()
        kiosk.confirm() if number else kiosk.fail("no-space")
    here.tick()
    assert (here.plan.state, here.plan.reason) == ("stopped", "success-not-reached")


def test_rolled_back_means_what_each_had_and_nobody_else() -> None:
    here = two_rings()
    kiosk = here.kiosks["demo/line2/K3"]
    kiosk.wanted = "demo-000007"
    others = world(10, here.plan).kiosks
    here.tick()
    got = given(here)
    here.act("roll-back")
    here.tick()
    for name, one in here.kiosks.items():
        assert one.wanted == ("demo-000007" if name == kiosk.name else OLD)
        assert (one.version > others[name].version) == (name in got)
    assert here.tick().give_back == ()


def test_aborted_before_it_began_nothing_is_given_to_anybody() -> None:
    here = two_rings()
    here.act("abort")
    assert here.tick().give_back == ()
    assert given(here) == set()


def test_it_is_given_in_its_hours_only() -> None:
    # START is 2027-01-15 08:00 UTC, 09:00 in Berlin
    plan = rollout(ring("all"), window=(22 * 60, 4 * 60), timezone="Europe/Berlin", not_before_ms=START)
    assert not may_begin(plan, START)
    assert may_begin(plan, START + 13 * HOUR)
    assert may_begin(plan, START + 18 * HOUR)
    assert not may_begin(plan, START + 19 * HOUR)
    here = world(3, plan)
    here.now += 13 * HOUR
    here.tick(most=1)
    here.now += 7 * HOUR
    here.tick()
    assert len(given(here)) == 1
    here.now += 17 * HOUR
    here.tick()
    assert len(given(here)) == 3


def test_rings_take_by_name_site_group_and_tag_each_kiosk_once() -> None:
    known = [
        Known(kiosk="demo/line2/K1", tags=frozenset({"pilot"})), Known(kiosk="demo/line2/K2"),
        Known(kiosk="demo/line3/K1", groups=frozenset({"downtown"})), Known(kiosk="demo/line3/K2"),
        Known(kiosk="demo/line4/K1"), Known(kiosk="demo/line4/K2"),
    ]  # fmt: skip
    plan = rollout(
        ring("pilot", tags=("pilot",)), ring("names", kiosks=("demo/*/K1",)), ring("line 3", sites=("demo/line3",)),
        ring("half", percent=50), ring("rest"),
    )  # fmt: skip
    found = {one.kiosk: one.ring for one in freeze(plan, known)}
    assert found["demo/line2/K1"] == 0
    assert found["demo/line3/K1"] == found["demo/line4/K1"] == 1
    assert found["demo/line3/K2"] == 2
    assert {found["demo/line2/K2"], found["demo/line4/K2"]} == {3, 4}
    groups = structs.replace(plan, rings=(ring("downtown", groups=("downtown",)),))
    assert [one.kiosk for one in freeze(groups, known)] == ["demo/line3/K1"]
    assert freeze(plan, known) == freeze(plan, reversed(known)), "whoever asks"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"target": "../x"}, "release '../x'"), ({"target": ""}, "release ''"), ({"rings": ()}, "0 rings"),
        ({"rings": (ring("a"), ring("a"))}, "two have that name"), ({"kind": "firmware"}, "kind 'firmware'"),
        ({"window": (5, 5)}, "window"), ({"window": (0, 1440)}, "window"), ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"), ({"made_by": " "}, "who decides"), ({"why": ""}, "who decides"),
        ({"why": "x" * 201}, "at most"), ({"not_before_ms": -1}, "not before"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(BadRollout, match=says):
        check(structs.replace(rollout(ring("all")), **wrong))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"percent": 0}, "percent 0"), ({"percent": 101}, "percent 101"), ({"success_percent": 0}, "success_percent"),
        ({"error_percent": 101}, "error_percent"), ({"errors": -1}, "errors -1"), ({"soak_s": -1}, "soak_s"),
        ({"deadline_s": 59}, "deadline_s 59"), ({"deadline_s": 2**31}, "deadline_s"), ({"name": " "}, "name"),
        ({"errors": 0, "error_percent": 0}, "nothing would stop it"), ({"tags": ("",)}, "expected a name"),
        ({"kiosks": ("x",) * 5001}, "more than 5000"),
    ],
)  # fmt: skip
def test_a_ring_that_cannot_be_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(BadRollout, match=says):
        check(rollout(structs.replace(ring("all"), **wrong)))


def test_an_empty_ring_is_refused_when_it_begins() -> None:
    with pytest.raises(BadRollout, match="ring 'b': no kiosk is in it"):
        freeze(rollout(ring("a"), ring("b")), [Known(kiosk="demo/line2/K1")])


def draft() -> Rollout:
    return rollout(ring("all"), state="draft", approved_by="")


def test_the_second_person_is_another_one() -> None:
    asked, _ = act(draft(), (), "submit", "ada", "please look", START)
    assert asked.state == "waiting-approval"
    for same in ("ada", " ADA ", "Ada"):
        with pytest.raises(BadRollout, match="somebody else approves it"):
            act(asked, (), "approve", same, "fine", START)
    good, step = act(asked, (), "approve", "bo", "looked at it", START)
    assert (good.state, good.approved_by, step.who, step.why) == ("scheduled", "bo", "bo", "looked at it")
    assert act(asked, (), "reject", "bo", "wrong prices", START)[0].state == "draft"
    alone = structs.replace(draft(), needs_approval=False)
    assert act(alone, (), "submit", "ada", "demo", START)[0].state == "scheduled"


@pytest.mark.parametrize(
    ("deed", "who", "why", "says"),
    [
        ("approve", "bo", "x", "it is draft; expected waiting-approval"), ("pause", "bo", "x", "expected running"),
        ("resume", "bo", "x", "paused or stopped"), ("explode", "bo", "x", "expected one of submit"),
        ("submit", "", "x", "who decides"), ("submit", "bo", " ", "who decides"), ("submit", "b" * 61, "x", "at most 60"),
    ],
)  # fmt: skip
def test_a_deed_out_of_turn_or_nameless_is_refused(deed: str, who: str, why: str, says: str) -> None:
    with pytest.raises(BadRollout, match=says):
        act(draft(), (), deed, who, why, START)
