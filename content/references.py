"""Names of orders and charges, claim codes and basket codes; kiosk and fleet must agree on them to the letter.

A reference is made of its order's name and is public: it stands in payment QR codes and on bank statements. A claim
code hands over goods, so it is chance and follows from nothing that can be seen.
"""

from __future__ import annotations

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: nothing to misread
ORDER_LENGTH = 15
CHECK_LENGTH = 4
MAX_ATTEMPTS = len(CROCKFORD)  # one character of a reference counts them
CLAIM_BYTES = 5  # of chance in a claim code: 40 bits, 8 characters
BASKET_BITS = 30  # of chance in a basket code
BASKET_LENGTH = 6  # characters of it

_LONGEST_TYPED = 40  # characters of what may be a claim code; more is not looked at
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})  # Crockford: what people write for a digit
_BETWEEN = str.maketrans(
    "", "", " -\t\u00a0\u2010\u2011\u2012\u2013\u2014\u2212"
)  # spaces and dashes, phones change them


class BadOrder(ValueError):
    """An order's name that is not 15 characters of Crockford's base32: the caller's mistake."""


def reference_of(order: str, attempt: int) -> str:
    """The 16-character name of an order's charge; `attempt` counts from 0. Raises BadOrder."""
    if len(order) != ORDER_LENGTH or not set(order) <= set(CROCKFORD):
        raise BadOrder(f"{order!r}: an order is {ORDER_LENGTH} characters of {CROCKFORD}")
    if not 0 <= attempt < MAX_ATTEMPTS:
        raise BadOrder(f"attempt {attempt}: an order is tried at most {MAX_ATTEMPTS} times")
    return order + CROCKFORD[attempt]


def check_of(reference: str) -> str:
    """The first characters of a reference, which wall and payment app both show, so that a payer sees whose code it is.

    The description of its charge begins with it: a sticker over the code would show another.
    """
    return reference[:CHECK_LENGTH]


def claim_of(chance: bytes | int) -> str:
    """40 bits of chance as a claim code, "K7Q2-9MXT"; an int counts as 5 bytes, big-endian.

    The bits come from a source nobody can foresee (`secrets`). Raises ValueError for more or fewer of them.
    """
    if isinstance(chance, bytes) and len(chance) != CLAIM_BYTES:
        raise ValueError(f"{len(chance)} bytes: a claim code is made of {CLAIM_BYTES}")
    number = chance if isinstance(chance, int) else int.from_bytes(chance, "big")
    if not 0 <= number < 1 << 8 * CLAIM_BYTES:
        raise ValueError(f"a claim code is made of {8 * CLAIM_BYTES} bits")
    text = "".join(CROCKFORD[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{text[:4]}-{text[4:]}"


def parse_claim(text: str) -> str | None:
    """What somebody typed, said or scanned as the claim code it means, "K7Q2-9MXT"; None where it can be none.

    Case, dashes and spaces do not count; O reads as 0, I and L as 1 (Crockford's base32). U is no letter of it.
    """
    code = _typed(text)
    return f"{code[:4]}-{code[4:]}" if code and len(code) == 8 else None


def basket_code_of(chance: int) -> str:
    """30 bits of chance as the code a basket is fetched by at a kiosk, "K7Q-2M9".

    The bits come from a source nobody can foresee (`secrets`). Raises ValueError for more of them.
    """
    if not 0 <= chance < 1 << BASKET_BITS:
        raise ValueError(f"a basket code is made of {BASKET_BITS} bits")
    text = "".join(CROCKFORD[chance >> shift & 31] for shift in range(BASKET_BITS - 5, -1, -5))
    return f"{text[:3]}-{text[3:]}"


def parse_basket_code(text: str) -> str | None:
    """What somebody typed as the basket code it means, "K7Q-2M9"; None where it can be none. Read as `parse_claim` reads."""
    code = _typed(text)
    return f"{code[:3]}-{code[3:]}" if code and len(code) == BASKET_LENGTH else None


def _typed(text: str) -> str | None:
    """What somebody typed in letters of CROCKFORD, None where it holds anything else."""
    if len(text) > _LONGEST_TYPED:
        return None
    plain = text.strip().translate(_BETWEEN)
    if not plain.isascii():
        return None
    code = plain.upper().translate(_READ_AS)
    return code if set(code) <= set(CROCKFORD) else None
