"""The law of money over whole fleets: stories of payments, claims, hand overs and refunds, and both sides stay equal."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet import tables
from fleet.claims.handovers import GIVEN_BACK, Handover
from fleet.payments.port import News
from fleet.reports.proof import Balance, Fault, prove
from tests.fleet.claiming import WALL, Till

pytestmark = pytest.mark.usefixtures("each_database")

STEPS = ("wall-sells", "claim", "hand-over", "hand-over-again", "undo", "give-back", "refunded")
STORY = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(STEPS)), max_size=14)
PAYMENT = st.sampled_from(
    [
        (),
        (News.OPEN,),
        (News.OPEN, News.PAID),
        (News.OPEN, News.EXPIRED),
        (News.OPEN, News.EXPIRED, News.PAID),
    ]
)


def live(till: Till, payments: list[tuple[News, ...]], story: list[tuple[int, str]]) -> None:
    orders = [till.order(*news) for news in payments]
    seqs = itertools.count(1)
    for which, step in story:
        entry = till.book.get(orders[which % len(orders)].reference)
        assert entry is not None
        code, order = entry.claim_code, entry.order
        paid = entry.state.value in ("paid", "late-paid")
        match step:
            case "wall-sells" if paid and not till.claims.handovers.of(order):
                till.wall_sells(entry, next(seqs))
            case "claim" if paid:
                till.claims.look(code)
            case "hand-over" | "hand-over-again" if paid:
                till.claims.hand_over(code, order, "Mo")
            case "undo":
                till.claims.undo(code, order, "Mo", "a slip")
            case "give-back" if paid and entry.settled:
                row = Handover(
                    order=order, outcome=GIVEN_BACK, reference=entry.reference, kiosk=WALL, currency="EUR",
                    minor=entry.minor, at_ms=till.clock(), who="Mo", why="nobody came",
                )  # fmt: skip
                if till.claims.handovers.enter(row)[1]:
                    till.book.news(entry.reference, News.WANT_REFUND, "unclaimed")
            case "refunded" if entry.state.value == "refunding":
                till.book.given(till.book.giving(entry.reference))
            case _:
                continue
        proof = prove(till.store)
        assert proof.holds, (step, proof)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(payments=st.lists(PAYMENT, min_size=1, max_size=4), story=STORY)
def test_money_kept_is_worth_the_goods_whatever_people_do(
    payments: list[tuple[News, ...]], story: list[tuple[int, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        till = Till(Path(folder))
        try:
            live(till, payments, story)
        finally:
            till.close()


def test_the_sums_are_what_they_say(tmp_path: Path) -> None:
    till = Till(tmp_path)
    handed, waiting, undecided, back = (till.order(News.OPEN, News.PAID) for _ in range(4))
    till.claims.hand_over(handed.claim_code, handed.order, "Mo")
    till.wall_sells(waiting)
    till.book.news(back.reference, News.WANT_REFUND, "ended")
    proof = prove(till.store)
    assert proof.balances == (
        Balance(
            currency="EUR", captured=5000, given_back=0, going_back=1250, handed_over=1250, waiting=1250, undecided=1250
        ),
    )  # fmt: skip
    assert proof.holds
    till.book.given(till.book.giving(back.reference))
    [balance] = prove(till.store).balances
    assert (balance.given_back, balance.going_back, balance.difference) == (1250, 0, 0)
    assert undecided.minor == balance.undecided
    till.close()


def test_goods_that_left_without_money_are_named(tmp_path: Path) -> None:
    till = Till(tmp_path)
    entry = till.order(News.OPEN, News.PAID)
    till.claims.hand_over(entry.claim_code, entry.order, "Mo")
    with till.store.write() as connection:  # as no part of the fleet does it
        connection.execute(tables.charges.update().values(state="refunded", given_minor=1250))
    proof = prove(till.store)
    assert not proof.holds
    assert proof.balances[0].difference == -1250
    assert set(proof.faults) == {
        Fault(entry.reference, "gone-unpaid"),
        Fault(entry.reference, "sold-unpaid"),
    }
    till.close()
