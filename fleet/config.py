"""What a fleet is told at its start; every field is an option of `endcap fleet serve`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fleet.merchant import Merchant
from mqtt.security import Tls

LOOPBACK_NETWORKS: Final = ("127.0.0.0/8", "::1")


class ServeError(RuntimeError):
    """The fleet cannot start; one line for the person at the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Where things are. `data` is the fleet's own folder; nothing is written outside it."""

    data: Path
    database_url: str = ""  # postgresql://USER@HOST/NAME; "": SQLite in `data`
    raw_days: int = 90  # raw events are kept so long; 0: for ever (fleet.store.retention)
    broker_host: str = "127.0.0.1"
    broker_port: int = 1883
    broker_ca: Path | None = (
        None  # TLS to the broker: whom we believe, and who we are (docs/identity.md); all or none
    )
    broker_certificate: Path | None = None
    broker_key: Path | None = None
    kiosk_broker: tuple[str, int] | None = (
        None  # where kiosks reach the broker; None: nobody is enrolled here
    )
    ingest: bool = True  # events are stored in this process; False: by others, on the same database
    host: str = "127.0.0.1"  # pages listen here
    port: int = 8080  # 0: any free one
    public_url: str = ""  # how phones reach the pages; "" means http://HOST:PORT
    trusted_proxies: tuple[str, ...] = LOOPBACK_NETWORKS  # whose X-Forwarded-For is believed, for limits
    name: str = "fleet"  # the fleet's MQTT client ids begin with it; two fleets on one broker need two names
    catalogue: Path | None = None  # the published store (content), for pages that show products
    releases: Path | None = None  # the repository of signed releases; served to kiosks under /content/
    drift_minutes: int = 60  # a kiosk that runs no release it is to run for so long is an alarm
    alert_key: Path | None = None  # TENANT.alert.pem signs alerts; None: none can be raised
    stations: Path | None = None  # where sites stand, for alerts about areas (fleet.emergency.placing)
    cap_feed: str = ""  # an address that is asked for alerts (CAP 1.2, or Atom of them); "": none
    cap_token: Path | None = None  # file of the word whoever posts alerts must know; None: nobody may
    cap_kiosks: str = ""  # whom an alert is for that names no place we know; "": nobody
    live_key: Path | None = None  # signs live changes; None: nothing is changed between releases
    payments: Path | None = None  # payments.toml; the five fields that follow are for a fleet without one
    provider_url: str = ""  # where the sandbox provider answers; "": nothing can be paid
    provider_pages: str = ""  # where its pages are, if not at `provider_url`
    provider_keys: Path | None = None  # the folder the provider keeps its keys in
    merchant: Merchant = field(default_factory=lambda: Merchant(name="Endcap"))  # who is paid
    methods: tuple[str, ...] = ("link", "card")  # how, in the order offered

    @property
    def database(self) -> str:
        """The store's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'fleet.db'}"

    @property
    def broker_tls(self) -> Tls | None:
        """TLS to the broker, None where it is reached in the clear. Raises ServeError."""
        given = (self.broker_ca, self.broker_certificate, self.broker_key)
        if given == (None, None, None):
            return None
        if self.broker_ca is None or self.broker_certificate is None or self.broker_key is None:
            raise ServeError(
                "TLS to the broker needs all of --broker-ca, --broker-certificate and --broker-key"
            )
        return Tls(self.broker_ca, self.broker_certificate, self.broker_key)
