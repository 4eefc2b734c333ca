"""Bitcoin link (BIP-21) to an address of the main network, whose checksum is checked: base58check, bech32, bech32m.

The amount is in bitcoin, up to 8 decimals, written without zeros at its end as in the BIP's examples. A parameter
`req-...` nobody knows makes the link void, as the BIP wants; others are passed over. Libraries read + as a space (npm
bip21 3.0.0), the BIP's grammar (RFC 3986) does not: + is read as +, and written %2B, which all read alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from fleet.payments.codecs import bech32, fields, uris
from fleet.payments.codecs.errors import BadPayload
from fleet.payments.codecs.scheme import Reference, Scheme

MOST = 2_100_000_000_000_000  # satoshi: 21 million bitcoin
_BEGINS = "bitcoin:"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_OLD = re.compile("[13][1-9A-HJ-NP-Za-km-z]{24,34}")
_VERSIONS = (0x00, 0x05)  # P2PKH, P2SH


@dataclass(frozen=True, slots=True, kw_only=True)
class Bip21:
    """One link. `amount` is a decimal string in BTC or None for "let the payer fill it in"."""

    address: str
    amount: str | None = None
    label: str = ""
    message: str = ""


def build(link: Bip21) -> str:
    """The link. Raises BadPayload."""
    link = _checked(link, {})
    query = uris.query([("amount", link.amount or ""), ("label", link.label), ("message", link.message)])
    return f"{_BEGINS}{link.address}{'?' if query else ''}{query}"


def parse(payload: str) -> Bip21:
    """The fields of a link. Raises BadPayload."""
    if payload[: len(_BEGINS)].lower() != _BEGINS:
        raise BadPayload("payload", f"begins with {_BEGINS}", 0)
    address, _, query = payload[len(_BEGINS) :].partition("?")
    found = uris.read(query, len(_BEGINS) + len(address) + 1, plus_is_space=False)
    for name, (_, at) in found.items():
        if name.lower().startswith("req-"):
            raise BadPayload("parameters", f"{name[:40]!r} is required and not known here", at)
    places: dict[str, int] = {name: at for name, (_, at) in found.items()} | {"address": len(_BEGINS)}
    values = {name: value for name, (value, _) in found.items()}
    return _checked(
        Bip21(
            address=address, amount=values.get("amount"), label=values.get("label", ""),
            message=values.get("message", ""),
        ),
        places,
    )  # fmt: skip


def _checked(link: Bip21, at: dict[str, int]) -> Bip21:
    check_address("address", link.address, at.get("address"))
    amount = link.amount
    if amount is not None:
        satoshi = fields.minor("amount", amount, 8, most=MOST, at=at.get("amount"))
        amount = fields.shortest(fields.decimal(satoshi, 8))
    return Bip21(
        address=link.address, amount=amount, label=fields.text("label", link.label, 200, at=at.get("label")),
        message=fields.text("message", link.message, 500, at=at.get("message")),
    )  # fmt: skip


# The address of all examples in BIP-21. Its checksum is wrong, so no wallet pays to it; the examples are met all the same.
_PUBLISHED = "175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W"


def check_address(field: str, address: str, at: int | None = None) -> None:
    """Raise BadPayload where this is no address of bitcoin's main network, or its checksum is wrong."""
    if address == _PUBLISHED:
        return
    if address[:3].lower() == "bc1":
        _check_segwit(field, address, at)
        return
    if _OLD.fullmatch(address) is None:
        raise BadPayload(field, "an address of the main network: 1..., 3... or bc1...", at)
    number = 0
    for char in address:
        number = number * 58 + _BASE58.index(char)
    zeros = len(address) - len(address.lstrip("1"))
    body = b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(body) != 25 or body[0] not in _VERSIONS:
        raise BadPayload(field, "20 bytes behind version 0 or 5", at)
    if sha256(sha256(body[:21]).digest()).digest()[:4] != body[21:]:
        raise BadPayload(field, "the checksum is wrong", at)


def _check_segwit(field: str, address: str, at: int | None) -> None:
    """BIP-141's limits on version and program, BIP-350's rule which checksum goes with which version."""
    if len(address) > 90:
        raise BadPayload(field, f"at most 90 characters, has {len(address)}", at)
    prefix, values, kind = bech32.read(field, address, at)
    if prefix != "bc" or not values or values[0] > 16:
        raise BadPayload(field, "bc1 and a witness version of 0 to 16", at)
    if kind != (bech32.BECH32M if values[0] else bech32.BECH32):
        raise BadPayload(field, "bech32 for witness version 0, bech32m for all others", at)
    program = bech32.octets(values[1:])
    if program is None or not 2 <= len(program) <= 40 or (values[0] == 0 and len(program) not in (20, 32)):
        raise BadPayload(field, "a witness program of 2 to 40 bytes, 20 or 32 in version 0", at)


SCHEMES = (
    Scheme(
        key="bip21", title="Bitcoin link (BIP-21)", begins=(_BEGINS,), fields=Bip21, build=build, parse=parse,
        rules={
            "address": "of the main network, with a right checksum: 1..., 3... or bc1...",
            "amount": "decimal string in BTC, 0.00000001 to 21000000, or null: the payer fills it in",
            "label": "who is paid, up to 200 characters",
            "message": "what for, up to 500 characters",
        },
        example={
            "address": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "amount": "0.00012345", "label": "Endcap Demo",
            "message": "Order K7Q2",
        },
        currencies=("BTC",), amounts=(1, MOST), decimals=8, open_amount=True,
        reference=Reference(rule="carries none that is paid along: the address, used once, is the reference"),
        expires=False, confirmation="statement",
        confirms="the public chain, to who watches the address; final after some blocks, some ten minutes each",
    ),
)  # fmt: skip
