"""The provider of the port that speaks API Pix: charges to be paid at once (`cob`), shown as their own QR code.

What the specification leaves to the caller, and how it is done here:

- `PUT /cob/{txid}` makes a charge or *changes* an open one. So the adapter looks first: the same wish again is the
  charge there is, and one with another amount is refused instead of changing what somebody is about to pay.
- Expiry is no status. A charge that is ATIVA after its time is told as expired.
- Several payments may stand under one txid; what came is their sum, and a refund is spread over them.
- A refund that could not be made (NAO_REALIZADO, for want of funds) is final under its id. Asked for again it gets the
  next id, so that it is made once the account allows it, and never twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from content.money import Money
from fleet.payments.exchange import Answer
from fleet.payments.pix_api import wire
from fleet.payments.pix_api.hook import Door, events
from fleet.payments.pix_api.session import Now, Session
from fleet.payments.port import (
    Caps,
    Charge,
    ChargeEvent,
    ChargeRequest,
    Provider,
    ProviderDown,
    ProviderRefused,
    Refund,
)

_NAMED: Final = re.compile(r":([0-9A-Z]{15}):([0-9A-Z])\Z")

CAPS: Final = Caps(
    promises={"pix": "push"}, currencies=frozenset({"BRL"}), most_minor=wire.MOST, partial_refund=True,
    longest_ttl_s=86_400,
)  # fmt: skip


class PixProvider(Provider):
    """Charges for the Pix key `pix_key`, asked for by `session`; `door` knows who may tell of payments."""

    caps = CAPS

    def __init__(self, key: str, session: Session, pix_key: str, door: Door, now: Now) -> None:
        self.key = key
        self._session, self._pix_key, self._door, self._now = session, pix_key, door, now

    def create(self, request: ChargeRequest, *, idem: str) -> Charge:
        """See the port."""
        if (request.method, request.amount.currency) != ("pix", "BRL"):
            raise ProviderRefused(
                "bad-request", f"{request.method} in {request.amount.currency}: only pix in BRL"
            )
        named = _NAMED.search(idem)
        if named and named[1] + named[2] != request.reference:
            raise ProviderRefused(
                "idempotency", f"the key {idem!r} names another charge than {request.reference}"
            )
        txid = wire.txid_of(request.reference, idem)
        cob = self._found(txid) or self._made(txid, request)
        charge = wire.charge_of(cob, self._now())
        if charge.amount != request.amount:
            raise ProviderRefused("idempotency", f"{txid} is about {charge.amount.decimal()} BRL")
        if not charge.payload:
            raise ProviderRefused("no-code", "the provider makes no pixCopiaECola")
        return charge

    def status(self, charge_id: str) -> Charge:
        """See the port."""
        return wire.charge_of(self._cob(charge_id), self._now())

    def cancel(self, charge_id: str) -> Charge:
        """See the port."""
        answer = self._session.ask("PATCH", _path(charge_id), {"status": wire.REMOVE})
        if answer.status != 200:
            _unknown(answer, charge_id)
            return self.status(charge_id)  # not open any more: paid, or removed before
        return wire.charge_of(wire.read(answer.body, wire.Cob), self._now())

    def refund(self, charge_id: str, minor: int, *, idem: str) -> Refund:
        """See the port. `done` once all of it is back at the payer."""
        stem = wire.return_stem(idem)
        pixes = self._cob(charge_id).payments
        ours = [each for pix in pixes for each in pix.returns if each.id.startswith(f"{stem}m")]
        if any(not each.id.startswith(f"{stem}m{minor}n") for each in ours):
            raise ProviderRefused("idempotency", "the same key has asked for another amount")
        standing = [each for each in ours if each.status != wire.NOT_RETURNED]
        missing = minor - sum(each.minor for each in standing)
        if minor <= 0 or missing > sum(pix.free_minor for pix in pixes):
            raise ProviderRefused(
                "too-much", f"{missing} of {minor} minor units are more than is left to give back"
            )
        for pix in pixes:
            share = min(missing, pix.free_minor)
            if share > 0:
                attempt = sum(each.id.startswith(stem) for each in pix.returns)
                standing.append(self._give_back(pix, share, wire.return_id(idem, minor, attempt)))
                missing -= share
        done = all(each.status == wire.RETURNED for each in standing)
        return Refund(id=f"{stem}m{minor}", charge_id=charge_id, minor=minor, done=done)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[ChargeEvent]:
        """See the port. `headers` with lower-case names, and the request's path as `:path`."""
        self._door.check(headers)
        return events(body)

    def register_webhook(self, url: str) -> None:
        """Have the provider call `url` + "/pix" when money comes. Needs the scope webhook.write."""
        answer = self._session.ask("PUT", f"/webhook/{quote(self._pix_key, safe='')}", {"webhookUrl": url})
        if answer.status not in (200, 201, 204):
            raise _refusal(answer)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _found(self, txid: str) -> wire.Cob | None:
        answer = self._session.ask("GET", _path(txid))
        return None if answer.status == 404 else _read(answer)

    def _made(self, txid: str, request: ChargeRequest) -> wire.Cob:
        body = wire.body_of(
            minor=request.amount.minor, key=self._pix_key, ttl_s=request.ttl_s, words=request.description
        )
        return _read(self._session.ask("PUT", _path(txid), body))

    def _cob(self, charge_id: str) -> wire.Cob:
        answer = self._session.ask("GET", _path(charge_id))
        _unknown(answer, charge_id)
        return _read(answer)

    def _give_back(self, pix: wire.Pix, minor: int, name: str) -> wire.Return:
        """One return. Where the id is taken, by a thread that was faster, it is that one's."""
        if not wire.E2E_ID.fullmatch(pix.e2e_id):
            raise ProviderDown("a Pix without a readable endToEndId")
        path = f"/pix/{pix.e2e_id}/devolucao/{name}"
        answer = self._session.ask("PUT", path, {"valor": Money(minor, "BRL").decimal()})
        if answer.status == 400:
            before = self._session.ask("GET", path)
            answer = before if before.status == 200 else answer
        if answer.status not in (200, 201):
            raise _refusal(answer)
        made = wire.read(answer.body, wire.Return)
        if made.status == wire.NOT_RETURNED:
            raise ProviderRefused("refund-not-made", made.why or "")
        if made.minor != minor:
            raise ProviderRefused("idempotency", f"{name} is about {made.value} BRL")
        return made


def _path(charge_id: str) -> str:
    """Raises ProviderRefused for what can be no charge's name."""
    if not wire.TXID.fullmatch(charge_id):
        raise ProviderRefused("unknown-charge", f"{charge_id[:40]!r} is no txid")
    return f"/cob/{charge_id}"


def _unknown(answer: Answer, charge_id: str) -> None:
    if answer.status == 404:
        raise ProviderRefused("unknown-charge", charge_id)


def _read(answer: Answer) -> wire.Cob:
    if answer.status not in (200, 201):
        raise _refusal(answer)
    return wire.read(answer.body, wire.Cob)


def _refusal(answer: Answer) -> ProviderRefused:
    """A 4xx as the port's no. Raises ProviderDown where it is not one of API Pix: then something else has answered."""
    problem = wire.read(answer.body, wire.Problem)
    return ProviderRefused(problem.key or "bad-request", problem.text)
