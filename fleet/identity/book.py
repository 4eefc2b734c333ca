"""Which certificates were made for whom, by whose word, and which are void. Rows stay: they are the record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, select, update

from fleet import tables
from fleet.clock import Clock
from fleet.identity.certificates import Issued
from fleet.store.store import Store

KIOSK_ITSELF: Final = "kiosk"  # who asked, where the kiosk renewed by itself
LATEST_MS: Final = 365 * 86_400_000  # a kiosk that was away may renew so long after its certificate expired
_ROW: Final = tables.certificates.c


class Kept(Struct, frozen=True, kw_only=True):
    """A certificate as it is kept. Times are Unix ms; `revoked_ms` 0: it is good."""

    serial: str
    kiosk: str
    key_id: str
    chain: bytes
    not_before_ms: int
    not_after_ms: int
    issued_ms: int
    who: str
    why: str
    revoked_ms: int
    revoked_who: str
    revoked_why: str
    ended_ms: int


class Book:
    """The record of certificates. Every method may be called from any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock

    def enter(self, connection: Connection, issued: Issued, key_id: str, who: str, why: str) -> None:
        """Write a certificate down, in a transaction of the caller."""
        row = {
            "serial": serial_of(issued.serial), "kiosk": issued.name, "key_id": key_id, "chain": issued.chain,
            "not_before_ms": issued.not_before_ms, "not_after_ms": issued.not_after_ms, "issued_ms": self.clock(),
            "who": who, "why": why, "revoked_ms": 0, "revoked_who": "", "revoked_why": "", "ended_ms": 0,
        }  # fmt: skip
        connection.execute(tables.certificates.insert().values(row))

    def valid(self, connection: Connection, kiosk: str) -> list[Kept]:
        """The certificates a kiosk can come in with now, the newest first."""
        return self._standing(connection, kiosk, self.clock())

    def renewable(self, connection: Connection, kiosk: str) -> list[Kept]:
        """Those and the expired ones it may still renew: whoever holds one of their keys can become this kiosk."""
        return self._standing(connection, kiosk, self.clock() - LATEST_MS)

    def _standing(self, connection: Connection, kiosk: str, after_ms: int) -> list[Kept]:
        wanted = (_ROW.kiosk == kiosk) & (_ROW.revoked_ms == 0) & (_ROW.not_after_ms > after_ms)
        return _kept(
            connection.execute(select(tables.certificates).where(wanted).order_by(_ROW.issued_ms.desc()))
        )

    def revoke_in(
        self, connection: Connection, kiosk: str, who: str, why: str, *, keep: str = ""
    ) -> list[str]:
        """Void every certificate of a kiosk but `keep`, in a transaction of the caller; also those that have expired, because
        they could be renewed. Returns their serials.
        """
        void = [one.serial for one in self.renewable(connection, kiosk) if one.serial != keep]
        said = {"revoked_ms": self.clock(), "revoked_who": who, "revoked_why": why}
        connection.execute(update(tables.certificates).where(_ROW.serial.in_(void)).values(said))
        return void

    def revoke(self, kiosk: str, who: str, why: str) -> list[str]:
        """Void every certificate of a kiosk. Returns their serials, none where it had none."""
        with self.store.write() as connection:
            self.hold(connection, kiosk)
            return self.revoke_in(connection, kiosk, who, why)

    def hold(self, connection: Connection, kiosk: str) -> None:
        """Let nobody else change whose an address is until the caller's transaction ends."""
        self.store.upsert(connection, tables.identities, {"kiosk": kiosk, "changed_ms": self.clock()})

    def revoked(self) -> list[tuple[int, int]]:
        """What the revocation list must name: (serial, when). Those that have expired are out anyway."""
        wanted = (_ROW.revoked_ms > 0) & (_ROW.not_after_ms > self.clock())
        columns = (_ROW.serial, _ROW.revoked_ms)
        with self.store.read() as connection:
            return [
                (int(serial, 16), at) for serial, at in connection.execute(select(*columns).where(wanted))
            ]

    def to_end(self) -> list[Kept]:
        """Revoked certificates whose connections nobody has ended yet."""
        wanted = (_ROW.revoked_ms > 0) & (_ROW.ended_ms == 0)
        with self.store.read() as connection:
            return _kept(connection.execute(select(tables.certificates).where(wanted)))

    def ended(self, serials: Sequence[str]) -> None:
        """Their connections have been ended."""
        with self.store.write() as connection:
            done = update(tables.certificates).where(_ROW.serial.in_(serials))
            connection.execute(done.values(ended_ms=self.clock()))

    def of(self, serial: str) -> Kept | None:
        """A certificate by its serial."""
        with self.store.read() as connection:
            return self.in_(connection, serial)

    def in_(self, connection: Connection, serial: str) -> Kept | None:
        """The same, in a transaction of the caller."""
        found = _kept(connection.execute(select(tables.certificates).where(_ROW.serial == serial)))
        return found[0] if found else None

    def latest(self, limit: int = 200) -> list[Kept]:
        """The certificates made last, the newest first."""
        with self.store.read() as connection:
            rows = select(tables.certificates).order_by(_ROW.issued_ms.desc(), _ROW.serial).limit(limit)
            return _kept(connection.execute(rows))


def serial_of(number: int) -> str:
    """A serial number as it is kept: hexadecimal, 40 digits hold the longest (RFC 5280, 4.1.2.2)."""
    return f"{number:040x}"


def key_id_of(public_key: bytes) -> str:
    """Names a public key (DER): its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()


def _kept(rows: Any) -> list[Kept]:
    return [Kept(**{**row._mapping, "chain": bytes(row.chain)}) for row in rows]
