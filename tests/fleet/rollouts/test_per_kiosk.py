"""The store each kiosk sells from: of its release and groups, kept over damage and restarts, shared by thousands."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from content import pricing
from content.authored import read_content, to_parts
from content.store import AnyStore, write_store
from fleet import tables
from fleet.catalogue import Catalogue
from fleet.live import Hub
from fleet.operating.desired import Desires
from fleet.per_kiosk.catalogues import Catalogues
from fleet.per_kiosk.shelves import Shelves
from fleet.rollouts.repository import Releases
from fleet.store.store import Store
from mqtt.commands import Reported, Running
from mqtt.messages import Presence, encode
from mqtt.topics import Address
from tests.authored.folders import ROLL, a_folder
from tests.content import shop
from tests.content.release.repositories import Operator
from tests.servers import wait_until
from tests.stores import store_url

FLYER, TOWN, LATE = "demo/airport/FLYER", "demo/town/TOWN", "demo/airport/LATE"
OLD, NEW = "demo-000001", "demo-000002"
DEAR = f"gtin\tprice\tsale_price\toffer\tavailability\n{ROLL}\t1.10 EUR\t\t\t\n"


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """Rolls cost 0.60; at the airport 0.80 in demo-000001, 1.10 in demo-000002."""
    folder = tmp_path_factory.mktemp("operator")
    made = Operator(folder, int(time.time()))
    for number, airport in enumerate((None, DEAR)):
        changed = {"airport": airport} if airport else {}
        source = a_folder(folder / f"content-{number}", offers=None, **changed)
        made.publish(to_parts(read_content(source).content), current=not number)
    return made


class World:
    """A fleet's stores over a database, without the rest of the fleet."""

    def __init__(self, folder: Path, repository: Path, shelves: Shelves | None = None) -> None:
        self.folder, self.repository = folder, repository
        self.store = Store(store_url(folder / "fleet.db"))
        write_store(folder / "imported", shop.STORE, shop.products(4))
        self.imported = Catalogue(folder / "imported")
        self.now = 1_000_000
        self.begin(shelves)

    def begin(self, shelves: Shelves | None = None) -> None:
        self.stores = Catalogues(
            self.store, Releases(self.repository), self.folder / "per-kiosk", self.imported, shelves
        )

    def says(self, kiosk: str, release: str, version: str = "", **more: object) -> None:
        self.now += 1
        self.store.presence(kiosk, Presence(state="ready", boot="b", since_ms=1), self.now)
        report = Reported(
            version=0, wall_ms=1, release=version, content=Running(name=release, confirmed=True), **more  # type: ignore[arg-type]
        )  # fmt: skip

        Desires(self.store, lambda *_: True, Hub(), lambda: self.now).reported(
            Address(*kiosk.split("/")), report
        )

    def close(self) -> None:
        self.stores.close()
        self.imported.close()
        self.store.close()


@pytest.fixture
def world(operator: Operator, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, operator.folder)
    yield made
    made.close()


def roll(store: AnyStore) -> int:
    product = store.product(ROLL)
    assert product is not None
    return pricing.price_at(product, int(time.time())).minor


def test_each_kiosk_has_the_store_of_its_release_and_groups(world: World) -> None:
    world.says(FLYER, NEW)
    world.says(TOWN, NEW)
    world.says(LATE, OLD)
    world.says("demo/town/PLAIN", "")
    world.stores.look()
    assert [roll(world.stores.at(kiosk)) for kiosk in (FLYER, TOWN, LATE)] == [110, 60, 80]
    assert world.stores.at("demo/town/PLAIN") is world.imported.current()
    assert world.stores.at("demo/town/NEVER-HEARD-OF") is world.imported.current()
    assert world.stores.groups(FLYER) == {"all", "airport"}
    assert world.stores.groups("demo/town/PLAIN") == {"all"}
    assert world.stores.counts() | {"bytes": 0} == {
        "kept": 3, "open": 3, "bytes": 0, "kiosks_missing": 0, "kiosks_astray": 0, "unreadable": 0,
    }  # fmt: skip


