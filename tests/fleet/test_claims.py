"""What a claim code stands for, and that its goods leave once: however many ask at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from fleet import tables
from fleet.claims.claims import HANDED, PAYING, READY, REFUNDED, REFUNDING, UNPAID, Claims, standing
from fleet.claims.codes import WRONG, Codes
from fleet.claims.handovers import GIVEN_BACK, UNDO_MS, Handover
from fleet.payments.book import HANDED_OVER, Entry
from fleet.payments.port import News, State
from fleet.reports.summary import summary
from fleet.shop.baskets import Baskets
from mqtt.messages import CodeState, CodeWanted, RefundCharge
from mqtt.topics import Address
from tests.fleet.claiming import WALL, Till

pytestmark = pytest.mark.usefixtures("each_database")

KIOSKS = (Address("demo", "u8", "K1"), Address("demo", "u8", "K2"))


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    opened = Till(tmp_path)
    yield opened
    opened.close()


Result = TypeVar("Result")


def at_once(*works: Callable[[], Result]) -> list[Result]:
    """What all of `works` return when threads begin them together."""
    gate, done, lock = threading.Barrier(len(works)), list[Result](), threading.Lock()

    def run(work: Callable[[], Result]) -> None:
        gate.wait()
        result = work()
        with lock:
            done.append(result)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == len(works)
    return done


def sales_of(till: Till, entry: Entry) -> int:
    with till.store.read() as connection:
        column = tables.sales.c
        query = select(func.count()).select_from(tables.sales).where(column.order == entry.order)
        return int(connection.scalar(query) or 0)


# --- what it stands for --------------------------------------------------------------------------------------------


def test_a_code_of_a_sale_is_ready_and_says_what_was_bought(till: Till) -> None:
    entry = till.order(News.OPEN, News.PAID)
    till.wall_sells(entry)
    for text in (entry.claim_code, entry.claim_code.lower().replace("-", " ")):
        claim = till.claims.look(text)
        assert claim is not None
        assert (claim.state, claim.order, claim.total.minor) == (READY, entry.order, 1250)
        assert claim.lines == entry.lines
        assert claim.short == entry.order[:4]


def test_a_sale_whose_charge_this_fleet_never_had_is_honoured_all_the_same(
    till: Till, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    elsewhere = Till(tmp_path / "other")
    entry = elsewhere.order(News.OPEN, News.PAID)
    elsewhere.close()
    till.wall_sells(entry)
    claim = till.claims.look(entry.claim_code)
    assert claim is not None
    assert (claim.state, claim.lines) == (READY, entry.lines)
    assert Claims(till.store, None, till.clock).look(entry.claim_code) == claim


@pytest.mark.parametrize(
    "text", ["", "K7Q2", "K7Q2-9MXT", "U7Q2-9MXT", "K7Q2-9MXT-", "' OR 1=1 --", "x" * 5000]
)
def test_what_nobody_was_given_stands_for_nothing(till: Till, text: str) -> None:
    till.order(News.OPEN, News.PAID)
    assert till.claims.look(text) is None


def test_looking_writes_no_code_into_any_log(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    entry = till.order(News.OPEN, News.PAID)
    till.claims.hand_over(entry.claim_code, entry.order, "Mo")
    till.claims.look("K7Q2-9MXT")
    said = caplog.text.replace("-", "")
    assert entry.claim_code.replace("-", "") not in said
    assert "K7Q29MXT" not in said


def test_of_two_orders_with_one_code_the_one_somebody_waits_for_is_meant(till: Till) -> None:
    """40 bits: it happens once in a fleet's life."""
    old = till.order(News.OPEN, News.PAID)
    till.wall_sells(old)
    till.claims.hand_over(old.claim_code, old.order, "Mo")
    new = till.order(News.OPEN, News.PAID)
    with till.store.write() as connection:
        connection.execute(tables.charges.update().values(claim_code=old.claim_code))
    claim = till.claims.look(old.claim_code)
    assert claim is not None
    assert (claim.order, claim.state) == (new.order, READY)
    assert till.claims.hand_over(old.claim_code, old.order, "Mo")[1] is False, (
        "another order than was looked at"
    )


@given(
    states=st.lists(st.sampled_from(State), min_size=1, max_size=4),
    settled=st.sampled_from(["", "sale", "sold", "refund"]),
    sold=st.booleans(),
    left=st.sampled_from(["", HANDED_OVER, GIVEN_BACK]),
)
def test_goods_are_ready_only_while_money_for_them_is_kept(
    states: list[State], settled: str, sold: bool, left: str
) -> None:
    entries = [
        Entry(
            reference=f"{n:016}", kiosk=WALL, order="0" * 15, channel="touch", method="link", provider="p", currency="EUR",
            minor=1, lines=(), version="", ttl_s=1, asked_ms=n, state=state, settled=settled,
        )
        for n, state in enumerate(states)
    ]  # fmt: skip
    gone = Handover(
        order="0" * 15, outcome=left, reference="", kiosk=WALL, currency="EUR", minor=1, at_ms=1, who="Mo"
    )
    told = standing(entries, sold, gone if left else None)
    kept = bool(set(states) & {State.PAID, State.LATE_PAID})
    assert told != READY or (kept and not left)
    assert (told == HANDED) == (left == HANDED_OVER)
    assert told not in (UNPAID, PAYING) or (not kept and not left)
    assert told != REFUNDED or State.REFUNDED in states


