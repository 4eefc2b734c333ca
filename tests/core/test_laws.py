"""Laws that hold whatever happens, tried with stories nobody would write.

The world around the core is modelled as it is specified: a provider that takes money once or not at all, a fleet whose
messages come late, doubled and out of order, a ledger that commits and sometimes cannot, power cuts. The law of money
is stated per reference: paid, it ends in exactly one sale or exactly one refund; unpaid, in neither.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from content import pricing
from content.money import Money
from content.references import claim_of
from kiosk.core import effects as ef
from kiosk.core import events as ev
from kiosk.core.orders import CROCKFORD, Payment
from kiosk.core.present import present
from kiosk.core.settings import Settings
from kiosk.core.state import Attracting, Choosing, Paying, Thanking, Troubled
from tests.core.journeys import MILK, RICE, TEA, Journey, eur


class Ledger:
    """Open payments and settled references, as kiosk.core.effects specifies."""

    def __init__(self) -> None:
        self.open: dict[str, Payment] = {}
        self.sales: dict[str, Payment] = {}
        self.refunds: dict[str, Money] = {}
        self.sold: set[str] = set()
        self.broken = False

    def settled(self, reference: str) -> bool:
        return reference in self.sales or reference in self.refunds

    def sale(self, payment: Payment) -> str:
        """Commit; returns why not."""
        if self.broken:
            return "storage"
        if self.settled(payment.reference):
            return "settled"
        if payment.order.order in self.sold:
            return "order-sold"
        self.sales[payment.reference] = payment
        self.sold.add(payment.order.order)
        self.open.pop(payment.reference, None)
        return ""

    def refund(self, reference: str, amount: Money) -> None:
        if not self.settled(reference):
            self.refunds[reference] = amount
            self.open.pop(reference, None)


ENDS = [ev.ChargeExpired, ev.ChargeCancelled, ev.ChargeFailed]
ANSWERS = [ev.ChargeCreated, ev.ChargeScanned, ev.ChargeUnknown, *ENDS, *ENDS]


class PaymentStories(RuleBasedStateMachine):
    """Person, provider and power supply do what they like."""

    @initialize(small=st.booleans())
    def begin(self, small: bool) -> None:
        """`small` memories make the core forget, so that agent and ledger must remember for it."""
        sizes = {"max_pending": 2, "max_settled": 2} if small else {}
        self.patience = Settings(keep_ms=600_000, linger_ms=60_000, **sizes)
        self.j = Journey(self.patience)
        self.ledger = Ledger()
        self.taken: dict[str, Money] = {}  # what the provider took, by reference
        self.dead: set[str] = set()  # charges nobody can pay any more
        self.asked: dict[str, Payment] = {}
        self.mail: list[tuple[type[Any], tuple[Any, ...]]] = []
        self.given_back: set[str] = set()
        self.remembers = not small  # the core alone keeps the law, without the ledger's help
        self.orders = 0
        self.claims: dict[str, str] = {}  # as they were dreamt up, by order
        self.buys(one=MILK, new=small)

    # --- agent and ledger -------------------------------------------------------------------------------------

    def play(self, event: type[Any], *args: Any) -> None:
        before = self.j.session
        self.carry_out(self.j.happens(event, *args))
        self.check_step(before)

    def carry_out(self, effects: tuple[ef.AnyEffect, ...]) -> None:
        for effect in effects:
            match effect:
                case ef.RememberPayment(payment=payment):
                    if not self.ledger.settled(payment.reference):
                        self.ledger.open[payment.reference] = payment
                case ef.CreateCharge(payment=payment):
                    assert payment.reference in self.ledger.open, "written down before it is asked for"
                    assert payment.reference not in self.asked, "a reference is asked for once"
                    self.asked[payment.reference] = payment
                    written = self.ledger.open[payment.reference].order.claim
                    assert payment.order.claim == written == self.claims[payment.order.order]
                case ef.PrintReceipt(payment=payment, claim_code=code):
                    assert code == self.claims[payment.order.order]
                case ef.RecordSale(payment=payment, claim_code=code):
                    assert code == self.claims[payment.order.order], "whatever happened meanwhile"
                    why = self.ledger.sale(payment)
                    assert why in ("", "storage") or not self.remembers, why
                    if why:
                        self.play(ev.SaleRefused, payment.reference, why)
                    else:
                        self.play(ev.SaleRecorded, payment.reference)
                case ef.RecordRefund(reference=reference, amount=amount):
                    assert not (self.remembers and self.ledger.settled(reference)), "settled once"
                    self.ledger.refund(reference, amount)
                case ef.RefundCharge(reference=reference, amount=amount):
                    if reference in self.ledger.refunds:
                        assert amount == self.taken[reference], "what came goes back whole"
                        self.given_back.add(reference)

    def check_step(self, before: Any) -> None:
        after = self.j.session
        shown = getattr(present(after), "claim_code", "")
        if isinstance(after.state, Thanking | Troubled) and shown:
            assert shown == self.claims[after.state.payment.order.order]
        if isinstance(before.state, Paying):
            assert not isinstance(after.state, Attracting), "no reset while money is in flight"
            if after.visit != before.visit:
                assert after.pending[before.state.reference].outcome == "ended", "closed only once it is over"
        forgotten = set(before.pending) - set(after.pending)
        for reference in forgotten:
            closed = any(one.reference == reference for one in self.j.did(ef.ClosePayment))
            assert closed or self.ledger.settled(reference)

    # --- the person -------------------------------------------------------------------------------------------

    def fresh_order(self) -> tuple[str, str]:
        """An order's name and claim code."""
        self.orders += 1
        name = "".join(CROCKFORD[self.orders // 32**i % 32] for i in range(15))
        self.claims[name] = claim_of(2**40 - self.orders)
        return name, self.claims[name]

    @precondition(lambda self: not isinstance(self.j.session.state, Paying))
    @rule(
        one=st.sampled_from([MILK, TEA, RICE]),
        method=st.sampled_from(["link", "link", "card"]),
        new=st.booleans(),
    )
    def wants_to_pay(self, one: Any, method: str, new: bool) -> None:
        """The whole way to a charge, from whatever is on the screen; a `new` person first starts over."""
        if new:
            self.play(ev.StartOverAsked)
        self.play(ev.Dismissed)
        if new or not self.j.session.basket:
            self.play(ev.ProductAdded, one, one.facing)
        self.play(ev.CheckoutAsked, *self.fresh_order())
        self.play(ev.MethodChosen, method)
        self.play(ev.CardTapped, "token")

    @precondition(lambda self: not isinstance(self.j.session.state, Paying))
    @rule(one=st.sampled_from([MILK, TEA, RICE]), new=st.booleans())
    def buys(self, one: Any, new: bool) -> None:
        """The whole way to the thanks, and the confirmation stays in the mail."""
        self.wants_to_pay(one, "link", new)
        state = self.j.session.state
        if isinstance(state, Paying) and state.reference not in self.taken:
            self.taken[state.reference] = self.asked[state.reference].amount
            self.send(True, ev.ChargePaid, state.reference, self.taken[state.reference])

    @precondition(lambda self: not isinstance(self.j.session.state, Paying))
    @rule(told=st.sampled_from(["ready", "refunded", "paying", None]))
    def brings_a_code(self, told: str | None) -> None:
        """Somebody's own errand in between: it moves no money of anybody."""
        code = claim_of(7)
        self.play(ev.CodeScanned, "claim", code)
        if told is not None:
            self.play(ev.CodeTold, code, "claim", told)
        self.play(ev.Dismissed)

    @precondition(lambda self: isinstance(self.j.session.state, Troubled | Choosing))
    @rule(method=st.sampled_from(["link", "card"]))
    def tries_again(self, method: str) -> None:
        self.play(ev.RetryAsked)
        self.play(ev.MethodChosen, method)
        self.play(ev.CardTapped, "token")

    @precondition(lambda self: not isinstance(self.j.session.state, Paying))
    @rule(paid=st.sampled_from([[], [0], [1], [0, 1], [1, 0]]), soon=st.booleans())
    def tries_twice(self, paid: list[int], soon: bool) -> None:
        """The provider says no to one attempt, a second one begins; then either is paid, or both, in any order."""
        references = []
        self.wants_to_pay(MILK, "link", True)
        for _ in range(2):
            state = self.j.session.state
            if not isinstance(state, Paying):
                return
            references.append(state.reference)
            if len(references) == 1:
                self.deliver(ev.ChargeFailed, (state.reference,))
                self.play(ev.RetryAsked)
        for reference in (references[which] for which in paid):
            self.taken[reference] = self.asked[reference].amount
            self.send(soon, ev.ChargePaid, reference, self.taken[reference])

    @precondition(lambda self: isinstance(self.j.session.state, Paying))
    @rule()
    def wants_out(self) -> None:
        self.play(ev.CancelAsked)

    @rule(
        what=st.sampled_from(
            [
                ev.WentBack, ev.StartOverAsked, ev.Dismissed, ev.BasketOpened, ev.StayAsked, ev.Started, ev.Touched,
                ev.FleetLost, ev.FleetConnected, ev.ServiceOpened,
            ]
        )
    )  # fmt: skip
    def act(self, what: type[Any]) -> None:
        self.play(what)

    @rule()
    def check_out(self) -> None:
        self.play(ev.CheckoutAsked, *self.fresh_order())

    @rule()
    def close_down(self) -> None:
        self.play(ev.ServiceClosed, "maintenance")
        self.play(ev.ServiceOpened)

    @rule(force=st.booleans(), seconds=st.integers(1, 600))
    def is_looked_for(self, force: bool, seconds: int) -> None:
        self.play(ev.IdentifyAsked, "C1", "demo/s1/k1", "green", seconds, force)

    @rule(dark=st.booleans())
    def night(self, dark: bool) -> None:
        self.play(ev.NightChanged, dark)

    # --- the provider -----------------------------------------------------------------------------------------

    @precondition(lambda self: set(self.asked) - set(self.taken) - self.dead)
    @rule(data=st.data(), off=st.sampled_from([0, 0, 0, 0, 0, 0, -1, 7]), soon=st.booleans())
    def somebody_pays(self, data: st.DataObject, off: int, soon: bool) -> None:
        reference = data.draw(st.sampled_from(sorted(set(self.asked) - set(self.taken) - self.dead)))
        self.taken[reference] = eur(self.asked[reference].amount.minor + off)
        self.send(soon, ev.ChargePaid, reference, self.taken[reference])

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), kind=st.sampled_from(ANSWERS), errs=st.booleans(), soon=st.booleans())
    def provider_says(self, data: st.DataObject, kind: type[Any], errs: bool, soon: bool) -> None:
        """An answer, mostly about what is on the screen; an end it `errs` about may still be paid."""
        state = self.j.session.state
        if soon and isinstance(state, Paying):
            reference = state.reference
        else:
            reference = data.draw(st.sampled_from(sorted(self.asked)))
        if kind in ENDS and not errs:
            self.dead.add(reference)
        self.send(soon, kind, reference, *(("QR",) if kind is ev.ChargeCreated else ()))

    def send(self, soon: bool, kind: type[Any], *args: Any) -> None:
        """Arrives at once or whenever; an early one may come again."""
        self.mail.append((kind, args))
        if soon:
            self.deliver(kind, args)

    @precondition(lambda self: self.mail)
    @rule(data=st.data(), again=st.booleans())
    def mail_arrives(self, data: st.DataObject, again: bool) -> None:
        """Any of it, and perhaps not for the last time."""
        index = data.draw(st.integers(0, len(self.mail) - 1))
        self.deliver(*(self.mail[index] if again else self.mail.pop(index)))

    def deliver(self, kind: type[Any], args: tuple[Any, ...]) -> None:
        reference = args[0]
        if self.ledger.settled(reference) and not self.remembers:
            return  # the agent drops what the ledger has settled
        if reference in self.ledger.open and reference not in self.j.session.pending:
            self.play(ev.PaymentsRecovered, (self.ledger.open[reference],), False)
        self.play(kind, *args)

    # --- time and power ---------------------------------------------------------------------------------------

    @rule(ms=st.sampled_from([500, 5_000, 12_000, 40_000, 200_000]))
    def time_passes(self, ms: int) -> None:
        until = self.j.mono_ms + ms
        while self.j.due and min(self.j.due.values()) <= until:
            name = min(self.j.due, key=lambda one: self.j.due[one])
            self.j.mono_ms = max(self.j.mono_ms, self.j.due[name])
            self.play(ev.TimerFired, name)
        self.j.mono_ms = until

    @rule(broken=st.booleans())
    def disk(self, broken: bool) -> None:
        self.ledger.broken = broken

    @rule()
    def power_cut(self) -> None:
        """The ledger is all that is left."""
        mono_ms, self.remembers = self.j.mono_ms, False
        self.j = Journey(self.patience, online=False)
        self.j.mono_ms = mono_ms + 3_000
        self.play(ev.PaymentsRecovered, tuple(self.ledger.open.values()), True, tuple(self.ledger.sold))
        self.play(ev.FleetConnected)
        self.play(ev.DeviceChanged, "reader", "ready")

    # --- the laws ---------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_both_sold_and_refunded(self) -> None:
        assert not set(self.ledger.sales) & set(self.ledger.refunds)
        assert set(self.ledger.sales) | set(self.ledger.refunds) <= set(self.taken)
        orders = [payment.order.order for payment in self.ledger.sales.values()]
        assert len(orders) == len(set(orders)), "an order is sold once"

    @invariant()
    def only_the_exact_amount_buys(self) -> None:
        for reference, payment in self.ledger.sales.items():
            order = payment.order
            assert self.taken[reference] == order.total
            assert sum(line.total.minor for line in order.lines) == order.total.minor

    @invariant()
    def a_payment_on_the_screen_is_watched(self) -> None:
        state = self.j.session.state
        if isinstance(state, Paying):
            assert self.j.session.pending[state.reference].outcome in ("open", "paid")

    def teardown(self) -> None:
        """In the end all mail arrives, the disk works, and every payment has come to exactly one end."""
        self.ledger.broken = False
        self.play(ev.ServiceOpened)
        self.play(ev.NightChanged, False)
        self.mail += [(ev.ChargePaid, (reference, amount)) for reference, amount in self.taken.items()]
        for message in self.mail + self.mail:
            self.deliver(*message)
        self.time_passes(600_000)
        assert set(self.ledger.sales) | set(self.ledger.refunds) == set(self.taken)
        assert self.given_back == set(self.ledger.refunds)
        assert isinstance(self.j.session.state, Attracting), "nobody is left at the wall"


TestMoney = PaymentStories.TestCase
TestMoney.settings = settings(
    max_examples=80, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_the_order_costs_what_the_lines_cost_at_the_moment_they_were_picked() -> None:
    j = Journey()
    j.shop(MILK, TEA, TEA, TEA, RICE).checkout()
    order = j.session.order
    assert order is not None
    now = j.stamp().now
    picked = [(MILK, 1), (TEA, 3), (RICE, 1)]
    assert order.total == pricing.basket_total(picked, "EUR", now) == eur(129 + 400 + 250 + 199)
