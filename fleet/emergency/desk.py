"""Alerts of the fleet: raised, changed and cleared by people or by CAP; said to kiosks, and followed kiosk by kiosk.

A kiosk hears all that is in force there as one signed set whose version is the moment it was said (Unix ms), so that
the newest word counts, whoever said it and by whatever broker.
"""

from __future__ import annotations

import hmac
import logging
import queue
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct, structs
from sqlalchemy import Connection, Table, select, update
from sqlalchemy.exc import SQLAlchemyError

from content.alerts import MOST_ALERTS, Alert, AlertSet, BadAlerts, check_alert, write_alerts
from content.references import CROCKFORD
from content.signing import key_id, public_bytes, sign
from fleet.clock import Clock
from fleet.emergency.cap import CapAlert
from fleet.emergency.placing import NotForWalls, Station, alert_of, check, id_of, sites_in
from fleet.live import Hub
from fleet.operating.commands import BadCommand, Commands, Send
from fleet.store.store import Store
from fleet.tables import alert_kiosks, alert_sets, alerts, kiosks
from mqtt.commands import Alerts, AlertState
from mqtt.messages import BadMessage, decode
from mqtt.topics import Address

log = logging.getLogger(__name__)
WAITING: Final = 20_000  # words of kiosks that wait to be kept: an alert to all makes three of each
LATEST: Final = 50
PATIENCE_S: Final = 5.0  # for a line that has enough to send already


class BadAlarm(ValueError):
    """What was asked for cannot be done; says why."""


class Reached(Struct, frozen=True, kw_only=True):
    """What became of an alert at one kiosk. Unix ms by the fleet's clock; 0: not yet."""

    kiosk: str
    sent_ms: int
    heard_ms: int
    shown_ms: int
    cleared_ms: int
    sound: str
    detail: str
    refused: str = ""


class Raised(Struct, frozen=True, kw_only=True):
    """An alert with who raised it, and how far it is."""

    alert: Alert
    source: str
    who: str
    why: str
    at_ms: int
    cleared_ms: int
    cleared_by: str
    cleared_why: str
    reached: tuple[Reached, ...] = ()

    def stands(self, now_ms: int) -> bool:
        """Whether it is neither cleared nor over."""
        return not self.cleared_ms and (not self.alert.until_ms or now_ms < self.alert.until_ms)


