"""The connection to WeChat Pay: every request signed by us, every answer's signature checked before it is believed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fleet.payments.exchange import Answer, exchange
from fleet.payments.port import BadWebhook, ProviderDown, ProviderRefused
from fleet.payments.wechat_api import seal, wire

Now = Callable[[], int]  # Unix seconds
API: Final = "https://api.mch.weixin.qq.com"

# Refusals that are about us or the service and never about an order: asking later may help.
_NOT_THE_ORDER: Final = frozenset({
    "SIGN_ERROR", "NO_AUTH", "RULE_LIMIT", "FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED",
    "SYSTEM_ERROR", "SYSTEMERROR", "ACCOUNT_ERROR", "ACCOUNTERROR", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS",
    "BIZERR_NEED_RETRY",
})  # fmt: skip


class Missing(ProviderRefused):
    """There is no such order, or no such refund."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who we are at WeChat Pay. Secrets do not show when it is printed."""

    mchid: str
    appid: str
    serial: str  # of our API certificate
    private_key: RSAPrivateKey = field(repr=False)
    api_v3_key: bytes = field(repr=False)
    notify_url: str
    url: str = API


class Session:
    """May be used from any thread. `deadline_s`: how long an answer may take."""

    def __init__(self, account: Account, platform: seal.Platform, now: Now, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self._account, self._platform, self._now = account, platform, now
        self._http = httpx.Client(trust_env=False)

    def ask(self, verb: str, target: str, body: Any = None) -> bytes:
        """The body of a good answer. Raises ProviderDown where the outcome is unknown, Missing, ProviderRefused."""
        content = b"" if body is None else msgspec.json.encode(body)
        headers = {
            "authorization": self._signed(verb, target, content), "accept": "application/json",
            "wechatpay-serial": self._platform.wanted,
        }  # fmt: skip
        if content:
            headers["content-type"] = "application/json"
        answer = exchange(
            self._http, verb, self._account.url + target, deadline_s=self.deadline_s, headers=headers, content=content
        )  # fmt: skip
        good = 200 <= answer.status < 300
        if good or "wechatpay-signature" in answer.headers:  # a refusal at the door bears none
            self._believe(answer)
        if good:
            return answer.body
        if answer.status in (401, 408, 429) or not 400 <= answer.status < 500:
            raise ProviderDown(f"HTTP {answer.status}")
        raise _refusal(answer)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _signed(self, verb: str, target: str, content: bytes) -> str:
        account = self._account
        return seal.authorization(
            account.private_key, account.mchid, account.serial, verb, target, content, self._now(),
            secrets.token_hex(16).upper(),
        )  # fmt: skip

    def _believe(self, answer: Answer) -> None:
        try:
            self._platform.check(answer.headers, answer.body, self._now())
        except BadWebhook as error:
            raise ProviderDown(f"HTTP {answer.status} not signed by WeChat Pay: {error}") from None


def _refusal(answer: Answer) -> ProviderRefused | ProviderDown:
    """A 4xx as the port's no; where it is none of WeChat Pay's, something else has answered."""
    problem = wire.read(answer.body, wire.Problem)
    if problem.code in _NOT_THE_ORDER:
        return ProviderDown(f"HTTP {answer.status} {problem.code}: {problem.message or ''}")
    kind = Missing if answer.status == 404 else ProviderRefused
    return kind(problem.code, problem.message or "")
