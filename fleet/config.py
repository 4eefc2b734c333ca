"""What a fleet is told at its start; every field is an option of `endcap fleet serve`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fleet.merchant import Merchant

LOOPBACK_NETWORKS: Final = ("127.0.0.0/8", "::1")


class ServeError(RuntimeError):
    """The fleet cannot start; one line for the person at the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Where things are. `data` is the fleet's own folder; nothing is written outside it."""

    data: Path
    database_url: str = ""  # postgresql://USER@HOST/NAME; "": SQLite in `data`
    broker_host: str = "127.0.0.1"
    broker_port: int = 1883
    host: str = "127.0.0.1"  # pages listen here
    port: int = 8080  # 0: any free one
    public_url: str = ""  # how phones reach the pages; "" means http://HOST:PORT
    trusted_proxies: tuple[str, ...] = LOOPBACK_NETWORKS  # whose X-Forwarded-For is believed, for limits
    name: str = "fleet"  # the fleet's MQTT client ids begin with it; two fleets on one broker need two names
    catalogue: Path | None = None  # the published store (content), for pages that show products
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
