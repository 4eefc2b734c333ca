"""Sets of alerts on their way to kiosks: made in one transaction, signed, said until the line has taken each.

A set that is too large for the wire loses its least grave alerts, never the rest of the fleet's. What the line does not
take at once is said again by `again_soon` until it has, for a wall that stayed connected asks for nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Table, select

from content.alerts import LAST_VERSION, Alert, AlertSet, fitting, write_alerts
from content.signing import key_id, public_bytes, sign
from fleet.clock import Clock
from fleet.operating.commands import Send
from fleet.store.store import Store
from fleet.tables import alert_kiosks, alert_sets, alerts
from mqtt.commands import Alerts
from mqtt.topics import Address

log = logging.getLogger(__name__)
PATIENCE_S: Final = 5.0  # for a line that has enough to send already
AT_ONCE: Final = 100  # sets said again before somebody with something new to say has a turn


class Sayer:
    """For any thread."""

    def __init__(
        self,
        store: Store,
        send: Send,
        clock: Clock,
        key: Ed25519PrivateKey | None,
        counters: Counter[str],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._store, self._send, self._clock, self._key, self._counters = store, send, clock, key, counters
        self._patience_s = patience_s
        self._kid = key_id(public_bytes(key)) if key is not None else ""
        self._saying = (
            threading.Lock()
        )  # two versions of one kiosk's set are made and said one after the other
        self._unsaid: dict[str, None] = {}  # kiosks whose newest set the line did not take

    @property
    def behind(self) -> bool:
        """Whether the line has not taken everything yet."""
        return bool(self._unsaid)

    def say(self, addresses: Sequence[Address], above: int = 0) -> None:
        """All that is in force there, as the next version, higher than `above`."""
        with self._saying:
            with self._store.write() as connection:
                said = self._composed(connection, addresses, above)
            until = time.monotonic() + self._patience_s
            for address, one in said:
                while not (sent := self._publish(address, one)) and time.monotonic() < until:
                    time.sleep(0.002)
                self._note(str(address), sent)

    def say_again(self, kiosks: Iterable[str] | None) -> None:
        """The newest sets as they are, of all (None) or of some: the line may have lost them."""
        if self._key is None:
            return
        with self._store.read() as connection:
            wanted = list(connection.scalars(select(alert_sets.c.kiosk)) if kiosks is None else kiosks)
        self._unsaid |= dict.fromkeys(wanted)
        self.again_soon()

    def again_soon(self) -> bool:
        """Say what the line has not taken, as far as it takes it now; whether it took any."""
        names, before = list(self._unsaid), len(self._unsaid)
        for first in range(0, len(names), AT_ONCE):
            with self._saying:
                some = names[first : first + AT_ONCE]
                with self._store.read() as connection:
                    bodies = connection.scalars(
                        select(alert_sets.c.body).where(alert_sets.c.kiosk.in_(some))
                    ).all()
                found = {said.kiosk: said for said in map(_read, bodies)}
                for name in some:
                    one = found.get(name)
                    if one is not None and not self._publish(Address(*name.split("/")), one):
                        return len(self._unsaid) < before
                    self._unsaid.pop(name, None)
        return True

    def _note(self, kiosk: str, sent: bool) -> None:
        self._counters["unsent"] += not sent
        if sent:
            self._unsaid.pop(kiosk, None)
        else:
            self._unsaid[kiosk] = None

    def _composed(
        self, connection: Connection, addresses: Sequence[Address], above: int
    ) -> list[tuple[Address, AlertSet]]:
        """All that is in force at each kiosk, as its next version. A handful of statements, however many kiosks there are."""
        now = self._clock()
        rows = connection.execute(
            select(alert_kiosks.c.kiosk, alerts.c.id)
            .join(alerts, alert_kiosks.c.id == alerts.c.id)
            .where(alerts.c.cleared_ms == 0)
        ).all()
        bodies = connection.execute(select(alerts.c.id, alerts.c.body).where(alerts.c.cleared_ms == 0)).all()
        standing = {
            row.id: alert
            for row in bodies
            if not (alert := msgspec.json.decode(row.body, type=Alert)).until_ms or now < alert.until_ms
        }
        there: dict[str, list[str]] = {}
        for row in rows:
            if row.id in standing:
                there.setdefault(row.kiosk, []).append(row.id)
        versions = select(alert_sets.c.kiosk, alert_sets.c.version)
        last = {row.kiosk: row.version for row in connection.execute(versions)}
        fits: dict[tuple[str, ...], tuple[Alert, ...]] = {}
        said = []
        for address in addresses:
            kiosk = str(address)
            ids = tuple(sorted(there.get(kiosk, ())))
            if ids not in fits:
                fits[ids] = fitting([standing[one] for one in ids])
                if left := len(ids) - len(fits[ids]):
                    self._counters["left-out"] += left
                    log.error("%d alerts are too many for one wall: the %d least grave wait", len(ids), left)
            following = max(last.get(kiosk, 0), above) + 1
            version = max(now, following) if following < LAST_VERSION else now
            said.append((address, AlertSet(kiosk=kiosk, version=version, at_ms=now, alerts=fits[ids])))
        put_all(
            self._store, connection, alert_sets,
            [
                {"kiosk": one.kiosk, "version": one.version, "body": msgspec.json.encode(one).decode(), "refused": ""}
                for _, one in said
            ],
        )  # fmt: skip
        return said

    def _publish(self, address: Address, said: AlertSet) -> bool:
        assert self._key is not None, "looked at before"
        body = write_alerts(said)
        signature = sign(self._key, "alert", address.tenant, body)
        try:
            return self._send(address, Alerts(kid=self._kid, signature=signature, body=body), None)
        except (
            ValueError
        ) as error:  # the broker takes smaller messages alone: to ask it again changes nothing
            self._counters["too-large"] += 1
            log.error("alerts of %s cannot be said: %s", address, error)
            return True


def put_all(store: Store, connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows or replace those of their keys, in one statement."""
    if rows:
        keys = [column.name for column in table.primary_key.columns]
        insert = store.insert(table)
        values = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=values), rows)


def _read(body: str) -> AlertSet:
    return msgspec.json.decode(body, type=AlertSet)
