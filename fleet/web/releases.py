"""What is in the repository, and where it runs: `/releases`. The repository itself, for kiosks, as files: `/content/...`.

The files are signed, so anybody may have them. All but timestamp.json are named by version or by content and never
change; a client that was cut goes on by Range (RFC 9110 14).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, func, select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from fleet import tables
from fleet.rollouts.repository import Release, Software
from fleet.rollouts.service import Rollouts
from fleet.services import Services
from fleet.web.assets import FOREVER
from fleet.web.commands import json_of
from fleet.web.operator import here_only
from fleet.web.pages import page
from fleet.web.staff import private

# What a client of The Update Framework asks for, and nothing else of the folder: no key, no lock, no way out of it.
SERVED: Final = re.compile(
    r"metadata/(?:timestamp|\d{1,9}\.[a-z0-9][a-z0-9-]{0,63})\.json"
    r"|targets/(?:[a-z0-9][a-z0-9-]{0,63}/){1,3}[0-9a-f]{64}\.[A-Za-z0-9][A-Za-z0-9._+-]{0,95}"
    r"|blobs/[0-9a-f]{2}/[0-9a-f]{64}",
    re.ASCII,
)


class Runs(Struct, frozen=True, kw_only=True):
    """Kiosks with a release: run and confirmed, tried or on its way, failed; `wanted`: of how many it is wanted."""

    confirmed: int = 0
    trying: int = 0
    failed: int = 0
    wanted: int = 0
    pinned: int = 0


def routes(services: Services) -> list[BaseRoute]:
    """The list; the files where there is a repository here."""
    rollouts = services.rollouts
    if rollouts is None:
        return []
    pages = _Pages(services, rollouts)
    found: list[BaseRoute] = [
        Route("/releases", here_only(pages.show), methods=["GET"]),
        Route("/api/releases", here_only(pages.as_json), methods=["GET"]),
    ]
    folder = rollouts.releases.folder
    if folder is not None:
        found.append(Route("/content/{path:path}", _files(folder), methods=["GET", "HEAD"]))
    return found


def runs(connection: Connection, kind: str = "content") -> dict[str, Runs]:
    """Where each release of a kind runs, by its name."""
    run, want = tables.running.c, tables.wanted.c
    found: dict[str, dict[str, int]] = {}
    on = select(run.name, run.confirmed, func.count()).where(run.kind == kind, run.name != "")
    for name, confirmed, kiosks in connection.execute(on.group_by(run.name, run.confirmed)):
        key = "confirmed" if confirmed else "trying"
        found.setdefault(name, {})[key] = kiosks
    off = (run.kind == kind) & (run.target != "") & (run.target != run.name)
    on_its_way = select(run.target, run.phase, func.count()).where(off).group_by(run.target, run.phase)
    for name, phase, kiosks in connection.execute(on_its_way):
        of, key = found.setdefault(name, {}), "failed" if phase == "failed" else "trying"
        of[key] = of.get(key, 0) + kiosks
    asked = (
        select(want.name, func.count(), func.count(func.nullif(want.pinned_by, "")))
        .where(want.kind == kind, want.name != "")
        .group_by(want.name)
    )
    for name, wanted, pinned in connection.execute(asked):
        found.setdefault(name, {}).update(wanted=wanted, pinned=pinned)
    return {name: Runs(**counts) for name, counts in found.items()}


class _Look(NamedTuple):
    """What is listed, and where it runs."""

    releases: list[Release]
    where: dict[str, Runs]
    software: list[Software]
    software_where: dict[str, Runs]

    @property
    def strange(self) -> list[tuple[str, Runs]]:
        """What runs or is wanted somewhere and is not listed, software last."""
        return [*_strange(self.releases, self.where), *_strange(self.software, self.software_where)]


def _strange(
    listed: Sequence[Release] | Sequence[Software], where: Mapping[str, Runs]
) -> list[tuple[str, Runs]]:
    known = {one.name for one in listed}
    return [(name, where[name]) for name in sorted(where) if name not in known]


class _Pages:
    """What is there, and where it runs."""

    def __init__(self, services: Services, rollouts: Rollouts) -> None:
        self._services, self._rollouts = services, rollouts

    def _look(self) -> _Look:
        releases = self._rollouts.releases
        with self._services.store.read() as connection:
            where, programs_where = runs(connection), runs(connection, "software")
        return _Look(releases.all(), where, releases.software(), programs_where)

    async def show(self, request: Request) -> Response:
        """`/releases`."""
        look = await run_in_threadpool(self._look)
        return private(
            page(
                request, "releases.html", title="Releases", look=look, nowhere=Runs(),
                trouble=self._rollouts.releases.trouble, folder=self._rollouts.releases.folder,
                now_ms=self._services.clock(),
            )
        )  # fmt: skip

    async def as_json(self, _request: Request) -> Response:
        """`/api/releases`."""
        look = await run_in_threadpool(self._look)
        told = {
            "releases": _told(look.releases, look.where), "software": _told(look.software, look.software_where),
            "trouble": self._rollouts.releases.trouble,
        }  # fmt: skip
        return json_of(told)


def _told(
    releases: Sequence[Release] | Sequence[Software], where: Mapping[str, Runs]
) -> list[dict[str, Any]]:
    return [
        msgspec.to_builtins(one) | {"runs": msgspec.to_builtins(where.get(one.name, Runs()))}
        for one in releases
    ]


def _files(folder: Path) -> Any:
    root = folder.resolve()

    async def file(request: Request) -> Response:
        path = str(request.path_params["path"])
        if not SERVED.fullmatch(path):
            raise HTTPException(404)
        found = root / path
        whole = await run_in_threadpool(lambda: found.is_file() and found.resolve().is_relative_to(root))
        if not whole:
            raise HTTPException(404)
        kept = "no-cache" if path == "metadata/timestamp.json" else FOREVER
        return FileResponse(found, media_type="application/octet-stream", headers={"cache-control": kept})

    return file
