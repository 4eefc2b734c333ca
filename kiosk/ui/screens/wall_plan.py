"""Where the parts of the wall are, in portrait, landscape and reach mode."""

from __future__ import annotations

from msgspec import Struct, structs

from kiosk.ui.facing import tile_width
from kiosk.ui.geometry import Rect, split_row
from kiosk.ui.theme import Theme

MOST_LANGUAGES = 5
TICKER = 84  # design pixels of the operator's line: two rows of text
TICKER_BESIDE = 190  # and above the aisles of a landscape panel: five short ones
LEAST_SIGN = (
    400  # design pixels of header for the shop's name; with less the languages get a row of their own
)


class WallPlan(Struct, frozen=True):
    """Where the parts of a wall are, for readers from left to right."""

    header: Rect
    languages: tuple[Rect, ...]
    shelves: Rect
    aisles: tuple[Rect, ...]
    basket: Rect
    pay: Rect
    toggle: Rect | None  # of reach mode, where the panel is so high that it matters
    columns: int
    ticker: Rect | None = None  # the station operator's line


def plan(theme: Theme, languages: int, aisles: int, *, reach: bool, ticker: bool = False) -> WallPlan:
    """Divide the panel. The operator's line covers nothing: portrait it is the lowest and all else moves up; landscape it is
    above the aisles, so that the shelves keep all their rows and the codes on them.
    """
    count = min(languages, MOST_LANGUAGES) if languages > 1 else 0
    line = theme.px(TICKER if theme.portrait else TICKER_BESIDE) if ticker else 0
    if theme.portrait:
        found = _portrait(theme, count, aisles, reach, line)
        band = Rect(0, theme.height - line, theme.width, line)
    else:
        found = _landscape(theme, count, aisles, line)
        band = Rect(found.shelves.right, 0, theme.width - found.shelves.right, line)
    return structs.replace(found, ticker=band) if line else found


def _portrait(theme: Theme, languages: int, aisles: int, reach: bool, line: int) -> WallPlan:
    px, gap = theme.px, theme.gap
    reach = reach and theme.reach_top > 0
    head = max(theme.reach_top, px(116)) if reach else px(116)
    header = Rect(0, 0, theme.width, head)
    tab = max(theme.target, px(76))
    side = px(20)
    y = theme.height - line - side
    bar = Rect(side, y - theme.button, theme.width - 2 * side, theme.button)
    toggle = Rect(bar.x, bar.y, px(104), bar.h) if theme.reach_top else None
    pay = Rect(bar.right - px(320), bar.y, px(320), bar.h)
    left = toggle.right + gap if toggle else bar.x
    basket = Rect(left, bar.y, pay.x - gap - left, bar.h)
    y = bar.y - gap
    rows = 1 if aisles <= 4 else 2
    high = max(theme.target, px(88))  # names in two lines
    per_row = min(5, max(1, -(-aisles // rows)))
    cells: list[Rect] = []
    for r in range(rows):
        band = Rect(side, y - (rows - r) * high - (rows - 1 - r) * px(8), theme.width - 2 * side, high)
        cells += split_row(band, per_row, px(8))
    y = cells[0].y - gap
    tabs = _in_header(theme, header, languages)
    if languages and (reach or tabs[0].x < px(LEAST_SIGN)):
        row = Rect(side, y - tab, theme.width - 2 * side, tab)
        tabs = split_row(row, languages, px(8))
        y = row.y - gap
    columns = max(1, theme.width // tile_width(theme, theme.width, y - head))
    return WallPlan(
        header,
        tuple(tabs),
        Rect(0, head, theme.width, y - head),
        tuple(cells),
        basket,
        pay,
        toggle,
        columns,
    )


def _in_header(theme: Theme, header: Rect, languages: int) -> list[Rect]:
    """The languages at the end of the header."""
    if not languages:
        return []
    px, tab = theme.px, max(theme.target, theme.px(76))
    wide = px(124) * languages + px(8) * (languages - 1)
    return split_row(
        Rect(header.right - px(20) - wide, header.y + (header.h - tab) // 2, wide, tab), languages, px(8)
    )


def _landscape(theme: Theme, languages: int, aisles: int, line: int) -> WallPlan:
    """Shelves over the height, controls beside them. A landscape panel that is hung for people is low enough for everybody."""
    px, gap = theme.px, theme.gap
    room, head = theme.width - px(352), px(100)
    least = tile_width(theme, room, theme.height - head)
    columns = max(1, room // least)
    shelf_width = min(room // columns, round(least * 1.12)) * columns
    header = Rect(0, 0, shelf_width, head)
    inner = Rect(shelf_width, line, theme.width - shelf_width, theme.height - line).inset(px(20))
    bar = theme.button
    pay = Rect(inner.x, inner.bottom - bar, inner.w, bar)
    basket = Rect(inner.x, pay.y - gap - bar, inner.w, bar)
    cells = _aisle_list(theme, Rect(inner.x, inner.y, inner.w, basket.y - gap - inner.y), aisles)
    return WallPlan(
        header, tuple(_in_header(theme, header, languages)), Rect(0, head, shelf_width, theme.height - head),
        tuple(cells), basket, pay, None, columns,
    )  # fmt: skip


def _aisle_list(theme: Theme, place: Rect, aisles: int) -> list[Rect]:
    """One aisle under the other, its name in one line; two abreast where they are too many for that."""
    gap, most = theme.px(8), theme.px(100)
    fit = max(1, (place.h + gap) // (max(theme.target, theme.px(56)) + gap))
    abreast = 1 if aisles <= fit else 2
    if abreast == 2:  # two lines
        fit = max(1, (place.h + gap) // (max(theme.target, theme.px(84)) + gap))
    rows = max(1, min(-(-aisles // abreast), fit))
    high = min(most, (place.h + gap) // rows - gap)
    cells: list[Rect] = []
    for r in range(rows):
        cells += split_row(Rect(place.x, place.y + r * (high + gap), place.w, high), abreast, gap)
    return cells
