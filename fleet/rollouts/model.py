"""A roll-out as plain records: what is wanted, of whom, and how far it is. Times are Unix milliseconds unless they end in _s."""

from __future__ import annotations

import re
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from msgspec import Struct

from mqtt.commands import Running

Kind = Literal["content", "software"]
State = Literal[
    "draft",
    "waiting-approval",
    "scheduled",  # approved; begins at its moment
    "running",
    "paused",  # by a person
    "stopped",  # by a threshold
    "finished",
    "rolled-back",
    "aborted",
]
Verdict = Literal[
    "",  # not known yet
    "confirmed",  # the kiosk runs it, was watched, and is well
    "failed",
    "silent",  # its deadline passed
    "pinned",  # a person keeps it at another release
    "gone",  # put out of the fleet, or something else was wanted of it since
]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
STATES: Final[tuple[str, ...]] = get_args(State)
ENDED: Final[frozenset[State]] = frozenset(("finished", "rolled-back", "aborted"))
UNDER_WAY: Final[frozenset[State]] = frozenset(("running", "paused", "stopped"))
DAY: Final = 1440
MOST_RINGS: Final = 20
MOST_NAME: Final = 80
MOST_WHO: Final = 60
MOST_WHY: Final = 200
MOST_PICKS: Final = 5_000
MONTH_S: Final = 31 * 86_400
RELEASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}")


class BadRollout(ValueError):
    """A roll-out, or a step of one, that cannot be; says what was expected."""


