"""Text as the wall writes it: shaped by HarfBuzz (Pillow's raqm), run by run, each run in a font that has its characters.

A line is first put in visual order (kiosk.ui.bidi), then cut where the font changes; a run goes to the shaper with its
direction, so Arabic joins, digits keep their order and a missing script never takes a price with it. All functions
are pure and cached: a shelf says the same words again and again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from PIL import ImageDraw, features

from kiosk.ui.bidi import INVISIBLE, clean, is_rtl, visual_runs
from kiosk.ui.fonts import Face, face_for, font
from kiosk.ui.theme import Colour

LINE_HEIGHT = 1.28  # of the font size; Arabic and Chinese need more than Latin, and a shelf has one rhythm
HEADLINE = 84  # font size from which lines stand closer
HEADLINE_HEIGHT = 1.14
BASELINE = 0.98
_Measure = Callable[[str], int]
_RAQM = features.check("raqm")
_ELLIPSIS = "…"
_NOT_FIRST = frozenset("、。，．！？：；）」』】》〉”’…%％,.!?:;)]}°·—")  # a line does not begin with these
_NOT_LAST = frozenset("（「『【《〈“‘([{$¥￥€£")  # nor end with these


class Run(NamedTuple):
    """Characters (in reading order) that one font writes in one direction."""

    text: str
    face: Face
    rtl: bool
    width: float


class Line(NamedTuple):
    """Runs from left to right, and their width in pixels."""

    runs: tuple[Run, ...]
    width: int
    size: int
    bold: bool


def line_height(size: int) -> int:
    """From one baseline to the next, in pixels; headlines stand closer."""
    return round(size * (LINE_HEIGHT if size < HEADLINE else HEADLINE_HEIGHT))


@lru_cache(maxsize=4096)
def shape(text: str, size: int, bold: bool, language: str) -> Line:
    """One line of text, ready to be drawn."""
    runs: list[Run] = []
    for piece, rtl in visual_runs(clean(text), int(is_rtl(language))):
        parts = _by_font(piece, language)
        if rtl:
            parts.reverse()
        runs += [Run(t, f, rtl, _advance(t, f, size, bold, rtl)) for t, f in parts]
    return Line(tuple(runs), -int(-sum(r.width for r in runs) // 1), size, bold)


def width(text: str, size: int, bold: bool, language: str) -> int:
    """How wide a line is drawn, in pixels."""
    return shape(text, size, bold, language).width


def _by_font(text: str, language: str) -> list[tuple[str, Face]]:
    parts: list[tuple[str, Face]] = []
    before: Face | None = None
    for char in text:
        if char in INVISIBLE:
            continue
        face = face_for(char, language, before)
        if face is None:
            continue
        if parts and parts[-1][1] is face:
            parts[-1] = (parts[-1][0] + char, face)
        else:
            parts.append((char, face))
        before = face
    return parts


def _direction(text: str, rtl: bool) -> tuple[str, str | None]:
    if _RAQM:
        return text, "rtl" if rtl else "ltr"
    return (text[::-1] if rtl else text), None  # unshaped, but in the right order


def _advance(text: str, face: Face, size: int, bold: bool, rtl: bool) -> float:
    shown, direction = _direction(text, rtl)
    return float(font(face, size, bold).getlength(shown, direction=direction))


def draw_line(draw: ImageDraw.ImageDraw, line: Line, x: float, baseline: float, fill: Colour) -> None:
    """Write a line with its left end at `x`."""
    for run in line.runs:
        shown, direction = _direction(run.text, run.rtl)
        if not shown.isspace():
            draw.text(
                (round(x), baseline),
                shown,
                fill=fill,
                font=font(run.face, line.size, line.bold),
                anchor="ls",
                direction=direction,
            )
        x += run.width


# --- lines ---------------------------------------------------------------------------------------------------


def _wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def pieces(text: str) -> list[str]:
    """`text` cut where a line may end (the parts of Unicode Annex 14 that our languages need)."""
    out: list[str] = []
    start = 0
    for i in range(1, len(text)):
        a, b = text[i - 1], text[i]
        between_words = a == " " and b not in " %％"  # "10 %" is one word
        hyphen = a in "-‐–/" and b.isalnum() and i - start > 2
        ideographs = (_wide(a) or _wide(b)) and b != " " and b not in _NOT_FIRST and a not in _NOT_LAST
        if between_words or hyphen or ideographs:
            out.append(text[start:i])
            start = i
    out.append(text[start:])
    return out


@lru_cache(maxsize=2048)
def wrap(text: str, size: int, bold: bool, language: str, room: int, max_lines: int) -> tuple[Line, ...]:
    """`text` in at most `max_lines` lines of `room` pixels; what does not fit ends in an ellipsis. "\\n" ends a line."""

    def measure(piece: str) -> int:
        return width(piece, size, bold, language)

    lines: list[str] = []
    for paragraph in clean(text).split("\n"):
        line = ""
        for piece in pieces(paragraph):
            if measure((line + piece).rstrip()) <= room:
                line += piece
                continue
            if line:
                lines.append(line.rstrip())
            line = piece
            while measure(line.rstrip()) > room and len(line.rstrip()) > 1:  # one word wider than the line
                cut = _longest(line, "", room, measure)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line.rstrip())
    if len(lines) > max_lines:
        last = lines[max_lines - 1]
        cut = _longest(last, _ELLIPSIS, room, measure)
        lines[max_lines - 1 :] = [last[:cut].rstrip() + _ELLIPSIS]
    return tuple(shape(line, size, bold, language) for line in lines)


def whole_words(text: str, size: int, bold: bool, language: str, room: int, max_lines: int) -> bool:
    """Whether `wrap` shows all of `text` and no line ends where none may."""
    if any(width(p.rstrip(), size, bold, language) > room for part in text.split("\n") for p in pieces(part)):
        return False
    return len(wrap(text, size, bold, language, room, max_lines + 1)) <= max_lines


def _longest(text: str, tail: str, room: int, measure: _Measure) -> int:
    """How many characters of `text` fit with `tail` behind them; at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle].rstrip() + tail) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def fit(text: str, size: int, bold: bool, language: str, room: int, smallest: int) -> Line:
    """`text` in one line of at most `room` pixels: as large as goes from `size` down to `smallest`, then cut short."""
    for tried in range(size, smallest - 1, -2):
        line = shape(text, tried, bold, language)
        if line.width <= room:
            return line
    return wrap(text, smallest, bold, language, room, 1)[0]
