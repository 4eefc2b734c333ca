"""ACR1252U's own commands (ACS API 1.09, 5.8), carried by CCID Escape: E0 00 00 INS LEN DATA, answered E1 00 00 00 LEN DATA."""

from __future__ import annotations

from devices.errors import ProtocolError

GET_VERSION = bytes.fromhex("E000001800")
GET_POLLING = bytes.fromhex("E000002300")
POLLS = 0x01  # bit 0 of the polling options: it looks for cards by itself
FACTORY = 0x8F  # as it is delivered: polls, antenna saves power, activates what it finds, part 4 enforced
_PREFIX = bytes.fromhex("E1000000")


def set_polling(bits: int) -> bytes:
    """The polling options; kept in its flash, so not to be written at every start."""
    return bytes.fromhex("E000002301") + bytes([bits])


def beep(ten_ms: int) -> bytes:
    """The beeper for so long; 1 to 254."""
    return bytes.fromhex("E000002801") + bytes([ten_ms])


YES, NO = beep(10), beep(60)


def data_of(answer: bytes) -> bytes:
    """An answer's data. Raises ProtocolError."""
    if answer[:4] != _PREFIX or len(answer) < 5 or answer[4] != len(answer) - 5:
        raise ProtocolError(f"not an answer to a command of its own: {len(answer)} bytes")
    return answer[5:]


def version(answer: bytes) -> str:
    """ "ACR1252U_V100" and the like. Raises ProtocolError."""
    text = data_of(answer).rstrip(b"\0")
    if not text.startswith(b"ACR1252") or len(text) > 32 or not text.isascii():
        raise ProtocolError("not an ACR1252U: its version is something else")
    return text.decode("ascii")


def one_byte(answer: bytes) -> int:
    """The options, or the beeper's state. Raises ProtocolError."""
    data = data_of(answer)
    if len(data) != 1:
        raise ProtocolError(f"{len(data)} bytes of options; one was expected")
    return data[0]
