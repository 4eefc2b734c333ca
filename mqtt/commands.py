"""What an operator may have a kiosk do, and how a kiosk is to be: commands once, desired state until it is superseded.

A command is done at most once, however often it arrives: its id is remembered. It carries who asked and why. Money goes
first: what would disturb a payment is refused while one is under way, unless it is forced.
"""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from mqtt.messages import Message

What = Literal[
    "identify",  # show its name, large, for `seconds`
    "screenshot",  # a picture of the glass
    "restart-ui",
    "restart-agent",
    "reboot",
    "collect-logs",  # the last `minutes`
    "self-test",  # a device's guided test, `device`
]
State = Literal["accepted", "running", "done", "failed", "refused", "expired"]
ENDS: frozenset[State] = frozenset(("done", "failed", "refused", "expired"))
PART_BYTES = 128 * 1024  # of a result in one message: base64 makes a third more of it, brokers take 256 KiB
MAX_PARTS = 16  # 2 MiB: what is larger is cut where it is made


class Command(Message, frozen=True, kw_only=True):
    """Topic: dn/cmd, with MQTT 5 also as message expiry. A kiosk judges `valid_s` by the fleet's time where it knows that."""

    id: str  # 16 of Crockford's base32 by chance
    what: What
    by: str  # who asked, as they signed in or typed it
    why: str
    at_ms: int  # the fleet's wall clock
    valid_s: int = 60  # not begun by then, it is expired
    force: bool = False  # even while money is in flight
    arguments: dict[str, str] = msgspec.field(default_factory=dict)


class CommandState(Message, frozen=True, kw_only=True):
    """Topic: up/cmd. `reason` is a key where it was refused or failed: money-in-flight, unknown, bad-arguments, busy, ..."""

    id: str
    state: State
    wall_ms: int
    reason: str = ""
    detail: str = ""  # for people
    part: int = 0  # a result larger than one message comes in parts, 1 to `parts`
    parts: int = 0
    media: str = ""  # of the result: image/webp, text/plain, application/gzip
    data: bytes = b""  # of this part; base64 on the wire


class CommandNoted(Message, frozen=True, kw_only=True):
    """The fleet has stored that command `id` ended in `state`, with its whole result. Topic: dn/cmdack.

    Until then the kiosk tells it again when the connection comes back, and now and then while it stands.
    """

    id: str
    state: State


class Target(Struct, frozen=True, kw_only=True, gc=False):
    """A release a kiosk is to run. `name` is one that its operator has signed; nothing else is ever fetched."""

    name: str
    rollout: str = ""  # the roll-out that wants it there
    pinned_by: str = ""  # a person who keeps this kiosk at it, whatever roll-outs say
    pinned_why: str = ""


Phase = Literal[
    "",  # nothing to do: it runs what it is to run
    "fetching",
    "staged",  # whole and verified on the kiosk, before its moment
    "waiting",  # its moment has come, and somebody is buying
    "trying",  # it runs, and is watched
    "failed",  # `reason` says why; what ran before runs
]

# Reasons of a failure that came when the release was on the glass (docs/adopting.md). Whatever the kiosk says of it later, it failed.
ON_THE_GLASS: frozenset[str] = frozenset(
    (
        "faults",
        "unreadable",
        "screen-restarts",
        "no-frames",
        "no-facings",
        "devices",
        "bad-starts",
        "unhealthy",
    )
)


class Running(Struct, frozen=True, kw_only=True, gc=False):
    """Which release a kiosk runs and how far it is with the one it is to run. Only `confirmed` says that it is well."""

    name: str = ""  # "": none was ever fetched; it runs what it was installed with
    confirmed: bool = False  # it was watched after its start, and is well
    since_ms: int = 0  # wall clock of its start
    target: str = ""
    rollout: str = ""  # as the target said
    phase: Phase = ""
    percent: int = 0  # of the fetch
    reason: str = ""  # a key: of ON_THE_GLASS, or no-source, unsigned, expired, no-space, unknown, empty, ...
    detail: str = ""  # for people


