"""The provider of the port that is WeChat Pay, product Native.

What WeChat Pay leaves to the merchant, and how it is done here:

- An unpaid order does not tell its amount, end or code: `fleet.payments.wishes`.
- An order past its end can not be paid and stays NOTPAY until it is closed: it is closed when it is next looked at.
- Closing is answered with 204 for an order that does not exist too, and is refused for one that was paid meanwhile. So
  what stands after closing is asked for.
- The state REFUND says that money has gone back and not how much, and refunds cannot be listed: they are looked for under
  the keys they are asked for with.
- A refund is one number for ever. CLOSED is its failure, and the next attempt has the next number; ABNORMAL waits for
  somebody at the merchant's platform.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from fleet.payments.port import (
    Caps,
    Charge,
    ChargeEvent,
    ChargeRequest,
    News,
    Provider,
    ProviderDown,
    ProviderRefused,
    Refund,
    refund_key,
)
from fleet.payments.wechat_api import hook, wire
from fleet.payments.wechat_api.seal import Platform
from fleet.payments.wechat_api.session import Account, Missing, Now, Session
from fleet.payments.wishes import Name, Wish, Wishes, name_of

_NATIVE: Final = "/v3/pay/transactions/native"
_ORDERS: Final = "/v3/pay/transactions/out-trade-no"
_REFUNDS: Final = "/v3/refund/domestic/refunds"
_MOST_PARTS: Final = 50  # "一笔订单最多支持50次部分退款"
_MOST_ATTEMPTS: Final = 10

CAPS: Final = Caps(
    promises={"wechat": "push"}, currencies=frozenset({"CNY"}), most_minor=wire.MOST, partial_refund=True,
    longest_ttl_s=wire.MOST_S,
)  # fmt: skip


class WeChatProvider(Provider):
    """The merchant `account`, asked for by `session`; `platform` knows who signs notifications."""

    caps = CAPS

    def __init__(self, key: str, account: Account, platform: Platform, session: Session, now: Now) -> None:
        self.key = key
        self._account, self._platform, self._now = account, platform, now
        self._session, self._wishes = session, Wishes()

    def create(self, request: ChargeRequest, *, idem: str) -> Charge:
        """See the port. Where another process has made the order its code is lost, so it is ended and told as it stands."""
        if (request.method, request.amount.currency) != ("wechat", "CNY"):
            raise ProviderRefused(
                "bad-request", f"{request.method} in {request.amount.currency}: only wechat in CNY"
            )
        lasts_s = min(max(request.ttl_s, wire.LEAST_S), wire.MOST_S)
        wish = self._wishes.of(request, idem, self._now() + lasts_s)
        if wish.payload:
            return self.status(str(wish.name))
        body = wire.order_of(wish, self._account.appid, self._account.mchid, self._account.notify_url)
        try:
            code = wire.read(self._session.ask("POST", _NATIVE, body), wire.Native).code_url
        except ProviderRefused as no:
            return self._there_already(wish, no)
        self._wishes.shown(wish.name.reference, code)
        return wire.opened(wish, code)

    def status(self, charge_id: str) -> Charge:
        """See the port. Closes an order whose time is up."""
        name = name_of(charge_id)
        charge = self._told(name)
        if charge.news is News.OPEN and name.over(self._now()):
            return self._closed(name)
        return charge

    def cancel(self, charge_id: str) -> Charge:
        """See the port."""
        name = name_of(charge_id)
        charge = self._told(name)
        return self._closed(name) if charge.news in (News.OPEN, News.SCANNED) else charge

    def refund(self, charge_id: str, minor: int, *, idem: str) -> Refund:
        """See the port. `done` once WeChat Pay says SUCCESS: at once to a balance, up to three days to a card."""
        name = name_of(charge_id)
        order = self._order(name.reference)
        if not order.paid:
            raise ProviderRefused("not-paid", charge_id)
        if not 0 < minor <= order.received.total:
            raise ProviderRefused("too-much", f"{minor} of {order.received.total} fen")
        back, attempt = self._newest(name.reference, idem)
        if back is None or back.status == wire.RETURN_CLOSED:
            body = wire.refund_of(order, wire.refund_number(name.reference, idem, attempt), minor)
            back = wire.read(self._session.ask("POST", _REFUNDS, body), wire.Back)
        if back.amount.refund != minor:
            raise ProviderRefused("idempotency", f"{idem!r} has asked for {back.amount.refund} fen")
        if back.status in (wire.RETURN_CLOSED, wire.RETURN_STUCK):
            raise ProviderRefused("refund-not-made", back.status)
        return Refund(
            id=back.out_refund_no, charge_id=charge_id, minor=minor, done=back.status == wire.RETURNED
        )

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[ChargeEvent]:
        """See the port. `headers` with lower-case names."""
        self._platform.check(headers, body, self._now())
        return hook.events(body, self._account)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    # --- asking ---------------------------------------------------------------------------------------------------

    def _there_already(self, wish: Wish, no: ProviderRefused) -> Charge:
        """An order of that number exists, or `no` is meant as it is said. Nobody has seen the code of one that exists:
        only its maker knew it."""
        try:
            return self.cancel(str(wish.name))
        except Missing:
            raise no from None

    def _told(self, name: Name) -> Charge:
        order = self._order(name.reference)
        if not order.paid and not name.expires_s:
            raise ProviderRefused("unknown-charge", f"{name} is not paid, and no more is known of it")
        given = self._given(name.reference) if order.paid and order.trade_state != "SUCCESS" else 0
        return wire.charge_of(order, name, given, self._now(), self._wishes.payload(name))

    def _closed(self, name: Name) -> Charge:
        """Close an order and tell how it stands then: a refusal may mean that it was paid, or is being paid just now."""
        with contextlib.suppress(ProviderRefused):
            self._session.ask("POST", f"{_path(name.reference)}/close", {"mchid": self._account.mchid})
        return self._told(name)

    def _order(self, reference: str) -> wire.Order:
        """Raises Missing."""
        target = f"{_path(reference)}?mchid={self._account.mchid}"
        order = wire.read(self._session.ask("GET", target), wire.Order)
        if (order.out_trade_no, order.mchid) != (reference, self._account.mchid):
            raise ProviderDown(f"asked about {reference}, answered about {order.out_trade_no[:40]!r}")
        return order

    def _given(self, reference: str) -> int:
        """What has gone back, as far as the fleet has asked for it."""
        given = 0
        for _ in range(_MOST_PARTS):
            back, _ = self._newest(reference, refund_key(reference, given))
            if back is None or back.status != wire.RETURNED:
                break
            given += back.amount.refund
        return given

    def _newest(self, reference: str, idem: str) -> tuple[wire.Back | None, int]:
        """The newest refund asked for with a key, and the attempt that comes next if that one has failed."""
        newest = None
        for attempt in range(_MOST_ATTEMPTS):
            try:
                answer = self._session.ask(
                    "GET", f"{_REFUNDS}/{_quoted(wire.refund_number(reference, idem, attempt))}"
                )
            except Missing:
                return newest, attempt
            newest = wire.read(answer, wire.Back)
            if newest.status != wire.RETURN_CLOSED:
                return newest, attempt
        raise ProviderRefused("refund-not-made", f"closed {_MOST_ATTEMPTS} times")


def _path(reference: str) -> str:
    return f"{_ORDERS}/{_quoted(reference)}"


def _quoted(text: str) -> str:
    return quote(text, safe="")
