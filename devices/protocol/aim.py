"""AIM symbology identifiers (ISO/IEC 15424): `]`, a letter for the symbology, a modifier for how it was read."""

from __future__ import annotations

from dataclasses import dataclass

_NAMES = {
    "A": "Code 39", "B": "Telepen", "C": "Code 128", "D": "Code One", "E": "EAN/UPC", "F": "Codabar", "G": "Code 93",
    "H": "Code 11", "I": "Interleaved 2 of 5", "J": "DotCode", "K": "Code 16K", "L": "PDF417", "M": "MSI",
    "N": "Anker", "O": "Codablock", "P": "Plessey", "Q": "QR Code", "R": "Straight 2 of 5 (two bars)",
    "S": "Straight 2 of 5 (three bars)", "T": "Code 49", "U": "MaxiCode", "X": "another", "Z": "no bar code",
    "c": "Channel Code", "d": "Data Matrix", "e": "GS1 DataBar", "h": "Han Xin", "o": "OCR", "p": "PosiCode",
    "s": "SuperCode", "z": "Aztec Code",
}  # fmt: skip
_EXACT = {
    "]C1": "GS1-128", "]E0": "EAN-13", "]E1": "EAN/UPC add-on of two", "]E2": "EAN/UPC add-on of five",
    "]E3": "EAN-13 with add-on", "]E4": "EAN-8", "]J1": "GS1 DotCode", "]Q3": "GS1 QR Code", "]d2": "GS1 DataMatrix",
}  # fmt: skip
GS1_CARRIERS = frozenset(
    {"]C1", "]e0", "]d2", "]Q3", "]J1"}
)  # element strings (GS1 General Specifications 5.1.3)
LINK_CARRIERS = frozenset({"]Q1", "]d1", "]J0"})  # plain text, which may be a Digital Link
_MODIFIERS = "0123456789ABCDEF"


@dataclass(frozen=True, slots=True)
class Symbology:
    """What an identifier says. `gs1`: the data is element strings, with GS between them where needed."""

    aim: str
    name: str
    gs1: bool


def symbology(aim: str) -> Symbology | None:
    """What `]Q3` says; None for what is no identifier."""
    if len(aim) != 3 or aim[0] != "]" or aim[1] not in _NAMES or aim[2] not in _MODIFIERS:
        return None
    return Symbology(aim, _EXACT.get(aim, _NAMES[aim[1]]), aim in GS1_CARRIERS)


def split(text: str) -> tuple[str, str]:
    """A text and the identifier in front of it: (aim, rest), aim "" where there is none."""
    return (text[:3], text[3:]) if symbology(text[:3]) else ("", text)
