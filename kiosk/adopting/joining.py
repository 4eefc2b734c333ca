"""Fetching and adopting, put together for the program of a kiosk: opened from its configuration, started, stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from content.authored import Where
from content.authored.model import Orientation
from content.signing import Purpose
from kiosk.adopting.adopter import Adopter
from kiosk.adopting.holding import Opened, Place
from kiosk.adopting.talk import FactsWanted, Fetching, RunningChanged, StoreReady
from kiosk.clock.clock import Clock
from kiosk.config import Config
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.errors import FetchError
from kiosk.fetching.fetcher import Fetcher
from kiosk.fetching.opening import FOLDER, open_fetcher, open_sharing, rules_of
from kiosk.fetching.settings import BadContent
from kiosk.fetching.sharing import Sharing
from kiosk.operated.desired import local_minute, software

log = logging.getLogger(__name__)


def place_of(config: Config) -> Place:
    """Where a kiosk keeps its releases, and who it is to them."""
    address, panel = config.address, config.panel
    orientation: Orientation = "portrait" if panel.height >= panel.width else "landscape"
    return Place(
        folder=config.state / FOLDER,
        installed=config.store,
        carried=Path(config.content.carried),
        where=Where(address.tenant, address.site, address.kiosk, orientation, config.content.tags),
        software=software(),
    )


class Content:
    """The threads that fetch, share and adopt. Whatever of it cannot work is said, and the wall sells all the same."""

    def __init__(
        self, config: Config, clock: Clock, post: Callable[[StoreReady | FactsWanted | RunningChanged], None]
    ) -> None:
        """`post`: into the agent's inbox."""
        self._config, self._clock = config, clock
        place = place_of(config)
        self.adopter = Adopter(
            place,
            BlobStore(place.folder / "blobs"),
            clock,
            post,
            window_ms=config.content.health_s * 1000,
            minute_of=local_minute,
        )
        self._fetcher: Fetcher | None = None
        self._sharing: Sharing | None = None

    def boot(self) -> Opened:
        """What to sell from. See Adopter.boot."""
        return self.adopter.boot()

    def start(self) -> None:
        """Begin; returns at once."""
        config = self._config
        try:
            self._fetcher = open_fetcher(
                config.content,
                config.address.tenant,
                config.state,
                self._clock,
                self.adopter.heard,
                local_minute,
            )
        except (FetchError, BadContent, OSError) as error:
            log.error("no release can be fetched: %s", error)
            self.adopter.failed(error.reason if isinstance(error, FetchError) else "disk", str(error))
        self.adopter.start(self._fetcher, self._obey)
        try:
            self._sharing = open_sharing(config.content, config.state)
        except OSError as error:
            log.error("releases are not shared with other kiosks: %s", error)
        if self._sharing is not None:
            self._sharing.start()

    def _obey(self, how: Fetching) -> None:
        if self._fetcher is None:
            return
        rules = rules_of(
            self._config.content, self._clock, sources=how.sources, kib_s=how.kib_s, window=how.window
        )
        log.info("releases are fetched from %s", how.sources or "where kiosk.toml says")
        self._fetcher.obey(rules)

    def keys(self, purpose: Purpose) -> Mapping[str, bytes]:
        """Whose word on live changes and alerts counts, as the operator signed it beside the releases."""
        return self._fetcher.keys(purpose) if self._fetcher is not None else {}

    def stop(self) -> None:
        """End all threads."""
        if self._sharing is not None:
            self._sharing.stop()
        self.adopter.stop()
