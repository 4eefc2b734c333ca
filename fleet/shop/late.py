"""Money that came after its order's time was over, or after its place was somebody else's: the order gets the next slot.

It is sold, for money that came must buy something; but nobody is told of a window that has passed, and a locker has no
place for one too many. The next slot of the same way with a place is taken, the fee stays as it was paid, and the order's
page says so. Until that slot's cut-off the buyer may cancel and gets everything back.
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from content.slots import Slot, slots
from fleet.catalogue import Catalogue
from fleet.shop.orders import Orders, Placed

AT_ONCE: Final = 200


class Late:
    """Looks after late payments. `catalogue`: the published store; without one nothing can be moved."""

    def __init__(self, orders: Orders, catalogue: Catalogue | None) -> None:
        self._orders, self._catalogue = orders, catalogue

    def see_to(self, order: str = "") -> int:
        """Move what came too late, `order` alone where one is named; how many were moved."""
        return sum(self._moved(placed, paid_ms) for placed, paid_ms in self._orders.late(order, AT_ONCE))

    def _moved(self, placed: Placed, paid_ms: int) -> bool:
        store = self._catalogue.current().store if self._catalogue else None
        way = next((each for each in store.fulfilments if each.key == placed.way), None) if store else None
        if store is None or way is None:
            return False
        found = slots(way, store.timezone, self._orders.now())
        chosen = next((slot for slot in found if slot.key == placed.slot), None)
        if paid_ms < placed.closes_ms and (chosen is None or self._orders.fits(placed, chosen.capacity)):
            return False  # in time, and there is still a place
        return any(self._takes(placed, slot) for slot in found if slot.key != placed.slot)

    def _takes(self, placed: Placed, slot: Slot) -> bool:
        moved = structs.replace(
            placed, slot=slot.key, starts_ms=slot.starts * 1000, until_ms=slot.until * 1000,
            closes_ms=slot.closes * 1000, moved_ms=self._orders.now() * 1000,
        )  # fmt: skip
        return self._orders.move(placed, moved, slot.capacity)
