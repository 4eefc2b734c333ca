"""Notifications: signed by WeChat Pay over time and body, with what they are about encrypted for us."""

from __future__ import annotations

import msgspec

from fleet.payments.port import BadWebhook, ChargeEvent
from fleet.payments.wechat_api import seal, wire
from fleet.payments.wechat_api.session import Account


def events(body: bytes, account: Account) -> list[ChargeEvent]:
    """The event of a notification whose signature was checked. Raises BadWebhook.

    It names the charge by our reference: the rest of the charge's name is no business of WeChat Pay's.
    """
    try:
        notice = msgspec.json.decode(body, type=wire.Notice)
        resource = notice.resource
        if resource.algorithm != "AEAD_AES_256_GCM":
            raise BadWebhook("malformed", f"encrypted by {resource.algorithm[:40]!r}")
        associated = resource.associated_data or ""
        text = seal.opened(account.api_v3_key, resource.ciphertext, resource.nonce, associated)
        about = msgspec.json.decode(text, type=wire.Noticed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadWebhook("malformed", str(error)) from None
    if about.mchid != account.mchid:
        raise BadWebhook("forged", f"about merchant {(about.mchid or '')[:40]!r}")
    return [ChargeEvent(id=notice.id, charge_id=about.out_trade_no, reference=about.out_trade_no)]
