"""Where things are said: `k1/{tenant}/{site}/{kiosk}/...`; up from the kiosk, down from the fleet.

A kiosk may write its own `up/#` and `state` and read its own `dn/#`; nothing else. Shape borrowed from fleet practice:
one branch per kiosk, so that one access rule and one subscription cover it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ROOT = "k1"  # the contract's major version: a change that old ends cannot read gets a new root
_LEVEL = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")

EVERY_EVENT = f"{ROOT}/+/+/+/up/ev"
EVERY_REQUEST = f"{ROOT}/+/+/+/up/req"
EVERY_STATE = f"{ROOT}/+/+/+/state"
EVERY_HEALTH = f"{ROOT}/+/+/+/up/health"
EVERY_COMMAND_STATE = f"{ROOT}/+/+/+/up/cmd"
EVERY_REPORTED = f"{ROOT}/+/+/+/up/reported"
EVERY_ALERT_STATE = f"{ROOT}/+/+/+/up/alert"


class BadTopic(ValueError):
    """A topic or address that is not of the contract's form."""


@dataclass(frozen=True, slots=True)
class Address:
    """A kiosk's place in the fleet. Each level: 1-32 of A-Z a-z 0-9 _ -."""

    tenant: str
    site: str
    kiosk: str

    def __post_init__(self) -> None:
        for level in (self.tenant, self.site, self.kiosk):
            if not _LEVEL.match(level):
                raise BadTopic(f"{level!r}: a level has 1 to 32 of A-Z a-z 0-9 _ -")

    def __str__(self) -> str:
        return f"{self.tenant}/{self.site}/{self.kiosk}"

    @property
    def client_id(self) -> str:
        """The kiosk's MQTT client id: one connection per kiosk. With "/": nats-server refuses ids with dots."""
        return str(self)

    @property
    def state(self) -> str:
        """Retained presence; the last will says `lost`."""
        return f"{ROOT}/{self}/state"

    @property
    def events(self) -> str:
        """Batches of events, up."""
        return f"{ROOT}/{self}/up/ev"

    @property
    def requests(self) -> str:
        """Requests that want a response, up."""
        return f"{ROOT}/{self}/up/req"

    @property
    def health(self) -> str:
        """Device states and counters, up."""
        return f"{ROOT}/{self}/up/health"

    @property
    def responses(self) -> str:
        """Answers to requests, down."""
        return f"{ROOT}/{self}/dn/res"

    @property
    def charges(self) -> str:
        """What became of a charge, down."""
        return f"{ROOT}/{self}/dn/charge"

    @property
    def acks(self) -> str:
        """Up to which sequence number the fleet has stored a kiosk's events, down."""
        return f"{ROOT}/{self}/dn/ack"

    @property
    def notices(self) -> str:
        """What the wall may quietly say, such as thanks for a sale on a phone, down."""
        return f"{ROOT}/{self}/dn/notice"

    @property
    def terms(self) -> str:
        """What the kiosk may offer from now on, retained, down."""
        return f"{ROOT}/{self}/dn/terms"

    @property
    def commands(self) -> str:
        """What the kiosk is told to do, down."""
        return f"{ROOT}/{self}/dn/cmd"

    @property
    def command_states(self) -> str:
        """How far a command is, and what came of it, up."""
        return f"{ROOT}/{self}/up/cmd"

    @property
    def command_acks(self) -> str:
        """How far the fleet has stored what came of commands, down."""
        return f"{ROOT}/{self}/dn/cmdack"

    @property
    def desired(self) -> str:
        """How the kiosk is to be, retained and versioned, down."""
        return f"{ROOT}/{self}/dn/desired"

    @property
    def live(self) -> str:
        """What has changed since the kiosk's release, retained and signed, down."""
        return f"{ROOT}/{self}/dn/live"

    @property
    def alerts(self) -> str:
        """What goes before everything on the glass, retained and signed, down."""
        return f"{ROOT}/{self}/dn/alert"

    @property
    def alert_states(self) -> str:
        """What became of an alert at the kiosk, up."""
        return f"{ROOT}/{self}/up/alert"

    @property
    def reported(self) -> str:
        """How the kiosk is, retained and versioned, up."""
        return f"{ROOT}/{self}/up/reported"

    @property
    def down(self) -> str:
        """Everything a kiosk reads."""
        return f"{ROOT}/{self}/dn/#"


def address_of(topic: str) -> Address:
    """The kiosk a topic belongs to. Raises BadTopic."""
    parts = topic.split("/")
    if len(parts) < 5 or parts[0] != ROOT:
        raise BadTopic(f"{topic!r} is not of the form {ROOT}/tenant/site/kiosk/...")
    return Address(*parts[1:4])
