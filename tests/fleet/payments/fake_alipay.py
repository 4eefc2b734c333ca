"""Alipay as far as the adapter uses it: a gateway that checks our signatures, signs its answers and keeps its rules.

What it does follows opendocs.alipay.com's pages of alipay.trade.precreate, .query, .close, .cancel, .refund and
.fastpay.refund.query. Answers are spelt as Alipay spells them, with `\\/` for `/`: what is signed is that spelling.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import httpx

from tests.fleet.payments import fake_keys
from tests.fleet.payments.fake_http import Answer, Asked, FakeServer, serving

APP_ID: Final = "2019073166072302"
SELLER_ID: Final = "2088531891668739"
COMMON: Final = {
    "app_id", "method", "format", "charset", "sign_type", "timestamp", "version", "sign", "notify_url"
}  # fmt: skip


class No(Exception):
    """A refusal: 40004 is about the trade, all else about the request."""

    def __init__(self, sub_code: str, code: str = "40004") -> None:
        super().__init__(sub_code)
        self.code, self.sub_code = code, sub_code


@dataclass
class FakeAlipay:
    """Its books and switches; times are Unix seconds of its own clock, which tests may put forward."""

    server: FakeServer = field(default_factory=lambda: FakeServer(""))
    merchant: Any = field(default_factory=lambda: fake_keys.key_called("alipay merchant"))
    platform: Any = field(default_factory=lambda: fake_keys.key_called("alipay platform"))
    ahead_s: int = 0
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)  # of orders, whether scanned or not
    trades: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    broke: bool = False  # the seller's account has nothing to give back
    slow_refunds: bool = False  # a refund is not made until `settle_refunds`
    looks_until_back: int = 0  # so many looks at a refund until those under way are made
    retry: bool = False  # a cancel is to be tried again
    signs: str = "well"  # or "not", "badly"
    extra: dict[str, Any] = field(default_factory=dict)  # what a trade tells besides
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> float:
        return time.time() + self.ahead_s

    # --- what happens in the payer's Alipay -----------------------------------------------------------------------

    def scan(self, number: str) -> None:
        """A trade comes into being, where the code is still good."""
        code = self.codes[number]
        assert self.now() < code["until"], "二维码已失效"
        assert not code["dead"], "订单已关闭"
        self.trades.setdefault(
            number, {"status": "WAIT_BUYER_PAY", "total": code["total"], "back": Decimal(0)}
        )

    def pay(self, number: str) -> None:
        self.scan(number)
        self.take(number)

    def take(self, number: str) -> None:
        """Money arrives, whatever the trade's state says: the payer had confirmed just before."""
        trade = self.trades.setdefault(number, {"total": self.codes[number]["total"], "back": Decimal(0)})
        trade.update(status="TRADE_SUCCESS", paid_at=self._time())

    def settle_refunds(self) -> None:
        for refund in self.refunds.values():
            refund["made"] = True

    def notice(self, number: str, **changes: str) -> bytes:
        """The body of a notification."""
        trade = self.trades[number]
        fields = {
            "notify_type": "trade_status_sync", "notify_id": secrets.token_hex(17), "notify_time": self._time(),
            "charset": "utf-8", "version": "1.0", "app_id": APP_ID, "auth_app_id": APP_ID, "seller_id": SELLER_ID,
            "out_trade_no": number, "trade_no": f"20190815220014{number}", "trade_status": trade["status"],
            "total_amount": str(trade["total"]), "receipt_amount": str(trade["total"]), "subject": "K7Q2 牛奶 & Brot",
            "buyer_logon_id": "xud***@126.com", "point_amount": "0.00", "passback_params": "",
            "fund_bill_list": f'[{{"amount":"{trade["total"]}","fundChannel":"ALIPAYACCOUNT"}}]',
        } | changes  # fmt: skip
        text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
        signature = fake_keys.signature(self.platform, text.encode())
        return urlencode(fields | {"sign_type": "RSA2", "sign": signature}).encode()

    def send_notice(self, url: str, number: str) -> httpx.Response:
        return httpx.post(url, content=self.notice(number), headers=FORM, trust_env=False)

    # --- the interface --------------------------------------------------------------------------------------------

    def handle(self, asked: Asked) -> Answer:
        """Errors are HTTP 200 as well."""
        params, form = dict(asked.query), dict(parse_qsl(asked.body.decode()))
        method = params.get("method", "")
        try:
            self._authorised(asked, params, form)
            with self.lock:
                said = {"code": "10000", "msg": "Success"} | self._routed(
                    method, json.loads(form["biz_content"]), params
                )
        except No as no:
            said = {"code": no.code, "msg": "Business Failed", "sub_code": no.sub_code, "sub_msg": '失败 {"}'}
            if no.code != "40004":
                return Answer(200, {"error_response": said})
        part = json.dumps(self.server.mangle(said), ensure_ascii=False, separators=(",", ":")).replace(
            "/", "\\/"
        )
        signature = fake_keys.signature(self.platform, part.encode())
        if self.signs == "badly":
            signature = fake_keys.signature(self.merchant, part.encode())
        tail = "" if self.signs == "not" else f',"sign":"{signature}"'
        text = f'{{"{method.replace(".", "_")}_response":{part}{tail}}}'
        return Answer(200, text.encode(), kind="text/html;charset=utf-8")

    def _authorised(self, asked: Asked, params: dict[str, str], form: dict[str, str]) -> None:
        if asked.path != "/gateway.do" or set(form) != {"biz_content"} or not set(params) <= COMMON:
            raise No("isv.missing-method", "40001")
        text = "&".join(f"{k}={v}" for k, v in sorted({**params, **form}.items()) if k != "sign")
        if params.get("app_id") != APP_ID:
            raise No("isv.invalid-app-id", "40002")
        if not fake_keys.is_signed(self.merchant, params["sign"], text.encode()):
            raise No("isv.invalid-signature", "40002")
        said = datetime.strptime(params["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) - timedelta(
            hours=8
        )
        if abs(said.timestamp() - self.now()) > 900:
            raise No("isv.invalid-timestamp", "40002")
        fixed = {"format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0"}
        assert fixed.items() <= params.items()

    def _routed(self, method: str, content: dict[str, Any], params: dict[str, str]) -> dict[str, Any]:
        number = content["out_trade_no"]
        match method:
            case "alipay.trade.precreate":
                assert params["notify_url"]
                return self._precreate(number, content)
            case "alipay.trade.query":
                return self._told(number)
            case "alipay.trade.close":
                return self._close(number)
            case "alipay.trade.cancel":
                return {"out_trade_no": number} | self._cancel(number)
            case "alipay.trade.refund":
                return {"out_trade_no": number} | self._refund(number, content)
            case "alipay.trade.fastpay.refund.query":
                found = self.refunds.get((number, content["out_request_no"]))
                if found is not None and self.looks_until_back:
                    self.looks_until_back -= 1
                    if not self.looks_until_back:
                        self.settle_refunds()
                if found is None or not found["made"]:
                    return {}
                return {
                    "out_trade_no": number, "out_request_no": content["out_request_no"], "refund_status": "REFUND_SUCCESS",
                    "refund_amount": str(found["amount"]), "total_amount": str(self.trades[number]["total"]),
                }  # fmt: skip
        raise No("isv.invalid-method", "40002")

    def _precreate(self, number: str, content: dict[str, Any]) -> dict[str, Any]:
        """Until somebody scans there is no trade, so nothing keeps a second order from differing."""
        total = Decimal(content["total_amount"])
        if not isinstance(content["total_amount"], str) or not Decimal("0.01") <= total <= Decimal(10**8):
            raise No("ACQ.INVALID_PARAMETER")
        assert not set("/=&") & set(content["subject"])
        trade = self.trades.get(number)
        if trade is not None and trade["status"] == "TRADE_SUCCESS":
            raise No("ACQ.TRADE_HAS_SUCCESS")
        if trade is not None and trade["total"] != total:
            raise No("ACQ.CONTEXT_INCONSISTENT")
        if trade is not None and trade["status"] == "TRADE_CLOSED":
            raise No("ACQ.TRADE_HAS_CLOSE")
        minutes = int(content["qr_code_timeout_express"].removesuffix("m"))
        self.codes[number] = {
            "total": total,
            "until": self.now() + minutes * 60,
            "dead": False,
            "asked": content,
        }
        return {"out_trade_no": number, "qr_code": f"https://qr.alipay.com/bax0{secrets.token_hex(9)}"}

    def _trade(self, number: str) -> dict[str, Any]:
        if number not in self.trades:
            raise No("ACQ.TRADE_NOT_EXIST")
        return self.trades[number]

    def _told(self, number: str) -> dict[str, Any]:
        trade = self._trade(number)
        told = {
            "trade_no": f"20190815220014{number}", "out_trade_no": number, "buyer_logon_id": "xud***@126.com",
            "trade_status": trade["status"], "total_amount": str(trade["total"]), "buyer_pay_amount": "0.00",
        }  # fmt: skip
        return told | ({"send_pay_date": trade["paid_at"]} if "paid_at" in trade else {}) | self.extra

    def _close(self, number: str) -> dict[str, Any]:
        """Only what nobody has paid."""
        if self._trade(number)["status"] != "WAIT_BUYER_PAY":
            raise No("ACQ.TRADE_STATUS_ERROR")
        self.trades[number]["status"] = "TRADE_CLOSED"
        return {"out_trade_no": number}

    def _cancel(self, number: str) -> dict[str, Any]:
        """`action` is told where there is a trade: "close", or "refund" where it was paid, and then all goes back."""
        if self.retry:
            return {"retry_flag": "Y"}
        if number in self.codes:
            self.codes[number]["dead"] = True
        trade = self.trades.get(number)
        if trade is None:
            return {"retry_flag": "N"}
        action = "refund" if trade["status"] == "TRADE_SUCCESS" else "close"
        trade.update(status="TRADE_CLOSED", back=trade["total"])
        return {"retry_flag": "N", "action": action}

    def _refund(self, number: str, content: dict[str, Any]) -> dict[str, Any]:
        """The same `out_request_no` again moves nothing; all together at most the total, and then the trade closes."""
        trade, name, amount = (
            self._trade(number),
            content["out_request_no"],
            Decimal(content["refund_amount"]),
        )
        before = self.refunds.get((number, name))
        if before is not None:
            if before["amount"] != amount:
                raise No("ACQ.DISCORDANT_REPEAT_REQUEST")
            return {"fund_change": "N", "refund_fee": str(trade["back"])}
        if trade["status"] != "TRADE_SUCCESS":
            raise No("ACQ.TRADE_HAS_CLOSE" if "paid_at" in trade else "ACQ.TRADE_STATUS_ERROR")
        if amount <= 0 or trade["back"] + amount > trade["total"]:
            raise No("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        if self.broke:
            raise No("ACQ.SELLER_BALANCE_NOT_ENOUGH")
        trade["back"] += amount
        self.refunds[number, name] = {"amount": amount, "made": not self.slow_refunds}
        if trade["back"] == trade["total"] and not self.slow_refunds:
            trade["status"] = "TRADE_CLOSED"
        return {"fund_change": "N" if self.slow_refunds else "Y", "refund_fee": str(trade["back"])}

    def _time(self) -> str:
        return (datetime.fromtimestamp(self.now(), UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")


FORM: Final = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@contextmanager
def fake_alipay() -> Iterator[FakeAlipay]:
    """The provider until the block ends."""
    fake = FakeAlipay()
    with serving(fake.handle) as server:
        fake.server = server
        yield fake
