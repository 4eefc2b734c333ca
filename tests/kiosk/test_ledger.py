"""The ledger: every reference ends once, every event has its number, and a kill costs nothing that was committed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from content.references import parse_claim
from kiosk.clock.clock import SystemClock
from kiosk.ledger import Backlog, Ledger
from kiosk.ledger.schema import STEPS, LedgerError
from mqtt.messages import Batch, Engaged, KioskEvent, RefundWanted, SaleMade, decode
from tests.kiosk.orders import CLAIM, ORDER, engaged, payment, refund_of, sale_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = Ledger(path, SystemClock())
    yield opened
    opened.close()
    assert not [t.name for t in threading.enumerate() if t.name == "ledger-writer"]


def outgoing(ledger: Ledger) -> list[KioskEvent]:
    ledger.flush()
    return [decode(body, KioskEvent) for _, body in ledger.events_after(0, 1000, 1 << 20)]


class TestMoney:
    def test_a_payment_is_remembered_before_it_is_asked_for_and_recovered_at_start(self, path: Path) -> None:
        first = Ledger(path, SystemClock())
        first.remember(payment())
        first.close()
        second = Ledger(path, SystemClock())
        assert second.open_payments() == (payment(),)
        assert second.standing(payment().reference) == "open"
        second.close()

    def test_a_sale_settles_its_reference_and_goes_out_at_once(self, ledger: Ledger) -> None:
        ledger.remember(payment())
        assert ledger.record_sale(payment(), "K7Q2-9MXT", sale_of(payment())) == "recorded"
        assert ledger.standing(payment().reference) == "sale"
        assert ledger.open_payments() == ()
        [event] = outgoing(ledger)
        assert isinstance(event, SaleMade)
        assert (event.epoch, event.seq, event.total_minor) == (ledger.epoch, 1, 498)

    def test_a_sale_recorded_again_is_the_same_sale(self, ledger: Ledger) -> None:
        for _ in range(3):
            assert ledger.record_sale(payment(), "K7Q2-9MXT", sale_of(payment())) == "recorded"
        assert len(outgoing(ledger)) == 1

    def test_an_order_is_sold_once_whichever_reference_was_paid(self, ledger: Ledger) -> None:
        again = payment(attempt=1)
        assert ledger.record_sale(payment(), "K7Q2-9MXT", sale_of(payment())) == "recorded"
        assert ledger.record_sale(again, "K7Q2-9MXT", sale_of(again)) == "order-sold"
        assert ledger.record_refund(refund_of(again.reference))
        assert [type(event) for event in outgoing(ledger)] == [SaleMade, RefundWanted]

    def test_a_payment_that_cannot_be_read_does_not_hold_up_the_others(
        self, path: Path, ledger: Ledger
    ) -> None:
        other = payment(order="F" * 15)
        for one in (payment(), other):
            ledger.remember(one)
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE payment SET body = x'7b7d' WHERE reference = ?", (payment().reference,))
            db.commit()
        assert ledger.open_payments() == (other,)
        assert ledger.payment(payment().reference) is None
        assert ledger.standing(payment().reference) == "open"

    def test_what_another_attempt_has_bought_is_known(self, ledger: Ledger) -> None:
        ledger.remember(payment())
        ledger.record_sale(payment(attempt=1), "CODE", sale_of(payment(attempt=1)))
        other = payment(order="F" * 15)
        assert ledger.sold_among((payment(), other, payment())) == (payment().order.order,)
        assert ledger.payment(payment().reference) == payment()
        assert ledger.payment(other.reference) is None

    def test_a_reference_that_was_refunded_is_never_sold_nor_the_other_way_round(
        self, ledger: Ledger
    ) -> None:
        assert ledger.record_refund(refund_of(payment().reference))
        assert ledger.record_sale(payment(), "K7Q2-9MXT", sale_of(payment())) == "settled"
        assert ledger.record_refund(refund_of(payment().reference)), "asked again, it is the same refund"
        other = payment("EDCBA9876543210")
        assert ledger.record_sale(other, "K7Q2-9MXT", sale_of(other)) == "recorded"
        assert not ledger.record_refund(refund_of(other.reference))
        assert len(outgoing(ledger)) == 2

    def test_a_refund_is_owed_until_it_is_confirmed_whatever_happens_to_the_kiosk(self, path: Path) -> None:
        first = Ledger(path, SystemClock())
        first.record_refund(refund_of(payment().reference))
        first.close()
        second = Ledger(path, SystemClock())
        assert second.owed_refunds() == [(payment().reference, "ended")]
        second.refund_confirmed("ZZZZZZZZZZZZZZZZ")
        for _ in range(2):
            second.refund_confirmed(payment().reference)
        assert second.owed_refunds() == []
        second.record_refund(refund_of(payment().reference))
        assert second.owed_refunds() == [], "settled once, owed once"
        second.close()

    def test_refunds_nobody_confirms_hold_up_no_other(self, ledger: Ledger) -> None:
        references = [f"{number:016}" for number in range(5)]
        for reference in references:
            ledger.record_refund(refund_of(reference))
        assert ledger.owed_count() == 5
        asked: list[str] = []
        for _ in range(3):
            asked += [reference for reference, _ in ledger.owed_refunds(2, asked[-1] if asked else "")]
        assert asked == [*references, references[0]]

    def test_late_money_finds_a_payment_the_core_let_go(self, ledger: Ledger) -> None:
        ledger.remember(payment())
        ledger.close_payment(payment().reference, "ended")
        assert ledger.open_payments() == ()
        assert ledger.standing(payment().reference) == "closed"
        assert ledger.reopen(payment().reference) == payment()
        assert ledger.open_payments() == (payment(),)
        assert ledger.reopen("ZZZZZZZZZZZZZZZZ") is None
        assert ledger.standing("ZZZZZZZZZZZZZZZZ") == "unknown"

    def test_a_sale_that_cannot_be_written_leaves_nothing_behind(self, path: Path, ledger: Ledger) -> None:
        ledger.remember(payment())
        with sqlite3.connect(path) as other:
            other.execute(
                "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        other.close()
        with pytest.raises(LedgerError, match=r"ledger\.sqlite: disk full"):
            ledger.record_sale(payment(), "K7Q2-9MXT", sale_of(payment()))
        assert ledger.standing(payment().reference) == "open"
        assert ledger.bounds() == (0, 0)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.tuples(st.sampled_from(["sale", "refund"]), st.integers(0, 2), st.integers(0, 1)), max_size=12
        )
    )
    def test_whatever_is_asked_each_reference_ends_once(
        self, tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, int, int]]
    ) -> None:
        ledger = Ledger(tmp_path_factory.mktemp("law") / "ledger.sqlite", SystemClock())
        for how, number, attempt in asked:
            wanted = payment(f"{number:015d}", attempt)
            if how == "sale":
                ledger.record_sale(wanted, "K7Q2-9MXT", sale_of(wanted))
            else:
                ledger.record_refund(refund_of(wanted.reference))
        events = [event for event in outgoing(ledger) if isinstance(event, SaleMade | RefundWanted)]
        ledger.close()
        references = [event.reference for event in events]
        orders_sold = [event.order for event in events if isinstance(event, SaleMade)]
        assert len(references) == len(set(references))
        assert len(orders_sold) == len(set(orders_sold))
        assert [event.seq for event in events] == list(range(1, len(events) + 1))


class TestEvents:
    def test_notes_are_committed_together_and_numbered_without_gaps(self, ledger: Ledger) -> None:
        for number in range(100):
            ledger.note(engaged(f"what-{number}"))
        events = outgoing(ledger)
        assert [event.seq for event in events] == list(range(1, 101))
        assert [event.what for event in events if isinstance(event, Engaged)] == [
            f"what-{n}" for n in range(100)
        ]

    def test_a_note_is_committed_soon_without_being_pressed(self, path: Path) -> None:
        grown = threading.Event()
        ledger = Ledger(path, SystemClock(), grown.set)
        ledger.note(engaged())
        assert grown.wait(60)
        assert ledger.bounds() == (0, 1)
        ledger.close()

    def test_closing_commits_what_waits(self, path: Path) -> None:
        first = Ledger(path, SystemClock())
        first.note(engaged())
        first.close()
        second = Ledger(path, SystemClock())
        assert len(outgoing(second)) == 1
        second.close()

    def test_acknowledged_events_are_forgotten_and_numbers_go_on(self, ledger: Ledger) -> None:
        for _ in range(5):
            ledger.note(engaged())
        ledger.flush()
        assert ledger.ack(ledger.epoch, 3)
        ledger.flush()
        assert ledger.bounds() == (3, 5)
        assert ledger.ack(ledger.epoch, 5)
        ledger.note(engaged())
        assert [event.seq for event in outgoing(ledger)] == [6]

    def test_an_ack_of_another_life_is_refused(self, ledger: Ledger) -> None:
        ledger.note(engaged())
        ledger.flush()
        assert not ledger.ack("ffffffffffffffff", 1)
        assert not ledger.ack(ledger.epoch, -1)
        assert len(outgoing(ledger)) == 1

    def test_an_ack_of_more_than_was_given_shows_an_old_copy(self, ledger: Ledger) -> None:
        """Its numbers were given before, to other events: from here on they are given under another epoch."""
        before = ledger.epoch
        ledger.ack(before, 2)
        ledger.note(engaged())
        ledger.flush()
        assert ledger.epoch != before
        assert len(outgoing(ledger)) == 1

    def test_what_waits_is_told_in_figures(self, ledger: Ledger) -> None:
        assert ledger.backlog() == Backlog()
        for _ in range(3):
            ledger.note(engaged())
        ledger.flush()
        waiting = ledger.backlog()
        assert (waiting.count, waiting.oldest_ms, waiting.acked_ms, waiting.lost) == (3, 1_500, 0, 0)
        assert waiting.bytes == sum(len(body) for _, body in ledger.events_after(0, 10, 1 << 20))
        assert ledger.ack(ledger.epoch, 2)
        ledger.flush()
        assert ledger.backlog().count == 1
        assert ledger.backlog().acked_ms > 0

    def test_a_batch_is_bounded_in_count_and_bytes(self, ledger: Ledger) -> None:
        for _ in range(10):
            ledger.note(engaged())
        ledger.flush()
        size = len(ledger.events_after(0, 1, 1 << 20)[0][1])
        assert [seq for seq, _ in ledger.events_after(2, 3, 1 << 20)] == [3, 4, 5]
        assert [seq for seq, _ in ledger.events_after(0, 10, 2 * size)] == [1, 2]
        assert [seq for seq, _ in ledger.events_after(0, 10, 1)] == [1], (
            "one too large for a batch goes alone"
        )

    def test_the_stored_bytes_are_the_wires(self, ledger: Ledger) -> None:
        ledger.note(engaged())
        ledger.flush()
        bodies = b",".join(body for _, body in ledger.events_after(0, 10, 1 << 20))
        assert decode(b'{"events":[' + bodies + b"]}", Batch).events[0].seq == 1


class TestCommands:
    def test_a_command_is_new_once_over_restarts_and_the_last_thousand_are_remembered(
        self, path: Path
    ) -> None:
        first = Ledger(path, SystemClock())
        assert first.remember_command("c0")
        assert not first.remember_command("c0")
        first.close()
        second = Ledger(path, SystemClock())
        assert not second.remember_command("c0")
        for number in range(1, 1001):
            assert second.remember_command(f"c{number}")
        assert not second.remember_command("c1")
        assert second.remember_command("c0"), "the thousand and first is forgotten"
        second.close()


class TestFile:
    def test_killed_at_any_moment_it_keeps_all_that_was_said_to_be_kept(self, path: Path) -> None:
        said: list[str] = []
        for round_ in range(3):
            with subprocess.Popen(
                [sys.executable, "-m", "tests.kiosk.ledger_process", str(path)],
                stdout=subprocess.PIPE,
                text=True,
            ) as process:
                assert process.stdout is not None
                said += [process.stdout.readline().strip() for _ in range(20 + 7 * round_)]
                process.kill()
                said += [line.strip() for line in process.stdout if line.endswith("\n")]
            ledger = Ledger(path, SystemClock())
            assert ledger.set_aside is None
            for line in said:
                what, reference = line.split()
                assert ledger.standing(reference) in (("sale",) if what == "sold" else ("open", "sale"))
            seqs = [event.seq for event in outgoing(ledger)]
            assert seqs == list(range(1, len(seqs) + 1))
            ledger.close()

    @pytest.mark.parametrize("damage", ["text", "middle"])
    def test_a_damaged_file_is_set_aside_and_its_good_rows_are_saved(self, path: Path, damage: str) -> None:
        first = Ledger(path, SystemClock())
        for number in range(200):
            first.remember(payment(f"{number:015d}"))
        epoch = first.epoch
        first.close()
        data = bytearray(path.read_bytes())
        data[0:16] = b"not a database!!" if damage == "text" else data[0:16]
        data[4096 * 3 : 4096 * 6] = b"\x5a" * (4096 * 3)
        path.write_bytes(data)
        second = Ledger(path, SystemClock())
        assert second.set_aside is not None
        assert second.set_aside.read_bytes() == bytes(data)
        assert second.set_aside.name.startswith("ledger.sqlite.bad-2")
        assert second.epoch != epoch
        assert second.mended is not None
        saved = second.open_payments()
        assert len(saved) == second.mended.saved["payment"] > 100
        assert set(saved) < {payment(f"{number:015d}") for number in range(200)}
        second.remember(payment())
        assert payment() in second.open_payments()
        second.close()

    def test_a_place_that_cannot_be_written_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerError, match=r"nowhere/ledger\.sqlite: cannot be opened"):
            Ledger(tmp_path / "nowhere" / "ledger.sqlite", SystemClock())

    def test_a_file_of_a_newer_program_is_left_alone(self, path: Path) -> None:
        Ledger(path, SystemClock()).close()
        with sqlite3.connect(path) as db:
            db.execute("INSERT INTO step VALUES (99, 'from the future', 0)")
        db.close()
        with pytest.raises(LedgerError, match="step 99 was made by a newer program"):
            Ledger(path, SystemClock())
        assert path.exists()

    def test_schema_steps_are_numbered_and_recorded(self, path: Path, ledger: Ledger) -> None:
        with sqlite3.connect(path) as db:
            assert db.execute("SELECT number, name FROM step").fetchall() == [
                (n, name) for n, name, _ in STEPS
            ]
        db.close()
        assert [number for number, _, _ in STEPS] == list(range(1, len(STEPS) + 1))

    def test_payments_of_before_claim_codes_were_chance_get_one_for_each_order(self, path: Path) -> None:
        known = [payment("1" * 15), payment("1" * 15, 1), payment("2" * 15)]
        first = Ledger(path, SystemClock())
        for one in known:
            first.remember(one)
        first.close()
        with sqlite3.connect(path) as db:  # as the program before has left it
            body = "CAST(json_remove(CAST(body AS TEXT), '$.order.claim') AS BLOB)"
            db.execute(f"UPDATE payment SET body = {body}")
            db.execute("DELETE FROM step WHERE number >= 4")
            db.execute("DROP TABLE command")
            db.execute("DROP TABLE tally")
            db.execute("INSERT INTO meta SELECT 'epoch', epoch FROM stream UNION SELECT 'seq', 0")
            db.execute("DROP TABLE stream")
            db.execute("ALTER TABLE outbox RENAME COLUMN place TO seq")
            db.execute("ALTER TABLE outbox DROP COLUMN crc")
        db.close()
        second = Ledger(path, SystemClock())
        found = second.open_payments()
        second.close()
        codes = [one.order.claim for one in found]
        assert codes[0] == codes[1] != codes[2]
        assert all(parse_claim(code) == code for code in codes)
        again = [structs.replace(one, order=structs.replace(one.order, claim=CLAIM)) for one in found]
        assert again == known, "nothing else has changed"

    def test_the_order_in_tests_is_an_order(self) -> None:
        assert payment().reference == ORDER + "0"
