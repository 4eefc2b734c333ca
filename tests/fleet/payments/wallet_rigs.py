"""The rigs of WeChat Pay and Alipay. Left out is what their interfaces have no room for: a payer who sends another amount
or currency, a second payment of one code, an amount in a code, more than one kind of webhook about a payment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from fleet.payments.faults import Fault
from fleet.payments.port import Provider
from tests.fleet.payments import fake_keys
from tests.fleet.payments.adapter_rigs import PATIENCE_S, AdapterRig, named
from tests.fleet.payments.fake_alipay import FORM, FakeAlipay, fake_alipay
from tests.fleet.payments.fake_wechat import FakeWeChat, fake_wechat
from tests.fleet.payments.fault_rig import Door, FaultRig
from tests.fleet.payments.test_alipay_api import opened as alipay_opened
from tests.fleet.payments.test_wechat_api import opened as wechat_opened

_SUPPORTS = named() - {Fault.TOO_LITTLE.value, Fault.TOO_MUCH.value}


class WeChatRig(AdapterRig):
    title = "WeChat Pay (`wechat`)"
    method, currency, minor = "wechat", "CNY", 500
    supports = _SUPPORTS
    making, refunding = "POST /v3/pay/transactions/native", "POST /v3/refund"
    after = ("GET /v3/pay", "POST /v3/pay/transactions/out-trade-no", "GET /v3/refund")

    def __init__(self, fake: FakeWeChat, hooks: Door) -> None:
        super().__init__(fake.server, hooks)
        self.fake = fake
        self.about: dict[bytes, str] = {}  # what notifications are about is encrypted

    def provider(self) -> Provider:
        shop = wechat_opened(self.fake)
        shop.session.deadline_s = PATIENCE_S
        return shop

    def set_up(self) -> None:
        self.fake.slow_refunds = self._has(Fault.REFUND_LATER)
        self.fake.looks_until_back = 3 if self.fake.slow_refunds else 0
        self.fake.broke = self._has(Fault.REFUND_REFUSED)

    def pass_time(self, seconds: int) -> None:
        self.fake.ahead_s += seconds

    def come(self, reference: str, minor: int) -> None:
        self.fake.orders[reference]["total"] = minor
        self.fake.take(reference)

    def webhook(self, reference: str, *, forged: bool) -> tuple[dict[str, str], bytes]:
        body = self.fake.notice(reference)
        self.about[body] = reference
        honest = self.fake.platform
        self.fake.platform = fake_keys.key_called("a stranger") if forged else honest
        headers = self.fake.signed(body)
        self.fake.platform = honest
        return headers, body

    def is_about(self, reference: str, body: bytes) -> bool:
        return self.about.get(body) == reference

    def money(self, reference: str) -> tuple[int, int]:
        order = self.fake.orders.get(reference, {})
        back = [
            each["amount"]["refund"]
            for each in self.fake.refunds.values()
            if each["out_trade_no"] == reference and each["status"] == "SUCCESS"
        ]
        return order["total"] if "told" in order else 0, sum(back)


class AlipayRig(AdapterRig):
    title = "Alipay (`alipay`)"
    method, currency, minor = "alipay", "CNY", 500
    supports = _SUPPORTS
    making, refunding = ".*method=alipay.trade.precreate&", ".*method=alipay.trade.refund&"
    after = tuple(
        f".*method=alipay.trade.{name}&" for name in ("query", "close", "cancel", "fastpay.refund.query")
    )

    def __init__(self, fake: FakeAlipay, hooks: Door) -> None:
        super().__init__(fake.server, hooks)
        self.fake = fake

    def provider(self) -> Provider:
        shop = alipay_opened(self.fake)
        shop.session.deadline_s = PATIENCE_S
        return shop

    def set_up(self) -> None:
        self.fake.slow_refunds = self._has(Fault.REFUND_LATER)
        self.fake.looks_until_back = 3 if self.fake.slow_refunds else 0
        self.fake.broke = self._has(Fault.REFUND_REFUSED)

    def pass_time(self, seconds: int) -> None:
        self.fake.ahead_s += seconds

    def come(self, reference: str, minor: int) -> None:
        self.fake.codes[reference]["total"] = Decimal(minor) / 100
        self.fake.take(reference)

    def webhook(self, reference: str, *, forged: bool) -> tuple[dict[str, str], bytes]:
        honest = self.fake.platform
        self.fake.platform = fake_keys.key_called("a stranger") if forged else honest
        body = self.fake.notice(reference)
        self.fake.platform = honest
        return FORM, body

    def money(self, reference: str) -> tuple[int, int]:
        trade = self.fake.trades.get(reference)
        if trade is None or "paid_at" not in trade:
            return 0, 0
        waits = [
            each["amount"]
            for key, each in self.fake.refunds.items()
            if key[0] == reference and not each["made"]
        ]
        return int(trade["total"] * 100), int((trade["back"] - sum(waits)) * 100)


@contextmanager
def wechat_rig(_folder: Path, hooks: Door) -> Iterator[FaultRig]:
    with fake_wechat() as fake:
        yield WeChatRig(fake, hooks)


@contextmanager
def alipay_rig(_folder: Path, hooks: Door) -> Iterator[FaultRig]:
    with fake_alipay() as fake:
        yield AlipayRig(fake, hooks)
