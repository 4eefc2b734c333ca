"""The look in numbers: sizes that hold in millimetres on the panel at hand, and the colours.

Every size follows from four facts about people: a capital letter must fill 0.7 degrees at the reading distance
(EN 301 549, 5.1.4), a finger needs 20 mm, a seated person reaches 1,220 mm, and a phone camera reads a QR module of
one 460th of its distance (3 camera pixels per module at 1386/d px per mm).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from kiosk.views import Panel

REACH_MM = 1220
TARGET_MM = 20.0
CAP_DEGREES = 0.7
CAP_HEIGHT = 0.711  # Roboto's capitals as part of the font size
QUIET = 4  # modules of white around a code (ISO/IEC 18004, 9.1)

Colour = tuple[int, int, int]


def colour(text: str) -> Colour:
    """ "#rrggbb" as three bytes. Raises ValueError where it is something else."""
    if len(text) != 7 or text[0] != "#":
        raise ValueError(f"a colour is written #rrggbb, not {text!r}")
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def mix(a: Colour, b: Colour, part: float) -> Colour:
    """`a` with `part` (0..1) of `b` in it."""
    return (
        round(a[0] + (b[0] - a[0]) * part),
        round(a[1] + (b[1] - a[1]) * part),
        round(a[2] + (b[2] - a[2]) * part),
    )


def luminance(c: Colour) -> float:
    """Relative luminance 0..1 (WCAG 2.2)."""

    def part(v: int) -> float:
        x = v / 255
        return x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4

    return 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2])


def contrast(a: Colour, b: Colour) -> float:
    """Contrast ratio 1..21 (WCAG 2.2)."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


WHITE: Colour = (255, 255, 255)
INK: Colour = (22, 28, 36)  # text
SOFT_INK: Colour = (74, 82, 92)  # secondary text; 7.6:1 on white
PAPER: Colour = (250, 249, 246)  # background
LINE: Colour = (222, 221, 214)
BRAND: Colour = (10, 77, 51)  # header, buttons; 10:1 under white
BRAND_DEEP: Colour = (5, 50, 34)
BRAND_LIGHT: Colour = (226, 241, 229)
LEAF: Colour = (34, 139, 84)
SALE: Colour = (173, 12, 36)  # 7.3:1 under white
TAG: Colour = (255, 214, 61)  # price tags
GOOD: Colour = (9, 96, 60)
BAD: Colour = (150, 14, 30)
INFO: Colour = (24, 58, 104)
LOOKED_FOR: dict[str, Colour] = {  # kiosk.views.COLOURS; each at least 4.5:1 under white
    "green": (0, 122, 61), "blue": (0, 87, 217), "violet": (123, 31, 162), "orange": (190, 72, 0), "red": (200, 16, 46),
    "black": (0, 0, 0),
}  # fmt: skip
STEEL: Colour = (233, 235, 236)  # the shelf


@dataclass(frozen=True)
class Theme:
    """All sizes in panel pixels, from the panel's millimetres."""

    panel: Panel

    @property
    def width(self) -> int:
        """Panel width."""
        return self.panel.width

    @property
    def height(self) -> int:
        """Panel height."""
        return self.panel.height

    @property
    def portrait(self) -> bool:
        """Higher than wide."""
        return self.height >= self.width

    @cached_property
    def text(self) -> int:
        """Smallest font size: its capitals fill 0.7 degrees at the reading distance. 28 on a 32-inch panel at 600 mm."""
        cap_mm = self.panel.distance_mm * math.tan(math.radians(CAP_DEGREES))
        return math.ceil(cap_mm / CAP_HEIGHT / self.panel.pitch_mm)

    @cached_property
    def target(self) -> int:
        """Shortest side of anything that is touched: 20 mm."""
        return math.ceil(TARGET_MM / self.panel.pitch_mm)

    @cached_property
    def reach_top(self) -> int:
        """In reach mode no control begins above this row."""
        below = (REACH_MM - self.panel.bottom_mm) / self.panel.pitch_mm
        return max(0, math.ceil(self.height - below))

    def module(self, distance_mm: int) -> int:
        """Pixels per QR module for a phone `distance_mm` away."""
        return self.panel.module(distance_mm)

    def px(self, design: float) -> int:
        """A length designed for text of 28 px, at this panel's text size."""
        return max(1, round(design * self.text / 28))

    @cached_property
    def gap(self) -> int:
        """Space between neighbours."""
        return self.px(12)

    @cached_property
    def pad(self) -> int:
        """Space between a frame and what is in it."""
        return self.px(24)

    @cached_property
    def radius(self) -> int:
        """Of rounded corners."""
        return self.px(20)

    @cached_property
    def button(self) -> int:
        """Height of a main button, well above the smallest target."""
        return max(self.target, self.px(104))

    @cached_property
    def title(self) -> int:
        """Font size of a screen's title."""
        return self.px(52)

    @cached_property
    def heading(self) -> int:
        """Font size of a part's heading."""
        return self.px(40)

    @cached_property
    def body(self) -> int:
        """Font size of text one reads."""
        return self.px(32)

    @cached_property
    def price(self) -> int:
        """Font size of a price on the shelf."""
        return self.px(54)
