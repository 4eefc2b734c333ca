"""Fetching and exchanging programs, put together for the kiosk: opened from its configuration and the launcher's words."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.adopting.talk import FactsWanted, Fetching, NoReleases, Programs, ProgramsReady, RunningChanged
from kiosk.clock.clock import Clock
from kiosk.config import Config
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.errors import FetchError
from kiosk.fetching.fetcher import Fetcher, News
from kiosk.fetching.files import read_if_there
from kiosk.fetching.opening import fetcher_of, rules_of
from kiosk.fetching.pace import Pace
from kiosk.fetching.settings import MIB, BadContent
from kiosk.fetching.trust import MOST_ROOT, Trust
from kiosk.operated.desired import local_minute, software
from kiosk.software.fetching import SoftwareFetching
from kiosk.software.updater import Place, Updater
from mqtt.commands import Running, Target

log = logging.getLogger(__name__)

KEEP: Final = 1 << 30  # bytes of wheels


class Unlaunched(NoReleases):
    """A kiosk that nobody would start from another side: it says so where it is to run another release."""

    def __init__(self) -> None:
        self._target = Target(name="")

    def want(self, target: Target | None) -> None:
        """The fleet says which release is to run."""
        self._target = target or Target(name="")

    def running(self) -> Running:
        """What is told of it."""
        if not self._target.name:
            return Running()
        return Running(
            target=self._target.name, rollout=self._target.rollout, phase="failed", reason="no-launcher",
            detail="the agent was not started by launch.py (docs/software.md)",
        )  # fmt: skip


class Software:
    """The threads that fetch and exchange programs."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        post: Callable[[FactsWanted | RunningChanged | ProgramsReady], None],
    ) -> None:
        """`post`: into the agent's inbox."""
        self._config, self._clock = config, clock
        self._updater: Updater | None = None
        self._fetcher: Fetcher | None = None
        self._folder = Path(os.environ.get("ENDCAP_SOFTWARE", ""))
        self.programs: Programs = Unlaunched()
        if os.environ.get("ENDCAP_SOFTWARE"):
            place = Place(self._folder, os.environ.get("ENDCAP_SIDE", ""), software())
            self._updater = Updater(
                place, self._blobs(), clock, post, window_ms=config.content.health_s * 1000,
                minute_of=local_minute,
            )  # fmt: skip
            self._updater.boot()
            self.programs = self._updater

    def start(self) -> None:
        """Begin; returns at once."""
        if self._updater is None:
            return
        fetcher: Fetcher | None = None
        try:
            fetcher = self._open(self._updater.heard)
        except (FetchError, BadContent, OSError) as error:
            log.error("no software can be fetched: %s", error)
            self._updater.failed(error.reason if isinstance(error, FetchError) else "disk", str(error))
        self._fetcher = fetcher
        self._updater.start(fetcher, self._obey)

    def stop(self) -> None:
        """End all threads."""
        if self._updater is not None:
            self._updater.stop()

    def _obey(self, how: Fetching) -> None:
        if self._fetcher is not None:
            self._fetcher.obey(
                rules_of(
                    self._config.content, self._clock, sources=how.sources, kib_s=how.kib_s, window=how.window
                )
            )

    def _open(self, post: Callable[[News], None]) -> Fetcher:
        table, clock = self._config.content, self._clock
        root = read_if_there(Path(table.root), MOST_ROOT)
        if root is None:
            raise FetchError("unsigned", f"{table.root}: no root metadata to believe")
        stopped = threading.Event()
        pace = Pace(stopped=stopped)
        trust = Trust(self._folder / "trust", root, lambda: clock.wall_ms() // 1000)
        fetching = SoftwareFetching(trust, self._blobs(), pace.wait)
        return fetcher_of(fetching, table, self._folder, clock, post, pace, stopped, local_minute)

    def _blobs(self) -> BlobStore:
        least = self._config.content.free_mib * MIB
        return BlobStore(self._folder / "blobs", max_bytes=KEEP, max_files=1000, least_free=least)
