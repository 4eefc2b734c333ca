"""Releases go on the glass of a whole agent, are watched, kept, or left again; without screen, hardware and network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from content.authored import Where
from content.durable import DISK, Disk
from content.release.manifest import Activation, Blob, Root
from content.store import AnyStore, write_store
from kiosk.adopting.adopter import Adopter
from kiosk.adopting.health import Facts
from kiosk.adopting.holding import Opened, Place
from kiosk.adopting.record import read
from kiosk.adopting.talk import FactsWanted, Fetching, Hanging, RunningChanged, StoreReady
from kiosk.clock.clock import SystemClock
from kiosk.fetching.fetcher import Fetched, FetchFailed, FetchProgress
from mqtt.commands import Target
from tests.content import shop
from tests.kiosk.adopting.releases import Folder, goods, release
from tests.kiosk.until import until

PAGE = Blob("0" * 64, 1, 1)


class Asked:
    """Whoever fetches, as far as it is asked: news are given by the test."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.kept: list[Blob] = []

    def start(self) -> None:
        """Nothing runs."""

    def stop(self) -> None:
        """Nothing runs."""

    def fetch(self, name: str = "") -> None:
        self.names.append(name)

    def clean(self, keep: Sequence[Blob]) -> None:
        self.kept = list(keep)


class Wall:
    """An adopter between a fetcher and an agent that nobody buys from: what it offers goes on the glass at once."""

    def __init__(
        self,
        folder: Path,
        *,
        window_ms: int = 0,
        minute: int = 0,
        buying: bool = False,
        disk: Disk = DISK,
        obey: Callable[[Fetching], object] | None = None,
    ) -> None:
        self.folder, self.published = folder, folder / "published"
        self.fetcher, self.buying, self.waiting = Asked(), buying, list[StoreReady]()
        self.showing = True
        self.healthy, self.mono, self.changes = True, 0, 0
        place = Place(
            folder / "content", folder / "store", folder / "carried", Where("demo", "s1", "K1"), "1.0"
        )
        self.adopter = Adopter(
            place, Folder(self.published), SystemClock(trusted=True), self.post, window_ms=window_ms,
            minute_of=lambda _: minute, look_s=0.01, disk=disk,
        )  # fmt: skip
        self.opened: Opened = self.adopter.boot()
        self.shown, self.left = (
            self.opened.store,
            list[AnyStore](),
        )  # a test may still be reading the one before
        self.adopter.start(self.fetcher, obey)

    def post(self, item: object) -> None:
        if isinstance(item, FactsWanted):
            self.adopter.facts(self.facts())
        elif isinstance(item, RunningChanged):
            self.changes += 1
        elif isinstance(item, StoreReady):
            self.waiting.append(item)
            if not self.buying:
                self.leave()

    def leave(self) -> None:
        """Nobody buys any more."""
        ready = self.waiting.pop()
        self.adopter.adopting(ready.store.store.version, self.facts())
        self.left.append(self.shown)
        self.shown = ready.store

    def facts(self) -> Facts:
        self.mono += 10
        return Facts(
            mono_ms=self.mono,
            showing=self.showing,
            frames=9,
            facings=4 if self.healthy else 0,
            screens=1,
            connected=1,
        )

    def publish(self, number: int, *, minor: int = 0, activate: Activation | None = None) -> Root:
        root = release(self.published, number, goods(minor=minor or 100 + number), activate=activate)
        self.give(root)
        return root

    def give(self, root: Root, *, current: bool = True) -> None:
        self.adopter.heard(Fetched(root.header.name, root, PAGE, current))

    def phase(self) -> tuple[str, str, bool]:
        running = self.adopter.running()
        return running.name, running.phase, running.confirmed

    def reaches(self, name: str, phase: str, confirmed: bool) -> None:
        until(lambda: self.phase() == (name, phase, confirmed), f"{name} {phase} {confirmed}")

    def price(self) -> int:
        product = self.shown.product(shop.gtin(1))
        assert product is not None
        return product.price.minor

    def stop(self) -> None:
        self.adopter.stop()
        for ready in self.waiting:
            ready.store.close()
        for store in (*self.left, self.shown):
            store.close()

    def crash(self) -> None:
        """The power goes: what is on the disk is all there is."""
        record = (self.folder / "content" / "slots.json").read_bytes()
        self.stop()
        (self.folder / "content" / "slots.json").write_bytes(record)


@pytest.fixture
def hang(tmp_path: Path) -> Iterator[Callable[..., Wall]]:
    """Hang a wall; hung again, it is the next start."""
    write_store(tmp_path / "store", shop.STORE, shop.products(4, 700))
    hung: list[Wall] = []

    def make(**how: object) -> Wall:
        hung.append(Wall(tmp_path, **how))  # type: ignore[arg-type]
        return hung[-1]

    yield make
    hung[-1].stop()


