"""Which version of MQTT to speak to a broker that was not told to us."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Ended(Enum):
    """How a connection came to its end."""

    UNREACHABLE = "no connection"
    WRONG_VERSION = "it said that it does not speak MQTT 5"
    REFUSED = "it said no for another reason"
    SILENT = "it closed or fell silent before it said anything"
    LOST = "it had let us in"


@dataclass(frozen=True, slots=True)
class Version:
    """What is spoken now; `fixed`: and for good."""

    five: bool = True
    fixed: bool = False

    def after(self, ended: Ended) -> Version:
        """What to speak next.

        Said in so many words, it is remembered. One that closes, or says nothing, may do so because of the version: one
        try with 3.1.1, then 5 again, because a broker that was just being stopped closes like that, too.
        """
        if self.fixed or ended is Ended.UNREACHABLE:
            return self
        if self.five and ended is Ended.WRONG_VERSION:
            return Version(five=False, fixed=True)
        return Version(five=not (self.five and ended is Ended.SILENT))


def version(mqtt5: bool | None) -> Version:
    """To begin with; None: whichever the broker speaks."""
    return Version(five=mqtt5 is not False, fixed=mqtt5 is not None)
