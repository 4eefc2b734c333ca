"""How long to wait before trying again: full jitter, so that a fleet never comes back in step.

paho's own back-off doubles without jitter and forgets everything at each CONNACK: two clients with one id then throw
each other out as fast as the network lets them (13 connects in 12 s, measured). Ours only resets after a connection
has stood for a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds: the first ceiling, the last one, and how long a connection stands before it counts as good.

    `crowd_s`: where the other end hung up or refuses, so that everybody is away at once, the first try is spread over so
    long, and each further one over as long again after waiting as long: at no moment more than everybody / `crowd_s`
    tries a second, and all are back 2 * `crowd_s` after the broker is. 0: one client has no crowd to mind.
    """

    base_s: float = 0.5
    cap_s: float = 60.0
    stable_s: float = 10.0
    crowd_s: float = 0.0

    def delay(self, failures: int, draw: float, *, crowd: bool = False) -> float:
        """Wait before the next try, after `failures` (>= 1) in a row; `draw` is random in [0, 1).

        `crowd`: it is the other end that is away, not our own network.
        """
        if crowd and self.crowd_s:
            return self.crowd_s * (draw if failures <= 1 else 1.0 + draw)
        ceiling = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 30))
        return ceiling * draw

    def failures_after(self, failures: int, stood_s: float) -> int:
        """Failures in a row, now that a connection is gone that stood for `stood_s` (0: it never came up)."""
        return 1 if stood_s >= self.stable_s else failures + 1


CROWD_S: Final = 12.0


def station(crowd_s: float = CROWD_S) -> Backoff:
    """Of a kiosk, one of many: a thousand come back at eighty a second, mosquitto takes 350 TLS handshakes (measured)."""
    return Backoff(cap_s=2 * crowd_s if crowd_s else 60.0, crowd_s=crowd_s)
