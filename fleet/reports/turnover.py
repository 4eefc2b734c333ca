"""What was sold, what of it was given back, and what stays: in all, and per day of the shop.

A sale stays a sale for ever; that its money went back is written elsewhere, in the register of what leaves
(`handovers`) and in its charge, so it is asked of both and counted once. What came beyond the price is no turnover: a
sale counts what it cost, and sending a surplus back takes nothing away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Connection, Select, Subquery, and_, case, func, or_, select, union_all

from fleet import tables
from fleet.claims.handovers import GIVEN_BACK
from fleet.payments.port import State

DAYS: Final = 14
QUARTER_MS: Final = 900_000  # every time zone is a multiple of it from UTC, so days are sums of quarters
_SALE, _GONE, _CHARGE, _LINE = (
    tables.sales.c, tables.handovers.c, tables.charges.c, tables.sale_lines.c,
)  # fmt: skip


class Turnover(Struct, frozen=True):
    """Sales in one currency; `returned` of them were given back, wholly or in part. `net_minor` stays."""

    currency: str
    sales: int
    total_minor: int
    returned: int
    returned_minor: int
    net_minor: int


class Day(Struct, frozen=True):
    """The same of one day, by the shop's clock: what was sold on it, and what was given back on it."""

    date: str  # 2026-11-22
    currency: str
    sales: int
    total_minor: int
    returned: int
    returned_minor: int
    net_minor: int


class Top(Struct, frozen=True):
    """A product, by pieces sold and kept."""

    gtin: str
    name: str
    quantity: int


def turnover(connection: Connection) -> tuple[Turnover, ...]:
    """Everything there is, per currency, the one sold in most first."""
    back = _returned()
    sold = select(_SALE.currency, func.count(), func.sum(_SALE.total_minor)).group_by(_SALE.currency)
    gone = select(back.c.currency, func.count(), func.sum(back.c.minor)).group_by(back.c.currency)
    returned = {currency: (int(n), int(minor)) for currency, n, minor in connection.execute(gone)}
    found = [
        Turnover(currency, *_net(int(n), int(minor), *returned.get(currency, (0, 0))))
        for currency, n, minor in connection.execute(sold)
    ]
    return tuple(sorted(found, key=lambda row: (-row.sales, row.currency)))


def days(connection: Connection, now_ms: int, timezone: str) -> tuple[Day, ...]:
    """The last DAYS days on which anything was sold or given back, the latest first. Sales by when the fleet heard of
    them: a kiosk's clock may be off. Raises what zoneinfo raises for a time zone that is none.
    """
    zone, back = ZoneInfo(timezone), _returned()
    first = now_ms - (DAYS + 1) * 86_400_000  # and what is of the day before the first is left out below
    quarter = _SALE.received_ms // QUARTER_MS
    sold = (
        select(_SALE.currency, quarter, func.count(), func.sum(_SALE.total_minor))
        .where(_SALE.received_ms >= first)
        .group_by(_SALE.currency, quarter)
    )
    given = back.c.at_ms // QUARTER_MS
    gone = (
        select(back.c.currency, given, func.count(), func.sum(back.c.minor))
        .where(back.c.at_ms >= first)
        .group_by(back.c.currency, given)
    )
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for place, query in ((0, sold), (2, gone)):
        for currency, which, count, minor in connection.execute(query):
            day = sums[_date(int(which) * QUARTER_MS, zone), currency]
            day[place] += int(count)
            day[place + 1] += int(minor)
    oldest = (datetime.fromtimestamp(now_ms / 1000, zone).date() - timedelta(days=DAYS - 1)).isoformat()
    return tuple(
        Day(date, currency, *_net(*sums[date, currency]))
        for date, currency in sorted(sums, key=lambda key: (key[0], key[1]), reverse=True)
        if date >= oldest
    )


def top(connection: Connection, most: int = 8) -> tuple[Top, ...]:
    """What was sold and kept, by pieces."""
    back = _returned(whole=True)
    lines = select(_LINE.gtin, func.sum(_LINE.quantity)).join(
        back, and_(_LINE.kiosk == back.c.kiosk, _LINE.epoch == back.c.epoch, _LINE.seq == back.c.seq)
    )
    returned = {gtin: int(n) for gtin, n in connection.execute(lines.group_by(_LINE.gtin))}
    pieces = func.sum(_LINE.quantity)
    sold = (
        select(_LINE.gtin, func.max(_LINE.name), pieces)
        .where(_LINE.gtin != "")  # a delivery's fee is a line too, and no product
        .group_by(_LINE.gtin)
        .order_by(pieces.desc(), _LINE.gtin)
        .limit(most + len(returned))  # as many may fall out of it
    )
    kept = (Top(gtin, name, int(n) - returned.get(gtin, 0)) for gtin, name, n in connection.execute(sold))
    return tuple(sorted((row for row in kept if row.quantity > 0), key=_by_pieces)[:most])


def still_to_give_back(connection: Connection) -> int:
    """Refunds walls have asked for whose money is not back yet."""
    wanted = tables.refunds_wanted.c.reference
    back = select(_CHARGE.reference).where(_CHARGE.state == State.REFUNDED.value)
    asked = select(func.count(func.distinct(wanted))).where(wanted.not_in(back))
    return int(connection.scalar(asked) or 0)


def _returned(*, whole: bool = False) -> Subquery:
    """(kiosk, epoch, seq, currency, minor, at_ms) of every sale whose money went back or is on its way; `whole`: all of it."""
    place = (_SALE.kiosk, _SALE.epoch, _SALE.seq, _SALE.currency)
    register: Select[Any] = (
        select(*place, _SALE.total_minor.label("minor"), _GONE.at_ms.label("at_ms"))
        .join(tables.handovers, _GONE.order == _SALE.order)
        .where(_GONE.outcome == GIVEN_BACK)
    )
    back = _CHARGE.state.in_((State.REFUNDING.value, State.REFUNDED.value))
    surplus = case((_CHARGE.paid_minor > _CHARGE.minor, _CHARGE.paid_minor - _CHARGE.minor), else_=0)
    part = _CHARGE.given_minor - surplus
    minor = case((or_(back, part > _SALE.total_minor), _SALE.total_minor), else_=part)
    charged: Select[Any] = (
        select(*place, minor.label("minor"), _CHARGE.changed_ms.label("at_ms"))
        .join(tables.charges, _CHARGE.reference == _SALE.reference)
        .where(
            or_(back, part >= _SALE.total_minor) if whole else or_(back, part > 0),
            _SALE.order.not_in(select(_GONE.order).where(_GONE.outcome == GIVEN_BACK)),
        )
    )
    return union_all(register, charged).subquery()


def _net(sales: int, total: int, returned: int, back: int) -> Iterator[int]:
    yield from (sales, total, returned, back, total - back)


def _date(at_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone).date().isoformat()


def _by_pieces(row: Top) -> tuple[int, str]:
    return -row.quantity, row.gtin
