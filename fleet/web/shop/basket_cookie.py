"""The basket a phone keeps: products, quantities and the totals that were shown, in one cookie. Pure.

    1:{kiosk}:{spot}:{order}:{digits}:{minor.minor...}

It holds what content.carry packs, the wall it was begun at, the name the order's page will have, and per line the total its
owner has seen, so that a changed price can be said. Nothing in it is believed: prices come from the store, the order's
name is chance, and whoever changes it changes what they are told themselves (docs/adr/0006-basket-in-a-cookie.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct, structs

from content.carry import MOST_LINES, BadCarry, pack, unpack
from content.references import CROCKFORD, ORDER_LENGTH

COOKIE: Final = "basket"
LIFE_S: Final = 7 * 86_400
MOST: Final = 20  # pieces of one product, as at the wall
_KIOSK: Final = re.compile(r"[A-Za-z0-9_-]{0,32}", re.ASCII)
_SPOT: Final = re.compile(r"[0-9]{1,10}(?:-[0-9A-Za-z]{1,64})?", re.ASCII)
_SEEN: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})*", re.ASCII)
_ORDER: Final = re.compile(rf"[{CROCKFORD}]{{{ORDER_LENGTH}}}")


class Piece(Struct, frozen=True):
    """A line: so many of a product, and the total its owner has seen for them, in minor units."""

    gtin: str
    quantity: int
    seen: int


class Basket(Struct, frozen=True, kw_only=True):
    """What a phone has in its basket. `kiosk` and `spot` as in the address it was begun at; "" and "0" at no wall."""

    pieces: tuple[Piece, ...] = ()
    kiosk: str = ""
    spot: str = "0"
    order: str = ""  # the name of the page of the order it becomes (fleet.web.shop.lane.order_of)

    def __bool__(self) -> bool:
        return bool(self.pieces)

    @property
    def count(self) -> int:
        """Pieces in it."""
        return sum(piece.quantity for piece in self.pieces)

    @property
    def lines(self) -> list[tuple[str, int]]:
        """(GTIN, quantity), as content.carry takes them."""
        return [(piece.gtin, piece.quantity) for piece in self.pieces]

    @property
    def digits(self) -> str:
        """Packed by content.carry; "" where it is empty."""
        return pack(self.lines) if self.pieces else ""

    def quantity_of(self, gtin: str) -> int:
        """Pieces of a product in it."""
        return sum(piece.quantity for piece in self.pieces if piece.gtin == gtin)


def read(text: str) -> Basket:
    """The basket of a cookie; an empty one for whatever `write` does not make."""
    parts = text.split(":")
    if len(parts) != 6 or parts[0] != "1":
        return Basket()
    _, kiosk, spot, order, digits, seen = parts
    if not (_KIOSK.fullmatch(kiosk) and _SPOT.fullmatch(spot) and _ORDER.fullmatch(order)):
        return Basket()
    if not _SEEN.fullmatch(seen):
        return Basket()
    try:
        lines = unpack(digits)
    except BadCarry:
        return Basket()
    totals = [int(each) for each in seen.split(".")]
    if len(totals) != len(lines):
        return Basket()
    pieces = tuple(
        Piece(gtin, min(quantity, MOST), total) for (gtin, quantity), total in zip(lines, totals, strict=True)
    )
    return Basket(pieces=pieces, kiosk=kiosk, spot=spot, order=order)


def write(basket: Basket) -> str:
    """The cookie's value; "" for an empty basket."""
    if not basket.pieces:
        return ""
    seen = ".".join(str(piece.seen) for piece in basket.pieces)
    return f"1:{basket.kiosk}:{basket.spot}:{basket.order}:{basket.digits}:{seen}"


def place(kiosk: str, spot: str) -> tuple[str, str]:
    """Kiosk and spot of an address as a basket keeps them; ("", "0") where they can be none."""
    if kiosk and _KIOSK.fullmatch(kiosk) and _SPOT.fullmatch(spot):
        return kiosk, spot
    return "", "0"


def with_piece(basket: Basket, gtin: str, quantity: int, seen: int) -> Basket:
    """The basket with exactly so many of a product; 0 takes it out. What does not fit any more leaves it as it was."""
    if quantity < 1:
        kept = tuple(piece for piece in basket.pieces if piece.gtin != gtin)
        return structs.replace(basket, pieces=kept)
    piece = Piece(gtin, min(quantity, MOST), min(seen, 999_999_999))
    if basket.quantity_of(gtin):
        pieces = tuple(piece if each.gtin == gtin else each for each in basket.pieces)
    elif len(basket.pieces) < MOST_LINES:
        pieces = (*basket.pieces, piece)
    else:
        return basket
    return structs.replace(basket, pieces=pieces)


def with_lines(basket: Basket, lines: Iterable[tuple[str, int, int]]) -> Basket:
    """The basket with the lines (GTIN, quantity, total seen) of another put in: of each product the larger quantity.

    So a link opened twice, or a basket carried there and back, is not there twice. What does not fit is left out.
    """
    for gtin, quantity, seen in lines:
        if quantity > basket.quantity_of(gtin):
            basket = with_piece(basket, gtin, quantity, seen)
    return basket


def seen_now(basket: Basket, totals: dict[str, int]) -> Basket:
    """The basket after its owner was shown these totals by GTIN; lines without one can be had no more and leave."""
    pieces = tuple(
        structs.replace(piece, seen=totals[piece.gtin]) for piece in basket.pieces if piece.gtin in totals
    )
    return structs.replace(basket, pieces=pieces)
