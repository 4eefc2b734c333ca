"""Webhooks signed with a shared secret: HMAC-SHA256 over "<unix seconds>.<body>", as `t=...,v1=...` in one header.

The time is part of what is signed, so a caught webhook is of no use after `TOLERANCE_S`.
"""

from __future__ import annotations

import hashlib
import hmac

from fleet.payments.port import BadWebhook

HEADER = "endcap-signature"
TOLERANCE_S = 300


def sign(secret: str, body: bytes, now_s: int) -> str:
    """The header's value for a body sent at `now_s`."""
    return f"t={now_s},v1={_digest(secret, body, now_s)}"


def verify(secret: str, header: str, body: bytes, now_s: int) -> None:
    """Raises BadWebhook: malformed (no readable header), forged (another secret or body), stale (another time)."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    stamp, given = parts.get("t", ""), parts.get("v1", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and given.isascii()):
        raise BadWebhook("malformed", f"{HEADER} is t=<seconds>,v1=<hex>")
    if not hmac.compare_digest(_digest(secret, body, int(stamp)), given):
        raise BadWebhook("forged", "the signature does not fit the body")
    if abs(now_s - int(stamp)) > TOLERANCE_S:
        raise BadWebhook("stale", f"signed {now_s - int(stamp)} s ago, at most {TOLERANCE_S} are taken")


def _digest(secret: str, body: bytes, now_s: int) -> str:
    return hmac.new(secret.encode(), b"%d." % now_s + body, hashlib.sha256).hexdigest()
