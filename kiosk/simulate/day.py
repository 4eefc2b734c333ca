"""A station's day, minute by minute: how many pass, who stops, what they do and buy. Pure: a seed gives the same day again.

Rates are those of one wall in a commuter station, as far as they are known (docs/simulate.md says from where): two rushes
on working days, one flat hump at weekends, shut from one to five. Counts are Poisson's.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from kiosk.simulate.shelf import ADVERT_MS, ADVERTS, AISLES, Shelved

MINUTE_MS: Final = 60_000
DAY_MINUTES: Final = 1440
OPEN, SHUT = 300, 60  # minutes of the day: from five until one

# (minute of the day, passers-by per minute), joined by straight lines
WORKDAY: Final = (
    (0, 6), (60, 0), (300, 0), (360, 10), (450, 60), (510, 70), (570, 30), (690, 16), (750, 28), (840, 16),
    (990, 36), (1050, 62), (1110, 55), (1200, 22), (1320, 12), (1440, 6),
)  # fmt: skip
WEEKEND: Final = (
    (0, 10), (60, 0), (300, 0), (420, 4), (600, 16), (780, 26), (1020, 26), (1200, 20), (1320, 14), (1440, 10),
)  # fmt: skip

STOPS: Final = 0.012  # of those who pass, stop and touch
BUYS: Final = 0.28  # of those who stop, buy
SCANS: Final = 0.06  # of those who stop, hold a code to the scanner
TAPS: Final = 0.05  # of those who stop, take the shop along on their phone
GIVES_BACK: Final = 0.004  # of those who buy, pay too late: their money goes back
NOTICED: Final = 0.35  # of those who pass, see a facing


@dataclass(frozen=True, slots=True)
class Played:
    """An advert was shown."""

    advert: str
    shown_ms: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Facings somebody stood before, within one minute: (facing, times, milliseconds)."""

    aisle: str
    seen: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Did:
    """Somebody did something at the wall (mqtt.messages.Engaged)."""

    what: str
    detail: str = ""
    facing: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """A code was held to the scanner (mqtt.messages.Scanned)."""

    kind: str
    outcome: str
    gtin: str = ""


@dataclass(frozen=True, slots=True)
class Bought:
    """A basket was paid: (product, pieces). `channel`: touch | scan."""

    basket: tuple[tuple[Shelved, int], ...]
    channel: str = "touch"


@dataclass(frozen=True, slots=True)
class PaidInVain:
    """Money came when the order had ended: it goes back."""

    minor: int
    reason: str = "ended"


Deed = Played | Seen | Did | Held | Bought | PaidInVain
Happening = tuple[int, Deed]  # Unix milliseconds, and what happens then


def passers_per_minute(minute: int, zone_minutes: int = 0) -> float:
    """How many pass a wall in that Unix minute, on average. `zone_minutes`: local time is that much ahead of UTC."""
    local = minute + zone_minutes
    weekend = datetime.fromtimestamp(local * 60, UTC).weekday() >= 5
    return _between(WEEKEND if weekend else WORKDAY, local % DAY_MINUTES)


def is_open(minute: int, zone_minutes: int = 0) -> bool:
    """Whether the station is open."""
    local = (minute + zone_minutes) % DAY_MINUTES
    return local >= OPEN or local < SHUT


def events_per_minute(minute: int, *, busy: float = 1.0, zone_minutes: int = 0) -> float:
    """How many events a kiosk writes for what begins in that Unix minute, on average: what `happenings` comes to."""
    if not is_open(minute, zone_minutes):
        return 0.0
    passers = busy * passers_per_minute(minute, zone_minutes)
    adverts = busy * MINUTE_MS / ADVERT_MS if busy < 1 else MINUTE_MS // ADVERT_MS
    seen = 1 - math.exp(-passers * NOTICED)
    return adverts + len(AISLES) * seen + passers * STOPS * _events_of_a_visit()


def happenings(
    seed: int, kiosk: str, minute: int, *, busy: float = 1.0, zone_minutes: int = 0
) -> list[Happening]:
    """What happens at a kiosk in that Unix minute, in time. A visit that begins in it may end in the next.

    `busy` multiplies the people: 0.1 is a tenth of them, and of the adverts too, which no crowd makes more of.
    """
    if not is_open(minute, zone_minutes):
        return []
    dice = random.Random(f"{seed} {kiosk} {minute}")
    begin = minute * MINUTE_MS
    passers = poisson(dice, busy * passers_per_minute(minute, zone_minutes))
    found = list(_adverts(dice, begin, busy))
    found += _seen(dice, begin, passers)
    for _ in range(poisson(dice, passers * STOPS)):
        found += _visit(dice, begin + dice.randrange(MINUTE_MS))
    return sorted(found, key=lambda each: each[0])


def poisson(dice: random.Random, mean: float) -> int:
    """A Poisson count (Knuth, The Art of Computer Programming 2, 3.4.1); beyond 60 its normal approximation."""
    if mean > 60:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, dice.random()
    while product > limit:
        count += 1
        product *= dice.random()
    return count


def _between(points: Sequence[tuple[int, float]], at: int) -> float:
    for (left, low), (right, high) in pairwise(points):
        if left <= at <= right:
            return low + (high - low) * (at - left) / (right - left)
    raise ValueError(f"minute {at}: 0 to {DAY_MINUTES} expected")


def _adverts(dice: random.Random, begin: int, busy: float) -> Iterator[Happening]:
    shown = poisson(dice, busy * MINUTE_MS / ADVERT_MS) if busy < 1 else MINUTE_MS // ADVERT_MS
    first, phase = begin // ADVERT_MS, dice.random()  # walls are not in step with each other
    for number in range(shown):
        at = begin + int((number + phase) * MINUTE_MS / shown)
        yield at, Played(ADVERTS[(first + number) % len(ADVERTS)], ADVERT_MS)


def _seen(dice: random.Random, begin: int, passers: int) -> Iterator[Happening]:
    """One report for each aisle and minute, as the wall gathers them."""
    for aisle, shelf in AISLES.items():
        looks = sum(dice.random() < NOTICED for _ in range(passers))
        if not looks:
            continue
        facings = dice.sample(shelf, k=min(len(shelf), 1 + looks // 4))
        rows = tuple((item.facing, looks, looks * dice.randrange(800, 4_000)) for item in facings)
        yield begin + dice.randrange(MINUTE_MS // 2, MINUTE_MS), Seen(aisle, rows)


def _visit(dice: random.Random, at: int) -> Iterator[Happening]:
    """One person: start, look, perhaps buy, go."""
    aisle = dice.choice(list(AISLES))
    yield at, Did("start", "touch")
    at += dice.randrange(1_500, 6_000)
    yield at, Did("aisle", aisle)
    if dice.random() < SCANS:
        item = dice.choice(AISLES[aisle])
        yield at + 700, Held("gtin", "product", item.gtin)
    if dice.random() < TAPS:
        yield at + 900, Did("tap")
    if dice.random() >= BUYS:
        yield at + dice.randrange(4_000, 30_000), Did("reset", "idle")
        return
    basket = tuple(
        (item, 1 + (dice.random() < 0.2)) for item in dice.sample(AISLES[aisle], k=dice.choice((1, 1, 2, 3)))
    )
    for item, _ in basket:
        at += dice.randrange(1_500, 7_000)
        yield at, Did("add", item.gtin, item.facing)
    at += dice.randrange(2_000, 6_000)
    yield at, Did("checkout")
    at += dice.randrange(6_000, 35_000)
    if dice.random() < GIVES_BACK:
        yield at, PaidInVain(sum(item.price_minor * pieces for item, pieces in basket))
    else:
        yield at, Bought(basket, "scan" if dice.random() < 0.3 else "touch")
    yield at + 5_000, Did("reset", "done")


def _events_of_a_visit() -> float:
    adds = (1 + 1 + 2 + 3) / 4
    return 2 + SCANS + TAPS + (1 - BUYS) + BUYS * (adds + 3)