# --- deciding what nobody has decided --------------------------------------------------------------------------------


def test_money_of_a_lost_wall_buys_its_goods_when_the_code_is_used(till: Till) -> None:
    entry = till.order(News.OPEN, News.PAID)
    assert sales_of(till, entry) == 0
    claim = till.claims.look(entry.claim_code)
    assert claim is not None
    assert claim.state == READY
    assert sales_of(till, entry) == 1

    till.wall_sells(entry)  # the wall was not lost after all
    assert sales_of(till, entry) == 1
    figures = summary(till.store, till.clock())
    assert (figures.sales, sum(figures.hours)) == (1, 1)
    assert till.claims.look(entry.claim_code) == claim


@pytest.mark.parametrize("paid", [1249, 1251, 1])
def test_money_that_is_not_the_price_goes_back(till: Till, paid: int) -> None:
    entry = till.order(News.OPEN, News.PAID, paid=paid)
    till.book.claimed(entry.reference)
    claim = till.claims.find(entry.claim_code)
    assert claim is not None
    assert claim.state == REFUNDING
    assert sales_of(till, entry) == 0


def test_money_that_came_twice_buys_once_and_goes_back_once(till: Till) -> None:
    first = till.order(News.OPEN, News.PAID)
    second = till.order(News.OPEN, News.PAID, attempt=1, like=first)
    till.wall_sells(first)
    change = till.book.claimed(second.reference)
    assert (change.after.state, change.after.reason) == (State.REFUNDING, "already-sold")
    claim = till.claims.find(first.claim_code)
    assert claim is not None
    assert (claim.state, claim.reference) == (READY, first.reference)


def test_what_its_wall_wanted_given_back_is_given_back(till: Till) -> None:
    entry = till.order(News.OPEN, News.PAID, News.WANT_REFUND)
    claim = till.claims.find(entry.claim_code)
    assert claim is not None
    assert claim.state == REFUNDING
    entry = till.order(News.OPEN, News.PAID, News.WANT_REFUND, News.REFUNDED)
    claim = till.claims.find(entry.claim_code)
    assert claim is not None
    assert claim.state == REFUNDED


def test_an_order_that_is_not_paid_says_so(till: Till) -> None:
    states = [
        till.claims.find(till.order(*news).claim_code)
        for news in ([News.OPEN], [News.OPEN, News.EXPIRED], [News.OPEN, News.EXPIRED, News.PAID])
    ]
    assert [claim.state for claim in states if claim] == [PAYING, UNPAID, PAYING]


def test_a_claim_at_two_kiosks_at_once_is_one_sale(till: Till) -> None:
    for _ in range(5):
        entry = till.order(News.OPEN, News.PAID)
        claims = at_once(*[partial(till.claims.look, entry.claim_code)] * 6)
        assert [claim.state for claim in claims if claim] == [READY] * 6
        assert sales_of(till, entry) == 1


def test_a_claim_and_the_walls_own_sale_at_once_are_one_sale(till: Till) -> None:
    for _ in range(5):
        entry = till.order(News.OPEN, News.PAID)
        at_once(partial(till.claims.look, entry.claim_code), partial(till.wall_sells, entry))
        assert sales_of(till, entry) == 1
        assert till.claims.hand_over(entry.claim_code, entry.order, "Mo")[1]


# --- handing over ----------------------------------------------------------------------------------------------------


def test_two_counters_hand_over_at_once_and_one_does_it(till: Till) -> None:
    for _ in range(5):
        entry = till.order(News.OPEN, News.PAID)
        results = at_once(*[partial(till.claims.hand_over, entry.claim_code, entry.order, "Mo")] * 6)
        assert sorted(new for _, new in results) == [False] * 5 + [True]
        assert {claim.state for claim, _ in results if claim} == {HANDED}


def test_a_hand_over_and_a_refund_at_once_are_one_of_both(till: Till) -> None:
    for _ in range(10):
        entry = till.order(News.OPEN, News.PAID)
        till.claims.look(entry.claim_code)
        wishes = [
            Handover(
                order=entry.order, outcome=outcome, reference=entry.reference, kiosk=WALL, currency="EUR",
                minor=1250, at_ms=till.clock(), who="Mo", why="nobody came",
            )
            for outcome in (HANDED_OVER, GIVEN_BACK) * 2
        ]  # fmt: skip
        results = at_once(*[partial(till.claims.handovers.enter, wish) for wish in wishes])
        assert sum(new for _, new in results) == 1
        assert len({row.outcome for row, _ in results}) == 1


