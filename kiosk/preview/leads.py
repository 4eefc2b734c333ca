"""Where codes and adverts lead: every code of every wall names the facing it stands at, every advert something that is sold."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Final

from content.links import parse, split_spot
from content.model import Availability
from kiosk.preview.findings import Finding, Level
from kiosk.preview.walls import Glass
from kiosk.ui.facing import CODE_MODULES
from kiosk.ui.paint import code_side

SAMPLE: Final = 5  # links of each wall that are asked for
_PATIENCE_S: Final = 10


def of_links(glass: Glass, at: int) -> Iterator[Finding]:
    """Every link of a wall, read back as a phone's shop reads it."""
    longest, links = "", glass.links
    for product in glass.products:
        text = links.product(product.facing, product.gtin, at)
        longest = max(longest, text, key=len)
        link = parse(text)
        spot = split_spot(link.spot) if link else None
        if (
            link is None
            or link.kind != "01"
            or link.value != product.gtin
            or not spot
            or spot[0] != product.facing
        ):
            found = f"{text} does not lead to facing {product.facing}"
            yield _of("error", "feeds", product.gtin, "link.wrong", found, "check --host and the GTIN")
    if longest and (modules := code_side(longest, 1, quiet=0)) > CODE_MODULES:
        found = f"{len(longest)} characters make a code of {modules} modules, {CODE_MODULES} fit a facing"
        yield _of(
            "error",
            "--host",
            glass.place.host,
            "link.long",
            found,
            "a shorter host: phones read it from a metre",
        )


def of_adverts(glass: Glass) -> Iterator[Finding]:
    """Adverts that lead nowhere on the walls they play on."""
    sold = {product.gtin: product for product in glass.products}
    aisles = set(glass.aisles)
    for advert in glass.store.adverts:
        path = f"advert {advert.key}, {glass.panel_name} wall {glass.name}"
        product = sold.get(advert.link)
        if advert.link and product is None and advert.link not in aisles:
            found = f"{advert.link!r} is not on this wall"
            yield _of("error", "adverts", path, "advert.nowhere", found, "another link, or other groups")
        elif product is not None and product.availability is Availability.OUT_OF_STOCK:
            found = f"{advert.link} is sold out"
            yield _of("warning", "adverts", path, "advert.sold-out", found, "another link, or another advert")


def online(glass: Glass, at: int, opener: urllib.request.OpenerDirector | None = None) -> Iterator[Finding]:
    """Ask the public host for a few links, evenly taken, as a phone would."""
    opener = opener or urllib.request.build_opener()
    step = max(1, len(glass.products) // SAMPLE)
    for product in glass.products[::step][:SAMPLE]:
        link = glass.links.product(product.facing, product.gtin, at)
        if why := _asked(opener, link):
            yield _of(
                "error",
                "--online",
                product.gtin,
                "link.dead",
                f"{link}: {why}",
                "is the shop's host running?",
            )


def _asked(opener: urllib.request.OpenerDirector, link: str) -> str:
    scheme, _, rest = link.partition("://")
    if scheme.lower() not in ("http", "https"):
        return "expected http or https"
    request = urllib.request.Request(f"{scheme.lower()}://{rest}", headers={"Accept": "text/html"})  # noqa: S310 - see above
    try:
        with opener.open(request, timeout=_PATIENCE_S) as answer:
            return "" if answer.status == 200 else f"answers {answer.status}"
    except urllib.error.HTTPError as error:
        with error:
            return f"answers {error.code}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))


def _of(level: Level, file: str, path: str, rule: str, found: str, do: str) -> Finding:
    return Finding(level=level, file=file, path=path, rule=rule, found=found, do=do)


def all_links(glasses: Sequence[Glass], at: int) -> Iterator[Finding]:
    """Of every wall."""
    for glass in glasses:
        yield from of_links(glass, at)
        yield from of_adverts(glass)
