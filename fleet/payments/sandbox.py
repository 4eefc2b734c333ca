"""Adapter of the sandbox provider: HTTP to fleet.payments.sandbox_server, whose webhooks it verifies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from content.money import Money
from fleet.clock import now_ms
from fleet.payments import sandbox_api as api
from fleet.payments import signing
from fleet.payments.port import (
    BadWebhook,
    Caps,
    Charge,
    ChargeEvent,
    ChargeRequest,
    News,
    Provider,
    ProviderDown,
    ProviderRefused,
    Refund,
)
from fleet.payments.settings import Settings

TIMEOUT_S = 5.0
Now = Callable[[], int]  # Unix seconds

# The bank runs an instant-credit feed over its payees' accounts, so that transfers started from self-made codes
# (EPC, static Pix) are pushed like any other payment.
CAPS = Caps(
    promises=dict.fromkeys(
        (
            "link",
            "card",
            "epc",
            "pix-static",
            "pix",
            "promptpay",
            "paynow",
            "vietqr",
            "duitnow",
            "khqr",
            "upi",
            "wechat",
            "alipay",
        ),
        "push",
    ),
    currencies=frozenset(
        {
            "EUR",
            "BRL",
            "USD",
            "GBP",
            "CHF",
            "CNY",
            "JPY",
            "SGD",
            "AED",
            "KWD",
            "THB",
            "VND",
            "MYR",
            "KHR",
            "INR",
        }
    ),
    partial_refund=True,
)


class SandboxProvider(Provider):
    """The sandbox provider at `url`. `now` is needed to tell a fresh webhook from a caught one."""

    caps = CAPS

    def __init__(
        self,
        url: str,
        keys: api.Keys,
        now: Now,
        key: str = "sandbox",
        pages: str = "",
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`pages`: where its pages are, if not at `url`; `timeout_s`: how long an answer is waited for."""
        self.key = key
        self.pages = pages or url
        self._keys = keys
        self._now = now
        self._http = httpx.Client(
            base_url=url,
            headers={"authorization": f"Bearer {keys.api_key}"},
            timeout=timeout_s,
            trust_env=False,
        )

    def create(self, request: ChargeRequest, *, idem: str) -> Charge:
        """See the port."""
        body = api.ChargeBody(
            reference=request.reference, method=request.method, amount_minor=request.amount.minor,
            currency=request.amount.currency, description=request.description, ttl_s=request.ttl_s, card=request.card,
            return_url=request.return_url,
        )  # fmt: skip
        return charge_of(self._ask("POST", "/v1/charges", api.ChargeView, body, idem))

    def status(self, charge_id: str) -> Charge:
        """See the port."""
        return charge_of(self._ask("GET", f"/v1/charges/{quote(charge_id, safe='')}", api.ChargeView))

    def cancel(self, charge_id: str) -> Charge:
        """See the port."""
        return charge_of(self._ask("POST", f"/v1/charges/{quote(charge_id, safe='')}/cancel", api.ChargeView))

    def refund(self, charge_id: str, minor: int, *, idem: str) -> Refund:
        """See the port."""
        path = f"/v1/charges/{quote(charge_id, safe='')}/refunds"
        view = self._ask("POST", path, api.RefundView, api.RefundBody(amount_minor=minor), idem)
        return Refund(id=view.id, charge_id=charge_id, minor=view.amount_minor, done=view.done)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[ChargeEvent]:
        """See the port. `headers` with lower-case names."""
        signing.verify(self._keys.webhook_secret, headers.get(signing.HEADER, ""), body, self._now())
        try:
            event = msgspec.json.decode(body, type=api.EventBody)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadWebhook("malformed", str(error)) from None
        return [ChargeEvent(id=event.id, charge_id=event.charge.id, reference=event.charge.reference)]

    def register_card(self, token: str, kind: str) -> None:
        """Let the provider know a demo card: `kind` of good, declined, empty."""
        self._ask("PUT", f"/v1/cards/{quote(token, safe='')}", api.CardBody, api.CardBody(kind=kind))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _ask(self, verb: str, path: str, kind: type[Any], body: Any = None, idem: str = "") -> Any:
        """One exchange. Raises ProviderDown where its outcome is unknown, ProviderRefused where it was refused."""
        headers = {"idempotency-key": idem} if idem else {}
        content = None if body is None else msgspec.json.encode(body)
        try:
            answer = self._http.request(verb, path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise ProviderDown(f"{type(error).__name__}: {error}") from None
        if answer.status_code >= 500:
            raise ProviderDown(f"HTTP {answer.status_code}")
        try:
            if answer.is_success:
                return msgspec.json.decode(answer.content, type=kind)
            refusal = msgspec.json.decode(answer.content, type=api.ErrorBody)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ProviderDown(f"HTTP {answer.status_code} with an unreadable body: {error}") from None
        raise ProviderRefused(refusal.error, refusal.detail)


def open_provider(key: str, settings: Settings) -> Provider:
    """`url`, `keys` (the folder of its keys.json), optionally `pages` (its pages' address, if not `url`)."""
    url, folder = settings.url("url"), settings.path("keys")
    try:
        keys = api.keys_in(folder)
    except (OSError, msgspec.DecodeError) as error:
        raise settings.bad("keys", f"{folder} holds no keys: {error}") from None
    return SandboxProvider(url, keys, lambda: now_ms() // 1000, key, settings.text("pages", ""))


def charge_of(view: api.ChargeView) -> Charge:
    """The port's charge of the provider's. Raises ProviderDown for a state nobody knows."""
    try:
        news = News(view.state)
    except ValueError:
        raise ProviderDown(f"unknown state {view.state!r}") from None
    paid = Money(view.paid_minor, view.paid_currency) if view.paid_minor else None
    return Charge(
        id=view.id, reference=view.reference, news=news, amount=Money(view.amount_minor, view.currency), paid=paid,
        refunded_minor=view.refunded_minor, payload=view.payload or view.url, expires_ms=view.expires_ms, reason=view.reason,
    )  # fmt: skip
