"""What scanners of each family do with what the host says: take the first command off, act, answer.

Each takes the bytes heard so far and returns how many it has used; 0 where the first command is not whole yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from devices.protocol import gm65


@dataclass
class Head:
    """The optics and the beeper."""

    reading: bool = True
    beeps: list[str] = field(default_factory=list)  # good | bad
    settings: list[bytes] = field(default_factory=list)  # what it was told to set


Hear = Callable[[bytes, Head, bytearray], int]


def honeywell(heard: bytes, head: Head, reply: bytearray) -> int:
    """SYN T CR, SYN U CR, SYN BEL CR; SYN M CR menu, echoed with ACK before the last sign."""
    if heard[0] != 0x16:
        return 1
    if len(heard) < 3:
        return 0
    match heard[1:3]:
        case b"T\r" | b"U\r":
            head.reading = heard[1:2] == b"T"
        case b"\x07\r":
            head.beeps.append("good")
        case b"M\r":
            found = re.match(rb"\x16M\r([^.!]*)([.!])", heard)
            if found is None:
                return 0
            head.settings.append(found[1])
            reply += found[1].upper() + b"\x06" + found[2]
            return found.end()
    return 3


def datalogic(heard: bytes, head: Head, reply: bytearray) -> int:
    """Single letters."""
    match heard[:1]:
        case b"E" | b"T":
            head.reading = True
        case b"D" | b"X":
            head.reading = False
        case b"B":
            head.beeps.append("good")
        case b"F":
            head.beeps.append("bad")
            head.reading = False
        case b"h":
            reply += b"\x01\x02mNA\x03\x04"
        case b"i" | b"s":
            reply += b"\x01\x02R610-SIM\x03\x04"
    return 1


def cipherlab(heard: bytes, head: Head, reply: bytearray) -> int:
    """D, E, and #@ commands; it answers nothing."""
    if heard[:1] in (b"D", b"E"):
        head.reading = heard[:1] == b"E"
    elif heard[:1] == b"#":
        end = heard.find(b"\r")
        if end < 0:
            return 0
        if heard[:end] == b"#@////":
            head.beeps.append("good")
        else:
            head.settings.append(heard[2:end])
        return end + 1
    return 1


def de2120(heard: bytes, head: Head, reply: bytearray) -> int:
    """^_^COMMAND. and a byte in answer."""
    if heard[:1] != b"^":
        return 1
    end = heard.find(b".")
    if end < 0:
        return 0
    command = heard[3:end]
    if command in (b"SCAN", b"SLEEP"):
        head.reading = command == b"SCAN"
    else:
        head.settings.append(command)
    reply += b"\x06" if heard.startswith(b"^_^") and command.isalnum() else b"\x15"
    return end + 1


def gm65_engine(heard: bytes, head: Head, reply: bytearray) -> int:
    """Registers; the trigger is bit 0 of 0002."""
    if heard[0] != 0x7E:
        return 1
    if len(heard) < 6 or len(heard) < (size := 8 + heard[3]):
        return 0
    body, check = heard[2 : size - 2], heard[size - 2 : size]
    result, start = gm65.SUCCESS, 0x02
    if check not in (gm65.check(body), gm65.NO_CHECK):
        result = gm65.BAD_CHECK
    elif body[0] == gm65.BEAT:
        start = 0x03
    elif body[0] == gm65.WRITE and body[2:4] == gm65.TRIGGER_REGISTER.to_bytes(2, "big"):
        head.reading = bool(body[4] & 1)
    elif body[0] in (gm65.READ, gm65.WRITE, gm65.SAVE):
        head.settings.append(bytes(body))
    else:
        result = gm65.BAD_COMMAND
    answer = bytes([result, 1, 0])
    reply += bytes([start, 0]) + answer + gm65.check(answer)
    return size


def newland(heard: bytes, head: Head, reply: bytearray) -> int:
    """7E 01 0000 # setting ; 03, repeated with ACK."""
    if heard[0] != 0x7E:
        return 1
    end = heard.find(b";\x03")
    if end < 0:
        return 0
    setting = heard[7:end]
    if setting in (b"SCNTRG0", b"SCNTRG1"):
        head.reading = setting.endswith(b"1")
    else:
        head.settings.append(setting)
    reply += b"\x02\x01" + heard[2:end] + b"\x06;\x03"
    return end + 2


FAMILIES: dict[str, Hear] = {
    "honeywell": honeywell,
    "datalogic": datalogic,
    "cipherlab": cipherlab,
    "de2120": de2120,
    "gm65": gm65_engine,
    "newland": newland,
}
