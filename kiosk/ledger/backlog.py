"""What still waits for the fleet, in one row of figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backlog:
    """The outbox at one moment. Times are wall-clock milliseconds, 0 where there is none."""

    count: int = 0  # rows that wait: events, and gaps that stand for many
    bytes: int = 0  # of their bodies
    oldest_ms: int = 0  # when the first of them happened
    folded: int = 0  # events that were folded into gaps, ever
    lost: int = 0  # events that could not be kept, ever
    acked_ms: int = 0  # when the fleet last acknowledged something
