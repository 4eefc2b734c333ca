"""Where the stores of a test are: SQLite files, or databases of a PostgreSQL that all tests of a run share.

A module whose tests are to run on both says `pytestmark = pytest.mark.usefixtures("each_database")`, and opens its stores
with `Store(store_url(path))`. Databases are made once for all tests and then copied, which is far quicker. The others run on
SQLite, or on PostgreSQL where that is asked for: `pytest --postgresql tests/fleet`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import pytest

from fleet.store.migrate import bring_up
from fleet.store.store import Store
from tests.postgres import Cluster, missing

Kind = Literal["sqlite", "postgresql"]
KINDS: Final[tuple[Kind, ...]] = ("sqlite", "postgresql")


class _Places:
    """Which databases the test that runs now has."""

    def __init__(self) -> None:
        self.cluster: Cluster | None = None  # of the test that runs; None: SQLite
        self.names: dict[Path, str] = {}
        self._file: Path | None = None
        self._template = ""

    def url(self, path: Path) -> str:
        if self.cluster is not None:
            if path not in self.names:
                self.names[path] = self.cluster.create(self._made_in(self.cluster))
            return self.cluster.url(self.names[path])
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._made(), path)
        return f"sqlite:///{path}"

    def end(self) -> None:
        if self.cluster is not None:
            for name in self.names.values():
                self.cluster.drop(name)
        self.cluster = None
        self.names.clear()

    def _made_in(self, cluster: Cluster) -> str:
        if not self._template:
            name = cluster.create()
            _make(cluster.url(name))
            self._template = name
        return self._template

    def _made(self) -> Path:
        if self._file is None:
            folder = Path(tempfile.mkdtemp(prefix="endcap-store-"))
            _make(f"sqlite:///{folder / 'empty.db'}")
            self._file = folder / "empty.db"
        return self._file

    def remove(self) -> None:
        if self._file is not None:
            shutil.rmtree(self._file.parent)


def _make(url: str) -> None:
    engine = Store.engine_for(url)
    bring_up(engine)
    engine.dispose()  # the last connection of a SQLite file that closes leaves all of it in the file


_places = _Places()


def store_url(path: Path) -> str:
    """A database ready for use, of the kind this test runs on; the same again for the same path."""
    return _places.url(path)


@pytest.fixture(params=KINDS)
def each_database(request: pytest.FixtureRequest) -> Iterator[Kind]:
    """Each kind of database in turn; the second is skipped with the reason where it is not installed."""
    kind: Kind = request.param
    if kind == "postgresql":
        if missing():
            pytest.skip(missing())
        _places.cluster = request.getfixturevalue("postgres")
    yield kind
    _places.end()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Ask for PostgreSQL everywhere."""
    parser.addoption(
        "--postgresql",
        action="store_true",
        help="stores are in PostgreSQL also in tests that do not run on both databases",
    )


@pytest.fixture(autouse=True)
def _asked_for(request: pytest.FixtureRequest) -> Iterator[None]:
    """What `--postgresql` means to a test that does not say which database it wants."""
    chosen = {"each_database", "on_postgresql"}.intersection(request.fixturenames)
    if chosen or not request.config.getoption("--postgresql"):
        yield
        return
    _places.cluster = request.getfixturevalue("postgres")
    yield
    _places.end()


@pytest.fixture(scope="session", autouse=True)
def _stores_removed() -> Iterator[None]:
    yield
    _places.remove()


@pytest.fixture
def on_postgresql(request: pytest.FixtureRequest) -> Iterator[None]:
    """PostgreSQL alone, for what SQLite's one writer cannot get wrong."""
    if missing():
        pytest.skip(missing())
    _places.cluster = request.getfixturevalue("postgres")
    yield
    _places.end()