def test_twice_says_when_and_by_whom_it_was_handed_over(till: Till) -> None:
    entry = till.order(News.OPEN, News.PAID)
    first, new = till.claims.hand_over(entry.claim_code, entry.order, "Mo")
    assert new
    till.clock.ahead_ms += 5_000
    second, new = till.claims.hand_over(entry.claim_code, entry.order, "Ada")
    assert not new
    assert first is not None
    assert second is not None
    assert second.handover == first.handover
    assert second.handover is not None
    assert second.handover.who == "Mo"


def test_what_was_handed_over_is_not_given_back_too(till: Till) -> None:
    entry = till.order(News.OPEN, News.PAID)
    till.claims.hand_over(entry.claim_code, entry.order, "Mo")
    assert till.book.news(entry.reference, News.WANT_REFUND, "by mistake").after.state is State.PAID
    claim, new = till.claims.give_back(entry.claim_code, entry.order, "Mo", "a mistake")
    assert not new
    assert claim is not None
    assert claim.state == HANDED


def test_a_slip_can_be_taken_back_for_a_minute_with_a_reason(till: Till) -> None:
    entry = till.order(News.OPEN, News.PAID)
    code, order = entry.claim_code, entry.order
    till.claims.hand_over(code, order, "Mo")
    assert till.claims.undo(code, order, "Mo", "  ")[1] is False, "without a reason"
    claim, done = till.claims.undo(code, order, "Mo", "wrong bag")
    assert done
    assert claim is not None
    assert claim.state == READY
    assert till.claims.hand_over(code, order, "Mo")[1]
    till.clock.ahead_ms += UNDO_MS
    assert till.claims.undo(code, order, "Mo", "too late")[1] is False
    kept = [(note.what, note.why) for note in till.claims.handovers.decisions()]
    assert kept == [("handed-over", ""), ("undone", "wrong bag"), ("handed-over", "")]


# --- what kiosks are told --------------------------------------------------------------------------------------------


def wanted(code: str) -> CodeWanted:
    return CodeWanted(id="q1", expires_ms=0, code=code)


def test_a_kiosk_hears_what_a_code_stands_for(till: Till) -> None:
    baskets = Baskets(till.store, till.clock)
    codes = Codes(till.claims, baskets, till.clock)
    entry = till.order(News.OPEN, News.PAID)
    answer = codes.answer(KIOSKS[1], wanted(entry.claim_code.lower()))
    assert (answer.kind, answer.state, answer.code) == ("claim", READY, entry.claim_code)
    assert (answer.reference, answer.lines, answer.total_minor) == (entry.reference, entry.lines, 1250)
    till.claims.hand_over(entry.claim_code, entry.order, "Mo")
    gone = codes.answer(KIOSKS[1], wanted(entry.claim_code))
    assert (gone.state, gone.lines) == (HANDED, ()), "what it was is nobody's business any more"
    code = baskets.put([("09521100100113", 2)], "de", "")
    answer = codes.answer(KIOSKS[0], wanted(code.replace("-", "")))
    assert (answer.kind, answer.code, answer.basket) == ("basket", code, (("09521100100113", 2),))
    assert codes.answer(KIOSKS[0], wanted("0000-0000")).kind == "unknown"


def test_a_kiosk_that_guesses_is_held_back_and_another_is_not(till: Till) -> None:
    codes = Codes(till.claims, Baskets(till.store, till.clock), lambda: 0)
    entry = till.order(News.OPEN, News.PAID)
    for _ in range(30):  # a right code costs nothing
        assert codes.answer(KIOSKS[0], wanted(entry.claim_code)).state == READY
    guesses = [codes.answer(KIOSKS[0], wanted(f"0000-00{n:02}")) for n in range(40)]
    assert [answer.state for answer in guesses[: int(WRONG.burst)]] == [""] * int(WRONG.burst)
    held = guesses[int(WRONG.burst) :]
    assert {(answer.kind, answer.state) for answer in held} == {("unknown", "wait")}
    assert all(0 < answer.wait_s <= 60 for answer in held)
    assert codes.answer(KIOSKS[0], wanted(entry.claim_code)).state == "wait", "guessing on does not help"
    assert codes.answer(KIOSKS[1], wanted(entry.claim_code)).state == READY


def test_an_answer_repeats_no_more_of_a_code_than_a_code_has(till: Till) -> None:
    codes = Codes(till.claims, Baskets(till.store, till.clock), till.clock)
    answer = codes.answer(KIOSKS[0], wanted("A" * 10_000))
    assert answer == CodeState(id="q1", code="A" * 16, kind="unknown")


def test_a_wall_that_wants_money_back_for_goods_its_code_has_bought_does_not_get_it(till: Till) -> None:
    """It lost its ledger, and somebody used the code elsewhere meanwhile."""
    entry = till.order(News.OPEN, News.PAID)
    till.claims.look(entry.claim_code)
    wish = RefundCharge(id="q1", expires_ms=0, reference=entry.reference, reason="unknown-reference")
    assert till.desk.handle(KIOSKS[0], wish).state == "paid"
    claim = till.claims.find(entry.claim_code)
    assert claim is not None
    assert claim.state == READY
