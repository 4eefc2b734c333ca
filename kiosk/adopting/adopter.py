"""The thread that makes walls of fetched releases, has them adopted at their moment, and keeps or leaves them.

    fetched -> a wall is made -> its moment -> StoreReady -> the core adopts when nobody is buying -> watched -> confirmed
                                                                                            `-> unwell: what was before

It owns the slots and writes them down before anything follows from them. The agent's owner calls `adopting` in the moment a
wall goes on the glass; all else is posted from thread to thread.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from content.durable import DISK, Disk
from content.store import OpenStore, StoreError
from kiosk.adopting import health
from kiosk.adopting import slots as held
from kiosk.adopting.health import Facts, Trial
from kiosk.adopting.holding import Fetches, Holding, Opened, Place
from kiosk.adopting.laying import Unusable
from kiosk.adopting.making import Blobs, wall_of
from kiosk.adopting.slots import Choice, Refused, Staged, Wall
from kiosk.adopting.talk import FactsWanted, Fetching, Hanging, RunningChanged, StoreReady
from kiosk.clock.clock import Clock
from kiosk.fetching.errors import FetchError, Reason
from kiosk.fetching.fetcher import Fetched, FetchFailed, FetchProgress, News
from mqtt.commands import Running, Target

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0  # whether a moment has come; facts are asked for as often while a wall is watched
AGAIN_S: Final = 600.0  # until a release that could not be made into a wall for want of room is tried again
NOTHING: Final = "*"  # whatever is wanted cannot be fetched; no release is called so
HOPELESS: Final = frozenset({"empty", "bad-content"})  # of no use however often it is tried


@dataclass(frozen=True, slots=True)
class _Want:
    target: Target


_STOP: Final = object()


class Adopter:
    """See the module. `boot` before all else; `want`, `facts` and `running` may be called from any thread."""

    def __init__(
        self,
        place: Place,
        blobs: Blobs,
        clock: Clock,
        post: Callable[[StoreReady | FactsWanted | RunningChanged], None],
        *,
        window_ms: int,
        minute_of: Callable[[int], int],
        disk: Disk = DISK,
        look_s: float = LOOK_S,
    ) -> None:
        """`window_ms`: how long a wall is watched. `minute_of(wall_ms)`: of the local day. `post`: into the agent's inbox."""
        self._blobs, self._clock, self._post = blobs, clock, post
        self.window_ms, self._disk, self._look_s = window_ms, disk, look_s
        self._holding = Holding(place, clock, minute_of, disk)
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._trial: Trial | None = None
        self._astray = False  # something else went on the glass than is to be there
        self._staged_ms = clock.mono_ms()
        self._again_ms: int | None = None
        self._fetcher: Fetches | None = None
        self._how = Fetching()
        self._obey: Callable[[Fetching], object] = _as_configured
        self._thread = threading.Thread(target=self._run, name="adopter", daemon=True)

    # --- the beginning ----------------------------------------------------------------------------------------

    def boot(self) -> Opened:
        """Open what this start sells from; something always can be. What is on trial has one start more from now on."""
        opened = self._holding.boot()
        if opened.source == "trying":  # whatever goes wrong from now on is held against it
            self._trial = health.begin(Facts(mono_ms=self._clock.mono_ms(), showing=False))
        return opened

    def start(self, fetcher: Fetches | None, obey: Callable[[Fetching], object] | None = None) -> None:
        """Begin. None: no source can be asked, and what is here is kept. `obey`: has it fetch as the fleet says; in our thread."""
        self._fetcher, self._obey = fetcher, obey or _as_configured
        if fetcher is not None:
            fetcher.fetch(self._holding.slots.target.name)
            fetcher.start()
        self._thread.start()

    def stop(self) -> None:
        """End the threads. The start that ends now was not a bad one."""
        if self._fetcher is not None:
            self._fetcher.stop()
        self._inbox.put(_STOP)
        if self._thread.is_alive():
            self._thread.join()
        with self._holding.guard:
            self._holding.become(held.leave(self._holding.slots))

    # --- from any thread --------------------------------------------------------------------------------------

    def heard(self, news: News) -> None:
        """What the fetcher posts."""
        self._inbox.put(news)

    def want(self, target: Target | None) -> None:
        """The fleet says which release is to run; None: the one signed for everybody."""
        self._inbox.put(_Want(target or held.CURRENT))

    def fetch_by(self, how: Fetching) -> None:
        """The fleet says how releases are fetched."""
        self._inbox.put(how)

    def facts(self, facts: Facts) -> None:
        """The answer to FactsWanted."""
        self._inbox.put(facts)

    def failed(self, reason: Reason, detail: str) -> None:
        """No release can be fetched at all."""
        self._inbox.put(FetchFailed(NOTHING, reason, detail))

    def adopting(self, version: str, facts: Facts) -> None:
        """The owner's thread puts the store of this version on the glass now; it is written down before that is done."""
        with self._holding.guard:
            staged = self._holding.slots.staged
            if staged is not None and staged.wall.folder == version:
                self._adopt(facts)
            else:
                self._holding.shown = next(
                    (wall for wall in self._holding.in_order() if wall.folder == version), None
                )
                self._astray = self._holding.shown != held.running(self._holding.slots)
            self._holding.offered = None

    def running(self) -> Running:
        """What is told of it (mqtt.commands.Running)."""
        return self._holding.running()

    def hanging(self) -> Hanging:
        """What releases are resolved with here, beside the address."""
        where = self._holding.place.where
        return Hanging(where.orientation, where.tags)

    # --- the thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._holding.clean(self._fetcher)
        while True:
            try:
                item = self._inbox.get(timeout=self._look_s)
            except queue.Empty:
                item = None
            if item is _STOP:
                return
            before = self.running()
            try:
                self._take(item)
                self._look()
            except Exception:
                log.exception("a release could not be dealt with")
            if self.running() != before:
                self._post(RunningChanged())

    def _take(self, item: object) -> None:
        """News of a release that is not wanted any more were under way as the target changed: they say nothing of this one."""
        match item:
            case _Want(target=target):
                self._aim(target)
            case Fetching():
                self._fetch_by(item)
            case Fetched():
                self._fetched(item)
            case FetchFailed(name=name, reason=reason, detail=detail):
                if name == self._holding.slots.target.name or name == NOTHING:
                    self._holding.fetching, self._holding.failed = None, (name, reason, detail)
            case FetchProgress(name=name, percent=percent):
                if self._holding.slots.target.name in ("", name):
                    self._holding.fetching = (name, percent)
            case Facts():
                self._judge(item)

    def _fetch_by(self, how: Fetching) -> None:
        if how != self._how:
            self._how = how
            self._obey(how)

    def _look(self) -> None:
        """What time alone brings."""
        now = self._clock.mono_ms()
        with self._holding.guard:
            if self._holding.unsaved:
                self._holding.become(self._holding.slots)
            staged, offered, trying = (
                self._holding.slots.staged,
                self._holding.offered,
                self._holding.slots.trying,
            )
        if (
            staged is not None
            and offered != staged.wall
            and self._holding.is_due(staged, now - self._staged_ms)
        ):
            self._offer(staged.wall)
        if trying is not None:
            self._post(FactsWanted())
        if self._astray:
            self._astray = False
            self._settle()
        if self._again_ms is not None and now >= self._again_ms and self._fetcher is not None:
            self._again_ms = None
            self._fetcher.fetch(self._holding.slots.target.name)

    def _aim(self, target: Target) -> None:
        with self._holding.guard:
            if target == self._holding.slots.target:
                return
            self._holding.become(held.aim(self._holding.slots, target, self._clock.wall_ms()))
            self._holding.fetching = None
            if self._holding.failed is not None and self._holding.failed[0] != NOTHING:
                self._holding.failed = None
            self._staged_ms = self._clock.mono_ms()
            self._trial = self._trial if self._holding.slots.trying else None
        if self._fetcher is not None:
            self._fetcher.fetch(target.name)
        self._settle()

    def _fetched(self, news: Fetched) -> None:
        now = self._clock.wall_ms()
        with self._holding.guard:
            if news.current:
                self._holding.current = news.name
            if not self._holding.slots.target.name or self._holding.slots.target.name == news.name:
                self._holding.fetching = self._holding.failed = None
                self._holding.become(held.at_hand(self._holding.slots, news.name, now))
            wanted = held.may_try(self._holding.slots, news.name)
        self._settle()
        if not wanted:
            return
        try:
            wall = wall_of(
                news.root, news.page, self._blobs, self._holding.place.where, self._holding.place.walls, self._holding.place.software,
                self._disk,
            )  # fmt: skip
        except Unusable as error:
            self._unusable(news.name, error.reason, error.detail)
            return
        except FetchError as error:  # a blob was damaged meanwhile
            self._unusable(news.name, error.reason, error.detail)
            return
        activate = news.root.header.activate
        with self._holding.guard:
            self._staged_ms = self._clock.mono_ms()
            self._holding.become(
                held.stage(self._holding.slots, Staged(wall, now, activate.at, activate.window))
            )
        self._holding.clean(self._fetcher)

    def _unusable(self, name: str, reason: str, detail: str) -> None:
        log.error("release %s: %s: %s", name, reason, detail)
        with self._holding.guard:
            self._holding.failed = (name, reason, detail)
            if reason in HOPELESS:
                why = Refused(reason, detail[:200], self._clock.wall_ms())
                self._holding.become(held.refuse(self._holding.slots, name, why))
            else:
                self._again_ms = self._clock.mono_ms() + int(AGAIN_S * 1000)

    def _offer(self, wall: Wall) -> None:
        """Its moment has come: hand it to the core, which waits until nobody is buying."""
        with self._holding.guard:
            shown = self._holding.shown
        if shown is not None and shown.folder == wall.folder:
            self._post(FactsWanted())  # it looks as what is shown: with the answer it is on the glass
            with self._holding.guard:
                self._holding.offered = wall
            return
        folder = self._holding.place.walls / wall.folder
        try:
            store = self._holding.whole(folder)
        except (StoreError, OSError) as error:
            self._lost(wall, error)
            return
        with self._holding.guard:
            self._holding.offered = wall
        log.info("%s is ready, and sold from when nobody is buying", wall.release)
        self._post(StoreReady(store, str(folder)))

    def _judge(self, facts: Facts) -> None:
        with self._holding.guard:
            staged, shown = self._holding.slots.staged, self._holding.shown
            alike = (
                staged is not None
                and self._holding.offered == staged.wall
                and shown is not None
                and shown.folder == staged.wall.folder
            )
            if alike:
                self._adopt(facts)
                self._holding.offered = None
            trying = self._holding.slots.trying
            if trying is None or shown != trying.wall:
                return
            self._trial = health.watch(self._trial, facts) if self._trial else health.begin(facts)
            verdict = health.judge(self._trial, self.window_ms)
            self._holding.lacks = health.waits_for(self._trial)
            if verdict.kind == "wait":
                return
            self._trial = None
            if verdict.kind == "well":
                log.info("%s is well, and kept", trying.wall.release)
                self._holding.become(held.confirm(self._holding.slots))
            else:
                why = Refused(verdict.reason, verdict.detail, self._clock.wall_ms())
                log.error("%s is not well, and left: %s: %s", trying.wall.release, why.reason, why.detail)
                self._holding.become(held.refuse(self._holding.slots, trying.wall.release, why))
        if verdict.kind == "well":
            self._holding.clean(self._fetcher)
        else:
            self._settle()

    def _settle(self) -> None:
        """Bring back what is to be on the glass, where it is not: what was on trial was left, or is not wanted any more."""
        with self._holding.guard:
            wanted, shown = held.running(self._holding.slots), self._holding.shown
            staged, offered = self._holding.slots.staged, self._holding.offered
            waits = offered is not None and (
                staged is None or staged.wall != offered
            )  # in the core, unwanted
            if waits:
                self._holding.offered = None
            elif wanted == shown:
                return
        if not waits and wanted is not None and shown is not None and wanted.folder == shown.folder:
            with self._holding.guard:
                self._holding.shown = wanted
            return
        opened: list[OpenStore] = []

        def present(choice: Choice) -> bool:
            try:
                opened.append(self._holding.open(choice))
            except (StoreError, OSError) as error:
                if choice.wall is not None:
                    self._lost(choice.wall, error)
                return False
            return True

        choice = held.choose(self._holding.slots, present)
        if choice is None:
            log.error("there is nothing else to show than what was left")
            return
        self._post(StoreReady(opened[0], str(self._holding.folder(choice))))

    # --- inside; the guard is held where slots change ----------------------------------------------------------

    def _adopt(self, facts: Facts) -> None:
        self._holding.become(held.adopt(self._holding.slots, self._clock.wall_ms()))
        if self._holding.slots.trying is not None:
            self._holding.shown, self._trial = self._holding.slots.trying.wall, health.begin(facts)

    def _lost(self, wall: Wall, error: Exception) -> None:
        log.error("%s cannot be shown: %s", wall.release, error)
        with self._holding.guard:
            self._holding.become(held.lose(self._holding.slots, wall, self._clock.wall_ms()))
        if self._fetcher is not None:
            self._fetcher.fetch(self._holding.slots.target.name)


def _as_configured(_how: Fetching) -> None:
    """Nothing is fetched, or always by kiosk.toml."""
