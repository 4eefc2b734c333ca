"""What a phone gets that is held to the reader: the address its camera would read from the glass. Pure.

The tap and the QR code never disagree, because both are read from the same view.
"""

from __future__ import annotations

import re
from typing import Final

from kiosk.views import (
    Attract,
    Basket,
    CodeEntry,
    CodeResult,
    CodeWait,
    ProductDetail,
    Thanks,
    View,
    Wall,
)

_ORIGIN: Final = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def address_of(view: View, front: str) -> str:
    """The address to offer beside a view: its product, its basket, the shop's `front` otherwise; "" while somebody pays or the
    wall does not sell, for then the reader is the payment's or the technician's.
    """
    match view:
        case ProductDetail(facing=facing):
            return tapped(facing.qr)
        case Basket(carry=carry) if carry:
            return tapped(carry)
        case Attract() | Wall() | Basket() | Thanks() | CodeEntry() | CodeWait() | CodeResult():
            return tapped(front)
        case _:
            return ""


def tapped(address: str) -> str:
    """An address as a tag carries it. QR codes are upper case for their size; Android compares a tag's scheme letter by
    letter, and scheme and host mean the same in lower case (RFC 3986, 6.2.2.1).
    """
    return _ORIGIN.sub(lambda found: found[0].lower(), address, count=1)
