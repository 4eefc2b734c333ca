"""Looks for copies among kiosks, keeps what it found until a person has seen to it, and tells it live."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import select, update

from fleet import tables
from fleet.clock import Clock
from fleet.identity.sessions import Known, Moved, Session, Suspected, Verdict, heard
from fleet.live import Hub
from fleet.store.store import Store
from mqtt.messages import Presence
from mqtt.topics import Address

log = logging.getLogger(__name__)
MOST: Final = 20_000  # kiosks remembered; a fleet that starts anew has to see the returns again
AGAIN_MS: Final = 30_000  # how often one that goes on is written down
_ROW: Final = tables.clones.c


class Found(Struct, frozen=True, kw_only=True):
    """A row of `clones`. `what`: suspected | moved; `cleared_ms` 0: nobody has seen to it."""

    kiosk: str
    since_ms: int
    what: str
    last_ms: int
    returns: int
    sessions: tuple[Session, ...]
    cleared_ms: int
    who: str
    why: str


class Watch:
    """`heard` is for the thread that stores; the rest for any."""

    def __init__(self, store: Store, live: Hub, clock: Clock) -> None:
        self._store, self._live, self._clock = store, live, clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._noted: dict[str, int] = {}

    def heard(self, address: Address, word: Presence) -> None:
        """A kiosk said how it is."""
        kiosk, now = str(address), self._clock()
        with self._lock:
            known, verdict = heard(self._known.pop(kiosk, Known()), word, now)
            self._known[kiosk] = known
            while len(self._known) > MOST:
                self._known.popitem(last=False)
            if isinstance(verdict, Suspected) and now - self._noted.get(kiosk, -AGAIN_MS) < AGAIN_MS:
                return
            if isinstance(verdict, Suspected):
                self._noted[kiosk] = now
        if verdict is not None:
            self._note(kiosk, verdict, now)

    def _note(self, kiosk: str, verdict: Verdict, now: int) -> None:
        assert verdict is not None
        moved = isinstance(verdict, Moved)
        returns = 0 if isinstance(verdict, Moved) else verdict.returns
        said = {
            "last_ms": now,
            "returns": returns,
            "sessions": msgspec.json.encode(verdict.sessions).decode(),
        }
        what = "moved" if moved else "suspected"
        open_one = (_ROW.kiosk == kiosk) & (_ROW.cleared_ms == 0) & (_ROW.what == what)
        since = now if isinstance(verdict, Moved) else verdict.since_ms
        new: dict[str, Any] = {
            "kiosk": kiosk, "since_ms": since, "what": what, "cleared_ms": 0, "who": "", "why": "",
            **said,
        }  # fmt: skip
        with self._store.write() as connection:
            # One row goes on: what a kiosk says of its board is its own word, and it may say another every second.
            if not connection.execute(update(tables.clones).where(open_one).values(said)).rowcount:
                self._store.upsert(connection, tables.clones, new)
        log.warning("%s: %s", kiosk, "speaks from another board" if moved else "two devices have this name")
        self._live.tell("clone", {"kiosk": kiosk, "what": new["what"], "since_ms": since})

    def open(self) -> list[Found]:
        """What nobody has seen to, the newest first."""
        with self._store.read() as connection:
            rows = connection.execute(
                select(tables.clones).where(_ROW.cleared_ms == 0).order_by(_ROW.since_ms.desc()).limit(100)
            )
            return [_found(row) for row in rows]

    def clear(self, kiosk: str, since_ms: int, who: str, why: str) -> bool:
        """Somebody has seen to it. False where it is not open."""
        one = (_ROW.kiosk == kiosk) & (_ROW.since_ms == since_ms) & (_ROW.cleared_ms == 0)
        said = {"cleared_ms": self._clock(), "who": who, "why": why}
        with self._store.write() as connection:
            cleared = connection.execute(update(tables.clones).where(one).values(said)).rowcount == 1
        if cleared:
            with self._lock:  # what comes from now on counts anew
                self._known.pop(kiosk, None)
                self._noted.pop(kiosk, None)
        return cleared


def _found(row: Any) -> Found:
    sessions = msgspec.json.decode(row.sessions, type=tuple[Session, ...])
    return Found(**{**row._mapping, "sessions": sessions})
