"""A store reads the same from disk and from memory, and an import that fails leaves the old one standing."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.memory import MemoryStore
from content.model import Product, Store
from content.store import AnyStore, OpenStore, StoreError, write_store
from content.store_writer import StoreWriter
from tests.content.shop import STORE, gtin, product, products

Opener = Callable[[Store, list[Product]], AnyStore]


@pytest.fixture(params=["disk", "memory"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Both forms of a store, to be asked the same questions."""
    open_stores: list[AnyStore] = []

    def open_store(store: Store, shelf: list[Product]) -> AnyStore:
        pictures = {"pictures/1.webp": b"apple", "pictures/spring.webp": b"spring"}
        folder = tmp_path / "store"
        written = write_store(folder, store, shelf, pictures)
        form: AnyStore
        if request.param == "disk":
            form = OpenStore(folder)
        else:
            form = MemoryStore(store, shelf, {name: folder / name for name in pictures})
        assert form.store == written
        open_stores.append(form)
        return form

    yield open_store
    for form in open_stores:
        form.close()


class TestEveryStore:
    def test_tells_about_itself(self, opened: Opener) -> None:
        store = opened(STORE, products(7)).store
        assert store.names == STORE.names
        assert [(aisle.key, aisle.count) for aisle in store.aisles] == [
            ("fruit", 3),
            ("dairy", 4),
            ("empty", 0),
        ]
        assert len(store.version) == 16

    def test_finds_a_product_by_gtin_and_by_facing(self, opened: Opener) -> None:
        store = opened(STORE, products(7))
        assert store.product(gtin(3)) == product(3, "dairy") == store.by_facing(3)

    @pytest.mark.parametrize("code", ["", "95200000000", gtin(99), "٠٩٥٢", "\ud800", "x\0y", "' or 1=1 --"])
    def test_has_nothing_for_other_codes(self, opened: Opener, code: str) -> None:
        assert opened(STORE, products(7)).product(code) is None

    @pytest.mark.parametrize("facing", [0, -1, 8, 10**30])
    def test_has_nothing_at_other_facings(self, opened: Opener, facing: int) -> None:
        assert opened(STORE, products(7)).by_facing(facing) is None

    def test_gives_a_shelf_piece_by_piece(self, opened: Opener) -> None:
        store = opened(STORE, products(9))
        assert [item.facing for item in store.shelf("fruit", 0, 99)] == [2, 4, 6, 8]
        assert [item.facing for item in store.shelf("fruit", 1, 3)] == [4, 6]
        assert [item.facing for item in store.shelf("dairy", -5, 2)] == [1, 3]
        assert store.shelf("fruit", 3, 3) == store.shelf("fruit", 9, 12) == store.shelf("fruit", 2, -1) == []
        assert store.shelf("empty", 0, 5) == store.shelf("elsewhere", 0, 5) == []

    def test_keeps_the_shelf_in_the_order_of_facings(self, opened: Opener) -> None:
        store = opened(STORE, list(reversed(products(9))))
        assert [item.facing for item in store.shelf("dairy", 0, 9)] == [1, 3, 5, 7, 9]

    def test_counts_its_aisles(self, opened: Opener) -> None:
        store = opened(STORE, products(9))
        assert [store.count(key) for key in ("fruit", "dairy", "empty", "elsewhere")] == [4, 5, 0, 0]

    def test_knows_its_pictures(self, opened: Opener) -> None:
        store = opened(STORE, products(3))
        picture = store.picture(product(1))
        assert picture is not None
        assert picture.read_bytes() == b"apple"
        assert store.picture(product(2)) is None
        assert store.file(STORE.adverts[0].picture) is not None
        for outside in ("pictures/../catalogue.db", "/etc/hostname", "catalogue.db", "pictures/", "pictures"):
            assert store.file(outside) is None

    def test_may_be_closed_twice(self, opened: Opener) -> None:
        store = opened(STORE, [])
        store.close()
        store.close()

    def test_serves_many_threads(self, opened: Opener) -> None:
        store = opened(STORE, products(600))
        wrong: list[object] = []

        def browse(start: int) -> None:
            for number in range(start, 600, 7):
                item = store.by_facing(number + 1)
                if item is None or item.facing != number + 1 or store.product(item.gtin) != item:
                    wrong.append(number)
                if len(store.shelf("fruit", number // 2, number // 2 + 10)) != min(10, 300 - number // 2):
                    wrong.append(("shelf", number))

        threads = [threading.Thread(target=browse, args=(start,)) for start in range(7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


class TestVersion:
    def test_is_the_same_for_the_same_content(self, tmp_path: Path) -> None:
        first = write_store(tmp_path / "a", STORE, products(5))
        again = write_store(tmp_path / "b", first, reversed(products(5)))
        assert first.version == again.version

    @pytest.mark.parametrize(
        "change",
        [
            lambda store, shelf: (msgspec.structs.replace(store, support="112"), shelf),
            lambda store, shelf: (store, shelf[:-1]),
            lambda store, shelf: (store, [*shelf[:-1], product(5, "dairy", minor=1)]),
        ],
        ids=["store", "product left out", "price"],
    )
    def test_differs_for_other_content(
        self, change: Callable[[Store, list[Product]], tuple[Store, list[Product]]]
    ) -> None:
        before = MemoryStore(STORE, products(5)).store.version
        assert MemoryStore(*change(STORE, products(5))).store.version != before


class TestRefusals:
    @pytest.mark.parametrize(
        ("shelf", "reason"),
        [
            ([product(1), product(1)], "facing 1 is taken twice"),
            ([product(1), msgspec.structs.replace(product(1), facing=2)], "stands on the shelf twice"),
            ([product(0)], "facing 0, expected 1 or more"),
            ([product(1, "toys")], "aisle 'toys', which does not exist"),
        ],
    )
    def test_of_what_no_wall_could_show(self, tmp_path: Path, shelf: list[Product], reason: str) -> None:
        write_store(tmp_path, STORE, products(3))
        with pytest.raises(StoreError, match=reason):
            write_store(tmp_path, STORE, shelf)
        with pytest.raises(StoreError, match=reason):
            MemoryStore(STORE, shelf)
        with OpenStore(tmp_path) as store:
            assert store.count("dairy") == 2

    def test_of_another_currency(self) -> None:
        with pytest.raises(StoreError, match="costs EUR, expected USD"):
            MemoryStore(msgspec.structs.replace(STORE, currency="USD"), products(1))

    def test_of_a_second_writer(self, tmp_path: Path) -> None:
        with StoreWriter(tmp_path), pytest.raises(StoreError, match="another import"):
            StoreWriter(tmp_path)
        write_store(tmp_path, STORE, [])

    @pytest.mark.parametrize(
        "name", ["a.webp", "pictures/../a", "/tmp/a", "pictures/.hidden", "pictures/a/b"]
    )
    def test_of_files_outside_the_pictures(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(StoreError, match="expected pictures/NAME"):
            write_store(tmp_path, STORE, [], {name: b""})

    def test_of_a_folder_that_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match="cannot be written"):
            write_store(tmp_path / "file" / "store", STORE, [])


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class TestOpening:
    def test_where_no_store_is(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="no store here"):
            OpenStore(tmp_path / "nowhere")

    @pytest.mark.parametrize("cut", [0, 10, 100, 5000])
    def test_a_damaged_file(self, tmp_path: Path, cut: int) -> None:
        write_store(tmp_path, STORE, products(50))
        path = tmp_path / "catalogue.db"
        path.write_bytes(path.read_bytes()[:cut])
        with pytest.raises(StoreError, match="catalogue"), OpenStore(tmp_path) as store:
            store.shelf("fruit", 0, 50)

    def test_a_file_of_something_else(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
            db.execute("create table store (body)")
        with pytest.raises(StoreError, match="not a store"):
            OpenStore(tmp_path)

    def test_a_file_of_a_later_format(self, tmp_path: Path) -> None:
        write_store(tmp_path, STORE, [])
        with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
            db.execute("pragma user_version = 9")
        with pytest.raises(StoreError, match="has format 9, expected 1"):
            OpenStore(tmp_path)

    def test_leaves_no_file_open(self, tmp_path: Path) -> None:
        write_store(tmp_path, STORE, products(5))
        before = open_files()
        OpenStore(tmp_path).close()
        assert open_files() == before

    @given(place=st.integers(0, 20_000), byte=st.integers(0, 255))
    def test_survives_any_damaged_byte(
        self, tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
    ) -> None:
        folder = tmp_path_factory.mktemp("store")
        write_store(folder, STORE, products(40))
        path = folder / "catalogue.db"
        data = bytearray(path.read_bytes())
        data[place % len(data)] = byte
        path.write_bytes(data)
        try:
            with OpenStore(folder) as store:
                store.product(gtin(3))
                store.by_facing(4)
                store.shelf("fruit", 0, 40)
        except StoreError:
            pass


class TestReplacing:
    def test_does_not_disturb_who_has_it_open(self, tmp_path: Path) -> None:
        write_store(tmp_path, STORE, products(3), {"pictures/1.webp": b"apple"})
        with OpenStore(tmp_path) as old:
            write_store(tmp_path, STORE, [product(2, minor=500)])
            assert old.shelf("dairy", 0, 9) == [product(1, "dairy"), product(3, "dairy")]
            assert old.picture(product(1)) is not None
            with OpenStore(tmp_path) as new:
                assert new.by_facing(2) == product(2, minor=500)
                assert new.by_facing(1) is None

    def test_sweeps_what_nobody_refers_to(self, tmp_path: Path) -> None:
        write_store(tmp_path, STORE, products(3), {"pictures/1.webp": b"apple"})
        (tmp_path / "pictures/.1.webp.part").touch()
        (tmp_path / ".catalogue-killed.part").touch()
        write_store(tmp_path, STORE, [])
        assert (tmp_path / "pictures/1.webp").exists()  # the one before still shows it
        write_store(tmp_path, STORE, [])
        names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
        assert names == [".writing", "catalogue.db", "pictures"]

    def test_names_pictures_by_their_content(self, tmp_path: Path) -> None:
        with StoreWriter(tmp_path) as writer:
            first = writer.add_picture(b"apple", ".webp")
            assert writer.add_picture(b"apple", ".webp") == first
            assert writer.add_picture(b"pear", ".webp") != first
            assert first.startswith("pictures/")
            assert (tmp_path / first).read_bytes() == b"apple"

    def test_without_a_commit_nothing_changes(self, tmp_path: Path) -> None:
        before = write_store(tmp_path, STORE, products(3))
        with StoreWriter(tmp_path) as writer:
            name = writer.add_picture(b"apple", ".webp")
        assert not (tmp_path / name).exists()
        with OpenStore(tmp_path) as store:
            assert store.store == before
