"""What a kiosk that belongs to nobody yet and a fleet say to each other, over HTTP, and the code both compare.

    POST /enrol   Ask -> Told        again and again, until it is approved: safe to repeat, nothing hangs on one answer

A kiosk that is in comes back to the same door for its next certificate, also where the last one has expired: it may have
stood in a cellar for half a year, and no broker would let it in to ask there.

The code stands on the glass and on the operator's page, and a person compares the two. It is made of the kiosk's public
key and the fleet's root certificate, so it differs as soon as somebody in between swaps either, and no other device comes
in under this one's name. Both sides work it out for themselves; it is never sent. That the kiosk talks to the right fleet
in the first place is what HTTPS is for.

40 bits are enough because each try is expensive: scrypt makes one code cost about 50 ms and 16 MiB. Whoever wants another
key with the same code needs 2^40 tries on average, over 1,700 years of one core, and a kiosk's request lives for a day.
"""

from __future__ import annotations

import hashlib
from typing import Final

from msgspec import Struct

from mqtt.messages import Message

PATH: Final = "/enrol"
ALPHABET: Final = (
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: nothing that is read for something else
)
CODE_CHARACTERS: Final = 8
COST: Final = 2**14  # scrypt's N; with r = 8 it takes 16 MiB
MAX_BYTES: Final = 16_384  # of an Ask or a Told

PENDING: Final = "pending"  # a person has yet to decide
APPROVED: Final = "approved"
REJECTED: Final = "rejected"
BUSY: Final = "busy"  # too many ask now; nothing was noted
EXPIRED: Final = "expired"  # asked for a day in vain: make a new key, which gives a new code


class Ask(Message, frozen=True, kw_only=True):
    """A kiosk asks to be let in, or for its next certificate. What it says of itself is shown, never believed.

    `renews`: the serial of the certificate it has (40 hexadecimal digits), and `proof`: the signature of that one's key
    over `request` (ECDSA with SHA-256, DER, hexadecimal). Both or neither; with them no person is asked.
    """

    request: str  # a certificate request (PKCS 10) over its key, PEM
    renews: str = ""
    proof: str = ""
    board: str = ""  # what the board calls itself
    machine: str = ""  # kiosk.identity.machine
    version: str = ""  # of its software


class Place(Struct, frozen=True, kw_only=True):
    """Which kiosk it is from now on, and where its broker listens."""

    tenant: str
    site: str
    kiosk: str
    host: str
    port: int
    server_name: str = ""


class Told(Message, frozen=True, kw_only=True):
    """What the fleet answers. `state` is one of the words above."""

    state: str
    ca: str  # the fleet's root certificate, PEM
    at_ms: int  # the fleet's wall clock
    poll_s: int  # ask again after so long
    reason: str = ""  # why it was rejected, in the operator's words
    certificate: str = ""  # with its chain, where approved, PEM
    place: Place | None = None


def code_of(public_key: bytes, root: bytes) -> str:
    """The code of a key under an authority, "K7Q2-9MXT". Both are DER: SubjectPublicKeyInfo, and the root certificate.

    Takes about 50 ms on purpose.
    """
    secret = hashlib.sha256(public_key).digest() + hashlib.sha256(root).digest()
    raw = hashlib.scrypt(secret, salt=b"endcap enrolment 1", n=COST, r=8, p=1, dklen=5)
    number = int.from_bytes(raw, "big")
    digits = [ALPHABET[(number >> shift) & 31] for shift in range(35, -1, -5)]
    return "".join(digits[:4]) + "-" + "".join(digits[4:])
