"""Bech32 and bech32m (BIP-173, BIP-350): text of 32 characters with a checksum of six."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fleet.payments.codecs.errors import BadPayload

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32, BECH32M = 1, 0x2BC830A3  # what the polynomial must leave
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_VALUES = {char: value for value, char in enumerate(CHARSET)}


def read(field: str, text: str, at: int | None = None) -> tuple[str, list[int], int]:
    """Human-readable part (lower case), the 5-bit values without checksum, and BECH32 or BECH32M.

    Raises BadPayload for mixed case, other characters, a wrong checksum; the length is the caller's to limit.
    """
    if text.lower() != text and text.upper() != text:
        raise BadPayload(field, "all upper or all lower case", at)
    prefix, separator, data = text.lower().rpartition("1")
    if not separator or not prefix or len(data) < 6:
        raise BadPayload(field, "a prefix, 1, data and a checksum of six", at)
    if not all("!" <= char <= "~" for char in prefix):
        raise BadPayload(field, "ASCII before the last 1", at)
    values = []
    for index, char in enumerate(data, len(prefix) + 1):
        if char not in _VALUES:
            raise BadPayload(field, f"{char!r} is none of {CHARSET}", None if at is None else at + index)
        values.append(_VALUES[char])
    kind = _polymod([*_expanded(prefix), *values])
    if kind not in (BECH32, BECH32M):
        raise BadPayload(field, "the checksum is wrong", None if at is None else at + len(text) - 6)
    return prefix, values[:-6], kind


def write(prefix: str, values: Sequence[int], kind: int) -> str:
    """The text of 5-bit values, in lower case."""
    rest = _polymod([*_expanded(prefix), *values, 0, 0, 0, 0, 0, 0]) ^ kind
    checksum = [rest >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{prefix}1{''.join(CHARSET[value] for value in [*values, *checksum])}"


def number(values: Iterable[int]) -> int:
    """5-bit values as one big-endian number."""
    total = 0
    for value in values:
        total = total << 5 | value
    return total


def octets(values: Sequence[int]) -> bytes | None:
    """The whole bytes in 5-bit values; None where what is left over is more than padding of zeros."""
    spare = len(values) * 5 % 8
    total = number(values)
    if spare >= 5 or total & ((1 << spare) - 1):
        return None
    return (total >> spare).to_bytes(len(values) * 5 // 8, "big")


def _expanded(prefix: str) -> list[int]:
    return [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]


def _polymod(values: Iterable[int]) -> int:
    rest = 1
    for value in values:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            if top >> bit & 1:
                rest ^= term
    return rest
