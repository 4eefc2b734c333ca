"""Who holds places they have not paid for: nobody alone may hold so many that a slot looks full to everybody else.

A place is held for a quarter of an hour while somebody pays. Whoever sends forms without paying could hold them all, again
and again; so one client has at most half of a slot's places, and never fewer than FEWEST. Kept in memory, by address, and
nowhere else: what is paid for counts for nobody any more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from fleet.shop.orders import Orders

FEWEST: Final = 2
MOST_KEYS: Final = 20_000  # clients and slots remembered; who comes first goes first


class Holders:
    """The places each client holds unpaid. Every method may be called from any thread."""

    def __init__(self, orders: Orders, most_keys: int = MOST_KEYS) -> None:
        self._orders, self._most = orders, most_keys
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], frozenset[str]] = OrderedDict()

    def may(self, client: str, slot: str, capacity: int, order: str) -> bool:
        """Whether a client may hold one more place of a slot for `order`; then it counts as holding it. `capacity` 0: any
        number.
        """
        if not capacity:
            return True
        with self._lock:
            held = self._orders.unpaid(slot, self._held.get((client, slot), frozenset()) - {order})
            if len(held) >= max(FEWEST, capacity - capacity // 2):
                return False
            self._held[client, slot] = held | {order}
            self._held.move_to_end((client, slot))
            while len(self._held) > self._most:
                self._held.popitem(last=False)
            return True
