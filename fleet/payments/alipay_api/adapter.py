"""The provider of the port that is Alipay, product precreate.

What Alipay leaves to the merchant, and how it is done here:

- There is no trade until somebody scans the code, and asking says just that: `fleet.payments.wishes`. A trade that waits for
  its payer has been scanned.
- `alipay.trade.cancel` gives money back where there is any. So a charge is looked at first, a trade is ended by
  `alipay.trade.close`, which refuses where it was paid, and cancel is for the code nobody has scanned. If it gave back money all the same,
  that is told: paid, and refunded.
- TRADE_CLOSED is a trade that ended unpaid or one whose money has all gone back: `send_pay_date` tells which.
- Refunds cannot be listed: they are looked for under the keys they are asked for with.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Final

from content.money import Money
from fleet.payments.alipay_api import hook, wire
from fleet.payments.alipay_api.session import Account, Missing, Now, Session
from fleet.payments.port import (
    Caps,
    Charge,
    ChargeEvent,
    ChargeRequest,
    News,
    Provider,
    ProviderDown,
    ProviderRefused,
    Receipt,
    Refund,
    refund_key,
)
from fleet.payments.wishes import Name, Wish, Wishes, name_of

_MOST_PARTS: Final = 50
_PAYABLE: Final = (News.OPEN, News.SCANNED)

CAPS: Final = Caps(
    promises={"alipay": "push"}, currencies=frozenset({"CNY"}), most_minor=wire.MOST, partial_refund=True,
    longest_ttl_s=wire.MOST_S,
)  # fmt: skip


class AlipayProvider(Provider):
    """The app `account`, asked for by `session`."""

    caps = CAPS
    receipt = Receipt(200, "success")

    def __init__(self, key: str, account: Account, session: Session, now: Now) -> None:
        self.key = key
        self._account, self._session, self._now = account, session, now
        self._wishes = Wishes()

    def create(self, request: ChargeRequest, *, idem: str) -> Charge:
        """See the port."""
        if (request.method, request.amount.currency) != ("alipay", "CNY"):
            raise ProviderRefused(
                "bad-request", f"{request.method} in {request.amount.currency}: only alipay in CNY"
            )
        wish = self._wishes.of(request, idem, self._now() + wire.lasts_s(request.ttl_s))
        if wish.payload:
            return self.status(str(wish.name))
        try:
            answer = self._session.ask("alipay.trade.precreate", wire.order_of(wish), notify=True)
        except ProviderRefused as no:
            return self._there_already(wish, no)
        made = wire.read(answer, wire.Precreated)
        _about(wish.name.reference, made.out_trade_no)
        self._wishes.shown(wish.name.reference, made.qr_code)
        return wire.opened(wish, made.qr_code)

    def status(self, charge_id: str) -> Charge:
        """See the port. Ends a charge whose time is up."""
        name = name_of(charge_id)
        trade = self._trade(name)
        charge = self._told(name, trade)
        if charge.news in _PAYABLE and name.over(self._now()):
            return self._ended(name, trade)
        return charge

    def cancel(self, charge_id: str) -> Charge:
        """See the port."""
        name = name_of(charge_id)
        trade = self._trade(name)
        charge = self._told(name, trade)
        return self._ended(name, trade) if charge.news in _PAYABLE else charge

    def refund(self, charge_id: str, minor: int, *, idem: str) -> Refund:
        """See the port. `done` once Alipay says that it was made."""
        name = name_of(charge_id)
        trade = self._trade(name)
        if trade is None or not trade.paid:
            raise ProviderRefused("not-paid", charge_id)
        if not 0 < minor <= trade.total:
            raise ProviderRefused("too-much", f"{minor} of {trade.total} fen")
        number = wire.request_number(name.reference, idem)
        back = self._back(name.reference, number)
        done = back > 0
        if not done:
            wanted = {
                "out_trade_no": name.reference, "out_request_no": number,
                "refund_amount": Money(minor, "CNY").decimal(),
            }  # fmt: skip
            made = wire.read(self._session.ask("alipay.trade.refund", wanted), wire.Refunded)
            done = made.fund_change == "Y"
            if not done:  # it was made before, or is not made yet
                back = self._back(name.reference, number)
                done = back > 0
        if back not in (0, minor):
            raise ProviderRefused("idempotency", f"{idem!r} has asked for {back} fen")
        return Refund(id=number, charge_id=charge_id, minor=minor, done=done)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[ChargeEvent]:
        """See the port. `headers` with lower-case names."""
        return hook.events(hook.verified(self._account, headers, body, self._now()))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    # --- asking ---------------------------------------------------------------------------------------------------

    def _there_already(self, wish: Wish, no: ProviderRefused) -> Charge:
        """A trade of that number exists, or `no` is meant as it is said."""
        if self._trade(wish.name) is None:
            raise no from None
        return self.cancel(str(wish.name))

    def _told(self, name: Name, trade: wire.Trade | None, *, ended: bool = False) -> Charge:
        if trade is None and not name.expires_s:
            raise ProviderRefused("unknown-charge", str(name))
        settled = trade is not None and trade.trade_status != "WAIT_BUYER_PAY"
        given = self._given(name.reference) if settled else 0
        payload = self._wishes.payload(name)
        return wire.charge_of(trade, name, given, self._now(), payload=payload, ended=ended)

    def _ended(self, name: Name, trade: wire.Trade | None) -> Charge:
        """End a charge nobody has paid and tell how it stands then: it may have been scanned or paid meanwhile."""
        about = {"out_trade_no": name.reference}
        action = None
        with contextlib.suppress(ProviderRefused):
            if trade is not None:
                self._session.ask("alipay.trade.close", about)
            else:
                cancelled = wire.read(self._session.ask("alipay.trade.cancel", about), wire.Cancelled)
                if cancelled.retry_flag == "Y":
                    raise ProviderDown("a cancel to be tried again")
                action = cancelled.action
        charge = self._told(name, self._trade(name), ended=True)
        if action == "refund" and charge.news is not News.REFUNDED:
            raise ProviderDown(f"{name.reference} was given back, and is told as {charge.news.value}")
        return charge

    def _trade(self, name: Name) -> wire.Trade | None:
        try:
            answer = self._session.ask("alipay.trade.query", {"out_trade_no": name.reference})
        except Missing:
            return None
        trade = wire.read(answer, wire.Trade)
        _about(name.reference, trade.out_trade_no)
        return trade

    def _given(self, reference: str) -> int:
        """What has gone back, as far as the fleet has asked for it."""
        given = 0
        for _ in range(_MOST_PARTS):
            back = self._back(reference, wire.request_number(reference, refund_key(reference, given)))
            if not back:
                break
            given += back
        return given

    def _back(self, reference: str, number: str) -> int:
        """What a refund has given back; 0 where it was not made, or not yet."""
        about = {"out_trade_no": reference, "out_request_no": number}
        try:
            return wire.read(self._session.ask("alipay.trade.fastpay.refund.query", about), wire.Back).minor
        except ProviderRefused:
            return 0


def _about(asked: str, told: str) -> None:
    if asked != told:
        raise ProviderDown(f"asked about {asked}, answered about {told[:40]!r}")
