"""Stripe's API v1 as far as the adapter uses it: an HTTP server made from what Stripe publishes.

Shapes follow the types of the SDK 16.1.0 (generated from Stripe's OpenAPI, 2026-10-28.endive): PaymentIntent,
next_action.*_display_qr_code, checkout.Session, Refund, Event, and the error object. Behaviour follows
docs.stripe.com/api/idempotent_requests (answers are kept under their key, failures too, and a key's parameters cannot
change), /api/payment_intents/cancel (which states allow it), /api/refunds/create (never more than the charge) and
/webhooks (the signature). Requests are held to the parameters named here: any other is refused, as Stripe does.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from tests.fleet.payments.fake_http import Answer, Asked, FakeServer, serving
from tests.fleet.payments.fake_pix import code_of

INTENT: Final = {
    "amount", "currency", "confirm", "description", "payment_method_types[0]", "payment_method",
    "payment_method_data[type]", "payment_method_data[billing_details][email]", "metadata[reference]", "metadata[ttl_s]",
    "payment_method_options[wechat_pay][client]", "payment_method_options[pix][expires_after_seconds]",
}  # fmt: skip
SESSION: Final = {
    "mode", "success_url", "cancel_url", "client_reference_id", "line_items[0][quantity]",
    "line_items[0][price_data][currency]", "line_items[0][price_data][unit_amount]",
    "line_items[0][price_data][product_data][name]", "metadata[reference]", "metadata[ttl_s]",
    "payment_intent_data[description]", "payment_intent_data[metadata][reference]",
    "payment_intent_data[metadata][ttl_s]", "payment_intent_data[metadata][lane]",
}  # fmt: skip
REFUND: Final = {"payment_intent", "amount", "metadata[reference]", "metadata[charge]", "metadata[idem]"}
LEAST: Final = {"thb": 1000, "sgd": 50, "brl": 50, "eur": 50, "usd": 50, "gbp": 30, "jpy": 50, "hkd": 400}
CURRENCY_OF: Final = {"promptpay": "thb", "paynow": "sgd", "pix": "brl"}
CARDS: Final = {"pm_card_visa": "", "pm_card_chargeDeclined": "generic_decline",
                "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
                "pm_card_authenticationRequired": "3ds"}  # fmt: skip
Form = dict[str, str]
Thing = dict[str, Any]


class No(Exception):
    """Stripe's error object."""

    def __init__(self, status: int, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.error = status, {"type": kind, "message": message, **more}


def refused(message: str, **more: Any) -> No:
    return No(400, "invalid_request_error", message, **more)


@dataclass
class FakeStripe:
    """The account's books and switches. Times are Unix seconds of its own clock, which tests may put forward."""

    secret_key: str = field(default_factory=lambda: f"sk_test_{secrets.token_hex(12)}")
    webhook_secret: str = field(default_factory=lambda: f"whsec_{secrets.token_hex(16)}")
    server: FakeServer = field(default_factory=lambda: FakeServer(""))
    ahead_s: int = 0
    intents: dict[str, Thing] = field(default_factory=dict)
    sessions: dict[str, Thing] = field(default_factory=dict)
    refunds: dict[str, Thing] = field(default_factory=dict)
    kept: dict[str, tuple[str, Answer]] = field(default_factory=dict)
    fail_and_keep: int = 0  # so many POSTs end in a 500 that is kept under their key, with nothing done
    refund_status: str = "succeeded"
    looks_until_back: int = 0  # so many looks at the refunds until pending ones have succeeded
    refuses_refunds: bool = False
    wrong_codes: bool = False  # codes ask for another amount
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def now(self) -> int:
        return int(time.time()) + self.ahead_s

    # --- what the payer does --------------------------------------------------------------------------------------

    def pay(self, name: str, minor: int = 0) -> None:
        """`minor` other than what was asked for is nothing Stripe lets happen."""
        intent = self._intent_of(name) if name in self.sessions else self.intents[name]
        intent.update(status="succeeded", amount_received=minor or intent["amount"], next_action=None)
        if name in self.sessions:
            self.sessions[name].update(status="complete", payment_status="paid", url=None)

    def begin_to_pay(self, name: str) -> None:
        """By a method that takes its time."""
        intent = self._intent_of(name) if name in self.sessions else self.intents[name]
        intent.update(status="processing", next_action=None)
        if name in self.sessions:
            self.sessions[name].update(status="complete", url=None)

    def time_out(self, name: str) -> None:
        """The scheme's code has ended."""
        self.intents[name].update(
            status="requires_payment_method", next_action=None,
            last_payment_error={"code": "payment_intent_payment_attempt_expired", "type": "invalid_request_error"},
        )  # fmt: skip

    def settle_refunds(self, status: str) -> None:
        for each in self.refunds.values():
            each["status"] = status

    def event(self, kind: str, thing: Thing) -> bytes:
        """The body of a webhook."""
        event = {
            "id": self._name("evt"), "object": "event", "type": kind, "created": self.now(), "livemode": False,
            "api_version": "2026-10-28.endive", "data": {"object": thing},
        }  # fmt: skip
        return json.dumps(event).encode()

    def signed(self, body: bytes, secret: str = "", at_s: int | None = None) -> dict[str, str]:
        """The header Stripe sends: HMAC-SHA256 of "<seconds>.<body>"."""
        stamp = int(time.time()) if at_s is None else at_s
        mac = hmac.new((secret or self.webhook_secret).encode(), b"%d." % stamp + body, hashlib.sha256)
        return {"stripe-signature": f"t={stamp},v1={mac.hexdigest()}"}

    # --- the interface --------------------------------------------------------------------------------------------

    def handle(self, asked: Asked) -> Answer:
        try:
            if asked.headers.get("authorization") != f"Bearer {self.secret_key}":
                raise No(401, "invalid_request_error", "Invalid API Key provided: sk_test_***************")
            if asked.verb == "POST":
                return self._kept(asked)
            return Answer(200, self._get(asked))
        except No as no:
            return Answer(no.status, {"error": no.error})

    def _kept(self, asked: Asked) -> Answer:
        """Answers are kept once the endpoint has begun: refusals of parameters are not."""
        key = asked.headers.get("idempotency-key", "")
        wish = f"{asked.path} {asked.body.decode()}"
        if key in self.kept:
            before, answer = self.kept[key]
            if before != wish:
                raise No(
                    400,
                    "idempotency_error",
                    "Keys for idempotent requests can only be used with the same parameters",
                )
            return Answer(answer.status, answer.body, headers={"idempotent-replayed": "true"})
        if self.fail_and_keep:
            self.fail_and_keep -= 1
            answer = Answer(500, {"error": {"type": "api_error", "message": "An unknown error occurred"}})
        else:
            try:
                answer = Answer(200, self._post(asked.path, dict(parse_qsl(asked.body.decode()))))
            except No as no:
                if no.status != 402:
                    raise
                answer = Answer(402, {"error": no.error})
        answer = Answer(answer.status, json.loads(json.dumps(answer.body)))  # as it was then
        if key:
            self.kept[key] = (wish, answer)
        return answer

    def _get(self, asked: Asked) -> Thing:
        match asked.path.split("/")[2:]:
            case ["payment_intents", name]:
                return self._found(self.intents, name)
            case ["checkout", "sessions", name]:
                session = self._found(self.sessions, name)
                intent = self.intents.get(session["payment_intent"] or "")
                expand = asked.query.get("expand[0]") == "payment_intent"
                return session | ({"payment_intent": intent} if expand else {})
            case ["refunds"]:
                self._found(self.intents, asked.query["payment_intent"])
                self._time_passes()
                found = [
                    each
                    for each in self.refunds.values()
                    if each["payment_intent"] == asked.query["payment_intent"]
                ]
                return {"object": "list", "url": "/v1/refunds", "data": found[::-1], "has_more": False}
        raise No(404, "invalid_request_error", "Unrecognized request URL")

    def _time_passes(self) -> None:
        self.looks_until_back = max(0, self.looks_until_back - 1)
        for each in self.refunds.values():
            if each["status"] == "pending" and not self.looks_until_back and self.refund_status != "pending":
                each["status"] = "succeeded"

    def _post(self, path: str, form: Form) -> Thing:
        routes: dict[str, Callable[[Form], Thing]] = {
            "payment_intents": self._post_intent, "refunds": self._post_refund, "checkout/sessions": self._post_session,
        }  # fmt: skip
        what = path.removeprefix("/v1/")
        if what in routes:
            return routes[what](form)
        match what.split("/"):
            case ["payment_intents", name, "cancel"]:
                return self._cancel(name, form)
            case ["checkout", "sessions", name, "expire"]:
                session = self._found(self.sessions, name)
                if session["status"] != "open":
                    raise refused(
                        f'Only Checkout Sessions with a status in ["open"] can be expired: {session["status"]}'
                    )
                session.update(status="expired", url=None)
                return session
        raise No(404, "invalid_request_error", "Unrecognized request URL")

    def _post_intent(self, form: Form) -> Thing:
        _known(form, INTENT)
        kind, amount = form["payment_method_types[0]"], int(form["amount"])
        self._amount(amount, form["currency"], CURRENCY_OF.get(kind, ""))
        if form.get("confirm") != "true":
            raise refused("these tests confirm in the same call")
        if kind == "promptpay" and "payment_method_data[billing_details][email]" not in form:
            raise refused("Missing required param: billing_details[email].", param="billing_details[email]",
                          code="parameter_missing")  # fmt: skip
        intent: Thing = {
            "id": self._name("pi"), "object": "payment_intent", "amount": amount, "amount_received": 0,
            "currency": form["currency"], "created": self.now(), "status": "requires_action", "livemode": False,
            "metadata": _metadata(form), "description": form.get("description"), "last_payment_error": None,
            "cancellation_reason": None, "canceled_at": None, "latest_charge": None, "next_action": None,
        }  # fmt: skip
        if kind == "card":
            self._charge_card(intent, form.get("payment_method", ""))
        else:
            if form["payment_method_data[type]"] != kind:
                raise refused("payment_method_data[type]")
            intent["next_action"] = self._next_action(kind, intent, form)
        self.intents[intent["id"]] = intent
        return intent

    def _charge_card(self, intent: Thing, card: str) -> None:
        if card not in CARDS:
            raise refused(f"No such PaymentMethod: '{card}'", code="resource_missing", param="payment_method")
        verdict = CARDS[card]
        if verdict == "3ds":
            intent["next_action"] = {
                "type": "use_stripe_sdk",
                "use_stripe_sdk": {"type": "three_d_secure_redirect"},
            }
        elif verdict:
            error = {
                "type": "card_error",
                "code": "card_declined",
                "decline_code": verdict,
                "message": "declined",
            }
            intent.update(status="requires_payment_method", last_payment_error=error)
            self.intents[intent["id"]] = intent
            raise No(402, "card_error", "Your card was declined.", code="card_declined", decline_code=verdict,
                     payment_intent=intent)  # fmt: skip
        else:
            intent.update(status="succeeded", amount_received=intent["amount"])

    def _next_action(self, kind: str, intent: Thing, form: Form) -> Thing:
        number = f"{next(self.numbers):08}"
        asks = intent["amount"] + self.wrong_codes
        amount = f"{asks // 100}.{asks % 100:02}"
        page = f"https://payments.stripe.com/{kind}/instructions/{number}"
        images = {"image_url_png": f"{page}.png", "image_url_svg": f"{page}.svg"}
        match kind:
            case "promptpay":
                code: Thing = {"data": promptpay(number, amount)}
            case "paynow":
                code = {"data": paynow(number, amount)}
            case "pix":
                lasts_s = int(form.get("payment_method_options[pix][expires_after_seconds]", "14400"))
                if not 60 <= lasts_s <= 1_209_600:
                    raise refused("expires_after_seconds")
                code = {
                    "data": code_of(f"pix.stripe.com/qr/v2/{number}"),
                    "expires_at": intent["created"] + lasts_s,
                }
            case "wechat_pay":
                if form.get("payment_method_options[wechat_pay][client]") != "web":
                    raise refused("payment_method_options[wechat_pay][client]", code="parameter_missing")
                code = {
                    "data": f"weixin://wxpay/bizpayurl?pr={number}",
                    "image_data_url": "data:image/png;base64,",
                }
            case _:
                raise refused(f"payment_method_types: {kind}")
        action = f"{kind}_display_qr_code"
        return {"type": action, action: {**code, **images, "hosted_instructions_url": page}}

    def _post_session(self, form: Form) -> Thing:
        _known(form, SESSION)
        amount, currency = (
            int(form["line_items[0][price_data][unit_amount]"]),
            form["line_items[0][price_data][currency]"],
        )
        self._amount(amount, currency, "")
        name = self._name("cs_test")
        session: Thing = {
            "id": name, "object": "checkout.session", "created": self.now(), "expires_at": self.now() + 86_400,
            "status": "open", "payment_status": "unpaid", "amount_total": amount, "currency": currency,
            "client_reference_id": form["client_reference_id"], "metadata": _metadata(form), "mode": form["mode"],
            "url": f"https://checkout.stripe.com/c/pay/{name}", "payment_intent": None,
            "intent_metadata": _metadata(form, "payment_intent_data[metadata]"),
        }  # fmt: skip
        self.sessions[name] = session
        return session

    def _intent_of(self, name: str) -> Thing:
        """The PaymentIntent of a page is made when somebody pays there."""
        session = self.sessions[name]
        if session["payment_intent"] is None:
            intent: Thing = {
                "id": self._name("pi"), "object": "payment_intent", "amount": session["amount_total"],
                "amount_received": 0, "currency": session["currency"], "created": self.now(), "status": "processing",
                "metadata": session["intent_metadata"], "last_payment_error": None, "cancellation_reason": None,
                "next_action": None,
            }  # fmt: skip
            self.intents[intent["id"]] = intent
            session["payment_intent"] = intent["id"]
        return self.intents[session["payment_intent"]]

    def _cancel(self, name: str, form: Form) -> Thing:
        _known(form, {"cancellation_reason"})
        intent = self._found(self.intents, name)
        if intent["status"] in ("succeeded", "canceled", "processing"):
            raise refused(f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
                          code="payment_intent_unexpected_state", payment_intent=intent)  # fmt: skip
        intent.update(
            status="canceled", canceled_at=self.now(), next_action=None,
            cancellation_reason=form.get("cancellation_reason"),
        )  # fmt: skip
        return intent

    def _post_refund(self, form: Form) -> Thing:
        _known(form, REFUND)
        intent = self._found(self.intents, form["payment_intent"])
        if self.refuses_refunds:
            raise refused("This charge is disputed.", code="charge_disputed")
        if intent["status"] != "succeeded":
            raise refused("This PaymentIntent does not have a successful charge to refund.")
        live = ("succeeded", "pending", "requires_action")
        gone = sum(
            each["amount"] for each in self.refunds.values()
            if each["payment_intent"] == intent["id"] and each["status"] in live
        )  # fmt: skip
        if gone >= intent["amount_received"]:
            raise refused("Charge has already been refunded.", code="charge_already_refunded")
        if gone + int(form["amount"]) > intent["amount_received"]:
            raise refused("Refund amount is greater than unrefunded amount on charge", param="amount")
        refund: Thing = {
            "id": self._name("re"), "object": "refund", "amount": int(form["amount"]), "currency": intent["currency"],
            "payment_intent": intent["id"], "status": "pending" if self.looks_until_back else self.refund_status,
            "metadata": _metadata(form),
            "created": self.now(),
        }  # fmt: skip
        self.refunds[refund["id"]] = refund
        return refund

    def _amount(self, amount: int, currency: str, only: str) -> None:
        if only and currency != only:
            raise refused(
                f"The currency provided ({currency}) is invalid for this payment method", param="currency"
            )
        if amount < LEAST.get(currency, 1):
            raise refused("Amount must be at least the minimum", code="amount_too_small", param="amount")
        if amount > 99_999_999:
            raise refused("Amount must be no more than 999,999.99", code="amount_too_large", param="amount")

    def _name(self, kind: str) -> str:
        return f"{kind}_{next(self.numbers):06}{secrets.token_hex(8)}"

    @staticmethod
    def _found(things: dict[str, Thing], name: str) -> Thing:
        if name not in things:
            raise No(
                404, "invalid_request_error", f"No such object: '{name}'", code="resource_missing", param="id"
            )
        return things[name]


def _known(form: Form, names: set[str]) -> None:
    for name in form:
        if name not in names:
            raise refused(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def _metadata(form: Form, where: str = "metadata") -> Form:
    return {name[len(where) + 1 : -1]: value for name, value in form.items() if name.startswith(f"{where}[")}


def _code(text: str) -> str:
    crc = 0xFFFF
    for byte in f"{text}6304".encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return f"{text}6304{crc:04X}"


def _object(name: str, value: str) -> str:
    return f"{name}{len(value):02}{value}"


def promptpay(number: str, amount: str) -> str:
    """A bill payment code, written here once more so that nothing of the product vouches for it."""
    bill = (
        _object("00", "A000000677010112")
        + _object("01", "010753600031508")
        + _object("02", f"STRIPE{number}")
    )
    return _code(f"000201010212{_object('30', bill)}5303764{_object('54', amount)}5802TH")


def paynow(number: str, amount: str) -> str:
    """A PayNow code of a company, amount fixed."""
    account = "0009SG.PAYNOW01012" + _object("02", "201006894DSTR") + "03010"
    bill = _object("62", _object("01", f"PN{number}"))
    return _code(
        f"000201010212{_object('26', account)}520400005303702{_object('54', amount)}5802SG5906STRIPE6009Singapore{bill}"
    )


@contextmanager
def fake_stripe() -> Iterator[FakeStripe]:
    """The service until the block ends."""
    fake = FakeStripe()
    with serving(fake.handle) as server:
        fake.server = server
        yield fake
