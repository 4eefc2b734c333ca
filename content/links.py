"""Addresses at a wall: what its QR codes say, and whose merit it is that somebody came. Pure, standard library only.

    {BASE}/{KIOSK}/{SPOT}/01/{GTIN14}      a product (GS1 Digital Link URI Syntax 1.4: a path stem may come before the key)
    {BASE}/{KIOSK}/{SPOT}/B/{DIGITS}       a basket carried to a phone (content.carry)
    {BASE}/{KIOSK}/{SPOT}/shop             the shop's front, for a phone that is held to the wall
    SPOT = {facing} | {facing}-{TOKEN}     facing 0: no particular one

Everything is upper case without `?`, so that a QR code holds it in alphanumeric mode (ISO/IEC 18004 table 5, 5.5 bits
a character instead of 8), and is read in any case.

A TOKEN is 80 bits as 16 characters of Crockford's base32: key id 4, last day 13 (days since 2024-01-01), release 12,
advert 11, and 40 of HMAC-SHA256 over those and kiosk and facing. It says which wall showed the link, for how long that
counts, with which prices and by which advert; it grants nothing. So 40 bits are enough: who guesses one in 10^12 has
moved a count by one. A token that is wrong or over is as good as none, for the reader; for the operator it is counted.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from enum import Enum
from typing import Final

from msgspec import Struct

from content.references import CROCKFORD

TOKEN_LENGTH: Final = 16
KIDS: Final = 16  # key ids are 0 to 15
MAX_FACING: Final = 2**31 - 1
LAST_DAY: Final = 2**13 - 1  # 2046-06-06
LIFE_DAYS: Final = 2  # a link counts on the day it is shown and on so many after it
KEY_BYTES: Final = 32
_EPOCH_DAYS: Final = 19_723  # 2024-01-01, in days since 1970-01-01
_DAY_S: Final = 86_400
_BITS: Final = (("kid", 4), ("day", 13), ("release", 12), ("advert", 11))
_MAC_BITS: Final = 40
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})  # Crockford: what people write for a digit
_SPOT: Final = re.compile(r"([0-9]{1,10})(?:-([0-9A-Za-z]{1,64}))?\Z")
_PATH: Final = re.compile(
    r"(?:/([^/?#]{1,64})/([0-9]{1,10}(?:-[0-9A-Za-z]{1,64})?))?/(01|gtin|B)/([0-9]{1,400})(?=[/?#]|\Z)",
    re.IGNORECASE | re.ASCII,
)
_AUTHORITY: Final = re.compile(r"\Ahttps?://[^/?#]*", re.IGNORECASE)


class BadLink(ValueError):
    """What is to be written into a link does not fit; says which part and what was expected."""


class Attribution(Enum):
    """What a link says of where it comes from."""

    SIGNED = "signed"
    EXPIRED = "expired"  # signed, and its last day is over
    TAMPERED = "tampered"  # a token that none of our keys has made for this place
    NONE = "none"  # no token at all


class Token(Struct, frozen=True, kw_only=True):
    """What a token says. `day`: the last on which it counts, from 2024-01-01 on; hashes are 0 for "not known"."""

    kid: int
    day: int
    release: int = 0  # release_hash of the store's version
    advert: int = 0  # advert_hash of its key


class Spot(Struct, frozen=True, kw_only=True):
    """A place at a wall, and what its link proves. `token` is given where it is signed, also if it is over."""

    kiosk: str  # as the link writes it; case carries no meaning
    facing: int
    attribution: Attribution = Attribution.NONE
    token: Token | None = None

    @property
    def counts(self) -> bool:
        """Whether this visit is the wall's merit."""
        return self.attribution is Attribution.SIGNED


class Link(Struct, frozen=True, kw_only=True):
    """A link's parts as text: `kind` is "01" or "B", `value` digits that nobody has checked."""

    kind: str
    value: str
    kiosk: str = ""  # "" where the link names no wall
    spot: str = ""


Keys = Callable[[int], bytes | None]  # the link key of a key id, None for one that is not in use


# --- keys and hashes ----------------------------------------------------------------------------------------------


def link_key(master: bytes, kid: int, kiosk: str) -> bytes:
    """The key a kiosk signs its links with. `kiosk` is its address (tenant/site/kiosk); `master` never leaves the fleet."""
    if not 0 <= kid < KIDS:
        raise BadLink(f"key id {kid}: expected 0 to {KIDS - 1}")
    return hmac.digest(master, f"endcap link {kid} {kiosk.lower()}".encode(), "sha256")


def release_hash(version: str) -> int:
    """Twelve bits that tell one release of a store from others; 0 for none."""
    return _hash(version, 12)


def advert_hash(key: str) -> int:
    """Eleven bits that tell one advert of a store from its others; 0 for none."""
    return _hash(key, 11)


def day_of(unix_s: int) -> int:
    """The day of a moment (UTC) as tokens count them: 0 is 2024-01-01."""
    return unix_s // _DAY_S - _EPOCH_DAYS


# --- writing ------------------------------------------------------------------------------------------------------


