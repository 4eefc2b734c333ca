"""A fleet whose database was lost and restored from a backup, under kiosks that were acknowledged since."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select

from fleet import tables
from fleet.broker.broker import Broker
from fleet.cli.main import main
from fleet.config import Config
from fleet.events import gaps, rollups
from fleet.events.gaps import Range
from fleet.serve import Fleet
from fleet.store.store import Store
from kiosk.simulate.kiosk import SimulatedKiosk
from tests.postgres import OWNER, Cluster
from tests.servers import wait_until
from tests.simulate.swarms import all_acknowledged, swarm_of
from tests.stores import Kind, store_url

pytestmark = pytest.mark.server
MORE = 20  # events each kiosk is acknowledged after the backup


@pytest.fixture
def back_up(each_database: Kind, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Backs a running database up and restores it under another name, as docs/store.md says; returns its URL."""
    if each_database == "sqlite":

        def of_sqlite(url: str) -> str:
            copy = tmp_path / "restored.db"
            with sqlite3.connect(url.removeprefix("sqlite:///")) as source, sqlite3.connect(copy) as target:
                source.backup(target)
            source.close()
            target.close()
            return f"sqlite:///{copy}"

        return of_sqlite
    cluster: Cluster = request.getfixturevalue("postgres")

    def of_postgresql(url: str) -> str:
        dump = cluster.folder / "fleet.dump"
        there = ("-h", str(cluster.folder), "-U", OWNER)
        cluster.run("pg_dump", *there, "-Fc", "-f", dump, str(make_url(url).database))
        name = cluster.create("template0")
        cluster.run("pg_restore", *there, "-d", name, dump)
        request.addfinalizer(lambda: cluster.drop(name))
        return cluster.url(name)

    return of_postgresql


def marks(url: str) -> dict[str, gaps.StreamReport]:
    store = Store(url)
    with store.read() as connection:
        found = {each.kiosk: each for each in gaps.report(connection)}
    store.close()
    return found


def test_kiosks_go_on_after_a_restore_when_somebody_has_accepted_the_loss(
    back_up: Callable[[str], str], broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = store_url(tmp_path / "first.db")

    def config(name: str, database: str) -> Config:
        return Config(
            data=tmp_path / name,
            database_url=database,
            broker_host=broker.host,
            broker_port=broker.port,
            port=0,
        )

    with swarm_of(3, broker.port, tmp_path, "sqlite", tenant="restored") as swarm:

        def acknowledged(more: int, than: dict[str, int]) -> Callable[[], bool]:
            return lambda: all(
                kiosk.progress()[0] >= more + than.get(str(kiosk.address), 0) for kiosk in swarm.kiosks
            )

        with Fleet(config("first", url)):
            wait_until(acknowledged(MORE, {}), "events to be acknowledged", 60.0)
            restored = back_up(url)
            before = {name: found.upto for name, found in marks(restored).items()}
            wait_until(acknowledged(MORE, before), "events to be acknowledged after the backup", 60.0)
        told = {str(kiosk.address): kiosk.progress()[0] for kiosk in swarm.kiosks}
        kept = marks(url)
        assert all(found.upto >= told[name] for name, found in kept.items())

        with Fleet(config("second", restored)) as fleet:
            wait_until(lambda: _named(restored, before, kept), "the gap report to name what is missing", 60.0)
            assert all(kiosk.progress()[0] == told[str(kiosk.address)] for kiosk in swarm.kiosks), (
                "none forgets more"
            )
            words = ["accept-loss", "--database", restored, "--by", "Ana", "--why", "the disk died"]
            for name, found in marks(restored).items():
                [lost] = found.missing
                assert main([*words, name, found.epoch, f"{lost.first}-{lost.last}"]) == 0
            all_acknowledged(swarm)
            for kiosk in swarm.kiosks:
                _is_what_it_wrote(fleet.store, kiosk, before[str(kiosk.address)])
            with fleet.store.read() as connection:
                assert rollups.differences(connection) == []
                assert connection.scalar(select(func.count()).select_from(tables.poison)) == 0
    assert main(["gaps", "--database", restored]) == 0
    assert capsys.readouterr().out.count("accepted as lost by Ana") == 3


def _named(url: str, before: dict[str, int], kept: dict[str, gaps.StreamReport]) -> bool:
    """Whether of each kiosk exactly what was stored after the backup is missing: what it was not told of is sent again."""
    return all(
        len(found.missing) == 1
        and found.missing[0].first == before[name] + 1
        and found.missing[0].last <= kept[name].upto
        for name, found in marks(url).items()
    )


def _is_what_it_wrote(store: Store, kiosk: SimulatedKiosk, before: int) -> None:
    """All a kiosk wrote is stored once, but the range that is said to be lost."""
    [stream] = kiosk.told().streams
    with store.read() as connection:
        [found] = gaps.report(connection, str(kiosk.address))
        [lost] = found.accepted
        row = tables.events.c
        numbers = list(
            connection.scalars(select(row.seq).where(row.kiosk == str(kiosk.address)).order_by(row.seq))
        )
    assert found.upto == stream.written
    assert lost.first == before + 1
    gone = Range(lost.first, lost.last)
    assert numbers == [*range(1, gone.first), *range(gone.last + 1, stream.written + 1)]
