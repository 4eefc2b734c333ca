"""Kiosks that ask to be let in: noted, shown to a person, approved or rejected; asking again is always safe.

What a stranger can make us keep is bounded: so many requests at once, so many new ones a minute, each gone when its
kiosk is silent for a while and none older than a day. A kiosk that was approved and lost power before it had its
certificate asks again and gets the same one.
"""

from __future__ import annotations

import re
import threading
from typing import Final

from cryptography.hazmat.primitives import serialization
from msgspec import Struct, structs
from sqlalchemy import Connection, delete, func, select, update

from fleet import tables
from fleet.clock import Clock
from fleet.identity.authority import Authority, BadRequest, der_of, key_of, proved
from fleet.identity.book import KIOSK_ITSELF, LATEST_MS, Book, Kept, key_id_of, serial_of
from fleet.limits import Bucket, Rule, take
from fleet.store.store import Store
from mqtt.enrolment import APPROVED, BUSY, EXPIRED, PENDING, REJECTED, Ask, Place, Told, code_of
from mqtt.topics import Address

MOST: Final = 256  # requests that wait at once
SHARE: Final = 4  # one address fills a quarter of that: a flood from there keeps nobody else out
SILENT_MS: Final = 10 * 60_000  # a kiosk asks at least every POLL_S; one that does not is gone
DAY_MS: Final = 86_400_000
KEPT_MS: Final = 7 * DAY_MS  # a decision is told to its kiosk so long
NEW: Final = Rule(
    burst=30, per_minute=60
)  # new requests of everybody together; each costs 50 ms for its code
TOUCH_MS: Final = 15_000  # how exactly it is known when a kiosk asked last
POLL_S: Final = 5
MOST_VALID: Final = (
    4  # certificates of one kiosk that are good at a time: the one before, and renewals that went wrong
)
BUSY_S: Final = 30
_SERIAL: Final = re.compile(r"[0-9a-f]{40}")
_ROW: Final = tables.enrolments.c


class Enrolment(Struct, frozen=True, kw_only=True):
    """A request as it is kept. What the kiosk said of itself: `board`, `machine`, `version`; `source`: its IP address."""

    key_id: str
    code: str
    request: bytes
    board: str
    machine: str
    version: str
    source: str
    first_ms: int
    last_ms: int
    state: str
    kiosk: str
    serial: str
    who: str
    why: str
    decided_ms: int


