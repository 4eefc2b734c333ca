"""What has changed since the release, as the fleet signs it: verified, kept for the next start, laid over the store.

A set that is older than the one in force is ignored. One that cannot be believed or read is refused, counted and told
as a fault, and the last good set stands. A set is verified when it comes, not again after a restart: it was believed
under the keys of its day, and a recall must not end because a key was changed while the kiosk was off.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from content.live_changes import BadLive, LiveSet, LiveStore, in_force, next_end_ms, read_set, write_set
from content.signing import verify
from content.store import StoreError
from kiosk.clock.clock import Clock
from kiosk.core import events as did
from kiosk.core.events import AnyEvent, Stamp
from kiosk.ledger import Ledger, LedgerError
from kiosk.operated.keys import Keys
from mqtt.commands import LiveChanges
from mqtt.messages import BadMessage, decode
from mqtt.topics import Address

log = logging.getLogger(__name__)

KEPT: Final = "live"  # the name in the ledger
LOOK_MS: Final = 60_000  # at most until the next look whether a change has ended: a wall clock may be set
_NOTHING: Final = LiveSet(format=1, kiosk="", version=0, at_ms=0)


@dataclass(frozen=True, slots=True)
class LiveLook:
    """Posted to ourselves: has a change ended by itself?"""


class Live:
    """For the owner's thread."""

    def __init__(
        self,
        address: Address,
        ledger: Ledger,
        clock: Clock,
        after: Callable[[str, int, object], None],
        store: Callable[[], LiveStore],
        release: Callable[[], str],
        changed: Callable[[], None],
        keys: Keys,
    ) -> None:
        """`store` is what is sold from, `release` its name; `changed` has the screen ask for its shelves anew."""
        self._address, self._ledger, self._clock, self._after = str(address), ledger, clock, after
        self._tenant, self._store, self._release = address.tenant, store, release
        self._changed, self._keys = changed, keys
        self._set = _NOTHING
        self._edition = 0
        self._recalled: frozenset[str] = frozenset()
        self.fault = ""
        self.counters: Counter[str] = Counter()

    @property
    def version(self) -> int:
        """Of the set in force; 0: none was ever taken."""
        return self._set.version

    @property
    def edition(self) -> str:
        """What the shop's version ends with: another one whenever something on the shelves has changed."""
        return f"+{self._edition}" if self._edition else ""

    def recover(self, at: Stamp) -> Iterable[AnyEvent]:
        """What was in force before the program ended."""
        try:
            body = self._ledger.kept(KEPT)
            if body:
                self._set = read_set(body)
        except (LedgerError, BadLive) as error:
            self.fault = f"live changes that were kept cannot be read: {error}"[:200]
            log.error("%s", self.fault)
        return self.look(at)

    def heard(self, payload: bytes, at: Stamp) -> Iterable[AnyEvent]:
        """A set comes. Raises BadMessage where it is refused; what is in force stays so."""
        try:
            said = self._believed(decode(payload, LiveChanges))
        except (BadMessage, BadLive) as error:
            self.fault = f"live changes: {error}"[:200]
            self.counters["live-refused"] += 1
            raise BadMessage(self.fault) from None
        self.fault = ""
        if said.version <= self._set.version:
            self.counters["live-older"] += said.version < self._set.version
            return ()
        return self._take(said, at)

    def look(self, at: Stamp) -> Iterable[AnyEvent]:
        """Lay over the store what holds now: a change has come or ended, or the store is another."""
        effects = in_force(self._set, self._release(), at.wall_ms if at.trusted else None)
        try:
            products = self._store().use(effects)
        except StoreError as error:
            log.error("live changes wait, the store cannot be read: %s", error)
            self._after("live", LOOK_MS, LiveLook())
            return ()
        if any(change.until_ms for change in self._set.changes):
            end = next_end_ms(self._set, self._clock.wall_ms())
            wait = LOOK_MS if end is None else max(1, min(LOOK_MS, end - self._clock.wall_ms()))
            self._after("live", wait, LiveLook())
        recalled = frozenset(gtin for gtin, effect in effects.items() if effect.recall is not None)
        if not products and recalled == self._recalled:
            return ()
        self._recalled = recalled
        self._edition += 1
        self._changed()
        return (did.LiveChanged(at, tuple(products), recalled),)

    def _believed(self, said: LiveChanges) -> LiveSet:
        keys = self._keys("live")
        if not keys:
            raise BadLive("this kiosk has no key to believe them by (docs/live-changes.md)")
        if said.kid not in keys:
            raise BadLive(f"signed with key {said.kid[:16]!r}, which is none of ours")
        if not verify(keys, "live", self._tenant, said.kid, said.body, said.signature):
            raise BadLive("the signature is not true")
        found = read_set(said.body)
        if found.kiosk != self._address:
            raise BadLive(f"of {found.kiosk[:98]!r}, this is {self._address}")
        return found

    def _take(self, said: LiveSet, at: Stamp) -> Iterable[AnyEvent]:
        self._set = said
        self.counters["live-taken"] += 1
        events = list(self.look(at))
        self._keep(said)
        return events

    def _keep(self, said: LiveSet) -> None:
        try:
            self._ledger.keep(KEPT, write_set(said))
        except LedgerError as error:
            self.fault = f"live changes cannot be kept for the next start: {error}"[:200]
            log.error("%s", self.fault)
