"""ESC/POS: the bytes that print a receipt, and what a printer says of itself (Epson ESC/POS command reference).

Real-time status: DLE EOT n asks, one byte answers; its fixed bits are 0xx1xx10. A byte of another form is not an
answer (with Automatic Status Back on, 4-byte groups 0xx1xx00 ... come unasked), so it is never read as one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

INIT = b"\x1b@"
CODE_PAGE_858 = b"\x1bt\x13"  # Latin-1 letters and the euro sign
CENTRE, LEFT = b"\x1ba\x01", b"\x1ba\x00"
BOLD, PLAIN = b"\x1bE\x01", b"\x1bE\x00"
DOUBLE, SINGLE = b"\x1d!\x11", b"\x1d!\x00"
FEED_AND_CUT = b"\x1dV\x42\x60"
ASK_OFFLINE, ASK_PAPER = b"\x10\x04\x02", b"\x10\x04\x04"


def text(line: str) -> bytes:
    """A line of Latin text; what the code page lacks becomes "?" (use `raster` for other scripts)."""
    return line.encode("cp858", "replace") + b"\n"


BAND = 48  # rows of a picture sent at once, so that a printer with a small buffer prints while it receives


def raster(width: int, rows: bytes) -> list[bytes]:
    """A black and white picture in bands (GS v 0): `width` dots, a multiple of 8; `rows` one bit a dot, 1 is black.

    Each band is a whole command: a status question between two of them cannot be taken for picture data.
    """
    if width % 8 or width <= 0 or len(rows) % (width // 8):
        raise ValueError(f"{width} dots and {len(rows)} bytes are not whole rows")
    stride = width // 8
    bands = [rows[start : start + BAND * stride] for start in range(0, len(rows), BAND * stride)]
    size = stride.to_bytes(2, "little")
    return [b"\x1dv0\x00" + size + (len(band) // stride).to_bytes(2, "little") + band for band in bands]


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a printer."""

    cover_open: bool = False
    offline: bool = False
    paper_low: bool = False
    no_paper: bool = False

    def name(self) -> str:
        """In one word, the worst first."""
        for name, there in (
            ("cover-open", self.cover_open),
            ("no-paper", self.no_paper),
            ("offline", self.offline),
            ("paper-low", self.paper_low),
        ):
            if there:
                return name
        return "ok"


def is_answer(byte: int) -> bool:
    """Whether a byte has the fixed bits of a DLE EOT answer: 0xx1xx10."""
    return byte & 0x93 == 0x12


def apply_answer(status: Status, asked: bytes, byte: int) -> Status:
    """`status` with the answer to `asked` in it."""
    if asked == ASK_OFFLINE:
        return replace(
            status, cover_open=bool(byte & 0x04), no_paper=bool(byte & 0x20), offline=bool(byte & 0x40)
        )
    return replace(status, paper_low=bool(byte & 0x0C), no_paper=bool(byte & 0x60))
