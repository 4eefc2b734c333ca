"""What WeChat Pay's API v3 says about an order, its refunds and its notifications, and what it means.

Sources: pay.weixin.qq.com/doc/v3/merchant, pages "Native下单" (4012525171), "关闭订单" (4012556398), "查询订单", "申请退款" and
"支付通知". Amounts are whole fen of CNY, times RFC 3339 with an offset.
What may be absent may be null.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from content.money import Money
from fleet.payments.port import Charge, News, ProviderDown
from fleet.payments.wishes import Name, Wish

Kind = TypeVar("Kind")
Fen = Annotated[int, Meta(ge=0)]

LEAST_S: Final = 60  # "支付结束时间不能早于下单时间后1分钟": WeChat Pay moves an earlier end there
MOST_S: Final = 7200  # a code can be scanned for two hours, whatever its order's end
MOST: Final = 10**10
MOST_WORDS: Final = 127  # of description; counted in bytes here, the page says characters
RETURNED: Final = "SUCCESS"
RETURN_CLOSED: Final = "CLOSED"
RETURN_STUCK: Final = (
    "ABNORMAL"  # the payer's card is gone: somebody has to decide at the merchant's platform
)
_BEIJING: Final = timezone(timedelta(hours=8))


class Native(Struct, frozen=True):
    """The answer to an order."""

    code_url: str


class Amount(Struct, frozen=True):
    """What an order is about; told once it is paid. `total` is its price and what can go back, whoever bore it: a coupon
    lowers `payer_total`, which is what the payer sees and no concern of ours."""

    total: Fen
    currency: str | None = None


class Order(Struct, frozen=True):
    """An order as it stands."""

    out_trade_no: str
    trade_state: str
    mchid: str
    amount: Amount | None = None
    success_time: str | None = None

    @property
    def paid(self) -> bool:
        """Whether money has come, though it may have gone back since."""
        return self.trade_state in ("SUCCESS", "REFUND") or bool(self.success_time)

    @property
    def received(self) -> Amount:
        """What came. Raises ProviderDown where a paid order does not say."""
        if self.amount is None:
            raise ProviderDown("a paid order without an amount")
        return self.amount


class BackAmount(Struct, frozen=True):
    """What of an order goes back."""

    refund: Fen
    total: Fen


class Back(Struct, frozen=True):
    """A refund as it stands."""

    out_refund_no: str
    status: str
    amount: BackAmount


class Problem(Struct, frozen=True):
    """A refusal."""

    code: str
    message: str | None = None


class Resource(Struct, frozen=True):
    """The encrypted part of a notification."""

    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str | None = None


class Notice(Struct, frozen=True):
    """A notification."""

    id: str
    event_type: str
    resource: Resource


class Noticed(Struct, frozen=True):
    """What was encrypted. No more of it is read: the order is asked for."""

    out_trade_no: str
    mchid: str | None = None


def read(body: bytes, kind: type[Kind]) -> Kind:
    """An answer as its type. Raises ProviderDown: one that cannot be read does not tell what happened."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProviderDown(f"an unreadable answer: {error}") from None


def order_of(wish: Wish, appid: str, mchid: str, notify_url: str) -> dict[str, Any]:
    """The request that makes an order. The same wish makes the same words: other words for an order there is are refused."""
    ends = datetime.fromtimestamp(wish.name.expires_s, UTC).astimezone(_BEIJING)
    return {
        "appid": appid, "mchid": mchid, "out_trade_no": wish.name.reference,
        "description": _cut(wish.request.description or wish.name.reference), "time_expire": ends.isoformat(),
        "notify_url": notify_url, "amount": {"total": wish.name.minor, "currency": "CNY"},
    }  # fmt: skip


def _cut(words: str) -> str:
    return words.encode()[:MOST_WORDS].decode(errors="ignore")


def refund_of(order: Order, number: str, minor: int) -> dict[str, Any]:
    """The request that gives back `minor` of an order. Refunds are asked about, so nobody is to notify of them."""
    amount = {"refund": minor, "total": order.received.total, "currency": "CNY"}
    return {"out_trade_no": order.out_trade_no, "out_refund_no": number, "amount": amount}


def refund_number(reference: str, idem: str, attempt: int) -> str:
    """The name of a refund (`out_refund_no`): one per key and attempt, so that the same wish meets the same refund."""
    digest = base64.b32encode(hashlib.sha256(idem.encode()).digest()).decode()[:16]
    return f"{reference}-{digest}-{attempt}"


def opened(wish: Wish, code: str) -> Charge:
    """The charge of an order that was just made."""
    name = wish.name
    return Charge(
        id=str(name), reference=name.reference, news=News.OPEN, amount=wish.request.amount, payload=code,
        expires_ms=name.expires_s * 1000,
    )  # fmt: skip


def charge_of(order: Order, name: Name, given: int, now_s: int, payload: str = "") -> Charge:
    """The port's charge of an order of which `given` fen have gone back. Raises ProviderDown where it is not clear."""
    paid = Money(order.received.total, order.received.currency or "CNY") if order.paid else None
    amount = Money(name.minor, "CNY") if name.expires_s or paid is None else paid
    news = _news(order, given, over=name.over(now_s))
    return Charge(
        id=str(name), reference=order.out_trade_no, news=news, amount=amount, paid=paid, refunded_minor=given,
        payload=payload, expires_ms=name.expires_s * 1000, reason="declined" if news is News.FAILED else "",
    )  # fmt: skip


def _news(order: Order, given: int, over: bool) -> News:
    if order.paid:
        return News.REFUNDED if given >= order.received.total else News.PAID
    match order.trade_state:
        case "NOTPAY":  # also after its end, until it is closed
            return News.OPEN
        case "USERPAYING" | "ACCEPT":
            return News.SCANNED
        case "CLOSED":
            return News.EXPIRED if over else News.CANCELLED
        case "REVOKED":
            return News.CANCELLED
        case "PAYERROR":
            return News.FAILED
    raise ProviderDown(f"unknown trade_state {order.trade_state[:40]!r}")
