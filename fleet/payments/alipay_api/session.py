"""The connection to Alipay: every request signed by us, every answer's signature checked before it is believed.

Source: opendocs.alipay.com "自行实现签名" and "自行实现验签"; RSA2 over the parameters in the order of their names, and over an
answer's member as it was sent. Public key mode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from fleet.payments import rsa
from fleet.payments.alipay_api import wire
from fleet.payments.exchange import exchange
from fleet.payments.port import ProviderDown, ProviderRefused

Now = Callable[[], int]  # Unix seconds
GATEWAY: Final = "https://openapi.alipay.com/gateway.do"
_GOOD: Final = "10000"
_ABOUT_THE_TRADE: Final = "40004"  # all other codes are about us, our request or the service
_ABSENT: Final = frozenset({"ACQ.TRADE_NOT_EXIST", "TRADE_NOT_EXIST"})
_ASK_LATER: Final = frozenset(
    {"ACQ.SYSTEM_ERROR", "AQC.SYSTEM_ERROR", "SYSTEM_ERROR", "ACQ.ACCESS_FORBIDDEN"}
)


class Missing(ProviderRefused):
    """There is no such trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who we are at Alipay. `platform_keys`: Alipay's, two live ones while they change. Secrets do not show."""

    app_id: str
    private_key: RSAPrivateKey = field(repr=False)
    platform_keys: tuple[RSAPublicKey, ...]
    notify_url: str
    seller_id: str = ""
    url: str = GATEWAY


def signed_text(params: Iterable[tuple[str, str]], without: tuple[str, ...]) -> bytes:
    """What is signed of parameters: `name=value` in the order of the names, as they are before they are encoded."""
    return "&".join(f"{name}={value}" for name, value in sorted(params) if name not in without).encode()


def is_alipays(account: Account, signature: str, text: bytes) -> bool:
    """Whether one of Alipay's keys has signed `text`."""
    return any(rsa.fits(key, signature, text) for key in account.platform_keys)


class Session:
    """May be used from any thread. `deadline_s`: how long an answer may take."""

    def __init__(self, account: Account, now: Now, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self._account, self._now = account, now
        self._http = httpx.Client(trust_env=False)

    def ask(self, method: str, content: Mapping[str, Any], *, notify: bool = False) -> bytes:
        """A good answer's own part. Raises ProviderDown where the outcome is unknown, Missing, ProviderRefused."""
        body = msgspec.json.encode(content).decode()
        params = {
            "app_id": self._account.app_id, "method": method, "format": "JSON", "charset": "utf-8",
            "sign_type": "RSA2", "timestamp": wire.beijing(self._now()), "version": "1.0",
        }  # fmt: skip
        if notify:
            params["notify_url"] = self._account.notify_url
        text = signed_text([*params.items(), ("biz_content", body)], without=("sign",))
        params["sign"] = rsa.sign(self._account.private_key, text)
        answer = exchange(
            self._http, "POST", f"{self._account.url}?{urlencode(params)}", deadline_s=self.deadline_s,
            data={"biz_content": body},
        )  # fmt: skip
        if answer.status != 200:
            raise ProviderDown(f"HTTP {answer.status}")
        return self._believed(method, answer.body)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _believed(self, method: str, body: bytes) -> bytes:
        """A good answer is signed; a refusal may come unsigned, from the door, and is none if it is signed wrongly."""
        said = wire.members(body)
        part = said.get(f"{method.replace('.', '_')}_response") or said.get("error_response")
        if part is None:
            raise ProviderDown(f"no answer to {method}")
        raw = part.text.encode()
        head = wire.read(raw, wire.Head)
        signature = said["sign"].value if "sign" in said else None
        if signature is None and head.code == _GOOD:
            raise ProviderDown("an answer not signed by Alipay")
        if signature is not None and not is_alipays(self._account, str(signature), raw):
            raise ProviderDown("an answer not signed by Alipay")
        if head.code != _GOOD:
            raise _refusal(head)
        return raw


def _refusal(head: wire.Head) -> ProviderRefused | ProviderDown:
    reason, detail = head.sub_code or "", head.sub_msg or head.msg or ""
    if head.code != _ABOUT_THE_TRADE or not reason or reason.removeprefix("aop.") in _ASK_LATER:
        return ProviderDown(f"{head.code[:8]} {reason}: {detail}")
    return (Missing if reason in _ABSENT else ProviderRefused)(reason, detail)