def test_a_release_is_adopted_watched_and_kept(hang: Callable[..., Wall]) -> None:
    wall = hang()
    assert wall.opened.source == "installed"
    assert wall.adopter.hanging() == Hanging("portrait", ())
    assert wall.price() == 701
    wall.publish(1)
    wall.reaches("demo-000001", "", True)
    assert wall.price() == 102
    assert wall.fetcher.names == [""]
    until(lambda: wall.fetcher.kept == [PAGE])
    wall.publish(2)
    wall.reaches("demo-000002", "", True)
    slots = read(wall.folder / "content")
    assert slots.previous is not None
    assert slots.previous.release == "demo-000001"


def test_it_fetches_as_the_fleet_says_once_for_each_word(hang: Callable[..., Wall]) -> None:
    heard: list[Fetching] = []
    wall = hang(obey=heard.append)
    for how in (Fetching(), Fetching(kib_s=9), Fetching(kib_s=9), Fetching(sources=("https://a.example/",))):
        wall.adopter.fetch_by(how)
    until(lambda: len(heard) == 2)
    assert heard == [Fetching(kib_s=9), Fetching(sources=("https://a.example/",))]


def test_while_somebody_buys_it_waits_and_says_so(hang: Callable[..., Wall]) -> None:
    wall = hang(buying=True)
    wall.publish(1)
    wall.reaches("", "waiting", False)
    wall.leave()
    wall.reaches("demo-000001", "", True)


def test_an_unhealthy_release_is_left_by_itself_and_not_tried_again(hang: Callable[..., Wall]) -> None:
    wall = hang()
    wall.publish(1)
    wall.reaches("demo-000001", "", True)
    wall.healthy = False
    bad = wall.publish(2)
    until(lambda: wall.adopter.running().reason == "no-facings")
    until(lambda: wall.phase() == ("demo-000001", "failed", True))
    until(lambda: wall.price() == 102)
    wall.give(bad)
    wall.healthy = True
    wall.publish(3)
    wall.reaches("demo-000003", "", True)
    wall.adopter.want(Target(name="demo-000002", rollout="again"))
    until(lambda: wall.fetcher.names[-1] == "demo-000002")
    wall.give(bad, current=False)
    wall.reaches("demo-000002", "", True)


def test_after_three_bad_starts_the_kept_release_is_back(hang: Callable[..., Wall]) -> None:
    wall = hang(window_ms=60_000)
    wall.adopter.window_ms = 0  # the first one is kept at once
    wall.publish(1)
    wall.reaches("demo-000001", "", True)
    wall.crash()
    wall = hang(window_ms=10**9)
    wall.publish(2)
    wall.reaches("demo-000002", "trying", False)
    for _ in range(2):
        wall.crash()
        wall = hang(window_ms=10**9)
        assert wall.opened.source == "trying"
    wall.crash()
    wall = hang(window_ms=10**9)
    assert wall.opened.source == "confirmed"
    running = wall.adopter.running()
    assert (running.name, running.confirmed) == ("demo-000001", True)
    assert read(wall.folder / "content").refused["demo-000002"].reason == "bad-starts"


def test_a_planned_stop_is_no_bad_start(hang: Callable[..., Wall]) -> None:
    wall = hang(window_ms=10**9)
    wall.publish(1)
    wall.reaches("demo-000001", "trying", False)
    for _ in range(5):
        wall.stop()
        wall = hang(window_ms=10**9)
        assert wall.opened.source == "trying"


def test_at_night_it_comes_by_itself_without_a_network(hang: Callable[..., Wall]) -> None:
    wall = hang(minute=720)
    wall.publish(1, activate=Activation(window=(60, 240)))
    wall.reaches("", "staged", False)
    wall.stop()
    wall = hang(minute=100)
    assert wall.opened.source == "trying", "nobody buys yet as a kiosk starts"
    wall.reaches("demo-000001", "", True)
    assert wall.price() == 102


def test_an_aborted_roll_out_takes_its_release_back(hang: Callable[..., Wall]) -> None:
    wall = hang()
    wall.publish(1)
    wall.reaches("demo-000001", "", True)
    wall.adopter.window_ms = 10**9  # it is still watched when the word comes
    wall.adopter.want(Target(name="demo-000002", rollout="r"))
    root = wall.publish(2)
    wall.reaches("demo-000002", "trying", False)
    assert wall.adopter.running().rollout == "r"
    wall.adopter.want(Target(name="demo-000001", rollout="r"))
    wall.reaches("demo-000001", "", True)
    assert wall.price() == 102
    assert not read(wall.folder / "content").refused
    wall.give(root, current=False)
    wall.reaches("demo-000001", "", True)


