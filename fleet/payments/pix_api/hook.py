"""Who may tell of payments. API Pix signs nothing: its webhooks come over mutual TLS, which ends at our front server.

So the adapter wants a proof that travels with the request: a secret of its own in the registered address, as a segment
of the path or a value of the query. Whoever registers `https://HOST/webhooks/KEY/SECRET` is called at
`https://HOST/webhooks/KEY/SECRET/pix`, and TLS keeps the address from everybody else. Where the front server checks the
provider's client certificate it should say so in a header which it takes off what comes from outside; the adapter can
be told to want that header too.

A webhook carries no time of sending, so one that was caught can be sent again. That changes nothing: it is a hint, and
what counts is what the provider then answers.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from fleet.payments.pix_api import wire
from fleet.payments.port import BadWebhook, ChargeEvent

TARGET: Final = (
    ":path"  # the request's path and query; no client can send a header of that name (RFC 9110, 5.1)
)
SECRET: Final = re.compile(r"[A-Za-z0-9_-]{32,128}")
_PIECES: Final = re.compile(r"[/?&=]")


class Door:
    """Lets in requests that know one of `secrets` (two live ones let the address be changed), and where `header` is
    named bring it with just that `value`. Secrets do not show when it is printed."""

    def __init__(self, secrets: tuple[str, ...], header: str = "", value: str = "") -> None:
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._header, self._value = header.lower(), value.encode()

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises BadWebhook."""
        pieces = [piece.encode() for piece in _PIECES.split(headers.get(TARGET, ""))]
        known = [hmac.compare_digest(piece, secret) for piece in pieces for secret in self._secrets]
        if not any(known):
            raise BadWebhook("forged", "the address does not hold the secret it was registered with")
        if self._header and not hmac.compare_digest(headers.get(self._header, "").encode(), self._value):
            raise BadWebhook("forged", f"the front server has not confirmed the sender in {self._header}")


def events(body: bytes) -> list[ChargeEvent]:
    """One event per charge a webhook is about; Pix without a txid are about none. Raises BadWebhook."""
    try:
        notice = msgspec.json.decode(body, type=wire.Notice)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadWebhook("malformed", str(error)) from None
    found: dict[str, ChargeEvent] = {}
    for pix in notice.pix or ():
        if pix.txid and wire.TXID.fullmatch(pix.txid):
            found.setdefault(
                pix.txid,
                ChargeEvent(id=pix.e2e_id, charge_id=pix.txid, reference=wire.reference_of(pix.txid)),
            )
    return list(found.values())
