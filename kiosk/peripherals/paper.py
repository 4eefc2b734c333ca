"""A receipt as the commands of an ESC/POS printer: letters its code page has as text, all else as pictures of lines.

Pictures are drawn by the code that writes on the wall (kiosk.ui.text: shaping, fonts, both directions); it is loaded
when the first such line is printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from devices.models import Paper
from devices.protocol import escpos
from kiosk.peripherals.receipt import Receipt, ReceiptLine, laid_out
from kiosk.qr import Level, encode

if TYPE_CHECKING:
    from kiosk.ui.text import Line

TEXT_DOTS: Final = 24  # letter height of a picture's line, as font A's
CODE_DOTS: Final = 48
MODULE_DOTS: Final = 3  # of the claim code's QR, doubled by the printer: 0.75 mm
QUIET: Final = 4
MOST_LINES: Final = 16  # of one text or name that is drawn

INK: Final = 96  # of 255: a grey from there on is a dot. At 128 the hair strokes of Arabic break at 203 dpi
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
_RTL: Final = frozenset({"ar", "fa", "he", "ur"})


def pieces(receipt: Receipt, paper: Paper) -> list[bytes]:
    """Whole commands, in order; the printer may be looked at between any two.

    The last one is what makes the receipt good: the claim code, as text and QR code, and the cut (devices.protocol.escpos_job).
    """
    codes = [index for index, line in enumerate(receipt.lines) if line.style == "code"]
    seal = codes[-1] - 1 if codes and codes[-1] > 0 else len(receipt.lines) - 1
    page = b"" if paper.code_page is None else escpos.code_page(paper.code_page)
    body = [piece for line in receipt.lines[:seal] for piece in _line(line, receipt.language, paper)]
    last = [piece for line in receipt.lines[seal:] for piece in _line(line, receipt.language, paper)]
    end = escpos.FEED_AND_CUT if paper.cuts else escpos.FEED_TO_TEAR
    return [page, *body, b"".join([*last, end])]


def _line(line: ReceiptLine, language: str, paper: Paper) -> list[bytes]:
    code = _qr(line.left) if line.style == "code" else []
    if not _in_code_page(line.left + line.right, paper):
        drawn = _pictures(line, language, paper.dots)
        return [*(band for rows in drawn for band in escpos.raster(paper.dots, rows)), *code]
    if line.style in ("title", "code"):
        size = escpos.DOUBLE if line.style == "code" else escpos.BOLD
        text = escpos.text(line.left)
        return [escpos.CENTRE + size + text + escpos.SINGLE + escpos.PLAIN + escpos.LEFT, *code]
    text = b"".join(escpos.text(one) for one in laid_out(line, paper.columns))
    return [escpos.BOLD + text + escpos.PLAIN if line.style == "total" else text]


def _qr(code: str) -> list[bytes]:
    """The claim code for the scanner at the counter."""
    symbol = encode(code, Level.Q)
    side = (symbol.size + 2 * QUIET) * MODULE_DOTS
    stride = -(-side // 8)
    empty = bytes(stride)
    rows = [empty] * (QUIET * MODULE_DOTS)
    for cells in symbol.rows():
        bits = "0" * (QUIET * MODULE_DOTS) + "".join(str(cell) * MODULE_DOTS for cell in cells)
        rows += [int(bits.ljust(stride * 8, "0"), 2).to_bytes(stride, "big")] * MODULE_DOTS
    rows += [empty] * (QUIET * MODULE_DOTS)
    return [escpos.CENTRE, *escpos.raster(stride * 8, b"".join(rows), 2), escpos.LEFT]


def _in_code_page(text: str, paper: Paper) -> bool:
    try:
        text.encode("ascii" if paper.code_page is None else "cp858")
    except UnicodeEncodeError:
        return False
    return True


def _pictures(line: ReceiptLine, language: str, dots: int) -> list[bytes]:
    """One line of the receipt as pictures, each of one line of letters: where the goods are must not end in an ellipsis."""
    from kiosk.ui.text import fit, shape, wrap

    size = CODE_DOTS if line.style == "code" else TEXT_DOTS
    bold = line.style in ("title", "total", "code")
    right = shape(line.right, size, bold, language)
    if line.style in ("title", "code"):
        left = fit(line.left, size, bold, language, dots, size // 2)
        return [_drawn(((left, (dots - left.width) // 2),), language, dots)]
    at = size if line.style == "detail" else 0
    beside = dots - at - right.width - size
    room = beside if line.right and beside >= dots // 3 else dots - at
    lines = [((left, at),) for left in wrap(line.left, size, bold, language, room, MOST_LINES)]
    amount = ((right, dots - right.width),) if line.right else ()
    if room == beside:
        rows = [(*lines[0], *amount), *lines[1:]]
    else:
        rows = [*lines, amount] if amount else [*lines]
    return [_drawn(row, language, dots) for row in rows]


def _drawn(parts: tuple[tuple[Line, int], ...], language: str, dots: int) -> bytes:
    """Letters, each part so far from where reading begins, as rows of dots, 1 is black."""
    from PIL import Image, ImageChops, ImageDraw

    from kiosk.ui.text import BASELINE, draw_line, line_height

    size = max(part.size for part, _ in parts)
    over = size // 2  # above and below the line: Arabic reaches beyond it both ways
    image = Image.new("RGB", (dots, line_height(size) + 2 * over), WHITE)
    draw = ImageDraw.Draw(image)
    baseline = over + round(size * BASELINE)
    for part, at in parts:
        x = dots - at - part.width if language.split("-")[0] in _RTL else at
        draw_line(draw, part, x, baseline, BLACK)
    ink = ImageChops.invert(image.convert("L")).point([0] * INK + [255] * (256 - INK))
    _, top, _, bottom = ink.getbbox() or (0, over, 0, over)
    rows = (0, min(top, over), dots, max(bottom, over + line_height(size)))
    return ink.crop(rows).convert("1").tobytes()