def test_what_waits_and_is_not_wanted_any_more_never_stays_on_the_glass(hang: Callable[..., Wall]) -> None:
    wall = hang()
    wall.publish(1)
    wall.reaches("demo-000001", "", True)
    wall.buying = True
    wall.publish(2)
    wall.reaches("demo-000001", "waiting", True)
    wall.adopter.want(Target(name="demo-000001"))
    until(lambda: len(wall.waiting) == 2)
    assert wall.waiting[-1].store.store.version == wall.shown.store.version, "it takes the other's place"
    wall.waiting.pop().store.close()
    wall.leave()
    until(lambda: wall.waiting)
    wall.leave()
    wall.reaches("demo-000001", "", True)
    assert wall.price() == 102, "even where it had gone on the glass in that moment"


def test_a_release_that_looks_alike_here_is_kept_without_a_change(hang: Callable[..., Wall]) -> None:
    wall = hang()
    wall.publish(1, minor=5)
    wall.reaches("demo-000001", "", True)
    before = wall.shown
    wall.publish(2, minor=5)
    wall.reaches("demo-000002", "", True)
    assert wall.shown is before


def test_a_release_of_no_use_is_refused_with_its_reason(hang: Callable[..., Wall]) -> None:
    wall = hang()
    wall.give(release(wall.published, 1, []))
    until(lambda: wall.adopter.running().reason == "empty")
    wall.reaches("", "failed", False)
    assert "no product" in wall.adopter.running().detail


def test_what_the_fetch_says_is_told(hang: Callable[..., Wall]) -> None:
    wall = hang()
    for percent in range(59):
        wall.adopter.heard(FetchProgress("demo-000001", percent))
    until(lambda: wall.adopter.running().percent == 40)
    wall.adopter.heard(FetchFailed("", "no-source", "nobody answers"))
    until(lambda: wall.adopter.running().reason == "no-source")
    assert wall.changes == 4, "0, 20 and 40 percent, and that it failed: thousands of kiosks say so at once"


def test_a_damaged_wall_is_left_for_the_one_before(hang: Callable[..., Wall]) -> None:
    wall = hang()
    for number in (1, 2):
        wall.publish(number)
        wall.reaches(f"demo-00000{number}", "", True)
    broken = read(wall.folder / "content").confirmed
    assert broken is not None
    wall.crash()
    (wall.folder / "content" / "walls" / broken.folder / "catalogue.db").write_bytes(b"\0" * 8192)
    wall = hang()
    assert wall.opened.source == "previous"
    assert wall.price() == 102
    wall.give(release(wall.published, 2, goods(minor=102)))
    wall.reaches("demo-000002", "", True)


def test_a_kiosk_without_anything_has_a_bare_wall(tmp_path: Path) -> None:
    wall = Wall(tmp_path)
    assert wall.opened.source == "bare"
    wall.publish(1)
    wall.reaches("demo-000001", "", True)
    wall.stop()


def test_the_package_may_carry_a_store(tmp_path: Path) -> None:
    write_store(tmp_path / "carried", shop.STORE, shop.products(2, 900))
    wall = Wall(tmp_path)
    assert (wall.opened.source, wall.price()) == ("package", 901)
    wall.stop()


def test_a_wall_that_nobody_can_see_says_so_and_is_kept_once_it_was_seen(hang: Callable[..., Wall]) -> None:
    wall = hang(window_ms=30)
    wall.showing = False
    wall.publish(1)
    until(lambda: wall.adopter.running().reason == "not-showing")
    assert wall.phase() == ("demo-000001", "trying", False)
    wall.showing = True
    wall.reaches("demo-000001", "", True)
    assert wall.adopter.running().reason == ""


class SlowDisk(Disk):
    """Takes as long to take a wall away as the test says."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def rename(self, path: Path, new: Path) -> None:
        if new.name == ".new":
            self.begun.set()
            assert self.go_on.wait(30)
        super().rename(path, new)


def test_taking_old_walls_away_holds_nobody_up(hang: Callable[..., Wall]) -> None:
    disk = SlowDisk()
    wall = hang(disk=disk)
    try:
        wall.publish(1)
        wall.reaches("demo-000001", "", True)
        wall.publish(2)
        wall.reaches("demo-000002", "", True)
        wall.publish(3)
        assert disk.begun.wait(30)
        asked = threading.Thread(target=wall.adopter.running, daemon=True)
        asked.start()
        asked.join(10)
        assert not asked.is_alive(), "the agent's owner asks this for every word it tells"
    finally:
        disk.go_on.set()
    wall.reaches("demo-000003", "", True)


def test_a_record_that_cannot_be_written_holds_nothing_up(hang: Callable[..., Wall]) -> None:
    wall = hang()
    (wall.folder / "content").mkdir(exist_ok=True)
    (wall.folder / "content" / ".slots.json.part").mkdir()
    wall.publish(1)
    wall.reaches("demo-000001", "", True)
    (wall.folder / "content" / ".slots.json.part").rmdir()
    until(lambda: read(wall.folder / "content").confirmed is not None)