class Ring(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kiosks that get a release together. It takes those named in any way, or everybody where nothing is named, less those of
    earlier rings; of them `percent`, rounded up.
    """

    name: str
    kiosks: tuple[str, ...] = ()  # addresses and globs: demo/line2/K1, demo/*/K?
    sites: tuple[str, ...] = ()  # tenant/site
    groups: tuple[str, ...] = ()  # as the operator's content names them
    tags: tuple[str, ...] = ()  # as people gave them to kiosks
    percent: int = 100
    success_percent: int = 95  # of those that count must have confirmed before the next ring begins
    errors: int = 0  # so many stop the roll-out; 0: their number does not
    error_percent: int = 5  # of those that count; 0: their share does not
    soak_s: int = 600  # how long success must last
    deadline_s: int = 86_400  # nothing decided by then: silent
    silent_is_error: bool = False  # else it counts neither way


class Rollout(Struct, frozen=True, kw_only=True):
    """What a person wants, and how far it is."""

    id: str
    kind: Kind
    target: str  # the name of a release
    rings: tuple[Ring, ...]
    made_by: str
    why: str
    made_ms: int
    needs_approval: bool = True
    not_before_ms: int = 0
    window: tuple[int, int] | None = None  # minutes of the local day in which kiosks are given it
    timezone: str = "UTC"  # of that
    activates_ms: int = 0  # the signed moment before which no kiosk can show it: deadlines count from there
    state: State = "draft"
    approved_by: str = ""
    ring: int = -1  # the latest that has begun
    reached_ms: int = 0  # since when its threshold is reached without a break; 0: it is not
    reason: str = ""  # why it stands: a key, or a person's words
    waived: tuple[str, ...] = ()  # kiosks whose errors a person has accepted by resuming
    waived_rings: tuple[int, ...] = ()  # rings a person lets pass although they prove too little
    begun_ms: int = 0
    changed_ms: int = 0


class Member(Struct, frozen=True, kw_only=True):
    """A kiosk of a roll-out; its ring is settled once, when the roll-out begins."""

    kiosk: str
    ring: int
    assigned_ms: int = 0  # 0: it was never asked for
    version: int = 0  # of the desired state that asks for it: reports of an earlier one prove nothing
    previous: str = ""  # the release wanted before; "": the one for everybody
    returned_ms: int = 0  # when it was given that back
    verdict: Verdict = ""
    reason: str = ""
    since_ms: int = 0  # of the verdict


class Known(Struct, frozen=True, kw_only=True):
    """A kiosk of the fleet, as rings choose."""

    kiosk: str
    tags: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


class Fact(Struct, frozen=True, kw_only=True):
    """What is known of a kiosk now. `version`: of the desired state it says it has taken."""

    kiosk: str
    running: Running = Running()
    version: int = 0
    wanted: str = ""
    wanted_by: str = ""  # the roll-out that wants it
    pinned: bool = False
    gone: bool = False


class Step(Struct, frozen=True, kw_only=True):
    """Something that was decided, by a person or by the figures (`who` is then "")."""

    at_ms: int
    what: str
    who: str
    why: str
    state: State


def check(rollout: Rollout) -> None:
    """Raises BadRollout for one that can never be run."""
    said_by(rollout.made_by, rollout.why)
    if rollout.kind not in KINDS:
        raise BadRollout(f"kind {rollout.kind!r}: expected one of {', '.join(KINDS)}")
    check_release(rollout.target)
    if not 1 <= len(rollout.rings) <= MOST_RINGS:
        raise BadRollout(f"{len(rollout.rings)} rings: expected 1 to {MOST_RINGS}")
    names = [ring.name for ring in rollout.rings]
    for ring in rollout.rings:
        _check_ring(ring)
        if names.count(ring.name) > 1:
            raise BadRollout(f"ring {ring.name!r}: two have that name")
    if rollout.window is not None and (
        not all(0 <= minute < DAY for minute in rollout.window) or rollout.window[0] == rollout.window[1]
    ):
        raise BadRollout(f"window {list(rollout.window)}: expected two different minutes of 0 to {DAY - 1}")
    if rollout.not_before_ms < 0:
        raise BadRollout("not before: expected a moment")
    try:
        ZoneInfo(rollout.timezone)
    except (OSError, ValueError, KeyError):
        raise BadRollout(
            f"timezone {rollout.timezone[:40]!r}: expected a name such as Europe/Berlin"
        ) from None


def check_release(name: str) -> None:
    """Raises BadRollout for what is no name of a release."""
    if not RELEASE.fullmatch(name):
        raise BadRollout(f"release {name[:MOST_NAME]!r}: expected a name such as demo-000042")


def said_by(who: str, why: str) -> tuple[str, str]:
    """Name and reason as they are kept. Raises BadRollout where one is missing or too long."""
    who, why = " ".join(who.split()), " ".join(why.split())
    if not who or not why:
        raise BadRollout("who decides it, and why? Both are kept")
    if len(who) > MOST_WHO or len(why) > MOST_WHY:
        raise BadRollout(f"a name has at most {MOST_WHO} characters, a reason {MOST_WHY}")
    return who, why


def _check_ring(ring: Ring) -> None:
    where = f"ring {ring.name[:MOST_NAME]!r}"
    if not ring.name.strip() or len(ring.name) > 40:
        raise BadRollout(f"{where}: expected a name of 1 to 40 characters")
    for name, least, most in (
        ("percent", 1, 100), ("success_percent", 1, 100), ("errors", 0, 100_000), ("error_percent", 0, 100),
        ("soak_s", 0, MONTH_S), ("deadline_s", 60, MONTH_S),
    ):  # fmt: skip
        value = getattr(ring, name)
        if not least <= value <= most:
            raise BadRollout(f"{where}: {name} {value}: expected {least} to {most}")
    if not ring.errors and not ring.error_percent:
        raise BadRollout(f"{where}: nothing would stop it; expected errors or error_percent above 0")
    if sum(len(picks) for picks in (ring.kiosks, ring.sites, ring.groups, ring.tags)) > MOST_PICKS:
        raise BadRollout(f"{where}: more than {MOST_PICKS} names")
    for pick in (*ring.kiosks, *ring.sites, *ring.groups, *ring.tags):
        if not pick.strip() or len(pick) > 98:
            raise BadRollout(f"{where}: {pick[:98]!r}: expected a name of 1 to 98 characters")
