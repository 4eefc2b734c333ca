"""Contactless cards as PC/SC readers show them (PC/SC 2.01, part 3): an ATR for what is there, pseudo-APDUs for its number
and pages. No error's text holds an answer's bytes.
"""

from __future__ import annotations

from devices.errors import ProtocolError, Timeout
from devices.protocol import apdu, type2
from devices.protocol.tag_reading import CLASSIC, ISO_DEP, Target

GET_UID = bytes.fromhex("FFCA000000")
_RID = bytes.fromhex("A000000306")  # the PC/SC workgroup's: the ATR of a card that is no ISO 14443-4 one
_TYPE_A = 0x03  # ISO 14443 A, part 3
_ULTRALIGHT = 0x0003  # MIFARE Ultralight, and with it all NTAG
_NOT_THERE = {0x6300, 0x6400, 0x6401}  # the card is silent or has gone


def uid_of(answer: bytes) -> bytes:
    """A card's number, the answer to GET_UID. Raises Timeout where it has gone, ProtocolError."""
    given = _done(answer)
    if len(given) not in (4, 7, 10):
        raise ProtocolError(f"a card's number of {len(given)} bytes; 4, 7 or 10 are right")
    return given


def sel_res_of(atr: bytes) -> int | None:
    """What kind of card an ATR stands for, as its SEL_RES would say; None for one that is not ISO 14443 type A.

    Raises ProtocolError where it is none, or its check byte is wrong.
    """
    check = 0
    for byte in atr[1:]:
        check ^= byte
    size = atr[1] & 0x0F if len(atr) > 4 else 0
    if (
        len(atr) < 5
        or atr[0] != 0x3B
        or atr[1] >> 4 != 8
        or atr[2:4] != b"\x80\x01"
        or len(atr) != size + 5
        or check
    ):
        raise ProtocolError(f"not a contactless card's answer to reset: {len(atr)} bytes")
    history = atr[4:-1]
    if len(history) < 11 or history[:2] != b"\x80\x4f" or history[3:8] != _RID:
        return ISO_DEP
    if history[8] != _TYPE_A:
        return None
    return 0x00 if int.from_bytes(history[9:11], "big") == _ULTRALIGHT else CLASSIC


def target(atr: bytes, uid: bytes) -> Target | None:
    """The card, None where it is of another type. Raises ProtocolError."""
    sel_res = sel_res_of(atr)
    return None if sel_res is None else Target(uid, b"", sel_res, b"")


def question(data: bytes) -> bytes:
    """What carries a tag's command: READ as READ BINARY of pages, an APDU as it is."""
    if len(data) == 2 and data[0] == type2.READ:
        return apdu.command(0xB0, 0, data[1], expect=16, cla=0xFF)
    return data


def answered(data: bytes, answer: bytes) -> bytes:
    """The tag's answer to the command `data`. Raises Timeout where it is silent, ProtocolError."""
    if len(data) == 2 and data[0] == type2.READ:
        return _done(answer)
    apdu.answer(answer)
    return answer


def _done(answer: bytes) -> bytes:
    given = apdu.answer(answer)
    if given.status in _NOT_THERE:
        raise Timeout("card: it is silent or has gone")
    if not given.done:
        raise ProtocolError(f"card: status {given.status:04X}")
    return given.data
