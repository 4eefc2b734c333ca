"""Lightning invoice (BOLT 11) of bitcoin's main network, made by a node and passed through.

It is shown as LIGHTNING:LNBC... in upper case, which a QR symbol packs into 5.5 bits a character. Checked are shape,
bech32 checksum, amount and the fields a payer needs; read out of it are amount, payment hash, description and expiry.
The signature is not: that takes secp256k1, and the invoice comes from our own node over a channel of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from fleet.payments.codecs import bech32
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.fields import decimal, shortest
from fleet.payments.codecs.scheme import Reference, Scheme

MOST = 2_100_000_000_000_000_000  # millisatoshi: 21 million bitcoin
EXPIRY_S = 3600  # where the invoice says none
_SCHEME = "lightning:"
_LONGEST = 4296  # characters of the largest QR symbol in alphanumeric mode
_PREFIX = re.compile("lnbc(?:([1-9][0-9]{0,17})([munp]?))?")
_MILLISATOSHI = {"": 10**11, "m": 10**8, "u": 10**5, "n": 100}  # of one; p is a tenth
_SIGNATURE = 104  # 5-bit values of signature and recovery id
_TIMESTAMP = 7
_HASH = 52  # 5-bit values of 256 bits
_TAG = {char: bech32.CHARSET.index(char) for char in "pdhx"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bolt11:
    """One invoice. All but `invoice` is what it says; where given for writing, it must say the same."""

    invoice: str  # lnbc..., written in upper case
    amount: str | None = None  # decimal string in BTC, None where the payer fills it in
    payment_hash: str = ""  # 64 hexadecimal digits
    description: str = ""
    timestamp: int = 0  # Unix seconds it was made
    expiry: int = 0  # seconds it is good for from then on


def build(invoice: Bolt11) -> str:
    """The payload in upper case. Raises BadPayload where the invoice is wrong or says something else than the fields."""
    found = parse(invoice.invoice)
    for field in fields(invoice)[1:]:
        wanted = getattr(invoice, field.name)
        if wanted != field.default and wanted != getattr(found, field.name):
            raise BadPayload(field.name, f"the invoice says {getattr(found, field.name)}")
    return _SCHEME.upper() + found.invoice


def parse(payload: str) -> Bolt11:
    """What an invoice says, with or without `lightning:` before it. Raises BadPayload."""
    at = len(_SCHEME) if payload[: len(_SCHEME)].lower() == _SCHEME else 0
    text = payload[at:]
    if len(text) > _LONGEST:
        raise BadPayload("invoice", f"at most {_LONGEST} characters, has {len(text)}", at)
    prefix, values, kind = bech32.read("invoice", text, at)
    if kind != bech32.BECH32:
        raise BadPayload("invoice", "the checksum is wrong", at + len(text) - 6)
    if len(values) < _TIMESTAMP + _SIGNATURE:
        raise BadPayload("invoice", "a timestamp, fields and a signature", at)
    data = at + len(prefix) + 1
    tags = _tags(values, data)
    return Bolt11(
        invoice=text.upper(),
        amount=_amount(prefix, at),
        payment_hash=_payment_hash(tags, data),
        description=_description(tags, data),
        timestamp=bech32.number(values[:_TIMESTAMP]),
        expiry=_expiry(tags),
    )


_Tags = dict[int, tuple[list[int], int]]


def _tags(values: list[int], data: int) -> _Tags:
    """The first field of each kind that has a right length, and its place; those not known are passed over."""
    tags: _Tags = {}
    for tag, found, place in _fields(values[:-_SIGNATURE], data):
        if tag in (_TAG["p"], _TAG["h"]) and len(found) != _HASH:
            continue  # the specification has a reader skip these
        tags.setdefault(tag, (found, place))
    return tags


def _fields(values: list[int], data: int) -> Iterator[tuple[int, list[int], int]]:
    index = _TIMESTAMP
    while index < len(values):
        if index + 3 > len(values):
            raise BadPayload("invoice", "a field's kind and length", data + index)
        length = values[index + 1] << 5 | values[index + 2]
        found = values[index + 3 : index + 3 + length]
        if len(found) < length:
            raise BadPayload("invoice", f"a field of {length}, only {len(found)} are left", data + index)
        yield values[index], found, data + index
        index += 3 + length


def _amount(prefix: str, at: int) -> str | None:
    match = _PREFIX.fullmatch(prefix)
    if match is None:
        raise BadPayload("invoice", "begins with lnbc (the main network) and perhaps an amount", at)
    if match[1] is None:
        return None
    count, unit = int(match[1]), match[2]
    if unit == "p":
        if count % 10:
            raise BadPayload("amount", "whole millisatoshi: pico-bitcoin end in 0", at + 4)
        millisatoshi = count // 10
    else:
        millisatoshi = count * _MILLISATOSHI[unit]
    if millisatoshi > MOST:
        raise BadPayload("amount", "at most 21000000 BTC", at + 4)
    return shortest(decimal(millisatoshi, 11))


def _payment_hash(tags: _Tags, data: int) -> str:
    if _TAG["p"] not in tags:
        raise BadPayload("payment_hash", "the invoice has none", data)
    return f"{bech32.number(tags[_TAG['p']][0]) >> 4:064x}"


def _description(tags: _Tags, data: int) -> str:
    if _TAG["d"] not in tags:
        if _TAG["h"] not in tags:
            raise BadPayload("description", "the invoice has none, nor the hash of one", data)
        return ""
    values, place = tags[_TAG["d"]]
    raw = (bech32.number(values) >> len(values) * 5 % 8).to_bytes(len(values) * 5 // 8, "big")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadPayload("description", "UTF-8", place) from None


def _expiry(tags: _Tags) -> int:
    return bech32.number(tags[_TAG["x"]][0]) if _TAG["x"] in tags else EXPIRY_S


SCHEMES = (
    Scheme(
        key="bolt11", title="Lightning invoice (BOLT 11)", begins=(_SCHEME, "lnbc"), fields=Bolt11, build=build,
        parse=parse,
        rules={
            "invoice": "lnbc..., made by the payee's node for this order; not mixed in case",
            "amount": "decimal string in BTC: the invoice's own, else it is refused; null: not compared",
            "payment_hash": "64 hexadecimal digits: the invoice's own, else it is refused",
            "description": "the invoice's own, else it is refused",
            "timestamp": "Unix seconds it was made: the invoice's own, else it is refused",
            "expiry": "seconds it is good for: the invoice's own, else it is refused",
        },
        # BOLT 11, examples: "Please send $3 for a cup of coffee", to the same payment hash, within one minute
        example={
            "invoice": "lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5r"
            "qwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27k"
            "yke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh",
            "amount": "0.0025",
        },
        currencies=("BTC",), amounts=(1, MOST), decimals=11, open_amount=True,
        reference=Reference(field="payment_hash", rule="chosen by the node: 64 hexadecimal digits", pattern="[0-9a-f]{64}"),
        expires=True, confirmation="push", confirms="the node that made the invoice holds proof the moment it is paid",
    ),
)  # fmt: skip
