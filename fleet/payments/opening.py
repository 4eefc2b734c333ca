"""The desk a configuration asks for: `--payments FILE`, or the options that name one sandbox provider.

payments.toml says who is paid ([merchant]), by whom the money is moved ([providers.NAME]), how commuters may pay
([[methods]]) and, where stations differ, which of these each offers ([stations."tenant/site"]).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from content.store import AnyStore
from fleet.catalogue import Catalogue
from fleet.clock import now_ms
from fleet.config import Config
from fleet.live import Hub
from fleet.live_changes.desk import LiveDesk
from fleet.merchant import Merchant
from fleet.payments.adapters import open_provider
from fleet.payments.codecs import BadPayload
from fleet.payments.desk import PaymentDesk, Tell
from fleet.payments.methods import BadMethod, Method, offered, take_now
from fleet.payments.port import Provider
from fleet.payments.sandbox import SandboxProvider
from fleet.payments.sandbox_api import keys_in
from fleet.payments.settings import BadSetting, Settings
from fleet.per_kiosk.catalogues import Catalogues
from fleet.store.store import Store


class BadPayments(ValueError):
    """Payments cannot work as configured; one line that says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What is offered: methods by key in order, and by station or kiosk which of them, where not all."""

    methods: dict[str, Method] = field(default_factory=dict)
    stations: dict[str, tuple[str, ...]] = field(default_factory=dict)


def open_desk(
    config: Config,
    store: Store,
    tell: Tell,
    live: Hub,
    catalogue: Catalogue | None = None,
    changes: LiveDesk | None = None,
    catalogues: Catalogues | None = None,
) -> PaymentDesk | None:
    """The desk, not yet started; None where there is no provider. Raises BadPayments."""
    if config.payments is not None:
        if config.provider_url:
            raise BadPayments("--payments and --provider: one of them")
        found = open_payments(config.payments)
    elif config.provider_url:
        found = _by_options(config)
    else:
        return None
    sold = None
    if catalogue is not None:
        _check_currency(found, catalogue.current().store.currency)
        sold = partial(_imported, catalogue) if catalogues is None else catalogues.at
    return PaymentDesk(store, found.methods, tell, live, now_ms, found.stations, sold, changes)


def _imported(catalogue: Catalogue, _kiosk: str, _version: str) -> AnyStore:
    return catalogue.current()


def _check_currency(found: Offered, currency: str) -> None:
    """A method nobody can pay the store's prices by is a dead button. Raises BadPayments, with no provider left open."""
    for key, method in found.methods.items():
        if currency not in method.currencies:
            for each in {id(one.provider): one.provider for one in found.methods.values()}.values():
                each.close()
            known = ", ".join(sorted(method.currencies))
            raise BadPayments(
                f"method {key!r} by {method.provider.key!r}: the store's prices are in {currency}, it takes {known}"
            )


def _by_options(config: Config) -> Offered:
    if config.provider_keys is None:
        raise BadPayments("--provider-keys: the folder the provider keeps its keys in")
    try:
        keys = keys_in(config.provider_keys)
    except (OSError, msgspec.DecodeError) as error:
        raise BadPayments(f"--provider-keys {config.provider_keys}: {error}") from None
    provider = SandboxProvider(
        config.provider_url,
        keys,
        lambda: now_ms() // 1000,
        pages=config.provider_pages,
    )
    try:
        return Offered(methods=offered(config.methods, provider, config.merchant))
    except (BadMethod, BadPayload) as error:
        provider.close()
        raise BadPayments(f"--methods {' '.join(config.methods)}: {error}") from None


def open_payments(path: Path) -> Offered:
    """Providers and methods of a payments.toml. Raises BadPayments, with no provider left open."""
    opened: dict[str, Provider] = {}
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
        return _offered(_Document(document, path.parent), opened)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPayments(f"{path}: {error}") from None
    except BadSetting as error:
        for provider in opened.values():
            provider.close()
        raise BadPayments(f"{path}: {error}") from None


@dataclass(frozen=True, slots=True)
class _Document:
    """The file's tables, each with the path its messages name."""

    values: dict[str, Any]
    folder: Path

    def table(self, name: str) -> Settings:
        return Settings(_table(self.values.get(name, {}), name), self.folder, name)

    def tables(self, name: str) -> list[tuple[str, Settings]]:
        """The tables below [name.KEY]."""
        return [
            (key, Settings(_table(value, f"{name}.{key}"), self.folder, f"{name}.{key}"))
            for key, value in _table(self.values.get(name, {}), name).items()
        ]

    def rows(self, name: str) -> list[Settings]:
        """The tables [[name]], counted from 1."""
        rows = self.values.get(name, [])
        if not isinstance(rows, list):
            raise BadSetting(name, f"[[{name}]] expected")
        return [
            Settings(_table(row, f"{name}.{number}"), self.folder, f"{name}.{number}")
            for number, row in enumerate(rows, 1)
        ]


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadSetting(where, f"a table expected, is {value!r}")
    return value


def _offered(document: _Document, opened: dict[str, Provider]) -> Offered:
    known = ("merchant", "providers", "methods", "stations")
    for name in document.values:
        if name not in known:
            raise BadSetting(name, f"no such table; known here: {', '.join(known)}")
    merchant = _merchant(document.table("merchant"))
    for key, settings in document.tables("providers"):
        opened[key] = open_provider(key, settings)
    methods: dict[str, Method] = {}
    for settings in document.rows("methods"):
        method = _method(settings, opened, merchant)
        if method.key in methods:
            raise settings.bad("key", f"{method.key!r} is there already: one provider each")
        methods[method.key] = method
    if not methods:
        raise BadSetting("methods", "at least one [[methods]] expected")
    _all_used(opened, methods)
    return Offered(methods=methods, stations=_stations(document, methods))


def _merchant(settings: Settings) -> Merchant:
    values = {
        each.name: settings.text(each.name, None if each.name == "name" else "") for each in fields(Merchant)
    }
    settings.done()
    return Merchant(**values)


def _method(settings: Settings, opened: dict[str, Provider], merchant: Merchant) -> Method:
    key, provider = settings.text("key"), settings.text("provider", among=opened)
    scheme = settings.text("scheme", "")
    settings.done()
    try:
        return take_now(key, opened[provider], merchant, scheme)
    except (BadMethod, BadPayload) as error:
        raise settings.bad("key", str(error)) from None


def _all_used(opened: dict[str, Provider], methods: dict[str, Method]) -> None:
    """A provider without a method would neither be asked nor closed: somebody has forgotten a line."""
    used = {method.provider.key for method in methods.values()}
    for key in opened:
        if key not in used:
            raise BadSetting(f"providers.{key}", "no method uses it")


def _stations(document: _Document, methods: dict[str, Method]) -> dict[str, tuple[str, ...]]:
    stations: dict[str, tuple[str, ...]] = {}
    for station, settings in document.tables("stations"):
        if station.count("/") not in (1, 2):
            raise BadSetting(f"stations.{station}", 'a station "tenant/site" or a kiosk "tenant/site/kiosk"')
        chosen = settings.texts("methods")
        settings.done()
        for key in chosen:
            if key not in methods:
                raise settings.bad("methods", f"{key!r} is none of {', '.join(methods)}")
        stations[station] = tuple(dict.fromkeys(chosen))
    return stations
