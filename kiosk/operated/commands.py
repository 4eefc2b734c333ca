"""Whether a command is begun: one pure decision from what the fleet asks and how the kiosk is at that moment.

Laws, property-tested: an id is begun at most once; what is older than it may be is never begun; while money is in flight
nothing is begun that would disturb it, unless it is forced; force makes nothing possible that this machine cannot do.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Final, get_args

import msgspec

from mqtt.commands import Command, CommandState, State, What
from mqtt.messages import BadMessage, decode

KINDS: Final[frozenset[str]] = frozenset(get_args(What))
HARMLESS: Final[frozenset[str]] = frozenset({"collect-logs", "self-test"})  # nobody at the wall can notice it
STOPS_WORK: Final[frozenset[str]] = frozenset(
    {"restart-agent", "reboot"}
)  # whatever else is being done, and costs a basket

MONEY: Final = "money-in-flight"
SOMEBODY: Final = "somebody-here"
ALERTED: Final = "alert-in-force"
BUSY: Final = "busy"
BAD_ARGUMENTS: Final = "bad-arguments"
UNKNOWN: Final = "unknown"
INTERRUPTED: Final = "interrupted"

MAX_VALID_S: Final = 86_400
_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}\Z")
_WORDS: Final = re.compile(r"[\w.-]{1,32}\Z")


@dataclass(frozen=True, slots=True)
class Number:
    """An argument that is a whole number within bounds; `default` where it is not given."""

    least: int
    most: int
    default: int


COLOURS: Final = ("green", "blue", "violet", "orange", "red", "black")  # the first where none is given
Kind = Number | tuple[str, ...] | None  # a number, one of these words, or any name
ARGUMENTS: Final[dict[str, dict[str, Kind]]] = {
    "identify": {"seconds": Number(1, 600, 20), "colour": COLOURS},
    "collect-logs": {"minutes": Number(1, 1440, 60)},
    "self-test": {"device": None},
}


@dataclass(frozen=True, slots=True)
class Situation:
    """How the kiosk is when a command is looked at.

    `fleet_ms`: the fleet's wall clock as far as it is known, None where no clock here is trusted. `waited_ms`: monotonic
    time since the command was heard. `cannot`: what this machine cannot do -> why (a key).
    """

    fleet_ms: int | None
    waited_ms: int = 0
    paying: bool = False
    attended: bool = False  # somebody is at the wall
    alerted: bool = False  # an alert has the glass
    running: frozenset[str] = frozenset()  # kinds of commands that are being done
    known: Container[str] = frozenset()  # ids that were begun or answered before
    cannot: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is accepted | refused | expired, or "" for an id that is known: what became of it was said. `reason`: why refused."""

    state: State | None
    reason: str = ""
    detail: str = ""

    @property
    def known(self) -> bool:
        """The id was heard before, so nothing is done and nothing begins anew."""
        return self.state is None


KNOWN: Final = Verdict(None)
ACCEPTED: Final = Verdict("accepted")
EXPIRED: Final = Verdict("expired")


def decide(command: Command, situation: Situation) -> Verdict:
    """What becomes of a command. The order of the questions is the order of what an operator should hear first."""
    if command.id in situation.known:
        return KNOWN
    if expired(command, situation):
        return EXPIRED
    try:
        arguments_of(command)
    except ValueError as error:
        return Verdict("refused", BAD_ARGUMENTS, str(error))
    if not command.force and (why := disturbs(command.what, situation)):
        return Verdict("refused", why)
    if why := situation.cannot.get(command.what, ""):
        return Verdict("refused", why)
    if command.what in situation.running or situation.running & STOPS_WORK:
        return Verdict("refused", BUSY)
    return ACCEPTED


def expired(command: Command, situation: Situation) -> bool:
    """Whether it may not be begun any more.

    By the fleet's time where that is known; in any case by how long it has waited here. What it waited at the broker
    without either is the broker's to judge: with MQTT 5 the message itself expires.
    """
    valid_ms = min(command.valid_s, MAX_VALID_S) * 1000
    if situation.waited_ms >= valid_ms:
        return True
    return situation.fleet_ms is not None and situation.fleet_ms - command.at_ms >= valid_ms


def disturbs(what: str, situation: Situation) -> str:
    """Why a command that is not forced is not done now (a key); "" where it harms nobody."""
    if what in HARMLESS:
        return ""
    if situation.alerted and what != "screenshot":
        return ALERTED
    if situation.paying:
        return MONEY
    if what in STOPS_WORK and situation.attended:
        return SOMEBODY
    return BUSY if what in STOPS_WORK and situation.running else ""


def arguments_of(command: Command) -> dict[str, int | str]:
    """The arguments with their defaults. Raises ValueError, saying which and what was expected."""
    allowed = ARGUMENTS.get(command.what, {})
    for name in command.arguments:
        if name not in allowed:
            raise ValueError(
                f"{command.what} has no argument {name[:32]!r}; it has {sorted(allowed) or 'none'}"
            )
    found: dict[str, int | str] = {}
    for name, kind in allowed.items():
        text = command.arguments.get(name, "")
        if isinstance(kind, Number):
            found[name] = _number(name, text, kind)
        elif kind is not None:
            if text and text not in kind:
                raise ValueError(f"{name}: expected one of {', '.join(kind)}")
            found[name] = text or kind[0]
        else:
            if text and not _WORDS.match(text):
                raise ValueError(f"{name}: expected a name of at most 32 letters, digits, '.', '_' or '-'")
            found[name] = text
    return found


def _number(name: str, text: str, number: Number) -> int:
    if not text:
        return number.default
    if not (
        text.isascii() and text.isdigit() and len(text) < 10 and number.least <= int(text) <= number.most
    ):
        raise ValueError(f"{name}: expected {number.least} to {number.most}, got {text[:32]!r}")
    return int(text)


class _Name(msgspec.Struct):
    """As much of a command that cannot be read as a refusal needs."""

    id: str = ""
    what: str = ""


def read_command(payload: bytes, wall_ms: int) -> Command | CommandState:
    """The command in a message; where it cannot be read, the refusal to send. Raises BadMessage without even an id."""
    try:
        command: Command = decode(payload, Command)
    except BadMessage as error:
        name: _Name = decode(payload, _Name)
        if not _ID.match(name.id):
            raise BadMessage(f"{error}, and it has no id to answer to") from None
        reason = UNKNOWN if name.what not in KINDS else BAD_ARGUMENTS
        return CommandState(
            id=name.id, state="refused", wall_ms=wall_ms, reason=reason, detail=str(error)[:200]
        )
    if not _ID.match(command.id):
        raise BadMessage("a command's id has 1 to 64 letters and digits")
    return command
