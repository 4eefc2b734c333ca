"""The rigs of API Pix and Stripe: their fakes, told to go wrong by the names of fleet.payments.faults.

Left out is what the interface has no room for. Pix: another currency; a code of another amount (it stands behind the
code's address); webhooks in order, as there is one kind. Stripe: another currency, a second payment of one code.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import httpx

from fleet.payments.faults import OF_ANSWERS, Fault
from fleet.payments.pix_api.adapter import PixProvider
from fleet.payments.pix_api.hook import Door as Secrets
from fleet.payments.pix_api.session import Account, Session, trust
from fleet.payments.port import Provider
from fleet.payments.stripe_api.adapter import StripeProvider
from fleet.payments.stripe_api.client import Client
from tests.fleet.payments.fake_http import FakeServer
from tests.fleet.payments.fake_http import Fault as NetFault
from tests.fleet.payments.fake_pix import CLIENT_ID, FakePix, fake_pix
from tests.fleet.payments.fake_stripe import FakeStripe, fake_stripe
from tests.fleet.payments.fault_rig import Door, FaultRig

PATIENCE_S = 0.8
_NETWORK: dict[Fault, NetFault] = {Fault.SERVER_ERROR: "down", Fault.SLOW: "slow", Fault.CUT: "cut-after"}
_OF_ANSWERS = frozenset(f"{fault.value}{where}" for fault in OF_ANSWERS for where in ("@create", ""))
_BOTH = frozenset({
    Fault.LATE, Fault.DUPLICATE, Fault.LOST, Fault.FORGED, Fault.REPLAYED, Fault.TOO_LITTLE, Fault.TOO_MUCH,
    Fault.AFTER_EXPIRY, Fault.REFUND_TWICE, Fault.REFUND_LATER, Fault.REFUND_REFUSED,
})  # fmt: skip
AFTER_EXPIRY_S = 150


def named(*faults: Fault) -> frozenset[str]:
    return frozenset(fault.value for fault in (*_BOTH, *faults)) | _OF_ANSWERS


class AdapterRig(FaultRig):
    """What they have in common: who sends which webhook when, and which calls the network strikes."""

    making: ClassVar[str]  # "VERB /path" of the call that makes a charge
    refunding: ClassVar[str]
    after: ClassVar[tuple[str, ...]]  # of every other call

    def __init__(self, server: FakeServer, hooks: Door) -> None:
        self.server, self.hooks = server, hooks
        self.faults: set[str] = set()
        self.sent: list[tuple[dict[str, str], bytes]] = []

    def script(self, *faults: str) -> None:
        self.faults, self.sent = set(faults), []
        self.server.faults.clear()
        self.set_up()
        self._strike("@create", self.making)

    def pay(self, reference: str) -> None:
        self._strike("", *self.after, self.refunding)
        if self._has(Fault.REFUND_TWICE):
            self.server.faults.append(("broken", self.refunding))
        if self._has(Fault.AFTER_EXPIRY):
            self.pass_time(AFTER_EXPIRY_S)
            return
        self._come(reference)
        if not self._has(Fault.LATE) and not self._has(Fault.LOST):
            for _ in range(2 if self._has(Fault.DUPLICATE) else 1):
                self._send(reference)

    def arrived(self, reference: str) -> None:
        if self._has(Fault.AFTER_EXPIRY):
            self._come(reference)
        if self._has(Fault.PAID_TWICE):
            self.come(reference, self.minor)

    def told(self, reference: str, fault: str) -> None:
        if self._has(Fault.LATE) or self._has(Fault.AFTER_EXPIRY):
            self._send(reference)
        if self._has(Fault.REPLAYED):
            self._post(*self.sent[0])

    def _has(self, fault: Fault) -> bool:
        return fault.value in self.faults

    def _strike(self, where: str, *calls: str) -> None:
        for fault, how in _NETWORK.items():
            if fault.value + where in self.faults:
                self.server.faults += [(how, call) for call in calls]

    def _come(self, reference: str) -> None:
        odd = self._has(Fault.TOO_MUCH) - self._has(Fault.TOO_LITTLE)
        self.come(reference, self.minor + odd)

    def _send(self, reference: str) -> None:
        message = self.webhook(reference, forged=self._has(Fault.FORGED))
        self.sent.append(message)
        self._post(*message)

    def _post(self, headers: dict[str, str], body: bytes) -> None:
        path = headers.get(":path", "")
        rest = {name: value for name, value in headers.items() if name != ":path"}
        httpx.post(self.hooks.url + path, content=body, headers=rest, trust_env=False, timeout=10)

    @abstractmethod
    def set_up(self) -> None:
        """Turn the fake's own switches as `faults` says."""

    @abstractmethod
    def pass_time(self, seconds: int) -> None: ...

    @abstractmethod
    def come(self, reference: str, minor: int) -> None:
        """Money arrives."""

    @abstractmethod
    def webhook(self, reference: str, *, forged: bool) -> tuple[dict[str, str], bytes]: ...


