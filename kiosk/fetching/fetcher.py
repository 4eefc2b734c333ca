"""The thread that brings releases: told what is wanted, it tries until it has it, and looks by itself what is new.

It posts into the agent's inbox and touches nothing else of it. A failure is said each time and tried again after a pause
that doubles to an hour, so a file that is not there is not asked for in a loop (rauc-hawkbit-updater #158).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec import Struct

from content.durable import DISK
from content.release.manifest import Blob, Root
from content.signing import PURPOSES, Purpose
from kiosk.fetching.errors import FetchError
from kiosk.fetching.files import alone
from kiosk.fetching.pace import Pace, is_open
from kiosk.fetching.releases import Allowed, Fetching, Whole
from kiosk.fetching.sources import Source

log = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 15.0
LONGEST_PAUSE_S: Final = 3600.0
LOOK_S: Final = 5.0  # from one look at folders to the next; each is one stat()
BUSY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Fetched:
    """A release is whole on this kiosk. `page` is its root page: what to keep it by (Fetching.clean)."""

    name: str
    root: Root
    page: Blob
    current: bool  # it is what was wanted as "the release for everybody"


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """It could not be brought now; it is tried again. `name` is "" where it is not known what is current."""

    name: str
    reason: str  # kiosk.fetching.errors.Reason
    detail: str


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """So much of it is here."""

    name: str
    percent: int


News = Fetched | FetchFailed | FetchProgress


class Rules(Struct, frozen=True, kw_only=True):
    """How to fetch; exchanged whole when the fleet says otherwise."""

    sources: tuple[Source, ...]  # asked for metadata, then for blobs
    peers: tuple[Source, ...] = ()  # other kiosks: asked for blobs first, for metadata last
    kib_s: int = 0  # 0: as fast as it goes
    window: tuple[int, int] | None = None  # minutes of the local day in which files are fetched; None: always
    metered_bytes: int | None = None
    check_s: float = 900.0  # from one look for news to the next, give or take a tenth


class Fetcher:
    """See the module. `fetch`, `obey`, `keys` and `stop` may be called from any thread."""

    def __init__(
        self,
        fetching: Fetching,
        rules: Rules,
        post: Callable[[News], None],
        pace: Pace,
        minute: Callable[[], int | None],
        *,
        stopped: threading.Event | None = None,
        jitter: Callable[[], float] = random.random,
        folder: Path | None = None,
    ) -> None:
        """`pace`: the one `fetching` waits by. `minute`: of the local day, None while no clock is trusted: then any hour will do.

        `folder`: the content folder, which `endcap kiosk fetch` may be using, too.
        """
        self._folder = folder
        self._fetching, self._rules, self._post, self._pace = fetching, rules, post, pace
        self._minute, self._jitter = minute, jitter
        self._guard = threading.Lock()
        self._news = threading.Event()
        self._stopped = stopped or threading.Event()
        self._wanted, self._asked = "", True
        self._done: str | None = None  # sha256 of the root page last posted
        self._keep: tuple[Blob, ...] | None = None
        self._thread = threading.Thread(target=self._run, name="fetch", daemon=True)
        self._keys = {purpose: fetching.keys(purpose) for purpose in PURPOSES}
        self._apply(rules)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, also in the middle of a file; what came of it is kept."""
        self._stopped.set()
        self._news.set()
        for source in (*self._rules.sources, *self._rules.peers):
            source.abort()
        if self._thread.is_alive():
            self._thread.join()

    def fetch(self, name: str = "") -> None:
        """Have this release, "" for the one signed for everybody, from now on. Fetched is posted even if it is here already."""
        with self._guard:
            self._wanted, self._asked, self._done = name, True, None
        self._news.set()

    def obey(self, rules: Rules) -> None:
        """Fetch by other rules, from the next file on."""
        with self._guard:
            before, self._rules = self._rules, rules
        kept = {id(source) for source in (*rules.sources, *rules.peers)}
        for source in (*before.sources, *before.peers):
            if id(source) not in kept:
                source.abort()
        self._apply(rules)
        self._news.set()

    def clean(self, keep: Sequence[Blob]) -> None:
        """Keep these releases, by their root pages, and take away the rest when nothing is being fetched."""
        with self._guard:
            self._keep = tuple(keep)
        self._news.set()

    def keys(self, purpose: Purpose) -> dict[str, bytes]:
        """See Fetching.keys; as of the last look at the sources, or the last run's."""
        return self._keys[purpose]

    # --- the thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopped.is_set():
            self._news.clear()
            with self._guard:
                name, asked, rules, keep = self._wanted, self._asked, self._rules, self._keep
                self._asked, self._keep = False, None
            if keep is not None:
                self._clean(keep, name)
            if asked:
                pause = FIRST_PAUSE_S
                self._fetching.blobs.look_again()  # whoever asks may have found something damaged
            failed = self._turn(name, rules)
            if failed is None:
                wait, pause = rules.check_s * (0.9 + 0.2 * self._jitter()), FIRST_PAUSE_S
            else:
                wait, pause = pause * (0.5 + self._jitter()), min(2 * pause, LONGEST_PAUSE_S)
                if not self._stopped.is_set() and self._wanted == name:
                    log.warning("release %s was not fetched: %s", name or "for everybody", failed)
                    self._post(FetchFailed(name, failed.reason, failed.detail))
            self._pause(wait, rules)
        for source in (*self._rules.sources, *self._rules.peers):
            source.close()

    def _pause(self, wait_s: float, rules: Rules) -> None:
        """Wait for news; a stick that comes is news."""
        folders = [source for source in (*rules.sources, *rules.peers) if source.stamp() is not None]
        before = [source.stamp() for source in folders]
        end = time.monotonic() + wait_s
        while (left := end - time.monotonic()) > 0:
            if self._news.wait(min(left, LOOK_S) if folders else left):
                return
            if [source.stamp() for source in folders] != before:
                return

    def _busy(self) -> None:
        if self._stopped.wait(BUSY_S):
            raise FetchError("stopped")

    def _turn(self, name: str, rules: Rules) -> FetchError | None:
        try:
            with alone(DISK, self._folder, self._busy) if self._folder else nullcontext():
                whole = self._bring(name, rules)
        except FetchError as error:
            return error
        except Exception as error:  # a fault of ours must not leave the kiosk deaf to releases
            log.exception("fetching failed")
            return FetchError("bad-release", f"{type(error).__name__}: {error}")
        with self._guard:
            fresh = self._wanted == name and self._done != whole.page.sha256
            if fresh:
                self._done = whole.page.sha256
        if fresh:
            self._post(Fetched(whole.name, whole.root, whole.page, not name))
        return None

    def _bring(self, name: str, rules: Rules) -> Whole:
        self._fetching.refresh((*rules.sources, *rules.peers))
        self._keys = {purpose: self._fetching.keys(purpose) for purpose in PURPOSES}
        signed = self._fetching.wanted(name)
        there = self._fetching.whole(signed) if self._done == signed.page.sha256 else None
        if there is not None:
            return there
        said = [-1]

        def progress(have: int, size: int) -> None:
            if self._wanted != name:  # a way back must not wait for the rest of what it leads away from
                raise FetchError("stopped", "something else is wanted")
            percent = have * 100 // size if size else 100
            if percent != said[0]:
                said[0] = percent
                self._post(FetchProgress(signed.name, percent))

        minute = self._minute()
        allowed = Allowed(
            blobs=minute is None or is_open(rules.window, minute), metered_bytes=rules.metered_bytes
        )
        return self._fetching.fetch(signed, (*rules.peers, *rules.sources), progress, allowed)

    def _clean(self, keep: tuple[Blob, ...], name: str) -> None:
        try:
            files, freed = self._fetching.clean(keep, name)
            if files:
                log.info("%d files, %d bytes of releases nobody needs are gone", files, freed)
        except FetchError as error:
            log.warning("nothing was cleaned up: %s", error)

    def _apply(self, rules: Rules) -> None:
        self._pace.kib_s = rules.kib_s
