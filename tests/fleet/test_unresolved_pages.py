"""What needs a person: on the list within a minute, with what to do, and what people decided written down."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fleet.config import Config
from fleet.line import Line
from fleet.payments.port import ChargeEvent, News, State
from fleet.services import Services
from fleet.shop.ratings import Ratings
from fleet.shop.visits import Visits
from fleet.web.app import create_app
from fleet.web.unresolved import decide
from tests.fleet.claiming import Till

pytestmark = pytest.mark.usefixtures("each_database")

MINUTE_MS = 60_000
HERE = {"origin": "http://localhost"}


class Office:
    """The pages over a till."""

    def __init__(self, folder: Path) -> None:
        self.till = Till(folder)
        self.services = Services(
            config=Config(data=folder), store=self.till.store, live=self.till.live,
            line=Line("127.0.0.1", 1, "office"), desk=self.till.desk, payments=self.till.desk,
            claims=self.till.claims, ratings=Ratings(self.till.store, self.till.clock),
            visits=Visits(self.till.store), clock=self.till.clock,
        )  # fmt: skip
        self.app = create_app(self.services)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            here = httpx.ASGITransport(self.app, client=("127.0.0.1", 50_000))
            async with httpx.AsyncClient(transport=here, base_url="http://localhost") as client:
                return await client.request(method, path, follow_redirects=True, **more)

        return asyncio.run(call())

    def page(self, path: str = "/unresolved") -> str:
        answer = self.call("GET", path)
        assert answer.status_code == 200
        return answer.text

    def post(self, status: int = 200, **form: str) -> str:
        fields = {"who": "Mo", "why": "looked at it", "provider": "", "charge_id": ""} | form
        answer = self.call("POST", "/unresolved", data=fields, headers=HERE)
        assert answer.status_code == status, answer.text
        return answer.text

    def notes(self) -> list[tuple[str, str, str]]:
        return [(note.what, note.who, note.why) for note in self.till.claims.handovers.decisions()]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    opened = Office(tmp_path)
    yield opened
    opened.till.close()


def test_a_payment_nobody_finished_is_listed_within_a_minute(office: Office) -> None:
    assert "Nothing needs a person" in office.page()
    entry = office.till.order(News.OPEN, News.PAID)
    office.till.clock.ahead_ms += MINUTE_MS
    for path in ("/unresolved", "/unresolved?part=list", "/", "/overview"):
        page = office.page(path)
        assert "Paid, not sold" in page, path
        assert "its claim code works" in page, path
    assert entry.reference in office.page()
    assert entry.claim_code not in office.page(), "a list of payments is not a list of keys to the goods"


def test_keeping_it_for_its_claim_code_sells_it(office: Office) -> None:
    entry = office.till.order(News.OPEN, News.PAID)
    office.till.clock.ahead_ms += MINUTE_MS
    page = office.post(act="sell", reference=entry.reference)
    assert "Nothing needs a person" in page
    claim = office.till.claims.find(entry.claim_code)
    assert claim is not None
    assert claim.state == "ready"
    assert office.notes() == [("sold", "Mo", "looked at it")]


def test_what_is_marked_as_seen_to_leaves_the_list(office: Office) -> None:
    entry = office.till.order(News.OPEN, News.PAID)
    office.till.book.want_refund(entry.reference, "ended")
    office.till.book.giving(entry.reference)
    office.till.book.refused(entry.reference, "no-balance")
    office.till.clock.ahead_ms += MINUTE_MS
    office.post(act="settle", reference=entry.reference, why="paid back in cash")
    seen_to = office.till.book.get(entry.reference)
    assert seen_to is not None
    assert (seen_to.state, seen_to.given_minor) == (State.REFUNDED, entry.minor), "it does not go back again"
    assert "Nothing needs a person" in office.page()
    assert office.notes() == [("settled", "Mo", "paid back in cash")]
    assert "paid back in cash" in office.page()


def test_what_nobody_has_decided_about_is_decided_not_put_away(office: Office) -> None:
    entry = office.till.order(News.OPEN, News.PAID)
    office.till.clock.ahead_ms += MINUTE_MS
    assert "Mark as seen to" not in office.page("/unresolved?part=list")
    office.post(409, act="settle", reference=entry.reference, why="paid back in cash")
    assert "Paid, not sold" in office.page(), "its claim code would still work"


def test_where_no_money_came_none_is_given_back(office: Office) -> None:
    entry = office.till.order(News.OPEN)
    office.till.book.unanswered(entry.reference)
    office.till.clock.ahead_ms += 10 * MINUTE_MS
    assert "Provider silent" in office.page()
    office.post(409, act="refund", reference=entry.reference)
    assert office.till.claims.handovers.of(entry.order) is None


def test_a_decision_needs_a_name_and_a_reason(office: Office) -> None:
    entry = office.till.order(News.OPEN, News.PAID)
    office.till.clock.ahead_ms += MINUTE_MS
    for form in ({"who": ""}, {"why": ""}, {"why": "   "}):
        assert "Nothing was done" in office.post(400, act="settle", reference=entry.reference, **form)
    office.post(400, act="dance", reference=entry.reference)
    assert office.notes() == []
    assert entry.reference in office.page()


def test_what_is_not_on_the_list_cannot_be_decided(office: Office) -> None:
    entry = office.till.order(News.OPEN)
    for act in ("ask", "sell", "refund", "settle"):
        assert "not on the list" in office.post(409, act=act, reference=entry.reference)
    assert office.notes() == []


def test_goods_that_are_gone_are_not_paid_back_from_the_list(office: Office) -> None:
    entry = office.till.order(News.OPEN, News.PAID)
    office.till.clock.ahead_ms += MINUTE_MS
    office.till.claims.hand_over(entry.claim_code, entry.order, "Ada")
    assert "not on the list" in office.post(409, act="refund", reference=entry.reference)
    again = office.till.book.get(entry.reference)
    assert again is not None
    assert again.state is State.PAID


def test_money_nobody_knows_is_seen_to(office: Office) -> None:
    office.till.book.stranger("sandbox", ChargeEvent(id="e1", charge_id="ch_77", reference="X" * 16), None)
    page = office.page()
    assert "Money nobody knows" in page
    assert "ch_77" in page
    office.post(act="settle", reference="", provider="sandbox", charge_id="ch_77", why="a test payment")
    assert "ch_77" not in office.page("/unresolved?part=list").split("Money and goods")[0]


def test_whether_money_and_goods_are_equal_is_said(office: Office) -> None:
    office.till.order(News.OPEN, News.PAID)
    page = office.page()
    assert "€12.50" in page
    assert "</span>equal</span>" in page
    assert decide(office.services, {"act": "settle", "charge_id": "", "reference": "none"}) is False
