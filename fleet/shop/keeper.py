"""What the fleet does by itself, every minute: forgets what it need not know any more."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from fleet.shop.baskets import Baskets
from fleet.shop.late import Late
from fleet.shop.orders import Orders
from fleet.shop.packing import WallOrders
from fleet.shop.reports import Reports
from fleet.store.retention import Retention

log = logging.getLogger(__name__)
EVERY_S: Final = 60.0


class Keeper:
    """A thread that erases addresses and reports whose time is over, sweeps baskets nobody fetched, orders that have left and
    raw events that are old, and sees to late payments.
    """

    def __init__(
        self,
        orders: Orders,
        reports: Reports,
        baskets: Baskets,
        late: Late,
        walls: WallOrders,
        retention: Retention,
    ) -> None:
        self._chores: tuple[Callable[[], int], ...] = (
            orders.erase, reports.erase, baskets.sweep, late.see_to, walls.sweep,
            retention.sweep,
        )  # fmt: skip
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Begin, with a first look at once."""
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        while not self._over.is_set():
            for chore in self._chores:
                try:
                    chore()
                except (
                    Exception
                ):  # the store is full or away: the other chores, and the next minute, may do better
                    log.exception("the shop could not tidy up")
            self._over.wait(EVERY_S)
