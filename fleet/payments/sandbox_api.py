"""What the sandbox provider and its adapter say to each other over HTTP, as frozen types. JSON; minor units; Unix ms.

    POST /v1/charges                 ChargeBody -> ChargeView    Idempotency-Key: the same again is the same charge
    GET  /v1/charges/{id}            -> ChargeView
    GET  /v1/charges?reference=REF   -> list[ChargeView]
    POST /v1/charges/{id}/cancel     -> ChargeView               it may be paid already
    POST /v1/charges/{id}/refunds    RefundBody -> RefundView    Idempotency-Key
    POST /v1/charges/{id}/pay        PayBody -> ChargeView       what a bank's customer does, for tests and training
    PUT  /v1/charges/{id}/faults     FaultsBody -> ChargeView
    GET  /v1/script                  -> Script                   what charges yet to be made will suffer
    PUT  /v1/script                  Script -> Script            fleet.payments.faults; no rules: all is well again
    PUT  /v1/cards/{token}           CardBody -> CardBody

Every request carries `Authorization: Bearer <api key>`; a refusal is an ErrorBody with 4xx. Webhooks are EventBody,
signed as in fleet.payments.signing.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

CARDS = (
    "good",
    "declined",
    "empty",
)  # what a demo card may be; a card nobody knows is refused as unknown-card


class ChargeBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A charge that is wanted. `card` is a token, for method "card"."""

    reference: str
    method: str
    amount_minor: int
    currency: str
    description: str = ""
    ttl_s: int = 180
    card: str = ""
    return_url: str = ""


class ChargeView(Struct, frozen=True, kw_only=True):
    """A charge as the provider knows it. `state`: open | scanned | paid | expired | cancelled | failed | refunded."""

    id: str
    reference: str
    method: str
    state: str
    amount_minor: int
    currency: str
    description: str
    url: str
    created_ms: int
    expires_ms: int
    paid_minor: int = 0
    paid_currency: str = ""
    refunded_minor: int = 0
    reason: str = ""
    return_url: str = ""
    payload: str = ""  # what a payer's app reads, for methods whose code the provider makes


class RefundBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money to give back."""

    amount_minor: int


class RefundView(Struct, frozen=True, kw_only=True):
    """Money given back."""

    id: str
    charge: str
    amount_minor: int
    done: bool = True  # False: taken, and not done yet


class PayBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money a customer sends: by default what was asked for. Like a bank transfer it arrives whatever the charge says."""

    amount_minor: int | None = None
    currency: str = ""


class FaultsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall go wrong with a charge: names of fleet.payments.faults."""

    faults: tuple[str, ...]


class CardBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a card is, of CARDS."""

    kind: str


class EventBody(Struct, frozen=True, kw_only=True):
    """One webhook: `type` is charge.<state>."""

    id: str
    type: str
    charge: ChargeView


class ErrorBody(Struct, frozen=True, kw_only=True):
    """Why a request was refused: `error` is a key, `detail` says where and what was expected."""

    error: str
    detail: str


class Keys(Struct, frozen=True, kw_only=True):
    """The two secrets the fleet shares with its provider. They do not show when it is printed."""

    api_key: str
    webhook_secret: str

    def __repr__(self) -> str:
        return "Keys(...)"


def keys_in(folder: Path) -> Keys:
    """The keys kept in a folder (keys.json, mode 0600); made on first use, whoever of provider and fleet comes first."""
    path = folder / "keys.json"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        made = {"api_key": f"sk_{secrets.token_hex(16)}", "webhook_secret": f"wh_{secrets.token_hex(16)}"}
        draft = folder / f"keys.{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(made, file)
        try:
            os.link(draft, path)  # fails where another was faster, whose keys then count
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return msgspec.json.decode(path.read_bytes(), type=Keys)
