"""ACR122U's pseudo-APDUs (ACS API 2.04): what the reader itself does, and the PN532 inside it by "direct transmit".

All pure. A check takes an answer apart and raises ProtocolError where it is not one to the command that was sent: on firmware
215 and 216 it may be the answer to the one before. No error's text holds an answer's bytes: they may be a card's number.
"""

from __future__ import annotations

from devices.errors import ProtocolError, Timeout
from devices.protocol import apdu, pn532

VERSION = bytes.fromhex("FF00480000")
GET_UID = bytes.fromhex("FFCA000000")
# Bit 7 would have the firmware look for cards by itself, between our commands; bit 6, RATS, concerns only that.
BY_ITSELF = 0x80
QUIET = 0x7F
MOST_PAYLOAD = 254  # of a PN532 command without its TFI: Lc is one byte

READY = bytes.fromhex("FF00400E0400000000")  # green lamp on, red off
# Lamps end as READY has them. Yes: green blinks once with one beep; no: red blinks three times with three beeps.
YES = bytes.fromhex("FF0040AE0401010101")
NO = bytes.fromhex("FF00405E0401010301")

_FAILED = {
    0x6300: "it failed", 0x6301: "the PN532 inside does not answer", 0x6327: "the PN532's checksum was wrong",
    0x637F: "the PN532 does not know the command",
}  # fmt: skip


def parameters(bits: int) -> bytes:
    """Set the PICC operating parameters."""
    return apdu.command(0x00, 0x51, bits, expect=256, cla=0xFF)


def direct(payload: bytes) -> bytes:
    """A PN532 command (code first, without TFI). Raises ValueError where it is too long."""
    if len(payload) > MOST_PAYLOAD:
        raise ValueError(f"an ACR122U takes {MOST_PAYLOAD} bytes for its PN532, not {len(payload)}")
    return apdu.command(0x00, 0, 0, bytes([pn532.TO_CHIP]) + payload, cla=0xFF)


def version(answer: bytes) -> str:
    """ "ACR122U215" and the like, the answer to VERSION; it has no status word. Raises ProtocolError."""
    if not (answer.startswith(b"ACR122") and len(answer) <= 16 and answer.isalnum()):
        raise ProtocolError("not an ACR122U: its version is something else")
    return answer.decode("ascii")


def atr(answer: bytes) -> bytes:
    """The answer to power on: 3B00 without a card. Raises ProtocolError."""
    if not (2 <= len(answer) <= 33 and answer[0] in (0x3B, 0x3F)):
        raise ProtocolError(f"not an answer to reset: {len(answer)} bytes")
    return answer


def parameters_set(answer: bytes, bits: int) -> None:
    """The answer to `parameters`: firmware 203 and 215 give the bits, 216 gives 90 and the bits. Raises ProtocolError."""
    if answer not in (bytes([bits]), bytes([0x90, bits])):
        raise ProtocolError(f"not an answer to the card parameters: {len(answer)} bytes")


def lamps_set(answer: bytes) -> None:
    """The answer to READY, YES and NO: 90 and the lamps' state. Raises ProtocolError."""
    if len(answer) != 2 or answer[0] != 0x90 or answer[1] > 3:
        raise ProtocolError(f"not an answer about lamps: {len(answer)} bytes")


def chip_answer(answer: bytes, code: int) -> bytes:
    """What the PN532 answered to command `code` (its code first, without TFI).

    Raises Timeout where it was mute, ProtocolError where it failed or the answer is to another command.
    """
    given = apdu.answer(answer)
    if given.status == 0x6301 and not given.data:
        raise Timeout(_FAILED[0x6301])
    if not given.done:
        raise ProtocolError(
            f"PN532 command {code:02X}: {_FAILED.get(given.status, f'status {given.status:04X}')}"
        )
    if given.data[:2] != bytes([pn532.TO_HOST, (code + 1) & 0xFF]):
        raise ProtocolError(f"PN532 command {code:02X} got the answer to another one")
    return given.data[1:]


def echo(nonce: int) -> bytes:
    """A PN532 command whose answer no other command has: the communication line test repeats four bytes of `nonce`."""
    return bytes([0x00, 0x00]) + (nonce & 0xFFFFFFFF).to_bytes(4, "big")


def echoed(response: bytes, nonce: int) -> None:
    """The answer to `echo`. Raises ProtocolError."""
    if response != b"\x01\x00" + (nonce & 0xFFFFFFFF).to_bytes(4, "big"):
        raise ProtocolError("an echo of something else")
