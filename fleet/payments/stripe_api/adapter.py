"""The provider of the port that is Stripe.

- QR methods are PaymentIntents, created and confirmed in one call; the wall shows `next_action.*_display_qr_code.data`.
- `link` is a Checkout Session, a page of Stripe's on which a phone pays.
- `card` takes a PaymentMethod of Stripe's (`pm_...`) as its token; a card that wants its owner to confirm is refused.
- Stripe ends neither when we want, so a charge whose time is up is ended when it is next looked at, and told as expired
  only when nobody can pay it any more.
- A refund is found by the key it was asked for with before it is asked for: keys are forgotten after a day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from fleet.payments.codecs import Confirmation
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
)
from fleet.payments.stripe_api import hook, wire
from fleet.payments.stripe_api.client import Client, Declined

Now = Callable[[], int]  # Unix seconds
_ID: Final = re.compile(r"(pi|cs)_[A-Za-z0-9_]{1,200}")
_PIX_LEAST_S: Final = 60
_PAGE = {"expand": ["payment_intent"]}


class StripeProvider(Provider):
    """The account `client` speaks for. `webhook_secrets`: of its endpoint, the newest and maybe the one before.

    `billing_email`: an address of the merchant's for methods that want the payer's (promptpay); `return_url`: where
    Stripe's page leads where an order brings no address of its own. Without them those methods are not promised.
    `least_minor`: Stripe's least amount, which depends on the account's own currency.
    """

    def __init__(
        self,
        key: str,
        client: Client,
        webhook_secrets: tuple[str, ...],
        now: Now,
        billing_email: str = "",
        return_url: str = "",
        least_minor: int = 1,
    ) -> None:
        self.key = key
        self._client, self._secrets, self._now = client, webhook_secrets, now
        self._billing_email, self._return_url = billing_email, return_url
        needs = {"promptpay": billing_email, "link": return_url}
        promises: dict[str, Confirmation] = {name: "push" for name in wire.WAYS if needs.get(name, "-")}
        self.caps = Caps(
            promises=promises, currencies=wire.CURRENCIES,
            in_currency={name: way.currencies for name, way in wire.WAYS.items()}, least_minor=least_minor, most_minor=wire.MOST,
            partial_refund=True,
        )  # fmt: skip

    def create(self, request: ChargeRequest, *, idem: str) -> Charge:
        """See the port."""
        way = wire.WAYS.get(request.method)
        if way is None or request.amount.currency not in way.currencies:
            raise ProviderRefused("bad-request", f"no {request.method} in {request.amount.currency}")
        if not way.type:
            return self._page(request, idem)
        if request.method == "card" and not request.card.startswith("pm_"):
            raise ProviderRefused("unknown-card", "a card's token is a PaymentMethod of Stripe's")
        params = self._params(request, way)
        try:
            intent, old = self._client.once(
                idem,
                lambda key: self._client.sdk.payment_intents.create(params, {"idempotency_key": key}),
                wire.Intent,
            )
        except Declined as no:
            if no.intent is None:
                raise
            return wire.charge_of_intent(no.intent)
        if old:
            return self.status(intent.id)
        charge = self._told(intent)
        if request.method == "card" and charge.news is News.OPEN:  # nobody is there to confirm it
            ended = self.cancel(intent.id)
            return (
                replace(ended, news=News.FAILED, reason="declined") if ended.news is News.CANCELLED else ended
            )
        return charge

    def status(self, charge_id: str) -> Charge:
        """See the port. Ends a charge whose time is up."""
        charge = self._looked_at(charge_id)
        if charge.news is News.OPEN and self._now() * 1000 >= charge.expires_ms:
            return self._ended(charge_id, wire.ABANDONED)
        return charge

    def cancel(self, charge_id: str) -> Charge:
        """See the port."""
        return self._ended(charge_id, "")

    def refund(self, charge_id: str, minor: int, *, idem: str) -> Refund:
        """See the port. `done` once Stripe says succeeded; some methods wait for the payer's account first."""
        intent = self._paid_intent(charge_id)
        backs = self._backs(intent.id)
        ours = [each for each in backs if each.idem == idem]
        standing = [each for each in ours if each.status in wire.REFUND_LIVE]
        if standing:
            if standing[0].amount != minor:
                raise ProviderRefused("idempotency", f"{idem!r} has asked for {standing[0].amount}")
            return _refund(standing[0], charge_id)
        gone = sum(each.amount for each in backs if each.status in wire.REFUND_LIVE)
        if minor <= 0 or gone + minor > intent.received:
            raise ProviderRefused(
                "too-much", f"{minor} of {intent.received - gone} minor units left to give back"
            )
        metadata = {"reference": intent.reference, "charge": charge_id, "idem": idem}
        params: Any = {"payment_intent": intent.id, "amount": minor, "metadata": metadata}
        made, _ = self._client.once(
            f"{idem}:{len(ours)}",  # one that failed is kept under its key
            lambda key: self._client.sdk.refunds.create(params, {"idempotency_key": key}),
            wire.Back,
        )
        if made.status not in wire.REFUND_LIVE:
            raise ProviderRefused("refund-not-made", str(made.status))
        return _refund(made, charge_id)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[ChargeEvent]:
        """See the port. `headers` with lower-case names."""
        hook.verified(self._secrets, headers, body)
        return hook.events(body)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # --- asking ---------------------------------------------------------------------------------------------------

    def _params(self, request: ChargeRequest, way: wire.Way) -> Any:
        """One call creates and confirms. The same wish makes the same parameters, or its key would be refused: so it
        says how long, not until when."""
        params: dict[str, Any] = {
            "amount": request.amount.minor, "currency": request.amount.currency.lower(),
            "payment_method_types": [way.type], "confirm": True, "metadata": _metadata(request),
        }  # fmt: skip
        if request.description:
            params["description"] = request.description
        if request.method == "card":
            return params | {"payment_method": request.card}
        data: dict[str, Any] = {"type": way.type}
        if request.method == "promptpay":
            data["billing_details"] = {"email": self._billing_email}
        params["payment_method_data"] = data
        if request.method == "wechat":
            params["payment_method_options"] = {"wechat_pay": {"client": "web"}}
        if request.method == "pix":
            lasts_s = max(request.ttl_s, _PIX_LEAST_S)
            params["payment_method_options"] = {"pix": {"expires_after_seconds": lasts_s}}
        return params

    def _page(self, request: ChargeRequest, idem: str) -> Charge:
        """A page of Stripe's. Its shortest life is 30 minutes by an absolute time, which no repeated call could bring:
        it gets its default and is ended by us."""
        back = request.return_url or self._return_url
        words = request.description or request.reference
        price = {
            "currency": request.amount.currency.lower(), "unit_amount": request.amount.minor,
            "product_data": {"name": words},
        }  # fmt: skip
        params: Any = {
            "mode": "payment", "success_url": back, "cancel_url": back, "client_reference_id": request.reference,
            "line_items": [{"quantity": 1, "price_data": price}], "metadata": _metadata(request),
            "payment_intent_data": {
                "description": words, "metadata": _metadata(request) | {"lane": wire.LANE_PAGE},
            },
        }  # fmt: skip
        session, old = self._client.once(
            idem,
            lambda key: self._client.sdk.checkout.sessions.create(params, {"idempotency_key": key}),
            wire.Session,
        )
        return self.status(session.id) if old else wire.charge_of_session(session, (), self._now())

    def _looked_at(self, charge_id: str) -> Charge:
        if _kind(charge_id) == "cs":
            session = self._session(charge_id)
            paid = session.payment_status == "paid" and session.intent_id
            return wire.charge_of_session(
                session, self._backs(session.intent_id) if paid else (), self._now()
            )
        return self._told(self._intent(charge_id))

    def _told(self, intent: wire.Intent) -> Charge:
        return wire.charge_of_intent(intent, self._backs(intent.id) if intent.received else ())

    def _ended(self, charge_id: str, reason: str) -> Charge:
        """End a charge; where Stripe will not, it has ended otherwise, maybe paid."""
        sdk, why = self._client.sdk, {"cancellation_reason": reason} if reason else {}
        params: Any = why
        try:
            if _kind(charge_id) == "cs":
                self._client.asked(lambda: sdk.checkout.sessions.expire(charge_id), wire.Session)
            else:
                self._client.asked(lambda: sdk.payment_intents.cancel(charge_id, params), wire.Intent)
        except ProviderRefused as no:
            if no.reason == "unknown-charge":
                raise
        return self._looked_at(charge_id)

    def _paid_intent(self, charge_id: str) -> wire.Intent:
        """Raises ProviderRefused where nothing has been paid."""
        name = self._session(charge_id).intent_id if _kind(charge_id) == "cs" else charge_id
        intent = self._intent(name) if name else None
        if intent is None or not intent.received:
            raise ProviderRefused("not-paid", charge_id)
        return intent

    def _intent(self, name: str) -> wire.Intent:
        return self._client.asked(lambda: self._client.sdk.payment_intents.retrieve(name), wire.Intent)

    def _session(self, name: str) -> wire.Session:
        params: Any = _PAGE
        return self._client.asked(
            lambda: self._client.sdk.checkout.sessions.retrieve(name, params), wire.Session
        )

    def _backs(self, intent_id: str) -> tuple[wire.Back, ...]:
        params: Any = {"payment_intent": intent_id, "limit": 100}
        found = self._client.asked(lambda: self._client.sdk.refunds.list(params), wire.Backs)
        if found.has_more:
            raise ProviderDown("more than 100 refunds of one payment")
        return found.data


def _kind(charge_id: str) -> str:
    """pi or cs. Raises ProviderRefused for what can be no charge's name."""
    found = _ID.fullmatch(charge_id)
    if found is None:
        raise ProviderRefused("unknown-charge", f"{charge_id[:40]!r} is neither pi_... nor cs_...")
    return found[1]


def _metadata(request: ChargeRequest) -> dict[str, str]:
    return {"reference": request.reference, "ttl_s": str(request.ttl_s)}


def _refund(back: wire.Back, charge_id: str) -> Refund:
    return Refund(id=back.id, charge_id=charge_id, minor=back.amount, done=back.status == "succeeded")
