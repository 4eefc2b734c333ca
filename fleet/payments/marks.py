"""The marks commuters know, and whose codes may stand behind each.

A mark is the key of a method. What a wall shows under a mark must be a code of one of its schemes, whoever made it: a
provider's own payload is read back, and its amount and currency compared, before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from content.money import Money
from fleet.payments.codecs import SCHEMES, BadPayload, Scheme, emv

# A wall's code has to be read from 2 m: 12 px per module on 1080 px (0.369 mm pitch, 3 camera pixels per module, as
# measured for kiosk.qr) leave 90 modules with the quiet zone: version 15 (77 + 8). Byte mode at level M holds 412 bytes.
MOST_BYTES: Final = 412
MOST_ADDRESS: Final = 4096  # characters of an address a phone follows and nobody scans
_TIPS: Final = ("55", "56", "57")  # EMVCo: tip or convenience indicator, and how much


@dataclass(frozen=True, slots=True)
class Mark:
    """What may stand behind a mark. `schemes`: keys of SCHEMES, any of them. `own_unit`: the code's unit is not the
    order's currency (bitcoin), so that only its provider can compare amounts."""

    schemes: tuple[str, ...] = ()
    own_unit: bool = False

    def known(self) -> tuple[Scheme, ...]:
        """Its schemes as far as there are codecs for them."""
        return tuple(SCHEMES[key] for key in self.schemes if key in SCHEMES)


MARKS: Final[Mapping[str, Mark]] = {
    "link": Mark(),  # the address of the provider's payment page
    "card": Mark(),  # nothing is shown
    "epc": Mark(("epc",)),
    "swiss": Mark(("swiss",)),
    "pix": Mark(("pix-dynamic",)),
    "pix-static": Mark(("pix-static",)),
    "promptpay": Mark(("promptpay-bill", "promptpay-anyid")),
    "paynow": Mark(("paynow-uen",)),
    "vietqr": Mark(("vietqr",)),
    "duitnow": Mark(("duitnow",)),
    "khqr": Mark(("khqr",)),
    "upi": Mark(("upi",)),
    "wechat": Mark(("wechat",)),
    "alipay": Mark(("alipay",)),
    "bitcoin": Mark(("bip21",), own_unit=True),
    "lightning": Mark(("bolt11",), own_unit=True),
}


def check(key: str, schemes: tuple[str, ...], amount: Money, payload: str, *, scanned: bool = True) -> None:
    """Raises BadPayload where `payload` must not be shown under the mark `key` for `amount`.

    `schemes`: those it may be in; `scanned`: whether a camera has to read it off a wall.
    """
    size = len(payload.encode())
    if scanned and size > MOST_BYTES:
        raise BadPayload("payload", f"at most {MOST_BYTES} bytes can be read off a wall, are {size}")
    if key == "link":
        _check_address(payload)
    elif schemes:
        _check_code(key, schemes, amount, payload)


def _check_address(payload: str) -> None:
    if not payload.lower().startswith(("https://", "http://")) or any(map(str.isspace, payload)):
        raise BadPayload("payload", "a web address expected")
    if len(payload) > MOST_ADDRESS:
        raise BadPayload("payload", f"at most {MOST_ADDRESS} characters")


def _check_code(key: str, schemes: tuple[str, ...], amount: Money, payload: str) -> None:
    owners = [SCHEMES[name] for name in schemes if name in SCHEMES and SCHEMES[name].owns(payload)]
    if not owners:
        raise BadPayload("payload", f"a code of {' or '.join(schemes)} expected")
    fields = owners[0].parse(payload)
    asks = owners[0].asks(fields)
    if asks is None and owners[0].amount_in_code:
        raise BadPayload("amount", "the code leaves it to the payer")
    _check_fixed(fields, payload)
    if asks is None or MARKS[key].own_unit:
        return  # the code leaves it to its provider, who was told
    decimal, currency = asks
    if currency != amount.currency:
        raise BadPayload("currency", f"{amount.currency} was ordered, the code says {currency}")
    if Decimal(decimal) != Decimal(amount.decimal()):
        raise BadPayload("amount", f"{amount.decimal()} was ordered, the code says {decimal}")


def _check_fixed(fields: object, payload: str) -> None:
    """Raises BadPayload where the payer may pay another amount than the one the code says: an editable PayNow, a tip or
    fee of EMVCo (objects 55 to 57, MPM 1.1 section 4.6), a least amount of UPI (`mam`, NPCI's linking specification).
    """
    if getattr(fields, "editable", False):
        raise BadPayload("editable", "the payer may change the amount")
    if payload[:4] == "0002":
        tip = next((tag for tag in _TIPS if tag in emv.unseal(payload)), "")
        if tip:
            raise BadPayload(tip, "the payer's app would add a tip or a fee")
    if payload[:4].lower() == "upi:":
        said = dict(parse_qsl(urlsplit(payload).query))
        least = said.get("mam", "")
        if least not in ("", "null", said.get("am", "")):  # NPCI's own example says null
            raise BadPayload("mam", "the payer may change the amount")
