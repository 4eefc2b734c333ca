"""What "API Pix" 2.9.0 says about a charge (`cob`), its payments (`pix`) and refunds (`devolucao`), and what it means.

Source: openapi.yaml of bacen/pix-api at 1f1b568 (schemas CobBody, CobGerada, CobCompleta, Pix, Devolucao, Problema).
Amounts are texts of the form `\\d{1,10}\\.\\d{2}` in BRL, never numbers; times RFC 3339. What may be absent may be null.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from content.money import Money
from fleet.payments.port import Charge, News, ProviderDown

ACTIVE: Final = "ATIVA"
DONE: Final = "CONCLUIDA"
REMOVED: Final = ("REMOVIDA_PELO_USUARIO_RECEBEDOR", "REMOVIDA_PELO_PSP")
REMOVE: Final = REMOVED[0]
RETURNING: Final = "EM_PROCESSAMENTO"
RETURNED: Final = "DEVOLVIDO"
NOT_RETURNED: Final = "NAO_REALIZADO"

MOST: Final = 10**12 - 1  # minor units: ten digits before the point
MOST_WORDS: Final = 140  # characters of `solicitacaoPagador`
TXID: Final = re.compile(r"[a-zA-Z0-9]{26,35}")
E2E_ID: Final = re.compile(r"[a-zA-Z0-9]{32}")
_VALUE: Final = re.compile(r"[0-9]{1,10}\.[0-9]{2}")
_REFERENCE_LENGTH: Final = 16
_PAD: Final = 10

Time = Annotated[datetime, Meta(tz=True)]
Kind = TypeVar("Kind")


class Value(Struct, frozen=True):
    """`valor`: what was asked for."""

    original: str


class Calendar(Struct, frozen=True, rename={"created": "criacao", "lasts_s": "expiracao"}):
    """`calendario`: when a charge was made and how long it may be paid."""

    created: Time
    lasts_s: int = 86_400


class Return(Struct, frozen=True, rename={"value": "valor", "why": "motivo"}):
    """`devolucao`: money on its way back, or back, or not returned after all."""

    id: str
    value: str
    status: str
    why: str | None = None

    @property
    def minor(self) -> int:
        """In minor units."""
        return minor_of(self.value)


class Pix(Struct, frozen=True, rename={"e2e_id": "endToEndId", "value": "valor"}):
    """One payment that arrived, with what was returned of it. One without a `txid` belongs to no charge."""

    e2e_id: str
    value: str
    txid: str | None = None
    devolucoes: tuple[Return, ...] | None = None

    @property
    def returns(self) -> tuple[Return, ...]:
        """What was returned of it, or is on its way, or was not returned."""
        return self.devolucoes or ()

    @property
    def minor(self) -> int:
        """In minor units."""
        return minor_of(self.value)

    @property
    def free_minor(self) -> int:
        """What can still be returned: what is being returned cannot."""
        return self.minor - sum(each.minor for each in self.returns if each.status != NOT_RETURNED)


class Cob(
    Struct,
    frozen=True,
    rename={"calendar": "calendario", "value": "valor", "code": "pixCopiaECola"},
):
    """`cob`: a charge to be paid at once. Only an answer to a question lists its payments."""

    txid: str
    status: str
    calendar: Calendar
    value: Value
    code: str | None = None
    pix: tuple[Pix, ...] | None = None

    @property
    def payments(self) -> tuple[Pix, ...]:
        """What came."""
        return self.pix or ()


class Noticed(Struct, frozen=True, rename={"e2e_id": "endToEndId"}):
    """A payment as a webhook names it. No more of it is read: the charge is asked for, and the specification's own
    examples differ from its schema in the rest."""

    e2e_id: str
    txid: str | None = None


class Notice(Struct, frozen=True):
    """What a webhook brings: payments, and returns that came to an end, of any number of charges."""

    pix: tuple[Noticed, ...] | None = None


class Violation(Struct, frozen=True, rename={"why": "razao", "where": "propriedade"}):
    """What a request broke."""

    why: str | None = None
    where: str | None = None


class Problem(Struct, frozen=True, rename={"violations": "violacoes"}):
    """A refusal (RFC 7807). The last part of `type` is its key."""

    type: str
    title: str | None = None
    detail: str | None = None
    violations: tuple[Violation, ...] | None = None

    @property
    def key(self) -> str:
        """For example CobOperacaoInvalida."""
        return self.type.rpartition("/")[2]

    @property
    def text(self) -> str:
        """What is wrong, in one line."""
        broken = "; ".join(f"{each.where or '?'}: {each.why or '?'}" for each in self.violations or ())
        return broken or self.detail or self.title or ""


class Token(Struct, frozen=True):
    """An OAuth 2 access token (RFC 6749, 5.1)."""

    access_token: str
    expires_in: int = 300


def read(body: bytes, kind: type[Kind]) -> Kind:
    """An answer as its type. Raises ProviderDown: one that cannot be read does not tell what happened.

    Lenient about numbers written as texts, as the specification itself writes the default of `expiracao`.
    """
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProviderDown(f"an unreadable answer: {error}") from None


def minor_of(value: str) -> int:
    """Minor units of a `valor`. Raises ProviderDown for one that breaks the schema."""
    if not _VALUE.fullmatch(value):
        raise ProviderDown(f"an amount of {value[:20]!r}, expected digits with two decimals")
    return int(value.replace(".", ""))


def txid_of(reference: str, idem: str) -> str:
    """The charge's name at the provider: the reference, then 10 characters of base32 of SHA-256 of the key.

    A reference has 16 characters and a txid at least 26. The reference comes first so that it can be read off a
    statement, and the rest keeps two walls apart that happened on the same reference.
    """
    return reference + _digest(idem)[:_PAD]


def reference_of(txid: str) -> str:
    """The reference a txid begins with."""
    return txid[:_REFERENCE_LENGTH]


def return_id(idem: str, minor: int, attempt: int) -> str:
    """The name of a return: one per key, amount and attempt, so that the same wish again meets the same return."""
    return f"{return_stem(idem)}m{minor}n{attempt}"


def return_stem(idem: str) -> str:
    """What the names of all returns of a key begin with."""
    return _digest(idem)[:_REFERENCE_LENGTH]


def _digest(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def body_of(*, minor: int, key: str, ttl_s: int, words: str) -> dict[str, Any]:
    """The request that makes a charge."""
    return {
        "calendario": {"expiracao": ttl_s},
        "valor": {
            "original": Money(minor, "BRL").decimal(),
            "modalidadeAlteracao": 0,
        },  # the payer cannot change it
        "chave": key,
        "solicitacaoPagador": words[:MOST_WORDS],
    }


def charge_of(cob: Cob, now_s: int) -> Charge:
    """The port's charge of a `cob` at `now_s`. Raises ProviderDown where it cannot be told how it stands."""
    expires_ms = int(cob.calendar.created.timestamp() * 1000) + cob.calendar.lasts_s * 1000
    paid = sum(pix.minor for pix in cob.payments)
    back = sum(each.minor for pix in cob.payments for each in pix.returns if each.status == RETURNED)
    return Charge(
        id=cob.txid, reference=reference_of(cob.txid), news=_news(cob, paid, back, now_s * 1000 >= expires_ms),
        amount=Money(minor_of(cob.value.original), "BRL"), paid=Money(paid, "BRL") if paid else None,
        refunded_minor=back, payload=cob.code or "", expires_ms=expires_ms,
    )  # fmt: skip


def _news(cob: Cob, paid: int, back: int, over: bool) -> News:
    """Money that arrived counts, whatever the charge's status says. That a charge has expired is no status: it follows
    from its calendar."""
    if paid:
        return News.REFUNDED if back >= paid else News.PAID
    if cob.status == ACTIVE:
        return News.EXPIRED if over else News.OPEN
    if cob.status in REMOVED:
        return News.CANCELLED
    if cob.status == DONE:
        raise ProviderDown("a charge that is done, without the Pix that paid it")
    raise ProviderDown(f"unknown status {cob.status[:40]!r}")
