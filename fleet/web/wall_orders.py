"""The walls' part of the packing list: what was bought at a wall and is still here, by station, the oldest first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from content.model import text_in
from fleet.catalogue import STAFF, Catalogue
from fleet.shop.packing import Sold, WallOrders
from fleet.web.packing_words import goods, step_words, steps_left

WORDS: Final = step_words("Ready at the counter")


class WallJob(Struct, frozen=True, kw_only=True):
    """An order as whoever packs it reads it. Its claim code is not in it: who brings that gets the goods."""

    order: str
    wall: str  # the kiosk's name in its station
    paid: str  # 14:05, or Sat 21 Nov 14:05
    lines: tuple[tuple[int, str], ...]  # pieces, product
    age_min: int  # 0: anybody
    now: str  # how far it is, "" at the beginning
    steps: tuple[tuple[str, str], ...]


class Station(Struct, frozen=True, kw_only=True):
    """A station's orders, the oldest first."""

    name: str
    jobs: tuple[WallJob, ...]


class PackingView(Struct, frozen=True, kw_only=True):
    """Both lists. `pickup`: where goods are handed over, as the receipt says; "" where the store does not say."""

    pickup: str
    today: tuple[Station, ...]
    earlier: tuple[Station, ...]
    more_today: bool
    more_earlier: bool


def packing_view(orders: WallOrders, catalogue: Catalogue | None, now_ms: int) -> PackingView:
    """What waits now. Days are the store's."""
    store = catalogue.current().store if catalogue else None
    zone = ZoneInfo(store.timezone if store else "UTC")
    midnight = datetime.fromtimestamp(now_ms / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    found = orders.to_prepare(int(midnight.timestamp() * 1000))
    return PackingView(
        pickup=text_in(store.pickup, STAFF) if store else "",
        today=_stations(found.today, catalogue, zone, "%H:%M"),
        earlier=_stations(found.earlier, catalogue, zone, "%a %d %b %H:%M"),
        more_today=found.more_today,
        more_earlier=found.more_earlier,
    )


def _stations(
    orders: Iterable[Sold], catalogue: Catalogue | None, zone: ZoneInfo, clock: str
) -> tuple[Station, ...]:
    """By station; inside one the order they came in stays. The tenant is not said: it is who reads this."""
    jobs: dict[str, list[WallJob]] = {}
    for sold in orders:
        _, site, wall = sold.kiosk.split("/")
        jobs.setdefault(site, []).append(_job(sold, wall, catalogue, f"{_at(sold, zone):{clock}}"))
    return tuple(Station(name=site, jobs=tuple(jobs[site])) for site in sorted(jobs))


def _at(sold: Sold, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(sold.sold_ms / 1000, zone)


def _job(sold: Sold, wall: str, catalogue: Catalogue | None, paid: str) -> WallJob:
    products = (
        catalogue.current().product(line.gtin) for line in sold.lines if catalogue is not None and line.gtin
    )
    return WallJob(
        order=sold.order,
        wall=wall,
        paid=paid,
        lines=goods(sold.lines, catalogue),
        age_min=max((product.age_min for product in products if product), default=0),
        now=WORDS.get(sold.progress, ""),
        steps=steps_left(sold.progress, WORDS),
    )
