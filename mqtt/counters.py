"""What a client counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """What has happened since the start. The last two are ours, the rest is the network's."""

    connected: int = 0
    lost: int = 0
    received: int = 0
    acknowledged: int = 0
    callback_errors: int = 0
    refused_publishes: int = 0  # by the broker
    refused_subscriptions: int = 0
    tries: int = 0  # connects that were begun
    refused_offline: int = 0  # by us: not connected
    refused_full: int = 0  # by us: too many unacknowledged