def sign(key: bytes, kiosk: str, facing: int, token: Token) -> str:
    """The token for a place as text. `kiosk` is the name in the link. Raises BadLink for what does not fit."""
    head = 0
    for name, bits in _BITS:
        value = getattr(token, name)
        if not 0 <= value < 1 << bits:
            raise BadLink(f"{name} {value}: expected 0 to {(1 << bits) - 1}")
        head = head << bits | value
    number = head << _MAC_BITS | _mac(key, kiosk, facing, head)
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(75, -1, -5))


def spot_text(facing: int, token: str = "") -> str:
    """`facing` or `facing-TOKEN`. Raises BadLink for a facing no shelf has."""
    if not 0 <= facing <= MAX_FACING:
        raise BadLink(f"facing {facing}: expected 0 to {MAX_FACING}")
    return f"{facing}-{token}" if token else str(facing)


def product_link(base: str, kiosk: str, facing: int, gtin: str, token: str = "") -> str:
    """The link of a product at a place of a wall. `base`: scheme, host and perhaps a port, without a slash at the end."""
    return f"{base}/{kiosk}/{spot_text(facing, token)}/01/{gtin}".upper()


def basket_link(base: str, kiosk: str, digits: str, facing: int = 0, token: str = "") -> str:
    """The link of a basket that is carried from a wall to a phone; `digits` by content.carry."""
    if not (digits.isascii() and digits.isdigit()):
        raise BadLink(f"basket {digits[:40]!r}: expected digits")
    return f"{base}/{kiosk}/{spot_text(facing, token)}/B/{digits}".upper()


def front_link(base: str, kiosk: str, token: str = "") -> str:
    """The link of the shop's front as seen from a wall. It is on no QR code, and its path is lower case."""
    return f"{base}/{kiosk}/{spot_text(0, token)}/shop"


# --- reading ------------------------------------------------------------------------------------------------------


def parse(text: str) -> Link | None:
    """The parts of a link, or of its path, in whatever case; None where there is neither a product nor a basket in it.

    Whatever stands before and behind is of no concern: paths grow, and query attributes are tolerated (URI Syntax 4.9).
    """
    if len(text) > 2048 or not text.isascii():
        return None
    found = _PATH.search(_AUTHORITY.sub("", text, count=1))
    if found is None:
        return None
    kind = "B" if found[3] in "Bb" else "01"
    if kind == "B" and not found[1]:
        return None  # a basket is always a wall's
    return Link(kind=kind, value=found[4], kiosk=found[1] or "", spot=found[2] or "")


def split_spot(text: str) -> tuple[int, str] | None:
    """(facing, token) of a SPOT, token "" where there is none; None for what is no spot. A facing too large reads as 0."""
    found = _SPOT.match(text)
    if found is None:
        return None
    facing = int(found[1])
    return facing if facing <= MAX_FACING else 0, (found[2] or "").upper()


def read(kiosk: str, spot: str, keys: Keys, today: int) -> Spot | None:
    """A place at a wall with what its token proves; None where `spot` is none at all.

    `keys` are those of this kiosk, `today` is day_of(now). Never raises: the text comes from the street.
    """
    parts = split_spot(spot)
    if parts is None:
        return None
    facing, text = parts
    if not text:
        return Spot(kiosk=kiosk, facing=facing)
    token = _verified(kiosk, facing, text, keys)
    if token is None:
        return Spot(kiosk=kiosk, facing=facing, attribution=Attribution.TAMPERED)
    state = Attribution.EXPIRED if today > token.day else Attribution.SIGNED
    return Spot(kiosk=kiosk, facing=facing, attribution=state, token=token)


def _verified(kiosk: str, facing: int, text: str, keys: Keys) -> Token | None:
    number = _number(text.translate(_READ_AS))
    if number is None:
        return None
    head, mac = number >> _MAC_BITS, number & (1 << _MAC_BITS) - 1
    values, rest = {}, head
    for name, bits in reversed(_BITS):
        values[name], rest = rest & (1 << bits) - 1, rest >> bits
    key = keys(values["kid"])
    if key is None:
        return None
    right = _mac(key, kiosk, facing, head)
    same = hmac.compare_digest(mac.to_bytes(5, "big"), right.to_bytes(5, "big"))
    return Token(**values) if same else None


def _number(text: str) -> int | None:
    if len(text) != TOKEN_LENGTH:
        return None
    number = 0
    for char in text:
        place = CROCKFORD.find(char)
        if place < 0:
            return None
        number = number << 5 | place
    return number


def _mac(key: bytes, kiosk: str, facing: int, head: int) -> int:
    """Of the place and of what is said: lengths first, so that no two places read alike."""
    name = kiosk.lower().encode("utf-8", "surrogatepass")
    message = (
        len(name).to_bytes(2, "big") + name + facing.to_bytes(4, "big") + head.to_bytes(_MAC_BITS // 8, "big")
    )
    return int.from_bytes(hmac.digest(key, message, "sha256")[: _MAC_BITS // 8], "big")


def _hash(text: str, bits: int) -> int:
    """1 to 2^bits - 1, so that 0 stays free for "none"."""
    if not text:
        return 0
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return digest % ((1 << bits) - 1) + 1
