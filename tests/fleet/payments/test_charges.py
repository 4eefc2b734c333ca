"""One charge and its provider, where they do not agree or one of them is slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.payments.book import LEASE_MS, Book, Entry
from fleet.payments.faults import Rule, Script
from fleet.payments.poller import WORKERS, Poller
from fleet.payments.port import State
from fleet.store.store import Store
from mqtt.messages import CancelWanted, ChargeState
from tests.fleet.payments.direct import KIOSK, LINE, Clock, Till
from tests.servers import wait_until
from tests.stores import store_url


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    opened = Till(tmp_path)
    yield opened
    opened.close()


def scripted(till: Till, *faults: str) -> None:
    till.bank.set_script(Script(rules=(Rule(faults=faults),)))


def at_the_bank(till: Till, reference: str) -> str:
    (charge,) = till.bank.by_reference(reference)
    return charge.state


# --- what must not be shown ---------------------------------------------------------------------------------------


def test_a_code_that_must_not_be_shown_is_refused_and_its_charge_ended(till: Till) -> None:
    scripted(till, "wrong-code")
    reference = till.asked()
    entry = till.entry(reference)
    assert (entry.state, entry.reason, entry.payload) == (State.FAILED, "bad-payload", "")
    assert (at_the_bank(till, reference), till.desk.counters.bad_payloads) == ("cancelled", 1)
    told = till.status(reference)
    assert (told.state, told.reason, told.payload) == ("failed", "bad-payload", "")


def test_it_is_ended_later_where_that_did_not_work_and_money_that_came_goes_back(till: Till) -> None:
    scripted(till, "wrong-code")
    till.provider.refuses_cancels = True
    reference = till.asked()
    assert at_the_bank(till, reference) == "open"
    till.provider.refuses_cancels = False
    till.later(31)
    assert at_the_bank(till, reference) == "cancelled"
    till.paid(reference)
    till.later(31)
    assert till.status(reference).state == "paid", (
        "the wall decides: it knows no such order, so it gives it back"
    )


def test_a_provider_that_created_something_else_is_not_believed(till: Till) -> None:
    till.provider.miscounts = 1
    reference = till.asked()
    assert (till.entry(reference).reason, at_the_bank(till, reference)) == ("bad-payload", "cancelled")


# --- what a provider cannot do ------------------------------------------------------------------------------------


def test_where_nothing_can_be_cancelled_late_money_is_told_of(tmp_path: Path) -> None:
    till = Till(tmp_path, cancel=False)
    reference = till.asked()
    answer = till.desk.handle(KIOSK, CancelWanted(id="q", expires_ms=0, reference=reference))
    assert (answer.state, at_the_bank(till, reference)) == ("cancelled", "open")
    till.paid(reference)
    till.later(31)
    assert [m.state for m in till.told if isinstance(m, ChargeState)] == ["cancelled", "paid"]
    till.close()


def test_where_nothing_can_go_back_a_person_is_told_at_once(tmp_path: Path) -> None:
    till = Till(tmp_path, refund=False)
    reference = till.asked_by_phone()
    till.paid(reference, 499)
    till.later(2)
    till.later(2)
    till.later(30)
    assert till.on_the_list() == ["refund-refused"]
    assert till.entry(reference).trouble == "no-refunds"
    till.close()


def test_a_refund_that_takes_time_is_asked_after_until_it_is_done(till: Till) -> None:
    scripted(till, "refund-later")
    reference = till.asked_by_phone()
    till.paid(reference, 499)
    till.later(2)
    till.later(2)
    assert till.entry(reference).state is State.REFUNDING
    till.later(2)
    assert (till.entry(reference).state, till.entry(reference).given_minor) == (State.REFUNDED, 499)


# --- who waits for whom -------------------------------------------------------------------------------------------


def entry_of(number: int, provider: str) -> Entry:
    return Entry(
        reference=f"{number:016}", kiosk=str(KIOSK), order=f"{number:015}", channel="touch", method="link",
        provider=provider, currency="EUR", minor=500, lines=(LINE,), version="v", ttl_s=60, asked_ms=0, due_ms=0,
    )  # fmt: skip


def test_a_provider_that_hangs_holds_up_no_other(tmp_path: Path) -> None:
    store, clock, release = Store(store_url(tmp_path / "fleet.db")), Clock(), threading.Event()
    book, looked = Book(store, clock), []
    for number in range(20):
        book.open(entry_of(number, "hangs"))
    for number in range(20, 40):
        book.open(entry_of(number, "works"))

    def look(entry: Entry) -> None:
        if entry.provider == "hangs":
            release.wait(60)
        looked.append(entry.reference)
        book.later(entry.reference)

    poller = Poller(book, ("hangs", "works"), look, lambda *_: False, lambda: None, clock)
    poller.start()
    try:
        wait_until(lambda: len(looked) == 20, "the other provider's charges")
        assert {int(reference) for reference in looked} == set(range(20, 40))
        release.set()
        wait_until(lambda: len(looked) == 40, "the rest")
    finally:
        release.set()
        poller.close(15)
        store.close()
    assert len(set(looked)) == 40, "each once"
    assert not [t for t in threading.enumerate() if t.name.startswith("charges") and t.is_alive()]
    assert WORKERS > 1


def test_what_a_dead_worker_was_looking_at_comes_up_again(tmp_path: Path) -> None:
    store, clock = Store(store_url(tmp_path / "fleet.db")), Clock()
    book = Book(store, clock)
    book.open(entry_of(1, "bank"))
    assert len(book.take_due(10, "bank")) == 1
    assert book.take_due(10, "bank") == [], "somebody looks at it"
    clock.ms += LEASE_MS
    assert len(book.take_due(10, "bank")) == 1
    store.close()
