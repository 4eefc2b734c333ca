"""What an agent holds of releases: the slots as they are written down, which wall is on the glass, and what is told of both."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from content.authored import Where
from content.durable import DISK, Disk
from content.release.manifest import Blob
from content.store import AnyStore, OpenStore, StoreError
from kiosk.adopting import slots as held
from kiosk.adopting.bare import bare_store
from kiosk.adopting.laying import is_whole, sweep
from kiosk.adopting.moment import is_due
from kiosk.adopting.record import load, save
from kiosk.adopting.slots import Choice, Slots, Staged, Wall
from kiosk.clock.clock import Clock
from mqtt.commands import Phase, Running

log = logging.getLogger(__name__)

WALLS: Final = "walls"
STEP: Final = 20  # percent of a fetch between two words of it: each is a transaction of the fleet, and kiosks fetch by thousands


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


class Holding:
    """See the module. `guard` is held by whoever changes anything in here, or reads more than one thing of it."""

    def __init__(
        self, place: Place, clock: Clock, minute_of: Callable[[int], int], disk: Disk = DISK
    ) -> None:
        """`minute_of(wall_ms)`: of the local day."""
        self.place, self._clock, self._minute_of, self._disk = place, clock, minute_of, disk
        self.guard = threading.Lock()
        self.slots = Slots()
        self.shown: Wall | None = None  # on the glass; None: what was installed
        self.offered: Wall | None = None  # posted, and somebody was buying
        self.lacks = ""  # what the wall on trial waits for (kiosk.adopting.health)
        self.unsaved = False
        self.fetching: tuple[str, int] | None = None  # a release, percent
        self.failed: tuple[str, str, str] | None = None  # a release, a key, words
        self.current = ""  # the release for everybody, as far as known

    def boot(self) -> Opened:
        """Open what this start sells from; something always can be. What is on trial has one start more from now on."""
        now = self._clock.wall_ms()
        self.slots = load(self.place.folder)
        started = held.start(self.slots, now)
        if started.staged is not None and started.trying is None and self.is_due(started.staged, 0):
            started = held.adopt(started, now)  # nobody buys yet
        self.become(started)
        found: dict[Choice, OpenStore] = {}

        def present(choice: Choice) -> bool:
            try:
                found[choice] = self.open(choice)
            except (StoreError, OSError) as error:
                if choice.wall is not None:
                    log.error("%s cannot be shown: %s", choice.wall.release, error)
                    self.become(held.lose(self.slots, choice.wall, now))
                return False
            return True

        choice = held.choose(self.slots, present)
        if choice is None:
            log.error("this kiosk holds nothing to sell")
            return Opened(bare_store(), self.place.installed, "bare")
        self.shown = choice.wall
        log.info("selling from %s: %s", choice.source, choice.wall.release if choice.wall else "no release")
        return Opened(found[choice], self.folder(choice), choice.source)

    def running(self) -> Running:
        """What is told of it (mqtt.commands.Running)."""
        with self.guard:
            slots, shown = self.slots, self.shown
            target = slots.target.name or self.current
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

    def become(self, slots: Slots) -> None:
        """Write down what follows, and let it be so. Where it cannot be written it is tried again; an older state is safe, too."""
        if slots == self.slots and not self.unsaved:
            return
        self.slots = slots
        try:
            save(self.place.folder, slots, self._disk)
            self.unsaved = False
        except OSError as error:
            if not self.unsaved:
                log.error("which releases this kiosk holds cannot be written down: %s", error)
            self.unsaved = True

    def clean(self, fetcher: Fetches | None) -> None:
        """Leave to the disk what no slot needs any more. Called without the guard and by the thread that makes walls: taking away
        thousands of files must not hold up the agent's owner, who asks for `running`; what is needed grows by that thread alone.
        """
        with self.guard:
            kept = held.walls(self.slots) | ({self.shown} if self.shown else set())
        try:
            gone = sweep(self.place.walls, {wall.folder for wall in kept}, self._disk)
            if gone:
                log.info("%d walls nobody needs are gone", gone)
        except OSError as error:
            log.warning("walls nobody needs stay: %s", error)
        if fetcher is not None and kept:
            fetcher.clean([wall.page for wall in sorted(kept, key=str) if wall.page is not None])

    def _phase(self, target: str) -> tuple[Phase, int, str, str]:
        slots = self.slots
        if slots.trying is not None and self.shown == slots.trying.wall:
            return "trying", 0, self.lacks, ""
        if slots.staged is not None:
            return ("waiting" if self.offered == slots.staged.wall else "staged"), 100, "", ""
        if (why := slots.refused.get(target)) is not None:
            return "failed", 0, why.reason, why.detail
        if self.fetching is not None:
            return "fetching", self.fetching[1] // STEP * STEP, "", ""
        here = held.running(slots)
        if self.failed is not None and (here is None or here.release != target):
            if self.failed[1] == "not-now":  # its hours for fetching come: nothing has failed
                return "fetching", 0, self.failed[1], self.failed[2]
            return "failed", 0, self.failed[1], self.failed[2]
        return "", 0, "", ""

    def is_due(self, staged: Staged, waited_ms: int) -> bool:
        """Whether its moment has come."""
        wall_ms = self._clock.wall_ms()
        minute = self._minute_of(wall_ms) if self._clock.quality() != "unsynced" else None
        return is_due(staged, wall_ms, minute, waited_ms)

    def in_order(self) -> list[Wall]:
        """What may be on the glass, what is to be first."""
        slots = self.slots
        found = (slots.trying.wall if slots.trying else None, slots.confirmed, slots.previous)
        return [wall for wall in found if wall is not None]

    def folder(self, choice: Choice) -> Path:
        """Where a choice lies."""
        if choice.wall is not None:
            return self.place.walls / choice.wall.folder
        return self.place.installed if choice.source == "installed" else self.place.carried

    def open(self, choice: Choice) -> OpenStore:
        """Open it. Raises StoreError where it is not whole, OSError."""
        folder = self.folder(choice)
        return self.whole(folder) if choice.wall is not None else OpenStore(folder)

    @staticmethod
    def whole(folder: Path) -> OpenStore:
        """Open a wall. Raises StoreError where it is not whole."""
        if not is_whole(folder):
            raise StoreError(f"{folder}: not a whole wall")
        return OpenStore(folder)
