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
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import SQLAlchemyError

from content.alerts import Alert, AlertSet, BadAlerts, check_alert
from content.references import CROCKFORD
from fleet.clock import Clock
from fleet.emergency.cap import CapAlert
from fleet.emergency.placing import NotForWalls, Station, alert_of, check, id_of, sites_in
from fleet.emergency.saying import PATIENCE_S, Sayer, put_all
from fleet.live import Hub
from fleet.operating.commands import BadCommand, Commands, Send
from fleet.store.store import Store
from fleet.tables import alert_kiosks, alert_sets, alerts, kiosks
from mqtt.commands import AlertState
from mqtt.messages import BadMessage, decode
from mqtt.topics import Address

log = logging.getLogger(__name__)
WAITING: Final = 20_000  # words of kiosks that wait to be kept: an alert to all makes three of each
LATEST: Final = 50
AGAIN_S: Final = 0.05  # until what the line did not take is said again
MOST_ENDED: Final = 5_000
NEWS_MS: Final = 60_000  # a word is news so long
AWAY_S: Final = 0.5  # until it is tried again where none was taken


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
        patience_s: float = PATIENCE_S,
    ) -> None:  # fmt: skip
        self._store, self._send, self._live, self._clock, self._key = store, send, live, clock, key
        self._stations, self._cap_kiosks, self._token = stations or {}, cap_kiosks, token
        self._targets: Callable[[str], list[Address]] = Commands(store, send, live, clock).targets
        self._heard: queue.Queue[Callable[[], None] | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._ended: dict[
            str, None
        ] = {}  # by CAP; a feed lists the newest first, and lines deliver in any order
        self.counters: Counter[str] = Counter()
        self._sayer = Sayer(store, send, clock, key, self.counters, patience_s)

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
        self.allows(who, why)
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
            rows = [{"id": alert.id, "kiosk": str(one), **fresh} for one in addresses]
            put_all(self._store, connection, alert_kiosks, rows)
        self.counters["raised"] += 1
        log.warning("alert %s raised by %s (%s) on %d kiosks", alert.id, who, why, len(addresses))
        self._say_to([*addresses, *(Address(*one.split("/")) for one in before - set(map(str, addresses)))])
        return alert

    def clear(self, alert_id: str, who: str, why: str) -> list[str]:
        """Take one back, or with "*" every one; the ids. Raises BadAlarm."""
        self.allows(who, why)
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
        # a message ends those of its own sender alone: whoever may say something here must not silence others
        ended = [id_of(*reference) for reference in cap.references if reference[0] == cap.sender]
        if cap.kind != "Alert":
            self._ended = dict.fromkeys([*self._ended, *ended][-MOST_ENDED:])
        about = [one for one in ended if self._stands(one)]
        if cap.kind == "Cancel":
            if not about:
                raise NotForWalls("references: nothing of it stands here")
            return [gone for one in about for gone in self.clear(one, who, why)]
        alert = alert_of(cap)
        if alert.until_ms and alert.until_ms <= self._clock():
            raise NotForWalls("it has expired")
        if self._known(alert.id):
            return []  # said before, and perhaps cleared by a person since
        if alert.id in self._ended:
            raise NotForWalls("a later message has ended it, which came earlier")
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
        self._sayer.say(list(addresses))
        self._put(_nothing)  # what the line has not taken is said by the thread
        self._live.tell("alert", {})

    def line_up(self) -> None:
        """The broker is back, perhaps with nothing kept: every kiosk's newest set is said again."""
        self._put(lambda: self._sayer.say_again(None))

    def appeared(self, address: Address) -> None:
        """A kiosk is there: it hears its newest set, in case the broker has forgotten it."""
        self._put(lambda: self._sayer.say_again((str(address),)))

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
            if said.state == "refused" and said.reason == "older":
                self._older(connection, address, said.version, now)
            elif said.state == "refused":
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

    def _older(self, connection: Connection, address: Address, version: int, now: int) -> None:
        """A kiosk has ignored our set for one with a higher version. If that is of a time to come, some clock was wrong (or
        is, and ours has only just been said): ours is said above it. Else somebody at the station has said something
        since, and what was said again is not news.
        """
        mine = connection.execute(select(alert_sets).where(alert_sets.c.kiosk == str(address))).first()
        if mine is None or mine.version >= version or self._key is None:
            return
        said: AlertSet = msgspec.json.decode(mine.body, type=AlertSet)
        if version > now + NEWS_MS or (version > now and now - said.at_ms < NEWS_MS):
            self.counters["overtaken"] += 1
            self._put(lambda: self._sayer.say([address], above=version))

    def _put(self, work: Callable[[], None]) -> None:
        try:
            self._heard.put_nowait(work)
        except queue.Full:
            self.counters["no-room"] += 1

    def _run(self) -> None:
        again, wait = 0.0, AGAIN_S
        while True:
            try:
                work = self._heard.get(timeout=wait if self._sayer.behind else None)
            except queue.Empty:
                work = _nothing
            if work is None:
                return
            try:
                work()
                if self._sayer.behind and time.monotonic() >= again:
                    wait = AGAIN_S if self._sayer.again_soon() else AWAY_S
                    again = time.monotonic() + wait
            except SQLAlchemyError as error:
                self.counters["store-away"] += 1
                log.error("what became of alerts cannot be kept now: %s", str(error).splitlines()[0])
            except Exception:
                self.counters["faults"] += 1
                log.exception("a word about alerts could not be kept")

    # --- inside -----------------------------------------------------------------------------------------------

    def allows(self, who: str, why: str) -> None:
        """Raises BadAlarm where nothing can be said, or not by nobody."""
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


def _nothing() -> None:
    """No word came: time for what the line has not taken."""


def _reached(row: Any) -> Reached:
    return Reached(
        kiosk=row.kiosk, sent_ms=row.sent_ms, heard_ms=row.heard_ms, shown_ms=row.shown_ms, cleared_ms=row.cleared_ms,
        sound=row.sound, detail=row.detail, refused=row.refused or "",
    )  # fmt: skip
