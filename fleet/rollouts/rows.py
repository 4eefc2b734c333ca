"""Roll-outs as rows: read and written within somebody's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, func, select, union, update

from fleet import tables
from fleet.rollouts.model import UNDER_WAY, Fact, Known, Member, Rollout, Step
from fleet.store.store import Store
from mqtt.commands import Running

ALIVE: Final = ("scheduled", *sorted(UNDER_WAY))
UNDONE: Final = ("aborted", "rolled-back")


def read(connection: Connection, rollout: str, *, hold: bool = False) -> Rollout | None:
    """A roll-out; None where there is none. `hold`: nobody else changes it until the transaction ends."""
    asked = select(tables.rollouts.c.body).where(tables.rollouts.c.id == rollout)
    body = connection.scalar(asked.with_for_update() if hold else asked)
    return msgspec.json.decode(body, type=Rollout) if body else None


def write(store: Store, connection: Connection, rollout: Rollout, steps: Iterable[Step] = ()) -> None:
    """A roll-out as it is now, and what was decided."""
    row = {
        "id": rollout.id, "kind": rollout.kind, "target": rollout.target, "state": rollout.state, "made_ms": rollout.made_ms,
        "body": msgspec.json.encode(rollout).decode(),
    }  # fmt: skip
    store.upsert(connection, tables.rollouts, row)
    step = tables.rollout_steps
    number = connection.scalar(select(func.max(step.c.number)).where(step.c.rollout == rollout.id)) or 0
    for each in steps:
        number += 1
        connection.execute(
            step.insert().values(rollout=rollout.id, number=number, **msgspec.structs.asdict(each))
        )


def newest(connection: Connection, most: int) -> list[Rollout]:
    """The latest made first."""
    row = tables.rollouts.c
    asked = select(row.body).order_by(row.made_ms.desc(), row.id).limit(most)
    return [msgspec.json.decode(body, type=Rollout) for body in connection.scalars(asked)]


def states(connection: Connection) -> dict[str, int]:
    """How many roll-outs are how."""
    row = tables.rollouts.c
    return {
        one.state: one.n
        for one in connection.execute(select(row.state, func.count().label("n")).group_by(row.state))
    }


def alive(connection: Connection) -> list[str]:
    """Roll-outs there is something to do for."""
    row, member = tables.rollouts.c, tables.rollout_members.c
    owed = (
        select(row.id)
        .join(tables.rollout_members, member.rollout == row.id)
        .where(row.state.in_(UNDONE), member.assigned_ms > 0, member.returned_ms == 0)
    )
    return sorted(connection.scalars(union(select(row.id).where(row.state.in_(ALIVE)), owed)))


def steps(connection: Connection, rollout: str) -> list[Step]:
    """What was decided, in order."""
    row = tables.rollout_steps.c
    asked = select(row.at_ms, row.what, row.who, row.why, row.state).where(row.rollout == rollout)
    return [Step(**found._mapping) for found in connection.execute(asked.order_by(row.number))]


def members(connection: Connection, rollout: str) -> list[Member]:
    """Who is in it, by ring and name."""
    row = tables.rollout_members.c
    columns = [row[name] for name in Member.__struct_fields__]
    asked = select(*columns).where(row.rollout == rollout).order_by(row.ring, row.kiosk)
    return [Member(**found._mapping) for found in connection.execute(asked)]


def enter(connection: Connection, rollout: str, found: Sequence[Member]) -> None:
    """Settle who is in it."""
    rows = [{"rollout": rollout, **msgspec.structs.asdict(one)} for one in found]
    connection.execute(tables.rollout_members.insert(), rows)


def change(connection: Connection, rollout: str, found: Iterable[Member]) -> None:
    """Members as they are now."""
    row = tables.rollout_members.c
    changed = [{f"new_{name}": value for name, value in msgspec.structs.asdict(one).items()} for one in found]
    if changed:  # one statement for all: thousands are judged in one transaction, and payments wait for it
        values: dict[str, Any] = {
            name: bindparam(f"new_{name}") for name in Member.__struct_fields__ if name != "kiosk"
        }
        connection.execute(
            update(tables.rollout_members)
            .where(row.rollout == rollout, row.kiosk == bindparam("new_kiosk"))
            .values(values),
            changed,
        )


def elsewhere(connection: Connection, rollout: Rollout) -> dict[str, str]:
    """Kiosks that are in another roll-out of the same kind which has begun and not ended: kiosk -> that one."""
    row, member = tables.rollouts.c, tables.rollout_members.c
    asked = (
        select(member.kiosk, row.id)
        .join(tables.rollouts, member.rollout == row.id)
        .where(row.kind == rollout.kind, row.id != rollout.id, row.state.in_(sorted(UNDER_WAY)))
    )
    return {row.kiosk: row.id for row in connection.execute(asked)}


def facts(connection: Connection, rollout: Rollout) -> dict[str, Fact]:
    """What is known of its members now."""
    member, want, run = tables.rollout_members, tables.wanted, tables.running
    said = [run.c[name] for name in Running.__struct_fields__]
    asked = (
        select(
            member.c.kiosk, *(column.label(f"run_{column.name}") for column in said), run.c.version.label("taken"),
            want.c.name.label("wanted"), want.c.rollout.label("wanted_by"), want.c.pinned_by,
        )
        .outerjoin(want, (want.c.kiosk == member.c.kiosk) & (want.c.kind == rollout.kind))
        .outerjoin(run, (run.c.kiosk == member.c.kiosk) & (run.c.kind == rollout.kind))
        .where(member.c.rollout == rollout.id)
    )  # fmt: skip
    out = put_out(connection)
    return {row.kiosk: _fact(row, out) for row in connection.execute(asked)}


def _fact(row: Any, out: frozenset[str]) -> Fact:
    told = Running()
    if row.taken is not None:
        values = {name: getattr(row, f"run_{name}") for name in Running.__struct_fields__}
        told = Running(**{**values, "confirmed": bool(values["confirmed"])})
    return Fact(
        kiosk=row.kiosk, running=told, version=row.taken or 0, wanted=row.wanted or "", wanted_by=row.wanted_by or "",
        pinned=bool(row.pinned_by), gone=row.kiosk in out,
    )  # fmt: skip


def put_out(connection: Connection) -> frozenset[str]:
    """Kiosks that were let in once, and every certificate of which is void. Without certificates nobody is."""
    row = tables.certificates.c
    asked = select(row.kiosk).group_by(row.kiosk).having(func.min(row.revoked_ms) > 0)
    return frozenset(connection.scalars(asked))


def known(connection: Connection) -> list[Known]:
    """Every kiosk of the fleet, with its tags."""
    tags: dict[str, set[str]] = {}
    tag = tables.kiosk_tags.c
    for kiosk, word in connection.execute(select(tag.kiosk, tag.tag)):
        tags.setdefault(kiosk, set()).add(word)
    names = connection.scalars(union(select(tables.kiosks.c.kiosk), select(tables.certificates.c.kiosk)))
    out = put_out(connection)
    return [Known(kiosk=one, tags=frozenset(tags.get(one, ()))) for one in sorted(names) if one not in out]


def tally(connection: Connection, rollouts: Iterable[str]) -> dict[str, dict[int, dict[str, int]]]:
    """How many members of each ring of some roll-outs are how: roll-out -> ring -> verdict -> kiosks."""
    row = tables.rollout_members.c
    asked = (
        select(row.rollout, row.ring, row.verdict, func.count().label("kiosks"))
        .where(row.rollout.in_(list(rollouts)))
        .group_by(row.rollout, row.ring, row.verdict)
    )
    found: dict[str, dict[int, dict[str, int]]] = {}
    for one in connection.execute(asked):
        found.setdefault(one.rollout, {}).setdefault(one.ring, {})[one.verdict or "waiting"] = one.kiosks
    return found
