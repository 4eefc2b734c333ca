"""Pictures as large as the places they are drawn in. That they decode and are no bombs content.authored has seen to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from content.authored.mistakes import Mistake
from content.model import text_in
from kiosk.preview.findings import Finding, Level
from kiosk.preview.walls import Glass
from kiosk.ui.facing import tile_shape
from kiosk.ui.paint import MAX_PIXELS, picture_size

BLURRED: Final = 1.8  # times enlarged: seen from a step away
USELESS: Final = 4.0
LONG: Final = 6.0  # times as long as wide


def of_pictures(glasses: Sequence[Glass], files: Mapping[str, Path]) -> Iterator[Finding]:
    """Each picture once, beside the largest place that it is drawn in."""
    sizes = {name: picture_size(str(path)) for name, path in files.items()}
    wanted: dict[str, tuple[float, str]] = {}
    for glass in glasses:
        shape = tile_shape(glass.theme, glass.theme.width // max(1, glass.theme.width // 540), False)
        place = shape.picture
        slide = glass.theme.width - (0 if glass.theme.portrait else glass.theme.px(700))
        for product in glass.products:
            if product.picture:
                _want(
                    wanted,
                    sizes,
                    product.picture,
                    place.w,
                    place.h,
                    f"{product.gtin} {text_in(product.names, 'en')}",
                )
        for advert in glass.store.adverts:
            size = sizes.get(advert.picture)
            if size:
                scale = slide / size[0]
                if scale > wanted.get(advert.picture, (0.0, ""))[0]:
                    wanted[advert.picture] = (scale, f"advert {advert.key}")
    for name, (scale, whose) in wanted.items():
        size = sizes[name]
        if size is None or size[0] * size[1] > MAX_PIXELS:
            found = "it cannot be read" if size is None else f"{size[0]} x {size[1]} pixels"
            yield _of("error", files[name].name, whose, "picture.broken", found, "another picture")
            continue
        told = f"{size[0]} x {size[1]} pixels are drawn {scale:.1f} times as large"
        if scale > USELESS:
            yield _of("error", files[name].name, whose, "picture.small", told, "a larger picture")
        elif scale > BLURRED:
            yield _of("warning", files[name].name, whose, "picture.small", told, "a larger picture")
        if max(size) > LONG * min(size):
            told = f"{size[0]} x {size[1]} pixels are a stripe"
            yield _of("warning", files[name].name, whose, "picture.shape", told, "cut it nearer to a square")


def _want(
    wanted: dict[str, tuple[float, str]],
    sizes: Mapping[str, tuple[int, int] | None],
    name: str,
    w: int,
    h: int,
    whose: str,
) -> None:
    size = sizes.get(name)
    scale = min(w / size[0], h / size[1]) if size else 0.0
    if name not in wanted or scale > wanted[name][0]:
        wanted[name] = (scale, whose)


def missing(warnings: Sequence[Mistake]) -> Iterator[Finding]:
    """What the folder's reading already warned of."""
    for each in warnings:
        rule = "picture.missing" if "image_link" in each.path else "folder"
        yield _of("warning", each.file, each.path, rule, each.rule, "see docs/content.md")


def _of(level: Level, file: str, path: str, rule: str, found: str, do: str) -> Finding:
    return Finding(level=level, file=file, path=path, rule=rule, found=found, do=do)
