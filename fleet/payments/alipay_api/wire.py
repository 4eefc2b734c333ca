"""What Alipay says about a trade and its refunds, and what it means.

Sources: opendocs.alipay.com, alipay.trade.precreate, .query, .close, .cancel, .refund and .fastpay.refund.query. Amounts are
decimal texts in yuan, read exactly and never as floats; times are Beijing's. What may be absent may be null.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from content.money import Money
from fleet.payments.port import Charge, News, ProviderDown
from fleet.payments.wishes import Name, Wish

Kind = TypeVar("Kind")

LEAST_S: Final = 60
MOST_S: Final = 7200  # of a code
MOST: Final = 10**10 - 1  # fen: Price(11)
MOST_WORDS: Final = 256
BEIJING: Final = timezone(timedelta(hours=8))
_NOT_IN_SUBJECTS: Final = re.compile(r"[/=&\x00-\x1f]+")
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_JSON: Final = json.JSONDecoder()


class Head(Struct, frozen=True):
    """How every answer begins."""

    code: str
    msg: str | None = None
    sub_code: str | None = None
    sub_msg: str | None = None


class Precreated(Struct, frozen=True):
    """The answer to an order."""

    out_trade_no: str
    qr_code: str


class Trade(Struct, frozen=True):
    """A trade as it stands. There is none until somebody scans the code."""

    out_trade_no: str
    trade_status: str
    total_amount: Decimal
    send_pay_date: str | None = None

    @property
    def paid(self) -> bool:
        """Whether money has come, though it may have gone back since: a trade is closed without money too."""
        return self.trade_status in ("TRADE_SUCCESS", "TRADE_FINISHED") or bool(self.send_pay_date)

    @property
    def total(self) -> int:
        """In fen: the price, whoever bore it. A coupon lowers what the payer pays and sees."""
        return minor_of(self.total_amount)


class Cancelled(Struct, frozen=True):
    """The answer to a cancel. `action`: close, or refund where the trade had been paid."""

    retry_flag: str | None = None
    action: str | None = None


class Refunded(Struct, frozen=True):
    """The answer to a refund. `fund_change` Y: this call has moved money."""

    fund_change: str | None = None


class Back(Struct, frozen=True):
    """A refund as it stands; empty where there is none, or none yet."""

    refund_status: str | None = None
    refund_amount: Decimal | None = None

    @property
    def minor(self) -> int:
        """In fen; 0 where it was not made."""
        made = self.refund_status == "REFUND_SUCCESS" and self.refund_amount is not None
        return minor_of(self.refund_amount or Decimal(0)) if made else 0


def read(body: bytes, kind: type[Kind]) -> Kind:
    """An answer as its type. Raises ProviderDown: one that cannot be read does not tell what happened."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError) as error:
        raise ProviderDown(f"an unreadable answer: {error}") from None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an answer: its text as it was sent, which is what is signed, and its value."""

    text: str
    value: Any


def members(body: bytes) -> dict[str, Member]:
    """The members of a JSON object. Raises ProviderDown where it is none, or has one twice.

    The text is cut out rather than written again: Alipay signs its own spelling (`\\/` for `/`).
    """
    found: dict[str, Member] = {}
    try:
        text = body.decode()
        at = _past(text, _space(text, 0), "{")
        while not found or text[at] == ",":
            start = _space(text, _past(text, at, ",") if found else at)
            name, at = _JSON.raw_decode(text, start)
            start = _space(text, _past(text, _space(text, at), ":"))
            value, at = _JSON.raw_decode(text, start)
            if not isinstance(name, str) or name in found:
                raise ValueError(f"{name!r} is no name or comes twice")
            found[name] = Member(text[start:at], value)
            at = _space(text, at)
        if _space(text, _past(text, at, "}")) != len(text):
            raise ValueError("something behind the object")
    except (ValueError, IndexError, RecursionError) as error:
        raise ProviderDown(f"an unreadable answer: {error}") from None
    return found


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _past(text: str, at: int, sign: str) -> int:
    if text[at] != sign:
        raise ValueError(f"{sign!r} expected at {at}")
    return at + 1


def minor_of(value: Decimal) -> int:
    """Fen of an amount in yuan. Raises ProviderDown for one that is none."""
    if not value.is_finite() or not 0 <= value <= MOST or value * 100 % 1:
        raise ProviderDown(f"an amount of {str(value)[:20]!r}")
    return int(value * 100)


def beijing(now_s: int) -> str:
    """A time as Alipay writes it."""
    return datetime.fromtimestamp(now_s, UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def seconds_of(text: str) -> int:
    """Unix seconds of a time as Alipay writes it. Raises ValueError."""
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).timestamp())


def lasts_s(ttl_s: int) -> int:
    """How long a code that is wanted for `ttl_s` lasts."""
    return min(max(ttl_s, LEAST_S), MOST_S)


def order_of(wish: Wish) -> dict[str, Any]:
    """The request that makes a code. Its time counts from now, the trade's from when somebody scans it."""
    minutes = f"{-(-lasts_s(wish.request.ttl_s) // 60)}m"
    words = _NOT_IN_SUBJECTS.sub(" ", wish.request.description)[:MOST_WORDS].strip()
    return {
        "out_trade_no": wish.name.reference, "total_amount": wish.request.amount.decimal(),
        "subject": words or wish.name.reference, "timeout_express": minutes, "qr_code_timeout_express": minutes,
    }  # fmt: skip


def request_number(reference: str, idem: str) -> str:
    """The name of a refund (`out_request_no`): one per key, so that the same wish meets the same refund."""
    digest = base64.b32encode(hashlib.sha256(idem.encode()).digest()).decode()[:16]
    return f"{reference}-{digest}"


def opened(wish: Wish, code: str) -> Charge:
    """The charge of a code that was just made."""
    name = wish.name
    return Charge(
        id=str(name), reference=name.reference, news=News.OPEN, amount=wish.request.amount, payload=code,
        expires_ms=name.expires_s * 1000,
    )  # fmt: skip


def charge_of(
    trade: Trade | None, name: Name, given: int, now_s: int, *, payload: str = "", ended: bool = False
) -> Charge:
    """The port's charge of a trade of which `given` fen have gone back; `ended`: we have seen to it that it cannot be
    paid any more. Raises ProviderDown where it is not clear.
    """
    paid = Money(trade.total, "CNY") if trade and (trade.paid or given) else None
    if trade and paid and trade.trade_status == "TRADE_CLOSED":
        given = trade.total  # it is closed once all has gone back, whoever did that
    amount = Money(name.minor, "CNY") if name.expires_s or trade is None else Money(trade.total, "CNY")
    return Charge(
        id=str(name), reference=name.reference, news=_news(trade, paid, given, ended, name.over(now_s)),
        amount=amount, paid=paid, refunded_minor=given, payload=payload, expires_ms=name.expires_s * 1000,
    )  # fmt: skip


def _news(trade: Trade | None, paid: Money | None, given: int, ended: bool, over: bool) -> News:
    if paid:
        return News.REFUNDED if given >= paid.minor else News.PAID
    over_or_not = News.EXPIRED if over else News.CANCELLED
    if trade is None:
        return over_or_not if ended else News.OPEN
    match trade.trade_status:
        case "WAIT_BUYER_PAY":
            return News.SCANNED
        case "TRADE_CLOSED":
            return over_or_not
    raise ProviderDown(f"unknown trade_status {trade.trade_status[:40]!r}")
