"""The power goes at every single call that changes the disk, from the first byte fetched to the confirmation, and the way back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from content.authored import Content, Where, to_parts
from content.durable import DISK, Disk
from content.store import AnyStore, write_store
from content.store_check import check_store
from kiosk.adopting.adopter import Adopter
from kiosk.adopting.health import Facts
from kiosk.adopting.holding import Place
from kiosk.adopting.record import read
from kiosk.adopting.talk import FactsWanted, StoreReady
from kiosk.clock.clock import SystemClock
from kiosk.fetching.blobs import BlobStore
from kiosk.fetching.fetcher import Fetched
from kiosk.fetching.releases import Fetching
from kiosk.fetching.sources import FolderSource
from kiosk.fetching.trust import Trust
from tests.content import shop
from tests.kiosk.adopting.releases import goods
from tests.kiosk.fetching.repositories import NOW_S, TENANT, Repository
from tests.kiosk.powercut import HOWS, RecordingDisk
from tests.kiosk.until import until

OLD, NEW = 301, 501  # prices of the first product


def parts(minor: int) -> dict[str, bytes]:
    fruit_first = sorted(goods(minor=minor - 1), key=lambda product: product.aisle != "fruit")
    return to_parts(Content(store=shop.STORE, products=tuple(fruit_first)))


class Kiosk:
    """A kiosk's disk with real fetching and adopting on it; its wall is drawn well, or not."""

    def __init__(
        self, state: Path, published: Repository, disk: Disk = DISK, *, healthy: bool = True
    ) -> None:
        folder = state / "content"
        self.healthy, self.mono = healthy, 0
        self.left: list[AnyStore] = []  # sold from no more
        self.source = FolderSource(published.folder)
        self.fetching = Fetching(
            Trust(folder / "trust", published.installed, lambda: NOW_S, disk),
            BlobStore(folder / "blobs", least_free=0, disk=disk),
            TENANT,
        )
        place = Place(folder, state / "store", state / "none", Where(TENANT, "s1", "K1"), "1.0")
        self.adopter = Adopter(
            place, self.fetching.blobs, SystemClock(trusted=True), self.post, window_ms=0, minute_of=lambda _: 0,
            disk=disk, look_s=0.005,
        )  # fmt: skip
        opened = self.adopter.boot()
        self.store: AnyStore = opened.store
        if opened.source != "installed":
            check_store(opened.folder)
        self.adopter.start(None)

    def post(self, item: object) -> None:
        if isinstance(item, FactsWanted):
            self.adopter.facts(self.facts())
        elif isinstance(item, StoreReady):
            self.adopter.adopting(item.store.store.version, self.facts())
            self.left.append(self.store)
            self.store = item.store

    def facts(self) -> Facts:
        self.mono += 1
        return Facts(mono_ms=self.mono, showing=True, frames=5, facings=4 if self.healthy else 0, screens=1)

    def fetch(self) -> None:
        """Bring what is signed as the release for everybody."""
        self.fetching.refresh([self.source])
        whole = self.fetching.fetch(self.fetching.wanted(""), [self.source])
        self.adopter.heard(Fetched(whole.name, whole.root, whole.page, True))

    def price(self) -> int:
        product = self.store.product(shop.gtin(1))
        assert product is not None
        return product.price.minor

    def close(self) -> None:
        self.adopter.stop()
        for store in (self.store, *self.left):
            store.close()


@contextmanager
def kiosk(state: Path, published: Repository, disk: Disk = DISK, *, healthy: bool = True) -> Iterator[Kiosk]:
    one = Kiosk(state, published, disk, healthy=healthy)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def published(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "published")


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Hundreds of cuts say what they found damaged; that is as it should be."""
    caplog.set_level(logging.CRITICAL)


def keeps(one: Kiosk, name: str) -> bool:
    running = one.adopter.running()
    return running.name == name and running.confirmed


def gave_up(one: Kiosk) -> bool:
    return one.adopter.running().phase == "failed" and went_back(one)


def kept_one(one: Kiosk) -> bool:
    return one.adopter.running().confirmed


def went_back(one: Kiosk) -> bool:
    return one.adopter.running().confirmed and one.price() == OLD


def sold(state: Path, published: Repository) -> int:
    """Which price the next boot sells at: of a whole wall, whatever was cut."""
    with kiosk(state, published) as one:
        return one.price()


@pytest.mark.usefixtures("quiet")
def test_after_every_cut_of_a_cycle_a_whole_release_is_shown_and_the_cycle_completes(
    tmp_path: Path, published: Repository
) -> None:
    state = tmp_path / "disk"
    write_store(state / "store", shop.STORE, shop.products(4, 700))
    published.release(parts(OLD))
    with kiosk(state, published) as one:
        one.fetch()
        until(partial(kept_one, one))
        assert one.price() == OLD
    name = published.release(parts(NEW))
    disk = RecordingDisk(state)
    with kiosk(state, published, disk) as one:
        one.fetch()
        until(partial(keeps, one, name))
    assert len(disk) > 40, "the whole cycle is in it"
    found = {}
    for number, how in disk.cuts():
        left = tmp_path / f"{number}-{how}"
        disk.leave(number, how, left)
        found[number, how] = sold(left, published)
        assert found[number, how] in (OLD, NEW), f"{how} after {disk.calls[number]}"
        if how == HOWS[number % len(HOWS)]:
            with kiosk(left, published) as again:
                again.fetch()
                until(partial(keeps, again, name))
                assert again.price() == NEW
    assert set(found.values()) == {OLD, NEW}
    assert found[len(disk) - 1, "lost"] == NEW, "what was confirmed is on the disk"


@pytest.mark.usefixtures("quiet")
def test_after_every_cut_of_a_way_back_the_kept_release_is_there_or_comes(
    tmp_path: Path, published: Repository
) -> None:
    state = tmp_path / "disk"
    write_store(state / "store", shop.STORE, shop.products(4, 700))
    published.release(parts(OLD))
    with kiosk(state, published) as one:
        one.fetch()
        until(partial(kept_one, one))
    name = published.release(parts(NEW))
    disk = RecordingDisk(state)
    with kiosk(state, published, disk, healthy=False) as one:
        one.fetch()
        until(partial(gave_up, one))
    assert name in read(state / "content").refused
    for number, how in disk.cuts():
        left = tmp_path / f"{number}-{how}"
        disk.leave(number, how, left)
        with kiosk(left, published, healthy=False) as one:
            assert one.price() in (OLD, NEW), f"{how} after {disk.calls[number]}"
            until(partial(went_back, one))
