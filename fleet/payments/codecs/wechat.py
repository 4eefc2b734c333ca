"""WeChat Pay Native: the `code_url` a provider answers an order with, passed through as it is.

Amount, order and expiry (two hours, or the order's time_expire) stay with WeChat Pay; the code only names them. Known are
the two shapes weixin://wxpay/bizpayurl?pr=... and .../bizpayurl/up?pr=...&groupid=...; the shop's own signed link of the
retired "mode 1" (appid, mch_id, sign, no pr) is no order of ours and is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

_BEGINS = "weixin://wxpay/bizpayurl"
_LONGEST = 512  # characters of code_url in the API's description
_SHAPE = re.compile(
    r"weixin://wxpay/bizpayurl(?:/up)?\?pr=[A-Za-z0-9_-]{4,128}(?:&[a-z_]{1,20}=[A-Za-z0-9_-]{0,64})*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeChat:
    """One order's code."""

    code_url: str


def build(code: WeChat) -> str:
    """The code as it is. Raises BadPayload where it has not the shape of one."""
    return parse(code.code_url).code_url


def parse(payload: str) -> WeChat:
    """The code as it is. Raises BadPayload."""
    if len(payload) > _LONGEST:
        raise BadPayload("code_url", f"at most {_LONGEST} characters, has {len(payload)}", _LONGEST)
    if _SHAPE.fullmatch(payload) is None:
        raise BadPayload("code_url", "weixin://wxpay/bizpayurl?pr= and the order's token", 0)
    return WeChat(code_url=payload)


SCHEMES = (
    Scheme(
        key="wechat", title="WeChat Pay Native (passed through)", begins=(_BEGINS,), fields=WeChat, build=build,
        parse=parse,
        rules={"code_url": "weixin://wxpay/bizpayurl?pr=..., as WeChat Pay or a provider made it for this order"},
        example={"code_url": "weixin://wxpay/bizpayurl?pr=p4lpSuKzz"},
        currencies=(), amounts=(1, 10_000_000_000), open_amount=False, amount_in_code=False,
        reference=Reference(rule="not in the code; out_trade_no of the order, 6 to 32 of A-Z a-z 0-9 _ - | *"),
        expires=False, confirmation="push", confirms="WeChat Pay notifies the merchant and can be asked by out_trade_no",
    ),
)  # fmt: skip
