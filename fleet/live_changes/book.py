"""Live changes in the database: what was given, by whom and why, and the newest set of every kiosk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct, structs
from sqlalchemy import or_, select

from content.live_changes import LiveSet
from fleet.live_changes.composing import Given
from fleet.store.store import Store
from fleet.tables import kiosks, live_changes, live_sets, reported
from mqtt.commands import LiveChanges, Reported

LAST_VERSION: Final = 2**53


class SetRow(Struct, frozen=True):
    """The newest set of a kiosk. `digest`: of what it says, whatever its version."""

    kiosk: str
    version: int
    digest: str
    said: LiveChanges


class Obeying(Struct, frozen=True):
    """How far a kiosk is: the version it is to obey, the one it says it does, and what it could not take."""

    kiosk: str
    wanted: int
    said: int
    faults: tuple[str, ...]
    heard_ms: int

    @property
    def obeys(self) -> bool:
        """Whether it says so."""
        return self.said == self.wanted


class LiveBook:
    """See the module."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, one: Given) -> Given:
        """Write a change down; with its number."""
        with self._store.write() as connection:
            done = connection.execute(live_changes.insert().values(**_row(one)))
            key = done.inserted_primary_key
            assert key is not None, "one row was inserted"
            return structs.replace(one, number=int(key[0]))

    def undo(self, number: int, who: str, why: str, at_ms: int) -> bool:
        """End a change for good; False where none of that number stands."""
        with self._store.write() as connection:
            done = connection.execute(
                live_changes.update()
                .where(live_changes.c.number == number, live_changes.c.undone_ms == 0)
                .values(undone_ms=at_ms, undone_who=who, undone_why=why)
            )
            return done.rowcount == 1

    def standing(self, now_ms: int) -> tuple[Given, ...]:
        """All that stands, in the order it was given."""
        c = live_changes.c
        return self._given(
            select(live_changes)
            .where(c.undone_ms == 0, or_(c.until_ms == 0, c.until_ms > now_ms))
            .order_by(c.number)
        )

    def latest(self, most: int) -> tuple[Given, ...]:
        """The newest, those that are over among them."""
        return self._given(select(live_changes).order_by(live_changes.c.number.desc()).limit(most))

    def _given(self, query: Any) -> tuple[Given, ...]:
        with self._store.read() as connection:
            return tuple(_given(row) for row in connection.execute(query))

    # --- sets -------------------------------------------------------------------------------------------------

    def known(self) -> list[str]:
        """The addresses of all kiosks."""
        with self._store.read() as connection:
            return sorted(connection.scalars(select(kiosks.c.kiosk)))

    def sets(self) -> dict[str, SetRow]:
        """The newest set of every kiosk that has one."""
        with self._store.read() as connection:
            return {row.kiosk: _set(row) for row in connection.execute(select(live_sets))}

    def said(self, kiosk: str = "") -> dict[str, Reported]:
        """How kiosks say they are; of one, or of all."""
        query = select(reported)
        if kiosk:
            query = query.where(reported.c.kiosk == kiosk)
        with self._store.read() as connection:
            return {row.kiosk: _reported(row.body) for row in connection.execute(query)}

    def keep(self, rows: Iterable[SetRow], at_ms: int) -> None:
        """Write sets down, in one transaction."""
        with self._store.write() as connection:
            for row in rows:
                self._store.upsert(
                    connection, live_sets,
                    {
                        "kiosk": row.kiosk, "version": row.version, "digest": row.digest, "kid": row.said.kid,
                        "signature": row.said.signature, "body": row.said.body, "at_ms": at_ms,
                    },
                )  # fmt: skip

    def obeying(self) -> list[Obeying]:
        """Every kiosk that has a set, and how far it is."""
        said = self.said()
        with self._store.read() as connection:
            wanted = connection.execute(select(live_sets.c.kiosk, live_sets.c.version)).all()
            heard = {
                row.kiosk: row.heard_ms
                for row in connection.execute(select(reported.c.kiosk, reported.c.heard_ms))
            }
        nothing = Reported(version=0, wall_ms=0)
        return [
            Obeying(
                row.kiosk, row.version, said.get(row.kiosk, nothing).live_version,
                tuple(f for f in said.get(row.kiosk, nothing).faults if f.startswith("live changes")),
                heard.get(row.kiosk, 0),
            )
            for row in sorted(wanted)
        ]  # fmt: skip


def digest_of(said: LiveSet) -> bytes:
    """The bytes of what a set says, whatever its version and moment."""
    return msgspec.json.encode((said.changes, said.notes))


def _row(one: Given) -> dict[str, Any]:
    body = {
        "price": one.price,
        "texts": one.texts,
        "in_release": one.in_release,
        "until_release": one.until_release,
    }
    return {
        "scope": one.scope, "gtin": one.gtin, "kind": one.kind, "reason": one.reason,
        "body": msgspec.json.encode(body).decode(), "until_ms": one.until_ms, "who": one.who.strip(),
        "why": one.why.strip(), "at_ms": one.at_ms, "undone_ms": 0, "undone_who": "", "undone_why": "",
    }  # fmt: skip


def _given(row: Any) -> Given:
    names = (
        "number", "scope", "gtin", "kind", "reason", "until_ms", "who", "why", "at_ms", "undone_ms", "undone_who",
        "undone_why",
    )  # fmt: skip
    return msgspec.convert(
        {name: getattr(row, name) for name in names} | msgspec.json.decode(row.body), type=Given
    )


def _set(row: Any) -> SetRow:
    said = LiveChanges(kid=row.kid, signature=bytes(row.signature), body=bytes(row.body))
    return SetRow(row.kiosk, row.version, row.digest, said)


def _reported(body: str) -> Reported:
    said = msgspec.json.decode(body, type=Reported)
    sound = 0 <= said.live_version < LAST_VERSION
    return said if sound else structs.replace(said, live_version=0)
