"""Scanners that send a line per code: over RS-232 or USB CDC, with a suffix or a pause at the end.

A QR code may itself contain CR and LF (a vCard), so the suffix alone does not end a code: it ends at the suffix when
nothing follows at once, or at a pause. A scanner sends one code back to back; 30 ms of silence is a pause.
"""

from __future__ import annotations

from dataclasses import dataclass

GAP_S = 0.03  # silence that ends a code
MOST = 8192  # bytes of one code; a QR code holds at most 2,953


@dataclass(frozen=True, slots=True)
class Code:
    """One code: bytes as they came, text, AIM identifier ("]Q1") or ""."""

    data: bytes
    text: str
    aim: str


def text_of(data: bytes) -> str:
    """UTF-8 where it is that, else GB18030 (the default of Chinese engines), else Latin-1, which takes any byte."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def code_of(data: bytes) -> Code:
    """Take suffix, STX and the AIM identifier off a code. FNC1's stand-in GS (0x1D) stays in the text."""
    body = data.lstrip(b"\x02").rstrip(b"\r\n\x03")
    aim = ""
    # ISO/IEC 15424: "]", a letter for the symbology, a modifier of 0-9 A-Z a-z.
    if len(body) > 3 and body[:1] == b"]" and body[1:3].isalnum() and body[1:2].isalpha():
        aim, body = body[:3].decode("ascii"), body[3:]
    return Code(body, text_of(body), aim)


class LineParser:
    """Feed bytes with their time; codes come out. A code too long to be one is dropped and counted in `dropped`."""

    def __init__(self, gap_s: float = GAP_S) -> None:
        self._gap_s = gap_s
        self._buffer = bytearray()
        self._last = 0.0
        self._skipping = False
        self.dropped = 0

    def feed(self, data: bytes, now: float) -> list[Code]:
        """Bytes that arrived at `now` (monotonic seconds); returns what a pause before them completed."""
        codes = self.timeout(now)
        self._last = now
        self._buffer += data
        if len(self._buffer) > MOST:
            self._skipping = True
            self._buffer.clear()
        return codes

    def timeout(self, now: float) -> list[Code]:
        """What silence until `now` has completed."""
        if (not self._buffer and not self._skipping) or now - self._last < self._gap_s:
            return []
        whole, self._buffer = bytes(self._buffer), bytearray()
        if self._skipping:
            self._skipping = False
            self.dropped += 1
            return []
        code = code_of(whole)
        return [code] if code.data else []

    def wait_s(self, now: float) -> float | None:
        """How long until `timeout` is worth a call; None while nothing is begun."""
        if not self._buffer and not self._skipping:
            return None
        return max(0.0, self._gap_s - (now - self._last))

    def reset(self) -> None:
        """Forget what was begun: the wire was cut."""
        self._buffer.clear()
        self._skipping = False
