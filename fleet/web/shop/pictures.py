"""The products' pictures, no larger than a phone shows them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from fleet.web.assets import FOREVER
from fleet.web.shop.lane import Gone, Lane
from fleet.web.shop.product_view import gtin_14

WIDTHS: Final = (112, 240)  # a list's and a small phone's; without one: as the store has it, 400 at most
MOST_BYTES: Final = 8 * 1024 * 1024
_QUALITY: Final = 74


class Small:
    """Pictures made smaller, the last ones kept. Every method may be called from any thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._bytes = most_bytes, 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()

    def of(self, path: Path, width: int) -> bytes:
        """The picture as WebP, at most `width` pixels on its long side. Raises OSError for a file that is none."""
        key = (str(path), path.stat().st_mtime_ns, width)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = _smaller(path, width)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._bytes += len(made)
            while self._bytes > self._most:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return made


def _smaller(path: Path, width: int) -> bytes:
    with Image.open(path) as picture:
        picture.load()
        picture.thumbnail((width, width), Image.Resampling.LANCZOS)
        out = BytesIO()
        picture.save(out, "WEBP", quality=_QUALITY, method=4)
        return out.getvalue()


def width_of(text: str) -> int | None:
    """One of WIDTHS; None for whatever else is asked for: another width would be another picture to make and to keep."""
    return next((width for width in WIDTHS if text == str(width)), None)


def routes(lane: Lane) -> list[BaseRoute]:
    """`/picture/{gtin}?w=112`; with `v` of this edition it may be kept for good."""
    small = Small()

    def find(gtin: str) -> Path | None:
        for store in lane.every():
            product = store.product(gtin)
            found = store.picture(product) if product else None
            if found is not None:
                return found
        return None

    async def picture(request: Request) -> Response:
        path = await run_in_threadpool(find, gtin_14(request.path_params["gtin"]) or "")
        if path is None:
            raise Gone("product")
        edition = lane.services.catalogue.edition if lane.services.catalogue else 0
        current = request.query_params.get("v") == str(edition)
        headers = {"cache-control": FOREVER if current else "public, max-age=3600"}
        width = width_of(request.query_params.get("w", ""))
        if width is None:
            return FileResponse(path, headers=headers)
        try:
            body = await run_in_threadpool(small.of, path, width)
        except OSError:
            return FileResponse(path, headers=headers)
        return Response(body, media_type="image/webp", headers=headers)

    return [Route("/picture/{gtin}", lane.kindly(picture), methods=["GET"])]
