"""How kiosks are to be, every version with who and why; and how they say they are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, func, select

from fleet.clock import Clock
from fleet.live import Hub
from fleet.operating.releases import keep_running, keep_wanted
from fleet.store.store import Store
from fleet.tables import desired, reported
from mqtt.commands import MOST_KIB_S, MOST_SOURCES, Desired, Reported, Target, is_address
from mqtt.messages import Message
from mqtt.topics import Address

log = logging.getLogger(__name__)

LEAST_LIGHT: Final = 10
DAY: Final = 1440
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
MOST: Final = 100_000  # bytes of a report
LAST_VERSION: Final = 2**53  # what a kiosk says beyond it is nonsense
FIELDS: Final = (
    "out_of_service", "brightness", "sleep", "log_level", "sources", "fetch_kib_s", "fetch_window",
)  # fmt: skip


class BadDesired(ValueError):
    """A state no kiosk can take; says what was expected."""


class Standing(Struct, frozen=True, kw_only=True):
    """A kiosk's two sides; None where nothing was said."""

    kiosk: str
    desired: Desired | None = None
    reported: Reported | None = None
    heard_ms: int = 0

    @property
    def agreed(self) -> bool:
        """Whether it is as it is to be: it has taken the newest version, and whole."""
        return _is_so(self.desired.version if self.desired else 0, self.reported)


class Desires:
    """Says how kiosks are to be, and keeps what they report."""

    def __init__(
        self, store: Store, send: Callable[[Address, Message, int | None], bool], live: Hub, clock: Clock
    ) -> None:
        self._store, self._send, self._live, self._clock = store, send, live, clock
        self.on_report: Callable[[], object] = _nobody  # told when a report has been kept

    def change(self, address: Address, changes: dict[str, Any], who: str, why: str) -> Desired:
        """The next version, which differs from the last in `changes` (of FIELDS). Raises BadDesired."""
        if not who.strip() or not why.strip():
            raise BadDesired("who wants it, and why? Both are told to the kiosk and kept")
        if unknown := set(changes) - set(FIELDS):
            raise BadDesired(f"{', '.join(sorted(unknown))}: expected {', '.join(FIELDS)}")
        with self._store.write() as connection:
            following = self._write(connection, str(address), changes, who, why)
        self.tell(address, following)
        return following

    def want(
        self, connection: Connection, kiosk: str, kind: str, target: Target | None, who: str, why: str
    ) -> Desired:
        """The next version, which wants that release (None: the one for everybody). `tell` it after the commit."""
        keep_wanted(self._store, connection, kiosk, kind, target, self._clock())
        return self._write(connection, kiosk, {kind: msgspec.to_builtins(target)}, who, why)

    def tell(self, address: Address, following: Desired) -> None:
        """Say a version that is stored. Where the broker is away, it is said when the kiosk appears."""
        self._send(address, following, None)
        self._live.tell("desired", {"kiosk": str(address), "version": following.version})

    def _write(
        self, connection: Connection, kiosk: str, changes: dict[str, Any], who: str, why: str
    ) -> Desired:
        row = connection.execute(
            select(desired.c.body)
            .where(desired.c.kiosk == kiosk)
            .order_by(desired.c.version.desc())
            .limit(1)
            .with_for_update()
        ).one_or_none()
        last = msgspec.json.decode(row.body, type=Desired) if row else Desired(version=0)
        said = connection.scalar(select(reported.c.version).where(reported.c.kiosk == kiosk)) or 0
        following = _changed(last, changes, who, why, after=said if said < LAST_VERSION else 0)
        connection.execute(
            desired.insert().values(
                kiosk=kiosk, version=following.version, who=following.by, why=following.why, at_ms=self._clock(),
                body=msgspec.json.encode(following).decode(),
            )
        )  # fmt: skip
        return following

    def latest(self, kiosk: str) -> Desired | None:
        """How it is to be; None where nobody said."""
        newest = (
            select(desired.c.body).where(desired.c.kiosk == kiosk).order_by(desired.c.version.desc()).limit(1)
        )
        with self._store.read() as connection:
            row = connection.execute(newest).one_or_none()
        return msgspec.json.decode(row.body, type=Desired) if row else None

    def history(self, kiosk: str, most: int = 20) -> list[Desired]:
        """What was wanted of it, the newest first."""
        newest = (
            select(desired.c.body)
            .where(desired.c.kiosk == kiosk)
            .order_by(desired.c.version.desc())
            .limit(most)
        )
        with self._store.read() as connection:
            return [msgspec.json.decode(row.body, type=Desired) for row in connection.execute(newest)]

    def standing(self, kiosk: str) -> Standing:
        """Both sides."""
        with self._store.read() as connection:
            row = connection.execute(select(reported).where(reported.c.kiosk == kiosk)).one_or_none()
        said = msgspec.json.decode(row.body, type=Reported) if row else None
        return Standing(
            kiosk=kiosk, desired=self.latest(kiosk), reported=said, heard_ms=row.heard_ms if row else 0
        )

    def agreement(self) -> dict[str, bool]:
        """Of every kiosk of which something is wanted: whether it says that it is so."""
        newest = select(desired.c.kiosk, func.max(desired.c.version).label("version")).group_by(
            desired.c.kiosk
        )
        with self._store.read() as connection:
            said = {
                row.kiosk: msgspec.json.decode(row.body, type=Reported)
                for row in connection.execute(select(reported))
            }
            return {row.kiosk: _is_so(row.version, said.get(row.kiosk)) for row in connection.execute(newest)}

    def reported(self, address: Address, said: Reported) -> None:
        """Keep how a kiosk says it is, and say again how it is to be where that differs."""
        body = msgspec.json.encode(said).decode()
        if len(body) > MOST:
            log.warning("the report of %s is too long to be kept: %d bytes", address, len(body))
            return
        row = {"kiosk": str(address), "version": said.version, "heard_ms": self._clock(), "body": body}
        with self._store.write() as connection:
            self._store.upsert(connection, reported, row)
            keep_running(self._store, connection, str(address), said, self._clock())
        self._live.tell("desired", {"kiosk": str(address), "version": said.version})
        self.on_report()
        self.appeared(address, said.version)

    def appeared(self, address: Address, version: int = -1) -> None:
        """A kiosk is there, and has taken that version: it hears the newest, in case the broker has forgotten it."""
        newest = self.latest(str(address))
        if newest is not None and newest.version != version:
            self._send(address, newest, None)


