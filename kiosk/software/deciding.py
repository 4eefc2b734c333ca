"""What the updater decides and says of its slots, without a file, a clock or a thread."""

from __future__ import annotations

from msgspec import structs

from content.software.manifest import Release, numbers
from kiosk.adopting import slots as held
from kiosk.adopting.laying import Unusable
from kiosk.adopting.slots import Slots, Wall
from mqtt.commands import Phase


def here(slots: Slots, side: str) -> Wall | None:
    """The release that a program started from `side` is of."""
    walls = (slots.trying.wall if slots.trying else None, slots.confirmed, slots.previous)
    return next((wall for wall in walls if wall is not None and wall.folder == side), None)


def elsewhere(slots: Slots, side: str) -> bool:
    """Whether the next start is from another side than this one."""
    wanted = held.running(slots)
    return (wanted.folder if wanted else "") != side


def struck(slots: Slots, side: str) -> Slots:
    """What lies on a side that is written over is not there any more, whatever comes of it."""
    staged = slots.staged if slots.staged and slots.staged.wall.folder != side else None
    previous = slots.previous if slots.previous and slots.previous.folder != side else None
    return structs.replace(slots, staged=staged, previous=previous)


def check_version(release: Release, version: str) -> None:
    """Whether a release may follow this version. Raises Unusable needs-version."""
    running = numbers(version)
    for bound, wrong in (
        (release.from_min, running < numbers(release.from_min)),
        (release.from_max, running > numbers(release.from_max)),
    ):
        if bound and wrong:
            follows = f"{release.from_min or 'any'} to {release.from_max or 'any'}"
            raise Unusable("needs-version", f"{release.name} follows {follows}, this is {version}")


def phase_of(
    slots: Slots, running: Wall | None, *, asked: bool, failed: tuple[str, str] | None, fetching: int | None
) -> tuple[Phase, int, str, str]:
    """Phase, percent, reason and detail of mqtt.commands.Running. `asked`: the agent was asked to end; `failed`: the fetch; `fetching`: percent."""
    target = slots.target.name
    if slots.trying is not None and slots.trying.wall == running:
        return "trying", 0, "", ""
    if slots.staged is not None:
        return ("waiting" if asked else "staged"), 100, "", ""
    if (why := slots.refused.get(target)) is not None:
        return "failed", 0, why.reason, why.detail
    if target and (running is None or running.release != target):
        if failed is not None:
            return "failed", 0, *failed
        if fetching is not None:
            return "fetching", fetching, "", ""
    return "", 0, "", ""
