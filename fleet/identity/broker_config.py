"""The configuration of Debian's mosquitto (2.0.11 and newer): who is let in, and what each may say and hear.

Two doors. Kiosks come in at one: their certificate's name becomes their user name and their client id, so that none can
take over another's session. The fleet's programs come in at the other, by an authority of their own, under client ids
of their choice; that is also how a revoked kiosk's connection is ended (docs/identity.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fleet.identity.authority import SERVICES
from mqtt.topics import ROOT

KIOSKS_PORT: Final = 8883  # IANA: secure-mqtt
SERVICES_PORT: Final = 8884
MAX_MESSAGE: Final = 512 * 1024  # bytes: twice what our own clients send at most (mqtt.outgoing.MAX_PAYLOAD)
INFLIGHT: Final = (
    1000  # unacknowledged to one consumer of MQTT 3.1.1; a consumer of MQTT 5 says its own number
)
QUEUED: Final = (
    10_000  # messages waiting for one consumer, and their bytes: what is beyond is sent again by kiosks
)
QUEUED_BYTES: Final = 64 * 1024 * 1024
FILES: Final = 65_536  # open connections and a little
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


class BadPlan(ValueError):
    """A configuration that cannot work; says what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is configured. `folder`: where the files will lie on the broker's machine."""

    folder: Path
    services: tuple[str, ...]
    kiosks_at: tuple[str, int] = ("", KIOSKS_PORT)  # address ("": every) and port kiosks reach
    services_at: tuple[str, int] = ("127.0.0.1", SERVICES_PORT)

    def __post_init__(self) -> None:
        for name in self.services:
            if not _NAME.match(name):
                raise BadPlan(f"{name!r}: a service's name has 1 to 32 of A-Z a-z 0-9 _ -")
        if re.search(r"[\r\n#]", str(self.folder)):
            raise BadPlan(f"{str(self.folder)!r}: mosquitto cannot read such a path")
        if self.kiosks_at[1] == self.services_at[1]:
            raise BadPlan(f"kiosks and services need two ports, both got {self.kiosks_at[1]}")


def configuration(plan: Plan) -> str:
    """`endcap.conf`, for /etc/mosquitto/conf.d: what Debian's own file does not say yet."""
    return f"""\
# Made by `endcap fleet broker-config`. What it means: docs/identity.md. Changes are lost when it is made again.

per_listener_settings false
allow_anonymous false
acl_file {plan.folder / "acl"}

message_size_limit {MAX_MESSAGE}
max_inflight_messages {INFLIGHT}
max_queued_messages {QUEUED}
max_queued_bytes {QUEUED_BYTES}
persistent_client_expiration 14d
autosave_interval 60
set_tcp_nodelay true

# Kiosks: the certificate's name is the user name and the client id.
{_listener(plan, plan.kiosks_at, "root.pem", "kiosks.crl")}\
use_username_as_clientid true

# The fleet's own programs: another authority, client ids as they like.
{_listener(plan, plan.services_at, "services.pem", "services.crl")}"""


def _listener(plan: Plan, at: tuple[str, int], ca: str, crl: str) -> str:
    address, port = at
    return f"""\
listener {port}{f" {address}" if address else ""}
protocol mqtt
cafile {plan.folder / ca}
certfile {plan.folder / "server.pem"}
keyfile {plan.folder / "server.key"}
crlfile {plan.folder / crl}
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
"""


def access(plan: Plan) -> str:
    """`acl`: a kiosk writes its own `up/#` and `state` and reads its own `dn/#`; services do all of it."""
    lines = ["# Made by `endcap fleet broker-config`. What it means: docs/identity.md.", ""]
    for name in plan.services:
        lines += [f"user {SERVICES}{name}", f"topic readwrite {ROOT}/#", "topic read $SYS/#", ""]
    lines += [
        "# %u is the name in the certificate: tenant/site/kiosk.",
        f"pattern write {ROOT}/%u/up/#",
        f"pattern write {ROOT}/%u/state",
        f"pattern read {ROOT}/%u/dn/#",
    ]
    return "\n".join(lines) + "\n"


def units(plan: Plan) -> dict[str, str]:
    """systemd's side, by file name below /etc/systemd/system: room for connections, and the revocation list read anew
    whenever it changes (mosquitto does that at SIGHUP, without ending connections)."""
    return {
        "mosquitto.service.d/endcap.conf": f"""\
# Made by `endcap fleet broker-config`: a file per connection, and back after a crash.
[Service]
LimitNOFILE={FILES}
Restart=on-failure
RestartSec=2
""",
        "endcap-revocations.path": f"""\
# Made by `endcap fleet broker-config`.
[Unit]
Description=Watch the fleet's revocation lists

[Path]
PathChanged={plan.folder / "kiosks.crl"}
PathChanged={plan.folder / "services.crl"}

[Install]
WantedBy=multi-user.target
""",
        "endcap-revocations.service": """\
# Made by `endcap fleet broker-config`.
[Unit]
Description=Let the broker read the fleet's revocation lists anew

[Service]
Type=oneshot
ExecStart=systemctl reload mosquitto.service
""",
    }
