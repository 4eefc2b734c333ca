"""Stripe's webhooks: signed with the endpoint's secret over time and body, and verified by its SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import stripe
from msgspec import Struct

from fleet.payments.port import BadWebhook, ChargeEvent
from fleet.payments.stripe_api.wire import LANE_PAGE

HEADER: Final = "stripe-signature"
TOLERANCE_S: Final = 300


class _Subject(Struct, frozen=True):
    object: str = ""
    id: str = ""
    client_reference_id: str | None = None
    payment_intent: str | dict[str, Any] | None = None
    metadata: dict[str, str] | None = None


class _Data(Struct, frozen=True):
    object: _Subject


class _Event(Struct, frozen=True):
    id: str
    data: _Data


def verified(secrets: tuple[str, ...], headers: Mapping[str, str], body: bytes) -> None:
    """Raises BadWebhook unless one of `secrets` has signed the body, lately. Two let the secret be changed."""
    header = headers.get(HEADER, "")
    if not header.isascii():  # the SDK compares texts in a way that takes ASCII only
        raise BadWebhook("malformed", f"{HEADER} is t=<seconds>,v1=<hex>")
    authentic = False
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body, header, secret, tolerance=None)
            authentic = True
            stripe.Webhook.construct_event(body, header, secret, TOLERANCE_S)
        except stripe.SignatureVerificationError:
            continue
        except (ValueError, TypeError, AttributeError) as error:
            raise BadWebhook("malformed", type(error).__name__) from None
        return
    if authentic:
        raise BadWebhook("stale", f"signed more than {TOLERANCE_S} s ago")
    raise BadWebhook("forged", "no secret of this endpoint has signed it")


def events(body: bytes) -> list[ChargeEvent]:
    """What an authentic event is about; nothing where it is not about a charge of ours. Raises BadWebhook."""
    try:
        event = msgspec.json.decode(body, type=_Event)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadWebhook("malformed", str(error)) from None
    subject = event.data.object
    metadata = subject.metadata or {}
    reference = metadata.get("reference", "")
    match subject.object:
        case "checkout.session":
            charge_id, reference = subject.id, subject.client_reference_id or ""
        case "refund":
            charge_id = metadata.get("charge", "")
        case "payment_intent":
            charge_id = subject.id
        case "charge" if isinstance(subject.payment_intent, str):
            charge_id = subject.payment_intent
        case _:
            return []
    behind_a_page = metadata.get("lane") == LANE_PAGE and subject.object != "checkout.session"
    if not charge_id or not reference or behind_a_page:  # of a page, its session tells
        return []
    return [ChargeEvent(id=event.id, charge_id=charge_id, reference=reference)]
