"""The station operator's line. It stands still and changes by a cut."""

from __future__ import annotations

from msgspec import Struct
from PIL import Image

from kiosk.ui import paint
from kiosk.ui.bidi import is_rtl
from kiosk.ui.geometry import Rect
from kiosk.ui.theme import INK, TAG, WHITE


class TickerBand(Struct, frozen=True):
    """One line of text in its own language on a dark ground, with a mark where that language begins."""

    text: str
    language: str
    size: int
    smallest: int
    lines: int

    def paint(self, w: int, h: int) -> Image.Image:
        """The band."""
        image = paint.canvas(w, h, INK)
        rtl = is_rtl(self.language)
        bar, pad = max(6, h // 24), max(12, h // 8)
        paint.box(image, Rect(w - bar if rtl else 0, 0, bar, h), TAG, 0)
        room = Rect(pad if rtl else bar + pad, pad // 3, w - bar - 2 * pad, h - 2 * (pad // 3))
        paint.text(image, room, self.text, self.size, self.language, colour=WHITE, bold=True, lines=self.lines,
                   smallest=self.smallest)  # fmt: skip
        return image
