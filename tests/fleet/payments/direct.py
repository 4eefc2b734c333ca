"""The sandbox bank without HTTP between, and a till in front of it with a clock of its own: fast enough to try everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from content.money import Money
from content.store import AnyStore
from fleet.live import Hub
from fleet.merchant import Merchant
from fleet.payments import sandbox_api as api
from fleet.payments import signing
from fleet.payments.book import PHONE, Entry
from fleet.payments.desk import PaymentDesk
from fleet.payments.faults import Fault
from fleet.payments.methods import take_now
from fleet.payments.port import (
    BadWebhook,
    Caps,
    Charge,
    ChargeEvent,
    ChargeRequest,
    Provider,
    ProviderDown,
    ProviderRefused,
    Refund,
)
from fleet.payments.sandbox import CAPS, charge_of
from fleet.payments.sandbox_server.bank import Bank, Refused
from fleet.store.store import Store
from mqtt.messages import ChargeState, ChargeWanted, Line, Message, StatusWanted
from mqtt.topics import Address
from tests.stores import store_url

SECRET = "wh_shared"
KIOSK = Address("demo", "u8", "K1")
LINE = Line(gtin="09521100100113", name="Milk", quantity=1, price_minor=500, total_minor=500)


class PowerCut(BaseException):
    """The fleet's process dies: the provider has done what it was asked, and nobody hears of it."""


