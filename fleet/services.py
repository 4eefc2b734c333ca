"""What a part of the fleet may use, handed to it when it is made: one frozen record, no globals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from content.store import AnyStore, StoreError
from fleet.catalogue import Catalogue
from fleet.claims.claims import Claims
from fleet.clock import Clock, now_ms
from fleet.config import Config
from fleet.emergency.desk import Emergencies
from fleet.identity.admission import Admission
from fleet.identity.watch import Watch
from fleet.ingest.ingest import Ingest
from fleet.line import Line
from fleet.live import Hub
from fleet.live_changes.desk import LiveDesk
from fleet.monitoring.wellness import Doctor
from fleet.operating.commands import Commands
from fleet.payments.desk import PaymentDesk
from fleet.per_kiosk.catalogues import Catalogues
from fleet.rollouts.service import Rollouts
from fleet.shop.link_keys import LinkKeys
from fleet.shop.ratings import Ratings
from fleet.shop.visits import Visits
from fleet.store.store import Store
from mqtt.messages import ChargeState, MoneyRequest
from mqtt.topics import Address


class Desk(Protocol):
    """The payment desk: answers what kiosks ask about money. Called from several threads, in order per kiosk."""

    def handle(self, address: Address, request: MoneyRequest) -> ChargeState:
        """The answer to a request; `id` is that of the request. May take as long as a provider does."""

    def close(self) -> None:
        """End its threads and connections."""


class ClosedDesk:
    """The desk of a fleet that has no provider: nothing can be paid here, and every kiosk is told so."""

    def handle(self, address: Address, request: MoneyRequest) -> ChargeState:
        """Every charge fails; `address` is of no concern."""
        return ChargeState(id=request.id, reference=request.reference, state="failed", reason="no-provider")

    def close(self) -> None:
        """Nothing to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The fleet's parts. Pages get it from `routes(services)`."""

    config: Config
    store: Store
    live: Hub
    line: Line
    desk: Desk
    payments: PaymentDesk | None = None  # the desk, where there is a provider
    claims: Claims
    ratings: Ratings
    visits: Visits
    watch: Watch | None = None  # who looks for copies
    admission: Admission | None = None  # who lets kiosks in, where the broker asks for certificates
    catalogue: Catalogue | None = None  # the published store, where there is one
    catalogues: Catalogues | None = None  # what each kiosk sells from, where there is a repository
    link_keys: LinkKeys | None = None  # what walls sign their links with, where there are walls
    emergency: Emergencies | None = None  # alerts that go before everything
    live_desk: LiveDesk | None = None  # what changes between releases, where there are kiosks
    commands: Commands | None = None  # what kiosks are told to do, where there are kiosks
    rollouts: Rollouts | None = None  # which release each kiosk is to run
    ingest: Ingest | None = None  # what stores events, or at least hears presence
    doctor: Doctor | None = None  # who looks the parts over
    clock: Clock = now_ms


def sold_at(services: Services, kiosk: str, version: str = "") -> AnyStore:
    """What that kiosk sells from ("": no wall), or sold from in that version. Raises StoreError where nothing was imported."""
    if services.catalogues is not None:
        return services.catalogues.at(kiosk, version)
    if services.catalogue is None:
        raise StoreError("no store was imported (--catalogue)")
    return services.catalogue.current()
