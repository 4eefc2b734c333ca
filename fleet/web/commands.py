"""What kiosks are told to do and how they are to be: `/commands`, one page per kiosk, and the interface of the command line.

For this machine only, as all pages of staff: nobody has signed in, so whoever asks types a name and a reason, and both are
kept and told to the kiosk.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fleet.operating.commands import ARGUMENTS, KINDS, BadCommand, Commands, Entry, Wish
from fleet.operating.desired import LEVELS, BadDesired, Standing
from fleet.safety import posted_here
from fleet.services import Services
from fleet.web.operator import here_only
from fleet.web.pages import page
from fleet.web.staff import form_of, private, who_of
from mqtt.topics import Address, BadTopic

LATEST: Final = 60
MOST_BODY: Final = 256 * 1024
MOST_IDS: Final = 2_000
COLOURS: Final = ("green", "blue", "violet", "orange", "red", "black")
ENDINGS: Final = {"image/webp": "webp", "text/plain": "txt", "application/gzip": "log.gz"}


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/commands."""

    kiosk: str  # an address, a glob, a site, a name
    what: str
    by: str
    why: str
    arguments: dict[str, str] = {}
    valid_s: int = 60
    force: bool = False


class Want(Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/desired."""

    kiosk: str
    by: str
    why: str
    changes: dict[str, Any]


def routes(services: Services) -> list[BaseRoute]:
    """None where this fleet has no line to kiosks."""
    commands = services.commands
    if commands is None:
        return []
    pages, machine = _Pages(services, commands), _Machine(commands)
    return [
        Route("/commands", here_only(pages.show), methods=["GET"]),
        Route("/commands", here_only(pages.give), methods=["POST"]),
        Route("/commands/{tenant}/{site}/{kiosk}", here_only(pages.show), methods=["GET"]),
        Route("/commands/{tenant}/{site}/{kiosk}/desired", here_only(pages.want), methods=["POST"]),
        Route("/commands/{command}/result", here_only(machine.result), methods=["GET"]),
        Route("/api/commands", here_only(machine.give), methods=["POST"]),
        Route("/api/commands", here_only(machine.states), methods=["GET"]),
        Route("/api/desired", here_only(machine.want), methods=["POST"]),
        Route("/api/desired/{tenant}/{site}/{kiosk}", here_only(machine.standing), methods=["GET"]),
    ]


class _Pages:
    """For people."""

    def __init__(self, services: Services, commands: Commands) -> None:
        self._services, self._commands = services, commands

    async def show(self, request: Request) -> Response:
        return await run_in_threadpool(self._draw, request)

    def _draw(self, request: Request, said: str = "", status: int = 200) -> Response:
        kiosk = (
            "/".join(request.path_params[part] for part in ("tenant", "site", "kiosk"))
            if request.path_params
            else ""
        )
        if kiosk:
            _address(kiosk)
        standing: Standing | None = self._commands.desires.standing(kiosk) if kiosk else None
        entries = self._commands.book.latest(LATEST, kiosk)
        template = "commands_list.html" if request.query_params.get("part") == "list" else "commands.html"
        return private(
            page(
                request, template, status, title=kiosk or "Commands", kiosk=kiosk, said=said, who=who_of(request),
                entries=entries, kinds=KINDS, colours=COLOURS, standing=standing, levels=LEVELS,
                history=self._commands.desires.history(kiosk) if kiosk else [],
                agreement={} if kiosk else self._commands.desires.agreement(),
                now_ms=self._services.clock(), connected=self._services.line.connected,
            )
        )  # fmt: skip

    async def give(self, request: Request) -> Response:
        form = await form_of(
            request, "kiosk", "what", "why", "force", "seconds", "colour", "minutes", "device"
        )
        arguments = {name: form[name] for name in ARGUMENTS.get(form["what"], ()) if form[name]}
        wish = Wish(form["what"], form["who"], form["why"], arguments, force=form["force"] == "yes")
        try:
            await run_in_threadpool(_give, self._commands, form["kiosk"], wish)
        except BadCommand as error:
            return await run_in_threadpool(self._draw, request, f"{error}. Nothing was sent.", 400)
        return private(RedirectResponse("/commands", 303), form["who"])

    async def want(self, request: Request) -> Response:
        form = await form_of(
            request, "why", "out_of_service", "brightness", "sleep_from", "sleep_until", "log_level"
        )
        kiosk = "/".join(request.path_params[part] for part in ("tenant", "site", "kiosk"))
        try:
            changes = _changes(form)
            address = _address(kiosk)
            await run_in_threadpool(self._commands.desires.change, address, changes, form["who"], form["why"])
        except BadDesired as error:
            return await run_in_threadpool(self._draw, request, f"{error}. Nothing was changed.", 400)
        return private(RedirectResponse(f"/commands/{kiosk}", 303), form["who"])


def _changes(form: dict[str, str]) -> dict[str, Any]:
    """The whole of a form of desired state. Raises BadDesired."""
    if not form["brightness"].isdecimal():
        raise BadDesired(f"brightness {form['brightness'][:16]!r}: expected a number of percent")
    night = [_minute(form[name]) for name in ("sleep_from", "sleep_until")]
    if night.count(None) == 1:
        raise BadDesired("a night has a beginning and an end")
    return {
        "out_of_service": form["out_of_service"] == "yes", "brightness": int(form["brightness"]),
        "sleep": None if None in night else night, "log_level": form["log_level"],
    }  # fmt: skip


def _minute(text: str) -> int | None:
    """ "23:30" as a minute of the day; None for nothing. Raises BadDesired."""
    if not text:
        return None
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise BadDesired(f"{text[:16]!r}: expected a time such as 23:30")
    return int(hour) * 60 + int(minute)


class _Machine:
    """For `endcap fleet command` and `desired`: JSON."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def give(self, request: Request) -> Response:
        ask = await body_of(request, Ask)
        wish = Wish(ask.what, ask.by, ask.why, ask.arguments, ask.valid_s, ask.force)
        try:
            given = await run_in_threadpool(_give, self._commands, ask.kiosk, wish)
        except BadCommand as error:
            return json_of({"error": str(error)}, 400)
        return json_of({"commands": given}, 201)

    async def states(self, request: Request) -> Response:
        ids = [one for one in request.query_params.get("ids", "").split(",") if one][:MOST_IDS]
        book = self._commands.book

        def look() -> list[dict[str, Any]]:
            entries = book.entries(ids) if ids else book.latest(LATEST)
            return [_shown(entry) | {"states": book.history(entry.id)} for entry in entries]

        return json_of({"commands": await run_in_threadpool(look)})

    async def result(self, request: Request) -> Response:
        command = str(request.path_params["command"])
        found = await run_in_threadpool(self._commands.book.result, command)
        if found is None:
            raise HTTPException(404)
        media, data = found
        kind = "attachment" if media == "application/gzip" else "inline"
        name = f"{command if command.isalnum() else 'result'}.{ENDINGS[media]}"
        headers = {
            "cache-control": "no-store", "content-disposition": f'{kind}; filename="{name}"',
            "content-security-policy": "default-src 'none'; sandbox",
        }  # fmt: skip
        return Response(data, media_type=media, headers=headers)

    async def want(self, request: Request) -> Response:
        want = await body_of(request, Want)
        try:
            addresses = await run_in_threadpool(self._commands.targets, want.kiosk)
            versions = [
                {
                    "kiosk": str(address),
                    "version": (
                        await run_in_threadpool(
                            self._commands.desires.change, address, want.changes, want.by, want.why
                        )
                    ).version,
                }
                for address in addresses
            ]
        except (BadCommand, BadDesired) as error:
            return json_of({"error": str(error)}, 400)
        return json_of({"desired": versions}, 201)

    async def standing(self, request: Request) -> Response:
        kiosk = "/".join(request.path_params[part] for part in ("tenant", "site", "kiosk"))
        _address(kiosk)
        standing = await run_in_threadpool(self._commands.desires.standing, kiosk)
        return json_of(msgspec.to_builtins(standing) | {"agreed": standing.agreed})


def _give(commands: Commands, pattern: str, wish: Wish) -> list[dict[str, str]]:
    wish.check()
    addresses = commands.targets(pattern)
    ids = commands.give(addresses, wish)
    return [{"id": one, "kiosk": str(address)} for one, address in zip(ids, addresses, strict=True)]


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id, "kiosk": entry.kiosk, "what": entry.what, "who": entry.who, "why": entry.why, "state": entry.state,
        "reason": entry.reason, "detail": entry.detail, "over": entry.over, "size": entry.size, "media": entry.media,
    }  # fmt: skip


def _address(kiosk: str) -> Address:
    try:
        return Address(*kiosk.split("/"))
    except (BadTopic, TypeError):
        raise HTTPException(404) from None


async def body_of(request: Request, kind: type[Any]) -> Any:
    """The JSON of a request. A page of somebody else's cannot send it: its browser would ask first, and is not answered."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415)
    if ("origin" in request.headers or "sec-fetch-site" in request.headers) and not posted_here(
        request.headers
    ):
        raise HTTPException(403)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            raise HTTPException(413)
    try:
        return msgspec.json.decode(bytes(body), type=kind)
    except msgspec.DecodeError as error:
        raise HTTPException(400, str(error)) from None


def json_of(data: Any, status: int = 200) -> Response:
    """An answer for a program, which nobody keeps."""
    return Response(
        msgspec.json.encode(data),
        status,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )
