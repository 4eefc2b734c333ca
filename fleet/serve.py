"""The fleet as one thing that starts and stops: store, line, ingest, desk and pages in one process."""

from __future__ import annotations

import logging
import os
import resource
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from content.store import StoreError
from fleet.catalogue import Catalogue
from fleet.claims.claims import Claims
from fleet.claims.codes import Codes
from fleet.clock import now_ms
from fleet.config import Config, ServeError
from fleet.emergency.desk import Emergencies
from fleet.emergency.feed import CapFeed
from fleet.emergency.placing import read_stations
from fleet.identity.admission import Admission
from fleet.identity.watch import Watch
from fleet.ingest.follow import Follower
from fleet.ingest.ingest import Ingest
from fleet.line import Line
from fleet.live import Hub
from fleet.live_changes.desk import LiveDesk, in_no_group
from fleet.live_changes.keys import BadLiveKey, load_live_key
from fleet.monitoring.wellness import Doctor
from fleet.operating.commands import Commands
from fleet.payments.desk import PaymentDesk
from fleet.payments.opening import BadPayments, open_desk
from fleet.per_kiosk.catalogues import Catalogues
from fleet.rollouts.repository import Releases
from fleet.rollouts.service import Rollouts
from fleet.services import ClosedDesk, Desk, Services
from fleet.shop.baskets import Baskets
from fleet.shop.keeper import Keeper
from fleet.shop.late import Late
from fleet.shop.link_keys import BadKeys, LinkKeys
from fleet.shop.orders import Orders
from fleet.shop.packing import WallOrders
from fleet.shop.ratings import Ratings
from fleet.shop.reports import Reports
from fleet.shop.visits import Visits
from fleet.sources.mqtt import MqttSource
from fleet.store.migrate import BadDatabase
from fleet.store.retention import Retention
from fleet.store.store import Store
from fleet.terms import TermsTeller
from fleet.web.app import create_app
from fleet.web.gate import BadNetwork, networks
from fleet.web.patience import Patient
from mqtt.messages import Answer, CodeWanted, Request
from mqtt.topics import EVERY_ALERT_STATE, EVERY_COMMAND_STATE, EVERY_REPORTED, Address

__all__ = ["Fleet", "ServeError"]

log = logging.getLogger(__name__)
START_S: Final = 10.0
DRAIN_S: Final = 1  # open pages get this long to end
CONNECTIONS: Final = 4_000  # more get 503
OTHER_FILES: Final = 200  # beside them: listeners, database, brokers, pictures


