"""Roll-outs: `/rollouts`, one page each, and the interface of the command line. For this machine only, as all pages of staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fleet.operating.commands import BadCommand, Commands
from fleet.rollouts.book import Detail, Wish
from fleet.rollouts.deeds import DEEDS, possible
from fleet.rollouts.model import ENDED, KINDS, BadRollout, Rollout
from fleet.rollouts.ring_text import ring_of, text_of, window_of
from fleet.rollouts.service import Rollouts
from fleet.services import Services
from fleet.web.commands import body_of, json_of
from fleet.web.operator import here_only
from fleet.web.pages import page
from fleet.web.staff import MOST_WHY, form_of, private, who_of
from mqtt.topics import Address

RINGS: Final = 4  # in the form; the command line takes more
EXAMPLE: Final = (
    "pilot: percent=5 errors=1 soak=30m deadline=4h silent=error",
    "tenth: percent=10 success=95 error-percent=5 soak=2h deadline=12h",
    "rest: success=95 error-percent=5 soak=10m deadline=1d",
)
# verdict -> (shape, words); colour is never alone
VERDICTS: Final = {
    "confirmed": ("●", "confirmed"), "waiting": ("○", "not decided"), "failed": ("✖", "failed"), "silent": ("◌", "silent"),
    "pinned": ("◆", "pinned"), "gone": ("–", "gone"), "waived": ("≈", "accepted"),
}  # fmt: skip
WORDS: Final = {
    "errors": "too many kiosks failed", "no-evidence": "no kiosk has confirmed it",
    "success-not-reached": "too few kiosks have confirmed it",
}  # fmt: skip
MOST_SHOWN: Final = 200


class Ask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/rollouts. `rings` as text, `window` HH:MM-HH:MM, `not_before` ISO 8601 with its offset."""

    target: str
    rings: tuple[str, ...]
    by: str
    why: str
    kind: str = "content"
    window: str = ""
    timezone: str = "UTC"
    not_before: str = ""
    needs_approval: bool = True


