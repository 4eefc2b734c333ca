"""Somebody who builds programs, and a kiosk that fetches and exchanges them; a launcher that starts it again."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from content.durable import DISK, Disk
from content.release.keys import Ring
from content.release.repository import Repository
from content.release.rotation import create, key_names, make_keys
from content.software import cli
from kiosk.adopting.health import Facts
from kiosk.adopting.record import load
from kiosk.adopting.slots import Slots
from kiosk.adopting.talk import FactsWanted, Fetching, ProgramsReady
from kiosk.clock.clock import SystemClock
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.fetcher import Fetcher, News, Rules
from kiosk.fetching.pace import Pace
from kiosk.fetching.sources import FolderSource
from kiosk.fetching.trust import Trust
from kiosk.software import launch
from kiosk.software.fetching import SoftwareFetching
from kiosk.software.updater import Place, Updater
from mqtt.commands import Running, Target
from tests.content.software.made import wheel
from tests.kiosk.until import until

NOW = int(time.time())
NOTHING: Sequence[str] = ("true",)
IMAGE = "ab" * 32  # a digest


class Builder:
    """Publishes wheels of a very small endcap."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.keys = folder, folder / "keys"
        make_keys(self.keys, key_names(["demo"]), None)
        self.repository = Repository(folder / "repository")
        create(self.repository, Ring([self.keys]), ["demo"], NOW)

    def publish(self, version: str, files: dict[str, str | bytes] | None = None, *more: str) -> str:
        """A release of a wheel with these files; its name."""
        code: dict[str, str | bytes] = {"endcap.py": f"VERSION = '{version}'\n", "kiosk/a.py": version}
        made = wheel(self.folder / version, version, code | (files or {}))
        assert cli.main([str(made), "--version", version, *more, *self.where]) == 0
        return f"endcap-{version}"

    def publish_image(self, name: str, version: str) -> str:
        """A release that names an image; its name."""
        image = f"{name}={IMAGE}"
        assert cli.main(["--image", image, "--version", version, "--name", name, *self.where]) == 0
        return name

    @property
    def where(self) -> list[str]:
        """The commands' words for this repository."""
        return ["--repository", str(self.repository.folder), "--keys", str(self.keys)]

    def root(self) -> bytes:
        return (self.repository.folder / "metadata" / "1.root.json").read_bytes()


def fetching_of(
    builder: Builder, folder: Path, *, disk: Disk = DISK, most: int = 64 << 20
) -> SoftwareFetching:
    """A kiosk's half, opened anew."""
    trust = Trust(folder / "trust", builder.root(), lambda: NOW, disk)
    return SoftwareFetching(trust, BlobStore(folder / "blobs", least_free=0, disk=disk), most=most)


class Kiosk:
    """One start of the agent after the other: what the launcher chooses is what runs."""

    def __init__(
        self, folder: Path, builder: Builder, check: Sequence[str] = NOTHING, *, window_ms: int = 0
    ) -> None:
        self.folder, self.builder, self._check, self.window_ms = folder, builder, check, window_ms
        self.clock = SystemClock(trusted=True)
        self.buying = False
        self.obeyed: list[tuple[str, Fetching]] = []
        self.facts = Facts(mono_ms=0, showing=True, frames=9, facings=4, screens=1, connected=1)
        self.left = False
        self.updater: Updater | None = None

    def start(self, version: str = "1.0.0", *, disk: Disk = DISK) -> str:
        """Start; from which side."""
        self.folder.mkdir(exist_ok=True)
        side = launch.begin(self.folder, self.clock.wall_ms())
        updater = Updater(
            Place(self.folder, side, version), BlobStore(self.folder / "blobs", least_free=0), self.clock, self._post,
            window_ms=self.window_ms, minute_of=lambda _: 0, look_s=0.02, check=self._check, disk=disk,
        )  # fmt: skip
        self.left, self.updater = False, updater
        updater.boot()
        updater.start(self._fetcher(updater), self._obey)
        return side

    def _fetcher(self, updater: Updater) -> Fetcher:
        rules = Rules(sources=(FolderSource(self.builder.repository.folder),))
        post: list[News] = []

        def heard(news: News) -> None:
            post.append(news)
            updater.heard(news)

        return Fetcher(fetching_of(self.builder, self.folder), rules, heard, Pace(), lambda: None)

    def _obey(self, how: Fetching) -> None:
        self.obeyed.append((threading.current_thread().name, how))

    def _post(self, item: object) -> None:
        """What the agent does with it."""
        assert self.updater is not None
        if isinstance(item, FactsWanted):
            self.updater.facts(self.facts)
        if isinstance(item, ProgramsReady) and not self.buying and not self.left:
            self.left = self.updater.leaving(self.facts)

    def stop(self) -> None:
        if self.updater is not None:
            self.updater.stop()
            self.updater = None

    def want(self, name: str) -> None:
        assert self.updater is not None
        self.updater.want(Target(name=name, rollout="r1"))

    def running(self) -> Running:
        assert self.updater is not None
        return self.updater.running()

    def slots(self) -> Slots:
        return load(self.folder)

    def until_left(self) -> None:
        until(lambda: self.left, "the agent to end")
        self.stop()

    def until_phase(self, phase: str) -> Running:
        until(lambda: self.running().phase == phase, phase)
        return self.running()
