"""What a PN532's answers say of the card before it (UM0701-02, 7.3.5 and 7.3.8), on whatever wire they came."""

from __future__ import annotations

from devices.errors import ProtocolError, Timeout
from devices.protocol.tag_reading import Target

LIST_ONE_TYPE_A = bytes([0x4A, 0x01, 0x00])
RELEASE = bytes([0x52, 0x00])
EXCHANGE = bytes([0x40, 0x01])  # with target 1; the data follow
LISTED, EXCHANGED = 0x4B, 0x41

# UM0701-02, 7.1: what the low six bits of a status byte mean, as far as a card may cause it.
_TIMEOUT, _RELEASED, _GONE = 0x01, 0x29, 0x2B
_STATUS = {
    _TIMEOUT: "the card is silent", 0x02: "CRC error", 0x03: "parity error", 0x04: "wrong bit count", 0x05: "framing error",
    0x06: "bit collision", 0x07: "buffer too small", 0x09: "buffer overflow", 0x0A: "field not on in time",
    0x0B: "protocol error of the card", 0x0D: "overheated", 0x0E: "internal buffer overflow", 0x10: "invalid parameter",
    0x13: "wrong data format", 0x14: "authentication error", 0x23: "UID check byte is wrong", 0x25: "invalid state",
    0x26: "not allowed now", 0x27: "not acceptable now", _RELEASED: "released", 0x2A: "cards exchanged", _GONE: "the card is gone",
}  # fmt: skip


def target_of(response: bytes) -> Target | None:
    """The card in the answer to LIST_ONE_TYPE_A (4B NbTg Tg SENS_RES(2) SEL_RES NFCIDLength NFCID [ATS]); None for no card.

    Raises ProtocolError where the answer contradicts itself; its text holds no byte of the card's number.
    """
    if len(response) < 2 or response[0] != LISTED or response[1] > 1:
        raise ProtocolError(f"not an answer to a look for one card: {len(response)} bytes")
    if response[1] == 0 and len(response) == 2:
        return None
    if len(response) < 7 or response[2] != 1:
        raise ProtocolError(f"a card in {len(response)} bytes; 11 are the least")
    size, sel_res = response[6], response[5]
    uid, rest = response[7 : 7 + size], response[7 + size :]
    if size not in (4, 7, 10) or len(uid) != size:
        raise ProtocolError(
            f"a card's number of {size} bytes in an answer of {len(response)}; 4, 7 or 10 are right"
        )
    if rest and (rest[0] != len(rest) or not sel_res & 0x20):  # an ATS counts its own length byte
        raise ProtocolError(f"{len(rest)} bytes too many behind a card's number")
    return Target(uid, response[3:5], sel_res, rest)


def exchanged(response: bytes) -> bytes:
    """The card's answer in one to EXCHANGE (41 Status DATA). Raises Timeout where it was silent or has gone, ProtocolError."""
    if len(response) < 2 or response[0] != EXCHANGED:
        raise ProtocolError(f"not an answer to an exchange with a card: {len(response)} bytes")
    status = response[1] & 0x3F
    if status in (_TIMEOUT, _RELEASED, _GONE):
        raise Timeout(f"card: {_STATUS[status]}")
    if status:
        raise ProtocolError(f"card: {_STATUS.get(status, f'status {status:02X}')}")
    return response[2:]
