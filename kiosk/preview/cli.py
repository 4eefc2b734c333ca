"""`endcap content preview DIR`: pictures of what a wall shows of a content folder at some moment."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from content.authored.mistakes import ContentError
from content.authored.model import Where
from content.authored.reading import read_content
from content.model import Product, text_in
from content.pricing import timed
from kiosk.preview.drawing import DrawingError, Shot, draw
from kiosk.preview.framing import wall_shot
from kiosk.preview.walls import HOST, PANELS, Glass, linked, on_offer

DONE, WRONG, WRONG_WORDS = 0, 1, 2
_ADDRESS: Final = re.compile(r"([A-Za-z0-9_-]{1,32})/([A-Za-z0-9_-]{1,32})/([A-Za-z0-9_-]{1,32})")


class Ask(Struct, frozen=True):
    """A picture to be made, and a few words about it."""

    shot: Shot
    told: str


def main(arguments: Sequence[str] | None = None) -> int:
    """0: all pictures are there; 1: the folder is wrong or nothing can be drawn here; 2: wrong words."""
    words = _parser().parse_args(arguments)
    try:
        return _preview(words)
    except ValueError as error:
        print(f"endcap content preview: {error}", file=sys.stderr)
        return WRONG_WORDS
    except (ContentError, DrawingError, OSError) as error:
        print(f"endcap content preview: {error}", file=sys.stderr)
        return WRONG


def _preview(words: argparse.Namespace) -> int:
    authored = read_content(words.folder)
    at = moment(words.at, authored.content.store.timezone)
    words.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="endcap-pictures-") as pictures:
        where, panel = words.kiosk
        if panel == "":
            panel = words.orientation
            where = structs.replace(where, orientation=panel, tags=tuple(words.tag))
        glass = Glass(authored.content, where, panel, linked(authored.files, Path(pictures)), words.host)
        asks = list(_asks(glass, words, at))
        drawn = draw(glass.panel, [ask.shot for ask in asks])
        for ask, _ in zip(asks, drawn, strict=True):
            print(f"{ask.shot.path}  {ask.told}")
    return DONE


def moment(said: str, timezone: str) -> int:
    """A local time of the store as Unix seconds. Raises ValueError for what is none, or a time the clocks skip."""
    try:
        local = datetime.fromisoformat(said)
    except ValueError as error:
        raise ValueError(f"--at: expected a time such as 2026-12-24T22:30, found {said!r}") from error
    if local.tzinfo is None:
        aware = local.replace(tzinfo=ZoneInfo(timezone))
        if aware.astimezone(UTC).astimezone(aware.tzinfo).replace(tzinfo=None) != local:
            raise ValueError(f"--at: clocks in {timezone} skip {said}")
        local = aware
    return int(local.timestamp())


def _asks(glass: Glass, words: argparse.Namespace, at: int) -> Iterator[Ask]:
    languages = _chosen("--language", words.language, glass.languages, everything=words.all)
    aisles = _chosen("--aisle", words.aisle, glass.aisles, everything=words.all)
    for language in languages:
        yield from _slide(glass, words.out, at, language)
        for aisle in aisles:
            yield from _aisle(glass, words.out, at, language, aisle)
        yield from _offer(glass, words.out, at, language, aisles if words.aisle else glass.aisles)


def _chosen(option: str, said: str, there: list[str], *, everything: bool) -> list[str]:
    if said and said not in there:
        raise ValueError(f"{option}: expected one of {', '.join(there)}, found {said!r}")
    if not there:
        raise ValueError("there is nothing on this wall")
    return [said] if said else there if everything else there[:1]


def _slide(glass: Glass, out: Path, at: int, language: str) -> Iterator[Ask]:
    slide = glass.first_advert(at)
    view = glass.slide(slide.at, language, slide.key)
    facings = {aisle: glass.facings(aisle, range(4), at, language) for aisle in glass.aisles}
    path = out / f"{glass.panel_name}-attract-{language}.png"
    shop = structs.replace(glass.shop, version=f"{path}")
    told = f"the slide {slide.key!r}, {slide.seconds} s"
    yield Ask(Shot(shop=shop, view=view, facings=facings, path=str(path)), told)


def _aisle(glass: Glass, out: Path, at: int, language: str, aisle: str) -> Iterator[Ask]:
    view = glass.wall(at, language, aisle)
    for page in glass.pages(view):
        path = out / f"{glass.panel_name}-wall-{aisle}-{page.number}-{language}.png"
        shot = wall_shot(glass, view, aisle, page.offset, page.whole, at, language)
        running = [p for p in glass.shelf(aisle)[page.whole.start : page.whole.stop] if on_offer(p, at)]
        told = f"{aisle}, {page.number} of {page.of}: {len(page.whole)} products, {len(running)} with an offer now"
        yield Ask(structs.replace(shot, path=str(path)), told)


def _offer(glass: Glass, out: Path, at: int, language: str, aisles: list[str]) -> Iterator[Ask]:
    """The first product whose offer runs now, those that come and go by themselves before others; else the first of those
    whose offer does not run now, to show that it does not.
    """
    goods = [product for aisle in aisles for product in glass.shelf(aisle)]
    best: list[Product] = sorted(
        (p for p in goods if on_offer(p, at) or timed(p)), key=lambda p: (not on_offer(p, at), not timed(p))
    )
    for product in best[:1]:
        path = out / f"{glass.panel_name}-offer-{product.gtin}-{language}.png"
        view = glass.product(at, language, product)
        shop = structs.replace(glass.shop, version=str(path))
        told = f"{text_in(product.names, language)}: {on_offer(product, at) or 'no offer at this time'}"
        yield Ask(Shot(shop=shop, view=view, facings={}, path=str(path)), told)


def _kiosk(text: str) -> tuple[Where, str]:
    """A kiosk's address, or the name of a panel: a kiosk that hangs so and is in no group."""
    if text in PANELS:
        return Where(
            "preview", "preview", "preview", "landscape" if text == "landscape" else "portrait"
        ), text
    found = _ADDRESS.fullmatch(text)
    if found is None:
        names = ", ".join(PANELS)
        raise argparse.ArgumentTypeError(
            f"expected TENANT/SITE/KIOSK such as demo/line2/K1, or one of {names}; found {text!r}"
        )
    return Where(found[1], found[2], found[3]), ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="endcap content preview",
        description="Draw what a wall shows of a content folder at some moment, with the wall's own program.",
        epilog="Exit code: 0 all pictures are there, 1 the folder is wrong or nothing can be drawn here, 2 wrong words.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="see docs/content.md")
    parser.add_argument(
        "--kiosk", type=_kiosk, default="portrait", metavar="KIOSK",
        help="TENANT/SITE/KIOSK, or portrait, landscape, reach: one in no group that hangs so (default: portrait)",
    )  # fmt: skip
    parser.add_argument("--orientation", choices=("portrait", "landscape"), default="portrait")
    parser.add_argument("--tag", action="append", default=[], help="a tag of the kiosk; may be given again")
    parser.add_argument(
        "--at", required=True, metavar="LOCAL_TIME", help="2026-12-24T22:30, local to the store"
    )
    parser.add_argument("--language", default="", metavar="TAG", help="default: the store's first")
    parser.add_argument("--aisle", default="", help="default: the first")
    parser.add_argument("--all", action="store_true", help="every aisle and every language")
    parser.add_argument("--host", default=HOST, help="where phones find the shop, as codes say it")
    parser.add_argument(
        "--out", type=Path, default=Path("preview"), metavar="FOLDER", help="default: preview"
    )
    return parser
