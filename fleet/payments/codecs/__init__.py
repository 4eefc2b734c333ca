"""Payment QR codes as pure functions: fields in, payload out, and back. No I/O, standard library only.

`SCHEMES` is the whole list. A scheme's `confirmation` says how the payee can learn of the payment from the *code alone*:

- push: the network or its provider tells the payee; poll: it can be asked about this very payment
- statement: the reference shows up in the bank's feed or statement; none: not even that

A payment method (fleet.payments.methods) may rest on a provider that promises more than its code does.
"""

from __future__ import annotations

from typing import Any

from fleet.payments.codecs import (
    alipay,
    bip21,
    bolt11,
    duitnow,
    emvco,
    epc,
    khqr,
    paynow,
    pix_dynamic,
    pix_static,
    promptpay_anyid,
    promptpay_bill,
    swiss,
    upi,
    vietqr,
    wechat,
)
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Confirmation, Reference, Scheme

# Each module states its own rows. Of several that begin alike, the first that recognises a payload owns it.
_MODULES = (
    # EMV merchant-presented codes: the profiles, then the generic one
    pix_static,
    pix_dynamic,
    promptpay_anyid,
    promptpay_bill,
    paynow,
    vietqr,
    duitnow,
    khqr,
    emvco,
    # texts and links
    epc,
    swiss,
    upi,
    bip21,
    bolt11,
    wechat,
    alipay,
)

SCHEMES: dict[str, Scheme] = {scheme.key: scheme for module in _MODULES for scheme in module.SCHEMES}


def scheme_of(payload: str) -> Scheme:
    """The scheme a payload belongs to, right or wrong. Raises BadPayload where it is none of ours."""
    for scheme in SCHEMES.values():
        if scheme.owns(payload):
            return scheme
    raise BadPayload("payload", f"belongs to none of {', '.join(SCHEMES)}", 0)


def decode(payload: str) -> tuple[Scheme, dict[str, Any]]:
    """The scheme a payload belongs to and its fields by JSON name. Raises BadPayload with the reason of that scheme."""
    scheme = scheme_of(payload)
    return scheme, scheme.to_json(scheme.parse(payload))


__all__ = ["SCHEMES", "BadPayload", "Confirmation", "Reference", "Scheme", "decode", "scheme_of"]