def test_a_wall_that_hangs_across_and_its_own_tags_count(world: World) -> None:
    world.says(FLYER, NEW, orientation="landscape", tags=("kiosk-says",))
    world.stores.look()
    assert "wide" in world.stores.groups(FLYER)
    assert world.stores.orientation(FLYER) == "landscape"


def test_what_was_shown_before_a_new_release_is_known_by_its_version(world: World) -> None:
    world.says(FLYER, OLD)
    world.stores.look()
    before = world.stores.at(FLYER).store.version
    world.says(FLYER, NEW)
    assert roll(world.stores.at(FLYER)) == 80, "until the kiosk's word is read, what it sold from last"
    world.stores.look()
    assert roll(world.stores.at(FLYER)) == 110
    assert roll(world.stores.at(FLYER, before)) == 80
    assert roll(world.stores.at(FLYER, "0123456789abcdef")) == 110, "nobody knows that one"
    assert world.stores.at("rival/airport/K1", before) is world.imported.current()


def test_a_damaged_repository_leaves_the_last_good_store_and_says_so(
    operator: Operator, world: World, tmp_path: Path
) -> None:
    world.repository = tmp_path / "copy"
    shutil.copytree(operator.folder, world.repository)
    world.stores.close()
    world.begin()
    world.says(FLYER, OLD)
    world.stores.look()
    for blob in (world.repository / "blobs").glob("*/*"):
        blob.write_bytes(b"broken")
    world.says(FLYER, NEW)
    world.stores.look()
    assert roll(world.stores.at(FLYER)) == 80
    assert NEW in world.stores.trouble
    assert (world.stores.counts()["unreadable"], world.stores.counts()["kiosks_missing"]) == (1, 0)
    world.stores.close()
    world.begin()
    world.stores.shelves.find()
    assert roll(world.stores.at(FLYER)) == 80, "also over a restart"
    assert world.stores.groups(FLYER) == {"all", "airport"}


def test_a_restart_makes_nothing_anew_but_what_is_damaged(world: World, operator: Operator) -> None:
    world.says(FLYER, NEW)
    world.says(TOWN, NEW)
    world.stores.look()
    assert world.stores.counters["made"] == 2
    versions = [world.stores.version(FLYER), world.stores.version(TOWN)]
    world.stores.close()
    (world.folder / "per-kiosk" / "stores" / versions[1] / "catalogue.db").write_bytes(b"torn")
    world.begin()
    world.stores.shelves.find()
    world.stores.look()
    assert world.stores.counters["made"] == 1
    assert [world.stores.version(FLYER), world.stores.version(TOWN)] == versions


def test_stores_are_bounded_and_the_least_used_go(operator: Operator, tmp_path: Path) -> None:
    shelves = Shelves(tmp_path / "per-kiosk" / "stores", most_open=1, most_kept=2)
    world = World(tmp_path, operator.folder, shelves)
    for kiosk, release in ((FLYER, NEW), (TOWN, NEW), (LATE, OLD)):
        world.says(kiosk, release)
    world.stores.look()
    for _ in range(2):
        for kiosk, minor in ((FLYER, 110), (TOWN, 60), (LATE, 80)):

            def there(kiosk: str = kiosk, minor: int = minor) -> bool:
                world.stores.at(kiosk)
                world.stores.look()
                found = world.stores.at(kiosk).product(ROLL)
                return found is not None and roll(world.stores.at(kiosk)) == minor

            wait_until(there, f"the store of {kiosk}")
            assert shelves.counts()["kept"] <= 2
            assert shelves.counts()["open"] == 1
    world.close()


def test_thousands_of_kiosks_share_a_handful(world: World) -> None:
    rows = []
    for number in range(3_000):
        kiosk = f"demo/{'airport' if number % 2 else f's{number}'}/K{number}"
        body = encode(Reported(version=0, wall_ms=1, content=Running(name=NEW if number % 3 else OLD)))
        rows.append({"kiosk": kiosk, "version": 0, "heard_ms": 5, "body": body.decode()})
    with world.store.write() as connection:
        connection.execute(tables.reported.insert(), rows)
    world.stores.look()
    assert world.stores.counters["made"] <= 4
    prices = {roll(world.stores.at(str(row["kiosk"]))) for row in rows}
    assert prices == {110, 80, 60}
    assert world.stores.counts()["open"] <= 4
