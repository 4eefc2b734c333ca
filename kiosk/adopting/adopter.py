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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from content.authored import Where
from content.release.manifest import Blob
from content.store import AnyStore, OpenStore, StoreError
from kiosk.adopting import health
from kiosk.adopting import slots as held
from kiosk.adopting.bare import bare_store
from kiosk.adopting.health import Facts, Trial
from kiosk.adopting.laying import Unusable, is_whole, sweep
from kiosk.adopting.making import Blobs, wall_of
from kiosk.adopting.moment import is_due
from kiosk.adopting.record import load, save
from kiosk.adopting.slots import Choice, Refused, Slots, Staged, Wall
from kiosk.adopting.talk import FactsWanted, RunningChanged, StoreReady
from kiosk.clock.clock import Clock
from kiosk.durable import DISK, Disk
from kiosk.fetching.errors import FetchError, Reason
from kiosk.fetching.fetcher import Fetched, FetchFailed, FetchProgress, News
from mqtt.commands import Phase, Running, Target

log = logging.getLogger(__name__)

WALLS: Final = "walls"
LOOK_S: Final = 1.0  # whether a moment has come; facts are asked for as often while a wall is watched
AGAIN_S: Final = 600.0  # until a release that could not be made into a wall for want of room is tried again
HOPELESS: Final = frozenset({"empty", "bad-content"})  # of no use however often it is tried


class Fetches(Protocol):
    """kiosk.fetching.fetcher.Fetcher, as far as it is needed here."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""

    def fetch(self, name: str = "") -> None:
        """Have this release from now on; "": the one signed for everybody."""

    def clean(self, keep: Sequence[Blob]) -> None:
        """Keep the files of these releases alone."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is. `carried`: a store the package brings, for when nothing else is whole."""

    folder: Path
    installed: Path
    carried: Path
    where: Where
    software: str

    @property
    def walls(self) -> Path:
        """Store folders by version."""
        return self.folder / WALLS


