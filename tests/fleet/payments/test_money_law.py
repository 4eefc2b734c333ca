"""The law of money: whatever order things happen in, and whatever gets lost, it adds up in the end.

Hypothesis plays the person with the phone, the network and the kiosk against the real desk, store and bank rules; only
HTTP is left out.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from content.money import Money
from fleet.live import Hub
from fleet.payments.book import PHONE, Entry
from fleet.payments.desk import PaymentDesk
from fleet.payments.methods import Merchant, take_now
from fleet.payments.port import (
    PAID,
    BadWebhook,
    ProviderDown,
    State,
)
from fleet.payments.sandbox_server.bank import Bank
from fleet.store import Store
from mqtt.messages import (
    CancelWanted,
    ChargeState,
    ChargeWanted,
    Line,
    Message,
    PhoneSale,
    RefundCharge,
    StatusWanted,
)
from mqtt.topics import Address
from tests.fleet.payments.direct import Direct

KIOSK = Address("demo", "u8", "K1")
LINE = Line(gtin="09521100100113", name="Milk", quantity=1, price_minor=500, total_minor=500)


class Payments(RuleBasedStateMachine):
    """One kiosk and some phones, a bank, and a network that does what it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        self.now_ms = 1_700_000_000_000
        self.told: list[Message] = []
        self.references: list[str] = []
        self.store = Store(f"sqlite:///{path / 'fleet.db'}")
        self.bank = Bank(path / "bank.db", lambda: self.now_ms, "http://bank.example")
        self.provider = Direct(self.bank)
        self.open_desk()

    def open_desk(self) -> None:
        methods = {key: take_now(key, self.provider, Merchant(name="Shop")) for key in ("link", "card")}
        self.desk = PaymentDesk(
            self.store, methods, lambda _, m: self.told.append(m), Hub(), lambda: self.now_ms
        )

    def teardown(self) -> None:
        try:
            self.settle_everything()
        finally:
            self.store.close()
            self.bank.close()
            self.folder.cleanup()

    def entry(self, reference: str) -> Entry:
        found = self.desk.book.get(reference)
        assert found is not None
        return found

    def money(self, reference: str) -> tuple[int, int]:
        """What came in under a reference and what went back, by the bank's own books."""
        charges = self.bank.by_reference(reference)
        assert len(charges) <= 1
        return (charges[0].paid_minor, charges[0].refunded_minor) if charges else (0, 0)

    # --- what may happen

    def _wanted(self, number: int, method: str, card: str) -> ChargeWanted:
        order = f"{number:015}"
        return ChargeWanted(
            id="q", expires_ms=0, order=order, reference=f"{order}0", method=method, currency="EUR", total_minor=500,
            lines=(LINE,), version="v", ttl_s=60, card=card,
        )  # fmt: skip

    @rule(method=st.sampled_from(["link", "card"]), card=st.sampled_from(["good", "declined", "nobody's"]))
    def kiosk_asks(self, method: str, card: str) -> None:
        wanted = self._wanted(len(self.references), method, card if method == "card" else "")
        self.references.append(wanted.reference)
        self.desk.handle(KIOSK, wanted)

    @rule()
    def phone_asks(self) -> None:
        order = f"{len(self.references):015}"
        self.references.append(f"{order}0")
        asked = self.desk.start_on_phone(
            Entry(
                reference=f"{order}0", kiosk=str(KIOSK), order=order, channel=PHONE, method="link", provider="sandbox",
                currency="EUR", minor=500, lines=(LINE,), version="v", ttl_s=60, asked_ms=self.now_ms,
            )
        )  # fmt: skip
        assert isinstance(asked, Entry)

    @precondition(lambda self: self.references)
    @rule(data=st.data(), minor=st.sampled_from([500, 500, 500, 499, 501]))
    def person_pays(self, data: st.DataObject, minor: int) -> None:
        reference = data.draw(st.sampled_from(self.references))
        for charge in self.bank.by_reference(reference):
            if charge.method != "card":
                self.bank.pay(charge.id, Money(minor, "EUR"))

    @precondition(lambda self: self.references)
    @rule(data=st.data())
    def kiosk_cancels(self, data: st.DataObject) -> None:
        reference = data.draw(st.sampled_from(self.references))
        self.desk.handle(KIOSK, CancelWanted(id="q", expires_ms=0, reference=reference))

    @precondition(lambda self: self.references)
    @rule(data=st.data())
    def kiosk_wonders(self, data: st.DataObject) -> None:
        reference = data.draw(st.sampled_from(self.references))
        self.desk.handle(KIOSK, StatusWanted(id="q", expires_ms=0, reference=reference))

    @precondition(lambda self: self.references)
    @rule(data=st.data())
    def kiosk_gives_back(self, data: st.DataObject) -> None:
        """Only what was told as paid: that is the kiosk's side of the law."""
        reference = data.draw(st.sampled_from(self.references))
        entry = self.entry(reference)
        if entry.channel != PHONE and entry.state in PAID:
            self.desk.handle(KIOSK, RefundCharge(id="q", expires_ms=0, reference=reference, reason="ended"))

    @precondition(lambda self: self.references)
    @rule(data=st.data(), times=st.integers(1, 2), forged=st.booleans())
    def webhook_arrives(self, data: st.DataObject, times: int, forged: bool) -> None:
        reference = data.draw(st.sampled_from(self.references))
        for charge in self.bank.by_reference(reference) * times:
            body = f"{charge.id} {reference}".encode()
            try:
                self.desk.webhook("sandbox", {"from": "a stranger" if forged else "the bank"}, body)
            except BadWebhook:
                assert forged
            except ProviderDown:
                assert self.provider.down or self.provider.deaf

    @rule(seconds=st.sampled_from([1, 2, 30, 100]))
    def time_passes(self, seconds: int) -> None:
        self.now_ms += seconds * 1000
        self.desk.look_after()

    @rule(down=st.booleans(), deaf=st.booleans())
    def network_changes(self, down: bool, deaf: bool) -> None:
        self.provider.down, self.provider.deaf = down, deaf

    @rule()
    def fleet_restarts(self) -> None:
        self.desk.close()
        self.open_desk()

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

    def settle_everything(self) -> None:
        """The network recovers and time passes: every coin must be accounted for."""
        self.provider.down = self.provider.deaf = False
        for _ in range(20):
            self.now_ms += 60_000
            self.desk.look_after()
        for reference in self.references:
            came, back = self.money(reference)
            entry = self.entry(reference)
            if came == 0:
                assert entry.state not in PAID | {State.REFUNDING, State.REFUNDED}
                assert entry.settled == ""
            elif entry.channel == PHONE:
                assert (entry.settled, back) in (("sold", came - 500), ("refund", came))
                assert came >= 500 or back == came
            else:
                assert (back, entry.state is State.REFUNDED) in ((max(0, came - 500), False), (came, True))
                assert entry.paid_minor == came
        thanked = {message.order for message in self.told if isinstance(message, PhoneSale)}
        sold = {entry.order for entry in map(self.entry, self.references) if entry.settled == "sold"}
        assert thanked == sold


Payments.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
TestPayments = Payments.TestCase
