"""Several processes that store the events of the same kiosks, on a real broker and a real PostgreSQL."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fleet import tables
from fleet.broker.broker import start_broker
from fleet.config import Config
from fleet.events import gaps, rollups
from fleet.live import Item
from fleet.serve import Fleet
from fleet.store.store import Store
from mqtt.messages import Batch, KioskEvent, encode
from tests.fleet.kiosk import Kiosk, kiosk
from tests.fleet.samples import KINDS, event
from tests.servers import missing, wait_until

pytestmark = pytest.mark.server
BATCHES, EACH = 60, 5


@contextmanager
def workers(port: int, url: str, number: int) -> Iterator[subprocess.Popen[str]]:
    """`endcap fleet ingest`, ready; ended as an operator would end it."""
    command = [
        sys.executable, "-m", "fleet", "ingest", "--broker", f"127.0.0.1:{port}", "--database", url, "--workers", str(number)
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = {process.stdout.readline().strip() for _ in range(number)}
            assert ready == {f"ingest worker {each} ready" for each in range(number)}
            yield process
        finally:
            process.terminate()
            process.wait(60)


def test_two_workers_store_the_events_of_one_kiosk_once(postgres_url: str, tmp_path: Path) -> None:
    """Batches of a kiosk go to either in turn, and each comes twice; pages in a third process show them as they come."""
    if missing("mosquitto"):
        pytest.skip(missing("mosquitto"))
    Store(postgres_url).close()
    broker = start_broker(tmp_path / "broker", prefer="mosquitto")
    config = Config(
        data=tmp_path / "fleet", database_url=postgres_url, broker_port=broker.port, port=0, ingest=False
    )
    batches = [
        [event(seq, KINDS[seq % 6], reference=f"R{seq}", order=f"O{seq}") if KINDS[seq % 6] in {"sale", "refund"}
         else event(seq, KINDS[seq % 6]) for seq in range(first, first + EACH)]
        for first in range(1, BATCHES * EACH, EACH)
    ]  # fmt: skip
    sent = batches * 2
    random.Random(5).shuffle(sent)
    told: list[Item] = []
    with Fleet(config) as fleet, workers(broker.port, postgres_url, 2), kiosk(broker.port, "k1") as wall:
        fleet.live.listen(told.append)
        for batch in sent:
            wait_until(partial(_sends, wall, batch), "room to send")
        wait_until(lambda: wall.upto() == BATCHES * EACH, "all to be acknowledged", 60.0)
        wait_until(lambda: any(item.name == "event" for item in told), "pages to hear of it")
        with fleet.store.read() as connection:
            assert connection.scalar(select(func.count()).select_from(tables.events)) == BATCHES * EACH
            assert rollups.differences(connection) == []
            [found] = gaps.report(connection)
            assert (found.upto, found.missing) == (BATCHES * EACH, ())
            assert connection.scalar(select(func.count()).select_from(tables.poison)) == 0
            assert connection.execute(select(tables.ahead)).all() == []
    broker.stop()


def _sends(wall: Kiosk, batch: list[KioskEvent]) -> bool:
    return wall.client.publish(wall.address.events, encode(Batch(events=tuple(batch))))
