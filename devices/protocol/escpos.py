"""ESC/POS: the bytes that print a receipt, and those that ask how it went (Epson ESC/POS command reference).

What a printer answers is in `escpos_status`, how a job is printed once in `escpos_job`.
"""

from __future__ import annotations

import re

INIT = b"\x1b@"
CODE_PAGE_858 = b"\x1bt\x13"  # Latin-1 letters and the euro sign
CENTRE, LEFT = b"\x1ba\x01", b"\x1ba\x00"
BOLD, PLAIN = b"\x1bE\x01", b"\x1bE\x00"
DOUBLE, SINGLE = b"\x1d!\x11", b"\x1d!\x00"
FEED_AND_CUT = b"\x1dV\x42\x60"  # partial, one corner stays: a receipt that nobody takes does not fall
FEED_TO_TEAR = b"\x1bd\x05"  # where there is no knife
BEEP = b"\x1b(A\x04\x00\x30\x33\x01\x05"  # ESC ( A, function 48, pattern 3, once; a printer without a buzzer ignores it

AUTO_STATUS = b"\x1da\x0f"  # GS a: drawer, online, errors, paper; ESC @ ends it
NO_AUTO_STATUS = b"\x1da\x00"
ASK_IN_TURN = b"\x1dr\x01"  # GS r 1
CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"  # DLE DC4, function 8: in real time, answered 37h 25h 00h
RECOVER = b"\x10\x05\x02"  # DLE ENQ 2: from an error that was seen to, buffers emptied

# The bytes of a process id, of 20h to 7Eh: none of these can be taken for a DLE EOT answer or the head of a status group
# if one before it is lost on the line.
MARKS = bytes((*range(0x40, 0x50), *range(0x60, 0x70)))


def ask_processed(mark: bytes) -> bytes:
    """GS ( H, function 48: send back these four bytes when all before them is printed."""
    if len(mark) != 4 or any(byte not in MARKS for byte in mark):
        raise ValueError(f"a process id is four of MARKS, not {mark.hex()}")
    return b"\x1d(H\x06\x0000" + mark


def kick(pin: int = 2, on_ms: int = 120, off_ms: int = 240) -> bytes:
    """ESC p: open the drawer at connector pin 2 or 5."""
    if pin not in (2, 5):
        raise ValueError(f"a drawer hangs at pin 2 or 5, not {pin}")
    return bytes((0x1B, 0x70, 0 if pin == 2 else 1, min(255, on_ms // 2), min(255, off_ms // 2)))


def part(*, void: bool) -> bytes:
    """Part what hangs out of a printer from what comes next; `void` says on paper that it is none."""
    words = CENTRE + DOUBLE + b"* VOID *\n" + SINGLE + LEFT if void else b""
    return INIT + words + FEED_AND_CUT


def code_page(number: int) -> bytes:
    """ESC t: letters above ASCII; the number of PC858 differs between makers."""
    return b"\x1bt" + bytes((number,))


_CONTROLS = dict.fromkeys([*range(0x20), 0x7F], " ")


def text(line: str) -> bytes:
    """A line of Latin text; what the code page lacks becomes "?" (use `raster` for other scripts), control characters spaces.

    A name out of somebody's price list must be no command: ESC p in it would open the cash drawer.
    """
    return line.translate(_CONTROLS).encode("cp858", "replace") + b"\n"


BAND = 48  # rows of a picture sent at once, so that a printer with a small buffer prints while it receives
WIDEST = 576  # dots of 80 mm paper
FLUSH = bytes(
    BAND * WIDEST // 8 + 8
)  # ends any command of ours whose rest was lost, and prints nothing where there is none


def raster(width: int, rows: bytes, scale: int = 1) -> list[bytes]:
    """A black and white picture in bands (GS v 0): `width` dots, a multiple of 8; `rows` one bit a dot, 1 is black.

    `scale` 2 doubles both ways in the printer. Each band is a whole command: a status question between two of them cannot be
    taken for picture data.
    """
    if width % 8 or width <= 0 or len(rows) % (width // 8):
        raise ValueError(f"{width} dots and {len(rows)} bytes are not whole rows")
    stride = width // 8
    rows = defused(rows)
    bands = [rows[start : start + BAND * stride] for start in range(0, len(rows), BAND * stride)]
    head = b"\x1dv0" + (b"\x03" if scale == 2 else b"\x00") + stride.to_bytes(2, "little")
    return [head + (len(band) // stride).to_bytes(2, "little") + band for band in bands]


_REAL_TIME = re.compile(rb"\x10(?=[\x04\x05\x14])")


def defused(rows: bytes) -> bytes:
    """Picture data in which no real-time command can be seen: one dot is set more in each.

    A printer looks for DLE EOT, DLE ENQ and DLE DC4 while it receives, in pictures too (Epson's note on each of them): it
    would answer a question nobody asked, or throw its buffer away.
    """
    return _REAL_TIME.sub(b"\x11", rows)
