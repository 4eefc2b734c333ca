"""A card is taken once: the decision every reader makes alike, without a reader."""

from __future__ import annotations

from devices.protocol.tag_reading import Target

GONE_AFTER = 2  # looks at an empty field before what was taken counts as a new tap again
LOOK_S = 0.25  # between looks whether a card that was taken has left, while nobody wants one
MOST = 16  # cards remembered; a wallet holds a few
_MADE_UP = "made-up"


def mark_of(target: Target, token: str) -> str:
    """What a card is known by from look to look: its token, but one mark for all that make a number up.

    A phone has another number after each time the field was off, so two of them in a row are no two phones.
    """
    return _MADE_UP if target.made_up else token


class CardPresence:
    """Armed anew, a reader takes a card again only after the field was empty: one that was left lying there would otherwise
    pay, or be declined, a second time without anybody's doing. Knows marks only.

    What lies beside a taken card counts as taken too: of two cards in a wallet the chip shows now one and now the other.
    """

    def __init__(self) -> None:
        self._taken: dict[str, None] = {}  # in the order they were seen
        self._absent = 0

    @property
    def holds(self) -> bool:
        """A card that was taken may still lie there: look for it even while nobody wants one."""
        return bool(self._taken)

    def look(self, mark: str | None, armed: bool) -> bool:
        """What a look showed, None for no card. Whether that is a new tap, to be told."""
        if mark is None:
            self._absent += 1
            if self._absent >= GONE_AFTER:
                self._taken.clear()
            return False
        self._absent = 0
        new = mark not in self._taken
        if new and (armed or self._taken):
            self._taken[mark] = None
            if len(self._taken) > MOST:
                del self._taken[next(iter(self._taken))]
        return new and armed


class Remembers:
    """The part of a driver by which what was taken outlives it (devices.drivers.base.CanRemember)."""

    _presence: CardPresence

    def memory(self) -> CardPresence:
        """See CanRemember."""
        return self._presence

    def remember(self, memory: object) -> None:
        """See CanRemember: a card that lies there while the reader falls over is no new tap."""
        if isinstance(memory, CardPresence):
            self._presence = memory