class Direct(Provider):
    """The sandbox bank without HTTP between: `down` loses the question, `deaf` only the answer, `dies` takes the fleet
    along. What the bank was scripted to do wrong, it does.
    """

    key = "sandbox"

    def __init__(self, bank: Bank, clock: Callable[[], int], caps: Caps = CAPS) -> None:
        self.bank, self.clock, self.caps = bank, clock, caps
        self.down = self.deaf = self.dies = False
        self.refuses_refunds = ""
        self.refuses_cancels = False
        self.miscounts = 0  # minor units by which a created charge differs from what was asked for
        self.twist: Callable[[Charge], Charge] = lambda charge: charge  # what it tells of a charge instead
        self.twist_refund: Callable[[Refund], Refund] = lambda refund: refund

    def _carry(self, wrong: Fault | None, call: Callable[..., object], *arguments: object) -> object:
        if self.down or wrong is Fault.SERVER_ERROR:
            raise ProviderDown("down")
        try:
            answer = call(*arguments)
        except Refused as error:
            raise ProviderRefused(error.error, error.detail) from None
        if self.dies:
            self.dies = False
            raise PowerCut
        if self.deaf or wrong is not None:
            raise ProviderDown("deaf")
        return answer

    def _charge(self, wrong: Fault | None, call: Callable[..., object], *arguments: object) -> Charge:
        view = self._carry(wrong, call, *arguments)
        assert isinstance(view, api.ChargeView)
        return self.twist(charge_of(view))

    def create(self, request: ChargeRequest, *, idem: str) -> Charge:
        body = api.ChargeBody(
            reference=request.reference, method=request.method, amount_minor=request.amount.minor,
            currency=request.amount.currency, ttl_s=request.ttl_s, card=request.card,
        )  # fmt: skip
        wrong = None if self.down else self.bank.goes_wrong("create", idem=idem, method=request.method)
        made = self._charge(wrong, self.bank.create, body, idem)
        return replace(made, amount=Money(made.amount.minor + self.miscounts, made.amount.currency))

    def _wrong(self, call: str, charge_id: str) -> Fault | None:
        return None if self.down else self.bank.goes_wrong(call, charge_id)

    def status(self, charge_id: str) -> Charge:
        return self._charge(self._wrong("status", charge_id), self.bank.charge, charge_id)

    def cancel(self, charge_id: str) -> Charge:
        if self.refuses_cancels:
            raise ProviderDown("no cancels now")
        return self._charge(self._wrong("cancel", charge_id), self.bank.cancel, charge_id)

    def refund(self, charge_id: str, minor: int, *, idem: str) -> Refund:
        if self.refuses_refunds:
            raise ProviderRefused(self.refuses_refunds)
        view = self._carry(self._wrong("refund", charge_id), self.bank.refund, charge_id, minor, idem)
        assert isinstance(view, api.RefundView)
        return self.twist_refund(Refund(id=view.id, charge_id=charge_id, minor=minor, done=view.done))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[ChargeEvent]:
        if signing.HEADER in headers:
            signing.verify(SECRET, headers[signing.HEADER], body, self.clock() // 1000)
            event = msgspec.json.decode(body, type=api.EventBody)
            return [ChargeEvent(id=event.id, charge_id=event.charge.id, reference=event.charge.reference)]
        if headers.get("from") != "the bank":
            raise BadWebhook("forged")
        charge, _, reference = body.decode().partition(" ")
        return [ChargeEvent(id="e", charge_id=charge, reference=reference)]


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def __call__(self) -> int:
        return self.ms


class Till:
    """A desk, its store and its bank, and what it has told; `caps` changes what the provider can."""

    def __init__(
        self, folder: Path, catalogue: Callable[[str, str], AnyStore] | None = None, **caps: object
    ) -> None:
        self.catalogue, self.version, self.price = catalogue, "v", 500
        self.clock = Clock()
        self.told: list[Message] = []
        self.store = Store(store_url(folder / "fleet.db"))
        self.bank = Bank(folder / "bank.db", self.clock, "http://bank.example")
        self.provider = Direct(self.bank, self.clock, replace(CAPS, **caps))  # type: ignore[arg-type]
        self.desk = self.open_desk()

    def open_desk(self) -> PaymentDesk:
        methods = {key: take_now(key, self.provider, Merchant(name="Shop")) for key in ("link", "card")}
        return PaymentDesk(
            self.store, methods, lambda _, m: self.told.append(m), Hub(), self.clock, catalogue=self.catalogue
        )

    def close(self) -> None:
        self.desk.close()
        self.store.close()
        self.bank.close()

    def asked(self, order: int = 1, method: str = "link", card: str = "") -> str:
        """A kiosk has asked for a charge of 5.00 (`price`); its reference."""
        milk = Line(gtin=LINE.gtin, name="Milk", quantity=1, price_minor=self.price, total_minor=self.price)
        wanted = ChargeWanted(
            id="q", expires_ms=0, order=f"{order:015}", reference=f"{order:015}0", method=method, currency="EUR",
            total_minor=self.price, lines=(milk,), version=self.version, ttl_s=60, card=card,
        )  # fmt: skip
        self.desk.handle(KIOSK, wanted)
        return wanted.reference

    def asked_by_phone(self, order: int = 1) -> str:
        """A phone has asked for one."""
        entry = self.desk.start_on_phone(
            Entry(
                reference=f"{order:015}0", kiosk=str(KIOSK), order=f"{order:015}", channel=PHONE, method="link",
                provider="sandbox", currency="EUR", minor=500, lines=(LINE,), version="v", ttl_s=60,
                asked_ms=self.clock(),
            )
        )  # fmt: skip
        assert isinstance(entry, Entry)
        return entry.reference

    def paid(self, reference: str, minor: int = 500) -> None:
        """Somebody's money arrives at the bank."""
        (charge,) = self.bank.by_reference(reference)
        self.bank.pay(charge.id, Money(minor, "EUR"))

    def status(self, reference: str) -> ChargeState:
        answer = self.desk.handle(KIOSK, StatusWanted(id="q", expires_ms=0, reference=reference))
        assert isinstance(answer, ChargeState)
        return answer

    def entry(self, reference: str) -> Entry:
        found = self.desk.book.get(reference)
        assert found is not None
        return found

    def later(self, seconds: float) -> None:
        """Time passes, and the desk looks after what is due."""
        self.clock.ms += int(seconds * 1000)
        self.desk.look_after()

    def on_the_list(self) -> list[str]:
        """Why payments are on the operator's list."""
        return [each.why for each in self.desk.book.unresolved()]
