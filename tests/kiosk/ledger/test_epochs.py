"""Several epochs in one outbox: a card that moves to another board, and what a technician sees of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from kiosk.cli import main
from kiosk.clock.clock import SystemClock
from kiosk.fleet_line.line import FleetLine, Heard
from kiosk.ledger import Ledger, LedgerError
from kiosk.ledger.look import in_words, look
from mqtt.messages import Ack, Batch, decode, encode
from tests.kiosk.ledger.events import covered, play
from tests.kiosk.ledger.test_bounded import drained, say
from tests.kiosk.orders import payment, refund_of, sale_of
from tests.kiosk.test_fleet_line import ADDRESS, Wire


def test_a_card_in_another_board_begins_anew_and_sends_the_old_first(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = Ledger(path, SystemClock(), machine="board-a")
    say(first, [play()] * 70)
    epoch = first.epoch
    first.close()
    same = Ledger(path, SystemClock(), machine="board-a")
    assert same.epoch == epoch
    same.close()
    other = Ledger(path, SystemClock(), machine="board-b")
    assert other.epoch != epoch
    say(other, [play()] * 10)
    assert other.counts()["old-epochs"] == 1
    assert other.place(epoch, 70) == 70
    assert other.place(other.epoch, 10) == 80
    assert other.place(epoch, 71) == 70, "what a copy on the first board said since is not ours"
    assert other.place(other.epoch, 11) is None
    assert other.place("ffffffffffffffff", 1) is None
    batches = []
    place = 0
    while rows := other.events_after(place, 50, 1 << 20):
        batches.append([json.loads(body) for _, body in rows])
        place = rows[-1][0]
    assert [(len(batch), {event["epoch"] for event in batch}) for batch in batches] == [
        (50, {epoch}), (20, {epoch}), (10, {other.epoch}),
    ]  # fmt: skip
    assert [event["seq"] for batch in batches for event in batch] == [*range(1, 71), *range(1, 11)]
    assert len(drained(other)) == 80
    assert other.counts()["old-epochs"] == 0, "what nobody waits for is forgotten"
    other.close()


def test_a_board_without_a_name_changes_nothing_and_nothing_said_is_no_epoch(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    epochs = []
    for machine in ("", "board-a", "", "board-b", "board-c"):
        ledger = Ledger(path, SystemClock(), machine=machine)
        epochs.append(ledger.epoch)
        assert ledger.counts()["old-epochs"] == 0
        ledger.close()
    assert epochs[0] == epochs[1] == epochs[2]
    assert len(set(epochs)) == 3


def test_the_line_drains_one_epoch_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = Ledger(path, SystemClock(), machine="board-a")
    say(first, [play()] * 260)
    old = first.epoch
    first.close()
    ledger, wire = Ledger(path, SystemClock(), machine="board-b"), Wire()
    say(ledger, [play()] * 30)
    line = FleetLine(ADDRESS, wire, ledger, SystemClock(), answer_ms=15_000)
    stored: dict[str, int] = {}
    line.pump()
    while ledger.bounds()[0] < ledger.bounds()[1]:
        for _, payload in wire.published:  # a fleet that takes what comes, in order
            batch = decode(payload, Batch).events
            assert batch[0].seq == stored.get(batch[0].epoch, 0) + 1
            stored[batch[0].epoch] = batch[-1].seq
            line.heard(Heard(ADDRESS.acks, encode(Ack(epoch=batch[0].epoch, upto=batch[-1].seq))))
        wire.published.clear()
        ledger.flush()
        line.pump()
    assert stored == {old: 260, ledger.epoch: 30}
    assert line.counters["acks-refused"] == 0
    ledger.close()


CONFIG = """
[address]
tenant = "demo"
site = "s1"
kiosk = "K1"
[paths]
store = "store"
state = "state"
"""


class TestOutboxCommand:
    def kiosk(self, folder: Path) -> Ledger:
        (folder / "kiosk.toml").write_text(CONFIG)
        (folder / "state").mkdir()
        return Ledger(folder / "state" / "ledger.sqlite", SystemClock(), machine="a")

    def test_it_says_what_waits_while_the_agent_runs(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ledger = self.kiosk(tmp_path)
        say(ledger, [play()] * 5)
        ledger.record_refund(refund_of(payment().reference))
        ledger.ack(ledger.epoch, 2)
        ledger.flush()
        assert main(["outbox", "--config", str(tmp_path / "kiosk.toml"), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["rows"], told["refunds_owed"], told["lost"], told["folded"]) == (4, 1, 0, 0)
        assert told["epochs"] == [{"epoch": ledger.epoch, "acked": 2, "last": 6, "rows": 4}]
        assert told["acked_ms"] > 0
        assert told["bytes"] == ledger.backlog().bytes
        assert main(["outbox", "--config", str(tmp_path / "kiosk.toml")]) == 0
        words = capsys.readouterr().out
        assert "4 rows" in words
        assert f"epoch        {ledger.epoch}: 6 numbered, 2 acknowledged, 4 rows wait" in words
        ledger.record_sale(payment("ABCDEFGHJKMNPQR"), "CODE", sale_of(payment("ABCDEFGHJKMNPQR")))
        assert covered(drained(ledger)) == [3, 4, 5, 6, 7]
        ledger.close()

    def test_it_says_what_was_mended_and_that_the_card_is_nearly_full(self, tmp_path: Path) -> None:
        ledger = self.kiosk(tmp_path)
        say(ledger, [play()] * 5)
        ledger.close()
        path = tmp_path / "state" / "ledger.sqlite"
        path.write_bytes(b"not a database, " + path.read_bytes()[16:])
        ledger = Ledger(path, SystemClock(), machine="a")
        found = look(path)
        assert found.mended is not None
        assert found.mended.saved["outbox"] == 5
        words = in_words(found, int(time.time() * 1000))
        assert any(line.startswith("mended") and "damaged file ledger.sqlite.bad-" in line for line in words)
        assert [one.rows for one in found.epochs] == [5, 0]
        small = type(found)(
            **{name: getattr(found, name) for name in found.__struct_fields__} | {"disk_free": 1}
        )
        assert any("NEARLY FULL" in line for line in in_words(small, 0))
        ledger.close()

    def test_where_there_is_none_it_says_so(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.kiosk(tmp_path).close()
        (tmp_path / "state" / "ledger.sqlite").unlink()
        assert main(["outbox", "--config", str(tmp_path / "kiosk.toml")]) == 1
        assert "there is no ledger yet" in capsys.readouterr().err
        (tmp_path / "state" / "ledger.sqlite").write_bytes(b"nothing of the kind" * 300)
        with pytest.raises(LedgerError, match="not a database"):
            look(tmp_path / "state" / "ledger.sqlite")
