"""PN532 commands and what their answers mean (NXP UM0701-02, section 7): payloads, the code first.

What is said of cards is in pn532_targets, for it comes over other wires as well.
"""

from __future__ import annotations

from typing import Final

from devices.errors import ProtocolError
from devices.protocol.pn532_targets import EXCHANGE

SAM_CONFIGURATION = bytes([0x14, 0x01, 0x00])  # normal mode, no timeout
# AutomaticRATS, and ISO 14443-4 PICC for the tag we play; no automatic ATR_RES: we are no peer-to-peer device.
SET_PARAMETERS = bytes([0x12, 0x10 | 0x20])
TARGET_GET_DATA = bytes([0x86])
INITIAL_RF_ON = bytes(
    [0x08, 0x63, 0x05, 0x04]
)  # WriteRegister CIU_TxAuto: a field from outside wakes the target

DIAGNOSE, TARGET_SET_DATA, INIT_AS_TARGET = 0x00, 0x8E, 0x8C
MOST_DATA: Final = 262  # bytes of InDataExchange and TgSetData


def data_exchange(data: bytes) -> bytes:
    """Send `data` to the listed card; b"" asks for the rest of a long answer. Raises ProtocolError where it is too long."""
    if len(data) > MOST_DATA:
        raise ProtocolError(f"a PN532 takes {MOST_DATA} bytes for a card, not {len(data)}")
    return EXCHANGE + data


def diagnose_line(nonce: bytes) -> bytes:
    """The communication line test: the chip says it back."""
    return bytes([DIAGNOSE, 0x00]) + nonce


def init_as_target(nfcid: bytes) -> bytes:
    """Play an ISO 14443-4 tag until a field comes. `nfcid`: 3 bytes, the chip puts 08 before them (7.3.14).

    Mode 05: passive only, ISO 14443-4 PICC only; the chip answers the RATS itself. SENS_RES goes low byte first.
    """
    if len(nfcid) != 3:
        raise ValueError("NFCID1 of a target has 3 bytes")
    mifare = bytes.fromhex("0400") + nfcid + b"\x20"
    return bytes([INIT_AS_TARGET, 0x05]) + mifare + bytes(18) + bytes(10) + b"\x00\x00"


def target_set_data(data: bytes) -> bytes:
    """Answer the phone."""
    return bytes([TARGET_SET_DATA]) + data


def firmware_of(answer: bytes) -> str:
    """ "1.6" from 03 32 01 06 07. Raises ProtocolError where it is no PN532's."""
    if len(answer) != 5 or answer[1] != 0x32:
        raise ProtocolError(f"not a PN532: firmware answer {answer.hex()}")
    return f"{answer[2]}.{answer[3]}"


def more_follows(answer: bytes) -> bool:
    """Whether the status byte says that the rest comes with the next command (MI)."""
    return len(answer) > 1 and bool(answer[1] & 0x40)


def heard_from_phone(answer: bytes) -> bytes | None:
    """The APDU in TgGetData's answer, or b"" in TgSetData's; None where the phone has gone or says what the chip does not understand.

    29 is "released by its initiator", 13 a frame of a wrong format: both end the visit.
    """
    return answer[2:] if len(answer) > 1 and answer[1] & 0x3F == 0 else None
