"""The kiosk's configuration: one TOML file, read once, checked whole; every number has its unit in its name or comment."""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field, structs

from devices.models import Setting
from devices.registry import models
from devices.settings import SOCKET, check_settings
from devices.settings import BadSettings as BadDevices
from kiosk.core.settings import BadSettings, Place, Settings
from kiosk.fetching.settings import BadContent, ContentTable, checked
from kiosk.identity.identity import BadIdentity, load_identity
from kiosk.operated.sound import SoundRules
from kiosk.views import Panel
from mqtt.security import Tls
from mqtt.topics import Address, BadTopic

log = logging.getLogger(__name__)

Port = Annotated[int, Meta(ge=1, le=65535)]
Pixels = Annotated[int, Meta(ge=240, le=8192)]


class BadConfig(ValueError):
    """A configuration that cannot work; says which file, which key and what was expected."""


class AddressTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Which kiosk of which operator this is; each 1 to 32 of A-Z a-z 0-9 _ -."""

    tenant: str
    site: str
    kiosk: str


class BrokerTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the fleet's MQTT broker listens."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Port = 1883
    mqtt5: bool | None = None  # None: MQTT 5 where the broker speaks it, else 3.1.1
    # 0: a card that was swapped meanwhile would hear of its predecessor's payment, and give back what it does not know.
    session_s: Annotated[int, Meta(ge=0, le=604_800)] = 0  # the broker keeps what comes while we are away
    will_delay_s: Annotated[int, Meta(ge=0, le=300)] = 0  # back by then, we were never lost (MQTT 5)
    crowd_s: Annotated[int, Meta(ge=0, le=600)] = (
        12  # after the broker was away, kiosks come back spread over so long
    )
    ca: str = ""  # PEM files (docs/identity.md): whom to believe; "": no TLS, unless this kiosk is enrolled
    certificate: str = ""  # who this kiosk is, with its chain
    key: str = ""
    server_name: str = ""  # what the broker's certificate is for, where that is not `host`


class EnrolmentTable(Struct, frozen=True, forbid_unknown_fields=True):
    """In place of `address`: a fleet that says who this kiosk is, once a person there has let it in (docs/identity.md)."""

    fleet: str  # where its pages are: https://HOST, or http on this machine
    ca: str = ""  # PEM file of whom to believe there; "": whom this machine believes anyway


class FleetTable(Struct, frozen=True, forbid_unknown_fields=True):
    """How patient the line to the fleet is."""

    answer_s: Annotated[int, Meta(ge=2, le=120)] = 15  # a request is of no use after that
    health_s: Annotated[int, Meta(ge=5, le=3600)] = 60  # between two health messages


class LedgerTable(Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept until the fleet has it (docs/ledger.md)."""

    limit_mib: Annotated[int, Meta(ge=1, le=65536)] = (
        512  # of events that wait; beyond it they fold into sums
    )


class SigningTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose word on live changes and alerts counts where no releases are fetched (docs/live-changes.md)."""

    keys: str = ""  # keys.json, as `endcap content keys` writes it; "": nobody's


class AlertBrokerTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A second broker, on the station's own network: alerts come by it when the fleet's is out of reach (docs/emergency.md)."""

    host: Annotated[str, Meta(min_length=1)]
    port: Port = 1883
    mqtt5: bool | None = None
    ca: str = ""  # as in `broker`
    certificate: str = ""
    key: str = ""
    server_name: str = ""


class SoundTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Alerts that are to be heard (kiosk.operated.sound)."""

    volume: Annotated[int, Meta(ge=0, le=100)] = SoundRules().volume  # percent; 0: never
    pause_s: Annotated[float, Meta(ge=1, le=3600)] = SoundRules().pause_s
    player: Annotated[tuple[str, ...], Meta(min_length=1)] = SoundRules().player
    voice: Annotated[tuple[str, ...], Meta(min_length=1)] = SoundRules().voice


class PathsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Folders; relative ones start from the configuration file's folder."""

    store: str  # made by `endcap import`
    state: str  # ledger, card key, socket: this kiosk's own, kept over restarts


class PanelTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The glass, see kiosk.views.Panel."""

    width: Pixels = Panel().width
    height: Pixels = Panel().height
    diagonal_mm: Annotated[int, Meta(ge=100, le=5000)] = Panel().diagonal_mm
    bottom_mm: Annotated[int, Meta(ge=0, le=2500)] = Panel().bottom_mm
    distance_mm: Annotated[int, Meta(ge=200, le=5000)] = Panel().distance_mm
    fullscreen: bool = True
    glare: bool = False  # lamps or windows are reflected in the glass: codes get more error correction


class DeviceTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One peripheral: what it is to the kiosk (a second one is scanner-2), which model, on which port (docs/devices.md)."""

    name: str
    model: str
    port: str = "auto"
    read_tags: bool = False  # a card reader: what tags and phones say is read, too


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    paths: PathsTable
    address: AddressTable | None = None
    enrolment: EnrolmentTable | None = None
    public_host: str = "https://shop.example"
    trust_clock: bool = False
    broker: BrokerTable = BrokerTable()
    alert_broker: AlertBrokerTable | None = None
    sound: SoundTable = SoundTable()
    fleet: FleetTable = FleetTable()
    ledger: LedgerTable = LedgerTable()
    signing: SigningTable = SigningTable()
    panel: PanelTable = PanelTable()
    content: ContentTable = ContentTable()
    devices: tuple[DeviceTable, ...] = ()
    session: dict[str, Any] = field(default_factory=dict)


NOBODY: Final = Address("new", "new", "new")  # told by identity, not by name: a kiosk may be called that


class Config(Struct, frozen=True, kw_only=True):
    """All that a kiosk must be told."""

    address: Address  # NOBODY until the kiosk is enrolled
    store: Path
    state: Path
    enrolment: EnrolmentTable | None = None
    tls: Tls | None = None  # to the broker
    keys: Path | None = (
        None  # public keys that sign live changes and alerts; None: with the releases, or nobody's
    )
    public_host: str = (
        "https://shop.example"  # Digital Links on the wall begin with it: scheme, host, perhaps a port
    )
    trust_clock: bool = False  # something outside keeps this machine's clock right: a battery, a host
    broker: BrokerTable = BrokerTable()
    alert_broker: AlertBrokerTable | None = None
    alert_tls: Tls | None = None  # to that broker
    sound: SoundRules = SoundRules()
    fleet: FleetTable = FleetTable()
    ledger_limits: LedgerTable = LedgerTable()
    panel: PanelTable = PanelTable()
    content: ContentTable = ContentTable()
    devices: tuple[DeviceTable, ...] = ()
    session: Settings = Settings()

    @property
    def enrolled(self) -> bool:
        """Whether it is known which kiosk this is."""
        return self.address is not NOBODY

    @property
    def socket(self) -> Path:
        """Where the agent listens for its screen."""
        return self.state / "screen.sock"

    @property
    def device_socket(self) -> Path:
        """Where the agent listens for `endcap devices`."""
        return self.state / SOCKET

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.state / "ledger.sqlite"

    @property
    def identity(self) -> Path:
        """Who this kiosk is to its fleet, once it is enrolled."""
        return self.state / "identity"

    @property
    def card_key(self) -> Path:
        """The key under which card numbers become tokens."""
        return self.state / "card.key"

    @property
    def place(self) -> Place:
        """Which kiosk this is, for the core. Pictures start from the store's folder."""
        return Place(kiosk=self.address.kiosk, host=self.public_host, pictures=str(self.store))

    @property
    def glass(self) -> Panel:
        """The panel, for the screen."""
        panel = self.panel
        return Panel(
            panel.width, panel.height, panel.diagonal_mm, panel.bottom_mm, panel.distance_mm, panel.glare
        )


