"""The runtime: one thing after another, timers in their order, and a fault that costs one step and not the wall."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from msgspec import structs

from kiosk.clock.clock import SystemClock
from kiosk.core.effects import AnyEffect, ArmReader, CancelTimer, RecordEngagement, SetTimer
from kiosk.core.events import (
    AisleOpened,
    AnyEvent,
    CancelAsked,
    FleetConnected,
    Stamp,
    Started,
    TimerFired,
    Touched,
)
from kiosk.core.settings import Place
from kiosk.core.state import Session, new_session
from kiosk.runtime import FAULT_CODE, FAULTS, Present, Runtime, Step
from kiosk.views import Closed, Frame, View, Wall
from tests.kiosk.kiosks import store
from tests.kiosk.until import until


def session() -> Session:
    return new_session(store().store, Place(kiosk="K1"), Stamp(0, 0))


def present_aisle(session: Session) -> View:
    return Wall(Frame(language="en"), session.aisle)


EVENTS: dict[object, Callable[[Stamp], AnyEvent]] = {Touched: Touched, Started: Started}


class Diary:
    """Work that writes down what it is asked, and follows what a test says."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self.done: list[AnyEffect] = []
        self.follow: dict[type[AnyEffect], Callable[[Stamp], Iterable[AnyEvent]]] = {}

    def begin(self, at: Stamp) -> Iterable[AnyEvent]:
        return (FleetConnected(at),)

    def events(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        if isinstance(item, str):
            return (AisleOpened(at, item),)
        return (EVENTS[item](at),)

    def perform(self, effect: AnyEffect, at: Stamp) -> Iterable[AnyEvent]:
        self.done.append(effect)
        follow = self.follow.get(type(effect))
        return follow(at) if follow else ()

    def show(self, view: View) -> None:
        self.views.append(view)

    @property
    def shown(self) -> list[str]:
        return [view.aisle for view in self.views if isinstance(view, Wall)]


@contextmanager
def running(step: Step, diary: Diary, present: Present = present_aisle) -> Iterator[Runtime]:
    runtime = Runtime(session(), step, present, SystemClock())
    runtime.start(diary)
    yield runtime
    runtime.stop()
    assert not [thread.name for thread in threading.enumerate() if thread.name == "owner"]


def walk(session: Session, event: AnyEvent) -> tuple[Session, Iterable[AnyEffect]]:
    return (
        (structs.replace(session, aisle=event.aisle), ()) if isinstance(event, AisleOpened) else (session, ())
    )


def test_things_happen_in_the_order_they_were_posted_and_equal_views_are_shown_once() -> None:
    diary = Diary()
    with running(walk, diary) as runtime:
        for aisle in ("dairy", "dairy", "fruit", "dairy"):
            runtime.post(aisle)
        until(lambda: diary.shown[-1:] == ["dairy"] and len(diary.shown) == 4)
    assert diary.shown == ["", "dairy", "fruit", "dairy"]


def test_what_follows_at_once_comes_before_what_waits() -> None:
    seen: list[str] = []
    diary = Diary()
    diary.follow[ArmReader] = lambda at: (CancelAsked(at),)

    def step(session: Session, event: AnyEvent) -> tuple[Session, Iterable[AnyEffect]]:
        seen.append(type(event).__name__)
        return session, (ArmReader(True),) if isinstance(event, Touched) else ()

    with running(step, diary) as runtime:
        runtime.post(Touched)
        runtime.post(Started)
        until(lambda: "Started" in seen)
    assert seen == ["FleetConnected", "Touched", "CancelAsked", "Started"]


def test_timers_fire_in_their_order_are_set_anew_and_cancelled() -> None:
    fired: list[str] = []

    def step(session: Session, event: AnyEvent) -> tuple[Session, Iterable[AnyEffect]]:
        if isinstance(event, TimerFired):
            fired.append(event.name)
        if isinstance(event, Touched):
            return session, (
                SetTimer("late", 40), SetTimer("soon", 5), SetTimer("never", 10), SetTimer("moved", 1),
                CancelTimer("never"), CancelTimer("unheard of"), SetTimer("moved", 60),
            )  # fmt: skip
        return session, ()

    with running(step, Diary()) as runtime:
        runtime.post(Touched)
        until(lambda: len(fired) == 3)
    assert fired == ["soon", "late", "moved"]


def test_a_timer_that_cancels_another_due_at_once_is_obeyed() -> None:
    fired: list[str] = []

    def step(session: Session, event: AnyEvent) -> tuple[Session, Iterable[AnyEffect]]:
        if isinstance(event, TimerFired):
            fired.append(event.name)
            return session, (CancelTimer("b"),) if event.name == "a" else ()
        if isinstance(event, Touched):
            return session, (SetTimer("a", 0), SetTimer("b", 0), SetTimer("c", 20))
        return session, ()

    with running(step, Diary()) as runtime:
        runtime.post(Touched)
        until(lambda: "c" in fired)
    assert fired == ["a", "c"]


def test_work_may_post_to_itself_later() -> None:
    diary = Diary()
    diary.follow[ArmReader] = lambda at: ()

    def step(session: Session, event: AnyEvent) -> tuple[Session, Iterable[AnyEffect]]:
        if isinstance(event, Touched):
            runtime.after("again", 5, "fruit")
            assert runtime.pending("again")
        return walk(session, event)

    with running(step, diary) as runtime:
        runtime.post(Touched)
        until(lambda: diary.shown[-1:] == ["fruit"])
        assert not runtime.pending("again")


def test_the_first_view_comes_although_the_beginning_failed() -> None:
    class Unlucky(Diary):
        def begin(self, at: Stamp) -> Iterable[AnyEvent]:
            raise OSError("the ledger cannot be read")

    diary = Unlucky()
    with running(walk, diary):
        until(lambda: diary.shown == [""])


def test_one_failing_step_keeps_the_session_and_many_close_the_wall_until_one_succeeds() -> None:
    diary = Diary()

    def step(session: Session, event: AnyEvent) -> tuple[Session, Iterable[AnyEffect]]:
        if isinstance(event, Touched):
            raise ZeroDivisionError
        return walk(session, event)

    with running(step, diary) as runtime:
        runtime.post("dairy")
        for _ in range(FAULTS - 1):
            runtime.post(Touched)
        runtime.post("fruit")
        until(lambda: diary.shown[-1:] == ["fruit"])
        for _ in range(FAULTS):
            runtime.post(Touched)
        until(lambda: isinstance(diary.views[-1], Closed))
        closed = diary.views[-1]
        assert isinstance(closed, Closed)
        assert (closed.reason, closed.code) == ("fault", FAULT_CODE)
        runtime.post("dairy")
        until(lambda: diary.shown[-1:] == ["dairy"])
        assert runtime.counters["steps-failed"] == 2 * FAULTS - 1


def test_an_alarm_whose_step_failed_rings_again() -> None:
    rung: list[str] = []

    def step(session: Session, event: AnyEvent) -> tuple[Session, Iterable[AnyEffect]]:
        if isinstance(event, TimerFired):
            rung.append(event.name)
            if len(rung) == 1:
                raise ZeroDivisionError
        return session, (SetTimer("idle", 1),) if isinstance(event, Touched) else ()

    with running(step, Diary()) as runtime:
        runtime.post(Touched)
        until(lambda: rung == ["idle", "idle"])


def test_an_effect_that_fails_halfway_through_what_follows_costs_only_itself() -> None:
    diary = Diary()

    def half(at: Stamp) -> Iterable[AnyEvent]:
        yield CancelAsked(at)
        raise OSError("printer on fire")

    diary.follow[ArmReader] = half

    def step(session: Session, event: AnyEvent) -> tuple[Session, Iterable[AnyEffect]]:
        after, _ = walk(session, event)
        return after, (ArmReader(True),) if isinstance(event, Touched) else ()

    with running(step, diary) as runtime:
        runtime.post(Touched)
        runtime.post("dairy")
        until(lambda: diary.shown[-1:] == ["dairy"])
        assert runtime.counters == {"effects-failed": 1}


def test_a_session_that_cannot_be_presented_is_out_of_service_not_blank() -> None:
    diary = Diary()

    def present(session: Session) -> View:
        if session.aisle == "fruit":
            raise KeyError("fruit")
        return present_aisle(session)

    with running(walk, diary, present) as runtime:
        runtime.post("fruit")
        until(lambda: diary.views and isinstance(diary.views[-1], Closed))
        runtime.post("dairy")
        until(lambda: diary.shown[-1:] == ["dairy"])


def test_effects_and_things_that_fail_cost_only_themselves() -> None:
    diary = Diary()

    def fail(at: Stamp) -> Iterable[AnyEvent]:
        raise OSError("printer on fire")

    diary.follow[RecordEngagement] = fail

    def step(session: Session, event: AnyEvent) -> tuple[Session, Iterable[AnyEffect]]:
        after, _ = walk(session, event)
        return after, (RecordEngagement("aisle"), ArmReader(False))

    with running(step, diary) as runtime:
        runtime.post(42)  # nobody knows what 42 means
        runtime.post("dairy")
        until(lambda: diary.shown[-1:] == ["dairy"])
        assert runtime.counters == {"events-failed": 1, "effects-failed": 2}
    assert [type(effect) for effect in diary.done] == [RecordEngagement, ArmReader] * 2
