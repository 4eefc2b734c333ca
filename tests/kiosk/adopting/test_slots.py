"""Slots of releases: what is tried, trusted, refused and shown, whatever happens in whatever order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kiosk.adopting import slots as s
from kiosk.adopting.record import FILE, BadRecord, load, read, save
from kiosk.adopting.slots import Choice, Refused, Slots, Staged, Wall
from mqtt.commands import Target
from tests.kiosk.powercut import RecordingDisk

A, B, C = (Wall(f"demo-00000{number}", f"{number}" * 16) for number in (1, 2, 3))


def tried(slots: Slots, wall: Wall, now_ms: int = 0) -> Slots:
    return s.adopt(s.stage(slots, Staged(wall, now_ms)), now_ms)


def confirmed(*walls: Wall) -> Slots:
    slots = Slots()
    for number, wall in enumerate(walls, 1):
        slots = s.confirm(tried(slots, wall, number))
    return slots


def source(slots: Slots, *absent: Wall) -> tuple[str, Wall | None]:
    choice = s.choose(slots, lambda choice: choice.wall not in absent or choice.wall is None)
    assert choice is not None
    return choice.source, choice.wall


def test_a_release_is_shown_on_trial_and_kept_once_it_is_well() -> None:
    slots = tried(confirmed(A), B, 7)
    assert source(slots) == ("trying", B)
    slots = s.confirm(slots)
    assert source(slots) == ("confirmed", B)
    assert (slots.previous, slots.since_ms) == (A, 7)


def test_the_chain_goes_down_to_what_the_package_carries() -> None:
    slots = tried(confirmed(A, B), C)
    assert source(slots, C) == ("confirmed", B)
    assert source(slots, C, B) == ("previous", A)
    assert source(slots, C, B, A) == ("installed", None)
    found = s.choose(slots, lambda choice: choice.source == "package")
    assert found == Choice("package")
    assert s.choose(slots, lambda choice: False) is None


def test_an_unhealthy_release_gives_way_and_is_not_tried_again() -> None:
    slots = s.refuse(tried(confirmed(A), B), B.release, Refused("unhealthy", "no frames", 5))
    assert source(slots) == ("confirmed", A)
    assert not s.may_try(slots, B.release)
    assert tried(slots, B) == slots
    anew = s.aim(slots, Target(name=B.release, rollout="r2"), 6)
    assert source(tried(anew, B)) == ("trying", B)


def test_after_three_bad_starts_the_confirmed_release_is_back() -> None:
    slots = tried(confirmed(A), B)
    for starts in (2, 3):
        slots = s.start(slots, 9)
        assert slots.trying is not None
        assert slots.trying.starts == starts
    slots = s.start(slots, 9)
    assert source(slots) == ("confirmed", A)
    assert slots.refused[B.release].reason == "bad-starts"


def test_a_start_that_ended_because_it_was_asked_to_is_no_bad_one() -> None:
    slots = tried(confirmed(A), B)
    for _ in range(9):
        slots = s.start(s.leave(slots), 9)
    assert source(slots) == ("trying", B)


def test_back_to_a_release_that_is_at_hand_nothing_is_fetched() -> None:
    slots = tried(confirmed(A, B), C)
    back = s.aim(slots, Target(name=B.release), 1)
    assert source(back) == ("confirmed", B), "what was on trial is withdrawn"
    assert not back.refused
    further = s.aim(back, Target(name=A.release), 1)
    assert further.staged == Staged(A, 1)
    assert source(s.confirm(s.adopt(further, 2))) == ("confirmed", A)


def test_a_release_that_comes_late_for_another_target_is_left() -> None:
    slots = s.aim(confirmed(A), Target(name=C.release), 1)
    assert s.stage(slots, Staged(B, 2)) == slots
    staged = s.stage(slots, Staged(C, 2))
    assert staged.staged is not None
    assert s.aim(staged, Target(name=B.release), 3).staged is None


def test_a_damaged_wall_is_fetched_again_and_refused_after_three_times() -> None:
    slots = confirmed(A)
    for _ in range(2):
        slots = s.lose(tried(slots, B), B, 1)
        assert s.may_try(slots, B.release)
    slots = s.lose(tried(slots, B), B, 1)
    assert slots.refused[B.release].reason == "damaged"
    assert source(slots) == ("confirmed", A)


def test_old_refusals_go_so_that_the_record_stays_small() -> None:
    slots = Slots()
    for number in range(99):
        slots = s.refuse(slots, f"r-{number}", Refused("empty", "", number))
    assert len(slots.refused) == s.MOST_REFUSED
    assert "r-98" in slots.refused


# --- on the disk ----------------------------------------------------------------------------------------------


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    slots = s.refuse(tried(confirmed(A, B), C), "x", Refused("empty", "no products", 1))
    slots = s.stage(slots, Staged(A, 4, at=1_800_000_000, window=(1320, 120)))
    save(tmp_path / "content", slots)
    assert read(tmp_path / "content") == slots


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "truncated"),
        (b'{"format":1,"tar', "truncated"),
        (b"\xff\xfe", "at byte|invalid|malformed|utf"),
        (b'{"format":2}', "format 2, expected 1"),
        (b'{"format":1,"trying":{"wall":7}}', "trying.wall"),
        (b"[]", "object"),
    ],
)
def test_a_torn_or_foreign_record_counts_as_none_and_is_said(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(BadRecord, match=f"(?i)slots.json.*({why})"):
        read(tmp_path)
    assert load(tmp_path) == Slots()


def test_the_record_is_the_old_or_the_new_whenever_the_power_goes(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    old, new = confirmed(A), confirmed(A, B)
    save(root / "content", old)
    disk = RecordingDisk(root)
    save(root / "content", new, disk)
    found = []
    for number, how in disk.cuts():
        disk.leave(number, how, tmp_path / f"{number}{how}")
        found.append(read(tmp_path / f"{number}{how}" / "content"))
    assert all(one in (old, new) for one in found)
    assert old in found
    assert new in found


# --- laws -----------------------------------------------------------------------------------------------------

RELEASES = st.sampled_from([A, B, C])


class Kiosk(RuleBasedStateMachine):
    """A kiosk whose fleet, people, power and disk do what they like."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots()
        self.whole = {A, B, C}
        self.now = 0
        self.starts: dict[str, int] = {}  # in a row, of what was never confirmed since
        self.refused: set[str] = set()  # and not wanted anew since
        self.before = self.slots

    def become(self, after: Slots, *, lost: bool = False) -> None:
        """`lost`: the power went before it was written down."""
        self.now += 1
        self.before = self.slots
        if not lost:
            self.slots = after
        fresh = self.slots.trying is not None and (
            self.before.trying is None or self.before.trying.wall != self.slots.trying.wall
        )
        if fresh and self.slots.trying is not None:
            release = self.slots.trying.wall.release
            assert release not in self.refused, "refused, and tried again"
            self.starts[release] = 1
        for release in self.slots.refused.keys() - self.before.refused.keys():
            self.refused.add(release)

    @rule(name=st.sampled_from(["", A.release, B.release, C.release]), why=st.sampled_from(["x", "y"]))
    def aimed(self, name: str, why: str) -> None:
        target = Target(name=name, rollout=why)
        if target != self.slots.target:
            self.refused.discard(name)
        self.become(s.aim(self.slots, target, self.now))

    @rule(wall=RELEASES)
    def fetched(self, wall: Wall) -> None:
        if s.may_try(self.slots, wall.release):
            self.whole.add(wall)
        self.become(s.stage(self.slots, Staged(wall, self.now)))

    @rule()
    def moment(self) -> None:
        self.become(s.adopt(self.slots, self.now))

    @rule()
    def well(self) -> None:
        if self.slots.trying is not None:
            self.starts.pop(self.slots.trying.wall.release, None)
        self.become(s.confirm(self.slots))

    @rule()
    def unwell(self) -> None:
        if self.slots.trying is not None:
            release = self.slots.trying.wall.release
            self.become(s.refuse(self.slots, release, Refused("unhealthy", "", self.now)))

    @rule(written=st.booleans())
    def power_cut(self, written: bool) -> None:
        """Perhaps before the start was written down; then it goes once more, before anything is shown."""
        if not written:
            self.become(s.start(self.slots, self.now), lost=True)
        self.started()

    def started(self) -> None:
        self.become(s.start(self.slots, self.now))
        if self.slots.trying is not None:
            release = self.slots.trying.wall.release
            self.starts[release] = self.starts.get(release, 0) + 1
            assert self.starts[release] <= s.BAD_STARTS, "a fourth bad start"
        while True:
            choice = self.choice()
            if choice.wall is None or choice.wall in self.whole:
                break

    @rule()
    def stopped_and_started(self) -> None:
        if self.slots.trying is not None:
            self.starts[self.slots.trying.wall.release] -= 1
        self.become(s.leave(self.slots))
        self.started()

    @precondition(lambda self: self.whole)
    @rule(data=st.data())
    def damaged(self, data: st.DataObject) -> None:
        wall = data.draw(st.sampled_from(sorted(self.whole, key=str)))
        self.whole.discard(wall)
        if data.draw(st.booleans()):
            self.become(s.lose(self.slots, wall, self.now))

    def choice(self) -> Choice:
        found = s.choose(self.slots, lambda choice: choice.wall is None or choice.wall in self.whole)
        assert found is not None
        return found

    @invariant()
    def a_whole_wall_is_shown(self) -> None:
        choice = self.choice()
        assert choice.wall is None or choice.wall in self.whole
        if choice.source == "trying":
            assert self.slots.trying is not None
            assert self.slots.trying.wall.release not in self.slots.refused

    @invariant()
    def what_may_be_shown_is_kept(self) -> None:
        choice = self.choice()
        assert choice.wall is None or choice.wall in s.walls(self.slots)


TestKiosk = Kiosk.TestCase
TestKiosk.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
