"""Texts in their boxes, in every language, and whether they can be read on what is behind them.

The screens' own layouts are painted, and each text that is written tells whether it was cut and how it stands out. A
name on the shelf is measured for every product; those that may not fit are painted. Words are large on a wall: 28 px at
600 mm is 0.7 degrees. WCAG 2.2 (1.4.3) asks 4.5:1 of text and 3:1 of large text; the latter is taken from
headings on only.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from msgspec import structs

from content.money import Money
from content.playlist import HOW
from kiosk.preview.findings import Finding
from kiosk.preview.walls import Glass
from kiosk.ui.facing import TileShape, name_size
from kiosk.ui.nodes import Node
from kiosk.ui.paint import Written, watching
from kiosk.ui.screens import attract, ending, product, wall
from kiosk.ui.text import pieces, whole_words, width
from kiosk.ui.words import words
from kiosk.views import Attract, Frame, ProductDetail, Shop, Thanks, Ticker, Wall

TEXT: Final = 4.5
LARGE: Final = 3.0
DETAILS: Final = 6  # products of each language that are painted large: those with most to say
_ROUND: Final = 0.01  # smooth edges mix colours


def of_texts(glasses: Sequence[Glass], at: int) -> Iterator[Finding]:
    """Each look is painted once and each name measured once, however many walls show it."""
    seen: set[Hashable] = set()
    for glass in glasses:
        for language in glass.languages:
            yield from _of_glass(glass, at, language, seen)


def _of_glass(glass: Glass, at: int, language: str, seen: set[Hashable]) -> Iterator[Finding]:
    theme, say, shop = glass.theme, words(language), glass.shop
    if not glass.aisles:
        return
    view = glass.wall(at, language, glass.aisles[0])
    assert isinstance(view, Wall)
    for page in range(-(-len(glass.aisles) // 4)):
        nodes = wall.layout(theme, say, shop, view, page)
        yield from _painted(seen, glass, "wall", language, nodes)
    for key in (*(card.key for card in shop.adverts), HOW):
        slide = Attract(Frame(language), key)
        nodes = attract.layout(theme, say, shop, slide, (), language)
        file = f"advert {key}" if key != HOW else "how_it_works"
        yield from _painted(seen, glass, file, language, [n for n in nodes if not n.key.startswith("goods")])
    yield from _tickers(seen, glass, language, view, shop)
    thanks = Thanks(
        Frame(language), Money(1249, glass.store.currency), "K7Q2-9MXT", "7K2Q", "printed",
        glass.store.pickup.get(language, ""),
    )  # fmt: skip
    yield from _painted(seen, glass, "pickup", language, ending.thanks_layout(theme, say, shop, thanks))
    yield from _names(seen, glass, language, glass.shelving(view).shape)
    most = sorted(
        glass.products, key=lambda p: -len(p.descriptions.get(language, "") + p.ingredients.get(language, ""))
    )
    for each in most[:DETAILS]:
        detail = glass.product(at, language, each)
        assert isinstance(detail, ProductDetail)
        nodes = product.layout(theme, say, shop, detail)
        yield from _painted(seen, glass, f"product {each.gtin}", language, nodes)


def _tickers(seen: set[Hashable], glass: Glass, language: str, view: Wall, shop: Shop) -> Iterator[Finding]:
    ticker = glass.store.ticker
    for line in ticker.lines if ticker is not None else ():
        if ticker is None or language not in line.texts:
            continue
        told = Ticker(line.texts[language], language, min(250, max(100, ticker.area_per_mille)))
        frame = structs.replace(view.frame, ticker=told)
        say = words(language)
        on_wall = wall.layout(glass.theme, say, shop, structs.replace(view, frame=frame))
        loop = attract.layout(glass.theme, say, shop, Attract(frame, HOW), (), language)
        nodes = [node for node in (*on_wall, *loop) if node.key == "ticker"]
        yield from _painted(seen, glass, f"ticker {line.key}", language, nodes)


def _painted(
    seen: set[Hashable], glass: Glass, what: str, language: str, nodes: Sequence[Node]
) -> Iterator[Finding]:
    for node in nodes:
        look = node.art, node.rect.w, node.rect.h
        if node.art is None or look in seen:
            continue
        seen.add(look)
        found: list[Written] = []
        with watching(found.append):
            node.art.paint(node.rect.w, node.rect.h)
        for each in found:
            yield from _of_written(glass, what, language, node.key, each)


def _of_written(glass: Glass, what: str, language: str, key: str, each: Written) -> Iterator[Finding]:
    path = f"{what}, {key} on a {glass.panel_name} wall, {language}"
    if each.cut:
        yield Finding(
            level="error", file="texts", path=path, rule="text.cut",
            found=f"{each.words!r} does not fit at {each.size} px", do="say it shorter",
        )  # fmt: skip
    least = LARGE if each.size >= glass.theme.heading else TEXT
    if each.contrast + _ROUND < least and each.language == language:
        yield Finding(
            level="error", file="colours", path=path, rule="contrast",
            found=f"{each.words!r} stands out by {each.contrast:.1f}:1, {least}:1 is needed",
            do="other colours (WCAG 2.2, 1.4.3)",
        )  # fmt: skip


# --- names on the shelf ---------------------------------------------------------------------------------------------


def _names(seen: set[Hashable], glass: Glass, language: str, shape: TileShape) -> Iterator[Finding]:
    """Every product's name, as kiosk.ui.facing writes it."""
    for each in glass.products:
        name = each.names.get(language, "")
        measured = each.gtin, name, language, shape.name, shape.text
        if not name or measured in seen:
            continue
        seen.add(measured)
        if _surely_fits(name, shape, language):
            continue
        size = name_size(name, shape, language)
        if not whole_words(name, size, True, language, shape.name.w, shape.lines):
            yield Finding(
                level="warning", file="feeds", path=f"{each.gtin}.title[{language}] on a {glass.panel_name} wall",
                rule="text.cut", found=f"{name!r} does not fit its facing", do="a shorter title",
            )  # fmt: skip


def _surely_fits(name: str, shape: TileShape, language: str) -> bool:
    """By the advances of its letters: kerning and joining make words narrower, hardly wider."""
    wide = [sum(_advance(char, shape.text, language) for char in piece) for piece in pieces(name)]
    room = shape.name.w * 0.95
    return max(wide) < room and sum(wide) + max(wide) * (shape.lines - 1) < room * shape.lines


@lru_cache(maxsize=8192)
def _advance(char: str, size: int, language: str) -> int:
    return width(char, size, True, language)
