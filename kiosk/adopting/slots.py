"""Which releases a kiosk holds and how far it trusts each: what is decided about them, without a file, a clock or a thread.

    staged      whole and verified, waits for its moment
    trying      on the glass since its adoption, not yet known to be well; `starts` counts its starts, adoption is the first
    confirmed   was watched and is well
    previous    was confirmed before that
    refused     was tried and was not well, or could not be made into a wall; not tried again until its target is said anew

Every function takes the slots and returns the slots that follow; an event that does not fit changes nothing. The agent writes
what follows down (kiosk.adopting.record) before it does what follows from it, so the power may go between any two of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct, structs

from content.release.manifest import Blob
from mqtt.commands import Target

BAD_STARTS: Final = 3  # starts of a release without a confirmation; there is no fourth
LOSSES: Final = 3  # walls of a release that were found damaged, one after another
MOST_REFUSED: Final = 32  # remembered; the oldest goes
CURRENT: Final = Target(name="")  # whatever the operator signed as the release for everybody

Source = Literal["trying", "confirmed", "previous", "installed", "package"]
CHAIN: Final[tuple[Source, ...]] = ("trying", "confirmed", "previous", "installed", "package")


class Wall(Struct, frozen=True):
    """A release as this kiosk shows it."""

    release: str  # its name, as the operator signed it
    folder: (
        str  # of the store made of it, named by the store's version: releases that look alike here share one
    )
    page: Blob | None = (
        None  # its root page, by which its files are kept: the next release brings only what is new
    )


class Staged(Struct, frozen=True):
    """A wall that waits, and for which moment (content.release.Activation)."""

    wall: Wall
    since_ms: int  # wall clock
    at: int | None = None  # Unix seconds
    window: tuple[int, int] | None = None  # minutes of the local day, perhaps over midnight


class Trying(Struct, frozen=True):
    """A wall on trial."""

    wall: Wall
    since_ms: int  # wall clock of its adoption
    starts: int = 1


class Refused(Struct, frozen=True):
    """Why a release is not tried again. `reason` is a key: unhealthy, bad-starts, damaged, empty, ..."""

    reason: str
    detail: str
    at_ms: int


class Slots(Struct, frozen=True):
    """See the module. `since_ms`: wall clock at which the confirmed one was adopted."""

    format: int = 1
    target: Target = CURRENT
    staged: Staged | None = None
    trying: Trying | None = None
    confirmed: Wall | None = None
    since_ms: int = 0
    previous: Wall | None = None
    refused: dict[str, Refused] = {}
    losses: int = 0


class Choice(Struct, frozen=True):
    """What to show. `wall` is None for what was installed and what the package carries."""

    source: Source
    wall: Wall | None = None


# --- what is asked of them ------------------------------------------------------------------------------------


def running(slots: Slots) -> Wall | None:
    """The wall that is to be on the glass; None: what was installed."""
    return slots.trying.wall if slots.trying else slots.confirmed


def choose(slots: Slots, present: Callable[[Choice], bool]) -> Choice | None:
    """The first of the fallback chain that is `present`, whole and readable; None where nothing is."""
    walls = {
        "trying": slots.trying.wall if slots.trying else None,
        "confirmed": slots.confirmed,
        "previous": slots.previous,
    }
    for source in CHAIN:
        choice = Choice(source, walls.get(source))
        if source in walls and choice.wall is None:
            continue
        if present(choice):
            return choice
    return None


def walls(slots: Slots) -> frozenset[Wall]:
    """All that are to stay on the disk."""
    staged = slots.staged.wall if slots.staged else None
    trying = slots.trying.wall if slots.trying else None
    return frozenset(wall for wall in (staged, trying, slots.confirmed, slots.previous) if wall is not None)


def may_try(slots: Slots, release: str) -> bool:
    """Whether a release is to be fetched and made into a wall: it is the target, not refused, and neither runs nor waits."""
    if release in slots.refused or (slots.target.name and release != slots.target.name):
        return False
    here = running(slots)
    waits = slots.staged is not None and slots.staged.wall.release == release
    return not waits and (here is None or here.release != release)


# --- what happens ---------------------------------------------------------------------------------------------


def aim(slots: Slots, target: Target, now_ms: int) -> Slots:
    """The fleet wants `target`. Said anew, a refused release may be tried again. One that is at hand needs no fetching."""
    if target == slots.target:
        return slots
    refused = {name: why for name, why in slots.refused.items() if name != target.name}
    slots = structs.replace(slots, target=target, refused=refused, losses=0)
    if not target.name:
        return slots
    if slots.staged is not None and slots.staged.wall.release != target.name:
        slots = structs.replace(slots, staged=None)
    return at_hand(slots, target.name, now_ms)


def at_hand(slots: Slots, release: str, now_ms: int) -> Slots:
    """`release` is to run, and perhaps its wall is kept: withdrawn is what is tried in its place, staged what was before."""
    confirmed, previous = slots.confirmed, slots.previous
    if confirmed is not None and confirmed.release == release:
        return structs.replace(slots, trying=None, staged=None)
    if previous is not None and previous.release == release and may_try(slots, release):
        return structs.replace(slots, staged=Staged(previous, now_ms))
    return slots


def stage(slots: Slots, staged: Staged) -> Slots:
    """A release was fetched and made into a wall."""
    return structs.replace(slots, staged=staged) if may_try(slots, staged.wall.release) else slots


def adopt(slots: Slots, now_ms: int) -> Slots:
    """What is staged goes on the glass now."""
    if slots.staged is None:
        return slots
    return structs.replace(slots, staged=None, trying=Trying(slots.staged.wall, now_ms))


def start(slots: Slots, now_ms: int) -> Slots:
    """The agent starts. What is on trial was not confirmed by its last start, and is refused after too many."""
    trying = slots.trying
    if trying is None:
        return slots
    if trying.starts >= BAD_STARTS:
        detail = f"{trying.starts} starts, and well after none"
        return refuse(slots, trying.wall.release, Refused("bad-starts", detail, now_ms))
    return structs.replace(slots, trying=structs.replace(trying, starts=trying.starts + 1))


def leave(slots: Slots) -> Slots:
    """The agent ends because it was asked to: that start was not a bad one."""
    trying = slots.trying
    if trying is None:
        return slots
    return structs.replace(slots, trying=structs.replace(trying, starts=max(0, trying.starts - 1)))


def confirm(slots: Slots) -> Slots:
    """What is on trial is well."""
    trying = slots.trying
    if trying is None:
        return slots
    before = slots.confirmed
    again = before is not None and before.release == trying.wall.release
    return structs.replace(
        slots,
        trying=None,
        confirmed=trying.wall,
        since_ms=trying.since_ms,
        previous=slots.previous if again else before,
        losses=0,
    )


def refuse(slots: Slots, release: str, why: Refused) -> Slots:
    """A release is not well, or cannot be made into a wall. On trial, it leaves the glass to the confirmed one."""
    kept = sorted(slots.refused.items(), key=lambda item: item[1].at_ms)[1 - MOST_REFUSED :]
    slots = structs.replace(slots, refused={**dict(kept), release: why}, losses=0)
    if slots.trying is not None and slots.trying.wall.release == release:
        slots = structs.replace(slots, trying=None)
    if slots.staged is not None and slots.staged.wall.release == release:
        slots = structs.replace(slots, staged=None)
    return slots


def lose(slots: Slots, wall: Wall, now_ms: int) -> Slots:
    """A wall's folder is damaged or gone. Its release may be fetched again, but not for ever."""
    if wall not in walls(slots):
        return slots
    losses = slots.losses + 1
    if losses >= LOSSES:
        slots = refuse(slots, wall.release, Refused("damaged", f"{wall.folder}: {losses} times", now_ms))
    gone: dict[str, None] = {}
    if slots.trying is not None and slots.trying.wall == wall:
        gone["trying"] = None
    if slots.staged is not None and slots.staged.wall == wall:
        gone["staged"] = None
    if slots.confirmed == wall:
        gone["confirmed"] = None
    if slots.previous == wall:
        gone["previous"] = None
    return structs.replace(slots, losses=losses % LOSSES, **gone)
