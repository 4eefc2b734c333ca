"""Which release each kiosk is to run, and which it says it runs, in columns that lists and roll-outs ask by.

Written in the transaction of the desired or reported state they are taken from (fleet.operating.desired).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, select

from fleet.store.store import Store
from fleet.tables import running, wanted
from mqtt.commands import Reported, Running, Target

KINDS: Final = ("content", "software")
MOST_NAME: Final = 80
MOST_DETAIL: Final = 400


def target_of(name: str, rollout: str = "", pinned_by: str = "", pinned_why: str = "") -> Target | None:
    """What a kiosk is told; None for the release for everybody."""
    return Target(name=name, rollout=rollout, pinned_by=pinned_by, pinned_why=pinned_why) if name else None


def keep_wanted(
    store: Store, connection: Connection, kiosk: str, kind: str, target: Target | None, at_ms: int
) -> None:
    """What a kiosk is to run from now on: the one row there is of it."""
    told = target or Target(name="")
    row = {
        "kiosk": kiosk, "kind": kind, "name": told.name, "rollout": told.rollout, "pinned_by": told.pinned_by,
        "pinned_why": told.pinned_why, "at_ms": at_ms,
    }  # fmt: skip
    store.upsert(connection, wanted, row)


def keep_running(store: Store, connection: Connection, kiosk: str, said: Reported, now_ms: int) -> None:
    """What a kiosk says it runs."""
    row = running.c
    asked = select(row.kind, row.name, row.target, row.differs_ms).where(row.kiosk == kiosk)
    before = {found.kind: found for found in connection.execute(asked)}
    for kind, told in zip(KINDS, (said.content, said.software_state), strict=True):
        known = before.get(kind)
        if known is None and told == Running():
            continue  # an older program, which does not know of releases
        line = {
            "kiosk": kiosk, "kind": kind, "name": _line(told.name), "confirmed": int(told.confirmed),
            "since_ms": _moment(told.since_ms), "target": _line(told.target), "rollout": _line(told.rollout),
            "phase": told.phase, "percent": min(100, max(0, told.percent)), "reason": _line(told.reason),
            "detail": _line(told.detail, MOST_DETAIL), "version": said.version, "heard_ms": now_ms, "differs_ms": 0,
        }  # fmt: skip
        if _differs(told):
            same = known is not None and known.differs_ms and known.target == line["target"]
            line["differs_ms"] = known.differs_ms if same and known is not None else now_ms
        store.upsert(connection, running, line)


def running_of(found: Any) -> Running:
    """A row's words as the kiosk's."""
    return Running(
        name=found.name, confirmed=bool(found.confirmed), since_ms=found.since_ms, target=found.target,
        rollout=found.rollout, phase=found.phase, percent=found.percent, reason=found.reason, detail=found.detail,
    )  # fmt: skip


def _differs(told: Running) -> bool:
    return bool(told.target) and (told.target != told.name or not told.confirmed)


def _moment(ms: int) -> int:
    return ms if 0 <= ms < 2**53 else 0


def _line(text: str, most: int = MOST_NAME) -> str:
    """A kiosk's words as one printable line, as in fleet.operating.command_book."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:most])