def _nobody() -> None:
    """Nobody wants to know."""


def _is_so(version: int, said: Reported | None) -> bool:
    """A kiosk says the version also of what it took in part, and names in `faults` what is otherwise."""
    return said.version == version and not said.faults if said else version == 0


def _changed(last: Desired, changes: dict[str, Any], who: str, why: str, after: int) -> Desired:
    """What follows `last`. `after`: what the kiosk has taken, which is higher where this database was restored: a kiosk
    ignores what is not higher still.
    """
    try:
        wanted = msgspec.convert(
            {
                **msgspec.to_builtins(last), **changes, "version": max(last.version, after) + 1, "by": who.strip()[:60],
                "why": why.strip()[:200],
            },
            Desired,
        )  # fmt: skip
    except msgspec.ValidationError as error:
        raise BadDesired(str(error)) from None
    if not LEAST_LIGHT <= wanted.brightness <= 100:
        raise BadDesired(f"brightness {wanted.brightness}: expected {LEAST_LIGHT} to 100")
    if wanted.sleep is not None and (
        not all(0 <= minute < DAY for minute in wanted.sleep) or wanted.sleep[0] == wanted.sleep[1]
    ):
        raise BadDesired(f"sleep {list(wanted.sleep)}: expected two different minutes of 0 to {DAY - 1}")
    if wanted.log_level not in LEVELS:
        raise BadDesired(f"log_level {wanted.log_level[:16]!r}: expected one of {', '.join(LEVELS)}")
    _check_fetching(wanted)
    return wanted


def _check_fetching(wanted: Desired) -> None:
    for source in wanted.sources:
        if not is_address(source):
            raise BadDesired(f"sources {source[:80]!r}: expected https://HOST[:PORT][/PATH]")
    if len(wanted.sources) > MOST_SOURCES:
        raise BadDesired(f"sources: expected at most {MOST_SOURCES}")
    if wanted.fetch_kib_s is not None and not 0 <= wanted.fetch_kib_s <= MOST_KIB_S:
        raise BadDesired(f"fetch_kib_s {wanted.fetch_kib_s}: expected 0 to {MOST_KIB_S}")
    if wanted.fetch_window is not None and not all(0 <= minute < DAY for minute in wanted.fetch_window):
        raise BadDesired(f"fetch_window {list(wanted.fetch_window)}: expected minutes of 0 to {DAY - 1}")
