"""What a kiosk's glass can show: whether a phone could read a payload from it. Pure, and without an encoder.

The agent asks before anybody sees a code, the screen then draws it with at least the pixels counted on here.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from kiosk.views import Panel

NEAREST_MM: Final = 1000  # a code that is read only from nearer than an arm and a step is none for a wall
CODE_SHARE: Final = (
    0.6  # of the panel's shorter side, which the pay screen keeps for its code in every layout
)
QUIET: Final = 4  # modules of white on either side (ISO/IEC 18004, 9.1)
_ALPHANUMERIC: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
_DIGITS: Final = frozenset("0123456789")
# ISO/IEC 18004, table 7: bytes in a symbol of version 1, 2, ... 40 at level M.
BYTES_AT_M: Final = (
    14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666,
    711, 779, 857, 911, 997, 1059, 1125, 1190, 1264, 1370, 1452, 1538, 1628, 1722, 1809, 1911, 1989, 2099, 2213, 2331,
)  # fmt: skip


def version_of(payload: str) -> int:
    """The version of QR code a payload needs at level M, at most: the encoder may do with less. 41: there is none."""
    kinds = set(payload)
    bits = 10 / 3 if kinds <= _DIGITS else 5.5 if kinds <= _ALPHANUMERIC else 8.0
    count = len(payload) if bits < 8 else len(payload.encode())
    return bisect_left(BYTES_AT_M, count * bits / 8) + 1


def largest_version(panel: Panel) -> int:
    """The largest version a phone one metre away can read from that glass."""
    modules = int(min(panel.width, panel.height) * CODE_SHARE) // panel.module(NEAREST_MM) - 2 * QUIET
    return min(40, (modules - 17) // 4)


def can_show(payload: str, panel: Panel) -> bool:
    """Whether a phone could read a payload's code from that glass."""
    return version_of(payload) <= largest_version(panel)
