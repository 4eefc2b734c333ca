"""A receipt as the commands of an ESC/POS printer: letters its code page has as text, all else as pictures of lines.

Pictures are drawn by the code that writes on the wall (kiosk.ui.text: shaping, fonts, both directions); it is loaded
when the first such line is printed.
"""

from __future__ import annotations

from typing import Final

from devices.protocol import escpos
from kiosk.receipt import Receipt, ReceiptLine, laid_out

COLUMNS: Final = 42  # of font A: fits 80 mm paper (512 or 576 dots)
DOTS: Final = 504  # the same width as a picture; a multiple of 8
TEXT_DOTS: Final = 24  # letter height of a picture's line, as font A's
CODE_DOTS: Final = 48

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
_RTL: Final = frozenset({"ar", "fa", "he", "ur"})


def pieces(receipt: Receipt) -> list[bytes]:
    """Whole commands, in order; the printer may be looked at between any two."""
    out = [escpos.INIT + escpos.CODE_PAGE_858]
    for line in receipt.lines:
        out += _line(line, receipt.language)
    return [*out, escpos.FEED_AND_CUT]


def _line(line: ReceiptLine, language: str) -> list[bytes]:
    if not _in_code_page(line.left + line.right):
        return escpos.raster(DOTS, _picture(line, language))
    if line.style in ("title", "code"):
        size = escpos.DOUBLE if line.style == "code" else escpos.BOLD
        return [escpos.CENTRE + size + escpos.text(line.left) + escpos.SINGLE + escpos.PLAIN + escpos.LEFT]
    text = b"".join(escpos.text(one) for one in laid_out(line, COLUMNS))
    return [escpos.BOLD + text + escpos.PLAIN if line.style == "total" else text]


def _in_code_page(text: str) -> bool:
    try:
        text.encode("cp858")
    except UnicodeEncodeError:
        return False
    return True


def _picture(line: ReceiptLine, language: str) -> bytes:
    """One line as rows of dots, 1 is black. What reads from the right begins there."""
    from PIL import Image, ImageChops, ImageDraw

    from kiosk.ui.text import BASELINE, draw_line, fit, line_height, shape

    size = CODE_DOTS if line.style == "code" else TEXT_DOTS
    bold = line.style in ("title", "total", "code")
    image = Image.new("RGB", (DOTS, line_height(size)), WHITE)
    draw = ImageDraw.Draw(image)
    right = shape(line.right, size, bold, language)
    left = fit(line.left, size, bold, language, DOTS - right.width - (size if line.right else 0), size // 2)
    from_right = language.split("-")[0] in _RTL
    at = {"title": (DOTS - left.width) // 2, "code": (DOTS - left.width) // 2, "detail": size}.get(
        line.style, 0
    )
    baseline = round(size * BASELINE)
    draw_line(draw, left, DOTS - at - left.width if from_right else at, baseline, BLACK)
    draw_line(draw, right, 0 if from_right else DOTS - right.width, baseline, BLACK)
    ink = ImageChops.invert(image.convert("L"))
    return ink.point([0] * 128 + [255] * 128).convert("1").tobytes()
