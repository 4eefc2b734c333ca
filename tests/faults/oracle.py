"""Whether the store holds what the kiosks were told: nothing lost, nothing twice, no gaps, sums that agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, func, select

from fleet import tables
from fleet.store.store import Store
from mqtt.messages import (
    AdvertPlayed,
    Engaged,
    FacingsSeen,
    Gap,
    KioskEvent,
    RefundWanted,
    SaleMade,
    Scanned,
    decode,
)
from tests.faults.witness import Account, Tried


@dataclass(slots=True)
class Verdict:
    """What a comparison found. `problems` is empty where all laws hold."""

    tried: int = 0
    durable: int = 0  # told so by a ledger
    stored: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class _Body(msgspec.Struct):
    type: str


def told(event: KioskEvent) -> Tried:
    """An event as its kiosk's witness knows it. Raises TypeError for one no kiosk of a campaign records."""
    match event:
        case SaleMade():
            return Tried("sale", event.order, event.total_minor)
        case RefundWanted():
            return Tried("refund", event.reference, event.total_minor)
        case AdvertPlayed():
            return Tried("play", event.advert)
        case FacingsSeen():
            return Tried("impressions", event.aisle)
        case Scanned():
            return Tried("scan", event.gtin)
        case Engaged():
            return Tried("engagement", event.detail)
    raise TypeError(f"no kiosk of a campaign records a {type(event).__name__}")


def compare(accounts: Mapping[str, Account], url: str) -> Verdict:
    """Hold the store at `url` to what the kiosks (by address) have witnessed."""
    verdict = Verdict()
    store = Store(url)
    try:
        for kiosk, account in accounts.items():
            stored, gaps = _events(store, kiosk)
            _one_kiosk(verdict, kiosk, account, stored, gaps)
            _streams(verdict, store, kiosk, account, gaps)
            _sums(verdict, store, kiosk, stored, gaps)
        with store.read() as connection:
            aside = connection.scalar(select(func.count()).select_from(tables.poison)) or 0
        if aside:
            verdict.problems.append(f"{aside} messages were kept aside")
    finally:
        store.close()
    return verdict


def _events(store: Store, kiosk: str) -> tuple[Counter[Tried], list[Gap]]:
    with store.read() as connection:
        bodies = connection.scalars(select(tables.events.c.body).where(tables.events.c.kiosk == kiosk))
        events: list[KioskEvent] = [decode(bytes(body), KioskEvent) for body in bodies]
    gaps = [event for event in events if isinstance(event, Gap)]
    return Counter(told(event) for event in events if not isinstance(event, Gap)), gaps


def _one_kiosk(
    verdict: Verdict, kiosk: str, account: Account, stored: Counter[Tried], gaps: list[Gap]
) -> None:
    names = Counter(event.id for event in stored.elements())
    verdict.tried += len(account.tried)
    verdict.durable += len(account.durable)
    verdict.stored += stored.total()
    lost = _lost(account, names, gaps)
    twice = sorted(name for name, times in names.items() if times > 1)
    invented = [event for event in stored if account.tried.get(event.id) != event]
    verdict.lost += [f"{kiosk} {name}" for name in lost]
    verdict.twice += [f"{kiosk} {name}" for name in twice]
    if lost:
        verdict.problems.append(f"{kiosk}: {len(lost)} lost, such as {account.tried[lost[0]]}")
    if twice:
        verdict.problems.append(f"{kiosk}: {len(twice)} counted twice, such as {account.tried[twice[0]]}")
    if invented:
        verdict.problems.append(f"{kiosk}: {len(invented)} nobody recorded, such as {invented[0]}")
    unfinished = [
        event for event in account.tried.values() if event.kind == "sale" and event.id not in account.durable
    ]
    if unfinished:
        verdict.problems.append(
            f"{kiosk}: {len(unfinished)} paid and never recorded, such as {unfinished[0]}"
        )
    verdict.problems += [f"{kiosk}: {text}" for text in account.wrong]
    if account.twice:
        verdict.problems.append(f"{kiosk}: the campaign used a name twice: {account.twice}")


def _lost(account: Account, names: Counter[str], gaps: list[Gap]) -> list[str]:
    """Names a ledger said it keeps that are neither stored nor folded: a gap stands for so many of each kind, no sale."""
    room: Counter[str] = Counter()
    for gap in gaps:
        room.update(gap.counts)
    lost = []
    for name in sorted(account.durable - names.keys()):
        kind = account.tried[name].kind
        room[kind] -= 1
        if room[kind] < 0 or kind in ("sale", "refund"):
            lost.append(name)
    return lost


def _streams(verdict: Verdict, store: Store, kiosk: str, account: Account, gaps: list[Gap]) -> None:
    place, streams = tables.events.c, tables.streams.c
    with store.read() as connection:
        held = {
            epoch: (int(count), int(last))
            for epoch, count, last in connection.execute(
                select(place.epoch, func.count(), func.max(place.seq))
                .where(place.kiosk == kiosk)
                .group_by(place.epoch)
            )
        }
        marks = connection.execute(select(streams.epoch, streams.upto).where(streams.kiosk == kiosk))
        upto: dict[str, int] = {row.epoch: row.upto for row in marks}
    if account.ended is None:
        verdict.problems.append(f"{kiosk}: did not end with an empty outbox")
        return
    epoch, last = account.ended
    if set(held) != {epoch}:
        verdict.problems.append(f"{kiosk}: streams {sorted(held)}, where {epoch} alone was expected")
    for name, (count, highest) in held.items():
        count += sum(gap.seq - gap.first for gap in gaps if gap.epoch == name)
        if not count == highest == upto.get(name) == last:
            verdict.problems.append(
                f"{kiosk} {name}: {count} events up to {highest}, complete to {upto.get(name)}, the kiosk's last is {last}"
            )


def _sums(verdict: Verdict, store: Store, kiosk: str, stored: Counter[Tried], gaps: list[Gap]) -> None:
    """Money, and what roll-ups count, against the events themselves."""
    events = list(stored.elements())
    with store.read() as connection:
        for kind, table in (("sale", tables.sales), ("refund", tables.refunds_wanted)):
            rows = [event.minor for event in events if event.kind == kind]
            count, minor = connection.execute(
                select(func.count(), func.coalesce(func.sum(table.c.total_minor), 0)).where(
                    table.c.kiosk == kiosk
                )
            ).one()
            if (count, minor) != (len(rows), sum(rows)):
                verdict.problems.append(
                    f"{kiosk}: {table.name} {count}/{minor}, events {len(rows)}/{sum(rows)}"
                )
        counted = _rolled_up(connection, kiosk)
    if counted is None:
        return
    times = Counter(event.kind for event in events)
    for gap in gaps:
        times.update(gap.counts)
    expected = {
        "play": times["play"], "impression": 3 * times["impressions"], "engagement": times["engagement"],
        "scan": times["scan"], "sale": times["sale"],
    }  # fmt: skip
    for kind, number in expected.items():
        if counted.get(kind, 0) != number:
            verdict.problems.append(
                f"{kiosk}: roll-ups count {counted.get(kind, 0)} of {kind}, events {number}"
            )


def _rolled_up(connection: Connection, kiosk: str) -> dict[str, int] | None:
    """Times by kind; None where this store has no roll-ups."""
    rollups = tables.metadata.tables.get("rollups")
    if rollups is None:
        return None
    counted: Counter[str] = Counter()
    for kind, times in connection.execute(
        select(rollups.c.kind, func.sum(rollups.c.times))
        .where(rollups.c.kiosk == kiosk)
        .group_by(rollups.c.kind)
    ):
        counted[kind.partition(":")[0]] += int(times)
    return counted
