"""How long to wait before trying again: full jitter, so that a fleet never comes back in step.

paho's own back-off doubles without jitter and forgets everything at each CONNACK: two clients with one id then throw
each other out as fast as the network lets them (13 connects in 12 s, measured). Ours only resets after a connection
has stood for a while.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds: the first ceiling, the last one, and how long a connection stands before it counts as good."""

    base_s: float = 0.5
    cap_s: float = 60.0
    stable_s: float = 10.0

    def delay(self, failures: int, draw: float) -> float:
        """Wait before the next try, after `failures` (>= 1) in a row; `draw` is random in [0, 1)."""
        ceiling = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 30))
        return ceiling * draw

    def failures_after(self, failures: int, stood_s: float) -> int:
        """Failures in a row, now that a connection is gone that stood for `stood_s` (0: it never came up)."""
        return 1 if stood_s >= self.stable_s else failures + 1
