"""When a staged release may go on the glass: by what was signed with it and by this machine's clock. Pure.

A clock nobody trusts runs behind, because a machine without a battery starts where it was switched off: an absolute moment
then comes late and never early. Local hours cannot be known without a clock; a whole day of running has them in it once.
"""

from __future__ import annotations

from typing import Final

from kiosk.adopting.slots import Staged

DAY_MS: Final = 86_400_000


def is_due(staged: Staged, wall_ms: int, minute: int | None, waited_ms: int) -> bool:
    """Whether the moment has come. `minute`: of the local day, None while the clock is not trusted; `waited_ms`: by the steady clock."""
    if staged.at is not None and wall_ms < staged.at * 1000:
        return False
    if staged.window is None:
        return True
    if minute is None:
        return waited_ms >= DAY_MS
    since, until = staged.window
    return since <= minute < until if since <= until else minute >= since or minute < until
