"""Keyboard layouts as data: what a key types. A keyboard wedge types as if on the layout it is set up for; keys are the
kernel's numbers (linux/input-event-codes.h), which name places on a US keyboard.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PLAIN, SHIFT, ALTGR, ALTGR_SHIFT = range(4)

# The places of the character keys, row by row, as they stand on the board.
ROWS = (
    (41, *range(2, 14)),  # the key below Esc; 1 to =
    tuple(range(16, 28)),  # Q to ]
    (*range(30, 41), 43),  # A to ', and \ which stands at the end of this row in Europe
    (86, *range(44, 54)),  # the key beside the left shift that Europe has; Z to /
)
SPACE = 57

Keys = dict[tuple[int, int], str]  # (key, level): character


@dataclass(frozen=True, slots=True)
class KeyLayout:
    """A layout: `keys` by place and level; `dead` are those (place, level) that change the letter after them."""

    name: str
    keys: Keys
    dead: frozenset[tuple[int, int]] = frozenset()
    strokes: dict[str, tuple[int, int]] = field(default_factory=dict)  # the other way round


def _layout(
    name: str,
    plain: tuple[str, ...],
    shifted: tuple[str, ...],
    altgr: dict[int, str],
    dead: frozenset[tuple[int, int]] = frozenset(),
) -> KeyLayout:
    keys: Keys = {(SPACE, PLAIN): " ", (SPACE, SHIFT): " "}
    for level, rows in ((PLAIN, plain), (SHIFT, shifted)):
        for places, characters in zip(ROWS, rows, strict=True):
            keys.update(
                ((place, level), one)
                for place, one in zip(places, characters, strict=True)
                if one != "\0"  # nothing
            )
    keys.update(((place, ALTGR), one) for place, one in altgr.items())
    strokes: dict[str, tuple[int, int]] = {}
    for stroke, one in keys.items():
        if one not in strokes or strokes[one] in dead:
            strokes[one] = stroke
    return KeyLayout(name, keys, dead, strokes)


US = _layout(
    "us",
    ("`1234567890-=", "qwertyuiop[]", "asdfghjkl;'\\", "\0zxcvbnm,./"),
    ("~!@#$%^&*()_+", "QWERTYUIOP{}", 'ASDFGHJKL:"|', "\0ZXCVBNM<>?"),
    {},
)
DE = _layout(
    "de",
    ("^1234567890ß´", "qwertzuiopü+", "asdfghjklöä#", "<yxcvbnm,.-"),
    ('°!"§$%&/()=?`', "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ'", ">YXCVBNM;:_"),
    {3: "²", 4: "³", 8: "{", 9: "[", 10: "]", 11: "}", 12: "\\", 16: "@", 18: "€", 27: "~", 50: "µ", 86: "|"},
    frozenset({(41, PLAIN), (13, PLAIN), (13, SHIFT)}),  # ^ ´ `
)
FR = _layout(
    "fr",
    ("²&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù*", "<wxcvbn,;:!"),
    ("\x001234567890°+", "AZERTYUIOP¨£", "QSDFGHJKLM%µ", ">WXCVBN?./§"),
    {
        3: "~",
        4: "#",
        5: "{",
        6: "[",
        7: "|",
        8: "`",
        9: "\\",
        10: "^",
        11: "@",
        12: "]",
        13: "}",
        18: "€",
        27: "¤",
    },
    frozenset({(26, PLAIN), (26, SHIFT), (3, ALTGR), (8, ALTGR)}),  # ^ ¨ ~ `
)

LAYOUTS = {layout.name: layout for layout in (US, DE, FR)}

# What a dead key puts over the next letter (Unicode combining characters); before a space it is itself.
COMBINING = {"^": "\u0302", "´": "\u0301", "`": "\u0300", "¨": "\u0308", "~": "\u0303"}
# The number pad types digits whatever Num Lock says: a scanner that uses it means digits.
NUMBER_PAD = {
    82: "0", 79: "1", 80: "2", 81: "3", 75: "4", 76: "5", 77: "6", 71: "7", 72: "8", 73: "9",
    55: "*", 74: "-", 78: "+", 83: ".", 98: "/",
}  # fmt: skip
