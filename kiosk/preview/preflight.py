"""What is looked at before a release is signed: all of it, at once, told with file, place, rule and what to do."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from content.authored.model import Content
from content.authored.reading import Authored
from kiosk.preview import codes, images, leads, prices, texts
from kiosk.preview.findings import Finding, Report, confirmed
from kiosk.preview.kiosks import glasses
from kiosk.preview.walls import HOST, Glass, linked

PAGES: Final = 80  # drawn, of all walls together: some 40 s of a processor


class Asked(Struct, frozen=True, kw_only=True):
    """How a folder is to be looked at. `at` is the moment walls are drawn for (Unix seconds)."""

    at: int
    confirm: tuple[str, ...] = ()
    host: str = HOST
    pages: int = PAGES
    online: bool = False
    draw: bool = True


def preflight(authored: Authored, previous: Content | None, asked: Asked) -> Report:
    """Look at a folder that was read. Raises kiosk.preview.drawing.DrawingError where nothing can be drawn here."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="endcap-preflight-") as folder:
        walls, left_out = glasses(authored.content, linked(authored.files, Path(folder)), asked.host)
        looked = [
            f"{len(walls)} walls that differ, {len(authored.content.products)} products, {len(authored.files)} pictures"
        ]
        if left_out:
            looked.append(f"{left_out} more combinations of groups were not looked at")
        looked.append(
            "prices beside the last release's" if previous else "no release before: prices were not compared"
        )
        found = list(_facts(authored, previous, walls, asked))
        found += texts.of_texts(walls, asked.at)
        if asked.draw:
            every = codes.sheets(walls, asked.at)
            chosen = codes.sample(every, asked.pages)
            found += codes.of_codes(chosen, asked.at)
            looked.append(f"codes read from {len(chosen)} of {len(every)} pages")
        else:
            looked.append("no code was read from a picture")
    found.sort(key=lambda each: (each.level, each.file, each.rule))
    return Report(
        findings=tuple(confirmed(found, asked.confirm)),
        looked=tuple(looked),
        seconds=round(time.monotonic() - began, 1),
    )


def _facts(
    authored: Authored, previous: Content | None, walls: Sequence[Glass], asked: Asked
) -> Iterator[Finding]:
    content = authored.content
    sold = [product for glass in walls for product in glass.products]
    if not walls:
        yield Finding(
            level="error", file="walls.toml", path="", rule="wall.empty", found="no wall has a product on it",
            do="see `endcap content resolve`",
        )  # fmt: skip
    yield from images.missing(authored.warnings)
    yield from images.of_pictures(walls, authored.files)
    yield from prices.of_prices(previous, content)
    yield from prices.of_offers(previous, content, sold)
    yield from prices.of_units(content.products)
    yield from dict.fromkeys(leads.all_links(walls, asked.at))
    if asked.online:
        for glass in walls[:1]:
            yield from leads.online(glass, asked.at)
