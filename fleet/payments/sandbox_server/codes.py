"""What the sandbox provider's customers scan: for most marks a code of the scheme, made for accounts nobody has.

`link`, `card` and the codes a merchant writes himself (epc, pix-static) need none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

from content.money import Money
from fleet.payments.codecs import SCHEMES

_Fields = Callable[[Money, str], dict[str, Any]]


def _token(reference: str, length: int) -> str:
    return hashlib.sha256(reference.encode()).hexdigest()[:length]


def _fixed(**fields: Any) -> _Fields:
    return lambda amount, reference: {**fields, "amount": amount.decimal()}


# mark -> (scheme, the fields but the reference, the field the reference stands in)
_CODES: Final[dict[str, tuple[str, _Fields, str]]] = {
    "pix": (
        "pix-dynamic",
        lambda amount, reference: {
            "url": f"pix.example/v2/{_token(reference, 32)}", "name": "Sandbox Bank", "city": "Brasilia",
        },
        "",
    ),
    "promptpay": ("promptpay-bill", _fixed(biller_id="099400016550100"), "ref1"),
    "paynow": ("paynow-uen", _fixed(uen="201403121W", company="Sandbox Bank"), "reference"),
    "vietqr": ("vietqr", _fixed(bin="970436", account="0123456789"), "purpose"),
    "duitnow": (
        "duitnow", _fixed(acquirer="501664", merchant_id="123456789", mcc="5411", name="SANDBOX BANK", city="KL"), "ref",
    ),
    "khqr": (
        "khqr",
        lambda amount, reference: {
            "account": "sandbox@devb", "name": "Sandbox Bank", "merchant": True, "account_info": "M0001",
            "bank": "Dev Bank", "amount": amount.decimal().removesuffix(".00"), "currency": amount.currency,
        },
        "bill",
    ),
    "upi": ("upi", _fixed(vpa="sandbox@examplebank", name="Sandbox Bank"), "ref"),
    "wechat": (
        "wechat", lambda amount, reference: {"code_url": f"weixin://wxpay/bizpayurl?pr={_token(reference, 9)}"}, "",
    ),
    "alipay": (
        "alipay", lambda amount, reference: {"qr_code": f"https://qr.alipay.com/bax{_token(reference, 21)}"}, "",
    ),
}  # fmt: skip

METHODS: Final = ("link", "epc", "pix-static", "card", *_CODES)


def code_for(method: str, amount: Money, reference: str) -> str:
    """The text of the code a charge by `method` is paid with; "" where the provider makes none. Raises BadPayload for a
    currency or amount the scheme cannot carry.
    """
    if method not in _CODES:
        return ""
    key, fields, named = _CODES[method]
    values = fields(amount, reference)
    scheme = SCHEMES[key]
    return scheme.build(scheme.from_json({**values, **({named: reference} if named else {})}))