def load_config(path: Path) -> Config:
    """The configuration in a file; of a kiosk that is enrolled, with its address and broker. Raises BadConfig."""
    try:
        return as_enrolled(parse_config(path.read_text(encoding="utf-8"), path.resolve().parent))
    except OSError as error:
        raise BadConfig(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadConfig(f"{path}: {error}") from None


def parse_config(text: str, base: Path) -> Config:
    """The configuration a TOML text says; relative folders start from `base`. Raises BadConfig."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
        session = _settings(file.session)
        check_settings([Setting(one.name, one.model, one.port) for one in file.devices], models())
        config = Config(
            address=_address(file),
            enrolment=_enrolment(file.enrolment, base),
            tls=_tls(file.broker, base),
            store=base / file.paths.store,
            state=base / file.paths.state,
            keys=base / file.signing.keys if file.signing.keys else None,
            public_host=file.public_host,
            trust_clock=file.trust_clock,
            broker=file.broker,
            fleet=file.fleet,
            alert_broker=file.alert_broker,
            alert_tls=_tls(file.alert_broker, base, "alert_broker") if file.alert_broker else None,
            sound=SoundRules(
                volume=file.sound.volume,
                pause_s=file.sound.pause_s,
                player=file.sound.player,
                voice=file.sound.voice,
            ),
            ledger_limits=file.ledger,
            panel=file.panel,
            content=checked(file.content, base),
            devices=file.devices,
            session=session,
        )
        _ = config.place  # its own rules
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"is not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise BadConfig(str(error).replace("`$.", "`")) from None
    except (BadDevices, BadContent) as error:
        raise BadConfig(str(error)) from None
    except BadTopic as error:
        raise BadConfig(f"{error} - at `address`") from None
    except BadSettings as error:
        raise BadConfig(f"{error} - at `public_host`") from None
    return config


def as_enrolled(config: Config) -> Config:
    """The configuration with what this kiosk's identity says, where it is to have one and has. Raises BadConfig.

    An identity that is damaged counts as none, if there is a fleet that can give another.
    """
    if config.enrolled:
        return config
    try:
        found = load_identity(config.identity)
    except BadIdentity as error:
        if config.enrolment is None:
            raise BadConfig(str(error)) from None
        log.error("this kiosk's identity cannot be used, so it enrols anew: %s", error)
        return config
    if found is None:
        if config.enrolment is None:
            raise BadConfig("Object missing required field `address` (or `enrolment`)")
        return config
    broker = structs.replace(config.broker, host=found.host, port=found.port)
    return structs.replace(config, address=found.address, broker=broker, tls=found.tls)


def _address(file: _File) -> Address:
    if file.address is None:
        return NOBODY
    if file.enrolment is not None:
        raise BadConfig("Expected one of `address` and `enrolment`, got both")
    return Address(file.address.tenant, file.address.site, file.address.kiosk)


def _enrolment(table: EnrolmentTable | None, base: Path) -> EnrolmentTable | None:
    if table is None:
        return None
    parts = urlsplit(table.fleet)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    whole = parts.hostname and parts.path in ("", "/") and not parts.query and not parts.fragment
    if not whole or (parts.scheme != "https" and not (here and parts.scheme == "http")):
        raise BadConfig(f"Expected https://HOST, got {table.fleet!r} - at `enrolment.fleet`")
    ca = str(base / table.ca) if table.ca else ""
    return EnrolmentTable(fleet=table.fleet.rstrip("/"), ca=ca)


def _tls(broker: BrokerTable | AlertBrokerTable, base: Path, name: str = "broker") -> Tls | None:
    if not broker.ca:
        if broker.certificate or broker.key or broker.server_name:
            raise BadConfig(f"Expected `ca` beside `certificate`, `key` and `server_name` - at `{name}`")
        return None
    if bool(broker.certificate) != bool(broker.key):
        raise BadConfig(f"Expected both of `certificate` and `key` or none - at `{name}`")
    certificate = base / broker.certificate if broker.certificate else None
    return Tls(base / broker.ca, certificate, base / broker.key if broker.key else None, broker.server_name)


def _settings(table: dict[str, Any]) -> Settings:
    """The core's settings, where each is a number of at least 0 and known by name."""
    for key, value in table.items():
        if key not in Settings.__struct_fields__:
            raise BadConfig(f"Object contains unknown field `{key}` - at `session`")
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise BadConfig(f"Expected `int` >= 0, got {value!r} - at `session.{key}`")
    return msgspec.convert(table, Settings)