class Enrolments:
    """The requests, and what is decided about them. Every method may be called from any thread."""

    def __init__(
        self,
        store: Store,
        authority: Authority,
        book: Book,
        broker: tuple[str, int],
        clock: Clock,
        most: int = MOST,
    ) -> None:
        """`broker`: where kiosks reach it, told to those that are let in. `most`: requests that may wait."""
        self._store, self._authority, self._book, self._broker = store, authority, book, broker
        self._clock, self._most = clock, most
        self._root = authority.root.public_bytes(serialization.Encoding.DER)
        self._ca = authority.ca_pem.decode()
        self._lock = threading.Lock()
        self._new = Bucket(NEW.burst, clock())

    # --- kiosks ---------------------------------------------------------------------------------------------------

    def ask(self, ask: Ask, source: str) -> Told:
        """Answer a kiosk that asks from an address. Raises authority.BadRequest."""
        public = der_of(key_of(ask.request.encode()))
        if ask.renews and not _SERIAL.fullmatch(ask.renews):
            raise BadRequest("the serial of a certificate has 40 hexadecimal digits")
        if ask.renews:
            return self._renewed(ask, public)
        key_id, now = key_id_of(public), self._clock()
        row = self._find(key_id)
        if row is None:
            return self._note(ask, key_id, public, source)
        if row.state == APPROVED:
            return self._approved(row)
        if row.state == REJECTED:
            return self._told(REJECTED, poll_s=BUSY_S, reason=row.why)
        if now - row.first_ms > DAY_MS:  # its code has been on the glass for long enough
            self._forget(key_id)
            return self._told(EXPIRED)
        if now - row.last_ms > TOUCH_MS:
            with self._store.write() as connection:
                connection.execute(
                    update(tables.enrolments)
                    .where(_ROW.key_id == key_id)
                    .values(last_ms=now, source=source[:64])
                )
        return self._told(PENDING)

    def _note(self, ask: Ask, key_id: str, public: bytes, source: str) -> Told:
        now = self._clock()
        self.sweep()
        with self._lock:  # codes one at a time: each takes 16 MiB and 50 ms
            bucket, wait_ms = take(self._new, NEW, now)
            everybody, theirs = self._waiting(source[:64])
            if wait_ms or everybody >= self._most or theirs >= self._most // SHARE:
                return self._told(BUSY, poll_s=BUSY_S)
            self._new = bucket
            code = code_of(public, self._root)
        row = {
            "key_id": key_id, "code": code, "request": ask.request.encode(), "board": _shown(ask.board),
            "machine": _shown(ask.machine), "version": _shown(ask.version), "source": source[:64], "first_ms": now,
            "last_ms": now, "state": PENDING, "kiosk": "", "serial": "", "who": "", "why": "", "decided_ms": 0,
        }  # fmt: skip
        with self._store.write() as connection:
            self._store.insert_new(connection, tables.enrolments, [row])
        return self._told(PENDING)

    def _approved(self, row: Enrolment) -> Told:
        kept = self._book.of(row.serial)
        if kept is None or kept.revoked_ms:
            return self._told(REJECTED, poll_s=BUSY_S, reason=kept.revoked_why if kept else "")
        return self._place(kept)

    def _renewed(self, ask: Ask, public: bytes) -> Told:
        """The next certificate of a kiosk that proves to hold the last one's key."""
        before = self._book.of(ask.renews)
        if before is None or not proved(before.chain, ask.request.encode(), ask.proof):
            raise BadRequest("the proof does not fit the certificate that is to be renewed")
        if before.revoked_ms:
            return self._told(REJECTED, poll_s=BUSY_S, reason=before.revoked_why)
        if self._clock() > before.not_after_ms + LATEST_MS:
            return self._told(
                REJECTED, poll_s=BUSY_S, reason="its certificate expired too long ago: enrol anew"
            )
        key_id = key_id_of(public)
        address = Address(*before.kiosk.split("/"))
        with self._store.write() as connection:
            self._book.hold(connection, before.kiosk)
            now = self._book.in_(connection, before.serial)
            if now is None or now.revoked_ms:  # put out while we looked
                return self._told(REJECTED, poll_s=BUSY_S, reason=now.revoked_why if now else "")
            valid = self._book.valid(connection, before.kiosk)
            made = next((one for one in valid if one.key_id == key_id), None)
            if made is not None:  # the answer was lost
                return self._place(made)
            if len(valid) >= MOST_VALID:
                return self._told(BUSY, poll_s=BUSY_S)
            issued = self._authority.kiosk(address, key_of(ask.request.encode()), self._clock())
            self._book.enter(connection, issued, key_id, KIOSK_ITSELF, f"renews {ask.renews[-12:]}")
        kept = self._book.of(serial_of(issued.serial))
        assert kept is not None
        return self._place(kept)

    def _place(self, kept: Kept) -> Told:
        tenant, site, kiosk = kept.kiosk.split("/")
        host, port = self._broker
        place = Place(tenant=tenant, site=site, kiosk=kiosk, host=host, port=port)
        return structs.replace(self._told(APPROVED), certificate=kept.chain.decode(), place=place)

    def _told(self, state: str, *, poll_s: int = POLL_S, reason: str = "") -> Told:
        return Told(state=state, ca=self._ca, at_ms=self._clock(), poll_s=poll_s, reason=reason)

    # --- people ---------------------------------------------------------------------------------------------------

    def pending(self) -> list[Enrolment]:
        """Who waits, longest first."""
        self.sweep()
        with self._store.read() as connection:
            rows = connection.execute(
                select(tables.enrolments).where(_ROW.state == PENDING).order_by(_ROW.first_ms, _ROW.key_id)
            )
            return [_enrolment(row) for row in rows]

    def approve(self, key_id: str, address: Address, who: str, why: str, *, replace: bool = False) -> str:
        """Let a kiosk in as `address`. Returns "" where that was done; "gone": it waits no longer; "taken": another
        device has that address, and `replace` does not say that it is to lose it. Raises BadRequest, BadAuthority.
        """
        row = self._find(key_id)
        if row is None or row.state != PENDING:
            return "gone"
        issued = self._authority.kiosk(address, key_of(row.request), self._clock())
        with self._store.write() as connection:
            self._book.hold(connection, str(address))
            if not replace and self._is_taken(connection, address):
                return "taken"
            serial = serial_of(issued.serial)
            if not self._decide(connection, key_id, APPROVED, who, why, kiosk=str(address), serial=serial):
                return "gone"  # somebody was faster
            self._book.enter(connection, issued, key_id, who, why)
            self._book.revoke_in(connection, str(address), who, f"replaced: {why}", keep=serial)
        return ""

    def reject(self, key_id: str, who: str, why: str) -> bool:
        """Do not let a kiosk in; it is told why. False where it waits no longer."""
        with self._store.write() as connection:
            return self._decide(connection, key_id, REJECTED, who, why)

    def _decide(
        self, connection: Connection, key_id: str, state: str, who: str, why: str, *, kiosk: str = "", serial: str = ""
    ) -> bool:  # fmt: skip
        waits = (_ROW.key_id == key_id) & (_ROW.state == PENDING)
        said = {
            "state": state, "who": who, "why": why, "decided_ms": self._clock(), "kiosk": kiosk, "serial": serial
        }  # fmt: skip
        return connection.execute(update(tables.enrolments).where(waits).values(said)).rowcount == 1

    def _is_taken(self, connection: Connection, address: Address) -> bool:
        if self._book.renewable(
            connection, str(address)
        ):  # also one that has stood in a cellar, and may come back
            return True
        column = tables.kiosks.c
        state = connection.scalar(select(column.state).where(column.kiosk == str(address)))
        return state in ("ready", "selling")  # alive by another way in, such as a broker without certificates

    # --- keeping it small ----------------------------------------------------------------------------------------

    def sweep(self) -> int:
        """Forget who is silent, and what was decided long ago. Returns how many."""
        now = self._clock()
        silent = (_ROW.state == PENDING) & (_ROW.last_ms < now - SILENT_MS)
        told = (_ROW.state != PENDING) & (_ROW.decided_ms < now - KEPT_MS)
        with self._store.write() as connection:
            return connection.execute(delete(tables.enrolments).where(silent | told)).rowcount

    def _forget(self, key_id: str) -> None:
        with self._store.write() as connection:
            connection.execute(delete(tables.enrolments).where(_ROW.key_id == key_id))

    def _waiting(self, source: str) -> tuple[int, int]:
        """How many wait: of everybody, and of one address."""
        with self._store.read() as connection:
            count = select(func.count()).select_from(tables.enrolments).where(_ROW.state == PENDING)
            theirs = connection.scalar(count.where(_ROW.source == source))
            return int(connection.scalar(count) or 0), int(theirs or 0)

    def _find(self, key_id: str) -> Enrolment | None:
        with self._store.read() as connection:
            row = connection.execute(select(tables.enrolments).where(_ROW.key_id == key_id)).one_or_none()
        return None if row is None else _enrolment(row)


def _enrolment(row: object) -> Enrolment:
    fields = {name: getattr(row, name) for name in Enrolment.__struct_fields__}
    return Enrolment(**{**fields, "request": bytes(fields["request"])})


def _shown(text: str) -> str:
    """What a stranger says of himself, cut to what a page can show: printable, one line."""
    return "".join(sign for sign in text if sign.isprintable())[:80]
