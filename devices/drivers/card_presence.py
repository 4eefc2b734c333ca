"""A card is taken once: the decision every reader makes alike, without a reader."""

from __future__ import annotations

GONE_AFTER = 2  # looks without the card before the same card counts as a new tap
LOOK_S = 0.25  # between looks whether a card that was taken has left, while nobody wants one


class CardPresence:
    """Armed anew, a reader takes the same card again only after it has left the field: one that was left lying there would
    otherwise pay, or be declined, a second time without anybody's doing. Knows tokens only.
    """

    def __init__(self) -> None:
        self._taken: str | None = None
        self._absent = 0

    @property
    def holds(self) -> bool:
        """A card that was taken may still lie there: look for it even while nobody wants one."""
        return self._taken is not None

    def look(self, token: str | None, armed: bool) -> bool:
        """What a look showed, None for no card. Whether that is a new tap, to be told."""
        self._absent = self._absent + 1 if token is None else 0
        if self._absent >= GONE_AFTER or (token is not None and token != self._taken):
            self._taken = None
        if not armed or token is None or token == self._taken:
            return False
        self._taken = token
        return True
