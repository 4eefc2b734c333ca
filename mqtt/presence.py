"""Which word about a kiosk holds, where two disagree: they come from the kiosk, and from brokers in its name."""

from __future__ import annotations

from typing import Final

from mqtt.messages import Presence

ENDED: Final = frozenset(("lost", "closed"))  # the words that end a session


def newer(before: Presence | None, after: Presence) -> bool:
    """Whether `after`, heard later, takes the place of `before`.

    A broker says a will when it notices, which can be after the kiosk is back: `lost` and `closed` end the session they
    are of, and no other. Which of two living sessions is the younger cannot be told from their names, so the one heard
    last holds; a kiosk has one connection, and its words arrive in order.
    """
    if before is None or after.state not in ENDED or before.state in ENDED:
        return True
    return (before.session, before.boot) == (after.session, after.boot)
