"""Stripe's SDK, held to the port's rules: one account per client, no retries of its own, every answer in bounded time,
and every error either "no" or "nobody knows".

Two things of API v1 matter here (docs.stripe.com/api/idempotent_requests). An answer is kept under its idempotency key
for a day and given again, *as it was then*, also where it was a 500: such a failure never goes away by asking again, so
the next key is used once it is known to be a replay. And what a key was used for cannot change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, TypeVar

import httpx
import msgspec
import stripe

from fleet.payments.exchange import exchange
from fleet.payments.port import ProviderDown, ProviderError, ProviderRefused
from fleet.payments.stripe_api import wire

API: Final = "https://api.stripe.com"
_TOKEN: Final = re.compile(
    r"\b(pm|tok|card|cus|src|sk|rk|whsec)_\w+"
)  # not for logs, though Stripe's texts quote them
KEYS: Final = 3  # how many keys one wish may use up, where failures are kept under the first ones
Kind = TypeVar("Kind")
_REASONS: Final = {"amount_too_small": "too-little", "amount_too_large": "too-much"}  # as the desk says it

# It would keep an identifier in the service's home folder and send it, with the machine's platform, on every request.
stripe.enable_telemetry = False


class Declined(ProviderRefused):
    """The payer's bank said no (HTTP 402). `intent` is what became of the payment, where the answer tells."""

    def __init__(self, reason: str, detail: str, intent: wire.Intent | None) -> None:
        super().__init__(reason, detail)
        self.intent = intent


class KeptFailure(ProviderDown):
    """A failure given again from under its key: what was asked for has ended, and not well."""


class _Http(stripe.HTTPClient):
    """The SDK's requests over one httpx client, which any thread may use."""

    name: ClassVar[str] = "httpx"

    def __init__(self, deadline_s: float) -> None:
        super().__init__()
        self._deadline_s = deadline_s
        self._client = httpx.Client(trust_env=False)

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Raises ProviderDown, which passes through the SDK."""
        answer = exchange(
            self._client, method.upper(), url, deadline_s=self._deadline_s, headers=headers, content=post_data
        )
        if 300 <= answer.status < 400:  # the SDK would take it for a success
            raise ProviderDown(f"HTTP {answer.status}")
        return answer.body, answer.status, answer.headers

    def close(self) -> None:
        self._client.close()


class Client:
    """The SDK's services as `sdk`, whose calls go through `asked` or `once`. May be used from any thread."""

    def __init__(self, secret_key: str, deadline_s: float, api_base: str = API) -> None:
        self._http = _Http(deadline_s)
        self.sdk = stripe.StripeClient(
            secret_key, base_addresses={"api": api_base}, http_client=self._http, max_network_retries=0
        ).v1

    def asked(self, call: Callable[[], Any], kind: type[Kind]) -> Kind:
        """What Stripe answers, as its type. Raises ProviderDown, ProviderRefused, Declined."""
        return wire.read(_answer(call).body, kind)

    def once(self, idem: str, call: Callable[[str], Any], kind: type[Kind]) -> tuple[Kind, bool]:
        """What Stripe answers to a call with an idempotency key, and whether that is an old answer."""
        for attempt in range(KEYS):
            key = idem if not attempt else f"{idem}#{attempt}"
            try:
                answer = _answer(lambda key=key: call(key))  # type: ignore[misc]
            except KeptFailure:
                continue
            return wire.read(answer.body, kind), _replayed(answer.headers)
        raise ProviderDown(f"failures are kept under {KEYS} keys")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _answer(call: Callable[[], Any]) -> stripe.StripeResponse:
    try:
        response = call().last_response
    except stripe.StripeError as error:
        raise _meaning(error) from None
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
    ) as error:  # the SDK reads what is no object of Stripe's
        raise ProviderDown(f"an unreadable answer: {type(error).__name__}") from None
    if not isinstance(response, stripe.StripeResponse):
        raise ProviderDown("an unreadable answer")
    return response


def _meaning(error: stripe.StripeError) -> ProviderError:
    """The port's error. What is about us or the service, and not about the charge, is no answer."""
    status, detail = error.http_status or 0, _TOKEN.sub(r"\1_...", str(error.user_message or ""))
    if isinstance(error, stripe.IdempotencyError):
        return ProviderRefused("idempotency", detail)
    if isinstance(error, stripe.CardError):
        return _declined(error, detail)
    if isinstance(error, stripe.InvalidRequestError):
        if error.code == "resource_missing":
            return ProviderRefused(
                "unknown-card" if error.param == "payment_method" else "unknown-charge", detail
            )
        return ProviderRefused(_REASONS.get(error.code or "", error.code or "bad-request"), detail)
    if status >= 500 and _replayed(error.headers or {}):
        return KeptFailure(f"HTTP {status}, kept under its key")
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        return ProviderDown(f"not let in: HTTP {status}")  # its text repeats part of the key
    return ProviderDown(f"HTTP {status}: {type(error).__name__}")


def _declined(error: stripe.CardError, detail: str) -> Declined:
    said = error.json_body if isinstance(error.json_body, Mapping) else {}
    about = said.get("error", {})
    trouble = wire.Trouble(error.code, about.get("decline_code"))
    try:
        intent = msgspec.convert(about.get("payment_intent"), wire.Intent | None)
    except msgspec.ValidationError:
        intent = None
    return Declined(trouble.reason, detail, intent)


def _replayed(headers: Mapping[str, str]) -> bool:
    return headers.get("idempotent-replayed") == "true"
