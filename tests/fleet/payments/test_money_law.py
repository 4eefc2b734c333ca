"""The law of money: whatever order things happen in, and whatever gets lost, it adds up in the end.

Hypothesis plays the person with the phone, the network, the wall and a fleet whose power fails, against the real desk,
store, bank and courier, with every fault a script can name; only HTTP is left out. For each payment, by the bank's own books: captured - refunded = goods
handed over, or a person has been told within a minute.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from content.money import Money
from fleet import tables
from fleet.events.rows import Stored
from fleet.live import Hub
from fleet.merchant import Merchant
from fleet.payments import signing
from fleet.payments.book import PHONE, Entry
from fleet.payments.desk import PaymentDesk
from fleet.payments.faults import Rule, Script, names
from fleet.payments.methods import take_now
from fleet.payments.port import PAID, BadWebhook, ProviderError, State
from fleet.payments.sandbox import CAPS
from fleet.payments.sandbox_server.bank import Bank
from fleet.payments.sandbox_server.courier import Courier
from fleet.store.store import Store
from mqtt.messages import (
    CancelWanted,
    ChargeState,
    ChargeWanted,
    Message,
    MoneyRequest,
    PhoneSale,
    RefundCharge,
    SaleMade,
    StatusWanted,
    encode,
)
from tests.fleet.payments.direct import KIOSK, LINE, SECRET, Clock, Direct, PowerCut
from tests.stores import Kind, store_url

PRICE = 500
FAULTS = st.lists(st.sampled_from(names()), max_size=2, unique=True)
ANY = st.data()


class Payments(RuleBasedStateMachine):
    """One kiosk and some phones, a bank, a network that does what it likes, and a fleet that may die at any call."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        self.clock = Clock()
        self.told: list[Message] = []
        self.unread: list[ChargeState] = []  # what the wall has not looked at yet
        self.references: list[str] = []
        self.unbalanced: dict[
            str, int
        ] = {}  # since when the fleet knows of money that is neither goods nor back
        self.store = Store(store_url(path / "fleet.db"))
        self.bank = Bank(path / "bank.db", self.clock, "http://bank.example")
        self.courier = Courier(self.bank, "in process", SECRET, self.clock, self.post)
        self.provider = Direct(self.bank, self.clock)
        self.open_desk()

    @initialize(parts=st.booleans(), first=FAULTS, second=FAULTS)
    def shop_opens(self, parts: bool, first: list[str], second: list[str]) -> None:
        self.provider.caps = replace(CAPS, partial_refund=parts)
        self.open_desk()
        self.kiosk_asks("link", "", first)
        self.phone_asks(second)

    def open_desk(self) -> None:
        methods = {key: take_now(key, self.provider, Merchant(name="Shop")) for key in ("link", "card")}
        self.desk = PaymentDesk(self.store, methods, lambda _, m: self.tell(m), Hub(), self.clock)

    def tell(self, message: Message) -> None:
        self.told.append(message)
        if isinstance(message, ChargeState):
            self.unread.append(message)

    def teardown(self) -> None:
        try:
            self.settle_everything()
        finally:
            self.courier.stop()
            self.store.close()
            self.bank.close()
            self.folder.cleanup()

    def alive(self, call: Callable[[], object]) -> object:
        """Do something at the fleet; where that dies meanwhile, it is started again."""
        try:
            return call()
        except PowerCut:
            self.open_desk()
            return None

    def post(self, body: bytes, signature: str) -> bool:
        try:
            self.alive(lambda: self.desk.webhook("sandbox", {signing.HEADER: signature}, body))
        except ProviderError:
            return False
        return True

    def ask(self, request: MoneyRequest) -> None:
        answer = self.alive(lambda: self.desk.handle(KIOSK, request))
        if isinstance(answer, ChargeState):
            self.unread.append(answer)

    def entry(self, reference: str) -> Entry | None:
        return self.desk.book.get(reference)

    def money(self, reference: str) -> tuple[int, int]:
        """What came in under a reference and what went back, by the bank's own books."""
        charges = self.bank.by_reference(reference)
        assert len(charges) <= 1
        return (charges[0].paid_minor, charges[0].refunded_minor) if charges else (0, 0)

    def sales(self) -> Counter[str]:
        """Goods handed over, by reference."""
        with self.store.read() as connection:
            return Counter(connection.scalars(select(tables.sales.c.reference)))

    def one(self, data: st.DataObject) -> str:
        return str(data.draw(st.sampled_from(self.references)))

    # --- what may happen

    @rule(
        method=st.sampled_from(["link", "card"]), card=st.sampled_from(["good", "good", "declined"]), faults=FAULTS
    )  # fmt: skip
    def kiosk_asks(self, method: str, card: str, faults: list[str]) -> None:
        order = f"{len(self.references):015}"
        self.references.append(f"{order}0")
        self.bank.set_script(Script(rules=(Rule(faults=tuple(faults)),)))
        self.ask(
            ChargeWanted(
                id="q", expires_ms=0, order=order, reference=f"{order}0", method=method, currency="EUR", version="v",
                total_minor=PRICE, lines=(LINE,), ttl_s=60, card=card if method == "card" else "",
            )
        )  # fmt: skip

    @rule(faults=FAULTS)
    def phone_asks(self, faults: list[str]) -> None:
        order = f"{len(self.references):015}"
        self.references.append(f"{order}0")
        self.bank.set_script(Script(rules=(Rule(faults=tuple(faults)),)))
        entry = Entry(
            reference=f"{order}0", kiosk=str(KIOSK), order=order, channel=PHONE, method="link", provider="sandbox",
            currency="EUR", minor=PRICE, lines=(LINE,), version="v", ttl_s=60, asked_ms=self.clock(),
        )  # fmt: skip
        self.alive(lambda: self.desk.start_on_phone(entry))

    def pay(self, reference: str, minor: int | None) -> None:
        """Within two days: after three the fleet does not look any more, and a webhook that is lost then is lost."""
        for charge in self.bank.by_reference(reference):
            late = self.clock() > charge.expires_ms + 48 * 3_600_000
            if charge.method != "card" and charge.paid_currency in ("", "EUR") and not late:
                self.bank.pay(charge.id, None if minor is None else Money(minor, "EUR"))

    @rule(
        data=ANY,
        seconds=st.lists(st.sampled_from([0, 2, 31, 61]), min_size=1, max_size=4),
        reads=st.booleans(),
    )
    def person_pays(self, data: st.DataObject, seconds: list[int], reads: bool) -> None:
        """As the script says; then some moments pass, and the wall hears of it or is offline."""
        self.pay(self.one(data), None)
        for each in seconds:
            self.moment(each, reads)
            self.what_is_not_in_order_is_seen_within_a_minute()

    @rule(data=ANY, minor=st.sampled_from([None, PRICE, PRICE - 1, PRICE + 1]))
    def somebody_pays_anything(self, data: st.DataObject, minor: int | None) -> None:
        """Also what was paid, cancelled or given back long ago."""
        self.pay(self.one(data), minor)

    @rule(data=ANY)
    def kiosk_cancels(self, data: st.DataObject) -> None:
        self.ask(CancelWanted(id="q", expires_ms=0, reference=self.one(data)))

    @rule(data=ANY)
    def kiosk_wonders(self, data: st.DataObject) -> None:
        self.ask(StatusWanted(id="q", expires_ms=0, reference=self.one(data)))

    @rule(gives_back=st.booleans())
    def kiosk_reads(self, gives_back: bool) -> None:
        """The wall sells what was paid to the cent, or (out of stock, somebody else's turn) gives it back: never both."""
        unread, self.unread = self.unread, []
        for state in unread:
            entry = self.entry(state.reference)
            if (
                state.state != "paid"
                or entry is None
                or entry.channel == PHONE
                or self.sales()[state.reference]
            ):
                continue
            if (
                gives_back
                or self.is_given_up(state.reference)
                or (state.paid_minor, state.currency) != (PRICE, "EUR")
            ):
                self.given_up.add(state.reference)
                self.ask(RefundCharge(id="q", expires_ms=0, reference=state.reference, reason="ended"))
            else:
                self.sell(entry)

    def is_given_up(self, reference: str) -> bool:
        return reference in self.given_up

    @property
    def given_up(self) -> set[str]:
        """What the wall's ledger has settled as a refund."""
        kept: set[str] = self.__dict__.setdefault("_given_up", set())
        return kept

    def sell(self, entry: Entry) -> None:
        seq = sum(self.sales().values()) + 1
        sale = SaleMade(
            epoch="e1", seq=seq, wall_ms=0, mono_ms=0, boot="b", order=entry.order, reference=entry.reference,
            method=entry.method, currency="EUR", total_minor=PRICE, lines=(LINE,), version="v",
        )  # fmt: skip
        item = Stored(kiosk=str(KIOSK), epoch="e1", seq=seq, body=encode(sale), event=sale, received_ms=0)
        self.store.commit([item])

    @rule()
    def webhooks_arrive(self) -> None:
        self.courier.deliver()

    @rule(data=ANY)
    def stranger_knocks(self, data: st.DataObject) -> None:
        for charge in self.bank.by_reference(self.one(data)):
            try:
                self.desk.webhook(
                    "sandbox", {"from": "a stranger"}, f"{charge.id} {charge.reference}".encode()
                )
                raise AssertionError("taken on trust")
            except BadWebhook:
                continue

    @rule(seconds=st.sampled_from([1, 2, 30, 100, 700, 90_000]), reads=st.booleans())
    def time_passes(self, seconds: int, reads: bool) -> None:
        self.moment(seconds, reads)

    def moment(self, seconds: int, reads: bool) -> None:
        self.clock.ms += seconds * 1000
        self.courier.deliver()
        self.alive(self.desk.look_after)
        if reads:
            self.kiosk_reads(gives_back=False)

    @rule(state=st.sampled_from(["up", "up", "down", "deaf"]))
    def network_changes(self, state: str) -> None:
        self.provider.down, self.provider.deaf = state == "down", state == "deaf"

    @rule()
    def fleet_restarts(self) -> None:
        self.desk.close()
        self.open_desk()

    @rule()
    def power_will_fail(self) -> None:
        """At the next call to the provider: it is done there, and here nobody knows."""
        self.provider.dies = True

    # --- what must hold

    @invariant()
    def nothing_goes_back_that_did_not_come(self) -> None:
        for reference in self.references:
            came, back = self.money(reference)
            assert 0 <= back <= came

    @invariant()
    def nothing_counts_as_paid_that_was_not(self) -> None:
        for message in self.told:
            if isinstance(message, ChargeState) and message.state == "paid":
                assert self.money(message.reference)[0] >= message.paid_minor > 0
        thanked = [message.order for message in self.told if isinstance(message, PhoneSale)]
        assert len(thanked) == len(set(thanked))

    @invariant()
    def no_goods_without_money_and_none_twice(self) -> None:
        for reference, pieces in self.sales().items():
            came, back = self.money(reference)
            assert pieces == 1
            assert came - back >= PRICE

    @invariant()
    def what_is_not_in_order_is_seen_within_a_minute(self) -> None:
        """Counted from when the fleet has heard of the money, by the bank's books and the sales alone."""
        sales, now = self.sales(), self.clock()
        listed = {each.entry.reference for each in self.desk.book.unresolved() if each.entry}
        for reference in self.references:
            entry, (came, back) = self.entry(reference), self.money(reference)
            known = entry is not None and entry.paid_minor == came
            if not known or self.balanced(reference, came, back, sales):
                self.unbalanced.pop(reference, None)
                continue
            since = self.unbalanced.setdefault(reference, now)
            assert now - since < 60_000 or reference in listed, (reference, came, back, entry)

    def balanced(self, reference: str, came: int, back: int, sales: Counter[str]) -> bool:
        return came - back == PRICE * sales[reference]

    def settle_everything(self) -> None:
        """The network recovers and time passes: every coin must be accounted for, or a person told of it."""
        self.provider.down = self.provider.deaf = self.provider.dies = False
        for _ in range(16):
            self.clock.ms += 60_000
            self.courier.deliver()
            self.desk.look_after()
            self.kiosk_reads(gives_back=False)
        for hours in (1, 1, 1, 6, 24, 72, 1, 1):
            self.clock.ms += hours * 3_600_000
            self.courier.deliver()
            self.desk.look_after()
            self.kiosk_reads(gives_back=False)
        self.clock.ms += 60_000
        sales = self.sales()
        listed = {each.entry.reference: each.why for each in self.desk.book.unresolved() if each.entry}
        for reference in self.references:
            came, back = self.money(reference)
            entry = self.entry(reference)
            assert entry is not None
            if self.balanced(reference, came, back, sales):
                assert came or entry.state not in PAID | {State.REFUNDING, State.REFUNDED}
                assert reference not in listed, listed[reference]
            else:
                assert listed.get(reference) in ("refund-refused", "surplus-stuck"), (
                    came,
                    back,
                    sales[reference],
                    entry,
                )
        thanked = {message.order for message in self.told if isinstance(message, PhoneSale)}
        sold = {entry.order for entry in map(self.entry, self.references) if entry and entry.sale_seq}
        assert thanked == sold


def test_whatever_happens_money_is_goods_or_given_back(each_database: Kind) -> None:
    """Not `Payments.TestCase`: unittest's cases know no fixtures, so they ran on no database but one."""
    run_state_machine_as_test(
        Payments,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )
