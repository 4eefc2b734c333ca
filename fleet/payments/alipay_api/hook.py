"""Notifications: a form, signed by Alipay over all of it but `sign` and `sign_type`.

Alipay repeats one for 25 hours until it hears "success". Nothing says that `notify_time` is a new one each time, so what is
refused as stale is what no repetition can be any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from fleet.payments.alipay_api import wire
from fleet.payments.alipay_api.session import Account, is_alipays, signed_text
from fleet.payments.port import BadWebhook, ChargeEvent

FORM: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 100
OLDEST_S: Final = 26 * 3600
AHEAD_S: Final = 300


def verified(account: Account, headers: Mapping[str, str], body: bytes, now_s: int) -> dict[str, str]:
    """The fields of an authentic notification about us. `headers` with lower-case names. Raises BadWebhook."""
    fields = _fields(headers, body)
    text = signed_text(fields.items(), without=("sign", "sign_type"))
    if fields.get("sign_type") != "RSA2" or not is_alipays(account, fields.get("sign", ""), text):
        raise BadWebhook("forged", "not signed by Alipay with RSA2")
    if fields.get("app_id") != account.app_id:
        raise BadWebhook("forged", f"about app {fields.get('app_id', '')[:40]!r}")
    if account.seller_id and fields.get("seller_id") != account.seller_id:
        raise BadWebhook("forged", f"about seller {fields.get('seller_id', '')[:40]!r}")
    try:
        ago_s = now_s - wire.seconds_of(fields.get("notify_time", ""))
    except ValueError:
        raise BadWebhook("malformed", "notify_time is yyyy-MM-dd HH:mm:ss") from None
    if not -AHEAD_S <= ago_s <= OLDEST_S:
        raise BadWebhook("stale", f"sent {ago_s} s ago")
    return fields


def events(fields: Mapping[str, str]) -> list[ChargeEvent]:
    """The event of an authentic notification, named by our reference; none where it is not about a trade."""
    reference, name = fields.get("out_trade_no", ""), fields.get("notify_id", "")
    return [ChargeEvent(id=name, charge_id=reference, reference=reference)] if reference else []


def _fields(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise BadWebhook("malformed", f"a {FORM} expected")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )  # fmt: skip
    except ValueError as error:
        raise BadWebhook("malformed", str(error)[:80]) from None
    if len(dict(pairs)) != len(pairs):
        raise BadWebhook("malformed", "a field comes twice")
    return dict(pairs)
