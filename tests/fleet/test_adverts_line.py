"""Adverts measured over a real line: a kiosk's plays, folded, sent twice and out of order, to the page, the interface and the files."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import httpx
import msgspec
import pytest

from fleet.broker.broker import Broker
from fleet.cli import report as cli
from fleet.serve import Fleet
from kiosk.ledger.folding import fold
from mqtt.messages import AdvertPlayed, KioskEvent, decode, encode
from tests.fleet.kiosk import Kiosk, kiosk
from tests.servers import wait_until

pytestmark = pytest.mark.server
COUNT = 240


def written(now_ms: int) -> list[AdvertPlayed]:
    """What the kiosk noted: two bookings by turns, some drawn, some ended by a person, a few by a clock that was not set."""
    return [
        AdvertPlayed(
            epoch="e1", seq=seq, wall_ms=now_ms - (COUNT - seq) * 8_000, mono_ms=seq, boot="b",
            clock="unsynced" if seq % 40 == 0 else "synced", advert=f"a{seq % 3}", creative=f"{seq % 3}" * 64,
            name="Brot & Käse, „frisch“" if seq % 3 else "=1+1", playlist="sold", booking=f"B-{seq % 2}", kind="booked",
            shown_ms=5_000 + seq, how_ms=seq % 7, drawn=seq % 5 != 0, ended="person" if seq % 11 == 0 else "end",
            touched=seq % 22 == 0,
        )
        for seq in range(1, COUNT + 1)
    ]  # fmt: skip


def send_badly(wall: Kiosk, events: list[AdvertPlayed]) -> None:
    """The middle third was folded by a full card; the rest comes last first, and twice."""
    third = COUNT // 3
    rows = {each.seq: encode(each) for each in events}
    for change in fold([(each.seq, rows[each.seq]) for each in events[third : 2 * third]]):
        for place in range(change.first, change.place + 1):
            rows.pop(place)
        rows[change.place] = change.body
    told: list[KioskEvent] = [decode(body, KioskEvent) for _, body in sorted(rows.items())]
    assert len(told) < COUNT
    batches = [told[begin : begin + 25] for begin in range(0, len(told), 25)]
    for batch in [*reversed(batches), *batches]:
        wall.send(*batch)
    wait_until(lambda: wall.upto() == COUNT, "all to be stored")


def test_the_files_are_what_the_kiosk_wrote(
    fleet: Fleet, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    events = written(int(time.time() * 1000) - 60_000)
    with kiosk(broker.port, "measured-1") as wall:
        send_badly(wall, events)
    with httpx.Client(base_url=fleet.url, trust_env=False) as client:
        rows = msgspec.json.decode(client.get("/api/adverts/plays?kiosk=t/s/measured-1").content)
        for figure, of in (
            ("plays", "epoch"),
            ("shown_ms", "shown_ms"),
            ("how_ms", "how_ms"),
            ("drawn", "drawn"),
            ("touched", "touched"),
        ):
            for booking in ("B-0", "B-1"):
                should = sum(
                    1 if of == "epoch" else int(getattr(each, of))
                    for each in events
                    if each.booking == booking
                )
                assert sum(row[figure] for row in rows if row["booking"] == booking) == should, (
                    figure,
                    booking,
                )
        assert sum(row["present"] for row in rows) == sum(each.ended == "person" for each in events)
        assert sum(row["plays"] for row in rows if row["clock"] == "unsynced") == COUNT // 40
        text = client.get("/api/adverts/plays?kiosk=t/s/measured-1&format=csv").content.decode()
        read = list(csv.DictReader(io.StringIO(text, newline="")))
        assert sum(int(row["shown_ms"]) for row in read) == sum(each.shown_ms for each in events)
        assert {row["name"] for row in read} == {"'=1+1", "Brot & Käse, „frisch“"}
        page = client.get("/adverts?kiosk=t/s/measured-1")
        assert page.status_code == 200
        assert "B-1" in page.text
        grades = msgspec.json.decode(client.get("/api/adverts/grades?kiosk=t/s/measured-1").content)
        assert sum(row["plays"] for row in grades) == COUNT
        assert client.get("/api/adverts/facings?format=csv").text.startswith("kiosk,minute_utc,")
        share = msgspec.json.decode(client.get("/api/adverts/share?kiosk=t/s/measured-1").content)
        assert share["unsynced_plays"] == COUNT // 40
        for wrong, why in (
            ("plays?booking=B-9", "nothing was played for it"),
            ("plays?from=2026-11-23&to=2026-11-01", "a later one"),
            ("share?from=2021-01-01&to=2026-01-01", "62 days at most"),
            ("plays?format=xls", "expected one of csv, json"),
            ("plays?kiosk=nobody/knows/it", "no event of it"),
        ):
            answer = client.get(f"/api/adverts/{wrong}")
            assert answer.status_code == 400, wrong
            assert why in answer.json()["error"]
        assert client.get("/api/adverts/everything").status_code == 404
        told = client.get("/adverts?from=nonsense")
        assert (told.status_code, "expected a day such as" in told.text) == (400, True)


def test_the_command_line_writes_the_same(
    fleet: Fleet, broker: Broker, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    events = written(int(time.time() * 1000) - 60_000)
    with kiosk(broker.port, "measured-2") as wall:
        send_badly(wall, events)
    where = ["--database", fleet.services.config.database, "--kiosk", "t/s/measured-2"]
    assert cli.main(["plays", *where]) == 0
    read = list(csv.DictReader(io.StringIO(capfdbinary.readouterr().out.decode(), newline="")))
    assert sum(int(row["plays"]) for row in read) == COUNT
    assert cli.main(["plays", *where, "--format", "json", "--booking", "B-1"]) == 0
    assert sum(row["plays"] for row in msgspec.json.decode(capfdbinary.readouterr().out)) == COUNT // 2
    for arguments, why in (
        (["plays", "--booking", "B-9"], b"there are B-0, B-1"),
        (["plays", "--from", "2026-12-02", "--to", "2026-12-01"], b"a later one"),
        (["share"], b"--releases DIR or --catalogue DIR"),
        (["share", "--catalogue", str(tmp_path)], b"endcap fleet report:"),
    ):
        assert cli.main([arguments[0], *where, *arguments[1:]]) == 1
        assert why in capfdbinary.readouterr().err
