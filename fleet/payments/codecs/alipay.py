"""Alipay precreate: the `qr_code` a provider answers an order with, passed through as it is.

Amount, order and expiry stay with Alipay; the code only names them. Known is the shape https://qr.alipay.com/TOKEN, in
any case before the token (printed codes come in capitals). A merchant's standing code has the same shape: what makes it
one order's is that it came as the answer to that order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

_BEGINS = "https://qr.alipay.com/"
_LONGEST = 256
_TOKEN = re.compile(r"[A-Za-z0-9]{8,64}(?:\?[A-Za-z0-9_.=&%-]{1,128})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alipay:
    """One order's code."""

    qr_code: str


def build(code: Alipay) -> str:
    """The code as it is. Raises BadPayload where it has not the shape of one."""
    return parse(code.qr_code).qr_code


def parse(payload: str) -> Alipay:
    """The code as it is. Raises BadPayload."""
    if len(payload) > _LONGEST:
        raise BadPayload("qr_code", f"at most {_LONGEST} characters, has {len(payload)}", _LONGEST)
    if payload[: len(_BEGINS)].lower() != _BEGINS:
        raise BadPayload("qr_code", f"begins with {_BEGINS}", 0)
    if _TOKEN.fullmatch(payload, len(_BEGINS)) is None:
        raise BadPayload("qr_code", "8 to 64 of A-Z a-z 0-9 behind the host", len(_BEGINS))
    return Alipay(qr_code=payload)


SCHEMES = (
    Scheme(
        key="alipay", title="Alipay precreate (passed through)", begins=(_BEGINS,), fields=Alipay, build=build,
        parse=parse,
        rules={"qr_code": "https://qr.alipay.com/..., as Alipay or a provider made it for this order"},
        example={"qr_code": "https://qr.alipay.com/bax03206ug0kulveltqc80a8"},
        currencies=(), amounts=(1, 10_000_000_000), open_amount=False, amount_in_code=False,
        reference=Reference(rule="not in the code; out_trade_no of the order, up to 64 of A-Z a-z 0-9 _"),
        expires=False, confirmation="push", confirms="Alipay notifies the merchant and can be asked by out_trade_no",
    ),
)  # fmt: skip
