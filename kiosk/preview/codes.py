"""The codes on rendered walls: every one is read back from the drawn pixels and must say its facing's link.

Walls that show the same facings are drawn once. Of more pages than asked for a sample is drawn: the first of each aisle
before all others, then evenly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from kiosk.preview.drawing import Shot, draw
from kiosk.preview.findings import Finding
from kiosk.preview.framing import wall_shot
from kiosk.preview.walls import PANELS, Glass, Page
from kiosk.views import View


class Sheet(Struct, frozen=True):
    """One page of one wall, to be drawn."""

    glass: Glass
    aisle: str
    language: str
    view: View
    page: Page


def sheets(glasses: Sequence[Glass], at: int) -> list[Sheet]:
    """All distinct pages, the languages taking turns."""
    found: list[Sheet] = []
    seen = set()
    for glass in glasses:
        for aisle in glass.aisles:
            shelf = glass.shelf(aisle)
            views = {tag: glass.wall(at, tag, aisle) for tag in glass.languages}
            # Another language may lay the shelf out otherwise (a ticker line more), so its own page is taken.
            pages = {tag: glass.pages(view) for tag, view in views.items()}
            for page in pages[glass.languages[0]]:
                on_it = tuple((p.facing, p.gtin) for p in shelf[page.whole.start : page.whole.stop])
                key = glass.panel_name, aisle, on_it
                if key in seen:
                    continue
                seen.add(key)
                language = glass.languages[len(found) % len(glass.languages)]
                own = pages[language]
                found.append(
                    Sheet(glass, aisle, language, views[language], own[min(page.number, len(own)) - 1])
                )
    return found


def sample(all_sheets: Sequence[Sheet], most: int) -> list[Sheet]:
    """At most `most` of them."""
    if len(all_sheets) <= most:
        return list(all_sheets)
    firsts = [sheet for sheet in all_sheets if sheet.page.number == 1]
    rest = [sheet for sheet in all_sheets if sheet.page.number != 1]
    chosen = _evenly(firsts, most)
    return chosen + _evenly(rest, most - len(chosen))


def _evenly(found: Sequence[Sheet], most: int) -> list[Sheet]:
    if most <= 0:
        return []
    if len(found) <= most:
        return list(found)
    return [found[index * len(found) // most] for index in range(most)]


def of_codes(chosen: Sequence[Sheet], at: int) -> Iterator[Finding]:
    """Draw the pages, read the codes. Raises DrawingError."""
    for name, panel in PANELS.items():
        of_panel = [sheet for sheet in chosen if sheet.glass.panel_name == name]
        shots = (_shot(sheet, at) for sheet in of_panel)
        for sheet, drawn in zip(of_panel, draw(panel, list(shots), read=True), strict=True):
            yield from _compared(sheet, drawn.codes, at)


def _shot(sheet: Sheet, at: int) -> Shot:
    page = sheet.page
    return wall_shot(sheet.glass, sheet.view, sheet.aisle, page.offset, page.whole, at, sheet.language)


def _compared(sheet: Sheet, read: Sequence[str], at: int) -> Iterator[Finding]:
    glass, page = sheet.glass, sheet.page
    shelf = glass.shelf(sheet.aisle)
    path = f"{glass.panel_name} wall {glass.name}, {sheet.aisle} page {page.number}, {sheet.language}"
    for product in shelf[page.whole.start : page.whole.stop]:
        link = glass.links.product(product.facing, product.gtin, at)
        if link not in read:
            yield Finding(
                level="error", file="codes", path=path, rule="code.unread",
                found=f"no code in the picture says {link}", do="a shorter --host; else tell us",
            )  # fmt: skip
    known = {glass.links.product(product.facing, product.gtin, at) for product in shelf}
    for text in read:
        if text not in known:
            yield Finding(
                level="error", file="codes", path=path, rule="code.foreign",
                found=f"a code in the picture says {text[:120]!r}, no facing does",
                do="a picture of a product or an advert has a code of its own: another picture",
            )  # fmt: skip
