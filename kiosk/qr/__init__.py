"""QR Code symbols (ISO/IEC 18004), made fast enough that every facing of a wall can carry one.

The matrix is bit for bit the one `qrcode` 8.2 makes with its defaults (same segmentation, same version, same mask),
so its tables and its habits are our reference; only the way there differs. `qrcode` spends nine tenths of its time
trying eight masks module by module. Here a whole symbol is one Python integer: a mask is one XOR, a penalty rule a few
shifts and an `int.bit_count()`, and the codewords fall into place through `bytes.translate`. Pure Python, because
armv7 has no wheels for the C++ encoders; `python -m benchmarks.qr` puts it beside them.

For the wall: the modules of an upper-case URL count double. Text made only of `0-9 A-Z` space and `$%*+-./:` is packed
two characters into eleven bits; one `?`, `=`, `&` or lower-case letter sends it (or a stretch of it) to eight bits each.

Importing this package costs a few ms. `qrcode` brings Pillow along (50 ms on a 2-core server, half of it Pillow) and is
therefore imported by the first `encode` (25 ms where Pillow is there already): a screen may warm up with one symbol
on a worker thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Level", "QrTooLong", "Symbol", "encode", "sturdiest"]


class Level(IntEnum):
    """Error correction: the part of a symbol that may be lost. The values are the two bits the symbol itself carries."""

    L = 1  # 7 %: never on a wall, glare alone takes more
    M = 0  # 15 %: enough for a clean panel
    Q = 3  # 25 %: where reflections cover more than a twelfth of the symbol
    H = 2  # 30 %: a logo in the middle


class QrTooLong(ValueError):
    """The content does not fit a symbol of version 40 at this level."""

    def __init__(self, length: int, level: Level, needed: int, limit: int) -> None:
        super().__init__(
            f"{length} bytes do not fit one QR code at level {level.name}: "
            f"{needed} bits needed, version 40 holds {limit} bits"
        )
        self.length = length
        self.level = level
        self.needed = needed
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Symbol:
    """One QR Code without its quiet zone.

    `size` is the number of modules along a side (17 + 4 x `version`); `cells` holds one byte per module, 1 is dark, row by
    row from the top left.
    """

    version: int
    level: Level
    mask: int
    size: int
    cells: bytes

    def modules(self) -> bytes:
        """Return size x size bytes, 1 for dark and 0 for light, row by row from the top left."""
        return self.cells

    def rows(self) -> tuple[bytes, ...]:
        """Return `size` rows from the top, each of `size` bytes, 1 for dark and 0 for light."""
        size = self.size
        return tuple([self.cells[start : start + size] for start in range(0, size * size, size)])

    def luminance(self, quiet: int = 4) -> tuple[bytes, int]:
        """Return (pixels, side): one byte per module, 0 for dark and 255 for light, with `quiet` light modules all round.

        `pixels` is side x side bytes from the top row down, as Pillow's mode "L" and a `luminance` texture want it. (OpenGL
        counts rows from the bottom: flip the texture's coordinates.) Draw it at a whole number of pixels per module, with
        nearest sampling. The standard asks for a quiet zone of 4; without any, readers fail.
        """
        if quiet < 0:
            raise ValueError(f"quiet zone of {quiet} modules, expected 0 or more")
        size = self.size
        side = size + 2 * quiet
        light = self.cells.translate(_LUMINANCE)
        edge = b"\xff" * (side * quiet + quiet)
        between = b"\xff" * (2 * quiet)
        body = between.join([light[start : start + size] for start in range(0, size * size, size)])
        return edge + body + edge, side


_LUMINANCE = b"\xff\x00" + bytes(254)


def sturdiest(text: str | bytes, *, glare: bool = False) -> Level:
    """The level a wall shows `text` at: Q where that costs no larger version than M, or where there is `glare`, else M.

    A phone reads a code from as far as its modules are large, whatever the level (payments, decode model): a level that
    costs a version costs distance. Raises `QrTooLong` where not even M holds the text.
    """
    from kiosk.qr.codewords import fit, segments

    parts = segments(text.encode() if isinstance(text, str) else text)
    plain, needed, limit = fit(parts, Level.M, 1)
    if plain > 40:
        raise QrTooLong(len(text), Level.M, needed, limit)
    sturdy, _, _ = fit(parts, Level.Q, 1)
    return Level.Q if sturdy == plain or (glare and sturdy <= 40) else Level.M


def encode(text: str | bytes, level: Level = Level.M, *, min_version: int = 1) -> Symbol:
    """Encode `text` (a string as UTF-8, bytes as they are) in the smallest symbol from `min_version` (1-40) on.

    The same as `qrcode.QRCode(min_version, level)` with `add_data(text)` and `make()`, bit for bit, except that a block of
    nothing but zero bytes, on which `qrcode` 8.2 stops with `ValueError: glog(0)`, comes out right. Raises `QrTooLong`.
    """
    # Here, not above: these read qrcode's tables (see the module's own words on its import).
    from kiosk.qr.codewords import codewords, fit, segments
    from kiosk.qr.masks import best_mask
    from kiosk.qr.shape import place, shape_of, trim

    if not 1 <= min_version <= 40:
        raise ValueError(f"version {min_version}, expected 1 to 40")
    data = text.encode() if isinstance(text, str) else text
    parts = segments(data)
    version, needed, limit = fit(parts, level, min_version)
    if version > 40:
        raise QrTooLong(len(data), level, needed, limit)
    shape = shape_of(version)
    plain = place(shape, codewords(parts, version, level))
    mask = best_mask(shape, plain)
    finished = plain ^ shape.masks[mask].cells | trim(version, level, mask)
    return Symbol(version, level, mask, shape.size, shape.row_major(finished))