class Emergencies:
    """See the module. Every method from any thread."""

    def __init__(
        self, store: Store, send: Send, live: Hub, clock: Clock, key: Ed25519PrivateKey | None = None,
        stations: dict[str, Station] | None = None, cap_kiosks: str = "", token: str = "",
    ) -> None:  # fmt: skip
        self._store, self._send, self._live, self._clock, self._key = store, send, live, clock, key
        self._stations, self._cap_kiosks, self._token = stations or {}, cap_kiosks, token
        self._targets: Callable[[str], list[Address]] = Commands(store, send, live, clock).targets
        self._heard: queue.Queue[Callable[[], None] | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._saying = threading.Lock()  # two versions of one kiosk's set are made one after the other
        self.counters: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to keep what kiosks say."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._heard.put(None)
        if self._thread.is_alive():
            self._thread.join(2.0)

    @property
    def armed(self) -> bool:
        """Whether there is a key to sign with."""
        return self._key is not None

    def admits(self, token: str) -> bool:
        """Whether that is the word of whoever may post alerts."""
        return bool(self._token) and hmac.compare_digest(token.encode(), self._token.encode())

    # --- for people and feeds ---------------------------------------------------------------------------------

    def targets(self, pattern: str) -> list[Address]:
        """As for commands. Raises BadAlarm."""
        try:
            return self._targets(pattern)
        except BadCommand as error:
            raise BadAlarm(str(error)) from None

    def send(
        self, alert: Alert, addresses: Sequence[Address], who: str, why: str, source: str = "operator"
    ) -> Alert:
        """Raise it, or change the one of its id. Raises BadAlarm, and nothing is said then."""
        self._check(who, why)
        if not alert.id:
            alert = structs.replace(alert, id="".join(secrets.choice(CROCKFORD) for _ in range(16)))
        try:
            check_alert(alert)
        except BadAlerts as error:
            raise BadAlarm(str(error)) from None
        if not addresses:
            raise BadAlarm("no kiosk is meant by it")
        now = self._clock()
        row = {
            "id": alert.id, "body": msgspec.json.encode(alert).decode(), "source": source, "who": who.strip(),
            "why": why.strip(), "at_ms": now, "cleared_ms": 0, "cleared_by": "", "cleared_why": "",
        }  # fmt: skip
        with self._store.write() as connection:
            self._store.upsert(connection, alerts, row)
            before = set(
                connection.scalars(select(alert_kiosks.c.kiosk).where(alert_kiosks.c.id == alert.id))
            )
            fresh = {"sent_ms": now, "heard_ms": 0, "shown_ms": 0, "cleared_ms": 0, "sound": "", "detail": ""}
            self._put_all(
                connection, alert_kiosks, [{"id": alert.id, "kiosk": str(one), **fresh} for one in addresses]
            )
        self.counters["raised"] += 1
        log.warning("alert %s raised by %s (%s) on %d kiosks", alert.id, who, why, len(addresses))
        self._say_to([*addresses, *(Address(*one.split("/")) for one in before - set(map(str, addresses)))])
        return alert

    def clear(self, alert_id: str, who: str, why: str) -> list[str]:
        """Take one back, or with "*" every one; the ids. Raises BadAlarm."""
        self._check(who, why)
        now = self._clock()
        with self._store.write() as connection:
            wanted = select(alerts.c.id).where(alerts.c.cleared_ms == 0)
            ids = list(
                connection.scalars(wanted if alert_id == "*" else wanted.where(alerts.c.id == alert_id))
            )
            if not ids and alert_id != "*":
                raise BadAlarm(f"{alert_id[:64]!r}: no alert of that id stands")
            said = {"cleared_ms": now, "cleared_by": who.strip(), "cleared_why": why.strip()}
            connection.execute(update(alerts).where(alerts.c.id.in_(ids)).values(**said))
            there = set(connection.scalars(select(alert_kiosks.c.kiosk).where(alert_kiosks.c.id.in_(ids))))
        self.counters["cleared"] += len(ids)
        log.warning("alerts %s cleared by %s (%s)", ", ".join(ids) or "none", who, why)
        self._say_to(Address(*one.split("/")) for one in sorted(there))
        return ids

    def take(self, cap: CapAlert, who: str, pattern: str = "") -> list[str]:
        """Do what a message of CAP says; the ids of the alerts it is about. Raises BadAlarm, NotForWalls."""
        check(cap)
        why = f"CAP {cap.kind} {cap.identifier} of {cap.sender}"[:200]
        about = [one for one in (id_of(*reference) for reference in cap.references) if self._stands(one)]
        if cap.kind == "Cancel":
            if not about:
                raise NotForWalls("references: nothing of it stands here")
            return [gone for one in about for gone in self.clear(one, who, why)]
        alert = alert_of(cap)
        if alert.until_ms and alert.until_ms <= self._clock():
            raise NotForWalls("it has expired")
        if self._known(alert.id):
            return []  # said before, and perhaps cleared by a person since
        addresses = self._placed(cap, pattern)
        self.send(alert, addresses, who, why, source="cap")
        for one in about:
            self.clear(one, who, why)
        return [alert.id]

    def _placed(self, cap: CapAlert, pattern: str) -> list[Address]:
        if pattern:
            return self.targets(pattern)
        sites = sites_in(cap, self._stations)
        if sites:
            with self._store.read() as connection:
                known = connection.scalars(select(kiosks.c.kiosk)).all()
            found = [Address(*one.split("/")) for one in sorted(known) if one.rpartition("/")[0] in sites]
            if found:
                return found
        placed = any(
            area.polygons or area.circles or area.geocodes for one in cap.infos for area in one.areas
        )
        if placed and self._stations:
            raise NotForWalls("none of our stations lies in its areas")
        if not self._cap_kiosks:
            raise NotForWalls("it names no place we know, and nobody said whom it is for then (--cap-kiosks)")
        return self.targets(self._cap_kiosks)

    def latest(self, most: int = LATEST) -> list[Raised]:
        """What stands first, then the newest, each with what became of it."""
        with self._store.read() as connection:
            rows = connection.execute(select(alerts).order_by(alerts.c.at_ms.desc()).limit(most)).all()
            said = connection.execute(
                select(alert_kiosks, alert_sets.c.refused)
                .outerjoin(alert_sets, alert_sets.c.kiosk == alert_kiosks.c.kiosk)
                .where(alert_kiosks.c.id.in_([row.id for row in rows]))
                .order_by(alert_kiosks.c.kiosk)
            ).all()
        found = [
            Raised(
                alert=msgspec.json.decode(row.body, type=Alert), source=row.source, who=row.who, why=row.why,
                at_ms=row.at_ms, cleared_ms=row.cleared_ms, cleared_by=row.cleared_by, cleared_why=row.cleared_why,
                reached=tuple(_reached(one) for one in said if one.id == row.id),
            )
            for row in rows
        ]  # fmt: skip
        return sorted(found, key=lambda one: (not one.stands(self._clock()), -one.at_ms))

    def counts(self) -> dict[str, int]:
        """For metrics: alerts that stand, kiosks they are for, and those that have not said that they show it."""
        standing = [one for one in self.latest() if one.stands(self._clock())]
        return {
            "standing": len(standing),
            "kiosks": sum(len(one.reached) for one in standing),
            "unshown": sum(not at.shown_ms for one in standing for at in one.reached),
        }

    # --- said to kiosks ---------------------------------------------------------------------------------------

    def _say_to(self, addresses: Iterable[Address]) -> None:
        """All sets are made in one transaction, then said. The line takes some hundred at a time: it is asked again for a while."""
        with self._saying:
            with self._store.write() as connection:
                said = self._composed(connection, list(addresses))
            self._publish_all(said)
        self._live.tell("alert", {})

    def _publish_all(self, said: Iterable[tuple[Address, AlertSet]]) -> None:
        until = time.monotonic() + PATIENCE_S
        for address, one in said:
            while not (sent := self._publish(address, one)) and time.monotonic() < until:
                time.sleep(0.002)
            self.counters["unsent"] += not sent  # said when the broker is back, or the kiosk appears

    def _composed(self, connection: Connection, addresses: list[Address]) -> list[tuple[Address, AlertSet]]:
        """All that is in force at each kiosk, as its next version. A handful of statements, however many kiosks there are."""
        now = self._clock()
        rows = connection.execute(
            select(alert_kiosks.c.kiosk, alerts.c.id, alerts.c.body)
            .join(alerts, alert_kiosks.c.id == alerts.c.id)
            .where(alerts.c.cleared_ms == 0)
        ).all()
        read = {
            row.id: msgspec.json.decode(row.body, type=Alert)
            for row in {row.id: row for row in rows}.values()
        }
        there: dict[str, list[Alert]] = {}
        for row in rows:
            alert = read[row.id]
            if not alert.until_ms or now < alert.until_ms:
                there.setdefault(row.kiosk, []).append(alert)
        last = {
            row.kiosk: row.version
            for row in connection.execute(select(alert_sets.c.kiosk, alert_sets.c.version))
        }
        said = []
        for address in addresses:
            kiosk = str(address)
            found = sorted(there.get(kiosk, ()), key=lambda one: one.gravity)[:MOST_ALERTS]
            version = max(now, last.get(kiosk, 0) + 1)
            said.append((address, AlertSet(kiosk=kiosk, version=version, at_ms=now, alerts=tuple(found))))
        new = [
            {
                "kiosk": one.kiosk,
                "version": one.version,
                "body": msgspec.json.encode(one).decode(),
                "refused": "",
            }
            for _, one in said
        ]
        self._put_all(connection, alert_sets, new)
        return said

    def _put_all(self, connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
        """Insert rows or replace those of their keys, in one statement."""
        if rows:
            keys = [column.name for column in table.primary_key.columns]
            insert = self._store.insert(table)
            values = {name: insert.excluded[name] for name in rows[0] if name not in keys}
            connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=values), rows)

    def _publish(self, address: Address, said: AlertSet) -> bool:
        assert self._key is not None, "looked at before"
        body = write_alerts(said)
        signature = sign(self._key, "alert", address.tenant, body)
        return self._send(
            address, Alerts(kid=key_id(public_bytes(self._key)), signature=signature, body=body), None
        )

    def line_up(self) -> None:
        """The broker is back, perhaps with nothing kept: every kiosk's newest set is said again."""
        self._put(lambda: self._again(None))

    def appeared(self, address: Address) -> None:
        """A kiosk is there: it hears its newest set, in case the broker has forgotten it."""
        self._put(lambda: self._again(str(address)))

    def _again(self, kiosk: str | None) -> None:
        if self._key is None:
            return
        wanted = select(alert_sets.c.body)
        with self._store.read() as connection:
            bodies = connection.scalars(
                wanted if kiosk is None else wanted.where(alert_sets.c.kiosk == kiosk)
            ).all()
        sets = (msgspec.json.decode(body, type=AlertSet) for body in bodies)
        self._publish_all((Address(*said.kiosk.split("/")), said) for said in sets)

    # --- what kiosks say --------------------------------------------------------------------------------------

    def heard(self, address: Address, payload: bytes) -> None:
        """From the network's thread."""
        now = self._clock()
        self._put(lambda: self._keep(address, payload, now))

    def _keep(self, address: Address, payload: bytes, now: int) -> None:
        try:
            said: AlertState = decode(payload, AlertState)
        except BadMessage as error:
            self.counters["refused"] += 1
            log.warning("what %s says of an alert was refused: %s", address, error)
            return
        kiosk = str(address)
        self.counters[f"kiosks-{said.state}"] += 1
        with self._store.write() as connection:
            if said.state == "refused":
                why = f"{said.reason}: {said.detail}"[:200]
                connection.execute(update(alert_sets).where(alert_sets.c.kiosk == kiosk).values(refused=why))
            else:
                column = {"heard": "heard_ms", "shown": "shown_ms", "cleared": "cleared_ms"}.get(said.state)
                mine = (alert_kiosks.c.id == said.id, alert_kiosks.c.kiosk == kiosk)
                if column is not None:
                    where = (*mine, alert_kiosks.c[column] == 0)
                    connection.execute(update(alert_kiosks).where(*where).values({column: now}))
                else:
                    sound = said.state if said.state == "audible" else said.reason or "silent"
                    connection.execute(
                        update(alert_kiosks).where(*mine).values(sound=sound[:40], detail=said.detail[:200])
                    )
        self._live.tell("alert", {"kiosk": kiosk, "state": said.state})

    def _put(self, work: Callable[[], None]) -> None:
        try:
            self._heard.put_nowait(work)
        except queue.Full:
            self.counters["no-room"] += 1

    def _run(self) -> None:
        while (work := self._heard.get()) is not None:
            try:
                work()
            except SQLAlchemyError as error:
                self.counters["store-away"] += 1
                log.error("what became of alerts cannot be kept now: %s", str(error).splitlines()[0])
            except Exception:
                self.counters["faults"] += 1
                log.exception("a word about alerts could not be kept")

    # --- inside -----------------------------------------------------------------------------------------------

    def _check(self, who: str, why: str) -> None:
        if self._key is None:
            raise BadAlarm("there is no key to sign alerts with: fleet serve --alert-key TENANT.alert.pem")
        if not who.strip() or not why.strip():
            raise BadAlarm("who says it, and why? Both are kept")
        if len(who) > 60 or len(why) > 200:
            raise BadAlarm("a name has at most 60 characters, a reason 200")

    def _known(self, alert_id: str) -> bool:
        with self._store.read() as connection:
            return connection.scalar(select(alerts.c.id).where(alerts.c.id == alert_id)) is not None

    def _stands(self, alert_id: str) -> bool:
        wanted = select(alerts.c.id).where(alerts.c.id == alert_id, alerts.c.cleared_ms == 0)
        with self._store.read() as connection:
            return connection.scalar(wanted) is not None


def _reached(row: Any) -> Reached:
    return Reached(
        kiosk=row.kiosk, sent_ms=row.sent_ms, heard_ms=row.heard_ms, shown_ms=row.shown_ms, cleared_ms=row.cleared_ms,
        sound=row.sound, detail=row.detail, refused=row.refused or "",
    )  # fmt: skip
