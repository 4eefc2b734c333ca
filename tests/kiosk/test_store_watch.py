"""A new import is sold from without a restart, and never while somebody is buying."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from content.model import Product
from content.money import Money
from content.store import OpenStore, write_store
from content.store_format import CATALOGUE
from kiosk.agent import StoreReady
from kiosk.store_watch import StoreWatcher
from kiosk.views import Add, Attract, Basket, OpenBasket, Start, StartOver
from tests.kiosk.kiosks import APPLES, Kiosk, product, store
from tests.kiosk.until import until


def goods(minor: int) -> list[Product]:
    return [product(APPLES, "Gala apples", minor, 1, "fruit")]


def imported(folder: Path, minor: int) -> str:
    return write_store(folder, store().store, goods(minor)).version


def test_a_new_import_is_noticed_once_and_what_is_no_store_is_left_alone(tmp_path: Path) -> None:
    imported(tmp_path, 249)
    posted: list[StoreReady] = []
    watcher = StoreWatcher(tmp_path, posted.append, look_s=0.01)
    watcher.start()
    newer = imported(tmp_path, 199)
    until(lambda: posted)
    draft = tmp_path / "draft"
    draft.write_bytes(b"not a store")
    draft.replace(tmp_path / CATALOGUE)
    newest = imported(tmp_path, 149)
    until(lambda: posted[-1].store.store.version == newest)
    watcher.stop()
    assert posted[0].store.store.version == newer
    for ready in posted:
        ready.store.close()


def test_the_running_wall_sells_from_a_new_import_when_nobody_buys(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    imported(folder, 249)
    with Kiosk(tmp_path, stocked=False) as kiosk:
        kiosk.do(Start(), Add(gtin=APPLES), OpenBasket())
        assert kiosk.sees(Basket).total == Money(249, "EUR")
        newer = imported(folder, 199)
        until(lambda: kiosk.program.runtime.session.arriving is not None, "the new store")
        assert kiosk.sees(Basket).total == Money(249, "EUR"), "somebody is buying"
        kiosk.do(StartOver())
        until(lambda: kiosk.seen[-1][0].version == newer)
        kiosk.sees(Attract)
        assert kiosk.screen.facings("fruit", "en", 0, 1).items[0].price == Money(199, "EUR")


def closed(store: OpenStore) -> bool:
    try:
        store.by_facing(1)
    except sqlite3.ProgrammingError:
        return True
    return False


def test_stores_that_are_never_sold_from_are_closed(tmp_path: Path) -> None:
    def opened(name: str, minor: int) -> OpenStore:
        imported(tmp_path / name, minor)
        return OpenStore(tmp_path / name)

    imported(tmp_path / "store", 249)
    with Kiosk(tmp_path, stocked=False) as kiosk:
        kiosk.do(Start())
        same, newer, newest = opened("same", 249), opened("newer", 199), opened("newest", 149)
        for one in (same, newer, newest):
            kiosk.program.runtime.post(StoreReady(one))
        until(lambda: kiosk.program.runtime.session.arriving == newest.store)
        assert [closed(one) for one in (same, newer, newest)] == [True, True, False]
    assert closed(newest)
