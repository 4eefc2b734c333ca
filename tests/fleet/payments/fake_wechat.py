"""WeChat Pay as far as the adapter uses it: a server that checks our signatures, signs its answers and keeps its rules.

What it does follows pages of pay.weixin.qq.com/doc/v3/merchant, cited where a rule is kept: "Native下单" 4012525171,
"关闭订单" 4012556398, "申请退款", "查询单笔退款", "支付通知", and for signatures 4012365334.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.fleet.payments import fake_keys
from tests.fleet.payments.fake_http import Answer, Asked, FakeServer, serving

MCHID: Final = "1900007291"
APPID: Final = "wxd678efh567hg6787"
SERIAL: Final = "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB"
KEY_ID: Final = "PUB_KEY_ID_0119000072912024101100001"
_FIELD: Final = re.compile(r'(\w+)="([^"]*)"')
_NUMBER: Final = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")


class No(Exception):
    """A refusal."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.body = status, {"code": code, "message": message or code}


@dataclass
class FakeWeChat:
    """Its books and switches; times are Unix seconds of its own clock, which tests may put forward."""

    server: FakeServer = field(default_factory=lambda: FakeServer(""))
    api_v3_key: bytes = field(default_factory=lambda: secrets.token_hex(16).encode())
    merchant: Any = field(default_factory=lambda: fake_keys.key_called("wechat merchant"))
    platform: Any = field(default_factory=lambda: fake_keys.key_called("wechat platform"))
    key_id: str = KEY_ID
    ahead_s: int = 0
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    slow_refunds: bool = False  # a refund is PROCESSING until `settle_refunds`
    looks_until_back: int = 0  # so many looks at a refund until those under way are made
    broke: bool = False  # the merchant's account has nothing to give back
    next_refunds: list[str] = field(default_factory=list)  # how the next refunds end, else SUCCESS
    signs: str = "well"  # or "not", "badly", "late"
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> float:
        return time.time() + self.ahead_s

    # --- what happens in the payer's WeChat -----------------------------------------------------------------------

    def pay(self, number: str, coupon: int = 0) -> None:
        """The payer confirms, where the order can still be paid; a coupon lowers what they pay, not the price."""
        order = self.orders[number]
        assert order["trade_state"] in ("NOTPAY", "USERPAYING")
        assert self.now() < order["ends"], "订单已超过商户设置的最晚支付成功时间"
        self.take(number, coupon)

    def take(self, number: str, coupon: int = 0) -> None:
        """Money arrives, whatever the order's state says: the payer had confirmed just before."""
        with self.lock:
            order = self.orders[number]
            total = order["total"]
            order["trade_state"] = "SUCCESS"
            order["told"] = {
                "transaction_id": f"42000{next(self.numbers):023}", "trade_type": "NATIVE", "bank_type": "OTHERS",
                "success_time": self._time(), "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
                "amount": {
                    "total": total, "payer_total": total - coupon, "currency": "CNY", "payer_currency": "CNY",
                },
            }  # fmt: skip

    def settle_refunds(self) -> None:
        for refund in self.refunds.values():
            if refund["status"] == "PROCESSING":
                refund["status"] = "SUCCESS"

    def notice(self, number: str, event: str = "TRANSACTION.SUCCESS", **changes: Any) -> bytes:
        """The body of a notification."""
        text = json.dumps(self._told(self.orders[number]) | changes).encode()
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.api_v3_key).encrypt(nonce.encode(), text, b"transaction")
        return json.dumps(
            {
                "id": secrets.token_hex(16), "create_time": self._time(), "resource_type": "encrypt-resource",
                "event_type": event, "summary": "支付成功",
                "resource": {
                    "original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "nonce": nonce,
                    "ciphertext": base64.b64encode(sealed).decode(), "associated_data": "transaction",
                },
            },
            ensure_ascii=False,
        ).encode()  # fmt: skip

    def signed(self, body: bytes, ago_s: int = 0) -> dict[str, str]:
        """The headers of an answer or a notification."""
        stamp, nonce = str(int(self.now()) - ago_s), secrets.token_hex(16)
        given = fake_keys.signature(self.platform, f"{stamp}\n{nonce}\n".encode() + body + b"\n")
        if self.signs == "badly":  # as WeChat Pay does now and then to see whether it is noticed
            given = "WECHATPAY/SIGNTEST/" + given[19:]
        return {
            "wechatpay-timestamp": stamp, "wechatpay-nonce": nonce, "wechatpay-serial": self.key_id,
            "wechatpay-signature": given, "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
        }  # fmt: skip

    def send_notice(self, url: str, number: str) -> httpx.Response:
        body = self.notice(number)
        return httpx.post(url, content=body, headers=self.signed(body), trust_env=False)

    # --- the interface --------------------------------------------------------------------------------------------

    def handle(self, asked: Asked) -> Answer:
        try:
            self._authorised(asked)
            with self.lock:
                status, body = self._routed(asked, asked.path.split("/")[2:])
        except No as no:
            if no.status == 401:
                return Answer(401, no.body)
            status, body = no.status, no.body
        text = b"" if body is None else json.dumps(self.server.mangle(body), ensure_ascii=False).encode()
        headers = {} if self.signs == "not" else self.signed(text, 301 if self.signs == "late" else 0)
        return Answer(status, text, headers=headers)

    def _authorised(self, asked: Asked) -> None:
        scheme, _, rest = asked.headers.get("authorization", "").partition(" ")
        said = dict(_FIELD.findall(rest))
        known = scheme == "WECHATPAY2-SHA256-RSA2048" and (said.get("mchid"), said.get("serial_no")) == (
            MCHID,
            SERIAL,
        )
        if not known or abs(self.now() - int(said["timestamp"])) > 300:
            raise No(401, "SIGN_ERROR")
        text = f"{asked.verb}\n{asked.target}\n{said['timestamp']}\n{said['nonce_str']}\n".encode()
        if not fake_keys.is_signed(self.merchant, said["signature"], text + asked.body + b"\n"):
            raise No(401, "SIGN_ERROR", "签名错误")
        if asked.headers.get("accept") != "application/json" or not asked.headers.get("user-agent"):
            raise No(400, "PARAM_ERROR", "Accept, User-Agent")

    def _routed(self, asked: Asked, parts: list[str]) -> tuple[int, Any]:
        match asked.verb, parts:
            case "POST", ["pay", "transactions", "native"]:
                return 200, {"code_url": self._ordered(_body(asked))}
            case "GET", ["pay", "transactions", "out-trade-no", number] if asked.query == {"mchid": MCHID}:
                return 200, self._told(self._order(number))
            case "POST", ["pay", "transactions", "out-trade-no", number, "close"]:
                return self._close(number, _body(asked))
            case "POST", ["refund", "domestic", "refunds"]:
                return 200, self._refund(_body(asked))
            case "GET", ["refund", "domestic", "refunds", number]:
                if number not in self.refunds:
                    raise No(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
                if self.looks_until_back:
                    self.looks_until_back -= 1
                    if not self.looks_until_back:
                        self.settle_refunds()
                return 200, self.refunds[number]
        raise No(404, "RESOURCE_NOT_EXISTS")

    def _order(self, number: str) -> dict[str, Any]:
        if number not in self.orders:
            raise No(404, "ORDER_NOT_EXIST", "订单不存在")
        return self.orders[number]

    def _told(self, order: dict[str, Any]) -> dict[str, Any]:
        """An order nobody has paid tells neither amount nor end."""
        who = {"appid": APPID, "mchid": MCHID, "out_trade_no": order["number"], "attach": ""}
        told: dict[str, Any] = order.get("told", {})
        return who | {"trade_state": order["trade_state"], "trade_state_desc": order["trade_state"]} | told

    def _ordered(self, body: dict[str, Any]) -> str:
        """Asked again in the same words it is the same order; "time_expire … 不允许后续修改，尝试修改将导致错误"."""
        number, amount = body["out_trade_no"], body["amount"]
        if (body["appid"], body["mchid"]) != (APPID, MCHID) or not _NUMBER.fullmatch(number):
            raise No(400, "PARAM_ERROR")
        if amount["currency"] != "CNY" or type(amount["total"]) is not int or amount["total"] < 1:
            raise No(400, "PARAM_ERROR", "amount")
        if not 0 < len(body["description"]) <= 127 or not body["notify_url"].startswith("http"):
            raise No(400, "PARAM_ERROR", "description, notify_url")
        ends = datetime.fromisoformat(body["time_expire"])
        assert ends.tzinfo is not None
        before = self.orders.get(number)
        if before is not None:
            if before["trade_state"] == "SUCCESS":
                raise No(400, "ORDERPAID", "该订单已支付")
            if before["trade_state"] == "CLOSED":
                raise No(400, "ORDER_CLOSED", "订单已关闭")
            if before["asked"] != body:
                raise No(403, "OUT_TRADE_NO_USED", "商户订单号重复")
            return str(before["code_url"])
        self.orders[number] = {
            "number": number, "total": amount["total"], "trade_state": "NOTPAY", "asked": body, "made": 1,
            "ends": max(ends.timestamp(), self.now() + 60),
            "code_url": f"weixin://wxpay/bizpayurl?pr={secrets.token_urlsafe(6)}",
        }  # fmt: skip
        return str(self.orders[number]["code_url"])

    def _close(self, number: str, body: dict[str, Any]) -> tuple[int, Any]:
        """204 for an order it does not know too, as merchants report."""
        assert body == {"mchid": MCHID}
        state = self.orders[number]["trade_state"] if number in self.orders else ""
        if state in ("SUCCESS", "REFUND"):
            raise No(400, "ORDERPAID", "该订单已支付")
        if state == "USERPAYING":
            return 202, {"code": "USERPAYING", "message": "用户支付中，需要输入密码"}
        if state:
            self.orders[number]["trade_state"] = "CLOSED"
        return 204, None

    def _refund(self, body: dict[str, Any]) -> dict[str, Any]:
        """ "同一退款单号多次请求只退一笔"; together at most the order's total."""
        order, number, amount = self._order(body["out_trade_no"]), body["out_refund_no"], body["amount"]
        if order["trade_state"] not in ("SUCCESS", "REFUND"):
            raise No(400, "INVALID_REQUEST", "订单未支付")
        if amount["total"] != order["total"] or len(number) > 64:
            raise No(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致")
        before = self.refunds.get(number)
        if before is not None:
            if before["amount"]["refund"] != amount["refund"]:
                raise No(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致")
            return before
        gone = sum(
            each["amount"]["refund"] for each in self.refunds.values()
            if each["out_trade_no"] == order["number"] and each["status"] != "CLOSED"
        )  # fmt: skip
        if amount["refund"] < 1 or gone + amount["refund"] > order["total"]:
            raise No(400, "INVALID_REQUEST", "申请退款金额大于订单剩余可退金额")
        if self.broke:
            raise No(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")
        status = self.next_refunds.pop(0) if self.next_refunds else "SUCCESS"
        made = {
            "refund_id": f"50{next(self.numbers):026}", "out_refund_no": number, "out_trade_no": order["number"],
            "transaction_id": order["told"]["transaction_id"], "channel": "ORIGINAL", "create_time": self._time(),
            "user_received_account": "支付用户零钱", "status": "PROCESSING" if self.slow_refunds else status,
            "amount": {**amount, "payer_total": order["total"], "payer_refund": amount["refund"]},
        }  # fmt: skip
        self.refunds[number] = made
        if status != "CLOSED":
            order["trade_state"] = "REFUND"
        return made

    def _time(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="seconds")


def _body(asked: Asked) -> dict[str, Any]:
    if not asked.headers.get("content-type", "").startswith("application/json"):
        raise No(400, "PARAM_ERROR", "Content-Type")
    return dict(json.loads(asked.body))


@contextmanager
def fake_wechat() -> Iterator[FakeWeChat]:
    """The provider until the block ends."""
    fake = FakeWeChat()
    with serving(fake.handle) as server:
        fake.server = server
        yield fake
