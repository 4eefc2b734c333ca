"""The machine with the database dies: its standby has every event that was acknowledged, and the fleet goes on there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import OperationalError

from fleet.broker.broker import Broker
from fleet.config import Config
from fleet.serve import Fleet
from fleet.store.store import Store
from tests.fleet.kiosk import Kiosk, kiosk
from tests.fleet.samples import event, stored
from tests.postgres import OWNER, Cluster, missing
from tests.servers import wait_until

pytestmark = pytest.mark.server
BOTH_DISKS = {"synchronous_standby_names": "*", "synchronous_commit": "on"}


@contextmanager
def standby_of(primary: Cluster) -> Iterator[Cluster]:
    """A copy of a running server that follows it, as docs/store.md says."""
    standby = Cluster(durable=True)
    try:
        copy = ("-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
        standby.run("pg_basebackup", "-h", primary.folder, "-U", OWNER, "-D", standby.data, *copy)
        standby.start()
        with primary.connect() as connection:
            wait_until(
                lambda: connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall() == [("sync",)],
                "the standby to follow", 30.0,
            )  # fmt: skip
        yield standby
    finally:
        standby.remove()


@pytest.fixture
def pair() -> Iterator[tuple[Cluster, Cluster]]:
    """A primary that waits for its standby, and that."""
    if missing():
        pytest.skip(missing())
    primary = Cluster(durable=True, settings=BOTH_DISKS)
    try:
        primary.make()
        primary.start()
        with primary.connect() as connection:
            connection.execute("SET synchronous_commit = local")  # nobody follows yet
            connection.execute("CREATE DATABASE fleet")
        with standby_of(primary) as standby:
            yield primary, standby
    finally:
        primary.remove()


def url_of(*clusters: Cluster) -> str:
    """One URL for all of them: whichever writes is used."""
    hosts = ",".join(str(each.folder) for each in clusters)
    return f"postgresql://{OWNER}@/fleet?host={hosts}&target_session_attrs=read-write"


def send(wall: Kiosk, first: int, last: int) -> None:
    for seq in range(first, last + 1):
        wall.send(event(seq, reference=f"R{seq}", order=f"O{seq}"))


def test_nothing_acknowledged_is_lost_when_the_primary_dies_and_the_standby_takes_over(
    pair: tuple[Cluster, Cluster], broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    primary, standby = pair
    config = Config(
        data=tmp_path_factory.mktemp("fleet"), database_url=url_of(*pair), broker_host=broker.host,
        broker_port=broker.port, port=0,
    )  # fmt: skip
    with Fleet(config) as fleet, kiosk(broker.port, "standby") as wall:
        wait_until(lambda: fleet.connected, "the fleet to reach the broker")
        send(wall, 1, 100)
        wait_until(lambda: wall.upto() > 20, "events to be acknowledged", 60.0)
        primary.kill()
        acknowledged = wall.upto()
        standby.run("pg_ctl", "promote", "-D", standby.data)

        def goes_on() -> bool:
            try:
                return fleet.store.upto(str(wall.address), "e1") >= acknowledged
            except OperationalError:
                return False

        wait_until(goes_on, "the fleet to find the standby, with all that was acknowledged", 60.0)
        wait_until(lambda: _all(wall, 110), "the rest", 60.0)
        assert fleet.store.upto(str(wall.address), "e1") == 110


def _all(wall: Kiosk, last: int) -> bool:
    """As a kiosk does: what was not acknowledged is sent again."""
    if wall.upto() < last:
        send(wall, wall.upto() + 1, last)
    return wall.upto() == last


def test_without_its_standby_a_primary_acknowledges_nothing(pair: tuple[Cluster, Cluster]) -> None:
    """So a primary that was cut off and is found again has said nothing of what the promoted standby does not have; and
    no limit of ours ends a commit's wait for the standby as if it had been there.
    """
    primary, standby = pair
    store = Store(url_of(primary) + "&options=-cstatement_timeout%3D300%20-clock_timeout%3D300")
    store.commit([stored(1)])
    standby.stop()
    done: list[object] = []

    def commit() -> None:
        try:
            done.append(store.commit([stored(2)]))
        except OperationalError as error:
            done.append(error)

    waiting = threading.Thread(target=commit)
    waiting.start()
    with primary.connect() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND now() - state_change > '1.5 s'"
        wait_until(
            lambda: connection.execute(query).fetchone() == (1,),
            "the commit to wait for longer than any limit",
            30.0,
        )
        assert done == []
    primary.kill()
    waiting.join(30)
    assert [type(each) for each in done] == [OperationalError]
    store.close()
