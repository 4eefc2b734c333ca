"""Kiosks that do not run what they are to run, found by the database: fleet.reports.roster asks for it with every row.

A kiosk drifts where a release has been wanted of it, or by its own word been its target, for longer than `drift_ms`, and it does
not run that release confirmed. One that says it has it whole and waits for the signed moment may wait a day and two hours longer.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, or_

from fleet import tables

DRIFT_MS: Final = 3_600_000
STAGED_MS: Final = 26 * 3_600_000


def joined(asked: Select[Any], of: FromClause, now_ms: int, drift_ms: int) -> Select[Any]:
    """The query with, of each kiosk: runs, confirmed, wants, pinned_by, pinned_why, phase, reason, since of its content; and
    `drift_ms`, since when it drifts in content or software (0: it does not).
    """
    want, run = tables.wanted.alias("content_wanted"), tables.running.alias("content_running")
    soft_want, soft_run = tables.wanted.alias("software_wanted"), tables.running.alias("software_running")
    for kind, sides in (("content", (want, run)), ("software", (soft_want, soft_run))):
        for side in sides:
            asked = asked.outerjoin(side, (side.c.kiosk == of.c.kiosk) & (side.c.kind == kind))
    content, software = _since(want, run, now_ms, drift_ms), _since(soft_want, soft_run, now_ms, drift_ms)
    texts = {
        "runs": run.c.name, "wants": _wanted(want, run), "pinned_by": want.c.pinned_by, "pinned_why": want.c.pinned_why,
        "phase": run.c.phase, "reason": run.c.reason,
    }  # fmt: skip
    numbers = {"confirmed": run.c.confirmed, "percent": run.c.percent, "runs_since_ms": run.c.since_ms}
    return asked.add_columns(
        *(func.coalesce(column, "").label(name) for name, column in texts.items()),
        *(func.coalesce(column, 0).label(name) for name, column in numbers.items()),
        case((content > 0, content), else_=software).label("drift_ms"),
    )


def _wanted(want: FromClause, run: FromClause) -> ColumnElement[Any]:
    """What the fleet wants of it, else what it says it is to run."""
    return func.coalesce(func.nullif(want.c.name, ""), run.c.target, "")


def _since(want: FromClause, run: FromClause, now_ms: int, drift_ms: int) -> ColumnElement[Any]:
    wanted = _wanted(want, run)
    other = or_(func.coalesce(run.c.name, "") != wanted, func.coalesce(run.c.confirmed, 0) == 0)
    named = func.coalesce(want.c.name, "") != ""
    since = case((named, want.c.at_ms), else_=func.coalesce(run.c.differs_ms, 0))
    before = case((run.c.phase == "staged", now_ms - max(drift_ms, STAGED_MS)), else_=now_ms - drift_ms)
    return case((and_(wanted != "", other, since > 0, since <= before), since), else_=0)
