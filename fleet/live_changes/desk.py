"""Gives live changes, and has every kiosk and the fleet's own selling obey them.

What a person gives is written down and holds for the phone's pages and for charges at once. A thread of its own then
composes each kiosk's set, signs those that changed and sends them: retained, so that whoever comes back hears them.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs
from sqlalchemy.exc import SQLAlchemyError

from content.live_changes import (
    MOST_CHANGES,
    MOST_RECALLED,
    RECALL,
    BadLive,
    Effect,
    LiveSet,
    LiveStore,
    in_force,
    write_set,
)
from content.signing import key_id, public_bytes, sign
from content.store import AnyStore
from fleet.clock import Clock
from fleet.live import Hub
from fleet.live_changes.book import LiveBook, SetRow, digest_of
from fleet.live_changes.checking import BadChange, checked
from fleet.live_changes.composing import GROUP, NO_WALL, Given, compose
from fleet.store.store import Store
from mqtt.commands import LiveChanges, Reported
from mqtt.messages import Message
from mqtt.topics import Address, BadTopic

log = logging.getLogger(__name__)

EVERY_S: Final = 15.0  # from one look at what has ended to the next, where nothing ends before
AT_ONCE: Final = 200  # kiosks of one transaction
KEPT: Final = 4_000  # kiosks whose effects are at hand
FULL_S: Final = 0.005  # until the line may have room again
GIVE_UP_S: Final = 5.0
ADOPTED_MS: Final = 30_000  # how late phones may follow a kiosk that adopts another release

Send = Callable[[Address, Message, int | None], bool]
Groups = Callable[[str], frozenset[str]]


def in_no_group(_kiosk: str) -> frozenset[str]:
    """Nothing says anything of groups."""
    return frozenset()


class LiveDesk:
    """One per fleet. Every method may be called from any thread."""

    def __init__(
        self,
        store: Store,
        send: Send,
        connected: Callable[[], bool],
        live: Hub,
        clock: Clock,
        key: Ed25519PrivateKey | None,
        published: Callable[[], AnyStore] | None = None,
        groups: Groups = in_no_group,
    ) -> None:
        """`key` None: nothing can be given. `published`: the catalogue; `groups` of a kiosk, by its address."""
        self.book = LiveBook(store)
        self.counters: Counter[str] = Counter()
        self._send, self._connected, self._live, self._clock = send, connected, live, clock
        self._key, self._published, self._groups = key, published, groups
        self._kid = key_id(public_bytes(key)) if key is not None else ""
        self._standing: tuple[Given, ...] = self.book.standing(clock())
        self._effects: dict[str, tuple[int, int, dict[str, Effect]]] = {}
        self._change = threading.Condition()
        self._dirty = True  # a set may have been left unsent when the fleet stopped
        self._appeared: dict[Address, None] = {}
        self._over = False
        self.generation = 0  # grows whenever something sells otherwise than before
        self._thread = threading.Thread(target=self._run, name="live changes", daemon=True)

    @property
    def can_give(self) -> bool:
        """Whether there is a key to sign with."""
        return self._key is not None

    def start(self) -> None:
        """Begin to send."""
        if self._key is not None:
            self._thread.start()

    def close(self) -> None:
        """End the thread."""
        with self._change:
            self._over = True
            self._change.notify_all()
        if self._thread.ident is not None:
            self._thread.join(GIVE_UP_S + 1)

    def regrouped(self) -> None:
        """Kiosks are in other groups than before: what is said of groups is composed anew."""
        with self._change:
            if any(one.scope.startswith(GROUP) for one in self._standing):
                self._changed()

    # --- people -----------------------------------------------------------------------------------------------

    def give(self, one: Given) -> Given:
        """Have a change hold from now on. Raises BadChange, and nothing has happened."""
        if self._key is None:
            raise BadChange("this fleet has no key to sign live changes with: endcap fleet serve --live-key")
        now = self._clock()
        one = checked(structs.replace(one, at_ms=now), self._published() if self._published else None, now)
        with self._change:
            self._make_room(one, now)
            one = self.book.add(one)
            self._standing = (*self._standing, one)
            self._changed()
        self.counters["given"] += 1
        self._live.tell("live-change", {"number": one.number, "kind": one.kind, "gtin": one.gtin})
        return one

    def undo(self, number: int, who: str, why: str) -> None:
        """Have a change hold no more. Raises BadChange."""
        if not who.strip() or not why.strip():
            raise BadChange("who undoes it, and why? Both are kept")
        with self._change:
            if not self.book.undo(number, who.strip()[:60], why.strip()[:200], self._clock()):
                raise BadChange(f"no change {number} stands")
            self._standing = tuple(one for one in self._standing if one.number != number)
            self._changed()
        self.counters["undone"] += 1
        self._live.tell("live-change", {"number": number, "kind": "undo"})

    def standing(self) -> tuple[Given, ...]:
        """All that stands."""
        now = self._clock()
        return tuple(one for one in self._standing if one.stands(now))

    def _make_room(self, one: Given, now: int) -> None:
        """Raises BadChange where some kiosk's set would be too large. Room for recalls is never taken by other changes."""
        standing = (*self._standing, one)
        recalled = one.kind == RECALL
        most = MOST_RECALLED if recalled else MOST_CHANGES
        if sum((each.kind == RECALL) == recalled for each in standing) <= most:
            return
        for kiosk in ("", *self.book.known()):
            changes, _ = compose(standing, kiosk, self._groups(kiosk), now)
            if sum((each.kind == RECALL) == recalled for each in changes) > most:
                what = "recalls" if recalled else "changes beside recalls"
                raise BadChange(f"{kiosk or 'phones'} would have more than {most} {what}: publish a release")

    def _changed(self) -> None:
        self.generation += 1
        self._effects.clear()
        self._dirty = True
        self._change.notify_all()

    # --- the fleet's own selling ------------------------------------------------------------------------------

    def effects(self, kiosk: str, release: str) -> dict[str, Effect]:
        """What holds where that kiosk sells ("": at no wall), in that release of the catalogue."""
        kiosk = "" if kiosk == NO_WALL else kiosk
        now, generation = self._clock(), self.generation
        name = f"{kiosk} {release}"
        known = self._effects.get(name)
        if known is not None and known[0] == generation and now < known[1]:
            return known[2]
        standing = self._standing
        changes, notes = compose(standing, kiosk, self._groups(kiosk), now)
        said = LiveSet(format=1, kiosk=kiosk, version=1, at_ms=now, changes=changes, notes=notes)
        ends = min((one.until_ms for one in standing if one.until_ms > now), default=now + 3_600_000)
        if kiosk and any(one.in_release or one.until_release for one in changes):
            known_as = self.book.said(kiosk).get(kiosk)
            release = known_as.content.name or release if known_as is not None else release
            ends = min(ends, now + ADOPTED_MS)
        found = in_force(said, release, now)
        if len(self._effects) >= KEPT:
            self._effects.clear()
        self._effects[name] = generation, ends, found
        return found

    def over(self, store: AnyStore, kiosk: str) -> AnyStore:
        """A store as it sells where that kiosk stands."""
        effects = self.effects(kiosk, store.store.version)
        return LiveStore(store, effects) if effects else store

    def unsold(self, kiosk: str, gtins: Iterable[str], release: str) -> str:
        """Why a charge for these goods must not be made: "recalled", "sold-out", or "" where it may."""
        effects = self.effects(kiosk, release)
        found = [effects[gtin] for gtin in gtins if gtin in effects]
        if any(effect.recall is not None for effect in found):
            return "recalled"
        return "sold-out" if any(effect.available is False for effect in found) else ""

    # --- kiosks -----------------------------------------------------------------------------------------------

    def appeared(self, address: Address) -> None:
        """A kiosk was heard of: it gets its set, in case the broker has forgotten it or it is new."""
        with self._change:
            self._appeared[address] = None
            self._change.notify_all()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(
                    lambda: self._over or self._dirty or bool(self._appeared), self._patience_s()
                )
                if self._over:
                    return
                dirty, self._dirty = self._dirty, False
                appeared, self._appeared = list(self._appeared), {}
                dirty = self._end_by_hour() or dirty
            try:
                if dirty:
                    self._publish(self.book.known(), again=frozenset())
                if appeared:
                    names = [str(one) for one in appeared]
                    self._publish(names, again=frozenset(names))
            except SQLAlchemyError as error:
                self.counters["store_away"] += 1
                log.error("live changes wait for the database: %s", str(error).splitlines()[0])
                self._once_more(dirty, appeared)
            except Exception:
                self.counters["faults"] += 1
                log.exception("live changes could not be sent")
                self._once_more(dirty, appeared)

    def _once_more(self, dirty: bool, appeared: list[Address]) -> None:
        time.sleep(0.2)
        with self._change:
            self._dirty = self._dirty or dirty
            self._appeared = dict.fromkeys(appeared) | self._appeared

    def _patience_s(self) -> float:
        now = self._clock()
        ends = min((one.until_ms for one in self._standing if one.until_ms), default=now + 60_000)
        return min(EVERY_S, max(0.0, (ends - now) / 1000))

    def _end_by_hour(self) -> bool:
        """Drop what is over; whether something was."""
        now = self._clock()
        standing = tuple(one for one in self._standing if one.stands(now))
        if len(standing) == len(self._standing):
            return False
        self._standing = standing
        self.generation += 1
        return True

    def _publish(self, kiosks: list[str], again: frozenset[str]) -> None:
        """Send each of these kiosks its set where it has changed, and those of `again` in any case."""
        sets, standing, now = self.book.sets(), self._standing, self._clock()
        said = self.book.said(kiosks[0] if len(kiosks) == 1 else "")
        for first in range(0, len(kiosks), AT_ONCE):
            some = kiosks[first : first + AT_ONCE]
            fresh = [
                row for kiosk in some if (row := self._next(kiosk, sets, said, standing, now)) is not None
            ]
            if fresh:
                self.book.keep(fresh, now)
                self._live.tell("live-sets", {"kiosks": len(fresh)})
            renewed = {row.kiosk for row in fresh}
            known = [
                sets[kiosk] for kiosk in some if kiosk in again and kiosk in sets and kiosk not in renewed
            ]
            for row in (*fresh, *known):
                self._tell(row)

    def _next(
        self,
        kiosk: str,
        sets: dict[str, SetRow],
        said: dict[str, Reported],
        standing: tuple[Given, ...],
        now: int,
    ) -> SetRow | None:
        """The kiosk's next set; None where the one it has says the same. A kiosk that has taken a higher version than we
        know of was told so before this database was restored: it ignores what is not higher still.
        """
        changes, notes = compose(standing, kiosk, self._groups(kiosk), now)
        before = sets.get(kiosk)
        last, taken = before.version if before else 0, said[kiosk].live_version if kiosk in said else 0
        wanted = LiveSet(
            format=1, kiosk=kiosk, version=max(last, taken) + 1, at_ms=now, changes=changes, notes=notes
        )
        digest = hashlib.sha256(digest_of(wanted)).hexdigest()
        if (before.digest == digest if before else not changes) and taken <= last:
            return None
        try:
            body, tenant = write_set(wanted), Address(*kiosk.split("/")).tenant
        except (BadLive, BadTopic) as error:
            self.counters["too_large"] += 1
            log.error("live changes of %s are not sent, those before stand: %s", kiosk, error)
            return None
        assert self._key is not None, "without a key nothing runs"
        signature = sign(self._key, "live", tenant, body)
        return SetRow(
            kiosk, wanted.version, digest, LiveChanges(kid=self._kid, signature=signature, body=body)
        )

    def _tell(self, row: SetRow) -> None:
        """Send a set. A line that is full has room again within milliseconds; one that is down: when the kiosk appears."""
        address, end = Address(*row.kiosk.split("/")), time.monotonic() + GIVE_UP_S
        while not self._send(address, row.said, None):
            if not self._connected() or self._over or time.monotonic() > end:
                self.counters["unsent"] += 1
                return
            time.sleep(FULL_S)
        self.counters["sent"] += 1
