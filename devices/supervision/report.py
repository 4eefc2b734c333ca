"""What a person, a page or a test is told of a device, as data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What is known of a device at one moment; times are seconds ago, None for never."""

    name: str
    model: str
    kind: str
    product: str
    port: str  # as configured
    place: str  # where it was found last
    state: str
    since_s: float  # in this state
    heard_s: float | None  # since it last said anything
    error: str  # the last one, also while it works again
    remedy: str
    error_s: float | None
    lent: bool
    counters: dict[str, int] = field(default_factory=dict)