@dataclass(frozen=True, slots=True)
class Opened:
    """What to sell from at the start."""

    store: AnyStore
    folder: Path
    source: str  # of held.CHAIN, or "bare"


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
        self._place, self._blobs, self._clock, self._post = place, blobs, clock, post
        self.window_ms, self._minute_of, self._disk, self._look_s = window_ms, minute_of, disk, look_s
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._guard = threading.Lock()  # of what follows down to the thread
        self._slots = Slots()
        self._shown: Wall | None = None  # on the glass; None: what was installed
        self._offered: Wall | None = None  # posted, and somebody was buying
        self._trial: Trial | None = None
        self._unsaved = False
        self._fetching: tuple[str, int] | None = None
        self._failed: tuple[str, str, str] | None = None  # of this release: key, words
        self._current = ""  # the release for everybody, as far as known
        self._staged_ms = clock.mono_ms()
        self._again_ms: int | None = None
        self._fetcher: Fetches | None = None
        self._thread = threading.Thread(target=self._run, name="adopter", daemon=True)

    # --- the beginning ----------------------------------------------------------------------------------------

    def boot(self) -> Opened:
        """Open what this start sells from; something always can be. What is on trial has one start more from now on."""
        now = self._clock.wall_ms()
        self._slots = load(self._place.folder)
        started = held.start(self._slots, now)
        if started.staged is not None and started.trying is None and self._is_due(started.staged, 0):
            started = held.adopt(started, now)  # nobody buys yet
        self._become(started)
        found: dict[Choice, OpenStore] = {}

        def present(choice: Choice) -> bool:
            try:
                found[choice] = self._open(choice)
            except (StoreError, OSError) as error:
                if choice.wall is not None:
                    log.error("%s cannot be shown: %s", choice.wall.release, error)
                    self._become(held.lose(self._slots, choice.wall, now))
                return False
            return True

        choice = held.choose(self._slots, present)
        if choice is None:
            log.error("this kiosk holds nothing to sell")
            return Opened(bare_store(), self._place.installed, "bare")
        self._shown = choice.wall
        log.info("selling from %s: %s", choice.source, choice.wall.release if choice.wall else "no release")
        return Opened(found[choice], self._folder(choice), choice.source)

    def start(self, fetcher: Fetches | None) -> None:
        """Begin. None: no source can be asked, and what is here is kept."""
        self._fetcher = fetcher
        if fetcher is not None:
            fetcher.fetch(self._slots.target.name)
            fetcher.start()
        self._thread.start()

    def stop(self) -> None:
        """End the threads. The start that ends now was not a bad one."""
        if self._fetcher is not None:
            self._fetcher.stop()
        self._inbox.put(_STOP)
        if self._thread.is_alive():
            self._thread.join()
        with self._guard:
            self._become(held.leave(self._slots))

    # --- from any thread --------------------------------------------------------------------------------------

    def heard(self, news: News) -> None:
        """What the fetcher posts."""
        self._inbox.put(news)

    def want(self, target: Target | None) -> None:
        """The fleet says which release is to run; None: the one signed for everybody."""
        self._inbox.put(_Want(target or held.CURRENT))

    def facts(self, facts: Facts) -> None:
        """The answer to FactsWanted."""
        self._inbox.put(facts)

    def failed(self, reason: Reason, detail: str) -> None:
        """No release can be fetched at all."""
        self._inbox.put(FetchFailed("", reason, detail))

    def adopting(self, version: str, facts: Facts) -> None:
        """The owner's thread puts the store of this version on the glass now; it is written down before that is done."""
        with self._guard:
            staged = self._slots.staged
            if staged is not None and staged.wall.folder == version:
                self._adopt(facts)
            else:
                self._shown = next((wall for wall in self._in_order() if wall.folder == version), None)
            self._offered = None

    def running(self) -> Running:
        """What is told of it (mqtt.commands.Running)."""
        with self._guard:
            slots, shown = self._slots, self._shown
            target = slots.target.name or self._current
            phase, percent, reason, detail = self._phase(target)
            return Running(
                name=shown.release if shown else "",
                confirmed=shown is not None and slots.trying is None and shown == slots.confirmed,
                since_ms=slots.trying.since_ms if slots.trying else slots.since_ms,
                target=target,
                rollout=slots.target.rollout,
                phase=phase,
                percent=percent,
                reason=reason,
                detail=detail[:200],
            )

    # --- the thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        with self._guard:
            self._clean()
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
        match item:
            case _Want(target=target):
                self._aim(target)
            case Fetched():
                self._fetched(item)
            case FetchFailed(name=name, reason=reason, detail=detail):
                self._fetching, self._failed = None, (name, reason, detail)
            case FetchProgress(name=name, percent=percent):
                self._fetching = (name, percent)
            case Facts():
                self._judge(item)

    def _look(self) -> None:
        """What time alone brings."""
        now = self._clock.mono_ms()
        with self._guard:
            if self._unsaved:
                self._become(self._slots)
            staged, offered, trying = self._slots.staged, self._offered, self._slots.trying
        if staged is not None and offered != staged.wall and self._is_due(staged, now - self._staged_ms):
            self._offer(staged.wall)
        if trying is not None:
            self._post(FactsWanted())
        if self._again_ms is not None and now >= self._again_ms and self._fetcher is not None:
            self._again_ms = None
            self._fetcher.fetch(self._slots.target.name)

    def _aim(self, target: Target) -> None:
        with self._guard:
            if target == self._slots.target:
                return
            self._become(held.aim(self._slots, target, self._clock.wall_ms()))
            self._fetching = self._failed = None
            self._staged_ms = self._clock.mono_ms()
            self._trial = self._trial if self._slots.trying else None
        if self._fetcher is not None:
            self._fetcher.fetch(target.name)
        self._settle()

    def _fetched(self, news: Fetched) -> None:
        now = self._clock.wall_ms()
        with self._guard:
            self._fetching = self._failed = None
            if news.current:
                self._current = news.name
            if not self._slots.target.name or self._slots.target.name == news.name:
                self._become(held.at_hand(self._slots, news.name, now))
            wanted = held.may_try(self._slots, news.name)
        self._settle()
        if not wanted:
            return
        try:
            wall = wall_of(
                news.root, news.page, self._blobs, self._place.where, self._place.walls, self._place.software,
                self._disk,
            )  # fmt: skip
        except Unusable as error:
            self._unusable(news.name, error.reason, error.detail)
            return
        except FetchError as error:  # a blob was damaged meanwhile
            self._unusable(news.name, error.reason, error.detail)
            return
        activate = news.root.header.activate
        with self._guard:
            self._staged_ms = self._clock.mono_ms()
            self._become(held.stage(self._slots, Staged(wall, now, activate.at, activate.window)))
            self._clean()

    def _unusable(self, name: str, reason: str, detail: str) -> None:
        log.error("release %s: %s: %s", name, reason, detail)
        with self._guard:
            self._failed = (name, reason, detail)
            if reason in HOPELESS:
                why = Refused(reason, detail[:200], self._clock.wall_ms())
                self._become(held.refuse(self._slots, name, why))
            else:
                self._again_ms = self._clock.mono_ms() + int(AGAIN_S * 1000)

    def _offer(self, wall: Wall) -> None:
        """Its moment has come: hand it to the core, which waits until nobody is buying."""
        with self._guard:
            shown = self._shown
        if shown is not None and shown.folder == wall.folder:
            self._post(FactsWanted())  # it looks as what is shown: with the answer it is on the glass
            with self._guard:
                self._offered = wall
            return
        folder = self._place.walls / wall.folder
        try:
            store = self._whole(folder)
        except (StoreError, OSError) as error:
            self._lost(wall, error)
            return
        with self._guard:
            self._offered = wall
        log.info("%s is ready, and sold from when nobody is buying", wall.release)
        self._post(StoreReady(store, str(folder)))

    def _judge(self, facts: Facts) -> None:
        with self._guard:
            staged, shown = self._slots.staged, self._shown
            alike = (
                staged is not None
                and self._offered == staged.wall
                and shown is not None
                and shown.folder == staged.wall.folder
            )
            if alike:
                self._adopt(facts)
                self._offered = None
            trying = self._slots.trying
            if trying is None or shown != trying.wall:
                return
            self._trial = health.watch(self._trial, facts) if self._trial else health.begin(facts)
            verdict = health.judge(self._trial, self.window_ms)
            if verdict.kind == "wait":
                return
            self._trial = None
            if verdict.kind == "well":
                log.info("%s is well, and kept", trying.wall.release)
                self._become(held.confirm(self._slots))
                self._clean()
                return
            why = Refused(verdict.reason, verdict.detail, self._clock.wall_ms())
            log.error("%s is not well, and left: %s: %s", trying.wall.release, why.reason, why.detail)
            self._become(held.refuse(self._slots, trying.wall.release, why))
        self._settle()

    def _settle(self) -> None:
        """Bring back what is to be on the glass, where it is not: what was on trial was left, or is not wanted any more."""
        with self._guard:
            wanted, shown = held.running(self._slots), self._shown
            if wanted == shown or (wanted is None and shown is None):
                return
        if wanted is not None and shown is not None and wanted.folder == shown.folder:
            with self._guard:
                self._shown = wanted
            return
        opened: list[OpenStore] = []

        def present(choice: Choice) -> bool:
            try:
                opened.append(self._open(choice))
            except (StoreError, OSError) as error:
                if choice.wall is not None:
                    self._lost(choice.wall, error)
                return False
            return True

        choice = held.choose(self._slots, present)
        if choice is None:
            log.error("there is nothing else to show than what was left")
            return
        self._post(StoreReady(opened[0], str(self._folder(choice))))

    # --- inside; the guard is held where slots change ----------------------------------------------------------

    def _adopt(self, facts: Facts) -> None:
        self._become(held.adopt(self._slots, self._clock.wall_ms()))
        if self._slots.trying is not None:
            self._shown, self._trial = self._slots.trying.wall, health.begin(facts)

    def _become(self, slots: Slots) -> None:
        """Write down what follows, and let it be so. Where it cannot be written it is tried again; an older state is safe, too."""
        if slots == self._slots and not self._unsaved:
            return
        self._slots = slots
        try:
            save(self._place.folder, slots, self._disk)
            self._unsaved = False
        except OSError as error:
            if not self._unsaved:
                log.error("which releases this kiosk holds cannot be written down: %s", error)
            self._unsaved = True

    def _lost(self, wall: Wall, error: Exception) -> None:
        log.error("%s cannot be shown: %s", wall.release, error)
        with self._guard:
            self._become(held.lose(self._slots, wall, self._clock.wall_ms()))
        if self._fetcher is not None:
            self._fetcher.fetch(self._slots.target.name)

    def _clean(self) -> None:
        """Leave to the disk what no slot needs any more."""
        kept = held.walls(self._slots) | ({self._shown} if self._shown else set())
        try:
            gone = sweep(self._place.walls, {wall.folder for wall in kept}, self._disk)
            if gone:
                log.info("%d walls nobody needs are gone", gone)
        except OSError as error:
            log.warning("walls nobody needs stay: %s", error)
        if self._fetcher is not None and kept:
            self._fetcher.clean([wall.page for wall in sorted(kept, key=str) if wall.page is not None])

    def _phase(self, target: str) -> tuple[Phase, int, str, str]:
        slots = self._slots
        if slots.trying is not None and self._shown == slots.trying.wall:
            return "trying", 0, "", ""
        if slots.staged is not None:
            return ("waiting" if self._offered == slots.staged.wall else "staged"), 100, "", ""
        if (why := slots.refused.get(target)) is not None:
            return "failed", 0, why.reason, why.detail
        if self._fetching is not None:
            return "fetching", self._fetching[1], "", ""
        here = held.running(slots)
        if self._failed is not None and (here is None or here.release != target):
            return "failed", 0, self._failed[1], self._failed[2]
        return "", 0, "", ""

    def _is_due(self, staged: Staged, waited_ms: int) -> bool:
        wall_ms = self._clock.wall_ms()
        minute = self._minute_of(wall_ms) if self._clock.quality() != "unsynced" else None
        return is_due(staged, wall_ms, minute, waited_ms)

    def _in_order(self) -> list[Wall]:
        slots = self._slots
        found = (slots.trying.wall if slots.trying else None, slots.confirmed, slots.previous)
        return [wall for wall in found if wall is not None]

    def _folder(self, choice: Choice) -> Path:
        if choice.wall is not None:
            return self._place.walls / choice.wall.folder
        return self._place.installed if choice.source == "installed" else self._place.carried

    def _open(self, choice: Choice) -> OpenStore:
        folder = self._folder(choice)
        return self._whole(folder) if choice.wall is not None else OpenStore(folder)

    @staticmethod
    def _whole(folder: Path) -> OpenStore:
        if not is_whole(folder):
            raise StoreError(f"{folder}: not a whole wall")
        return OpenStore(folder)