class Said(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who decides, and why."""

    by: str
    why: str


class Pinned(Said, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/pins, /api/unpins. `kiosk`: an address, a site, a glob, a name."""

    kiosk: str
    kind: str = "content"
    name: str = ""


class Tagged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/tags."""

    kiosk: str
    tags: tuple[str, ...]
    by: str
    off: bool = False


def routes(services: Services) -> list[BaseRoute]:
    """None where this fleet has no line to kiosks."""
    rollouts, commands = services.rollouts, services.commands
    if rollouts is None or commands is None:
        return []
    pages, machine = _Pages(services, rollouts), _Machine(rollouts, commands)
    return [
        Route("/rollouts", here_only(pages.every), methods=["GET"]),
        Route("/rollouts", here_only(pages.make), methods=["POST"]),
        Route("/rollouts/{rollout}", here_only(pages.show), methods=["GET"]),
        Route("/rollouts/{rollout}/{deed}", here_only(pages.act), methods=["POST"]),
        Route("/api/rollouts", here_only(machine.make), methods=["POST"]),
        Route("/api/rollouts", here_only(machine.every), methods=["GET"]),
        Route("/api/rollouts/{rollout}", here_only(machine.show), methods=["GET"]),
        Route("/api/rollouts/{rollout}/{deed}", here_only(machine.act), methods=["POST"]),
        Route("/api/pins", here_only(machine.pins), methods=["GET"]),
        Route("/api/pins", here_only(machine.pin), methods=["POST"]),
        Route("/api/unpins", here_only(machine.unpin), methods=["POST"]),
        Route("/api/tags", here_only(machine.tag), methods=["POST"]),
    ]


def wish_of(ask: Ask) -> Wish:
    """What is asked for. Raises BadRollout."""
    not_before_ms = 0
    if ask.not_before:
        try:
            moment = datetime.fromisoformat(ask.not_before)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise BadRollout(
                f"not before {ask.not_before[:40]!r}: expected a time with its offset, such as 2026-11-24T01:00+01:00"
            )
        not_before_ms = int(moment.timestamp() * 1000)
    return Wish(
        kind=ask.kind, target=ask.target.strip(), rings=tuple(ring_of(text) for text in ask.rings),
        needs_approval=ask.needs_approval, not_before_ms=not_before_ms, window=window_of(ask.window),
        timezone=ask.timezone.strip() or "UTC",
    )  # fmt: skip


def shown(rollout: Rollout, kiosks: list[dict[str, int]]) -> dict[str, Any]:
    """A roll-out as JSON."""
    return {
        "id": rollout.id, "kind": rollout.kind, "target": rollout.target, "state": rollout.state, "reason": rollout.reason,
        "ring": rollout.ring, "made_by": rollout.made_by, "why": rollout.why, "approved_by": rollout.approved_by,
        "made_ms": rollout.made_ms, "changed_ms": rollout.changed_ms, "possible": possible(rollout.state),
        "rings": [
            {"name": ring.name, "text": text_of(ring), "kiosks": counts}
            for ring, counts in zip(rollout.rings, kiosks, strict=True)
        ],
    }  # fmt: skip


def counts_of(detail: Detail) -> list[dict[str, int]]:
    """Kiosks by verdict, ring by ring."""
    return [
        {name: count for name, count in msgspec.structs.asdict(found).items() if count}
        for found in detail.scores()
    ]


class _Pages:
    """For people."""

    def __init__(self, services: Services, rollouts: Rollouts) -> None:
        self._services, self._rollouts = services, rollouts

    async def every(self, request: Request) -> Response:
        return await run_in_threadpool(self._draw_list, request)

    def _draw_list(
        self, request: Request, said: str = "", form: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        only_part = request.query_params.get("part") == "live"
        typed = form or {f"ring{number}": text for number, text in enumerate(EXAMPLE)}
        return private(
            page(
                request, "rollouts_live.html" if only_part else "rollouts.html", status, title="Roll-outs", said=said,
                who=who_of(request), found=self._rollouts.book.newest(), pins=self._rollouts.pins.all(), kinds=KINDS,
                releases=[*self._rollouts.releases.all(), *self._rollouts.releases.software()],
                trouble=self._rollouts.releases.trouble, form=typed,
                rings=RINGS, verdicts=VERDICTS, reasons=WORDS, ended=ENDED, bar=bar, now_ms=self._services.clock(),
            )
        )  # fmt: skip

    async def show(self, request: Request) -> Response:
        return await run_in_threadpool(self._draw, request)

    def _draw(self, request: Request, said: str = "", status: int = 200) -> Response:
        try:
            detail = self._rollouts.book.detail(str(request.path_params["rollout"]))
        except BadRollout:
            raise HTTPException(404) from None
        rollout = detail.rollout
        wrong = [one for one in detail.members if one.verdict in ("failed", "silent")]
        reasons: dict[str, list[str]] = {}
        for one in wrong:
            reasons.setdefault(f"{one.verdict}: {one.reason or 'nothing was said'}", []).append(one.kiosk)
        only_part = request.query_params.get("part") == "live"
        return private(
            page(
                request, "rollout_live.html" if only_part else "rollout.html", status, said=said, who=who_of(request),
                title=rollout.target, rollout=rollout, detail=detail, counts=counts_of(detail),
                reasons=sorted(reasons.items(), key=lambda one: (-len(one[1]), one[0])), possible=possible(rollout.state),
                preview=self._preview(rollout), verdicts=VERDICTS, text_of=text_of, bar=bar,
                most=MOST_SHOWN, why_stopped=WORDS, now_ms=self._services.clock(),
            )
        )  # fmt: skip

    def _preview(self, rollout: Rollout) -> str:
        """How many kiosks each ring would have, were it to begin now; or why it could not."""
        if rollout.state not in ("draft", "waiting-approval", "scheduled"):
            return ""
        try:
            members = self._rollouts.book.preview(rollout)
        except BadRollout as error:
            return str(error)
        rings = [sum(one.ring == number for one in members) for number in range(len(rollout.rings))]
        return ", ".join(f"{ring.name} {count}" for ring, count in zip(rollout.rings, rings, strict=True))

    async def make(self, request: Request) -> Response:
        names = [f"ring{number}" for number in range(RINGS)]
        form = await form_of(request, "kind", "target", "why", "window", "timezone", *names)
        ask = Ask(
            target=form["target"], rings=tuple(form[name] for name in names if form[name]), by=form["who"],
            why=form["why"], kind=form["kind"], window=form["window"], timezone=form["timezone"],
        )  # fmt: skip

        def make() -> Rollout:
            if any(
                len(form[name]) >= MOST_WHY for name in names
            ):  # a browser cuts what is pasted, without a word
                raise BadRollout(
                    f"a ring has {MOST_WHY - 1} characters here at most; the command line takes more"
                )
            made = self._rollouts.make(wish_of(ask), ask.by, ask.why)
            return self._rollouts.act(made.id, "submit", ask.by, ask.why)

        try:
            made = await run_in_threadpool(make)
        except BadRollout as error:
            return await run_in_threadpool(self._draw_list, request, f"{error}. Nothing was made.", form, 400)
        return private(RedirectResponse(f"/rollouts/{made.id}", 303), form["who"])

    async def act(self, request: Request) -> Response:
        form = await form_of(request, "why")
        rollout, deed = str(request.path_params["rollout"]), str(request.path_params["deed"])
        if deed not in DEEDS:
            raise HTTPException(404)
        try:
            await run_in_threadpool(self._rollouts.act, rollout, deed, form["who"], form["why"])
        except BadRollout as error:
            return await run_in_threadpool(self._draw, request, f"{error}. Nothing was changed.", 400)
        return private(RedirectResponse(f"/rollouts/{rollout}", 303), form["who"])


def bar(counts: dict[str, int]) -> list[tuple[str, float, float]]:
    """(verdict, where it begins, how wide it is) of a bar a hundred wide. Those that have no say are left out."""
    shares = [(name, counts.get(name, 0)) for name in ("confirmed", "failed", "waived", "silent", "waiting")]
    total = sum(count for _, count in shares) or 1
    found, at = [], 0.0
    for name, count in shares:
        if count:
            found.append((name, round(at, 3), round(100 * count / total, 3)))
            at += 100 * count / total
    return found


class _Machine:
    """For `endcap fleet rollout`, `pin`, `unpin` and `tag`: JSON."""

    def __init__(self, rollouts: Rollouts, commands: Commands) -> None:
        self._rollouts, self._commands = rollouts, commands

    async def make(self, request: Request) -> Response:
        ask = await body_of(request, Ask)
        return await _done(lambda: self._brief(self._rollouts.make(wish_of(ask), ask.by, ask.why)), 201)

    async def act(self, request: Request) -> Response:
        said = await body_of(request, Said)
        rollout, deed = str(request.path_params["rollout"]), str(request.path_params["deed"])
        return await _done(lambda: self._brief(self._rollouts.act(rollout, deed, said.by, said.why)))

    @staticmethod
    def _brief(rollout: Rollout) -> dict[str, Any]:
        return {"id": rollout.id, "state": rollout.state}

    async def every(self, _request: Request) -> Response:
        return await _done(
            lambda: {"rollouts": [shown(one, kiosks) for one, kiosks in self._rollouts.book.newest()]}
        )

    async def show(self, request: Request) -> Response:
        rollout = str(request.path_params["rollout"])

        def look() -> dict[str, Any]:
            detail = self._rollouts.book.detail(rollout)
            told = {"kiosks": msgspec.to_builtins(detail.members), "steps": msgspec.to_builtins(detail.steps)}
            return shown(detail.rollout, counts_of(detail)) | told

        return await _done(look)

    async def pins(self, _request: Request) -> Response:
        return await _done(lambda: {"pins": msgspec.to_builtins(self._rollouts.pins.all())})

    async def pin(self, request: Request) -> Response:
        ask = await body_of(request, Pinned)

        def pin() -> dict[str, int]:
            self._rollouts.releases.check(ask.kind, ask.name)
            kiosks = self._addresses(ask.kiosk)
            return {"pinned": self._rollouts.pins.pin(kiosks, ask.kind, ask.name, ask.by, ask.why)}

        return await _done(pin, 201)

    async def unpin(self, request: Request) -> Response:
        ask = await body_of(request, Pinned)

        def unpin() -> dict[str, int]:
            let_go = self._rollouts.pins.unpin(self._addresses(ask.kiosk), ask.kind, ask.by, ask.why)
            self._rollouts.worker.wake()
            return {"let_go": let_go}

        return await _done(unpin)

    async def tag(self, request: Request) -> Response:
        ask = await body_of(request, Tagged)

        def tag() -> dict[str, int]:
            kiosks = self._addresses(ask.kiosk)
            self._rollouts.pins.tag(kiosks, ask.tags, ask.by, off=ask.off)
            return {"kiosks": len(kiosks)}

        return await _done(tag)

    def _addresses(self, pattern: str) -> list[Address]:
        try:
            return self._commands.targets(pattern)
        except BadCommand as error:
            raise BadRollout(str(error)) from None


async def _done(what: Callable[[], Any], status: int = 200) -> Response:
    try:
        return json_of(await run_in_threadpool(what), status)
    except BadRollout as error:
        return json_of({"error": str(error)}, 404 if "there is none" in str(error) else 400)
