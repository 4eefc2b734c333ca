"""Commands as they are kept: who asked for what and why, how far each is, and the parts of results. One transaction a word.

What a kiosk says is judged by the command it names: it must be that kiosk's. The first end stands, but an end the fleet
itself has written, because nobody answered, gives way to the kiosk's.
"""

from __future__ import annotations

import json
from typing import Final, Literal

from msgspec import Struct
from sqlalchemy import Connection, Row, and_, delete, func, select, update

from fleet.store.store import Store
from fleet.tables import command_parts, command_states, commands
from mqtt.commands import ENDS, MAX_PARTS, PART_BYTES, Command, CommandState

MEDIA: Final = frozenset({"image/webp", "text/plain", "application/gzip"})
GRACE_MS: Final = (
    30_000  # after its validity nobody begins it any more: what is silent then has never heard of it
)
SILENT_MS: Final = 3_600_000  # begun, and not a word since
KEEP_RESULTS_MS: Final = 14 * 86_400_000
MOST_DETAIL: Final = 400
MOST_REASON: Final = 60
_ORDER: Final = {"sent": 0, "accepted": 1, "running": 2}


class BadState(ValueError):
    """What a kiosk says of a command cannot be so; the text says why."""


class Entry(Struct, frozen=True, kw_only=True):
    """A command and how far it is."""

    id: str
    kiosk: str
    what: str
    arguments: dict[str, str]
    who: str
    why: str
    at_ms: int
    valid_s: int
    force: bool
    state: str
    said_by: str
    reason: str
    detail: str
    changed_ms: int
    media: str
    parts: int
    size: int

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state in ENDS

    def command(self) -> Command:
        """As it is sent."""
        return Command(
            id=self.id, what=self.what, by=self.who, why=self.why, at_ms=self.at_ms, valid_s=self.valid_s,  # type: ignore[arg-type]
            force=self.force, arguments=self.arguments,
        )  # fmt: skip


Taken = Literal["kept", "again", "more"]  # "more": an end whose result has not all come yet


