"""Whose an EMV code is: the profiles of the family, told apart by what stands in their account template.

Right or wrong, a code belongs to the profile whose identifier it carries, so that a broken one is refused for that
profile's reason. Where the identifiers of several stand in one code, currency and country decide; where they do not
decide either, and for identifiers unknown here, it is a generic code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fleet.payments.codecs import emv

GENERIC = "emvco"
PIX = "br.gov.bcb.pix"
PROMPTPAY_ANYID = "A000000677010111"
PROMPTPAY_BILL = "A000000677010112"
PAYNOW = "SG.PAYNOW"
VIETQR = "A000000727"
DUITNOW = "A0000006150001"


Objects = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Profile:
    """`mine`: is an account template this profile's? It is given the root's objects, the template's id and objects."""

    key: str
    currencies: tuple[str, ...]
    country: str
    mine: Callable[[Objects, str, Objects], bool]


def _carries(gui: str, also: Callable[[Objects], bool] = lambda account: True) -> Callable[..., bool]:
    """Is the identifier `gui`, and is it `also` of the kind this profile is about?"""

    def mine(_root: Objects, _tag: str, account: Objects) -> bool:
        return account.get("00", "").upper() == gui.upper() and also(account)

    return mine


def _bakong(root: Objects, tag: str, account: Objects) -> bool:
    """KHQR has no identifier of its own: object 00 of 29 or 30 is the account, name@bank, in Cambodia."""
    return tag in ("29", "30") and "@" in account.get("00", "") and root.get("58") == "KH"


_PROFILES = (
    _Profile("pix-dynamic", ("986",), "BR", _carries(PIX, lambda account: "25" in account)),
    _Profile(
        "pix-static", ("986",), "BR", _carries(PIX, lambda account: "01" in account and "25" not in account)
    ),
    _Profile(
        "promptpay-anyid", ("764",), "TH", _carries(PROMPTPAY_ANYID, lambda account: "04" not in account)
    ),
    _Profile("promptpay-bill", ("764",), "TH", _carries(PROMPTPAY_BILL)),
    _Profile("paynow-uen", ("702",), "SG", _carries(PAYNOW, lambda account: account.get("01") == "2")),
    _Profile("vietqr", ("704",), "VN", _carries(VIETQR, lambda account: account.get("02") == "QRIBFTTA")),
    _Profile("duitnow", ("458",), "MY", _carries(DUITNOW)),
    _Profile("khqr", ("116", "840"), "KH", _bakong),
)


@lru_cache(maxsize=8)  # each row of the table asks about the same payload
def of(payload: str) -> str:
    """The key of the profile a payload belongs to, right or wrong; `GENERIC` for none of them. Raises nothing."""
    root = emv.scan(payload)
    accounts = [(tag, emv.scan(value)) for tag, value in root.items() if int(tag) in emv.ACCOUNTS]
    named = [one for one in _PROFILES if any(one.mine(root, tag, account) for tag, account in accounts)]
    if len(named) > 1:
        named = [one for one in named if root.get("53") in one.currencies and root.get("58") == one.country]
    return named[0].key if len(named) == 1 else GENERIC


def recognises(key: str) -> Callable[[str], bool]:
    """For a row of the table: is a payload of the profile `key`?"""
    return lambda payload: of(payload) == key
