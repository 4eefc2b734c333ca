"""A scanner that plays a keyboard: the strokes for a text, as the kernel's key events or as a boot keyboard's reports.

No keyboard can be made here without a kernel's uinput or a gadget: the strokes are for tests, and for the virtual machine.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from devices.protocol.key_layouts import ALTGR, ALTGR_SHIFT, COMBINING, PLAIN, SHIFT, SPACE, US, KeyLayout
from devices.protocol.wedge import ALTGR_KEY, DOWN, ENTER, KEY, SYN, TAB, UP

_RECORD = struct.Struct("@llHHi")
_LEFT_SHIFT, _LEFT_CONTROL = 42, 29
_HELD = {PLAIN: (), SHIFT: (_LEFT_SHIFT,), ALTGR: (ALTGR_KEY,), ALTGR_SHIFT: (ALTGR_KEY, _LEFT_SHIFT)}
_STEP_US = 1000  # between two reports of a full-speed keyboard

# HID usages (page 7) of the kernel's keys: letters, then the rest in the order of the usages from 0x1E on.
_LETTERS = (
    30,
    48,
    46,
    32,
    18,
    33,
    34,
    35,
    23,
    36,
    37,
    38,
    50,
    49,
    24,
    25,
    16,
    19,
    31,
    20,
    22,
    47,
    17,
    45,
    21,
    44,
)
_REST = (
    *range(2, 12),
    ENTER,
    1,
    14,
    TAB,
    SPACE,
    12,
    13,
    26,
    27,
    43,
    43,
    39,
    40,
    41,
    51,
    52,
    53,
    58,
    *range(59, 69),
)
_USAGES = {key: 4 + number for number, key in enumerate(_LETTERS)}
_USAGES |= {key: 0x1E + number for number, key in reversed(list(enumerate(_REST)))} | {86: 0x64}
_MODIFIERS = {_LEFT_CONTROL: 0x01, _LEFT_SHIFT: 0x02, 56: 0x04, ALTGR_KEY: 0x40}


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key pressed and let go while others are held."""

    key: int
    held: tuple[int, ...] = ()


def strokes_of(text: str, layout: KeyLayout = US, *, enter: bool = True) -> list[Stroke]:
    """The strokes for a text, and Enter. Raises ValueError for what the layout cannot type."""
    strokes = [stroke for one in text for stroke in _strokes(one, layout)]
    return [*strokes, Stroke(ENTER)] if enter else strokes


def _strokes(one: str, layout: KeyLayout) -> Iterator[Stroke]:
    if one == "\n":
        yield Stroke(ENTER)
    elif one == "\t":
        yield Stroke(TAB)
    elif one < " ":
        sign = chr(
            ord(one) | 0x40
        )  # letters by what is printed on them, the rest by their place on a US board
        key, level = layout.strokes[sign.lower()] if sign.isalpha() else US.strokes[sign]
        yield Stroke(key, (_LEFT_CONTROL, *_HELD[level]))
    elif one in layout.strokes:
        key, level = layout.strokes[one]
        yield Stroke(key, _HELD[level])
        if (key, level) in layout.dead:
            yield Stroke(SPACE)
    else:
        yield from _composed(one, layout)


def _composed(one: str, layout: KeyLayout) -> Iterator[Stroke]:
    letter, *over = list(unicodedata.normalize("NFD", one))
    for stroke in layout.dead:
        if over == [COMBINING[layout.keys[stroke]]] and letter in layout.strokes:
            yield Stroke(stroke[0], _HELD[stroke[1]])
            yield from _strokes(letter, layout)
            return
    raise ValueError(f"{one!r} cannot be typed on a keyboard of layout {layout.name}")


def key_events_of(
    text: str, layout: KeyLayout = US, *, at_us: int = 1_000_000, enter: bool = True
) -> list[bytes]:
    """The records an evdev node gives for a text, one piece per stroke: keys down, keys up, a SYN after each."""
    pieces = []
    for stroke in strokes_of(text, layout, enter=enter):
        piece = b""
        moves = [(key, DOWN) for key in (*stroke.held, stroke.key)]
        for key, value in [*moves, *((key, UP) for key, _ in reversed(moves))]:
            for kind, code, what in ((KEY, key, value), (SYN, 0, 0)):
                piece += _RECORD.pack(at_us // 1_000_000, at_us % 1_000_000, kind, code, what)
            at_us += _STEP_US
        pieces.append(piece)
    return pieces


def key_reports_of(text: str, layout: KeyLayout = US, *, enter: bool = True) -> list[bytes]:
    """The reports of a boot keyboard (HID 1.11, appendix B.1) for a text: each stroke, and the letting go after it."""
    reports = []
    for stroke in strokes_of(text, layout, enter=enter):
        modifiers = sum(_MODIFIERS[key] for key in stroke.held)
        reports += [bytes([modifiers, 0, _USAGES[stroke.key], 0, 0, 0, 0, 0]), bytes(8)]
    return reports
