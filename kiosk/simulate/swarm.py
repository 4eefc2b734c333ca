"""Many simulated kiosks in one thread: an inbox, alarms, and each kiosk's day unrolled a minute at a time.

Shaped like kiosk.runtime: threads post, one owner acts. A kiosk's next minute is rolled when the one before is done, so
that a thousand kiosks hold a minute each and not a day.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import queue
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from kiosk.ledger import LedgerError
from kiosk.simulate.clock import Era
from kiosk.simulate.day import MINUTE_MS, Happening
from kiosk.simulate.kiosk import SimulatedKiosk, Told

log = logging.getLogger(__name__)

HEALTH_S: Final = 60.0
IDLE_S: Final = 0.5  # longest sleep of the owner
STOP_S: Final = 10.0
GOODBYE_S: Final = 1.0
LAST_S: Final = 0.2  # for a client that has nobody to say goodbye to
Day = Callable[[SimulatedKiosk, int], list[Happening]]  # what happens at a kiosk in a Unix minute
Action = Callable[[], None]


class Swarm:
    """The owner of many kiosks. `at` and `call` may be used from any thread, before the start too."""

    def __init__(self, era: Era, day: Day, health_s: float = HEALTH_S) -> None:
        """`health_s`: how often, in our seconds, each kiosk tells its health."""
        self.era, self._day, self._health_s = era, day, health_s
        self.kiosks: list[SimulatedKiosk] = []
        self.failures = 0  # deeds and actions that raised; the first are logged
        self.resting = False  # nothing more happens; what was written is still sent
        self._inbox: queue.SimpleQueue[tuple[SimulatedKiosk | None, object]] = queue.SimpleQueue()
        self._alarms: list[tuple[float, int, Action]] = []  # our monotonic seconds
        self._number = itertools.count()
        self._pumps: dict[SimulatedKiosk, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulated kiosks", daemon=True)

    # --- for anybody ------------------------------------------------------------------------------------------

    def post(self, kiosk: SimulatedKiosk, item: object) -> None:
        """Something came for a kiosk."""
        self._inbox.put((kiosk, item))

    def call(self, action: Action) -> None:
        """Have the owner do something soon."""
        self._inbox.put((None, action))

    def at(self, true_ms: int, action: Action) -> None:
        """Have the owner do something when it is so late in the simulation."""
        self.call(lambda: self._alarm(self.era.real_s(true_ms), action))

    def start(self, kiosks: Iterable[SimulatedKiosk]) -> None:
        """Plug them in, and let their days begin."""
        self.kiosks += kiosks
        for kiosk in self.kiosks:
            self.call(kiosk.plug)
            self.call(_begun(self, kiosk))
        self._thread.start()

    def rest(self) -> None:
        """Let nothing more happen; what was written is still sent."""
        self.resting = True

    def waiting(self) -> int:
        """Events the fleet has not acknowledged. A sum of moments, exact when nothing happens any more."""
        return sum(last - acked for acked, last in (kiosk.ledger.bounds() for kiosk in self.kiosks))

    def stop(self, goodbye_s: float = GOODBYE_S) -> Sequence[Told]:
        """End all of them, and say what they did; twice is once. `goodbye_s`: longest wait for the broker."""
        if self._stopping.is_set():
            return [kiosk.told() for kiosk in self.kiosks]
        self._stopping.set()
        self.call(lambda: None)
        if self._thread.ident is not None:
            self._thread.join(STOP_S)
        for kiosk in self.kiosks:
            kiosk.say_goodbye()
        callers = [caller for caller in [kiosk.hang_up() for kiosk in self.kiosks] if caller is not None]
        end = time.monotonic() + goodbye_s
        while any(caller.connected for caller in callers) and time.monotonic() < end:
            time.sleep(0.01)
        for caller in callers:
            caller.stop(0.0 if time.monotonic() > end else LAST_S)
        for kiosk in self.kiosks:
            kiosk.close()
        return [kiosk.told() for kiosk in self.kiosks]

    # --- the owner's thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            now = time.monotonic()
            while self._alarms and self._alarms[0][0] <= now:
                self._safely(heapq.heappop(self._alarms)[2])
            wait = self._alarms[0][0] - now if self._alarms else IDLE_S
            try:
                kiosk, item = self._inbox.get(timeout=max(0.0, min(wait, IDLE_S)))
            except queue.Empty:
                continue
            self._safely(item if kiosk is None else _Taken(self, kiosk, item))

    def _safely(self, action: object) -> None:
        try:
            assert callable(action)
            action()
        except Exception as error:
            self.failures += 1
            if self.failures <= 10 or not isinstance(error, LedgerError):
                log.exception("a simulated kiosk failed")

    def _alarm(self, after_s: float, action: Action) -> None:
        heapq.heappush(self._alarms, (time.monotonic() + after_s, next(self._number), action))

    def pump_after(self, kiosk: SimulatedKiosk, wait_ms: int | None) -> None:
        """Ring for a kiosk's outbox; the earliest wish counts."""
        if wait_ms is None:
            return
        due = time.monotonic() + wait_ms / 1000
        if self._pumps.get(kiosk, due + 1) <= due:
            return
        self._pumps[kiosk] = due

        def pump() -> None:
            if self._pumps.get(kiosk) == due:
                del self._pumps[kiosk]
                self.pump_after(kiosk, kiosk.pump())

        self._alarm(wait_ms / 1000, pump)

    def begin(self, kiosk: SimulatedKiosk) -> None:
        """A kiosk's day and its health begin."""
        minute = self.era.true_ms() // MINUTE_MS
        self._unroll(kiosk, minute, first=True)
        # Spread over the period, so that healths do not come in step.
        self._alarm(
            zlib.crc32(str(kiosk.address).encode()) % 1000 / 1000 * self._health_s,
            lambda: self._tell_health(kiosk),
        )

    def _tell_health(self, kiosk: SimulatedKiosk) -> None:
        if kiosk.connected:
            kiosk.say_health()
        self._alarm(self._health_s, lambda: self._tell_health(kiosk))

    def _unroll(self, kiosk: SimulatedKiosk, minute: int, *, first: bool = False) -> None:
        """A minute's happenings, one alarm at a time; what began in one may end in the next, beside that one's own."""
        if self.resting:
            return
        now = self.era.true_ms()
        happenings = [each for each in self._day(kiosk, minute) if not first or each[0] >= now]
        self._next(kiosk, happenings, 0)
        begin = (minute + 1) * MINUTE_MS
        self._alarm(self.era.real_s(begin), lambda: self._unroll(kiosk, minute + 1))

    def _next(self, kiosk: SimulatedKiosk, happenings: Sequence[Happening], index: int) -> None:
        if index == len(happenings):
            return
        at, deed = happenings[index]

        def happen() -> None:
            if self.resting:
                return
            try:
                kiosk.do(deed)
            finally:
                self._next(kiosk, happenings, index + 1)

        self._alarm(self.era.real_s(at), happen)


class _Taken:
    """A kiosk takes what was posted."""

    __slots__ = ("_item", "_kiosk", "_swarm")

    def __init__(self, swarm: Swarm, kiosk: SimulatedKiosk, item: object) -> None:
        self._swarm, self._kiosk, self._item = swarm, kiosk, item

    def __call__(self) -> None:
        self._swarm.pump_after(self._kiosk, self._kiosk.take(self._item))


def _begun(swarm: Swarm, kiosk: SimulatedKiosk) -> Action:
    return lambda: swarm.begin(kiosk)
