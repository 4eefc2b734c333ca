"""themes.toml: other colours for aisles at some kiosks, and whether people can read them.

An aisle's name stands in its `accent` on its `background`, or light on its `accent` while the aisle is open; both must
reach 4.5:1 (WCAG 2.2, success criterion 1.4.3, contrast as defined there).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import Struct

from content.authored.mistakes import Mistake
from content.authored.model import Theme
from content.model import Aisle

THEMES: Final = "themes.toml"
ENOUGH: Final = 4.5
_WHITE: Final = "#ffffff"


class ThemesFile(Struct, frozen=True, forbid_unknown_fields=True):
    """themes.toml."""

    themes: tuple[Theme, ...] = ()


def painted(aisles: Iterable[Aisle], themes: Iterable[Theme]) -> tuple[Aisle, ...]:
    """The aisles in the colours of their themes; a later theme goes before an earlier one."""
    colours = {key: colour for theme in themes for key, colour in theme.aisles.items()}
    return tuple(
        msgspec.structs.replace(
            aisle, background=colours[aisle.key].background, accent=colours[aisle.key].accent
        )
        if aisle.key in colours
        else aisle
        for aisle in aisles
    )


def contrast_mistakes(file: str, place: str, background: str, accent: str) -> Iterator[Mistake]:
    """What cannot be read of a pair of colours."""
    for under, what in ((background, "its background"), (_WHITE, "white")):
        found = contrast(accent, under)
        if found < ENOUGH:
            rule = (
                f"expected a contrast of {ENOUGH}:1 with {what}, found {found:.1f}:1 ({accent} and {under})"
            )
            yield Mistake(file, f"{place}.accent", rule)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours "#rrggbb", from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
