"""Roll-outs as the fleet has them: book, pins, the repository their releases are in, and who carries them on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import structs

from fleet.clock import Clock
from fleet.live import Hub
from fleet.operating.desired import Desires
from fleet.rollouts.book import RolloutBook, Wish
from fleet.rollouts.model import Rollout
from fleet.rollouts.pins import Pins
from fleet.rollouts.repository import Releases
from fleet.rollouts.worker import Worker
from fleet.store.store import Store


class Rollouts:
    """`folder`: of the repository; None: releases are kept elsewhere, and any name is believed."""

    def __init__(
        self, store: Store, desires: Desires, live: Hub, clock: Clock, folder: Path | None = None
    ) -> None:
        self.releases = Releases(folder)
        self.hangs: Callable[[str], str] = _nobody_knows  # how the wall of a kiosk hangs
        self.book = RolloutBook(store, desires, live, clock, self._groups)
        self.pins = Pins(store, desires, clock)
        self.worker = Worker(store, self.book, clock)
        self.on_report: Callable[[], object] = _nothing  # who else wants to know
        desires.on_report = self._reported

    def _reported(self) -> None:
        self.worker.wake()
        self.on_report()

    def _groups(self, kiosk: str, tags: frozenset[str]) -> frozenset[str]:
        return self.releases.groups(kiosk, tags, self.hangs(kiosk))

    def make(self, wish: Wish, who: str, why: str) -> Rollout:
        """A draft of a release that is there. Raises BadRollout."""
        self.releases.check(wish.kind, wish.target)
        activates_ms = wish.activates_ms or self.releases.activates_ms(wish.kind, wish.target)
        return self.book.make(structs.replace(wish, activates_ms=activates_ms), who, why)

    def act(self, rollout: str, deed: str, who: str, why: str) -> Rollout:
        """A person's decision, which is carried out at once. Raises BadRollout."""
        after = self.book.act(rollout, deed, who, why)
        self.worker.wake()
        return after


def _nobody_knows(_kiosk: str) -> str:
    return ""


def _nothing() -> None:
    """Nobody wants to know."""
