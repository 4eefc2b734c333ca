"""The contract's topics in one table: what is said where, by whom, kept or not, and for how long it is of use.

From it come docs/asyncapi.json (`python -m mqtt.asyncapi`), the expiry of each message on MQTT 5, and the table of
docs/mqtt.md, which a test compares. All of it is QoS 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

from mqtt import commands, messages
from mqtt.messages import Message
from mqtt.topics import Address

QOS: Final = 1
JSON: Final = "application/json"
BATCH: Final = "application/vnd.endcap.batch.v1+json"  # docs/adr/0011-events-on-the-wire.md
_PLACE: Final = Address("tenant", "site", "kiosk")


@dataclass(frozen=True, slots=True)
class Channel:
    """A topic. `expires_s`: a broker drops what has waited longer (MQTT 5); None: it is of use until it arrives."""

    name: str
    topic: str  # of the kiosk tenant/site/kiosk
    up: bool  # from the kiosk to the fleet
    kinds: tuple[type[Message], ...]
    what: str
    retain: bool = False
    expires_s: int | None = None
    answered_on: str = ""  # name of a channel

    @property
    def address(self) -> str:
        """The topic with parameters, as AsyncAPI writes them."""
        return self.topic.replace(str(_PLACE), "{tenant}/{site}/{kiosk}")


CHANNELS: Final = (
    Channel("events", _PLACE.events, True, (messages.Batch,),
            "Events of one kiosk and epoch, in sequence; sent again until dn/ack says that they are stored.",
            answered_on="acks"),
    Channel("requests", _PLACE.requests, True, (*get_args(messages.Request), messages.TimeWanted),
            "Questions that want an answer soon. The id comes back in it.", expires_s=120, answered_on="responses"),
    Channel("health", _PLACE.health, True, (messages.Health,),
            "Devices, counters, backlog and clock, every minute and when a device changes.", expires_s=300),
    Channel("commandStates", _PLACE.command_states, True, (commands.CommandState,),
            "How far a command is, and what came of it."),
    Channel("reported", _PLACE.reported, True, (commands.Reported,), "How the kiosk is.", retain=True),
    Channel("alertStates", _PLACE.alert_states, True, (commands.AlertState,),
            "What became of an alert at the kiosk."),
    Channel("state", _PLACE.state, True, (messages.Presence,),
            "Presence. The last will says `lost`; a word of a session that has ended is ignored.", retain=True),
    Channel("responses", _PLACE.responses, False, (messages.ChargeState, messages.CodeState, messages.TimeTold),
            "Answers to requests.", expires_s=120),
    Channel("charges", _PLACE.charges, False, (messages.ChargeState,),
            "What became of a charge, unasked.", expires_s=3600),
    Channel("acks", _PLACE.acks, False, (messages.Ack,),
            "Up to which sequence number the fleet has stored a kiosk's events.", expires_s=300),
    Channel("notices", _PLACE.notices, False, (messages.PhoneSale,),
            "What the wall may quietly say.", expires_s=60),
    Channel("terms", _PLACE.terms, False, (messages.Terms,), "What the kiosk may offer from now on.", retain=True),
    Channel("commands", _PLACE.commands, False, (commands.Command,),
            "What the kiosk is to do; expires with the command's own `valid_s`.", answered_on="commandStates"),
    Channel("commandAcks", _PLACE.command_acks, False, (commands.CommandNoted,),
            "How far the fleet has stored what came of a command.", expires_s=300),
    Channel("live", _PLACE.live, False, (commands.LiveChanges,),
            "What has changed since the kiosk's release: the whole set, signed.", retain=True),
    Channel("alerts", _PLACE.alerts, False, (commands.Alerts,),
            "What goes before everything on the glass: all that is in force, signed.", retain=True,
            answered_on="alertStates"),
    Channel("desired", _PLACE.desired, False, (commands.Desired,), "How the kiosk is to be.", retain=True),
)  # fmt: skip
BY_NAME: Final = {channel.name: channel for channel in CHANNELS}


_EXPIRES: Final = {channel.topic.split("/", 4)[4]: channel.expires_s for channel in CHANNELS}


def expires_s(topic: str) -> int | None:
    """Seconds for which what is said on a kiosk's topic is of use; None: until it arrives."""
    return _EXPIRES.get(topic.split("/", 4)[-1])
