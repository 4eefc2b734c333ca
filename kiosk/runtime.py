"""One inbox, one thread that owns the session: whatever happens waits its turn here, and one step follows another.

Threads `post` what they have seen, in their own words; `Work` puts it into the core's (`events`), carries out what the
core asks for (`perform`) and brings views to the screen (`show`). All of Work runs in the owner's thread, so nothing
behind it needs a lock.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from kiosk.clock.clock import Clock
from kiosk.core.effects import AnyEffect, CancelTimer, SetTimer
from kiosk.core.events import AnyEvent, Stamp, TimerFired
from kiosk.core.state import Session
from kiosk.views import Closed, Emergency, Frame, View

log = logging.getLogger(__name__)

FAULTS: Final = 3  # steps that fail one after another before the wall says it is out of service
FAULT_CODE: Final = "EC-90"
AGAIN_MS: Final = 1_000  # an alarm whose step failed rings again

Step = Callable[[Session, AnyEvent], tuple[Session, Iterable[AnyEffect]]]
Present = Callable[[Session], View]


class Work(Protocol):
    """What the runtime drives. Every method is called by the owner's thread; an exception is logged and counted."""

    def begin(self, at: Stamp) -> Iterable[AnyEvent]:
        """The first events, before anything that was posted."""

    def events(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        """What was posted, in the core's words; none where it is not the core's business."""

    def perform(self, effect: AnyEffect, at: Stamp) -> Iterable[AnyEvent]:
        """Carry out an effect; events that follow at once are stepped before anything else."""

    def show(self, view: View) -> None:
        """Bring a view to the screen; only called when it changed."""


@dataclass(frozen=True, slots=True)
class _Timer:
    due_ms: int
    item: object  # what is posted; None for a timer of the core's


@dataclass(frozen=True, slots=True)
class _CoreTimer:
    """A timer of the core's has run out."""

    name: str


_BEGIN: Final = object()
_STOP: Final = object()


class Runtime:
    """Drives a core. `post` and `counters` may be used from any thread, `after` from the owner's."""

    def __init__(self, session: Session, step: Step, present: Present, clock: Clock) -> None:
        self.session = session  # the owner's; others may read it, it is frozen
        self._step, self._present, self._clock = step, present, clock
        self._work: Work | None = None
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._timers: dict[str, _Timer] = {}
        self._view: View | None = None
        self._failed = 0  # steps in a row
        self._thread: threading.Thread | None = None
        self.counters: Counter[str] = Counter()

    def start(self, work: Work) -> None:
        """Begin. The first view is shown before this returns control to whatever is posted."""
        self._work = work
        self._thread = threading.Thread(target=self._run, name="owner", daemon=True)
        self._thread.start()

    def post(self, item: object) -> None:
        """Put something into the inbox. Never blocks, never raises."""
        self._inbox.put(item)

    def after(self, name: str, ms: int, item: object) -> None:
        """Post `item` in `ms` milliseconds; a timer of that name starts anew. For Work, within the owner's thread."""
        self._timers[f"work {name}"] = _Timer(self._clock.mono_ms() + ms, item)

    def pending(self, name: str) -> bool:
        """Whether `after(name, ...)` still waits."""
        return f"work {name}" in self._timers

    def stop(self) -> None:
        """Finish what is being done and end the thread; what is still in the inbox is not done."""
        self.post(_STOP)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    # --- the owner's thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        self._drive(_BEGIN)
        while True:
            self._fire()
            try:
                item = self._inbox.get(timeout=self._patience_s())
            except queue.Empty:
                continue
            if item is _STOP:
                return
            self._drive(item)

    def _patience_s(self) -> float | None:
        """Until the next timer; None, for ever, without one."""
        if not self._timers:
            return None
        due = min(timer.due_ms for timer in self._timers.values())
        return max(0, due - self._clock.mono_ms()) / 1000

    def _fire(self) -> None:
        now = self._clock.mono_ms()
        for name, timer in sorted(self._timers.items(), key=lambda entry: entry[1].due_ms):
            if timer.due_ms > now or self._timers.get(name) is not timer:
                continue  # not due, or set anew or cancelled by one that fired before it
            del self._timers[name]
            self._drive(_CoreTimer(name) if timer.item is None else timer.item)

    def _drive(self, item: object) -> None:
        """From something that happened to the view that follows from it."""
        at = self._stamp()
        try:
            waiting = deque(self._events(item, at))
        except Exception:
            self.counters["events-failed"] += 1
            log.exception("something that happened could not be understood")
            waiting = deque()  # the wall is looked at all the same: the first view comes whatever fails
        while waiting:
            waiting.extendleft(reversed(self._one(waiting.popleft(), at)))
        self._look()

    def _events(self, item: object, at: Stamp) -> Iterable[AnyEvent]:
        assert self._work is not None
        if isinstance(item, _CoreTimer):
            return (TimerFired(at, item.name),)
        return self._work.begin(at) if item is _BEGIN else self._work.events(item, at)

    def _stamp(self) -> Stamp:
        clock = self._clock
        return Stamp(clock.mono_ms(), clock.wall_ms(), trusted=clock.quality() != "unsynced")

    def _one(self, event: AnyEvent, at: Stamp) -> list[AnyEvent]:
        """One step and its effects; returns what follows at once."""
        try:
            self.session, effects = self._step(self.session, event)
        except Exception:
            self._failed += 1
            self.counters["steps-failed"] += 1
            log.exception("step %s failed, the session stays as it was", type(event).__name__)
            if isinstance(event, TimerFired):  # the session still counts on this alarm
                self._timers.setdefault(event.name, _Timer(self._clock.mono_ms() + AGAIN_MS, None))
            return []
        self._failed = 0
        follow: list[AnyEvent] = []
        for effect in effects:
            follow += self._perform(effect, at)
        return follow

    def _perform(self, effect: AnyEffect, at: Stamp) -> Iterable[AnyEvent]:
        assert self._work is not None
        if isinstance(effect, SetTimer):
            self._timers[effect.name] = _Timer(self._clock.mono_ms() + effect.after_ms, None)
            return ()
        if isinstance(effect, CancelTimer):
            self._timers.pop(effect.name, None)
            return ()
        try:
            return list(self._work.perform(effect, at))  # here, because a generator fails where it is read
        except Exception:
            self.counters["effects-failed"] += 1
            log.exception("effect %s failed", type(effect).__name__)
            return ()

    def _look(self) -> None:
        """Show the session, where it looks different now."""
        assert self._work is not None
        fault: View = Closed(Frame(language=self.session.language), "fault", FAULT_CODE)
        try:
            view = self._present(self.session)
            if self._failed >= FAULTS and not isinstance(view, Emergency):  # an alert before everything
                view = fault
        except Exception:
            self.counters["views-failed"] += 1
            log.exception("the session cannot be presented")
            view = fault
        if view == self._view:
            return
        self._view = view
        try:
            self._work.show(view)
        except Exception:
            self.counters["shows-failed"] += 1
            log.exception("the view could not be shown")