class Desired(Message, frozen=True, kw_only=True):
    """How a kiosk is to be. Retained on dn/desired; a lower `version` than the one in force is ignored."""

    version: int
    by: str = ""
    why: str = ""
    out_of_service: bool = False  # the glass says so and sells nothing; a payment under way ends first
    brightness: int = 100  # percent of what the panel can
    sleep: tuple[int, int] | None = (
        None  # the panel is dark from minute to minute of the local day; None: never
    )
    log_level: str = "INFO"
    content: Target | None = None  # None: what the operator signed as the release for everybody
    software: Target | None = None  # None: what is installed
    # How releases are fetched, in place of what kiosk.toml says in [content].
    sources: tuple[
        str, ...
    ] = ()  # addresses; none: kiosk.toml's. Its folders, such as a stick's, are asked besides
    fetch_kib_s: int | None = None  # 0: as fast as it goes; None: kiosk.toml's
    fetch_window: tuple[int, int] | None = (
        None  # files come from minute to minute of the local day; equal: always; None: kiosk.toml's
    )


MOST_SOURCES: Final = 8
MOST_KIB_S: Final = 1_048_576


def is_address(source: str) -> bool:
    """Whether a source of releases is one the fleet may name: http or https, a host, nothing to sign in with. A folder is not."""
    try:
        parts = urlsplit(source)
        port = parts.port
    except ValueError:
        return False
    plain = len(source) <= 500 and source.isascii() and source.isprintable() and " " not in source
    return (
        plain
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and port != 0
        and not (parts.username or parts.query or parts.fragment)
    )


class LiveChanges(Message, frozen=True, kw_only=True):
    """What has changed since the release: sold out, lowered, taken down. Retained on dn/live, always the whole set.

    `body` is JSON of content.live_changes.LiveSet, which says for which kiosk it is and its version; the signature is over
    its bytes (content.signing, purpose "live").
    """

    kid: str  # names the public key
    signature: bytes  # 64 bytes; base64 on the wire, as `body`
    body: bytes


class Alerts(Message, frozen=True, kw_only=True):
    """What goes before everything on the glass. Retained on dn/alert, always all that is in force.

    `body` is JSON of content.alerts.AlertSet, which says for which kiosk it is and its version; the signature is over its
    bytes (content.signing, purpose "alert"). The same may come by more than one broker: the highest version holds.
    """

    kid: str  # names the public key
    signature: bytes  # 64 bytes; base64 on the wire, as `body`
    body: bytes


Became = Literal[
    "heard",  # taken: its moment has not come, or no screen has shown it yet
    "shown",  # it is on the glass
    "audible",  # and can be heard
    "silent",  # it should be heard and cannot; `reason`: no-speaker, muted, failed
    "cleared",  # it is over here: taken back, or its time is up
    "refused",  # the whole set; `reason`: unsigned, unread, not-ours, older (`version` is in force)
]


class AlertState(Message, frozen=True, kw_only=True):
    """Topic: up/alert. `id` is the alert's, "" where a set was refused."""

    id: str
    state: Became
    wall_ms: int
    version: int = 0  # of the set
    after_ms: int = 0  # of shown: since the set was heard, by the kiosk's monotonic clock
    reason: str = ""
    detail: str = ""  # for people


class Reported(Message, frozen=True, kw_only=True):
    """How a kiosk is. Retained on up/reported; `version` is that of the Desired it has taken, 0 for none."""

    version: int
    wall_ms: int
    session: str = ""
    software: str = ""  # the package's version
    release: str = ""  # the store's version
    out_of_service: bool = False
    brightness: int = 100
    sleep: tuple[int, int] | None = None
    log_level: str = "INFO"
    machine: str = ""  # model of the board
    faults: tuple[str, ...] = ()  # what it could not take, in words
    content: Running = Running()
    software_state: Running = Running()
    live_version: int = 0  # of the live changes in force; 0: none were ever taken
    orientation: Literal["", "portrait", "landscape"] = ""  # how its wall hangs; "": it does not say
    tags: tuple[str, ...] = ()  # the operator's words for it in its own configuration
