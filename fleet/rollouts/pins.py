"""Kiosks a person keeps at a release, whatever roll-outs say; and the words people give to kiosks, by which rings choose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, delete, func, select

from fleet import tables
from fleet.clock import Clock
from fleet.operating.desired import Desires
from fleet.operating.releases import target_of
from fleet.rollouts.model import KINDS, BadRollout, check_release, said_by
from fleet.store.store import Store
from mqtt.commands import Desired
from mqtt.topics import Address

TAG: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


class Pin(Struct, frozen=True, kw_only=True):
    """A kiosk that is kept at a release: by whom, why, since when; and what it runs."""

    kiosk: str
    kind: str
    name: str
    by: str
    why: str
    at_ms: int
    running: str


class Pins:
    """From any thread."""

    def __init__(self, store: Store, desires: Desires, clock: Clock) -> None:
        self._store, self._desires, self._clock = store, desires, clock

    def pin(self, addresses: Sequence[Address], kind: str, name: str, who: str, why: str) -> int:
        """Keep kiosks at a release. Raises BadRollout, and nothing is changed then."""
        who, why = _checked(kind, who, why)
        check_release(name)
        target = target_of(name, pinned_by=who, pinned_why=why)
        told: list[tuple[Address, Desired]] = []
        with self._store.write() as connection:
            told += [
                (one, self._desires.want(connection, str(one), kind, target, who, why)) for one in addresses
            ]
        self._tell(told)
        return len(told)

    def unpin(self, addresses: Sequence[Address], kind: str, who: str, why: str) -> int:
        """Let kiosks go: each gets what the latest roll-out it is in wants of it, else it stays at what it was pinned to until one
        comes. How many were pinned. Raises BadRollout where none was.
        """
        who, why = _checked(kind, who, why)
        told: list[tuple[Address, Desired]] = []
        with self._store.write() as connection:
            for one in addresses:
                row = tables.wanted.c
                asked = select(row.name).where(row.kiosk == str(one), row.kind == kind, row.pinned_by != "")
                name = connection.scalar(asked)
                if name is not None:
                    owed, rollout = _owed(connection, str(one), kind)
                    target = target_of(owed or name, rollout=rollout)
                    told.append((one, self._desires.want(connection, str(one), kind, target, who, why)))
            if not told:
                raise BadRollout(f"no kiosk of these is pinned to a release of {kind}")
        self._tell(told)
        return len(told)

    def all(self, kind: str = "") -> list[Pin]:
        """Every kiosk that is pinned, the longest first."""
        want, run = tables.wanted.c, tables.running.c
        asked = (
            select(tables.wanted, func.coalesce(run.name, "").label("runs"))
            .outerjoin(tables.running, (run.kiosk == want.kiosk) & (run.kind == want.kind))
            .where(want.pinned_by != "")
            .order_by(want.at_ms, want.kiosk)
        )
        with self._store.read() as connection:
            found = connection.execute(asked.where(want.kind == kind) if kind else asked)
            return [
                Pin(
                    kiosk=row.kiosk, kind=row.kind, name=row.name, by=row.pinned_by, why=row.pinned_why,
                    at_ms=row.at_ms, running=row.runs,
                )
                for row in found
            ]  # fmt: skip

    def tag(self, addresses: Sequence[Address], tags: Sequence[str], who: str, *, off: bool = False) -> None:
        """Give kiosks words, or take them away. Raises BadRollout."""
        for tag in tags:
            if not TAG.fullmatch(tag):
                raise BadRollout(f"tag {tag[:40]!r}: expected small letters, digits and .-_, at most 40")
        row = tables.kiosk_tags.c
        with self._store.write() as connection:
            for one in map(str, addresses):
                if off:
                    connection.execute(
                        delete(tables.kiosk_tags).where(row.kiosk == one, row.tag.in_(list(tags)))
                    )
                    continue
                new = [{"kiosk": one, "tag": tag, "who": who, "at_ms": self._clock()} for tag in tags]
                self._store.insert_new(connection, tables.kiosk_tags, new)

    def tags(self) -> dict[str, list[str]]:
        """Of each kiosk that has any."""
        row = tables.kiosk_tags.c
        found: dict[str, list[str]] = {}
        with self._store.read() as connection:
            for kiosk, tag in connection.execute(select(row.kiosk, row.tag).order_by(row.kiosk, row.tag)):
                found.setdefault(kiosk, []).append(tag)
        return found

    def _tell(self, told: Sequence[tuple[Address, Desired]]) -> None:
        for address, desired in told:
            self._desires.tell(address, desired)


def _checked(kind: str, who: str, why: str) -> tuple[str, str]:
    if kind not in KINDS:
        raise BadRollout(f"kind {kind[:20]!r}: expected one of {', '.join(KINDS)}")
    return said_by(who, why)


def _owed(connection: Connection, kiosk: str, kind: str) -> tuple[str, str]:
    """The target and id of the latest roll-out of its kind that has given its ring the release, and not taken it back. A kiosk that
    has not been asked for yet because it was pinned is given it by the roll-out itself while that is under way.
    """
    row, member = tables.rollouts.c, tables.rollout_members.c
    asked = (
        select(row.target, row.id, row.state, member.assigned_ms)
        .join(tables.rollouts, member.rollout == row.id)
        .where(member.kiosk == kiosk, row.kind == kind, row.state.in_(("running", "paused", "stopped", "finished")))
        .order_by(row.made_ms.desc(), row.id)
        .limit(1)
    )  # fmt: skip
    found = connection.execute(asked).one_or_none()
    if found is None or (found.state != "finished" and not found.assigned_ms):
        return "", ""
    return found.target, found.id