class Fleet:
    """A running fleet: `with Fleet(config) as fleet: ... fleet.url`. Its threads are its own, so it runs beside others in
    a process (the demo, tests) as well as alone.
    """

    def __init__(self, config: Config) -> None:
        _check(config)
        tls = config.broker_tls
        self.catalogue = _catalogue(config)
        self._socket = _listen(config.host, config.port)
        host, port = self._socket.getsockname()[:2]
        self.url = f"http://{host}:{port}"
        self.store = self._open_store(config)
        self.link_keys = self._open_keys(config)
        self.live = Hub()
        self.line = Line(config.broker_host, config.broker_port, f"{config.name}-line", tls=tls)
        releases = self._open_releases(config)
        self.catalogues = (
            Catalogues(self.store, Releases(releases), config.data / "per-kiosk", self.catalogue)
            if releases is not None
            else None
        )
        self.live_desk = self._open_live_desk(config)
        self.payments = self._open_desk(config)
        self.desk: Desk = self.payments or ClosedDesk()
        self.terms = TermsTeller(
            self._methods_at, self.line.send, config.public_url or self.url, self._link_key
        )
        self.line.on_up = self._line_up
        self.commands = Commands(self.store, self.line.send, self.live, now_ms)
        self.rollouts = Rollouts(self.store, self.commands.desires, self.live, now_ms, releases)
        if self.catalogues is not None:
            self.rollouts.hangs, self.rollouts.on_report = self.catalogues.orientation, self.catalogues.wake
            self.catalogues.on_groups = self.live_desk.regrouped
        self.line.listen(EVERY_COMMAND_STATE, self.commands.heard)
        self.line.listen(EVERY_REPORTED, self.commands.reported)
        self.emergency = self._open_emergency(config)
        self.line.listen(EVERY_ALERT_STATE, self.emergency.heard)
        self.feed = CapFeed(config.cap_feed, self.emergency) if config.cap_feed else None
        self.watch = Watch(self.store, self.live, now_ms)
        self.ingest = Ingest(
            MqttSource(
                config.broker_host, config.broker_port, f"{config.name}-ingest", events=config.ingest, tls=tls
            ),
            self.store,
            self.live,
            appeared=self._appeared,
            present=self.watch.heard,
        )
        self.follower = None if config.ingest else Follower(self.store, self.live)
        self.claims = Claims(self.store, self.payments, now_ms)
        baskets = Baskets(self.store, now_ms)
        self.codes = Codes(self.claims, baskets, now_ms)
        orders = Orders(self.store, now_ms)
        reports, walls = Reports(self.store, now_ms), WallOrders(self.store, now_ms)
        self.retention = Retention(self.store, now_ms, config.raw_days)
        self.keeper = Keeper(orders, reports, baskets, Late(orders, self.catalogue), walls, self.retention)
        self.visits = Visits(self.store)
        self.admission = self._open_admission(config)
        self.services = Services(
            config=config, store=self.store, live=self.live, line=self.line, desk=self.desk,
            payments=self.payments, catalogue=self.catalogue, catalogues=self.catalogues, link_keys=self.link_keys,
            claims=self.claims, ratings=Ratings(self.store, now_ms), visits=self.visits,
            live_desk=self.live_desk, emergency=self.emergency, admission=self.admission, watch=self.watch, commands=self.commands, ingest=self.ingest,
            rollouts=self.rollouts, doctor=Doctor(self.store, self.line, self.ingest, now_ms, self._unreadable),
        )  # fmt: skip
        self._server = uvicorn.Server(
            uvicorn.Config(
                create_app(self.services), log_config=None, access_log=False, lifespan="off",
                proxy_headers=False, server_header=False, timeout_graceful_shutdown=DRAIN_S, ws="none",
                limit_concurrency=_room_for(CONNECTIONS), http=Patient,
            )
        )  # fmt: skip
        self._pages = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="pages", daemon=True
        )

    def _open_store(self, config: Config) -> Store:
        try:
            return Store(config.database)
        except (OSError, SQLAlchemyError, BadDatabase) as error:
            self._socket.close()
            why = str(error).splitlines()[0]  # SQLAlchemy adds its statement and a link
            where = f"in {config.data}" if not config.database_url else "in the database of --database"
            raise ServeError(f"cannot keep data {where}: {why}") from None

    def _open_releases(self, config: Config) -> Path | None:
        folder = config.releases
        if folder is not None and not folder.is_dir():
            self._socket.close()
            self.store.close()
            raise ServeError(f"--releases {folder}: there is no such folder")
        return folder

    def _open_keys(self, config: Config) -> LinkKeys:
        try:
            return LinkKeys(config.data)
        except (OSError, BadKeys) as error:
            self._socket.close()
            self.store.close()
            raise ServeError(str(error)) from None

    def _open_admission(self, config: Config) -> Admission | None:
        if config.kiosk_broker is None:
            return None
        try:
            return Admission(config, self.store, now_ms)
        except (OSError, ServeError) as error:
            self._socket.close()
            self.store.close()
            raise ServeError(str(error)) from None

    def _appeared(self, address: Address) -> None:
        self.terms.appeared(address)
        self.commands.appeared(address)
        self.emergency.appeared(address)
        self.live_desk.appeared(address)

    def _line_up(self) -> None:
        self.terms.line_up()
        self.emergency.line_up()

    def _open_emergency(self, config: Config) -> Emergencies:
        try:
            key = load_live_key(config.alert_key) if config.alert_key is not None else None
            token = config.cap_token.read_text(encoding="ascii").strip() if config.cap_token else ""
            stations = read_stations(config.stations) if config.stations else {}
        except (BadLiveKey, OSError, ValueError) as error:
            self._socket.close()
            self.store.close()
            raise ServeError(f"alerts: {error}") from None
        return Emergencies(
            self.store, self.line.send, self.live, now_ms, key, stations, config.cap_kiosks, token
        )

    def _open_live_desk(self, config: Config) -> LiveDesk:
        try:
            key = load_live_key(config.live_key) if config.live_key is not None else None
        except BadLiveKey as error:
            self._socket.close()
            self.store.close()
            raise ServeError(f"--live-key: {error}") from None
        published = self.catalogue.current if self.catalogue is not None else None
        return LiveDesk(
            self.store, self.line.send, lambda: self.line.connected, self.live, now_ms, key, published,
            self.catalogues.groups if self.catalogues is not None else in_no_group,
        )  # fmt: skip

    def _unreadable(self) -> str:
        return self.catalogues.trouble if self.catalogues is not None else ""

    def _link_key(self, address: Address) -> tuple[str, int]:
        return self.link_keys.key_for(str(address)).hex(), self.link_keys.kid

    def _open_desk(self, config: Config) -> PaymentDesk | None:
        try:
            return open_desk(
                config, self.store, self.line.send, self.live, self.catalogue, self.live_desk, self.catalogues
            )
        except BadPayments as error:
            self._socket.close()
            self.store.close()
            raise ServeError(str(error)) from None

    def _methods_at(self, address: Address) -> tuple[str, ...]:
        return self.payments.methods_at(address) if self.payments is not None else ()

    @property
    def connected(self) -> bool:
        """Whether both connections to the broker are up."""
        return self.line.connected and self.ingest.connected

    @property
    def alive(self) -> bool:
        """Whether everything that should run does."""
        return self._pages.is_alive() and self.ingest.alive and self.rollouts.worker.alive

    def start(self) -> None:
        """Start everything; returns when pages are served. The broker may come later. Raises ServeError."""
        try:
            self.retention.prepare()
        except (
            SQLAlchemyError
        ) as error:  # busy, or away: the keeper does it, and events that come before have a place too
            log.warning("no room was made for the days to come yet: %s", str(error).splitlines()[0])
        self.ingest.start()
        if self.follower is not None:
            self.follower.start()
        if self.payments is not None:
            self.payments.start()
            self.claims.catch_up()
        self.keeper.start()
        self.commands.start()
        self.rollouts.worker.start()
        if self.catalogues is not None:
            self.catalogues.start()
        self.live_desk.start()
        self.emergency.start()
        if self.feed is not None:
            self.feed.start()
        self.line.start(self._answer, self._rests_on)
        self.visits.start()
        if self.admission is not None:
            self.admission.start()
        self._pages.start()
        deadline = time.monotonic() + START_S
        while not self._server.started:
            if not self._pages.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise ServeError(f"the pages at {self.url} did not start")
            time.sleep(0.01)

    def _answer(self, address: Address, request: Request) -> Answer:
        if isinstance(request, CodeWanted):
            return self.codes.answer(address, request)
        return self.desk.handle(address, request)

    def _rests_on(self, request: Request) -> str:
        """The provider a request may have to wait for."""
        if isinstance(request, CodeWanted):
            return self.claims.rests_on(request.code)
        return self.payments.rests_on(request) if self.payments is not None else ""

    def stop(self) -> None:
        """End everything, within about two seconds."""
        self.live.close()
        self._server.should_exit = True
        self.ingest.stop()
        if self.follower is not None:
            self.follower.stop()
        self.line.stop()
        self.rollouts.worker.close()
        self.commands.close()
        self.live_desk.close()
        if self.feed is not None:
            self.feed.close()
        self.emergency.close()
        self.desk.close()
        self.keeper.close()
        if self.admission is not None:
            self.admission.close()
        if self._pages.ident is not None:
            self._pages.join(DRAIN_S + 1)
        self.visits.close()
        self._socket.close()
        if self.catalogues is not None:
            self.catalogues.close()
        if self.catalogue is not None:
            self.catalogue.close()
        self.store.close()

    def __enter__(self) -> Fleet:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _room_for(connections: int) -> int:
    """How many may be open at once: as many, or what the system lets us have. A service begins with 1,024 files, and may
    ask for more because some programs cannot wait for one numbered higher. This one can.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return connections if soft == resource.RLIM_INFINITY else max(1, min(connections, soft - OTHER_FILES))


def _check(config: Config) -> None:
    try:
        networks(config.trusted_proxies)
    except BadNetwork as error:
        raise ServeError(str(error)) from None


def _catalogue(config: Config) -> Catalogue | None:
    if config.catalogue is None:
        return None
    try:
        return Catalogue(config.catalogue)
    except StoreError as error:
        raise ServeError(str(error)) from None


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), backlog=512)
        # asyncio turns Nagle's algorithm off where a socket says it is TCP, which one made like this does not; accepted
        # connections inherit it from here. With it every page waited 40 ms for an acknowledgement of its headers.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ServeError(f"cannot listen on {host}:{port}: {why}; choose another with --port") from None