class PixRig(AdapterRig):
    title = "API Pix (`pix-api`)"
    method, currency, minor = "pix", "BRL", 500
    supports = named(Fault.PAID_TWICE)
    making, refunding = "PUT /api/v2/cob/", "PUT .*/devolucao/"
    after = ("GET /api/v2/cob/", "PATCH /api/v2/cob/")
    secret = "s" * 43

    def __init__(self, fake: FakePix, hooks: Door) -> None:
        super().__init__(fake.server, hooks)
        self.fake = fake

    def provider(self) -> Provider:
        fake, pair = self.fake, self.fake.client
        account = Account(
            url=fake.url, token_url=fake.token_url, client_id=CLIENT_ID, client_secret=fake.client_secret
        )
        context = trust(str(pair.certificate), str(pair.private_key), str(fake.ca.certificate))
        session = Session(account, context, self._now, PATIENCE_S)
        return PixProvider("pix", session, fake.pix_key, Secrets((self.secret,)), self._now)

    def _now(self) -> int:
        return int(self.fake.now())

    def set_up(self) -> None:
        self.fake.looks_until_back = 3 if self._has(Fault.REFUND_LATER) else 0
        self.fake.refuses_returns = self._has(Fault.REFUND_REFUSED)

    def pass_time(self, seconds: int) -> None:
        self.fake.ahead_s += seconds

    def come(self, reference: str, minor: int) -> None:
        (txid,) = self._txids(reference)
        self.fake.pay(txid, f"{minor // 100}.{minor % 100:02}")

    def webhook(self, reference: str, *, forged: bool) -> tuple[dict[str, str], bytes]:
        secret = "x" * 43 if forged else self.secret
        return {":path": f"/{secret}/pix"}, self.fake.notice(*self._txids(reference))

    def money(self, reference: str) -> tuple[int, int]:
        pixes = [pix for txid in self._txids(reference) for pix in self.fake.cobs[txid]["pix"]]
        back = [each["valor"] for pix in pixes for each in pix["devolucoes"] if each["status"] == "DEVOLVIDO"]
        return sum(_minor(pix["valor"]) for pix in pixes), sum(map(_minor, back))

    def _txids(self, reference: str) -> list[str]:
        return [txid for txid in self.fake.cobs if txid.startswith(reference)]


class StripeRig(AdapterRig):
    title = "Stripe (`stripe`, paynow)"
    method, currency, minor = "paynow", "SGD", 500
    supports = named(Fault.OUT_OF_ORDER, Fault.WRONG_CODE)
    making, refunding = "POST /v1/payment_intents$", "POST /v1/refunds"
    after = ("GET /v1/payment_intents", "POST /v1/payment_intents/.*/cancel")

    def __init__(self, fake: FakeStripe, hooks: Door) -> None:
        super().__init__(fake.server, hooks)
        self.fake = fake

    def provider(self) -> Provider:
        client = Client(self.fake.secret_key, PATIENCE_S, self.fake.server.url)
        return StripeProvider("stripe", client, (self.fake.webhook_secret,), self.fake.now)

    def set_up(self) -> None:
        self.fake.looks_until_back = 3 if self._has(Fault.REFUND_LATER) else 0
        self.fake.refuses_refunds = self._has(Fault.REFUND_REFUSED)
        self.fake.wrong_codes = self._has(Fault.WRONG_CODE)

    def pass_time(self, seconds: int) -> None:
        self.fake.ahead_s += seconds

    def come(self, reference: str, minor: int) -> None:
        for name in self._names(reference):
            if self._has(Fault.OUT_OF_ORDER):
                body = self.fake.event("payment_intent.processing", dict(self.fake.intents[name]))
                self.sent.append((self.fake.signed(body), body))
            self.fake.pay(name, minor)

    def told(self, reference: str, fault: str) -> None:
        super().told(reference, fault)
        if self._has(Fault.OUT_OF_ORDER):
            self._post(*self.sent[0])

    def webhook(self, reference: str, *, forged: bool) -> tuple[dict[str, str], bytes]:
        (name,) = self._names(reference)
        body = self.fake.event("payment_intent.succeeded", self.fake.intents[name])
        return self.fake.signed(body, "whsec_a_stranger" if forged else ""), body

    def money(self, reference: str) -> tuple[int, int]:
        names = self._names(reference)
        back = [
            each["amount"]
            for each in self.fake.refunds.values()
            if each["payment_intent"] in names and each["status"] == "succeeded"
        ]
        return sum(self.fake.intents[name]["amount_received"] for name in names), sum(back)

    def _names(self, reference: str) -> list[str]:
        intents = self.fake.intents.items()
        return [name for name, intent in intents if intent["metadata"]["reference"] == reference]


def _minor(value: str) -> int:
    return int(value.replace(".", ""))


@contextmanager
def pix_rig(folder: Path, hooks: Door) -> Iterator[FaultRig]:
    folder.mkdir(parents=True, exist_ok=True)
    with fake_pix(folder) as fake:
        yield PixRig(fake, hooks)


@contextmanager
def stripe_rig(folder: Path, hooks: Door) -> Iterator[FaultRig]:
    with fake_stripe() as fake:
        yield StripeRig(fake, hooks)
