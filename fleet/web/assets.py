"""Style sheets, icons and scripts: read once, compressed once, and named by their content so that they never go stale.

`/static/phone.3f2a91bc04.css` is kept by a browser for a year; the plain name is answered too, and asked for anew.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fleet.web.wire import Kept

STATIC: Final = Path(__file__).parent / "static"
FOREVER: Final = "public, max-age=31536000, immutable"  # RFC 8246
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Assets:
    """The files of a folder, in memory."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._files: dict[str, Kept] = {}
        self._named: dict[str, str] = {}
        for path in sorted(path for path in folder.iterdir() if path.is_file()):
            body = path.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:10]
            kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            name = f"{path.stem}.{digest}{path.suffix}"
            self._named[path.name] = name
            self._files[name] = Kept(body, kind, (("cache-control", FOREVER),), best=True)
            self._files[path.name] = Kept(body, kind, (("cache-control", "no-cache"),), best=True)

    def url(self, name: str) -> str:
        """Where a file is. Raises KeyError for one that is not there: a misspelt name in a template."""
        return f"/static/{self._named[name]}"

    def names(self) -> Iterator[str]:
        """The files' plain names."""
        return iter(self._named)

    def routes(self) -> list[BaseRoute]:
        """`/static/{name}`."""

        async def file(request: Request) -> Response:
            kept = self._files.get(request.path_params["name"])
            return Response("Not found", 404) if kept is None else kept.answer(request)

        return [Route("/static/{name}", file, methods=["GET"], name="static")]
