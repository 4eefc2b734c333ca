"""The thread that makes a side of a fetched release, has the agent start from it at its moment, and keeps or leaves it.

    fetched -> a side is made -> its moment, nobody buying -> written down, the agent ends -> the launcher starts it
        -> watched -> kept                        `-> unwell, or three bad starts: what was before

What is decided is kiosk.adopting.slots', and how a wall is judged kiosk.adopting.health's: a wall under new programs has to
do what a wall with new content has to. What is different: a side is written over when another release comes, so what lies
there is struck out of the slots first.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from content.durable import DISK, Disk, put
from content.release.manifest import BadRelease, Blob
from content.software.manifest import Release, read_release
from kiosk.adopting import health
from kiosk.adopting import slots as held
from kiosk.adopting.adopter import AGAIN_S, LOOK_S
from kiosk.adopting.health import Facts, Trial
from kiosk.adopting.holding import Fetches
from kiosk.adopting.laying import Unusable
from kiosk.adopting.moment import is_due
from kiosk.adopting.record import load, save
from kiosk.adopting.slots import Refused, Slots, Staged, Wall
from kiosk.adopting.talk import FactsWanted, Fetching, ProgramsReady, RunningChanged
from kiosk.clock.clock import Clock
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.errors import FetchError
from kiosk.fetching.fetcher import Fetched, FetchFailed, FetchProgress, News
from kiosk.software import deciding
from kiosk.software.sides import CHECK, build, idle, started_from
from mqtt.commands import Running, Target

log = logging.getLogger(__name__)

BEFORE: Final = "before.json"  # which devices were ready under the programs before
HOPELESS: Final = frozenset({"not-installed", "does-not-start", "needs-version", "bad-release", "image"})


@dataclass(frozen=True, slots=True)
class Place:
    """`folder`: of slots and sides. `side` this program was started from, "" for what was installed; its `version`."""

    folder: Path
    side: str
    version: str


@dataclass(frozen=True, slots=True)
class _Want:
    target: Target


_STOP: Final = object()


class Updater:
    """See the module. `boot` before all else; the rest may be called from any thread."""

    def __init__(
        self,
        place: Place,
        blobs: BlobStore,
        clock: Clock,
        post: Callable[[FactsWanted | RunningChanged | ProgramsReady], None],
        *,
        window_ms: int,
        minute_of: Callable[[int], int],
        disk: Disk = DISK,
        look_s: float = LOOK_S,
        check: Sequence[str] = CHECK,
    ) -> None:
        """`window_ms`: how long new programs are watched. `check`: see kiosk.software.sides.build."""
        self._place, self._blobs, self._clock, self._post = place, blobs, clock, post
        self._window_ms, self._minute_of, self._disk, self._look_s = window_ms, minute_of, disk, look_s
        self._check = check
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._guard, self._stopped = threading.Lock(), threading.Event()
        self._slots = Slots()
        self._trial: Trial | None = None
        self._before: frozenset[str] = frozenset()
        self._fetching: int | None = None
        self._failed: tuple[str, str] | None = None  # key, words
        self._asked = False  # the agent was asked to end
        self._left = False  # and does
        self._staged_ms = clock.mono_ms()
        self._again_ms: int | None = None
        self._pending: Fetched | None = None
        self._fetcher: Fetches | None = None
        self._fetches = False
        self._how = Fetching()  # as configured
        self._obey: Callable[[Fetching], object] = lambda _how: None
        self._thread = threading.Thread(target=self._run, name="updater", daemon=True)

    def boot(self) -> None:
        """Take up what the launcher began."""
        self._slots = load(self._place.folder)
        follow = started_from(self._slots, self._place.side, self._clock.wall_ms())
        if not self._become(follow):
            self._slots = follow  # else this start would end for a side that cannot be started
        with suppress(OSError, msgspec.MsgspecError):  # nobody said what was ready
            said = (self._place.folder / BEFORE).read_bytes()
            self._before = frozenset(msgspec.json.decode(said, type=list[str]))
        log.info(
            "runs from %s: %s", self._place.side or "what was installed", self.running().name or "no release"
        )

    def start(self, fetcher: Fetches | None, obey: Callable[[Fetching], object] | None = None) -> None:
        """Begin. None: no source can be asked. `obey`: has it fetch as the fleet says; in our thread."""
        self._fetcher, self._obey = fetcher, obey or self._obey
        self._bring(self._slots.target)
        self._thread.start()

    def stop(self) -> None:
        """End the threads. The start that ends now was not a bad one."""
        self._stopped.set()
        if self._fetcher is not None:
            self._fetcher.stop()
        self._inbox.put(_STOP)
        if self._thread.is_alive():
            self._thread.join()
        with self._guard:
            if not self._left:
                self._become(held.leave(self._slots))

    # --- from any thread --------------------------------------------------------------------------------------

    def heard(self, news: News) -> None:
        """What the fetcher posts."""
        self._inbox.put(news)

    def want(self, target: Target | None) -> None:
        """The fleet says which release is to run; None: no wish, so what runs stays."""
        self._inbox.put(_Want(target or held.CURRENT))

    def fetch_by(self, how: Fetching) -> None:
        """The fleet says how releases are fetched."""
        self._inbox.put(how)

    def facts(self, facts: Facts) -> None:
        """The answer to FactsWanted."""
        self._inbox.put(facts)

    def failed(self, reason: str, detail: str) -> None:
        """No release can be fetched at all."""
        self._inbox.put(FetchFailed("", reason, detail))

    def leaving(self, facts: Facts) -> bool:
        """See kiosk.adopting.talk.Programs. Where it cannot be written down everything stays as it is."""
        with self._guard:
            if self._slots.staged is not None and self._due(self._slots.staged):
                follow = held.adopt(self._slots, self._clock.wall_ms())
                assert follow.trying is not None
                follow = structs.replace(follow, trying=structs.replace(follow.trying, starts=0))
                try:
                    put(self._disk, self._place.folder / BEFORE, msgspec.json.encode(sorted(facts.ready)))
                except OSError as error:
                    self._failed = ("disk", str(error))
                    return False
                if not self._become(follow):
                    return False
                self._left = True
            self._left = self._left or deciding.elsewhere(self._slots, self._place.side)
            return self._left

    def running(self) -> Running:
        """What is told of it (mqtt.commands.Running)."""
        with self._guard:
            slots, here = self._slots, deciding.here(self._slots, self._place.side)
            phase, percent, reason, detail = deciding.phase_of(
                slots, here, asked=self._asked, failed=self._failed, fetching=self._fetching
            )
            return Running(
                name=here.release if here else "",
                confirmed=here is not None and slots.trying is None and here == slots.confirmed,
                since_ms=slots.trying.since_ms if slots.trying else slots.since_ms,
                target=slots.target.name,
                rollout=slots.target.rollout,
                phase=phase,
                percent=percent,
                reason=reason,
                detail=detail[:200],
            )

    # --- the thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
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
                log.exception("a software release could not be dealt with")
            if self.running() != before:
                self._post(RunningChanged())

    def _take(self, item: object) -> None:
        match item:
            case _Want(target=target):
                self._aim(target)
            case Fetching():
                if item != self._how:
                    self._how = item
                    self._obey(item)
            case Fetched():
                self._fetched(item)
            case FetchFailed(reason=reason, detail=detail):
                self._fetching, self._failed = None, (reason, detail)
            case FetchProgress(percent=percent):
                self._fetching = percent
            case Facts():
                self._judge(item)

    def _look(self) -> None:
        now = self._clock.mono_ms()
        with self._guard:
            slots = self._slots
            trying = slots.trying is not None and slots.trying.wall == deciding.here(
                self._slots, self._place.side
            )
            ready = (slots.staged is not None and self._due(slots.staged)) or deciding.elsewhere(
                self._slots, self._place.side
            )
            self._asked = ready
            pending = self._pending if idle(slots, self._place.side) else None
        if pending is not None:
            self._fetched(pending)
        if trying:
            self._post(FactsWanted())
        if ready and not self._left:
            self._post(ProgramsReady())
        if self._again_ms is not None and now >= self._again_ms:
            self._again_ms = None
            self._bring(slots.target)

    def _aim(self, target: Target) -> None:
        with self._guard:
            if target == self._slots.target:
                return
            self._become(held.aim(self._slots, target, self._clock.wall_ms()))
            self._fetching = self._failed = self._pending = None
            self._staged_ms = self._clock.mono_ms()
        self._bring(target)

    def _bring(self, target: Target) -> None:
        """Fetch what is to run; nothing is for everybody, so without a name there is nothing to ask for."""
        if self._fetcher is None or not target.name:
            return
        self._fetcher.fetch(target.name)
        if not self._fetches:
            self._fetches = True
            self._fetcher.start()

    def _fetched(self, news: Fetched) -> None:
        with self._guard:
            self._fetching = self._failed = None
            if self._slots.target.name != news.name:
                return
            self._become(held.at_hand(self._slots, news.name, self._clock.wall_ms()))
            if not held.may_try(self._slots, news.name):
                return
            side = idle(self._slots, self._place.side)
            self._pending = None if side else news  # until what is on trial is kept or left
            if not side or not self._become(deciding.struck(self._slots, side)):
                return
        try:
            release = self._read(news.page)
            deciding.check_version(release, self._place.version)
            build(
                self._place.folder, side, release, lambda file: self._blobs.path(file.plain), self._disk,
                self._check, self._stopped,
            )  # fmt: skip
        except (Unusable, FetchError) as error:
            self._unusable(news.name, error.reason, error.detail)
            return
        with self._guard:
            self._staged_ms = self._clock.mono_ms()
            wall = Wall(release.name, side, news.page)
            activate = release.activate
            self._become(
                held.stage(self._slots, Staged(wall, self._clock.wall_ms(), activate.at, activate.window))
            )
        log.info("%s is ready on side %s", release.name, side)
        self._clean()

    def _read(self, page: Blob) -> Release:
        try:
            release = read_release(self._blobs.read(page))
        except BadRelease as error:
            raise Unusable("bad-release", str(error)) from None
        if release.image is not None:
            raise Unusable("image", f"{release.image.name}: this kiosk's image is not ours to exchange")
        return release

    def _unusable(self, name: str, reason: str, detail: str) -> None:
        if reason == "stopped":
            return
        log.error("software %s: %s: %s", name, reason, detail)
        with self._guard:
            self._failed = (reason, detail)
            if reason in HOPELESS:
                why = Refused(reason, detail[:200], self._clock.wall_ms())
                self._become(held.refuse(self._slots, name, why))
            else:
                self._again_ms = self._clock.mono_ms() + int(AGAIN_S * 1000)

    def _judge(self, facts: Facts) -> None:
        with self._guard:
            trying = self._slots.trying
            if trying is None or trying.wall != deciding.here(self._slots, self._place.side):
                return
            if self._trial is None:  # nothing before this start was of these programs
                self._trial = health.begin(
                    structs.replace(facts, faults=0, unanswered=0, ready=facts.ready | self._before)
                )
            self._trial = health.watch(self._trial, facts)
            verdict = health.judge(self._trial, self._window_ms)
            if verdict.kind == "wait":
                return
            self._trial = None
            if verdict.kind == "well":
                log.info("%s is well, and kept", trying.wall.release)
                self._become(held.confirm(self._slots))
            else:
                why = Refused(verdict.reason, verdict.detail, self._clock.wall_ms())
                log.error("%s is not well, and left: %s: %s", trying.wall.release, why.reason, why.detail)
                self._become(held.refuse(self._slots, trying.wall.release, why))
        self._clean()

    # --- inside; the guard is held where slots change -----------------------------------------------------------

    def _due(self, staged: Staged) -> bool:
        wall_ms = self._clock.wall_ms()
        minute = self._minute_of(wall_ms) if self._clock.quality() != "unsynced" else None
        return is_due(staged, wall_ms, minute, self._clock.mono_ms() - self._staged_ms)

    def _become(self, slots: Slots) -> bool:
        """Write down what follows, and only then let it be so. False where it cannot be written: all stays as it was."""
        if slots == self._slots:
            return True
        try:
            save(self._place.folder, slots, self._disk)
        except OSError as error:
            log.error("which software this kiosk holds cannot be written down: %s", error)
            self._failed = ("disk", str(error))
            return False
        self._slots = slots
        return True

    def _clean(self) -> None:
        pages = [wall.page for wall in held.walls(self._slots) if wall.page is not None]
        if self._fetcher is not None and pages:
            self._fetcher.clean(pages)