class CommandBook:
    """The rows. Every method is a transaction of its own, from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def enter(self, kiosk: str, command: Command) -> None:
        """Write a command down, before it is sent."""
        with self._store.write() as connection:
            connection.execute(
                commands.insert().values(
                    id=command.id, kiosk=kiosk, what=command.what, arguments=json.dumps(command.arguments), who=command.by,
                    why=command.why, at_ms=command.at_ms, valid_s=command.valid_s, force=int(command.force), state="sent",
                    said_by="fleet", reason="", detail="", changed_ms=command.at_ms, media="", parts=0, size=0,
                )
            )  # fmt: skip

    def entry(self, command_id: str) -> Entry | None:
        """One command."""
        with self._store.read() as connection:
            row = connection.execute(select(commands).where(commands.c.id == command_id)).one_or_none()
        return _entry(row) if row else None

    def entries(self, ids: list[str]) -> list[Entry]:
        """Some commands, in the order asked for."""
        with self._store.read() as connection:
            rows = connection.execute(select(commands).where(commands.c.id.in_(ids))).all()
        found = {row.id: _entry(row) for row in rows}
        return [found[one] for one in ids if one in found]

    def latest(self, most: int, kiosk: str = "") -> list[Entry]:
        """The newest first, of one kiosk or of all."""
        wanted = select(commands).order_by(commands.c.at_ms.desc(), commands.c.id).limit(most)
        with self._store.read() as connection:
            rows = connection.execute(wanted.where(commands.c.kiosk == kiosk) if kiosk else wanted).all()
        return [_entry(row) for row in rows]

    def history(self, command_id: str) -> list[tuple[str, int, str, str]]:
        """(state, when it was heard, reason, detail) in that order."""
        with self._store.read() as connection:
            rows = connection.execute(
                select(command_states)
                .where(command_states.c.id == command_id)
                .order_by(command_states.c.heard_ms)
            ).all()
        return sorted(
            ((row.state, row.heard_ms, row.reason, row.detail) for row in rows),
            key=lambda one: (one[1], _ORDER.get(one[0], 9)),
        )

    def waiting(self, kiosk: str, now_ms: int) -> list[Command]:
        """Commands a kiosk has not answered and may still begin."""
        still = and_(
            commands.c.kiosk == kiosk,
            commands.c.state == "sent",
            commands.c.at_ms + commands.c.valid_s * 1000 > now_ms,
        )
        with self._store.read() as connection:
            rows = connection.execute(select(commands).where(still).order_by(commands.c.at_ms)).all()
        return [_entry(row).command() for row in rows]

    def result(self, command_id: str) -> tuple[str, bytes] | None:
        """(media type, the whole result); None where there is none, or it was swept."""
        with self._store.read() as connection:
            row = connection.execute(
                select(commands.c.media, commands.c.parts).where(commands.c.id == command_id)
            ).one_or_none()
            parts = connection.scalars(
                select(command_parts.c.data)
                .where(command_parts.c.id == command_id)
                .order_by(command_parts.c.part)
            ).all()
        if row is None or not row.parts or len(parts) != row.parts:
            return None
        return row.media, b"".join(bytes(part) for part in parts)

    # --- what kiosks say --------------------------------------------------------------------------------------

    def take(self, kiosk: str, said: CommandState, now_ms: int) -> Taken:
        """Keep a word of a kiosk's. Raises BadState; nothing is kept then."""
        _check(said)
        with self._store.write() as connection:
            row = connection.execute(
                select(commands).where(commands.c.id == said.id).with_for_update()
            ).one_or_none()
            if row is None:
                raise BadState(f"nobody has given command {said.id[:16]!r}")
            if row.kiosk != kiosk:
                raise BadState(f"command {said.id} is another kiosk's")
            if row.state in ENDS and row.said_by == "kiosk":
                return "again"
            if said.parts and not self._take_part(connection, row, said, now_ms):
                return "more"
            return self._take_state(connection, row, said, now_ms)

    def _take_part(
        self, connection: Connection, row: Row[tuple[object, ...]], said: CommandState, now_ms: int
    ) -> bool:
        """Whether the result is whole with this part."""
        if row.parts and (row.parts, row.media) != (said.parts, said.media):
            raise BadState(
                f"part {said.part} of {said.parts} ({said.media}): it began as {row.parts} ({row.media})"
            )
        values = {"id": said.id, "part": said.part, "data": said.data, "heard_ms": now_ms}
        self._store.insert_new(connection, command_parts, [values])
        if not row.parts:
            connection.execute(
                update(commands).where(commands.c.id == said.id).values(parts=said.parts, media=said.media)
            )
        here, size = connection.execute(
            select(func.count(), func.coalesce(func.sum(func.length(command_parts.c.data)), 0)).where(
                command_parts.c.id == said.id
            )
        ).one()
        connection.execute(update(commands).where(commands.c.id == said.id).values(size=size))
        return bool(here == said.parts)

    def _take_state(
        self, connection: Connection, row: Row[tuple[object, ...]], said: CommandState, now_ms: int
    ) -> Taken:
        detail, reason = _line(said.detail, MOST_DETAIL), _line(said.reason, MOST_REASON)
        state = {
            "id": said.id, "state": said.state, "wall_ms": said.wall_ms, "heard_ms": now_ms, "reason": reason,
            "detail": detail,
        }  # fmt: skip
        fresh = self._store.insert_new(connection, command_states, [state])
        later = said.state in ENDS or (
            row.state not in ENDS and _ORDER[said.state] > _ORDER.get(str(row.state), 0)
        )
        if later:
            connection.execute(
                update(commands)
                .where(commands.c.id == said.id)
                .values(
                    state=said.state,
                    said_by="kiosk",
                    reason=reason,
                    detail=detail,
                    changed_ms=now_ms,
                )
            )
        return "kept" if fresh else "again"

    # --- time -------------------------------------------------------------------------------------------------

    def give_up(self, now_ms: int) -> list[Entry]:
        """End what nobody answers: never answered is expired, begun and silent is failed. Those that ended so."""
        unheard = and_(
            commands.c.state == "sent", commands.c.at_ms + commands.c.valid_s * 1000 + GRACE_MS <= now_ms
        )
        silent = and_(
            commands.c.state.in_(("accepted", "running")), commands.c.changed_ms + SILENT_MS <= now_ms
        )
        ended: list[Entry] = []
        with self._store.write() as connection:
            for which, state, reason in ((unheard, "expired", "no-answer"), (silent, "failed", "silent")):
                ids = connection.scalars(select(commands.c.id).where(which).limit(500)).all()
                if not ids:
                    continue
                connection.execute(
                    update(commands).where(commands.c.id.in_(ids)).values(
                        state=state, said_by="fleet", reason=reason, changed_ms=now_ms
                    )
                )  # fmt: skip
                rows = connection.execute(select(commands).where(commands.c.id.in_(ids))).all()
                ended += [_entry(row) for row in rows]
        return ended

    def sweep(self, now_ms: int) -> int:
        """Forget results that are old; the commands stay. How many parts went."""
        with self._store.write() as connection:
            old = select(command_parts.c.id).where(command_parts.c.heard_ms < now_ms - KEEP_RESULTS_MS)
            ids = list(dict.fromkeys(connection.scalars(old.limit(500))))
            if not ids:
                return 0
            connection.execute(update(commands).where(commands.c.id.in_(ids)).values(parts=0, size=0))
            gone = connection.execute(delete(command_parts).where(command_parts.c.id.in_(ids)))
        return int(gone.rowcount)


def _check(said: CommandState) -> None:
    """Raises BadState for what cannot be."""
    if not said.parts:
        if said.part or said.data or said.media:
            raise BadState("a result without the number of its parts")
        return
    if said.state not in ENDS:
        raise BadState(f"a result of a command that is {said.state}")
    if not 1 <= said.part <= said.parts <= MAX_PARTS:
        raise BadState(f"part {said.part} of {said.parts}: expected 1 to {MAX_PARTS}")
    if not 1 <= len(said.data) <= PART_BYTES:
        raise BadState(f"part {said.part} has {len(said.data)} bytes: expected 1 to {PART_BYTES}")
    if said.media not in MEDIA:
        raise BadState(f"a result of type {said.media[:40]!r}: expected {', '.join(sorted(MEDIA))}")


def _line(text: str, most: int) -> str:
    """A kiosk's words as one printable line: they are written to operators' terminals, which obey escape sequences, and
    into PostgreSQL, which takes no NUL.
    """
    return "".join(sign if sign.isprintable() else " " for sign in text[:most])


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    fields = dict(row._mapping)
    fields["arguments"], fields["force"] = json.loads(str(fields["arguments"])), bool(fields["force"])
    return Entry(**fields)
